"""One HTTP request: whose it is, what it holds, and which of its events are taken. No AWS in here."""

import base64
import json
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal, NoReturn

from daybreak.errors import EventRejected, RequestRefused
from daybreak.ingest.body import MAX_INFLATED_BYTES, read_json
from daybreak.ingest.event import (
    MAX_MESSAGE_ID_CHARS,
    Arrival,
    Canonical,
    canonical,
    iso,
    made_id,
    parse_time,
    sent_time,
)
from daybreak.ingest.rules import PEOPLE, Rules

TYPES = ("track", "identify", "page", "screen", "group", "alias")
_KINDS = {name: name for name in (*TYPES, "batch", "import")} | {name[0]: name for name in (*TYPES, "batch")}
"""Endpoint -> what it takes; the one-letter forms are what browsers' SDKs use."""
_PATH = re.compile(rf"^/+(?:v1/({'|'.join(_KINDS)})|beacon/v1/(batch))/*$")


@dataclass(frozen=True, slots=True)
class Sizes:
    """What a request may hold: bytes once inflated, events, and bytes of all its events in canonical form.

    A batch's context is repeated in each event, so a small body can grow.
    """

    inflated: int
    events: int
    judged: int


BATCH = Sizes(inflated=MAX_INFLATED_BYTES, events=25_000, judged=32 * 1024 * 1024)
"""Ten times what Segment's own SDKs put in a batch."""
IMPORT = Sizes(inflated=2 * MAX_INFLATED_BYTES, events=100_000, judged=64 * 1024 * 1024)
"""What the function's memory carries."""
_MAX_QUARANTINED_BYTES = 200_000
"""A quarantined event is kept whole up to this size; what is longer is cut and says so."""

_SHORTEST_KEY = 20
"""Keys have 32 letters; one of a few would be found in words."""
_NO_KEY = b"[write key]"

Kind = Literal["browser", "server"]


@dataclass(frozen=True, slots=True)
class Source:
    """What sends with a write key. A browser's key can be read by anyone who opens the page; a server's cannot."""

    name: str
    kind: Kind


Authenticate = Callable[[str], Source | None]
"""Write key -> the source it belongs to, or None."""


@dataclass(frozen=True, slots=True)
class Request:
    """What the gateway hands over, free of its format. Header names are lower case; `body` is bytes as sent.

    `base` is the endpoint's URL as the client knows it, without a slash at its end.
    """

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    base: str = ""


@dataclass(frozen=True, slots=True)
class Rejected:
    """An event that was not taken; `line` is its quarantine record, NDJSON without the newline."""

    index: int
    message_id: str | None
    code: str
    message: str
    line: bytes


@dataclass(frozen=True, slots=True)
class Intake:
    """All that came of a request: `events` to be stored, `rejected` to be quarantined.

    What is about somebody who asked to be forgotten is judged and answered like the rest, so that nobody is told, but
    has no line to be kept.
    """

    source: str
    events: list[Canonical]
    rejected: list[Rejected]

    def kept(self) -> "Intake":
        """What is stored of it."""
        return Intake(self.source, [e for e in self.events if e.line], [r for r in self.rejected if r.line])


