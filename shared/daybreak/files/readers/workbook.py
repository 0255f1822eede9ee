"""Excel workbooks (.xlsx): the first sheet whose header says who, what and when, and those with the same header."""

import itertools
import re
import warnings
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import IO, Any, NamedTuple
from zipfile import ZipFile

import openpyxl

from daybreak.errors import DaybreakError, EventRejected, InputError
from daybreak.files.readers.formats import TO_CSV
from daybreak.files.readers.meaning import Read, events_of_table, fits
from daybreak.files.readers.reading import Reading
from daybreak.files.readers.rows import LINES_AHEAD, Row, Rows

_LINES_AT_ONCE = 500
_SHEETS_NAMED = 12
_LARGEST = 4 * 1024**3
"""Bytes that all parts of a workbook may have together when they are unpacked."""
_LARGEST_TEXTS = 256 * 1024**2
"""The same for the table of its texts, which is held in memory."""
_WINDOW = 1024 * 1024
"""No cell holds so much: Excel's may have 32,767 characters."""
_ERRORS = frozenset({"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!"})
_WITHOUT_VALUE = re.compile(rb"</f>\s*(?:</c>|<v\s*/>|<v>\s*</v>)|<f[^<>]*/>\s*</c>")

Line = tuple[Any, ...]


class _Sheet(NamedTuple):
    """A sheet with lines in it."""

    name: str
    header: int
    """The index of the header among its lines."""
    columns: list[str]
    lines: Iterator[Line]
    """Those below the header."""
    fits: bool


def read(name: str, file: IO[bytes], reading: Reading) -> list[Read]:
    """Each sheet that is read: its rows as events, or why they cannot be some, with their positions. A row that
    stands in two sheets counts once, as in two files, because a sheet can hold a copy of another.

    A formula counts with the value that it had when the workbook was saved; a cell with an error is empty. Raises
    InputError for a workbook that is damaged, or larger than a workbook can be.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about styles and other parts that are not read
            _require_bounded(name, file, reading)
            file.seek(0)
            workbook = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
            sheets = [sheet for sheet in workbook.worksheets if sheet.sheet_state == "visible"] or workbook.worksheets
            found = _chosen([filled for sheet in sheets if (filled := _sheet(sheet, reading))])
    except DaybreakError:
        raise
    except Exception as error:  # for damaged data, the libraries below raise a dozen kinds
        raise _damaged(name, error) from None
    if found and len(sheets) > 1:
        _say(name, [sheet.name for sheet in found], [str(sheet.title) for sheet in sheets], reading)
    first, others = found[:1], found[1:]
    return [
        *(events_of_table(_table(name, sheet), reading) for sheet in first),
        *(_with_news(name, sheet, reading) for sheet in others),
    ]


def _with_news(name: str, sheet: _Sheet, reading: Reading) -> Read:
    """The events of another sheet. A sentence that the sheet before has said is not said again."""
    own = replace(reading, said={})
    yield from events_of_table(_table(name, sheet), own)
    for sentence in own.said:
        if reading.said.get(sentence, [])[-1:] != [name]:
            reading.say(name, sentence)


def _chosen(sheets: list[_Sheet]) -> list[_Sheet]:
    """The first sheet that fits and all with the same header; if none fits, the first."""
    first = next((sheet for sheet in sheets if sheet.fits), None)
    if first is None:
        return sheets[:1]
    return [sheet for sheet in sheets if sheet.fits and sheet.columns == first.columns]


def _say(name: str, taken: list[str], sheets: list[str], reading: Reading) -> None:
    """Note which of the sheets are read, and which are not."""
    others = [sheet for sheet in sheets if sheet not in taken]
    if len(taken) == 1:
        said = f"the sheet {taken[0]!r} of {len(sheets)}: the first with a header that fits"
    else:
        said = f"the sheets {_listed(taken)} of {len(sheets)}, which have the same header"
    reading.say(name, f"{said}; not read: {_listed(others)}" if others else said)
    if others:
        reading.ignored["other sheets of a workbook"] += len(others)


def _listed(sheets: list[str]) -> str:
    more = f" and {len(sheets) - _SHEETS_NAMED} more" if len(sheets) > _SHEETS_NAMED else ""
    return ", ".join(map(repr, sheets[:_SHEETS_NAMED])) + more


def _sheet(sheet: Any, reading: Reading) -> _Sheet | None:
    """A sheet and where its header is; None if it is empty."""
    sheet.reset_dimensions()  # some programs write wrong ones
    lines = _lines(sheet)
    ahead = list(itertools.islice(lines, LINES_AHEAD))
    columns = [[_name(cell) for cell in line] for line in ahead]
    fitting = next((nth for nth, found in enumerate(columns) if fits(found, reading.mapping)), None)
    filled = next((nth for nth, found in enumerate(columns) if any(found)), None)
    if filled is None:
        return None
    header = filled if fitting is None else fitting
    while columns[header] and not columns[header][-1]:
        columns[header].pop()
    below = itertools.chain(ahead[header + 1 :], lines)
    return _Sheet(str(sheet.title), header, columns[header], below, fitting is not None)


def _lines(sheet: Any) -> Iterator[Line]:
    """The lines of a sheet, some at a time, so that the library's warnings are not shown."""
    lines = sheet.iter_rows(values_only=True)
    while True:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about dates that Excel cannot show
            some = list(itertools.islice(lines, _LINES_AT_ONCE))
        if not some:
            return
        yield from some


