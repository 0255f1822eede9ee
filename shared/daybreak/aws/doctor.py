"""Test the public endpoint: send the requests of real SDKs, and check the responses."""

import base64
import gzip
import json
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.message import Message
from typing import Any

from daybreak.aws.write_keys import WriteKeys

SOURCE = "doctor"
"""The source of the key that `examine_with_own_key` makes."""
_TIMEOUT_SECONDS = 30
_EMPTY = b'{"batch": []}'
"""A batch that gets the same response as any other, and stores nothing."""
_ASKED = "authorization,content-type,x-retry-count"
_GZIP_ADVICE = "the gateway alters gzip of this type: send application/octet-stream, or deploy with -c gateway=rest"


@dataclass(frozen=True, slots=True)
class Response:
    """A response of the endpoint; status 0 if there was none."""

    status: int
    headers: Message | dict[str, str]
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Check:
    """A request, whether its response is good, and what to change if it is not."""

    name: str
    send: Callable[["Endpoint"], Response]
    good: Callable[[Response], bool]
    advice: str


@dataclass(frozen=True, slots=True)
class Result:
    """The result of one check."""

    check: str
    good: bool
    answered: str
    """Status and code of the response."""
    advice: str
    """What to change; empty if the response is good."""


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


def _zipped(content_type: str) -> Callable[[Endpoint], Response]:
    body = gzip.compress(_EMPTY, mtime=0)
    return lambda e: e.send("/v1/batch", body, {**e.basic, "Content-Type": content_type, "Content-Encoding": "gzip"})


CHECKS = [
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
    Check("gzip as application/octet-stream", _zipped("application/octet-stream"), _accepted, _GZIP_ADVICE),
    Check("gzip as application/json (segment-python, rudder)", _zipped("application/json"), _accepted, _GZIP_ADVICE),
    Check("preflight of a browser",
          lambda e: e.send("/v1/t", None, {"Origin": "https://app.example", "Access-Control-Request-Method": "POST",
                                           "Access-Control-Request-Headers": _ASKED}, method="OPTIONS"),
          _allows, "deploy again: the gateway's CORS settings are not this stack's"),
    Check("Retry-After can be read by a page",
          lambda e: e.send("/v1/batch", _EMPTY, {**e.basic, "Origin": "https://app.example"}),
          lambda a: "retry-after" in a.headers.get("Access-Control-Expose-Headers", "").lower(),
          "deploy again: the gateway's CORS settings are not this stack's"),
    Check("a wrong key is refused with 401",
          lambda e: e.send("/v1/batch", json.dumps({"batch": [], "writeKey": "doctor-knows-no-key"}).encode()),
          _refused(401, "unknown_write_key"), "something other than the function answers"),
    Check("an unknown path is refused with 404", lambda e: e.send("/v1/doctor", _EMPTY, e.basic),
          _refused(404, "unknown_path"), "the gateway must pass every path to the function"),
    Check("a body of 4 MB is accepted",
          lambda e: e.send("/v1/batch", b'{"batch": []' + b" " * 4_000_000 + b"}",
                           {**e.basic, "Content-Type": "application/json"}),
          _accepted, "something between here and the function has a smaller limit than the function"),
]  # fmt: skip


def examine(endpoint: Endpoint) -> list[Result]:
    """Run every check. No event is stored: all batches are empty."""
    results = []
    for check in CHECKS:
        response = check.send(endpoint)
        good = check.good(response)
        answered = " ".join(filter(None, (str(response.status), response.body.get("code"))))
        results.append(Result(check.name, good, answered, "" if good else check.advice))
    return results


def examine_with_own_key(url: str, keys: WriteKeys, now: str) -> list[Result]:
    """Run every check with a key that is made for it and revoked afterwards. `now` is an ISO 8601 time, UTC."""
    keys.revoke_all(SOURCE, now)  # a key that an interrupted run left
    own = keys.create(SOURCE, "browser", now)
    try:
        return examine(Endpoint(url, own))
    finally:
        keys.revoke(own, now)
