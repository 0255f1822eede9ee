"""A fuzzer: tens of thousands of requests from one seed. Bodies are made as text, so that they need not be valid JSON."""

import base64
import gzip
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any

from hostile.collector import Event

NAMES = (
    "'; drop table events; --", "<script>alert(1)</script>", "=1+1", "@SUM(A1)", "+1", "-1", "\t=1", "../../../etc/passwd",
    "..\\..\\x", "/absolute", "a/../b", "%2e%2e%2f", "\u001b[2J\u001b[31mred", "\u202egnp.exe", "\u2066x\u2069", "\u0000", "a\u0000b",
    "\ufeff", "\u2028\u2029", "\r\nSet-Cookie: a=b", "${jndi:ldap://localhost/a}", "{{7*7}}", "null", "undefined", "NaN",
    "\"", "\\", "\\\"", "e\u0301", "\U0001f4a5", "\ufffe", "definition=x/day=2026-01-01", "x" * 300, " ", "",
)  # fmt: skip
"""Text that could do harm downstream: in SQL, HTML, spreadsheets, paths, terminals or templates."""
_TEXTS = (*(json.dumps(name) for name in NAMES), '"\\ud800"', '"\\udc00\\ud800"', '"\\u0000"')
_NUMBERS = (
    "0", "-0", "-0.0", "1e999", "-1e999", "1e-999", "5e-324", "9223372036854775808", "18446744073709551616",
    "-9223372036854775809", "9" * 400, "0." + "1" * 400, "1E400", "2.5", "17", "NaN", "Infinity", "-Infinity",
)  # fmt: skip
_TIMES = (
    "2026-11-20T09:00:00Z", "2026-11-20", "2026-11-20T24:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00",
    "0000-00-00", "+10000-01-01T00:00:00Z", "-0001-01-01T00:00:00Z", "2026-W47-5", "2026-324", "20261120T101112Z", "1700000000",
    "1700000000000", "Fri, 20 Nov 2026 09:00:00 GMT", "11/20/2026", "now", "", "2026-11-20T09:00:00.123456789Z", "2026-02-30T00:00:00Z",
    "2026-11-20T09:00:60Z", "2026-11-20\u000009:00", "\u0662\u0660\u0662\u0666-11-20", "2026-11-20T09:00:00+99:99", "T", "1969-12-31T23:59:59Z",
)  # fmt: skip
_FIELDS = (
    "type", "messageId", "event", "name", "category", "userId", "anonymousId", "previousId", "groupId", "timestamp",
    "originalTimestamp", "sentAt", "properties", "traits", "context", "integrations", "writeKey", "__proto__", "constructor",
)  # fmt: skip
_PATHS = (
    *(f"/v1/{kind}" for kind in ("track", "identify", "page", "screen", "group", "alias", "batch", "import")),
    *(f"/v1/{kind}" for kind in "tipsgab"), "/beacon/v1/batch", "/v1/batch/", "//v1//batch", "/V1/BATCH", "/v1/batch\n", "/v1/health",
    "/openapi.json", "/v1/hook/hook", "/v1/hook/../hook", "/", "", "/v1/projects/x/settings", "/v1/projects/../../settings", "/../v1/batch", "/v1/batch?writeKey=x",
    "/v1/batch%00", "/v1/\u0000", "/v1/'; drop table", "/" + "a" * 9000, "/\ud800", "/v1/b\u0430tch",
)  # fmt: skip
_METHODS = (
    *("POST",) * 12,
    "GET",
    "HEAD",
    "OPTIONS",
    "PUT",
    "DELETE",
    "PATCH",
    "TRACE",
    "CONNECT",
    "",
    "post",
    "P\u00d6ST",
    "X" * 500,
)
_BATCHES = ("/v1/batch", "/v1/b", "/beacon/v1/batch", "/v1/import", "/v1/batch/")


@dataclass(frozen=True)
class Sent:
    """A gateway event. If `readable`, all of `good` (message ids) must be stored, and `others` more are stored or rejected."""

    event: Event
    readable: bool = False
    good: list[str] = field(default_factory=list)
    others: int = 0


