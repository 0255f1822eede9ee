"""Receive one HTTP request: find its source, read its events and judge each of them. Without AWS."""

import base64
import json
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal, NoReturn

from daybreak.errors import EventRejected, RequestRefused
from daybreak.ingest.body import MAX_INFLATED_BYTES, read_sized, require_size
from daybreak.ingest.event import (
    MAX_MESSAGE_ID_CHARS,
    Arrival,
    Canonical,
    canonical,
    iso,
    made_id,
    object_or_none,
    parse_time,
    sent_time,
)
from daybreak.ingest.rules import PEOPLE, Rules

TYPES = ("track", "identify", "page", "screen", "group", "alias")
_ENDPOINTS = {name: name for name in (*TYPES, "batch", "import")} | {name[0]: name for name in (*TYPES, "batch")}
"""Name in the path -> endpoint. Browsers' SDKs use the one-letter names."""
_PATH = re.compile(rf"^/+(?:v1/({'|'.join(_ENDPOINTS)})|beacon/v1/(batch))/*$")


@dataclass(frozen=True, slots=True)
class Sizes:
    """The most that a request may hold: bytes after inflating, events, and bytes of all its events in canonical form.

    A batch's context is repeated in each event, so a small body can grow.
    """

    inflated: int
    events: int
    judged: int


BATCH = Sizes(inflated=MAX_INFLATED_BYTES, events=25_000, judged=32 * 1024 * 1024)
"""Ten times the size of a batch from Segment's own SDKs."""
IMPORT = Sizes(inflated=2 * MAX_INFLATED_BYTES, events=100_000, judged=64 * 1024 * 1024)
"""As much as fits into the function's memory."""
MAX_QUARANTINED_BYTES = 200_000
"""A quarantined event is kept whole up to this size. A longer one is cut, and its record says how long it was."""

_SHORTEST_KEY = 20
"""Write keys have 32 characters. A much shorter text would also be found inside ordinary words."""
_NO_KEY = b"[write key]"

KeyKind = Literal["browser", "server"]


@dataclass(frozen=True, slots=True)
class Source:
    """The owner of a write key. Anyone who opens the page can read a browser's key; nobody can read a server's."""

    name: str
    kind: KeyKind


Authenticate = Callable[[str], Source | None]
"""Write key -> the source it belongs to, or None."""


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request, in the same form for every gateway. Header names are lower case; `body` is the bytes as sent.

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
    """A rejected event; `line` is its quarantine record, NDJSON without the newline."""

    index: int
    message_id: str | None
    code: str
    message: str
    line: bytes


@dataclass(frozen=True, slots=True)
class Intake:
    """The judged events of a request: `events` to be stored, `rejected` to be quarantined.

    An event about somebody who asked to be forgotten is judged and counted in the response like any other, so that the
    response does not give them away. Its `line` is empty, so it is not stored.
    """

    source: str
    events: list[Canonical]
    rejected: list[Rejected]

    def kept(self) -> "Intake":
        """The part of it that is stored."""
        return Intake(self.source, [e for e in self.events if e.line], [r for r in self.rejected if r.line])


def receive(request: Request, authenticate: Authenticate, rules: Rules, received_at: datetime) -> Intake:
    """Authenticate, read and judge a request. Raises RequestRefused if the whole request is refused.

    An import is history only with a server's key. Segment's Java client sends its live events to /v1/import with
    whatever key it has, so with a browser's key it is a batch like any other.
    """
    endpoint = _endpoint(request)
    history = endpoint == "import"
    if in_header := _basic(request.headers.get("authorization")):
        known = _source(in_header, authenticate)  # the body of an unknown sender is not read
        history = history and known.kind == "server"
    most = (IMPORT if history else BATCH).inflated
    payload, size = read_sized(request.body, most, request.headers.get("content-encoding") or "")
    if not isinstance(payload, dict):
        raise RequestRefused(400, "invalid_body", "the body must be a JSON object")
    write_key = _write_key(request, payload)
    source = _source(write_key, authenticate)
    history = history and source.kind == "server"
    sizes = IMPORT if history else BATCH
    require_size(size, sizes.inflated)
    one = endpoint in TYPES
    raws = [payload] if one else payload.get("batch")
    if not isinstance(raws, list):
        raise RequestRefused(400, "no_batch", "the body needs `batch`, a list of events")
    shared = {} if one else rules.clean(payload)
    context, integrations = (object_or_none(shared.get(name)) for name in ("context", "integrations"))
    arrival = Arrival(
        received_at=received_at,
        source=source.name,
        sent_at=sent_time(payload.get("sentAt")),
        history=history,
        context=context,
        integrations=integrations,
    )
    if _shared_chars(arrival) * len(raws) > sizes.judged:
        _too_much_to_judge()
    return _without_key(write_key, judge(raws, endpoint if one else None, arrival, rules, sizes))


