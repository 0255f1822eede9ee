"""The base of every family: its form of definition, its rows, its tables in daybreak.toml.

Each family has its own module, which ends with its `FAMILY`.
"""

import hashlib
import json
import math
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from daybreak.families.selectors import ANY, Selector, label
from daybreak.lake.tables import Row

Period = Literal["day", "week", "month"]

PERIOD_DAYS: dict[str, int] = {"hour": 1, "day": 1, "week": 7, "month": 31}
"""No period is longer than this. It decides how far back to read, and is never used to count."""
ENDLESS = timedelta(days=36_600)
"""A window longer than any history, for a goal whose window begins elsewhere."""
FEWEST_PEOPLE = 20
"""Fewer people are too few to judge a share by, and to name what they have in common: it may be one person's."""
FOREVER_DAYS = 100_000
"""For definitions in which any later event can still change any partition."""

_WINDOW = re.compile(r"^([1-9]\d{0,8})(s|m|h|d|w)$")
_LONGEST_WINDOW = timedelta(days=3660)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def _window(value: object) -> timedelta:
    match = _WINDOW.match(value) if isinstance(value, str) else None
    if not match:
        raise ValueError('must be a length of time such as "24h", "7d" or "4w"')
    window = timedelta(**{_UNITS[match[2]]: int(match[1])})
    if window > _LONGEST_WINDOW:
        raise ValueError(f"may be at most {_LONGEST_WINDOW.days} days")
    return window


Window = Annotated[timedelta, BeforeValidator(_window), WithJsonSchema({"type": "string", "pattern": _WINDOW.pattern})]
"""An exact length of time: "24h", "7d"."""


def whole_days(window: timedelta) -> timedelta:
    """Refuse a window that is not a whole number of days, in families that count calendar days. Raises ValueError."""
    if window % timedelta(days=1):
        raise ValueError('must be whole days, such as "28d", because calendar days are counted')
    return window


Days = Annotated[Window, AfterValidator(whole_days)]
"""A whole number of calendar days: "7d", "4w"."""


def length(window: timedelta) -> str:
    """A window as people read it: 24 hours, 7 days."""
    for unit, size in (
        ("day", timedelta(days=1)),
        ("hour", timedelta(hours=1)),
        ("minute", timedelta(minutes=1)),
        ("second", timedelta(seconds=1)),
    ):
        if window % size == timedelta(0) and (unit != "day" or window > timedelta(days=1)):
            return f"{(count := window // size)} {unit}{'s' if count > 1 else ''}"
    return str(window)


def unique(names: list[str]) -> list[str]:
    """Refuse a list that names something twice. Raises ValueError."""
    if len(set(names)) < len(names):
        raise ValueError("names one twice")
    return names


AtLeast = Annotated[int, Field(ge=1, le=1_000_000)]
"""How many events it takes."""

ENTRY_ROLES = {"entry", "again"}
"""Roles that put people into a table: by the first of these events ever, or by each of them."""

Actor = Literal["person", "account"]
"""Who is counted."""


@dataclass(frozen=True, slots=True)
class FunnelQueries:
    """The SQL of a funnel, whose shape depends on its number of steps.

    `attempts` gives one row per attempt. The other two read its result as the table `attempts`: `entrants` gives one
    row per person who entered, `reached` one row per person and step.
    """

    attempts: str
    entrants: str
    reached: str


class Scale(NamedTuple):
    """The answers that count, in whole numbers, and the highest that counts as a low one."""

    name: str
    lowest: int
    highest: int
    low_to: int