def take(request: Request, authenticate: Authenticate, rules: Rules, received_at: datetime) -> Intake:
    """Read, authenticate and judge a request. Raises RequestRefused when it cannot be taken at all."""
    kind = _kind(request)
    sizes = IMPORT if kind == "import" else BATCH
    if in_header := _basic(request.headers.get("authorization")):
        _source(in_header, authenticate)  # a stranger's body is not worth reading
    payload = read_json(request.body, sizes.inflated)
    if not isinstance(payload, dict):
        raise RequestRefused(400, "invalid_body", "the body must be a JSON object")
    write_key = _write_key(request, payload)
    source = _source(write_key, authenticate)
    if kind == "import" and source.kind != "server":
        raise RequestRefused(403, "server_key_needed", "/v1/import takes the key of a server only; see `daybreak keys`")
    one = kind in TYPES
    raws = [payload] if one else payload.get("batch")
    if not isinstance(raws, list):
        raise RequestRefused(400, "no_batch", "the body needs `batch`, a list of events")
    shared = {} if one else rules.clean(payload)
    context, integrations = (shared.get(name) for name in ("context", "integrations"))
    arrival = Arrival(
        received_at=received_at,
        source=source.name,
        sent_at=sent_time(payload.get("sentAt")),
        history=kind == "import",
        context=context if isinstance(context, dict) else None,
        integrations=integrations if isinstance(integrations, dict) else None,
    )
    if _written(shared) * len(raws) > sizes.judged:
        _too_much_to_judge()
    return _without(write_key, _judge(raws, kind if one else None, arrival, rules, sizes))


def judge_again(record: Mapping[str, Any], rules: Rules) -> Canonical:
    """A quarantine record, judged by the rules of today as if it came again. Raises EventRejected where it still fails.

    It keeps the time it was received, its source and its id, so that replaying it twice doubles nothing.
    """
    try:
        raw = json.loads(record["body"])
    except (ValueError, RecursionError):
        raise EventRejected(record["code"], "the event was too large to be kept whole") from None
    if not isinstance(raw, dict):
        raise EventRejected(record["code"], "an event must be a JSON object")
    if rules.forgets(raw):
        raise EventRejected("forgotten", "the person it is about asked to be forgotten")
    if not raw.get("messageId"):
        raw["messageId"] = record["message_id"]
    arrival = Arrival(
        received_at=parse_time(record["received_at"]),
        source=record["source"],
        sent_at=sent_time(record.get("sent_at")),
        history=bool(record.get("history")),
    )
    return canonical(rules.clean(raw), arrival, 0, None, rules)


def _kind(request: Request) -> str:
    """The endpoint's name. An unknown path is 404, a known one with another method 405."""
    match = _PATH.match(request.path)
    if not match:
        raise RequestRefused(404, "unknown_path", f"no endpoint {request.path[:80]!r}; try POST /v1/batch")
    if request.method != "POST":
        raise RequestRefused(405, "wrong_method", f"{request.path} takes POST, not {request.method[:20]}")
    return _KINDS[match.group(1) or match.group(2)]


def _write_key(request: Request, payload: dict[str, Any]) -> str:
    """The write key that came by Basic auth, in the body or in the query."""
    write_key = _basic(request.headers.get("authorization")) or payload.get("writeKey") or request.query.get("writeKey")
    if not isinstance(write_key, str) or not write_key:
        raise RequestRefused(401, "no_write_key", "send the write key by Basic auth or as `writeKey` in the body")
    return write_key


def _source(write_key: str, authenticate: Authenticate) -> Source:
    source = authenticate(write_key)
    if source is None:
        raise RequestRefused(401, "unknown_write_key", "this write key is unknown or revoked")
    return source