def judge_again(record: Mapping[str, Any], rules: Rules) -> Canonical:
    """Judge a quarantine record by today's rules, as if it was sent again. Raises EventRejected if it still fails.

    The event keeps the time it was received, its source and its id, so replaying it twice doubles nothing.
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
    return canonical(rules.clean(raw), arrival_of(record), 0, None, rules)


def arrival_of(record: Mapping[str, Any]) -> Arrival:
    """When and from where a quarantined event arrived."""
    return Arrival(
        received_at=parse_time(record["received_at"]),
        source=record["source"],
        sent_at=sent_time(record.get("sent_at")),
        history=bool(record.get("history")),
    )


def _endpoint(request: Request) -> str:
    """The endpoint's name. Raises RequestRefused: 404 for an unknown path, 405 for a known path and another method."""
    match = _PATH.match(request.path)
    if not match:
        raise RequestRefused(404, "unknown_path", f"no endpoint {request.path[:80]!r}; try POST /v1/batch")
    if request.method != "POST":
        raise RequestRefused(405, "wrong_method", f"{request.path} takes POST, not {request.method[:20]}")
    return _ENDPOINTS[match.group(1) or match.group(2)]


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


def judge(raws: list[Any], type_: str | None, arrival: Arrival, rules: Rules, sizes: Sizes = BATCH) -> Intake:
    """Judge each event alone; bad ones become records of the quarantine. Raises RequestRefused (413) for too many."""
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
            judged = quarantined(index, raw, type_, reason, arrival)
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


def _without_key(write_key: str, intake: Intake) -> Intake:
    """The intake with every occurrence of the request's write key replaced, wherever the client put it.

    JSON escapes no character of a key, so a line holds the key as it is.
    """
    key = write_key.encode("utf-8", "surrogatepass")
    if len(key) < _SHORTEST_KEY:
        return intake
    return replace(
        intake,
        events=[replace(e, line=e.line.replace(key, _NO_KEY)) if key in e.line else e for e in intake.events],
        rejected=[replace(r, line=r.line.replace(key, _NO_KEY)) if key in r.line else r for r in intake.rejected],
    )


def _shared_chars(arrival: Arrival) -> int:
    """How many characters a batch adds to each of its events. Computed once, before any event is judged."""
    try:
        return len(json.dumps([arrival.context, arrival.integrations]))
    except RecursionError:  # too deep to be written at all
        return IMPORT.judged


def _too_much_to_judge() -> NoReturn:
    raise RequestRefused(413, "too_large", "the events and their context are too large; send fewer")


def quarantined(index: int, raw: Any, type_: str | None, reason: EventRejected, arrival: Arrival) -> Rejected:
    """The record of a rejected event, with everything needed to judge it again.

    Its body is JSON text in ASCII, so that no reader fails on it. Of a value that is not an object only its type is
    kept: it never becomes an event, its private fields cannot be dropped, and nobody's data can be found in it.
    """
    body, message_id = f"<{type(raw).__name__}>", None
    if isinstance(raw, dict):
        message_id = _quarantined_id(index, raw, type_, arrival)
        with suppress(RecursionError, ValueError):
            body = json.dumps(_whole(raw, type_, arrival))
    message = _escaped(reason.message)[:500]
    record = {
        "received_at": iso(arrival.received_at),
        "sent_at": iso(arrival.sent_at) if arrival.sent_at else None,
        "history": arrival.history,
        "source": arrival.source,
        "code": reason.code,
        "message": message,
        "message_id": message_id,
        "body": body[:MAX_QUARANTINED_BYTES],
        "body_chars": len(body),
    }
    return Rejected(index, message_id, reason.code, message, json.dumps(record).encode())


def _whole(raw: dict[str, Any], type_: str | None, arrival: Arrival) -> dict[str, Any]:
    """An event with the values that its path and its batch add. Without the write key, which is never stored.

    The ids of its people come first, so that a body that is cut still holds them. A context or integrations that is
    not an object is left out, as it is from an accepted event: its private fields cannot be dropped.
    """
    whole = {name: raw[name] for name in PEOPLE if name in raw}
    whole |= {key: value for key, value in raw.items() if key != "writeKey"}
    if type_:
        whole["type"] = type_
    for name, shared in (("context", arrival.context), ("integrations", arrival.integrations)):
        own = object_or_none(whole.pop(name, None))
        if shared or own:
            whole[name] = {**(shared or {}), **(own or {})}
    return whole


def _quarantined_id(index: int, raw: dict[str, Any], type_: str | None, arrival: Arrival) -> str:
    """The client's id, or one made for the record. The event keeps it if it is judged again and accepted."""
    sent, type_ = raw.get("messageId"), type_ or raw.get("type")
    if isinstance(sent, str) and sent:
        return _escaped(sent)[:MAX_MESSAGE_ID_CHARS]
    dated = bool(raw.get("timestamp") or raw.get("originalTimestamp"))
    try:
        return made_id(raw, type_, arrival.source, index, dated=dated)
    except EventRejected:
        return made_id(raw, type_, arrival.source, index, dated=False)


def _escaped(text: str) -> str:
    """Text with everything that is not UTF-8 (lone surrogates) written as an escape."""
    return text.encode("utf-8", "backslashreplace").decode()
