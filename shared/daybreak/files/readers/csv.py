"""CSV as spreadsheets and databases write it: one event a row, under a header with the names of the columns."""

import csv
import io
import itertools
import re
from collections import Counter
from collections.abc import Collection, Iterator
from typing import IO, Any, NamedTuple

from daybreak.errors import EventRejected, InputError
from daybreak.files.readers.cells import number_or_text, value_of
from daybreak.files.readers.exports import refuse_export_of_columns
from daybreak.files.readers.formats import not_utf8
from daybreak.files.readers.ids import IDS, with_whole_ids
from daybreak.files.readers.lines import Lines
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
_NAMES_SOMETHING = frozenset(_PART_OF_EVENT.values()) - {"timestamp"}
_MISSING = frozenset({"NULL", "null", "\\N", "nan", "NaN", "None", "undefined"})
"""Words for a missing value: of SQL, MySQL's and Postgres's dumps, pandas, Python and JavaScript."""
_MEANING = {
    "userId": "person",
    "anonymousId": "anonymous person",
    "event": "name of the event",
    "timestamp": "time of the event",
    "messageId": "id of the event",
    "type": "type of the event",
    "groupId": "account",
    "previousId": "earlier id of the person",
}
_NAMELESS = re.compile(r"(Unnamed: \d+)?", re.ASCII)
"""A column without a name, also as pandas calls it: the numbers of the rows, which two exports count anew."""
_SAYS_WHAT_HAPPENED = re.compile(r"event|action|activity|이벤트", re.IGNORECASE)


class _Header(NamedTuple):
    """The first line of a file."""

    separator: str
    columns: list[str]
    known: dict[str, str]
    """Columns that say who, what and when -> the part of an event."""
    numbers: Collection[str]
    """Columns that hold numbers for certain."""


def read(
    name: str, stream: IO[bytes], numbers: Collection[str] = ()
) -> Iterator[tuple[str, dict[str, Any] | EventRejected]]:
    """Yield each row as an event, or why it cannot be one, with its position.

    Columns with usual names say who, what and when, and `type` which call a row is: track, unless it says otherwise.
    All other columns are properties, or the traits of an identify or group call. A cell is text unless its text can be
    written again from a number or truth value (see `value_of`); `numbers` are the properties that hold numbers for
    certain. Cells are separated by commas, semicolons or tabs: by the one that the header has most of. Blanks at a
    cell's ends do not count, and an id or name of an event that is NULL, null, \\N, nan, NaN, None or undefined is
    empty.

    Raises InputError for a row that would swallow others: after that, no number would be right.
    """
    begun = 1
    try:
        with io.TextIOWrapper(stream, encoding="utf-8-sig", newline="") as text:
            lines = Lines(name, text)
            first = next(lines, "")
            separator = max(",;\t", key=first.count)
            rows = csv.reader(itertools.chain([first], lines), delimiter=separator, strict=True)
            columns = [column.strip() for column in next(rows, [])]
            header = _Header(separator, columns, _known_columns(name, columns), numbers)
            begun = rows.line_num + 1
            lines.begin_row()
            for row in rows:
                if row:
                    yield f"{name}, line {begun}", _event_of(row, header)
                begun = rows.line_num + 1
                lines.begin_row()
    except csv.Error as error:
        if "unexpected end" in str(error) and begun == lines.next_line - 1:
            yield f"{name}, line {begun}", EventRejected("not_csv", "the line is cut off; export the file again")
            return
        position = f"{name}: the row that begins on line {begun}"
        raise InputError(f"{position} is not valid CSV: {error}; check its quotes") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{name}, after line {begun - 1}: {not_utf8(error.object)}") from None


def _event_of(row: list[str], header: _Header) -> dict[str, Any] | EventRejected:
    """A row as an event, or why it cannot be one."""
    known = header.known
    if any(cell.strip() for cell in row[len(header.columns) :]):
        why = f"more cells than the header has; put text that holds a {header.separator!r} in quotes"
        return EventRejected("too_many_cells", why)
    found = ((column, cell.strip()) for column, cell in zip(header.columns, row, strict=False))
    cells = {column: cell for column, cell in found if cell and not _is_empty(known.get(column), cell)}
    named = {part: cells[column] for column, part in known.items() if column in cells}
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
        column: number_or_text(cell, header.separator) if column in header.numbers else value_of(cell)
        for column, cell in cells.items()
        if not _NAMELESS.fullmatch(column)
        and (column not in known or (type_ == "track" and _is_property_too(known[column], cell)))
    }
    event: dict[str, Any] = {"type": type_, **named}
    if type_ in ("page", "screen"):
        event |= {column.lower(): cells[column] for column in others if column.lower() in ("name", "category")}
        others = {column: value for column, value in others.items() if column.lower() not in event}
    event["traits" if type_ in ("identify", "group") else "properties"] = others
    return with_whole_ids(event, {field: named[field] for field in IDS if field in named}, numbers=False)


def _known_columns(name: str, columns: list[str]) -> dict[str, str]:
    """The columns that say who, what and when: column -> part of an event. Raises InputError."""
    known: dict[str, str] = {}
    column_of: dict[str, str] = {}
    for column in columns:
        part = _PART_OF_EVENT.get(column.lower())
        if part in column_of:
            both = f"the columns {column_of[part]!r} and {column!r} can both be the {_MEANING[part]}"
            raise InputError(f"{name}: {both}; rename or remove one of them")
        if part:
            known[column], column_of[part] = part, column
    missing = {"event", "timestamp"} - set(known.values())
    if "type" in column_of:
        missing -= {"event"}
    has_people = bool({"userId", "anonymousId"} & set(known.values()))
    missing |= set() if has_people else {"user_id"}
    if missing or {"event", "event_text"} <= {column.lower() for column in columns}:
        refuse_export_of_columns(name, columns)
    if missing:
        raise _refused(name, columns, missing, has_people)
    for column, count in Counter(columns).items():
        if count > 1 and not _NAMELESS.fullmatch(column):
            raise InputError(f"{name}: {count} columns are called {column!r}; rename or remove all but one of them")
    return known


def _refused(name: str, columns: list[str], missing: set[str], has_people: bool) -> InputError:
    """The refusal of a file whose header lacks these parts of an event."""
    there = f"there are: {', '.join(columns)[:160] or 'none'}"
    if has_people and "event" in missing and not any(map(_SAYS_WHAT_HAPPENED.search, columns)):
        add = "type that says identify" + (", and timestamp" if "timestamp" in missing else "")
        what = "a table of people, not of events: no column says what happened (event)"
        return InputError(f"{name}: {what}; {there}; to read its columns as traits, add the column {add}")
    need = "a CSV file needs the columns user_id, event and timestamp"
    return InputError(f"{name}: {need}; missing: {', '.join(sorted(missing))}; {there}")


def _is_property_too(part: str, cell: str) -> bool:
    """Whether a part of a track event is a property as well, because its column may mean something else."""
    return part in ("groupId", "previousId") or (part == "type" and cell.lower() not in TYPES)


def _is_empty(part: str | None, cell: str) -> bool:
    """Whether a cell is a word that databases and programs write where an id or the name of an event is missing."""
    return part in _NAMES_SOMETHING and cell in _MISSING
