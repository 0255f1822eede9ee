"""Excel workbooks (.xlsx): the first sheet whose header says who, what and when."""

import itertools
import re
import warnings
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from typing import IO, Any, NamedTuple
from zipfile import ZipFile

import openpyxl

from daybreak.errors import DaybreakError, EventRejected, InputError
from daybreak.files.readers.formats import TO_CSV
from daybreak.files.readers.meaning import Read, events_of_table, fits
from daybreak.files.readers.reading import Reading
from daybreak.files.readers.rows import Row, Rows

_LINES_AHEAD = 12
"""The header is looked for in so many lines: reports begin with a title."""
_LINES_AT_ONCE = 500
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
    lines: Iterator[Line]
    fits: bool


def read(name: str, file: IO[bytes], reading: Reading) -> Read:
    """Yield each row of a sheet as an event, or why it cannot be one, with its position.

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
            found = _chosen(_sheet(sheet, reading) for sheet in sheets)
    except DaybreakError:
        raise
    except Exception as error:  # for damaged data, the libraries below raise a dozen kinds
        raise _damaged(name, error) from None
    if found is None:
        return iter(())
    if len(sheets) > 1:
        reading.say(name, f"the sheet {found.name!r} of {len(sheets)}: the first with a header that fits")
        reading.ignored["other sheets of a workbook"] += len(sheets) - 1
    return events_of_table(_table(name, found), reading)


def _chosen(sheets: Iterable[_Sheet | None]) -> _Sheet | None:
    """The first sheet that fits, else the first with lines; None if all are empty."""
    first = None
    for sheet in sheets:
        if sheet and sheet.fits:
            return sheet
        first = first or sheet
    return first


def _sheet(sheet: Any, reading: Reading) -> _Sheet | None:
    """A sheet and where its header is; None if it is empty."""
    sheet.reset_dimensions()  # some programs write wrong ones
    lines = _lines(sheet)
    ahead = list(itertools.islice(lines, _LINES_AHEAD))
    columns = [[_name(cell) for cell in line] for line in ahead]
    fitting = next((nth for nth, found in enumerate(columns) if fits(found, reading.mapping)), None)
    filled = next((nth for nth, found in enumerate(columns) if any(found)), None)
    if filled is None:
        return None
    header = filled if fitting is None else fitting
    return _Sheet(str(sheet.title), header, itertools.chain(ahead, lines), fitting is not None)


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
    for _ in range(sheet.header):
        next(sheet.lines)
    columns = [_name(cell) for cell in next(sheet.lines)]
    while columns and not columns[-1]:
        columns.pop()

    def rows() -> Iterator[tuple[str, Row | EventRejected]]:
        try:
            for line, cells in enumerate(sheet.lines, start=sheet.header + 2):
                found = {
                    column: value
                    for column, cell in zip(columns, cells, strict=False)
                    if (value := _value(cell)) is not None
                }
                if found:
                    yield f"{name}, sheet {sheet.name}, line {line}", found
        except DaybreakError:
            raise
        except Exception as error:
            raise _damaged(name, error) from None

    return Rows(name, columns, rows())


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
