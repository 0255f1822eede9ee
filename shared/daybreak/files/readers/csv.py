"""CSV as spreadsheets and databases write it: one track event a row, under a header with the names of the columns."""

import csv
import io
import itertools
from collections.abc import Collection, Iterator
from typing import IO, Any

from daybreak.errors import EventRejected, InputError
from daybreak.files.readers.cells import number_or_text, value_of
from daybreak.files.readers.exports import refuse_export_of_columns
from daybreak.files.readers.formats import not_utf8
from daybreak.files.readers.ids import IDS, with_whole_ids
from daybreak.files.readers.lines import Lines

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
}
"""Column names that a file may use for the parts of an event; every other column is a property."""
_NAMES_SOMETHING = frozenset(_PART_OF_EVENT.values()) - {"timestamp"}
_MISSING = frozenset({"NULL", "null", "\\N", "nan", "NaN", "None", "undefined"})
"""Words for a missing value: of SQL, MySQL's and Postgres's dumps, pandas, Python and JavaScript."""
_MEANING = {
    "userId": "person",
    "anonymousId": "anonymous person",
    "event": "name of the event",
    "timestamp": "time of the event",
    "messageId": "id of the event",
}


def read(
    name: str, stream: IO[bytes], numbers: Collection[str] = ()
) -> Iterator[tuple[str, dict[str, Any] | EventRejected]]:
    """Yield each row as a track event, or why it cannot be one, with its position.

    Columns with usual names say who, what and when; all other columns are properties. A property is text unless its
    text can be written again from a number or truth value (see `value_of`); `numbers` are the properties that hold
    numbers for certain. Cells are separated by commas, semicolons or tabs: by the one that the header has most of.
    Blanks at a cell's ends do not count, and an id or name of an event that is NULL, null, \\N, nan, NaN, None or
    undefined is empty.

    Raises InputError for a row that would swallow others, or whose cells would move into other columns: after that,
    no number would be right.
    """
    begun = 1
    try:
        with io.TextIOWrapper(stream, encoding="utf-8-sig", newline="") as text:
            lines = Lines(name, text)
            header = next(lines, "")
            separator = max(",;\t", key=header.count)
            rows = csv.reader(itertools.chain([header], lines), delimiter=separator, strict=True)
            columns = [column.strip() for column in next(rows, [])]
            known = _known_columns(name, columns)
            begun = rows.line_num + 1
            lines.begin_row()
            for row in rows:
                if any(cell.strip() for cell in row[len(columns) :]):
                    raise InputError(f"{name}, line {begun}: more cells than the header has; put text that holds a "
                                     f"{separator!r} in quotes")  # fmt: skip
                found = ((column, cell.strip()) for column, cell in zip(columns, row, strict=False))
                cells = {column: cell for column, cell in found if cell and not _is_empty(known.get(column), cell)}
                properties = {
                    column: number_or_text(cell, separator) if column in numbers else value_of(cell)
                    for column, cell in cells.items()
                    if column not in known
                }
                named = {part: cells[column] for column, part in known.items() if column in cells}
                if row:
                    event = {"type": "track", "properties": properties, **named}
                    ids = {field: named[field] for field in IDS if field in named}
                    yield f"{name}, line {begun}", with_whole_ids(event, ids, numbers=False)
                begun = rows.line_num + 1
                lines.begin_row()
    except csv.Error as error:
        position = f"{name}: the row that begins on line {begun}"
        raise InputError(f"{position} is not valid CSV: {error}; check its quotes") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{name}, after line {begun - 1}: {not_utf8(error.object)}") from None


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
    if not {"userId", "anonymousId"} & set(known.values()):
        missing.add("user_id")
    if missing or {"event", "event_text"} <= {column.lower() for column in columns}:
        refuse_export_of_columns(name, columns)
    if missing:
        there = ", ".join(columns)[:160] or "none"
        raise InputError(f"{name}: a CSV file needs the columns user_id, event and timestamp; "
                         f"missing: {', '.join(sorted(missing))}; there are: {there}")  # fmt: skip
    return known


def _is_empty(part: str | None, cell: str) -> bool:
    """Whether a cell is a word that databases and programs write where an id or the name of an event is missing."""
    return part in _NAMES_SOMETHING and cell in _MISSING
