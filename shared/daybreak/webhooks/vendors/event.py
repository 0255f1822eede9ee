"""The pieces that the vendors share: how an event is made, and how a time is read."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from daybreak.errors import EventRejected
from daybreak.ingest.event import MAX_MESSAGE_ID_CHARS, iso
from daybreak.ingest.times import parse_in_file
from daybreak.mapping.event_of import EMPTY, found
from daybreak.webhooks.body import Delivery

Event = dict[str, Any]
Events = Sequence[Event] | None
"""None for a delivery that is not built in; no event for one of no interest, such as a ping."""
Vendor = Callable[[Delivery], Events]
"""The events of a delivery, whatever its body is. Raises EventRejected for a value that cannot be read."""
OF_NO_INTEREST: Events = ()

Row = Mapping[str, Any]


def event(name: str, id_: Any, at: Any, person: Any, properties: Row) -> Event:
    """What somebody did, without the fields that are empty."""
    return _event("track", id_, at, event=name, userId=person, properties=_filled(properties))


def link(id_: Any, at: Any, known_as: Any, person: Any) -> Event:
    """Two ids are one person: the one that a tool gave, and the product's own."""
    return _event("alias", id_, at, previousId=_text(known_as), userId=_text(person))


def first(row: Row, *names: str) -> Any:
    """The first of these values that is not empty; a name with dots is inside of objects. None if none is."""
    return found(row, names)


def own_id(prefix: str, own: Any, suffix: str = "") -> str | None:
    """A message id made of a vendor's own id; None if it gave none."""
    return f"{prefix}-{own}{suffix}" if isinstance(own, str | int) and not isinstance(own, bool) else None


def word(value: Any) -> str:
    """A state or a kind in small letters; empty if it is not text."""
    return value.lower() if isinstance(value, str) else ""


def _event(type_: str, id_: Any, at: Any, **fields: Any) -> Event:
    message_id = {"messageId": id_[:MAX_MESSAGE_ID_CHARS]} if isinstance(id_, str) and id_ else {}
    return {"type": type_, "timestamp": _instant(at), **message_id, **_filled(fields)}


def _filled(fields: Row) -> Event:
    return {name: value for name, value in fields.items() if value not in EMPTY}


def _text(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _instant(at: Any) -> str:
    if isinstance(at, bool) or not isinstance(at, str | int | float) or at == "":
        raise EventRejected("no_time", "the time of the event is missing")
    try:
        return iso(parse_in_file(at, UTC) if isinstance(at, str) else datetime.fromtimestamp(at, UTC))
    except (ValueError, OverflowError, OSError) as reason:
        raise EventRejected("absurd_time", f"the time of the event: {reason}") from None
