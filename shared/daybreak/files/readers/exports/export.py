"""The form of a known export, and the pieces that several of them share."""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, timedelta, tzinfo
from typing import Any

import orjson

from daybreak.errors import EventRejected
from daybreak.files.readers.reading import Ignored, Made
from daybreak.ingest import times
from daybreak.ingest.event import MAX_MESSAGE_ID_CHARS, iso
from daybreak.mapping.event_of import EMPTY

Row = Mapping[str, Any]
Event = dict[str, Any]
Events = Iterator[Event | Ignored]

_SECONDS, _MILLISECONDS = 10**11, 10**14
"""A smaller number since 1970 counts seconds, or milliseconds; until the year 5138 no time lies on a wrong side."""
_DIGITS = re.compile(r"\d{1,17}(?:\.\d{1,6})?", re.ASCII)
_LARGEST_OBJECT = 24 * 1024
"""Bytes that the properties of an event may have, so that the event stays below the limit of one event."""


@dataclass(frozen=True)
class Export:
    """A tool's export."""

    name: str
    """As it is said: "Mixpanel export"."""
    known_by: frozenset[str]
    """The names that its first row has, in small letters and with _ for blanks: `data.object` is a key inside of an
    object, `items[].answers` one of the first object in a list."""
    said: str
    """Who and when, in a few words: "person = distinct_id, time in seconds UTC"."""
    events: Callable[[Row], Events]
    """The events of a row. Raises EventRejected, as it does for a value that cannot be read."""
    fields: frozenset[str] = frozenset()
    """The names that `events` asks for; a table's columns are renamed to them, whatever their case."""

    tool: str = ""
    """The tool's name in a mapping that gives its times a zone; empty if its times need none."""
    in_zone: "Callable[[Export, tzinfo], Export] | None" = None
    """The same export with its times in a zone."""

    def is_of(self, names: frozenset[str]) -> bool:
        """Whether a row with these names is one of this export."""
        return self.known_by <= names


def normal(name: str) -> str:
    """A name in small letters and with _ for blanks. Tables that PostHog's pages export put `*.` before it."""
    return name.strip().lower().removeprefix("*.").replace(" ", "_")


def filled(row: Row, *names: str) -> Any:
    """The first of these values that is not empty; None if none is."""
    return next((value for name in names if (value := row.get(name)) not in EMPTY), None)


def object_of(value: Any) -> dict[str, Any]:
    """A JSON object, which tables hold as text; an empty one for anything else."""
    found = _json(value) if isinstance(value, str) and value.lstrip()[:1] == "{" else value
    return dict(found) if isinstance(found, Mapping) else {}


def listed_in(value: Any) -> list[Any]:
    """A JSON list, which tables hold as text; an empty one for anything else."""
    found = _json(value) if isinstance(value, str) and value.lstrip()[:1] == "[" else value
    return list(found) if isinstance(found, list) else []


def _json(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise EventRejected("invalid_field", f"{text[:40]!r} is not JSON: {error}") from None


def instant(field: str, value: Any, zone: tzinfo = UTC) -> str:
    """A time as text in UTC: a text of the grammar of `ingest.times`, or a number since 1970 whose size says its unit.
    A text without an offset and a number are a time in `zone`. Raises EventRejected.
    """
    text = format(value, ".6f") if isinstance(value, float) else str(value)
    try:
        if isinstance(value, bool) or value in (None, ""):
            raise EventRejected("no_time", f"{field}: the time of the event is missing")
        if _DIGITS.fullmatch(text) and not re.fullmatch(r"\d{8}|\d{14}", text):
            number = float(text)
            unit = 1e6 if number < _SECONDS else 1e3 if number < _MILLISECONDS else 1
            counted = times.EPOCH + timedelta(microseconds=round(number * unit))
            return iso(counted.replace(tzinfo=zone).astimezone(UTC))
        return iso(times.parse(text, zone))
    except (ValueError, OverflowError) as reason:
        raise EventRejected("absurd_time", f"{field}: {reason}") from None


def id_of(value: Any) -> str | None:
    """An id as text; None for an empty one. A number that became decimal on its way is whole again."""
    if value in (None, "") or isinstance(value, bool | dict | list):
        return None
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)
    return str(value)


def exact_id(own: Any, *scope: Any) -> str | None:
    """A message id made of a tool's own id of an event; None if the tool gave none.

    `scope`: what the tool's id is unique within, such as the person; a hash of it is added.
    """
    if (text := id_of(own)) is None:
        return None
    if scope:
        text = f"{text}-{_digest(scope)}"
    return text if len(text) <= MAX_MESSAGE_ID_CHARS else _digest([text])


def _digest(parts: Iterable[Any]) -> str:
    content = "\x1f".join("" if part is None else str(part) for part in parts)
    return hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()[:24]


def event(type_: str, when: str, **fields: Any) -> Event:
    """An event, without the fields that are empty."""
    given = {name: value for name, value in fields.items() if value not in EMPTY}
    return {"type": type_, "timestamp": when, **given}


def made(own: Event, type_: str, **fields: Any) -> Made:
    """An event at the same time as a row's own, with an id that is made of its id."""
    named = {"messageId": exact_id(own["messageId"], type_, *fields.values())} if "messageId" in own else {}
    return Made(event(type_, own["timestamp"], **named, **fields))


def identified(own: Event, traits: Mapping[str, Any] | None = None) -> Iterator[Made]:
    """An identify call, if an event names both a person and a device, or says what the person is like."""
    person, device = own.get("userId"), own.get("anonymousId")
    if person and (device or traits):
        yield made(own, "identify", userId=person, anonymousId=device, traits=dict(traits or {}))


def not_too_large(values: dict[str, Any]) -> dict[str, Any]:
    """An object as properties; of one that is too large for an event, only what is neither list nor object."""
    try:
        if len(orjson.dumps(values)) <= _LARGEST_OBJECT:
            return values
    except orjson.JSONEncodeError:  # refused later, with its reason
        return values
    return {key: value for key, value in values.items() if not isinstance(value, list | dict)}
