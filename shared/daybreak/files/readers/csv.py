"""CSV as spreadsheets and databases write it: one event a row, under a header with the names of the columns."""

import csv
import io
import itertools
import re
from collections import Counter
from collections.abc import Iterator
from typing import IO, Any, NamedTuple

from daybreak.errors import EventRejected, InputError
from daybreak.files.readers.cells import number_or_text, value_of
from daybreak.files.readers.exports import snowplow
from daybreak.files.readers.formats import not_utf8
from daybreak.files.readers.lines import Lines
from daybreak.files.readers.meaning import Read, events_of_table, fits
from daybreak.files.readers.reading import Reading
from daybreak.files.readers.rows import LINES_AHEAD, Row, Rows
from daybreak.mapping.export_mapping import FileMapping

_SEPARATORS = ",;\t|"
_SAID_BY_EXCEL = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)
"""The first line of a file that Excel wrote for another country: the separator of the lines that follow."""


def read(name: str, stream: IO[bytes], reading: Reading) -> Read:
    """Yield each row as an event, or why it cannot be one, with its position.

    Columns with usual names say who, what and when, and `type` which call a row is: track, unless it says otherwise.
    All other columns are properties, or the traits of an identify or group call. A cell is text unless its text can be
    written again from a number or truth value (see `value_of`); `reading.numbers` are the properties that hold numbers
    for certain. Cells are separated by commas, semicolons, tabs or |: by the one that the header has most of. Blanks at
    a cell's ends do not count, and an id or name of an event that is NULL, null, \\N, nan, NaN, None or undefined is
    empty.

    Raises InputError for a row that would swallow others: after that, no number would be right.
    """
    with io.TextIOWrapper(stream, encoding="utf-8-sig", newline="") as text:
        lines = Lines(name, text)
        try:
            ahead = lines.ahead(1)
            if ahead and snowplow.is_enriched(ahead[0].rstrip("\r\n").split("\t")):
                yield from events_of_table(_enriched(name, lines), reading)
                return
            header = _header_of(lines, reading.mapping)
            above = [line for line in itertools.islice(lines, header.title) if not _SAID_BY_EXCEL.fullmatch(line)]
            yield from events_of_table(_table(name, lines, header, reading), reading)
            reading.ignored += Counter({"lines above a header": sum(bool(line.strip()) for line in above)})
        except UnicodeDecodeError as error:
            raise InputError(f"{name}, after line {lines.next_line - 1}: {not_utf8(error.object)}") from None


class _Header(NamedTuple):
    """Where a table's header is, and what separates its cells."""

    separator: str
    title: int = 0
    """So many lines come before it."""


def _header_of(lines: Lines[str], mapping: FileMapping | None) -> _Header:
    """The first line if its names are known, else the first of the next ones whose are, else the first with cells."""
    ahead = lines.ahead(1)
    said = _SAID_BY_EXCEL.fullmatch(ahead[0]) if ahead else None
    if said:
        return _Header(said[1], title=1)
    cells = [_cells(line) for line in ahead]
    if not ahead or fits(cells[0], mapping):
        return _Header(_separator_of(ahead[0]) if ahead else ",")
    ahead = lines.ahead(LINES_AHEAD)
    cells = [_cells(line) for line in ahead]
    fitting = next((nth for nth, found in enumerate(cells) if nth and fits(found, mapping)), None)
    several = next((nth for nth, found in enumerate(cells) if len(list(filter(None, found))) > 1), 0)
    title = several if fitting is None else fitting
    return _Header(_separator_of(ahead[title]), title)


def _separator_of(line: str) -> str:
    return max(_SEPARATORS, key=line.count)


def _cells(line: str) -> list[str]:
    """The cells of a line, if it were a header."""
    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=_separator_of(line)), [])]
    except csv.Error:
        return []


def _enriched(name: str, lines: Lines[str]) -> Rows:
    """Snowplow's enriched events, whose cells are never in quotes."""

    def rows() -> Iterator[tuple[str, Row | EventRejected]]:
        for line in lines:
            position, cells = f"{name}, line {lines.next_line - 1}", line.rstrip("\r\n").split("\t")
            lines.begin_row()
            if snowplow.is_enriched(cells):
                yield position, {column: cell for column, cell in snowplow.named(cells).items() if cell}
            elif line.strip():
                why = f"{len(cells)} columns; an enriched event has {snowplow.COLUMNS}, with a UUID in the seventh"
                yield position, EventRejected("not_csv", why)

    return Rows(name, list(snowplow.named([""] * snowplow.COLUMNS)), rows())


def _table(name: str, lines: Lines[str], header: _Header, reading: Reading) -> Rows:
    """The rows under a header, each as its cells that are not empty, by column."""
    parsed = csv.reader(lines, delimiter=header.separator, strict=True)
    begun = lines.next_line
    try:
        columns = [column.strip() for column in next(parsed, [])]
    except csv.Error as error:
        raise _not_csv(name, begun, error) from None

    def rows() -> Iterator[tuple[str, Row | EventRejected]]:
        begun = lines.next_line
        try:
            lines.begin_row()
            for row in parsed:
                if row:
                    yield f"{name}, line {begun}", _row(row, columns, header.separator)
                begun = lines.next_line
                lines.begin_row()
        except csv.Error as error:
            if "unexpected end" in str(error) and begun == lines.next_line - 1:
                yield f"{name}, line {begun}", EventRejected("not_csv", "the line is cut off; export the file again")
                return
            raise _not_csv(name, begun, error) from None

    def typed(column: str, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        return number_or_text(value, header.separator) if column in reading.numbers else value_of(value)

    return Rows(name, columns, rows(), typed)


def _not_csv(name: str, line: int, error: csv.Error) -> InputError:
    position = f"{name}: the row that begins on line {line}"
    return InputError(f"{position} is not valid CSV: {error}; check its quotes")


def _row(row: list[str], columns: list[str], separator: str) -> Row | EventRejected:
    if any(cell.strip() for cell in row[len(columns) :]):
        why = f"more cells than the header has; put text that holds a {separator!r} in quotes"
        return EventRejected("too_many_cells", why)
    found = ((column, cell.strip()) for column, cell in zip(columns, row, strict=False))
    return {column: cell for column, cell in found if cell}