class Fuzzer:
    """Makes requests; the same seed makes the same ones."""

    def __init__(self, seed: int, write_key: str, basic: str) -> None:
        self._random = Random(seed)
        self._write_key, self._basic = write_key, basic
        self._made = 0

    def anything(self) -> Sent:
        """Any method, path, query, headers and body, one in five without a key."""
        r = self._random
        event = self.event(r.choice(_PATHS), self._any_body(), method=r.choice(_METHODS))
        if r.random() < 0.4:
            event["headers"] |= self._headers()
        if r.random() < 0.2:
            event["headers"].pop("authorization", None)
        if r.random() < 0.3:
            event["queryStringParameters"] = {
                r.choice(("writeKey", "x", "\u0000")): r.choice((self._write_key, *NAMES))
            }
        if r.random() < 0.15:
            event |= {"body": self._text_of(event["body"]), "isBase64Encoded": r.random() < 0.5}
        return Sent(event)

    def batch(self) -> Sent:
        """A batch with good events among bad ones, sent in one of the ways that a client may use."""
        r = self._random
        good = [self.good() for _ in range(r.randint(1, 4))]
        bad = [self.bad() for _ in range(r.randint(0, 5))]
        items = [json.dumps(event) for event in good] + bad
        r.shuffle(items)
        around = r.choice(("", '"sentAt": "2026-11-20T09:00:00Z",', '"sentAt": 5, "context": {"a": 1}, "integrations": [],',
                           f'"writeKey": "{self._write_key}", "batch": 7,', '"context": null, "\\u0000": {},'))  # fmt: skip
        text = f'{{{around} "batch": [{",".join(items)}]}}'.encode()
        body = r.choice((bytes, bytes, gzip.compress, _in_members, _twice_encoded))(text)
        event = self.event(r.choice(_BATCHES), body)
        return Sent(event, readable=True, good=[g["messageId"] for g in good], others=len(bad))

    def event(self, path: str, body: bytes, method: str = "POST") -> Event:
        """A gateway event in one of the two formats of API Gateway, with the key in the header."""
        r = self._random
        headers = {"authorization": self._basic, "content-type": r.choice(("application/json", "text/plain", ""))}
        carried = {"body": base64.b64encode(body).decode(), "isBase64Encoded": True, "headers": headers}
        if r.random() < 0.2:
            return carried | {"httpMethod": method, "path": path, "requestContext": {"stage": "prod"}}
        return carried | {"rawPath": path, "requestContext": {"stage": "$default", "http": {"method": method}}}

    def good(self) -> dict[str, Any]:
        """An event that must be stored, whatever else its batch holds."""
        r = self._random
        return {
            "type": "track",
            "messageId": self.marker(),
            "userId": r.choice(NAMES[:18]),  # the next one is blank, so it is not an id
            "event": r.choice(NAMES[:20]),
            "timestamp": "2026-11-20T09:00:00Z",
            "properties": {r.choice(NAMES): r.choice(NAMES)},
        }

    def marker(self) -> str:
        self._made += 1
        return f"good-{self._made}"

    def bad(self) -> str:
        """JSON text of an event that is probably invalid."""
        r = self._random
        kind = r.random()
        if kind < 0.15:
            return self.value(3)
        if kind < 0.2:
            return "[" * 400 + "]" * 400
        if kind < 0.23:
            return '{"type":"track","userId":"u","event":"e","properties":{"x":' + json.dumps("y" * 40_000) + "}}"
        names = r.choices(_FIELDS, k=r.randint(1, 8))
        fields = ['"type": "track"', '"userId": "u"', '"event": "e"'] if r.random() < 0.7 else []
        fields += [f'"{name}": {self._field(name)}' for name in names]
        return "{" + ", ".join(fields) + "}"

    def value(self, deep: int) -> str:
        """JSON text of any shape, also with a key twice or a number that no type can hold."""
        r = self._random
        if deep == 0 or r.random() < 0.5:
            return r.choice((r.choice(_TEXTS), r.choice(_NUMBERS), "null", "true", "false"))
        inner = [self.value(deep - 1) for _ in range(r.randint(0, 4))]
        if r.random() < 0.5:
            return f"[{', '.join(inner)}]"
        return "{" + ", ".join(f"{r.choice(_TEXTS)}: {value}" for value in inner) + "}"

    def _field(self, name: str) -> str:
        r = self._random
        if name == "writeKey":
            return json.dumps(self._write_key)
        if "ime" in name or name == "sentAt":
            return json.dumps(r.choice((*_TIMES, _any_time(r))))
        return self.value(2)

    def _any_body(self) -> bytes:
        r = self._random
        text = self.value(4).encode() if r.random() < 0.5 else ("{" + f'"batch": [{self.bad()}]' + "}").encode()
        return r.choice(_WAYS)(text, r)

    def _headers(self) -> dict[str, str]:
        r = self._random
        named = (
            "authorization",
            "origin",
            "access-control-request-headers",
            "host",
            "content-encoding",
            "x-forwarded-proto",
        )
        flood = {f"X-{n}": "y" * r.randint(0, 50) for n in range(r.choice((0, 0, 0, 100)))}
        values = (
            *NAMES,
            "gzip",
            "Basic",
            "Basic =",
            "Basic //79",
            "basic Og==",
            "Bearer x",
            "\ud800",
            "https://\u00e9.example",
        )
        return flood | {r.choice(named): r.choice(values) for _ in range(r.randint(1, 4))}

    def _text_of(self, body: str) -> str:
        """A body as a gateway hands it over that decoded it, or spoilt it."""
        r = self._random
        whole = base64.b64decode(body)
        return r.choice(
            (whole.decode("utf-8", "replace"), whole.decode("latin-1"), body[:-1], body + "=", "\ud800", "e\u0301")
        )


