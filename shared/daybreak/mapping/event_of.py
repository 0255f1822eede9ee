"""One row of somebody else's as an event that the collector's rules can judge."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from daybreak.errors import EventRejected
from daybreak.ingest import times
from daybreak.ingest.event import iso
from daybreak.mapping.mapping import EventMapping

EMPTY: tuple[Any, ...] = (None, "", [], {})
"""Values that say nothing."""
_MICROSECONDS = {"s": 1_000_000, "ms": 1_000, "us": 1}


def event_of(row: Mapping[str, Any], mapping: EventMapping) -> dict[str, Any]:
    """The event that a row is, with the keys of Segment's messages. Values keep the types that they have in the row.

    Raises EventRejected for a row without a time that can be read, or with JSON that cannot.
    """
    type_ = str(found(row, mapping.type) or "track").lower()
    event: dict[str, Any] = {"type": type_}
    for field, columns in (
        ("userId", mapping.person),
        ("anonymousId", mapping.anonymous),
        ("groupId", mapping.account),
        ("previousId", mapping.previous),
        ("messageId", mapping.id),
    ):
        if (value := found(row, columns)) is not None:
            event[field] = value
    if type_ == "track" and (name := mapping.constant or found(row, mapping.event)) is not None:
        event["event"] = str(name)
    event["timestamp"] = iso(time_of(row, mapping))
    if "messageId" in event:
        event["messageId"] = str(event["messageId"])
    others = _others(row, mapping)
    traits = {column: value for column in mapping.traits if (value := found(row, (column,))) is not None}
    if type_ in ("identify", "group"):
        return event | {"traits": others | traits}
    return event | {"properties": others} | ({"traits": traits} if traits else {})


def found(row: Mapping[str, Any], columns: tuple[str, ...]) -> Any:
    """The value of the first of these columns that holds one; None if none does."""
    return next((value for column in columns if (value := _value(row, column)) not in EMPTY), None)


def time_of(row: Mapping[str, Any], mapping: EventMapping) -> datetime:
    """When a row happened, as UTC. Raises EventRejected."""
    value = found(row, mapping.time)
    if value is None:
        raise EventRejected("no_time", f"{' or '.join(mapping.time)}: the time of the event is missing")
    try:
        return _instant(value, mapping)
    except (ValueError, OverflowError) as reason:
        raise EventRejected("absurd_time", f"{mapping.time[0]}: {reason}") from None


def _instant(value: Any, mapping: EventMapping) -> datetime:
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=mapping.zone)).astimezone(UTC)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError(f"a {type(value).__name__} is not a time")
    if mapping.unit:
        counted = times.EPOCH + timedelta(microseconds=round(float(value) * _MICROSECONDS[mapping.unit]))
        return counted.replace(tzinfo=mapping.zone).astimezone(UTC)
    if mapping.format:
        try:
            read = datetime.strptime(str(value), mapping.format)  # noqa: DTZ007 - its zone is added below
        except ValueError:
            raise ValueError(f"{str(value)[:40]!r} is not of the format {mapping.format!r}") from None
        return (read if read.tzinfo else read.replace(tzinfo=mapping.zone)).astimezone(UTC)
    return times.parse_in_file(value, mapping.zone)


def _value(row: Mapping[str, Any], column: str) -> Any:
    """The value of a column; of a column with dots that the row does not have, the value inside of its objects."""
    if column in row or "." not in column:
        return row.get(column)
    first, _, rest = column.partition(".")
    inner = row.get(first)
    return _value(inner, rest) if isinstance(inner, Mapping) else None


def _others(row: Mapping[str, Any], mapping: EventMapping) -> dict[str, Any]:
    """The properties: the columns that are named as such, else all that have no other part; JSON is unfolded."""
    unfolded = frozenset(mapping.json_)
    if mapping.properties is None:
        taken = mapping.parts | frozenset(mapping.traits) | unfolded
        properties = {column: value for column, value in row.items() if column not in taken and value not in EMPTY}
    else:
        named = ((column, _value(row, column)) for column in mapping.properties if column not in unfolded)
        properties = {column: value for column, value in named if value not in EMPTY}
    for column in mapping.json_:
        properties |= _object(column, _value(row, column))
    return properties


def _object(column: str, value: Any) -> dict[str, Any]:
    """A JSON object that a column holds, as text or as it is. Raises EventRejected."""
    if isinstance(value, str) and value.strip():
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError as error:
            raise EventRejected("invalid_field", f"{column}: is not JSON: {error}") from None
    if value in EMPTY:
        return {}
    if not isinstance(value, dict):
        raise EventRejected("invalid_field", f"{column}: a {type(value).__name__} is not a JSON object")
    return value
