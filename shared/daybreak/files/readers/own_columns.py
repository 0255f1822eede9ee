"""Tables of one's own: which column is the person, the event and the time, if exactly one can be each.

A column is one by its name and by what it holds. Where two columns could be the same part, neither is taken.
"""

import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from daybreak.files.readers import names_of_columns as names
from daybreak.files.readers.names_of_columns import named
from daybreak.files.readers.rows import Row
from daybreak.files.readers.usual_names import MISSING, NAMELESS
from daybreak.ingest import times
from daybreak.mapping.mapping import EventMapping

_CLOCK = re.compile(r"\d{1,2}:\d\d(:\d\d)?.*", re.ASCII)
_TIME_OF_DAY = re.compile(r"\d{1,2}:\d\d(:\d\d(\.\d+)?)?( ?[AaPp]\.?[Mm]\.?)?", re.ASCII)
_DAY_ALONE = re.compile(r"\d{4}[-/.]?\d\d[-/.]?\d\d([T ]00:00(:00)?)?|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}", re.ASCII)
_LOCAL = re.compile(r"(?!\d{10}$)\d{4}[-/.]?\d\d[-/.]?\d\d[Tt ]?\d\d(:?\d\d(:?\d\d([.,]\d+)?)?)?", re.ASCII)
_SECONDS = re.compile(r"\d{10}\.\d+", re.ASCII)
_DATE = re.compile(r"\d{4}[-/.]\d\d[-/.]\d\d", re.ASCII)
_FORMATS = [
    f"{day}{clock}"
    for day in (
        "%d/%m/%Y",
        "%m/%d/%Y",
        "%d.%m.%Y",
        "%d-%m-%Y",
        "%m-%d-%Y",
        "%d/%m/%y",
        "%m/%d/%y",
        "%Y년 %m월 %d일",
        "%Y. %m. %d.",
    )
    for clock in ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
]
_MOST_NAMED = 1_000
"""Columns that are looked at; a file of a hundred thousand columns is not a table of events."""


@dataclass
class Guess:
    """What the columns of a table can be."""

    candidates: dict[str, list[str]]
    """Part -> the columns that can be it."""
    json: list[str]
    """The columns that hold JSON objects and nothing else."""
    unit: str | None = None
    """What the numbers of the time count, where their digits do not say it."""
    formats: list[str] = field(default_factory=list)
    """Formats in which all times are written that are not ISO 8601."""
    times: list[str] = field(default_factory=list)
    """All columns that hold dates and nothing else, whatever they are called: a draft can propose them."""
    clock: str = ""
    """The columns of a day and of the time of that day, where these are two: neither is the time of the event."""
    doubt: str = ""
    """Why nothing can be taken; empty if all is clear."""

    @property
    def mapping(self) -> EventMapping | None:
        """The columns that were taken; None if there is any doubt."""
        if self.doubt:
            return None
        parts = {part: tuple(columns) for part, columns in self.candidates.items()}
        return EventMapping.model_validate({**parts, "unit": self.unit, "json": tuple(self.json)})


def guess(columns: Iterable[str], sample: Sequence[Row]) -> Guess:
    """What the columns of a table can be, by their names and by the values of the first rows."""
    looked_at = [column for column in itertools.islice(columns, _MOST_NAMED) if not NAMELESS.fullmatch(column)]
    values = {column: [row[column] for row in sample if row.get(column) not in _NOTHING] for column in looked_at}
    json = [column for column in looked_at if values[column] and None not in map(object_in, values[column])]
    plain = [column for column in looked_at if column not in json]
    people = named(plain, names.PERSON) or named(plain, names.EMAIL)
    people = [column for column in people if _can_name(values[column])]
    anonymous = [column for column in named(plain, names.ANONYMOUS) if _can_name(values[column])]
    called = [column for column in named(plain, names.EVENT) if _can_name(values[column])]
    timed = named(plain, names.TIME)
    when = [column for column in timed if values[column] and all(map(_is_time, values[column]))]
    found = Guess({"person": people, "anonymous": anonymous, "event": called, "time": when}, _bundle(json))
    if not when and len(timed) == 1 and values[timed[0]]:
        found.formats = [form for form in _FORMATS if all(_is_written(value, form) for value in values[timed[0]])]
    found.times = [column for column in plain if values[column] and all(map(_is_date, values[column]))]
    found.clock = _day_and_clock(when or timed or found.times, values)
    found.doubt = _doubt(found, values, timed)
    if found.formats:  # with one of them, it is the time
        found.candidates["time"] = timed
    if len(when) == 1 and any(_SECONDS.fullmatch(str(value)) for value in values[when[0]]):
        found.unit = "s"
    if len(anonymous) > 1:  # one of them is none of the necessary parts, and which is not known
        found.candidates["anonymous"] = []
    return found


