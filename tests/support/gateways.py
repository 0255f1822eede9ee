"""API Gateway on loopback, in front of the collector's handler, with the limits of AWS that the local emulator lacks.

As AWS documents it: an HTTP API hands text types over as text, with bytes that are not UTF-8 replaced, and everything
else as base64; a REST API with the binary media type */* hands everything over as base64. The function is invoked with
at most 6 MB of JSON, in which each quote of a text is two characters. An HTTP API answers preflights itself.
"""

import base64
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

MOST_INVOKED = 6 * 1024 * 1024
_TEXT = ("text/", "application/json", "application/javascript", "application/xml")
_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "POST,GET,OPTIONS",
    "Access-Control-Allow-Headers": "*,authorization",
}
Function = Callable[[dict[str, Any]], dict[str, Any]]
"""The collector: a gateway event in, a response out."""


@contextmanager
def http_api(function: Function) -> Iterator[str]:
    """The URL of an HTTP API in front of the function."""

    def answer(request: BaseHTTPRequestHandler, body: bytes) -> dict[str, Any]:
        if request.command == "OPTIONS":
            return {"statusCode": 204, "headers": _CORS, "body": ""}
        url = urlsplit(request.path)
        text = (request.headers["Content-Type"] or "").startswith(_TEXT)
        event = {
            "rawPath": url.path,
            "requestContext": {"stage": "$default", "http": {"method": request.command}},
            "headers": {name.lower(): value for name, value in request.headers.items()},
            "queryStringParameters": dict(parse_qsl(url.query)),
            "body": body.decode(errors="replace") if text else base64.b64encode(body).decode(),
            "isBase64Encoded": not text,
        }
        too_long = len(json.dumps(event, ensure_ascii=False).encode()) > MOST_INVOKED
        return (
            {"statusCode": 413, "headers": {}, "body": '{"message":"Request Too Long"}'}
            if too_long
            else function(event)
        )

    with _listening(answer) as url:
        yield url


@contextmanager
def rest_api(function: Function, stage: str = "prod") -> Iterator[str]:
    """The URL of a REST API in front of the function; it ends with the stage."""

    def answer(request: BaseHTTPRequestHandler, body: bytes) -> dict[str, Any]:
        url = urlsplit(request.path)
        event = {
            "path": url.path.removeprefix(f"/{stage}"),
            "httpMethod": request.command,
            "headers": dict(request.headers.items()),
            "queryStringParameters": dict(parse_qsl(url.query)) or None,
            "requestContext": {"stage": stage, "path": url.path},
            "body": base64.b64encode(body).decode() or None,
            "isBase64Encoded": bool(body),
        }
        too_long = len(json.dumps(event).encode()) > MOST_INVOKED
        own = '{"success": false, "code": "REQUEST_TOO_LARGE", "message": "Request Too Long"}'
        return {"statusCode": 413, "headers": {}, "body": own} if too_long else function(event)

    with _listening(answer) as url:
        yield f"{url}/{stage}"


@contextmanager
def _listening(answer: Callable[[BaseHTTPRequestHandler, bytes], dict[str, Any]]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            response = answer(self, self.rfile.read(int(self.headers["Content-Length"] or 0)))
            body = response["body"].encode()
            self.send_response(response["statusCode"])
            for name, value in response["headers"].items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_OPTIONS = answer  # noqa: N815 - the names that the library calls

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