def _any_time(r: Random) -> str:
    moment = datetime(r.randint(1, 9999), r.randint(1, 12), r.randint(1, 28), r.randint(0, 23), tzinfo=UTC)
    return (
        moment.isoformat()
        if r.random() < 0.5
        else moment.strftime(r.choice(("%Y%m%d", "%c", "%Y-%m-%dT%H:%M:%S%z", "%s")))
    )


def _in_members(text: bytes) -> bytes:
    half = len(text) // 2
    return gzip.compress(text[:half]) + gzip.compress(text[half:])


def _twice_encoded(text: bytes) -> bytes:
    """gzip in base64, without a header that says so."""
    return base64.b64encode(gzip.compress(text))


def _cut(text: bytes, r: Random) -> bytes:
    return text[: r.randint(0, len(text))]


def _flipped(text: bytes, r: Random) -> bytes:
    spoilt = bytearray(text or b"{")
    for _ in range(r.randint(1, 4)):
        spoilt[r.randrange(len(spoilt))] = r.randrange(256)
    return bytes(spoilt)


_BOMB = gzip.compress(b" " * 12_000_000)
_WAYS = (
    *(lambda text, _: text,) * 6,
    lambda text, _: gzip.compress(text),
    lambda text, r: _cut(text, r),
    lambda text, r: _flipped(text, r),
    lambda text, r: _cut(gzip.compress(text), r),
    lambda text, r: _flipped(gzip.compress(text), r),
    lambda text, r: gzip.compress(gzip.compress(text)),
    lambda text, r: gzip.compress(text) + r.randbytes(5),
    lambda text, r: _flipped(_twice_encoded(text), r),
    lambda _, r: r.randbytes(r.randint(0, 200)),
    lambda _, r: b"\x1f\x8b" + r.randbytes(r.randint(0, 60)),
    lambda _, r: _BOMB if r.random() < 0.02 else _BOMB[:50],
    lambda _, r: r.choice((b"[", b'{"a":', b'{"batch":[')) * r.choice((10, 1000, 20_000)),
    lambda text, r: text.decode("utf-8", "surrogatepass").encode(
        r.choice(("utf-16", "utf-32", "utf-8-sig")), "surrogatepass"
    ),
    lambda text, _: text + b"\xed\xa0\x80",
)
"""Changes that a client, an attacker or the network makes to a body."""
