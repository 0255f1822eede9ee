"""A webhook: a CloudEvent 1.0 in JSON, signed as https://www.standardwebhooks.com asks, posted to a team's own server.

The request goes to exactly one address, which only a person who may write the secret can choose. It needs HTTPS with a
valid certificate, so nothing that merely answers on a private address, such as a metadata service, can be reached. A
team's own server in a private network can. No redirect is followed.
"""

import base64
import binascii
import hashlib
import hmac
import http.client
import ipaddress
import json
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import SplitResult, urlsplit

from daybreak.errors import InputError
from daybreak.send.message import Message
from daybreak.send.target import Answer

SECONDS_TO_ANSWER = 10.0
"""From the first byte of the connection to the last byte that is read."""
_BYTES_READ = 2_048
_SHOWN = 300
_PREFIX = "whsec_"
_BYTES_OF_KEY = range(24, 65)
"""As Standard Webhooks asks of a key."""
_OF_THIS_MESSAGE = {400, 413, 422}
"""Statuses by which a server refuses one message. Every other one would be the same for the next message."""
_TOO_LATE = "no answer in time"


@dataclass(frozen=True, slots=True)
class Address:
    """Where to post, and the keys to sign with. Neither is ever printed."""

    url: SplitResult
    keys: tuple[bytes, ...]

    def __repr__(self) -> str:
        return "Address(…)"


def read_address(secret: str, name: str, *, loopback: bool) -> Address:
    """The address in the text of a secret: JSON with `url` and `key`. Raises InputError, which shows nothing of it.

    `key` is `whsec_` and 24 to 64 bytes in base64; while a key is replaced it holds the new and the old one with a
    space between them, and a message is signed with both. `loopback` allows http on this machine.
    """
    try:
        content = json.loads(secret)
        url, keys = urlsplit(content["url"]), content["key"].split()
        port_is_number = url.port is None or url.port > 0
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InputError(f"secret {name!r}: must be JSON with the texts `url` and `key`") from None
    local = loopback and url.scheme == "http" and _is_loopback(url.hostname or "")
    if not (url.scheme == "https" or local) or not url.hostname or not port_is_number:
        raise InputError(f"secret {name!r}: `url` must begin with https://")
    if url.username is not None or url.password is not None:
        raise InputError(f"secret {name!r}: `url` may hold no user and password; the signature says who sends")
    if not content["url"].isascii() or not content["url"].isprintable() or " " in content["url"]:
        raise InputError(f"secret {name!r}: `url` holds a space or another character that must be percent-encoded")
    return Address(url, tuple(_key(key, name) for key in keys) or (_key("", name),))


def signature(keys: tuple[bytes, ...], message_id: str, timestamp: int, body: bytes) -> str:
    """The header `webhook-signature`: one signature for each key, with spaces between them."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    digests = (hmac.new(key, signed, hashlib.sha256).digest() for key in keys)
    return " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests)


class Webhook:
    """`daybreak.send.target.Target` over HTTP."""

    def __init__(self, address: Address, clock: Callable[[], datetime], seconds: float = SECONDS_TO_ANSWER) -> None:
        self._address, self._clock, self._seconds = address, clock, seconds

    def deliver(self, message: Message) -> Answer:
        body = message.cloud_event()
        timestamp = int(self._clock().timestamp())
        headers = {
            "Content-Type": "application/cloudevents+json; charset=utf-8",
            "User-Agent": "Daybreak",
            "webhook-id": message.id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signature(self._address.keys, message.id, timestamp, body),
        }
        connection = self._connection()
        # a socket's own timeout begins again with every byte: only closing it ends a server that drips
        expired = threading.Event()
        watch = threading.Timer(self._seconds, _hang_up, [connection, expired])
        watch.daemon = True
        watch.start()
        try:
            connection.request("POST", _path(self._address.url), body, headers)
            response = connection.getresponse()
            if expired.is_set():  # http.client takes headers that end in the middle for complete
                return Answer(False, _TOO_LATE, is_down=True)
            return self._answer(response, _beginning(response))
        except (OSError, http.client.HTTPException, ValueError, AttributeError) as error:
            # AttributeError: http.client, if the connection is closed under it
            return Answer(False, _without_answer(error, expired.is_set()), is_down=True)
        finally:
            watch.cancel()
            connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        url = self._address.url
        if url.scheme == "http":
            return http.client.HTTPConnection(url.hostname or "", url.port, timeout=self._seconds)
        context = ssl.create_default_context()
        return http.client.HTTPSConnection(url.hostname or "", url.port, timeout=self._seconds, context=context)

    def _answer(self, response: http.client.HTTPResponse, said: bytes) -> Answer:
        status = response.status
        shown = said.decode("utf-8", "replace")[:_SHOWN]
        if 200 <= status < 300:
            return Answer(True, f"status {status}", body=shown)
        redirect = ", a redirect, which is not followed" if 300 <= status < 400 else ""
        wait = _retry_after(response.getheader("Retry-After"), self._clock())
        return Answer(False, f"status {status}{redirect}", status not in _OF_THIS_MESSAGE, wait, shown)


def _beginning(response: http.client.HTTPResponse) -> bytes:
    """The beginning of the body, or what came of it: the status alone decides."""
    with suppress(OSError, http.client.HTTPException, ValueError):
        return response.read(_BYTES_READ)
    return b""


def _hang_up(connection: http.client.HTTPConnection, expired: threading.Event) -> None:
    expired.set()
    sock = connection.sock
    if sock is not None:
        with suppress(OSError):
            sock.shutdown(2)


def _without_answer(error: Exception, expired: bool) -> str:
    """Why there was no answer, without the address that Python's own errors name."""
    if expired or isinstance(error, TimeoutError):
        return _TOO_LATE
    if isinstance(error, ssl.SSLCertVerificationError):
        return "its certificate is not valid"
    if isinstance(error, ssl.SSLError):
        return "no TLS connection"
    if isinstance(error, http.client.HTTPException | ConnectionResetError | BrokenPipeError):
        return "closed the connection without an answer"
    return "cannot be reached"


def _retry_after(value: str | None, now: datetime) -> float | None:
    """The header `Retry-After` in seconds: a number or a date."""
    if value is None:
        return None
    if value.strip().isdigit():
        return float(value)
    with suppress(ValueError):
        moment = parsedate_to_datetime(value)
        return max(0.0, (moment.replace(tzinfo=moment.tzinfo or UTC) - now).total_seconds())
    return None


def _path(url: SplitResult) -> str:
    return (url.path or "/") + (f"?{url.query}" if url.query else "")


def _key(key: str, name: str) -> bytes:
    try:
        text = key.removeprefix(_PREFIX).rstrip("=")
        decoded = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        decoded = b""
    if not key.startswith(_PREFIX) or len(decoded) not in _BYTES_OF_KEY:
        raise InputError(f"secret {name!r}: `key` must be `{_PREFIX}` and 24 to 64 random bytes in base64")
    return decoded


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
