"""One HTTP request: whose it is, what it holds, and which of its events are taken. No AWS in here."""

import base64
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from daybreak.errors import EventRejected, RequestRefused
from daybreak.ingest.body import read_json
from daybreak.ingest.event import Arrival, Canonical, canonical, iso, parse_time

TYPES = ("track", "identify", "page", "screen", "group", "alias")
_PATH = re.compile(rf"^/v1/({'|'.join(TYPES)}|batch)/?$")
MAX_EVENTS = 25_000
"""Ten times what Segment's own SDKs put in a batch."""
MAX_JUDGED_BYTES = 32 * 1024 * 1024
"""All events of a request in canonical form: a batch's context is repeated in each, so a small body can grow."""
_MAX_QUARANTINED_BYTES = 200_000
"""A quarantined event is kept whole up to this size; what is longer is cut and says so."""

Authenticate = Callable[[str], str | None]
"""Write key -> the source it belongs to, or None."""


@dataclass(frozen=True, slots=True)
class Request:
    """What the gateway hands over, free of its format. Header names are lower case; `body` is bytes as sent."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


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
    """All that came of a request: `events` to be stored, `rejected` to be quarantined."""

    source: str
    events: list[Canonical]
    rejected: list[Rejected]


def take(request: Request, authenticate: Authenticate, received_at: datetime) -> Intake:
    """Read, authenticate and judge a request. Raises RequestRefused when it cannot be taken at all."""
    kind = _kind(request)
    payload = read_json(request.body)
    if not isinstance(payload, dict):
        raise RequestRefused(400, "invalid_body", "the body must be a JSON object")
    source = _source(request, payload, authenticate)
    if kind == "batch":
        raws, type_ = payload.get("batch"), None
        if not isinstance(raws, list):
            raise RequestRefused(400, "no_batch", "the body needs `batch`, a list of events")
        arrival = _arrival(payload, source, received_at, of_batch=True)
    else:
        raws, type_ = [payload], kind
        arrival = _arrival(payload, source, received_at, of_batch=False)
    return _judge(raws, type_, arrival)


def _kind(request: Request) -> str:
    """The endpoint's name. An unknown path is 404, a known one with another method 405."""
    match = _PATH.match(request.path)
    if not match:
        raise RequestRefused(404, "unknown_path", f"no endpoint {request.path[:80]!r}; try POST /v1/batch")
    if request.method != "POST":
        raise RequestRefused(405, "wrong_method", f"{request.path} takes POST, not {request.method[:20]}")
    return match.group(1)


def _source(request: Request, payload: dict[str, Any], authenticate: Authenticate) -> str:
    """The name of the source whose write key came by Basic auth, in the body or in the query."""
    write_key = _basic(request.headers.get("authorization")) or payload.get("writeKey") or request.query.get("writeKey")
    if not isinstance(write_key, str) or not write_key:
        raise RequestRefused(401, "no_write_key", "send the write key by Basic auth or as `writeKey` in the body")
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


def _arrival(payload: dict[str, Any], source: str, received_at: datetime, *, of_batch: bool) -> Arrival:
    """`sentAt` of the request; of a batch also the context and integrations that merge into each event."""
    sent_at = payload.get("sentAt")
    try:
        sent = parse_time(sent_at) if isinstance(sent_at, str) else None
    except (ValueError, OverflowError):
        sent = None  # an unreadable sentAt is no reason to lose a batch; the events keep their own times
    context, integrations = payload.get("context"), payload.get("integrations")
    return Arrival(
        received_at=received_at,
        source=source,
        sent_at=sent,
        context=context if of_batch and isinstance(context, dict) else None,
        integrations=integrations if of_batch and isinstance(integrations, dict) else None,
    )


def _judge(raws: list[Any], type_: str | None, arrival: Arrival) -> Intake:
    if len(raws) > MAX_EVENTS:
        raise RequestRefused(
            413, "too_large", f"{len(raws):,} events; the limit is {MAX_EVENTS:,}: send smaller batches"
        )
    events: list[Canonical] = []
    rejected: list[Rejected] = []
    size = 0
    for index, raw in enumerate(raws):
        try:
            events.append(canonical(raw, arrival, index, type_))
            size += len(events[-1].line)
        except EventRejected as reason:
            rejected.append(_quarantined(index, raw, reason, arrival))
            size += len(rejected[-1].line)
        if size > MAX_JUDGED_BYTES:
            raise RequestRefused(413, "too_large", "the events and their context are too large; send fewer")
    return Intake(arrival.source, events, rejected)


def _quarantined(index: int, raw: Any, reason: EventRejected, arrival: Arrival) -> Rejected:
    """The record of a rejected event. Its body is JSON text in ASCII, so that nothing in it can trip a reader."""
    message_id = raw.get("messageId") if isinstance(raw, dict) else None
    message_id = _ascii(message_id)[:100] if isinstance(message_id, str) else None
    if isinstance(raw, dict):
        raw = {key: value for key, value in raw.items() if key != "writeKey"}  # a key is never written anywhere
    try:
        body = json.dumps(raw)
    except (RecursionError, ValueError):
        body = _ascii(repr(type(raw)))
    message = _ascii(reason.message)[:500]
    record = {
        "received_at": iso(arrival.received_at),
        "source": arrival.source,
        "code": reason.code,
        "message": message,
        "message_id": message_id,
        "body": body[:_MAX_QUARANTINED_BYTES],
        "body_chars": len(body),
    }
    return Rejected(index, message_id, reason.code, message, json.dumps(record).encode())


def _ascii(text: str) -> str:
    """Text with everything that is not UTF-8 (lone surrogates) written as an escape."""
    return text.encode("utf-8", "backslashreplace").decode()
