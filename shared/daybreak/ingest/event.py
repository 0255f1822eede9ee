"""One event: the form in which a client may send it, and the canonical form that all later stages rely on.

Canonical events are JSON objects with only the keys of `daybreak.lake.tables.Event`; absent means null.
"""

import hashlib
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal, get_args

import orjson
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from daybreak.errors import EventRejected
from daybreak.ingest import times
from daybreak.ingest.clocks import skew
from daybreak.ingest.rules import NO_RULES, Rules, id_text, is_placeholder
from daybreak.ingest.tracking_plan import Breach

MAX_EVENT_BYTES = 32 * 1024
"""Segment's documented limit for one event, measured on the canonical form."""
MAX_MESSAGE_ID_CHARS = 100
FUTURE_TOLERANCE = timedelta(days=1)
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)

OWN_SOURCE = "daybreak"
"""The source of the events that Daybreak itself stores, such as "List Entered". Nobody did them, so they do not make
anybody active: only a selector that names them counts them. No write key can have this source."""

_NOT_IN_MADE_ID = ("sentAt", "writeKey")
"""Fields of a one-event request that do not belong to its event; `sentAt` is different each time it is sent."""

EventType = Literal["track", "identify", "page", "screen", "group", "alias"]
TYPES: tuple[str, ...] = get_args(EventType)

Id = str | int | None
"""Clients send user ids as text or as whole numbers; both become text."""


def object_or_none(value: Any) -> dict[str, Any] | None:
    """A context or integrations as sent: an object, or None for anything else, because it must not cost an event."""
    return value if isinstance(value, dict) else None


def _absent_if_empty_list(value: Any) -> Any:
    """PHP writes an empty object as `[]`."""
    return None if value == [] else value


Filled = Annotated[dict[str, Any] | None, BeforeValidator(_absent_if_empty_list)]
Extra = Annotated[dict[str, Any] | None, BeforeValidator(object_or_none)]


class IncomingEvent(BaseModel):
    """A Segment message. Unknown keys are ignored, null is the same as absent.

    PHP's empty object `[]` is absent too, and so is a context or integrations that is not an object.

    RudderStack's SDKs send `originalTimestamp` where Segment's send `timestamp`, and a `sentAt` in each event.
    """

    model_config = ConfigDict(strict=True, extra="ignore", title="Event")

    type: EventType
    message_id: Annotated[str | None, Field(alias="messageId", max_length=MAX_MESSAGE_ID_CHARS)] = None
    event: str | None = None
    name: str | None = None
    category: str | None = None
    user_id: Annotated[Id, Field(alias="userId")] = None
    anonymous_id: Annotated[Id, Field(alias="anonymousId")] = None
    previous_id: Annotated[Id, Field(alias="previousId")] = None
    group_id: Annotated[Id, Field(alias="groupId")] = None
    timestamp: str | None = None
    original_timestamp: Annotated[str | None, Field(alias="originalTimestamp")] = None
    sent_at: Annotated[str | None, Field(alias="sentAt")] = None
    properties: Filled = None
    traits: Filled = None
    context: Extra = None
    integrations: Extra = None


@dataclass(frozen=True, slots=True)
class Arrival:
    """Values that all events of a request share. All times are UTC.

    `history`: the events are sent long after they happened, by a source that knows their times. A gap between sentAt
    and receivedAt then does not mean a wrong clock.
    """

    received_at: datetime
    source: str
    sent_at: datetime | None = None
    history: bool = False
    context: dict[str, Any] | None = None
    integrations: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Canonical:
    """An accepted event: its NDJSON line (without the newline) and its id; `id_made` when the client sent none.

    `breaches`: how it breaks the tracking plan, for a source that is only warned.
    """

    line: bytes
    message_id: str
    id_made: bool
    breaches: tuple[Breach, ...] = ()


def canonical(
    raw: Any, arrival: Arrival, position: int, type_: str | None = None, rules: Rules = NO_RULES
) -> Canonical:
    """Judge one event and write it in canonical form.

    `position` is its index in the batch; `type_` is the type in the path, for the one-event endpoints.
    Raises EventRejected with a code and a message that names the field.
    """
    event = _validated(raw, type_)
    client_time = _time("timestamp", event.timestamp or event.original_timestamp)
    sent_at = arrival.sent_at or sent_time(event.sent_at)
    context = _merged(arrival.context, event.context)
    wrong = None if arrival.history else skew(sent_at, arrival.received_at, context)
    timestamp, clock = _corrected(client_time, wrong, arrival.received_at)
    message_id = event.message_id or made_id(raw, event.type, arrival.source, position, dated=client_time is not None)
    fields: dict[str, Any] = {
        "message_id": message_id,
        "type": event.type,
        "event": event.event,
        "name": event.name,
        "category": event.category,
        "user_id": id_text(event.user_id),
        "anonymous_id": id_text(event.anonymous_id),
        "previous_id": id_text(event.previous_id),
        "group_id": id_text(event.group_id),
        "timestamp": iso(timestamp),
        "original_timestamp": iso(client_time) if client_time and clock != "client" else None,
        "clock": clock,
        "sent_at": iso(sent_at) if sent_at else None,
        "received_at": iso(arrival.received_at),
        "source": arrival.source,
        "properties": event.properties or None,
        "traits": event.traits or _traits_in_context(event) or None,
        "context": context,
        "integrations": _merged(arrival.integrations, event.integrations),
    }
    _require_people(event, fields)
    breaches = tuple(rules.plan.breaches(fields, arrival.source)) if rules.plan else ()
    if breaches and rules.plan and rules.plan.mode_of(arrival.source) == "enforce":
        raise EventRejected(breaches[0].code, "; ".join(breach.message for breach in breaches))
    line = _line({k: v for k, v in fields.items() if v is not None})
    return Canonical(line, message_id, not event.message_id, breaches)


