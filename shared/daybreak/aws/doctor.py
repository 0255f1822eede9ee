"""Test the public endpoint at each of its URLs: send the requests of real SDKs, and check the responses."""

import base64
import gzip
import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from typing import Any

from daybreak.aws.write_keys import WriteKeys

SOURCE = "doctor"
"""The source of the key that `own_key` makes."""
_TIMEOUT_SECONDS = 30
_MB = 1_000_000
_EMPTY = b'{"batch": []}'
"""A batch that gets the same response as any other, and stores nothing."""
_ASKED = "authorization,content-type,x-retry-count"
_JSON = "application/json"
_LARGEST_MB = 5
_DEPLOY_AGAIN = "deploy again: the gateway's CORS settings are not this stack's"


@dataclass(frozen=True, slots=True)
class Response:
    """A response of the endpoint; status 0 if there was none."""

    status: int
    headers: Message | dict[str, str]
    body: dict[str, Any]

    def __str__(self) -> str:
        return " ".join(filter(None, (str(self.status), self.body.get("code"))))


@dataclass(frozen=True, slots=True)
class Result:
    """The result of one check."""

    check: str
    good: bool
    answered: str
    """Status and code of the response."""
    advice: str
    """What to change; empty if nothing has to be."""
    url: str = ""
    """Where it was checked; empty if the check is not about one URL."""
    other_url: bool = False
    """Whether this URL cannot take such requests, and the stack has another one for them, which `advice` names."""


@dataclass(frozen=True, slots=True)
class Check:
    """A request, whether its response is good, and what to change if it is not."""

    name: str
    send: Callable[["Endpoint"], Response]
    good: Callable[[Response], bool]
    advice: str

    def result(self, endpoint: "Endpoint", _gzip_url: str | None) -> Result:
        response = self.send(endpoint)
        good = self.good(response)
        return Result(self.name, good, str(response), "" if good else self.advice, endpoint.url)


@dataclass(frozen=True, slots=True)
class Gzipped:
    """A gzipped batch that is sent as `content_type` to `path`. An HTTP API turns the gzip of text types into text."""

    name: str
    path: str
    content_type: str

    def result(self, endpoint: "Endpoint", gzip_url: str | None) -> Result:
        """Good if it is accepted. If it is damaged, and the stack has another URL for it, nothing has to change."""
        headers = {**endpoint.basic, "Content-Type": self.content_type, "Content-Encoding": "gzip"}
        response = endpoint.send(self.path, gzip.compress(_EMPTY, mtime=0), headers)
        good, damaged = _accepted(response), response.body.get("code") == "body_damaged"
        other_url = damaged and gzip_url is not None and gzip_url.rstrip("/") != endpoint.url
        advice = "" if good else "something between here and the function alters gzipped bodies"
        if other_url:
            advice = f"point these clients at {gzip_url}"
        elif damaged:
            advice = "point these clients at CollectorUrlForGzip; if there is none, deploy without -c gateway=http"
        return Result(self.name, good, str(response), advice, endpoint.url, other_url)


