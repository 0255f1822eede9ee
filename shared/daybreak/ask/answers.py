"""What every answer carries: as of which day, what is unfinished in it, and what was counted, in a sentence."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from daybreak.ask.results import Reach, Results
from daybreak.definitions.project import ALL
from daybreak.engine.calendar import DAY
from daybreak.engine.one_select import Cell, shortened
from daybreak.engine.sql import identifier, literal, spliced
from daybreak.families.base import Family

LONGEST_TEXT = 400
"""Characters of a description or a sentence in an answer."""
DOUBTS_SHOWN = 10

NONE_OPEN = (date.max, date.max)
"""The rows that an answer is about, where it reads complete ones only."""

Row = dict[str, Cell]


class Asked(BaseModel):
    """The arguments of a tool: no other name, nothing that is not said."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Answer(BaseModel):
    """What every answer carries."""

    as_of: date = Field(description="The last day that these numbers know as a whole, in the project's timezone")
    known_until: datetime = Field(description="The first instant that they do not know")
    timezone: str = Field(description="Days, weeks and months are those of this timezone")
    counted: dict[str, str] = Field(description="Metric -> what was counted, in a sentence. Say it with the number")
    unfinished: list[str] = Field(
        description="The parts that can still change. Never quote a number of them as final; empty if there is none"
    )
    doubts: list[str] = Field(description="Reasons in the events to doubt these numbers", default=[])
    notes: list[str] = Field(description="What else a reader of these numbers must know", default=[])


Carried = dict[str, Any]
"""The fields of Answer by name."""


def carried(results: Results, metrics: Iterable[str] = (), days: tuple[date, date] | None = None) -> Carried:
    """The fields of an answer about these metrics; about none, those of all results.

    `days`: the first and last row that the answer is about; an answer is about all rows by default.
    """
    counted, unfinished, reach = dict[str, str](), list[str](), None
    for metric in metrics:
        family, name, definition = results.metric(metric)
        own = results.reach_of(family, name)
        reach = own if reach is None or own.until < reach.until else reach
        counted[metric] = shortened(definition.explain(), LONGEST_TEXT)
        unfinished += unfinished_of(results, family, name, days)
    return _carry(results, reach or results.newest, counted, unfinished)


def _carry(results: Results, reach: Reach, counted: dict[str, str], unfinished: list[str]) -> Carried:
    doubts = [w.message for w in results.warnings if w.definition is None or w.definition in counted] if counted else []
    return {
        "as_of": reach.day,
        "known_until": reach.until,
        "timezone": results.project.settings.timezone,
        "counted": counted,
        "unfinished": [*_late(results, reach), *unfinished],
        "doubts": [shortened(doubt, LONGEST_TEXT) for doubt in doubts[:DOUBTS_SHOWN]],
    }


def _late(results: Results, reach: Reach) -> list[str]:
    if reach.until >= results.newest.until:
        return []
    return [
        f"this was computed as of {reach.day}, other tables as of {results.newest.day}: its newest days are missing"
    ]


def unfinished_of(results: Results, family: Family, name: str, days: tuple[date, date] | None = None) -> list[str]:
    """Which rows of everybody are still open: from which day on, and how many."""
    first, last = days or (date.min, date.max)
    statement = spliced(
        "select min({day}), max({day}), count(distinct {day}) from {table} "
        "where definition = {name} and segment = {all} and status <> 'complete' "
        "and {day} between date {first} and date {last}",
        day=identifier(family.partition),
        table=identifier(family.name),
        name=literal(name),
        all=literal(ALL),
        first=literal(first),
        last=literal(last),
    )
    first, last, count = results.db.execute(statement).fetchone() or (None, None, 0)
    if not count:
        return []
    which = f"that of {first}" if count == 1 else f"{count} from {first} to {last}"
    return [
        f"{family.name}.{name}: rows are open ({family.partition}: {which}); their time has not passed for everybody "
        "in them, so their counts are those so far"
    ]


def span(first: date, last: date) -> str:
    """Days in words."""
    return f"{first}" if first == last else f"{first} to {last}"


def days_between(first: date, last: date) -> int:
    """How many days, both ends included."""
    return (last - first) // DAY + 1