def is_without_offset(value: Any) -> bool:
    """Whether a value is a day and a time of day, and does not say in which zone."""
    return isinstance(value, str) and bool(_LOCAL.fullmatch(value.strip()))


def has_names(columns: list[str]) -> bool:
    """Whether these columns have names for a person, an event and a time, whatever they hold."""
    wanted = (names.PERSON | names.EMAIL | names.ANONYMOUS, names.EVENT, names.TIME)
    return all(named(columns[:_MOST_NAMED], names) for names in wanted)


_NOTHING = (None, "", *MISSING)


def _doubt(found: Guess, values: dict[str, list[Any]], timed: list[str]) -> str:
    """Why nothing can be taken."""
    people = found.candidates["person"] or found.candidates["anonymous"]
    for part, columns in (("person", people), ("name of the event", found.candidates["event"])):
        if not columns:
            return f"no column is clearly the {part}"
        if len(columns) > 1:
            return f"the columns {_listed(columns)} can {_all(columns)} be the {part}"
    when = found.candidates["time"]
    if len(when) > 1:
        return f"the columns {_listed(when)} can {_all(when)} be the time of the event"
    for column in timed:
        first = str(values[column][0])[:40] if values[column] else ""
        if column not in when and (_CLOCK.fullmatch(first) or not when):
            why = "needs a format" if found.formats else "is not a time"
            why = "can be read in several ways, so it needs a format" if len(found.formats) > 1 else why
            why = "has no day" if _CLOCK.fullmatch(first) else why
            return f"the column {column!r} holds {first!r}, which {why}" if first else f"the column {column!r} is empty"
    if found.clock:
        return f"{found.clock}: put the day and the time of day into one column"
    return "" if when else "no column is clearly the time of the event"


def _day_and_clock(days: list[str], values: dict[str, list[Any]]) -> str:
    """The first of these columns that holds days without a time of day, with the column that holds that; or nothing."""
    for day in days:
        if values[day] and all(_DAY_ALONE.fullmatch(str(value)) for value in values[day]):
            for column, found in values.items():
                if column != day and found and all(_TIME_OF_DAY.fullmatch(str(value)) for value in found):
                    return f"the column {day!r} holds a day and {column!r} its time"
    return ""


def _can_name(values: list[Any]) -> bool:
    """Whether these can be ids or names: a column of dates is neither, nor is an empty one."""
    return bool(values) and not all(map(_is_date, values))


def _is_date(value: Any) -> bool:
    """Whether a value is written as a date, with a time of day or without."""
    return bool(_DATE.match(str(value))) and _is_time(value)


def _is_time(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return False
    if _SECONDS.fullmatch(str(value)):
        return True
    try:
        times.parse_in_file(value)
    except (ValueError, OverflowError):
        return False
    return True


def _is_written(value: Any, form: str) -> bool:
    try:
        datetime.strptime(str(value), form)  # noqa: DTZ007 - only whether it can be read
    except ValueError:
        return False
    return True


def object_in(value: Any) -> dict[str, Any] | None:
    """The JSON object that a value is, also as text; None if it is none."""
    if isinstance(value, str) and value.startswith("{"):
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            return None
    return value if isinstance(value, dict) else None


def _bundle(json: list[str]) -> list[str]:
    """The one column whose keys are properties."""
    bundles = json if len(json) == 1 else named(json, names.PROPERTIES)
    return bundles if len(bundles) == 1 else []


def _listed(columns: list[str]) -> str:
    return f"{', '.join(map(repr, columns[:-1]))} and {columns[-1]!r}"


def _all(columns: list[str]) -> str:
    return "both" if len(columns) == 2 else "all"
