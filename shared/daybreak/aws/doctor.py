"""doctor: sends the public endpoint what real SDKs send, and says what arrived and what to change."""

import base64
import gzip
import json
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import Message
from typing import Annotated, Any

import typer

from daybreak.cli import show
from daybreak.cli.options import AsJson, Cloud, StackName
from daybreak.cli.target import deployment, endpoint_url
from daybreak.errors import InputError

SOURCE = "doctor"
"""What its own key is made for."""
_TIMEOUT_SECONDS = 30
_EMPTY = b'{"batch": []}'
"""A batch that is answered like any other and leaves nothing behind."""
_ASKED = "authorization,content-type,x-retry-count"
_GZIP_ADVICE = "the gateway alters gzip of this type: send application/octet-stream, or deploy with -c gateway=rest"


@dataclass(frozen=True, slots=True)
class Answered:
    """What came back: status 0 where nothing did."""

    status: int
    headers: Message | dict[str, str]
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Check:
    """A request, what must come back, and what to change where something else does."""

    name: str
    send: Callable[["Endpoint"], Answered]
    good: Callable[[Answered], bool]
    advice: str


class Endpoint:
    """The public endpoint, with a key."""

    def __init__(self, url: str, write_key: str) -> None:
        self.url, self.write_key = url.rstrip("/"), write_key
        self.basic = {"Authorization": "Basic " + base64.b64encode(f"{write_key}:".encode()).decode()}

    def send(
        self, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None, method: str = "POST"
    ) -> Answered:
        request = urllib.request.Request(self.url + path, data=body, method=method, headers=dict(headers or {}))  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:  # noqa: S310 - typed by a person
                return Answered(answer.status, answer.headers, _json(answer.read()))
        except urllib.error.HTTPError as refused:
            return Answered(refused.code, refused.headers, _json(refused.read()))
        except OSError as error:
            return Answered(0, {}, {"code": "unreachable", "message": str(error)})


def _json(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body or b"{}")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _taken(answer: Answered) -> bool:
    return answer.status == 200 and answer.body.get("accepted") == 0


def _refused(status: int, code: str) -> Callable[[Answered], bool]:
    return lambda answer: (answer.status, answer.body.get("code")) == (status, code) and bool(answer.body["message"])


def _allows(answer: Answered) -> bool:
    """Whether a page elsewhere may send with the headers SDKs use."""
    allowed = {name.strip().lower() for name in answer.headers.get("Access-Control-Allow-Headers", "").split(",")}
    # `*` covers everything but Authorization
    headers = "authorization" in allowed and ("*" in allowed or set(_ASKED.split(",")) <= allowed)
    return answer.status in (200, 204) and bool(answer.headers.get("Access-Control-Allow-Origin")) and headers


def _zipped(kind: str) -> Callable[[Endpoint], Answered]:
    body = gzip.compress(_EMPTY, mtime=0)
    return lambda e: e.send("/v1/batch", body, {**e.basic, "Content-Type": kind, "Content-Encoding": "gzip"})


CHECKS = [
    Check("health: the table can be written", lambda e: e.send("/v1/health", method="GET"),
          lambda a: a.status == 200, "see the collector's log; its role must be allowed to put items"),
    Check("JSON with the key by Basic auth", lambda e: e.send("/v1/batch", _EMPTY, e.basic), _taken,
          "is the key valid here? `daybreak keys list`"),
    Check("text/plain with the key in the body (browsers)",
          lambda e: e.send("/v1/b", json.dumps({"batch": [], "writeKey": e.write_key}).encode(),
                           {"Content-Type": "text/plain"}),
          _taken, "something between here and the function looks at Content-Type or changes paths"),
    Check("the key in the query (beacons)",
          lambda e: e.send(f"/beacon/v1/batch?writeKey={e.write_key}", _EMPTY, {"Content-Type": "text/plain"}),
          _taken, "something between here and the function drops query strings"),
    Check("gzip as application/octet-stream", _zipped("application/octet-stream"), _taken, _GZIP_ADVICE),
    Check("gzip as application/json (segment-python, rudder)", _zipped("application/json"), _taken, _GZIP_ADVICE),
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
          _refused(401, "unknown_write_key"), "something else answers in place of the function"),
    Check("an unknown path is refused with 404", lambda e: e.send("/v1/doctor", _EMPTY, e.basic),
          _refused(404, "unknown_path"), "the gateway must hand every path to the function"),
    Check("a body of 4 MB is taken",
          lambda e: e.send("/v1/batch", b'{"batch": []' + b" " * 4_000_000 + b"}",
                           {**e.basic, "Content-Type": "application/json"}),
          _taken, "a limit before the function is smaller than the function's"),
]  # fmt: skip


def register(app: typer.Typer) -> None:
    app.command()(doctor)


def doctor(
    url: Annotated[str | None, typer.Option(help="Another URL of the endpoint, such as your own domain")] = None,
    write_key: Annotated[
        str | None, typer.Option(envvar="WRITE_KEY", help="A valid key; without, one is made and revoked again")
    ] = None,
    cloud: Cloud = "auto",
    stack: StackName = "Daybreak",
    as_json: AsJson = False,
) -> None:
    """Send the endpoint what real SDKs send; say what arrived and what to change. Leaves no event behind."""
    if url and not url.startswith(("http://", "https://")):
        raise InputError(f"--url {url!r}: write it with https:// before it")
    if url and write_key:
        results = _examine(Endpoint(url, write_key))
    else:
        target = deployment(cloud, stack)
        keys, now = target.write_keys(), datetime.now(UTC).isoformat(timespec="seconds")
        if not write_key:
            keys.revoke_all(SOURCE, now)  # one that an interrupted doctor left
        own = write_key or keys.create(SOURCE, "browser", now)
        try:
            results = _examine(Endpoint(url or endpoint_url(target), own))
        finally:
            if not write_key:
                keys.revoke(own, now)
    bad = [result for result in results if not result["good"]]
    if as_json:
        show.as_json(results)
    else:
        rows = [["ok" if r["good"] else "NO", r["check"], r["answered"], r["advice"]] for r in results]
        show.table("", ["", "check", "answered", "what to change"], rows)
    if bad:
        sys.exit(1)


def _examine(endpoint: Endpoint) -> list[dict[str, Any]]:
    results = []
    for check in CHECKS:
        answer = check.send(endpoint)
        good = check.good(answer)
        told = " ".join(filter(None, (str(answer.status), answer.body.get("code"))))
        results.append({"check": check.name, "good": good, "answered": told, "advice": "" if good else check.advice})
    return results
