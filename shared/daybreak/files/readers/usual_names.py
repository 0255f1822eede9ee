"""Tables whose columns have the names that this project has always read: user_id, event, timestamp and so on."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from daybreak.errors import EventRejected
from daybreak.files.readers.ids import IDS, with_whole_ids
from daybreak.files.readers.rows import Row, Rows
from daybreak.ingest.event import TYPES

_PART_OF_EVENT = {
    "user_id": "userId",
    "userid": "userId",
    "user": "userId",
    "anonymous_id": "anonymousId",
    "anonymousid": "anonymousId",
    "event": "event",
    "event_name": "event",
    "timestamp": "timestamp",
    "time": "timestamp",
    "message_id": "messageId",
    "messageid": "messageId",
    "type": "type",
    "group_id": "groupId",
    "groupid": "groupId",
    "previous_id": "previousId",
    "previousid": "previousId",
}
"""Column names that a file may use for the parts of an event; every other column is a property or trait."""
MEANING = {
    "userId": "person",
    "anonymousId": "anonymous person",
    "event": "name of the event",
    "timestamp": "time of the event",
    "messageId": "id of the event",
    "type": "type of the event",
    "groupId": "account",
    "previousId": "earlier id of the person",
}
MISSING = frozenset({"NULL", "null", "\\N", "nan", "NaN", "None", "undefined"})
"""Words for a missing value: of SQL, MySQL's and Postgres's dumps, pandas, Python and JavaScript."""
_NAMES_SOMETHING = frozenset(_PART_OF_EVENT.values()) - {"timestamp"}
NAMELESS = re.compile(r"(Unnamed: \d+)?", re.ASCII)
"""A column without a name, also as pandas calls it: the numbers of the rows, which two exports count anew."""


class Usual(NamedTuple):
    """What the usual names among a table's columns say."""

    parts: dict[str, str]
    """Column -> the part of an event."""
    twice: str
    """A sentence about two columns that can be the same part; empty if there are none."""
    missing: set[str]
    has_people: bool

    @property
    def is_complete(self) -> bool:
        """Whether they say who, what and when."""
        return not self.twice and not self.missing


def usual_of(columns: list[str]) -> Usual:
    """The columns with usual names."""
    parts, column_of, twice = dict[str, str](), dict[str, str](), ""
    for column in columns:
        part = _PART_OF_EVENT.get(column.lower())
        if part in column_of:
            both = f"the columns {column_of[part]!r} and {column!r} can both be the {MEANING[part]}"
            twice = twice or f"{both}; rename or remove one of them"
        elif part:
            parts[column], column_of[part] = part, column
    missing = {"event", "timestamp"} - set(parts.values())
    if "type" in column_of:
        missing -= {"event"}
    has_people = bool({"userId", "anonymousId"} & set(parts.values()))
    return Usual(parts, twice, missing | (set() if has_people else {"user_id"}), has_people)


def events(rows: Rows, parts: Mapping[str, str]) -> Iterator[tuple[str, dict[str, Any] | EventRejected]]:
    """Each row as an event, or why it cannot be one."""
    for position, row in rows.rows:
        yield position, row if isinstance(row, EventRejected) else _event_of(row, rows, parts)


def _event_of(row: Row, rows: Rows, parts: Mapping[str, str]) -> dict[str, Any] | EventRejected:
    cells = {column: value for column, value in row.items() if not _is_empty(parts.get(column), value)}
    named = {part: _text(cells[column]) for column, part in parts.items() if column in cells}
    type_ = named.pop("type", "track").lower()
    if type_ not in TYPES:
        if "event" not in named:
            why = f"{type_[:40]!r} is not one of {', '.join(TYPES)}; if it says what happened, call the column event"
            return EventRejected("invalid_field", f"type: {why}")
        type_ = "track"
    elif type_ != "track" and named.pop("event", type_).lower() != type_:
        why = f"{type_} in a row that has an event; empty one of them, or rename the column type if it is a property"
        return EventRejected("invalid_field", f"type: {why}")
    others = {
        column: rows.typed(column, value)
        for column, value in cells.items()
        if not NAMELESS.fullmatch(column)
        and (column not in parts or (type_ == "track" and _is_property_too(parts[column], value)))
    }
    for column in [column for column, value in others.items() if column.lower() == "properties"]:
        if isinstance(bundle := others[column], dict):
            others = {name: value for name, value in others.items() if name != column} | bundle
    event: dict[str, Any] = {"type": type_, **named}
    if type_ in ("page", "screen"):
        event |= {column.lower(): _text(cells[column]) for column in others if column.lower() in ("name", "category")}
        others = {column: value for column, value in others.items() if column.lower() not in event}
    event["traits" if type_ in ("identify", "group") else "properties"] = others
    return with_whole_ids(event, {field: named[field] for field in IDS if field in named}, numbers=False)


def _text(value: Any) -> str:
    """A value as text: 31200415.0 is 31200415, as a column of decimal numbers holds it."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return value if isinstance(value, str) else str(value)


def _is_property_too(part: str, value: Any) -> bool:
    """Whether a part of a track event is a property as well, because its column may mean something else."""
    return part in ("groupId", "previousId") or (part == "type" and _text(value).lower() not in TYPES)


def _is_empty(part: str | None, value: Any) -> bool:
    """Whether a cell is a word that databases and programs write where an id or the name of an event is missing."""
    return part in _NAMES_SOMETHING and isinstance(value, str) and value in MISSING