@dataclass(frozen=True, slots=True)
class LargestBody:
    """How large a body may be. The gateway writes it into an event of at most 6 MB for the function.

    An HTTP API writes it as text in JSON, where a quote takes two bytes; a REST API as base64, where three take four.
    """

    name: str
    filler: bytes
    """The text that is repeated; it stands inside a JSON string."""
    enough: int
    """The size in MB that must arrive."""

    def result(self, endpoint: "Endpoint", _gzip_url: str | None) -> Result:
        """Good if a body of `enough` MB is accepted; says how large it may be."""
        size, response = self._largest(endpoint)
        good = size >= self.enough
        advice = "" if good else "something between here and the function has a smaller limit than the function"
        if good and size < _LARGEST_MB:
            advice = f"send at most {size} MB in such a request"
        return Result(self.name, good, f"{response}, up to {size} MB" if size else str(response), advice, endpoint.url)

    def _largest(self, endpoint: "Endpoint") -> tuple[int, Response]:
        """The size in MB of the largest body that is accepted, or 0, and the last response. Tries the largest first."""
        headers = {**endpoint.basic, "Content-Type": _JSON}
        for size in range(_LARGEST_MB, 0, -1):
            response = endpoint.send("/v1/batch", self.body(size * _MB), headers)
            if _accepted(response):
                return size, response
        return 0, response

    def body(self, size: int) -> bytes:
        """An empty batch of that many bytes."""
        begin, end = b'{"batch": [], "filler": "', b'"}'
        repeated = self.filler * ((size - len(begin) - len(end)) // len(self.filler))
        return begin + repeated + end


class Endpoint:
    """The public endpoint, with a write key to send with."""

    def __init__(self, url: str, write_key: str) -> None:
        self.url, self.write_key = url.rstrip("/"), write_key
        self.basic = {"Authorization": "Basic " + base64.b64encode(f"{write_key}:".encode()).decode()}

    def send(
        self, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None, method: str = "POST"
    ) -> Response:
        """Send one request. A refusal is a response too."""
        request = urllib.request.Request(self.url + path, data=body, method=method, headers=dict(headers or {}))  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as found:  # noqa: S310 - typed by a person
                return Response(found.status, found.headers, _json(found.read()))
        except urllib.error.HTTPError as refused:
            return Response(refused.code, refused.headers, _json(refused.read()))
        except OSError as error:
            return Response(0, {}, {"code": "unreachable", "message": str(error)})


def _json(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body or b"{}")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _accepted(response: Response) -> bool:
    return response.status == 200 and response.body.get("accepted") == 0


def _refused(status: int, code: str) -> Callable[[Response], bool]:
    return lambda r: (r.status, r.body.get("code")) == (status, code) and bool(r.body["message"])


def _allows(response: Response) -> bool:
    """True if a page of another site may send with the headers that SDKs use."""
    allowed = {name.strip().lower() for name in response.headers.get("Access-Control-Allow-Headers", "").split(",")}
    # `*` covers everything but Authorization
    headers = "authorization" in allowed and ("*" in allowed or set(_ASKED.split(",")) <= allowed)
    return response.status in (200, 204) and bool(response.headers.get("Access-Control-Allow-Origin")) and headers


CHECKS: Sequence[Check | Gzipped | LargestBody] = [
    Check("health: the table can be written", lambda e: e.send("/v1/health", method="GET"),
          lambda a: a.status == 200, "see the collector's log; its role must be allowed to put items"),
    Check("JSON with the key by Basic auth", lambda e: e.send("/v1/batch", _EMPTY, e.basic), _accepted,
          "is the key valid here? `daybreak keys list`"),
    Check("text/plain with the key in the body (browsers)",
          lambda e: e.send("/v1/b", json.dumps({"batch": [], "writeKey": e.write_key}).encode(),
                           {"Content-Type": "text/plain"}),
          _accepted, "something between here and the function reads Content-Type or changes paths"),
    Check("the key in the query (beacons)",
          lambda e: e.send(f"/beacon/v1/batch?writeKey={e.write_key}", _EMPTY, {"Content-Type": "text/plain"}),
          _accepted, "something between here and the function drops query strings"),
    Check("live events to /v1/import (Segment's Java)",
          lambda e: e.send("/v1/import/", _EMPTY, {**e.basic, "Content-Type": _JSON}),
          _accepted, "deploy again: this collector is of an older version, which takes only a server's key there"),
    Gzipped("gzip as application/octet-stream", "/v1/batch", "application/octet-stream"),
    Gzipped("gzip as application/json (RudderStack, Segment's Python)", "/v1/batch", _JSON),
    Gzipped("gzip as text/plain (Kotlin and Android)", "/v1/b", "text/plain"),
    Check("preflight of a browser",
          lambda e: e.send("/v1/t", None, {"Origin": "https://app.example", "Access-Control-Request-Method": "POST",
                                           "Access-Control-Request-Headers": _ASKED}, method="OPTIONS"),
          _allows, _DEPLOY_AGAIN),
    Check("Retry-After can be read by a page",
          lambda e: e.send("/v1/batch", _EMPTY, {**e.basic, "Origin": "https://app.example"}),
          lambda a: "retry-after" in a.headers.get("Access-Control-Expose-Headers", "").lower(), _DEPLOY_AGAIN),
    Check("a wrong key is refused with 401",
          lambda e: e.send("/v1/batch", json.dumps({"batch": [], "writeKey": "doctor-knows-no-key"}).encode()),
          _refused(401, "unknown_write_key"), "something other than the function answers"),
    Check("an unknown path is refused with 404", lambda e: e.send("/v1/doctor", _EMPTY, e.basic),
          _refused(404, "unknown_path"), "the gateway must pass every path to the function"),
    # of eleven bytes, two are escaped: as many as in a batch of events without blanks
    LargestBody("the largest body of ordinary events", rb'some text\"', 4),
    LargestBody("the largest body of quotes (JSON inside JSON)", rb'\"', 2),
]  # fmt: skip


def examine(endpoint: Endpoint, gzip_url: str | None) -> list[Result]:
    """Run every check at this URL. No event is stored: all batches are empty.

    `gzip_url` is the stack's URL for clients that gzip; None if it has none, or is not known.
    """
    return [check.result(endpoint, gzip_url) for check in CHECKS]


@contextmanager
def own_key(keys: WriteKeys, now: str) -> Iterator[str]:
    """A browser's write key for the checks, which is revoked afterwards. `now` is an ISO 8601 time, UTC."""
    keys.revoke_all(SOURCE, now)  # a key that an interrupted run left
    own = keys.create(SOURCE, "browser", now)
    try:
        yield own
    finally:
        keys.revoke(own, now)