def sent_time(text: Any) -> datetime | None:
    """A `sentAt` as UTC; None if it cannot be read. The events are accepted all the same, with their own times."""
    try:
        return parse_time(text) if isinstance(text, str) else None
    except (ValueError, OverflowError):
        return None


def parse_time(text: str) -> datetime:
    """A time of the grammar in `daybreak.ingest.times` as UTC; without an offset it is UTC. Raises ValueError."""
    return times.parse(text)


def iso(value: datetime) -> str:
    """A UTC time as text, with a Z and no more digits than needed, so that equal times are equal bytes."""
    text = value.isoformat(timespec="auto")
    return text.replace("+00:00", "Z")


def _validated(raw: Any, type_: str | None) -> IncomingEvent:
    if not isinstance(raw, dict):
        raise EventRejected("not_an_object", "an event must be a JSON object")
    if type_ is not None:
        raw = {**raw, "type": type_}
    try:
        return IncomingEvent.model_validate(raw)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        field = str(first["loc"][0]) if first["loc"] else "event"
        raise EventRejected("invalid_field", f"{field}: {first['msg']}") from None


def _traits_in_context(event: IncomingEvent) -> dict[str, Any] | None:
    """The traits in an identify call's context, where RudderStack's Python SDK puts them."""
    traits = (event.context or {}).get("traits") if event.type == "identify" else None
    return traits if isinstance(traits, dict) else None


def _require_people(event: IncomingEvent, fields: dict[str, Any]) -> None:
    """Check that the event has the fields that its type needs to say who did what. Raises EventRejected."""
    if event.type == "alias":
        if not (fields["previous_id"] and fields["user_id"]):
            raise _no_id("alias needs previousId and userId", previousId=event.previous_id, userId=event.user_id)
        return
    if not (fields["user_id"] or fields["anonymous_id"]):
        ids = {"userId": event.user_id, "anonymousId": event.anonymous_id}
        raise _no_id(f"{event.type} needs userId or anonymousId", **ids)
    if event.type == "track" and not fields["event"]:
        raise EventRejected("no_name", "track needs event, the name of what happened")
    if event.type == "group" and not fields["group_id"]:
        raise _no_id("group needs groupId", groupId=event.group_id)


def _no_id(needs: str, **sent: Id) -> EventRejected:
    """The rejection of an event that lacks an id, by a code of its own if a placeholder was sent as one."""
    placeholders = [
        f"{name}: {value[:40]!r}"
        for name, value in sent.items()
        if isinstance(value, str) and value and is_placeholder(value)
    ]
    if not placeholders:
        return EventRejected("no_id", needs)
    return EventRejected("placeholder_id", f"{', '.join(placeholders)} is not an id; {needs}")


def _corrected(client_time: datetime | None, wrong: timedelta | None, received_at: datetime) -> tuple[datetime, str]:
    """The time the event counts at, and which rule gave it: client, skew, future or server.

    `wrong`: what to add to the client's time, if its clock is known to be wrong.

    Correcting every event by receivedAt - sentAt would add the network's delay to each and reorder funnels, so
    only a gap that no network delay explains is corrected.
    """
    if client_time is None:
        return received_at, "server"
    timestamp, clock = client_time, "client"
    if wrong:
        try:
            timestamp, clock = client_time + wrong, "skew"
        except OverflowError:
            raise EventRejected("absurd_time", f"timestamp: {iso(client_time)} is out of range") from None
    if timestamp > received_at + FUTURE_TOLERANCE:
        return received_at, "future"
    if timestamp < EARLIEST:
        raise EventRejected("absurd_time", f"timestamp: {iso(timestamp)} is before 1970")
    return timestamp, clock


def _time(field: str, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return parse_time(text)
    except (ValueError, OverflowError):
        raise EventRejected("absurd_time", f"{field}: {text[:40]!r} is not an ISO 8601 time") from None


def _merged(outer: dict[str, Any] | None, inner: dict[str, Any] | None) -> dict[str, Any] | None:
    """The batch's value, overridden key by key by the event's own."""
    if outer and inner:
        return {**outer, **inner}
    return inner or outer or None


def made_id(raw: dict[str, Any], type_: str | None, source: str, position: int, *, dated: bool) -> str:
    """Make an id for an event that came without one.

    The id of a dated event is a hash of its content: if the same batch is sent again, its events get the same ids and
    nothing is doubled. Without a time, two equal events may be two real ones: the id is random, and an event that is
    sent again counts again.
    """
    if not dated:
        return f"server-{uuid.uuid4()}"
    try:
        own = {key: value for key, value in raw.items() if key not in _NOT_IN_MADE_ID}
        content = orjson.dumps([source, position, {**own, "type": type_}], option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError as error:
        raise EventRejected("unencodable", f"event: {error}") from None
    return f"server-{hashlib.sha256(content).hexdigest()[:32]}"


def _line(fields: dict[str, Any]) -> bytes:
    try:
        line = orjson.dumps(fields)
    except orjson.JSONEncodeError as error:  # a lone surrogate, or nested deeper than 254
        raise EventRejected("unencodable", f"event: {error}") from None
    if len(line) > MAX_EVENT_BYTES:
        raise EventRejected("too_large", f"event: {len(line):,} bytes; the limit is {MAX_EVENT_BYTES:,}")
    return line
