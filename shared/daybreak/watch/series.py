"""A number's rows from the result tables, and the number over some days.

A day is complete when its rows can no longer be open: the end of its period, and the days until everybody's time has
passed. Only complete rows are read. Rows that do not overlap add up (numerators and denominators, each by itself); of
a trailing family, whose rows overlap, the row of the last day stands for all days that it counts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from daybreak.definitions.chosen import Chosen
from daybreak.definitions.project import ALL
from daybreak.engine.calendar import DAY, Calendar
from daybreak.engine.sql import Sql, identifier, literal, literals, spliced, sql_file
from daybreak.export.run import Run
from daybreak.families.experiment_statistics import Arm

EVERYBODY = (ALL, ALL)

Group = tuple[str, str]
"""A segment and one of its values; EVERYBODY for all."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A number over some days. `arm` holds the people behind a share, which has an interval and can be tested."""

    value: float
    people: int | None = None
    arm: Arm | None = None


def share_of(arm: Arm) -> Measured:
    """The share of these people, who are at least one."""
    return Measured(arm.rate, arm.finished, arm)


@dataclass(frozen=True, slots=True)
class Point:
    """The number of one period: its first and last day, its counts or its value."""

    first: date
    last: date
    complete: bool
    numerator: float | None
    denominator: float | None
    value: float | None
    people: int | None = None
    """How many different people it certainly holds; None where the family counts no people."""


@dataclass(frozen=True, slots=True)
class Series:
    """The points of one number and group by the last day of their period."""

    chosen: Chosen
    calendar: Calendar
    points: Mapping[date, Point]

    def last_complete(self, known: date) -> date:
        """The last day of the newest period that is complete when everything until the end of `known` is known."""
        return self.period_end(known - self.chosen.days_until_complete * DAY)

    def period_end(self, day: date) -> date:
        """The last day of the newest period that is over at the end of `day`."""
        period = self.chosen.period
        if period == "day":
            return day
        return self.calendar.first_day(period, self.calendar.number(period, day + DAY)) - DAY

    @property
    def first(self) -> date | None:
        """The first day that has a row."""
        return min((point.first for point in self.points.values()), default=None)

    def has_days(self, end: date, days: int) -> bool:
        """True if the history holds so many days until `end`."""
        return self.first is not None and self.first <= end - (days - 1) * DAY

    def over(self, end: date, days: int) -> Measured | None:
        """The number of the complete rows of these days, the last of which is `end`; None if there is none.

        A month stands for itself, and so does a trailing row that is a ratio: their row must end with `end`. A number
        that is not a ratio is the mean of its rows, if each of them has one.
        """
        found = self._complete(end, days)
        return self._ratio(found) if self.chosen.number.numerator else self._mean(found)

    def days_of(self, end: date, days: int) -> list[date]:
        """The days that `over` is about. The rows of an experiment count everything since the first of them."""
        first = end - (days - 1) * DAY
        if self._is_row_alone and self.chosen.family.trailing:
            window = self.chosen.window_days
            first = end - (window - 1) * DAY if window else min(self.first or end, end)
        elif self._is_row_alone:
            first = self.calendar.first_day("month", self.calendar.number("month", end))
        return [first + n * DAY for n in range((end - first).days + 1)]

    def different_people(self, end: date, days: int) -> int:
        """How many different people are certainly behind the number of these days; 0 where none are counted."""
        counts = [point.people or 0 for point in self._complete(end, days)]
        people = self.chosen.family.people
        return sum(counts) if people and people.are_once else max(counts, default=0)

    def is_open(self, end: date, days: int) -> bool:
        """True if a row of these days is still open."""
        return any((point := self.points.get(end - n * DAY)) and not point.complete for n in range(days))

    def _complete(self, end: date, days: int) -> list[Point]:
        """The complete rows that `over` reads."""
        lasts = [end] if self._is_row_alone else [end - n * DAY for n in range(days)]
        return [point for last in lasts if (point := self.points.get(last)) and point.complete]

    @property
    def _is_row_alone(self) -> bool:
        """True if a row stands for itself: it is never added to another one."""
        is_trailing_ratio = self.chosen.family.trailing and self.chosen.number.numerator is not None
        return self.chosen.period == "month" or is_trailing_ratio

    def _ratio(self, points: list[Point]) -> Measured | None:
        numerator = sum(point.numerator or 0 for point in points)
        denominator = sum(point.denominator or 0 for point in points)
        if not denominator:
            return None
        if self.chosen.number.is_share:
            return share_of(Arm(round(numerator), round(denominator)))
        return Measured(numerator / denominator, round(denominator))

    def _mean(self, points: list[Point]) -> Measured | None:
        values = [point.value for point in points]
        if not values or None in values:
            return None
        return Measured(sum(value for value in values if value is not None) / len(values))


def read_series(run: Run, rows: Sql, chosen: Chosen, version: str, segments: tuple[str, ...]) -> dict[Group, Series]:
    """The series of everybody and of each value of these segments, from the rows of a result table."""
    number, people = chosen.number, chosen.family.people
    statement = spliced(
        sql_file("daybreak.watch", "points"),
        rows=rows,
        partition=identifier(chosen.family.partition),
        numerator=_column(number.numerator),
        denominator=_column(number.denominator),
        value=_column(number.column),
        people=_column(people.column if people else None),
        definition=literal(chosen.name),
        version=literal(version),
        segments=literals([ALL, *segments]),
        by=identifier(number.by) if number.by else literal(""),
        row=literal("" if chosen.row is None else chosen.row),
    )
    groups: dict[Group, dict[date, Point]] = {EVERYBODY: {}}
    for segment, segment_value, first, complete, *counted in run.db.execute(statement).fetchall():
        last = _last_day(run.calendar, chosen.period, first)
        point = Point(first, last, complete, *counted)
        groups.setdefault((segment, segment_value), {})[last] = point
    return {group: Series(chosen, run.calendar, points) for group, points in groups.items()}


def _column(name: str | None) -> Sql:
    return identifier(name) if name else Sql("null")


def _last_day(calendar: Calendar, period: str, first: date) -> date:
    if period == "day":
        return first
    return calendar.first_day(period, calendar.number(period, first) + 1) - DAY