def _basic(header: str | None) -> str | None:
    """The user name of a Basic header; Segment's SDKs put the write key there."""
    scheme, _, credentials = (header or "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        return base64.b64decode(credentials, validate=True).decode().partition(":")[0]
    except ValueError:  # not base64, or not text
        return None


def _judge(raws: list[Any], type_: str | None, arrival: Arrival, rules: Rules, sizes: Sizes) -> Intake:
    if len(raws) > sizes.events:
        raise RequestRefused(
            413, "too_large", f"{len(raws):,} events; the limit is {sizes.events:,}: send smaller batches"
        )
    events: list[Canonical] = []
    rejected: list[Rejected] = []
    size = 0
    for index, sent in enumerate(raws):
        raw = rules.clean(sent) if isinstance(sent, dict) else sent
        try:
            judged: Canonical | Rejected = canonical(raw, arrival, index, type_, rules)
        except EventRejected as reason:
            judged = _quarantined(index, raw, type_, reason, arrival)
        size += len(judged.line)
        if rules.forgets(sent):
            judged = replace(judged, line=b"")
        if isinstance(judged, Canonical):
            events.append(judged)
        else:
            rejected.append(judged)
        if size > sizes.judged:
            _too_much_to_judge()
    return Intake(arrival.source, events, rejected)


def _without(write_key: str, intake: Intake) -> Intake:
    """An intake in whose lines the request's own write key stands nowhere, wherever a client has put it.

    The letters of a key are written as they are in any JSON.
    """
    key = write_key.encode("utf-8", "surrogatepass")
    if len(key) < _SHORTEST_KEY:
        return intake
    return replace(
        intake,
        events=[replace(e, line=e.line.replace(key, _NO_KEY)) if key in e.line else e for e in intake.events],
        rejected=[replace(r, line=r.line.replace(key, _NO_KEY)) if key in r.line else r for r in intake.rejected],
    )


def _written(shared: dict[str, Any]) -> int:
    """How long what a batch says for all its events is in each of them: known before the work is done for each."""
    try:
        return len(json.dumps([shared.get("context"), shared.get("integrations")]))
    except RecursionError:  # such depths can be written nowhere
        return IMPORT.judged


def _too_much_to_judge() -> NoReturn:
    raise RequestRefused(413, "too_large", "the events and their context are too large; send fewer")


def _quarantined(index: int, raw: Any, type_: str | None, reason: EventRejected, arrival: Arrival) -> Rejected:
    """The record of a rejected event, with all it takes to judge it again.

    Its body is JSON text in ASCII, so that nothing in it can trip a reader. Of what is no object only the kind is kept:
    it never becomes an event, and nothing can be dropped from it or found in it when its person asks.
    """
    body, message_id = f"<{type(raw).__name__}>", None
    if isinstance(raw, dict):
        message_id = _quarantined_id(index, raw, type_, arrival)
        with suppress(RecursionError, ValueError):
            body = json.dumps(_whole(raw, type_, arrival))
    message = _ascii(reason.message)[:500]
    record = {
        "received_at": iso(arrival.received_at),
        "sent_at": iso(arrival.sent_at) if arrival.sent_at else None,
        "history": arrival.history,
        "source": arrival.source,
        "code": reason.code,
        "message": message,
        "message_id": message_id,
        "body": body[:_MAX_QUARANTINED_BYTES],
        "body_chars": len(body),
    }
    return Rejected(index, message_id, reason.code, message, json.dumps(record).encode())


def _whole(raw: dict[str, Any], type_: str | None, arrival: Arrival) -> dict[str, Any]:
    """An event with what its path and its batch add to it. Without the write key, which is never written anywhere.

    Its people come first, so that they stand in a body that is cut.
    """
    whole = {name: raw[name] for name in PEOPLE if name in raw}
    whole |= {key: value for key, value in raw.items() if key != "writeKey"}
    if type_:
        whole["type"] = type_
    for name, shared in (("context", arrival.context), ("integrations", arrival.integrations)):
        own = whole.get(name) or {}
        if shared and isinstance(own, dict):
            whole[name] = {**shared, **own}
    return whole


def _quarantined_id(index: int, raw: dict[str, Any], type_: str | None, arrival: Arrival) -> str:
    """The client's id, or one made for the record, under which the event would be taken if it is judged again."""
    sent, type_ = raw.get("messageId"), type_ or raw.get("type")
    if isinstance(sent, str) and sent:
        return _ascii(sent)[:MAX_MESSAGE_ID_CHARS]
    dated = bool(raw.get("timestamp") or raw.get("originalTimestamp"))
    try:
        return made_id(raw, type_, arrival.source, index, dated=dated)
    except EventRejected:
        return made_id(raw, type_, arrival.source, index, dated=False)


def _ascii(text: str) -> str:
    """Text with everything that is not UTF-8 (lone surrogates) written as an escape."""
    return text.encode("utf-8", "backslashreplace").decode()