class Definition(BaseModel, ABC):
    """Base of the definitions of all families. The name is the table's key in daybreak.toml.

    A definition gives its selectors roles: `entry` puts people into the table (by the first of these ever), `again`
    does so each time, the others are the family's own. Where `roles` has neither, people come in by being active.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    example: ClassVar[str]
    """A worked example of the rule, for the reference page."""
    smallest: ClassVar[dict[str, Any]]
    """The fewest fields a definition of this family needs besides its description, as daybreak.toml holds them."""
    can_be_goal: ClassVar[bool] = False
    """True if an experiment can have it as its goal."""

    description: Annotated[str, Field(min_length=1, description="What the number is for, in a sentence")]
    actor: Annotated[
        Actor, Field(description="Who is counted: people, or accounts, for which any member's event counts")
    ] = "person"
    segments: Annotated[list[str], AfterValidator(unique), Field(description="Names from [segments] to split by")] = []

    @abstractmethod
    def roles(self) -> dict[str, list[str]]:
        """Role -> its selectors in order; the SQL joins them by role."""

    @abstractmethod
    def options(self) -> dict[str, Any]:
        """The numbers and options of the definition, as columns of the input table `definitions`."""

    @abstractmethod
    def days_until_final(self) -> int:
        """How many days after a partition's own day its rows can still change."""

    @abstractmethod
    def explain(self) -> str:
        """A sentence in plain words that says who is counted and how."""

    def timed_roles(self) -> set[str]:
        """Roles whose exact times matter, not just the day; the export keeps each event of these."""
        return set()

    def daily_roles(self) -> set[str]:
        """Roles for which the SQL reads how often each person did them on each day."""
        return set()

    def seen_roles(self) -> set[str]:
        """Roles for which the SQL reads the first (or last) time ever of each person."""
        return {"entry"} & set(self.roles())

    def values(self) -> dict[str, set[str]]:
        """Timed role -> the properties whose values its SQL reads from each event."""
        return {}

    def choices(self) -> dict[str, list[str]]:
        """Property of `values` -> the only texts that count, where it has such a list."""
        return {}

    def scales(self) -> dict[str, Scale]:
        """Property of `values` -> the scale on which it must be a whole number, where it has one."""
        return {}

    def days_until_complete(self, period: int | None = None) -> int:
        """How many days after the last day of its period a row is complete; `period` is that of a retention."""
        del period
        return 0

    def rows_of_number(self) -> Sequence[int | str]:
        """The values of `Number.by` that a goal or an alert can choose, in order."""
        return ()

    def numbers_missing(self) -> dict[str, str]:
        """Column of a number that is always null for this definition -> why."""
        return {}

    def value_range(self, number: "Number") -> tuple[float, float]:
        """The lowest and the highest value that a number of this definition can have."""
        return 0, 1 if number.is_share else math.inf

    def days_read_before(self) -> int:
        """How many days before a partition's own day its SQL reads."""
        return 0

    def own_rows(self) -> dict[str, list[dict[str, Any]]]:
        """Rows of the input tables that only this family has (`Family.inputs`), without the definition's name."""
        return {}

    def funnel_queries(self, name: str) -> FunnelQueries | None:
        """The SQL of its funnel, if it has one; `name` is the definition's."""
        del name
        return None

    def is_optional(self, role: str, position: int) -> bool:
        """True if people may skip this selector of a role."""
        del role, position
        return False

    def goal_name(self) -> str | None:
        """`family.name` of the definition it counts by, or None."""
        return None

    def counted_by(self, goal: "Definition") -> "Definition":
        """Return this definition with the goal that `goal_name` names. Raises ValueError if the two do not fit."""
        del goal
        return self

    def goal_counted_beside(self) -> "Definition | None":
        """The goal that `counted_by` was given, or None: when people reach it is computed with this definition."""
        return None

    def counting(self) -> dict[str, Any]:
        """Everything about it that decides a number; its version is a hash of this."""
        return self.model_dump(mode="json", exclude={"description"})

    def has_entry(self) -> bool:
        """True if people come in by an event of an entry role; if not, they come in by being active."""
        return bool(ENTRY_ROLES & set(self.roles()))

    def selectors(self) -> set[str]:
        """Every selector the definition uses; the export derives activity for them."""
        return {selector for selectors in self.roles().values() for selector in selectors}

    def selectors_of(self, roles: set[str]) -> set[str]:
        """The selectors of some roles."""
        return {selector for role, selectors in self.roles().items() if role in roles for selector in selectors}

    def label_of(self, role: str, position: int) -> str:
        """The name of a role's selector in the tables; `position` counts from 1."""
        return label(self.roles()[role][position - 1])

    def who(self) -> str:
        """The word for those it counts: people or accounts."""
        return "accounts" if self.actor == "account" else "people"


