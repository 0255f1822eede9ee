"""A loopback proxy before the collector: it records every request and does what a bad network or a bad day does.

Requests go on untouched, and so do answers. The faults of its plan are taken in turn by POSTs only, so that a browser's
preflights pass; when the plan is empty everything passes.
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

FORWARDED_AT_ONCE = 4
"""Of all proxies together: the local cloud starts a worker for each request under way, which takes it seconds."""
_FORWARDING = threading.BoundedSemaphore(FORWARDED_AT_ONCE)
_UPSTREAM_SECONDS = 60
_HELD_SECONDS = 30
_ONE_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "date", "server"}
"""Headers that belong to one connection; this proxy's server says its own."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What becomes of one POST: `forward` it to the collector or not, and then answer `status`, or `drop` the connection.

    Neither of the two passes the collector's own answer on. `hold` waits until the client itself has gone. `twice` sends
    the request on a second time, as a gateway does that saw no answer to the first.
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
    """A request as it came, and what the client was answered: None where the connection was dropped."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    begun: float
    status: int | None = None
    ended: float = 0.0

    def events(self) -> list[dict[str, Any]]:
        """The events in the body of a POST, of a batch or alone."""
        if self.method != "POST":
            return []
        said = json.loads(gzip.decompress(self.body) if self.body.startswith(b"\x1f\x8b") else self.body)
        return list(said.get("batch", [said]))


@dataclass
class Proxy:
    """`with Proxy(upstream, plan) as proxy:` listens on a free port of loopback; `proxy.url` is where clients send to."""

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
        """Note a request and say what becomes of it."""
        with self._lock:
            self.exchanges.append(exchange)
            return self._left.pop(0) if exchange.method == "POST" and self._left else PASS

    def answered(self, body: bytes, status: int) -> None:
        """The collector's own answer to a POST, told each time one was sent on. Nothing is made of it here."""

    def learn(self, headers: Iterable[tuple[str, str]]) -> None:
        """A browser may read an answer only if it says so: ours say what the collector's last one said."""
        self._cors = {name: value for name, value in headers if name.lower().startswith("access-control-")}

    def refusal(self, fault: Fault) -> tuple[list[tuple[str, str]], bytes]:
        """The answer of a fault, worded as the collector words its own."""
        headers = {"Content-Type": "application/json", **self._cors}
        if fault.retry_after is not None:
            headers["Retry-After"] = str(fault.retry_after)
        said = {"success": False, "code": fault.code, "message": f"answered {fault.status} on purpose"}
        return list(headers.items()), json.dumps(said).encode()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False  # an idle client may keep its connection open for as long as it likes
    proxy: Proxy

    def handle_error(self, request: Any, client_address: Any) -> None:
        error = sys.exception()
        if not isinstance(error, ConnectionError):  # a page that is left takes its connections along
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
        """The collector's answer: status, headers, body."""
        if self.command != "POST":  # the local gateway answers these without a worker
            return self._sent_on(body)
        with _FORWARDING:
            return self._sent_on(body)

    def _sent_on(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        upstream = urlsplit(self.server.proxy.upstream)
        connection = http.client.HTTPConnection(upstream.hostname or "", upstream.port, timeout=_UPSTREAM_SECONDS)
        try:
            connection.putrequest(self.command, upstream.path + self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                # the Host too: the collector tells browsers to send to the host they asked it under
                connection.putheader(name, value)
            connection.endheaders(body)
            answer = connection.getresponse()
            headers = [(name, value) for name, value in answer.getheaders() if name.lower() not in _ONE_HOP]
            said = answer.read()
            if self.command == "POST":
                self.server.proxy.learn(headers)
                self.server.proxy.answered(body, answer.status)
            return answer.status, headers, said
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
        """Nothing: what came is in `exchanges`."""
