"""A receiver of webhooks on this machine: it verifies signatures, remembers ids, and breaks in the ways that it is told.

Signatures are verified with the official library of Standard Webhooks and not with our own code.
"""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook

KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
"""The key of the examples of Standard Webhooks: 24 bytes."""

Behaviour = Callable[["Request"], None]


class Request(BaseHTTPRequestHandler):
    """One request to the receiver. It decides what to answer from the receiver's next behaviour."""

    protocol_version = "HTTP/1.1"
    server: "_Server"

    def do_POST(self) -> None:
        receiver = self.server.receiver
        self.body = self.rfile.read(int(self.headers["Content-Length"]))
        receiver.requests.append((self.path, dict(self.headers)))
        receiver.next_behaviour()(self)

    def process(self) -> None:
        """Verify the message, and process it unless its id is known."""
        receiver = self.server.receiver
        event = Webhook(receiver.key).verify(self.body, dict(self.headers))
        assert event["id"] == self.headers["webhook-id"]
        with receiver.lock:
            receiver.delivered.append(event["id"])
            receiver.processed.setdefault(event["id"], event)

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def drop(self) -> None:
        """Close the connection without a word."""
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    receiver: "Receiver"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is part of the tests."""


class Receiver:
    """What has come, and how to answer what comes next."""

    def __init__(self) -> None:
        self.key = KEY
        self.lock = threading.Lock()
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.delivered: list[str] = []
        """The id of every message that was verified, as often as it came."""
        self.processed: dict[str, dict[str, Any]] = {}
        """Each message once, by its id."""
        self.behaviours: list[Behaviour] = []
        """For the next requests, in order; afterwards each is accepted."""
        self.url = ""
        self.released = threading.Event()

    def next_behaviour(self) -> Behaviour:
        with self.lock:
            return self.behaviours.pop(0) if self.behaviours else accepts

    def secret(self) -> str:
        """The text of the secret that leads here."""
        return json.dumps({"url": f"{self.url}/hook?tenant=1", "key": self.key})


def accepts(request: Request) -> None:
    request.process()
    request.answer(204)


def says(status: int, body: bytes = b"", **headers: str) -> Behaviour:
    """Refuses the message with a status."""
    return lambda request: request.answer(status, body, **headers)


def drops(request: Request) -> None:
    """Is killed before it has processed the message."""
    request.drop()


def processes_and_drops(request: Request) -> None:
    """Is killed after it has processed the message, before it answers."""
    request.process()
    request.drop()


def is_silent(request: Request) -> None:
    """Answers nothing until the test is over."""
    request.server.receiver.released.wait(60)
    request.close_connection = True


def drips(request: Request) -> None:
    """Sends a header that never ends, a byte at a time."""
    request.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
    while not request.server.receiver.released.wait(0.02):
        request.wfile.write(b"x")


def floods(request: Request) -> None:
    """Answers with a body that never ends."""
    request.process()
    request.send_response(200)
    request.end_headers()
    while not request.server.receiver.released.is_set():
        request.wfile.write(b"x" * 65_536)


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver on a free port of this machine."""
    receiver = Receiver()
    server = _Server(("127.0.0.1", 0), Request)
    server.receiver = receiver
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield receiver
    finally:
        receiver.released.set()
        server.shutdown()
        server.server_close()
        thread.join()