def _table(name: str, sheet: _Sheet) -> Rows:
    def rows() -> Iterator[tuple[str, Row | EventRejected]]:
        try:
            for line, cells in enumerate(sheet.lines, start=sheet.header + 2):
                found = {
                    column: value
                    for column, cell in zip(sheet.columns, cells, strict=False)
                    if (value := _value(cell)) is not None
                }
                if found:
                    yield f"{name}, sheet {sheet.name}, line {line}", found
        except DaybreakError:
            raise
        except Exception as error:
            raise _damaged(name, error) from None

    return Rows(name, sheet.columns, rows())


def _name(cell: Any) -> str:
    value = _value(cell)
    return "" if value is None else str(value).strip()


def _value(cell: Any) -> Any:
    """The value of a cell as JSON holds it; None for an empty one and for an error."""
    if isinstance(cell, str):
        text = cell.strip()
        return None if not text or text in _ERRORS else text
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ")
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return str(cell)
    return cell


def _require_bounded(name: str, file: IO[bytes], reading: Reading) -> None:
    """Check that a workbook unpacks to what one can hold, before it is unpacked in memory. Raises InputError."""
    without_value = 0
    with ZipFile(file) as archive:
        members = archive.infolist()
        texts = sum(member.file_size for member in members if "sharedStrings" in member.filename)
        if sum(member.file_size for member in members) > _LARGEST or texts > _LARGEST_TEXTS:
            raise _too_large(name)
        for member in members:
            if member.filename.endswith((".xml", ".rels")):
                with archive.open(member) as part:
                    while piece := part.read(_WINDOW):
                        if b"<" not in piece:
                            raise _too_large(name)
                        if b"<!DOCTYPE" in piece or b"<!ENTITY" in piece:
                            raise InputError(f"{name}: is an Excel workbook with a DOCTYPE, which none has; {TO_CSV}")
                        without_value += len(_WITHOUT_VALUE.findall(piece))
    if without_value:
        reading.ignored["formulas without a value (open the workbook in Excel and save it)"] += without_value


def _too_large(name: str) -> InputError:
    return InputError(f"{name}: is an Excel workbook that unpacks to more than a workbook can hold; {TO_CSV}")


def _damaged(name: str, error: Exception) -> InputError:
    reason = " ".join(str(error).split())[:120] or type(error).__name__
    return InputError(f"{name}: is a damaged Excel workbook (.xlsx) ({reason}); open it and {TO_CSV}")
