"""API Gateway's events and responses: the HTTP API's format (2.0) and the REST API's (1.0), into `Request` and back."""

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from daybreak.errors import RequestRefused
from daybreak.ingest.request import Request
from daybreak.ingest.responses import Accepted, Refused

GZIP_CLIENTS = "Kotlin and Android, RudderStack's Go and Python, Segment's Python with gzip=True"
"""Clients that send gzip as text or JSON by default, or if they are told to. An HTTP API would damage their bodies."""
_GZIP_AS_LATIN_1 = "\x1f\x8b"
_DAY = 86_400


def request(event: Mapping[str, Any]) -> Request:
    """A gateway event as a Request. Raises RequestRefused if the body is marked as base64 and is not."""
    context = event.get("requestContext", {})
    http = context.get("http", {})
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    path, prefix = _path(event)
    return Request(
        method=http.get("method") or event.get("httpMethod") or "",
        path=path,
        headers=headers,
        query=event.get("queryStringParameters") or {},
        body=_body(event),
        base=f"{headers.get('x-forwarded-proto', 'http')}://{headers.get('host', '')}{prefix}",
    )


def _path(event: Mapping[str, Any]) -> tuple[str, str]:
    """The path of the request, and the stage before it in the URL; no stage if it is $default or a domain hides it.

    An HTTP API's path begins with the stage. A REST API's path does not, but the path in its context does.
    """
    context = event.get("requestContext", {})
    if "http" not in context:
        path = event.get("path") or ""
        return path, (context.get("path") or path).removesuffix(path)
    path, prefix = event.get("rawPath") or "", f"/{context.get('stage')}"
    return (path.removeprefix(prefix), prefix) if path.startswith(f"{prefix}/") else (path, "")


def _body(event: Mapping[str, Any]) -> bytes:
    """The bytes that the client sent, unless the gateway damaged them."""
    body = event.get("body") or ""
    if event.get("isBase64Encoded"):
        try:
            return base64.b64decode(body, validate=True)
        except (binascii.Error, ValueError):
            raise RequestRefused(400, "body_damaged", "the gateway's base64 of the body cannot be read") from None
    if body.startswith(_GZIP_AS_LATIN_1):
        try:
            return body.encode("latin-1")  # each byte became one character: undo that
        except UnicodeEncodeError:
            pass  # some did not: body.py refuses it as damaged
    return body.encode("utf-8", "surrogatepass")


def success(request: Request, accepted: Accepted) -> dict[str, Any]:
    """The response with exactly 200: some SDKs send everything again after a 201, 202 or 204."""
    return response(request, 200, accepted.model_dump(by_alias=True, exclude_none=True))


def refusal(request: Request, refused: RequestRefused) -> dict[str, Any]:
    """The response with `code` and `message`: without `code`, some SDKs retry a permanent error ten times."""
    headers = {"Retry-After": str(refused.retry_after)} if refused.retry_after is not None else {}
    if refused.status == 405:
        headers["Allow"] = "POST, OPTIONS"
    body = Refused(code=refused.code, message=refused.message)
    return response(request, refused.status, body.model_dump(by_alias=True), headers)


def preflight(request: Request) -> dict[str, Any]:
    """The response to a browser's preflight. An HTTP API answers preflights itself; a REST API passes them on."""
    allowed = _mirrored(request, "access-control-request-headers") or "*"
    return {
        "statusCode": 204,
        "headers": {
            **_cors(request),
            "Access-Control-Allow-Methods": "POST, GET, OPTIONS",
            # mirrored, because a fixed list has broken SDKs each time one added a header
            "Access-Control-Allow-Headers": allowed,
            "Access-Control-Max-Age": str(_DAY),
        },
        "body": "",
    }


def response(request: Request, status: int, body: Any, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    """A JSON response that any page may read."""
    return {
        "statusCode": status,
        "headers": {"Content-Type": "application/json", **_cors(request), **(headers or {})},
        "body": "" if request.method == "HEAD" else json.dumps(body),
    }


def script(request: Request, text: str) -> dict[str, Any]:
    """A JavaScript that any page may load. It is not cached, so that a mended page does not get it again."""
    headers = {"Content-Type": "application/javascript; charset=utf-8", "Cache-Control": "no-store", **_cors(request)}
    return {"statusCode": 200, "headers": headers, "body": "" if request.method == "HEAD" else text}


def _mirrored(request: Request, name: str) -> str | None:
    """A request header's value, if a response may hold it: a gateway turns a response with other bytes into a 502."""
    value = request.headers.get(name)
    return value if value and value.isascii() and value.isprintable() else None


def _cors(request: Request) -> dict[str, str]:
    """Headers with which any page may send and read responses. An HTTP API replaces them with its own."""
    origin = _mirrored(request, "origin")
    mirrored = {"Access-Control-Allow-Credentials": "true", "Vary": "Origin"} if origin else {}
    return {"Access-Control-Allow-Origin": origin or "*", "Access-Control-Expose-Headers": "Retry-After", **mirrored}
