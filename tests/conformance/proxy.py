"""A proxy on loopback in front of the collector: it records every request and injects faults.

It changes neither requests nor responses. Each POST takes the next fault of its plan; other methods pass, so that a
browser's preflights do. After the last fault everything passes.
"""

import gzip
import http.client
import json
import select
import socket
import sys
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

MAX_FORWARDED = 4
"""Requests that all proxies together forward in parallel. The local cloud starts a worker for each, for seconds."""
_FORWARDING = threading.BoundedSemaphore(MAX_FORWARDED)
_UPSTREAM_SECONDS = 60
_HELD_SECONDS = 30
_ONE_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "date", "server"}
"""Headers of one connection only; the proxy's server sends its own."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What the proxy does with one POST: `forward` it or not, then answer with `status`, or `drop` the connection.

    Both replace the collector's own response. `hold` waits until the client has closed the connection. `twice` forwards
    the request a second time, like a gateway that got no response to the first.
    """

    forward: bool = False
    status: int | None = None
    code: str = "injected"
    retry_after: int | None = None
    drop: bool = False
    hold: bool = False
    twice: bool = False


PASS = Fault(forward=True)
DROP = Fault(drop=True)
STORE_THEN_DROP = Fault(forward=True, drop=True)
STORE_THEN_500 = Fault(forward=True, status=500)
HOLD = Fault(hold=True, drop=True)
TWICE = Fault(forward=True, twice=True)


@dataclass(slots=True)
class Exchange:
    """A request as it arrived, and the status that the client got: None if the connection was dropped."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    begun: float
    status: int | None = None
    ended: float = 0.0

    def events(self) -> list[dict[str, Any]]:
        """The events in the body of a POST: those of a batch, or the only one."""
        if self.method != "POST":
            return []
        said = json.loads(gzip.decompress(self.body) if self.body.startswith(b"\x1f\x8b") else self.body)
        return list(said.get("batch", [said]))


@dataclass
class Proxy:
    """`with Proxy(upstream, plan) as proxy:` listens on a free port of loopback; `proxy.url` is the URL for clients."""

    upstream: str
    plan: Iterable[Fault] = ()
    exchanges: list[Exchange] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._left = list(self.plan)
        self._lock = threading.Lock()
        self._cors: dict[str, str] = {}
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.proxy = self
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> "Proxy":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def begin(self, exchange: Exchange) -> Fault:
        """Record a request and choose its fault."""
        with self._lock:
            self.exchanges.append(exchange)
            return self._left.pop(0) if exchange.method == "POST" and self._left else PASS

    def answered(self, body: bytes, status: int) -> None:
        """Called with each response of the collector to a POST. Does nothing here; LossyProxy counts."""

    def learn(self, headers: Iterable[tuple[str, str]]) -> None:
        """Keep the CORS headers of the collector's last response: without them, a browser cannot read an injected one."""
        self._cors = {name: value for name, value in headers if name.lower().startswith("access-control-")}

    def refusal(self, fault: Fault) -> tuple[list[tuple[str, str]], bytes]:
        """The headers and body of an injected response, in the form of the collector's own."""
        headers = {"Content-Type": "application/json", **self._cors}
        if fault.retry_after is not None:
            headers["Retry-After"] = str(fault.retry_after)
        said = {"success": False, "code": fault.code, "message": f"answered {fault.status} on purpose"}
        return list(headers.items()), json.dumps(said).encode()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False  # an idle client may keep its connection open
    proxy: Proxy

    def handle_error(self, request: Any, client_address: Any) -> None:
        error = sys.exception()
        if not isinstance(error, ConnectionError):  # a browser that leaves a page closes its connections
            self.proxy.failures.append(repr(error))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def _exchange(self) -> None:
        proxy = self.server.proxy
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        exchange = Exchange(self.command, self.path, dict(self.headers.items()), body, time.monotonic())
        fault = proxy.begin(exchange)
        try:
            status, headers, said = self._forwarded(body) if fault.forward else (0, [], b"")
            if fault.twice:
                status, headers, said = self._forwarded(body)
            if fault.hold:
                select.select([self.connection], [], [], _HELD_SECONDS)
            if fault.drop:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            if fault.status is not None:
                status = fault.status
                headers, said = proxy.refusal(fault)
            exchange.status = status
            self._answer(status, headers, said)
        finally:
            exchange.ended = time.monotonic()

    def _forwarded(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        """The collector's response: status, headers, body."""
        if self.command == "OPTIONS":  # the local gateway answers these without a worker
            return self._sent_on(body)
        with _FORWARDING:
            return self._sent_on(body)

    def _sent_on(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        upstream = urlsplit(self.server.proxy.upstream)
        connection = http.client.HTTPConnection(upstream.hostname or "", upstream.port, timeout=_UPSTREAM_SECONDS)
        try:
            connection.putrequest(self.command, upstream.path + self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                # Host too: the collector tells browsers to send to the host that they used
                connection.putheader(name, value)
            connection.endheaders(body)
            response = connection.getresponse()
            headers = [(name, value) for name, value in response.getheaders() if name.lower() not in _ONE_HOP]
            said = response.read()
            if self.command == "POST":
                self.server.proxy.learn(headers)
                self.server.proxy.answered(body, response.status)
            return response.status, headers, said
        finally:
            connection.close()

    def _answer(self, status: int, headers: Iterable[tuple[str, str]], said: bytes) -> None:
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    do_GET = do_POST = do_PUT = do_OPTIONS = _exchange  # noqa: N815 - the names http.server looks for

    def log_message(self, *_: Any) -> None:
        """Log nothing: all requests are in `exchanges`."""