class Windowed(Definition):
    """Base of families in which people enter and then have one exact window, whose far edge still belongs to it."""

    window: Annotated[Window, Field(description="How long a person has, from the exact second of the start")]

    def days_until_final(self) -> int:
        return self.window // timedelta(days=1) + 2

    def days_until_complete(self, period: int | None = None) -> int:
        del period
        return -(-self.window // timedelta(days=1))

    def why_no_goal(self) -> str | None:
        """Why some people of an experiment could never reach it, whatever they did; None if everybody could."""
        return None


class ReachesMilestone(Windowed):
    """Base of families in which people enter, and reach a milestone in their window or do not.

    Their SQL reads the input tables `outcomes` and `outcome_counts`, which are made from these roles and options.
    """

    def timed_roles(self) -> set[str]:
        return {"milestone", "before"}

    def options(self) -> dict[str, Any]:
        return {"window_us": microseconds(self.window), "at_least": 1, "needed": 1}


class ActiveByPeriod(Definition):
    """Base of families that compare who was active in one calendar period with who was in the period before."""

    active: Annotated[Selector, Field(description="What counts as being active")] = ANY
    period: Annotated[Period, Field(description="Calendar day, week or month in the project's timezone")]

    def roles(self) -> dict[str, list[str]]:
        return {"active": [self.active]}

    def daily_roles(self) -> set[str]:
        return {"active"}

    def options(self) -> dict[str, Any]:
        return {"period": self.period}

    def days_until_final(self) -> int:
        return 0

    def days_read_before(self) -> int:
        return PERIOD_DAYS[self.period]


def microseconds(window: timedelta) -> int:
    """SQL counts time in whole microseconds since 1970: exact, and the same in DuckDB and Trino."""
    return window // timedelta(microseconds=1)


def version_of(parts: Any) -> str:
    """A short hash of anything JSON can hold: the same definition has the same version everywhere."""
    text = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


class MetricRow(Row):
    """The columns that every result table begins with."""

    definition: str = Field(description="Name in daybreak.toml")
    version: str = Field(description="Hash of the definition: rows of equal version were counted alike")
    segment: str = Field(description="Name of the segment, or all")
    segment_value: str = Field(description="Its value; (unset) where there was none; all for all")
    status: str = Field(description="complete once the time it counts has passed for everybody in it, else open")


Rows = Iterable[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Number:
    """One number of a result table: what a goal aims at, an alert watches and the page draws.

    `column` holds its value, which is `numerator` / `denominator` where it is a ratio: the two are columns that add up
    over partitions that do not overlap. It is a share if everybody in the numerator is in the denominator too.
    `by` is the column that tells the rows of a partition and segment apart, such as a funnel's step.
    `window_days` says how many days it counts in a trailing row, where that is not the definition's own window.
    """

    column: str
    numerator: str | None = None
    denominator: str | None = None
    is_share: bool = False
    by: str | None = None
    lower_is_better: bool = False
    window_days: int | None = None


def share(
    column: str, numerator: str, denominator: str, by: str | None = None, *, lower_is_better: bool = False
) -> Number:
    """A number that says how many of some people did something."""
    return Number(column, numerator, denominator, is_share=True, by=by, lower_is_better=lower_is_better)


@dataclass(frozen=True, slots=True)
class People:
    """The column that counts the people of a row. `are_once` if no person is in the rows of two partitions, so they add
    up to so many different people; if not, only the largest row is known to hold so many.
    """

    column: str
    are_once: bool = False


@dataclass(frozen=True, slots=True)
class Family:
    """A form of definition, the rows it gives, the column that partitions them, and its numbers, the main one first.

    Its tables in daybreak.toml are `[<name>.<definition>]`; its SQL is `<name>.sql`, its summary `<name>.summary.sql`,
    both beside its module. `inputs` are row models of input tables that only this family has, named as in
    `Definition.own_rows`. `finish` adds to the rows of the SQL what SQL cannot compute. The rows of a `trailing` family
    overlap, so they never add up: each counts a window that ends with its day, or everything until then. In those of a
    `recurring` family the same people come again from period to period, so they do not add up to people. `people` is
    None where rows count no people: the answers of a survey may all be one person's.
    """

    name: str
    definition: type[Definition]
    row: type[MetricRow]
    partition: str
    numbers: tuple[Number, ...]
    trailing: bool = False
    recurring: bool = False
    people: People | None = None
    inputs: Mapping[str, type[Row]] = field(default_factory=dict)
    finish: Callable[[Rows], Iterator[dict[str, Any]]] | None = None

    def number(self, column: str) -> Number | None:
        """The number in this column, if it is one."""
        return next((number for number in self.numbers if number.column == column), None)
