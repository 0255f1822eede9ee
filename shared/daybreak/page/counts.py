"""Which periods are complete, and what do they add up to? A headline and a comparison read complete ones only."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any

from daybreak.engine.calendar import DAY
from daybreak.families.base import FEWEST_PEOPLE
from daybreak.families.experiment_statistics import Arm, Interval, two_proportions, wilson

WINDOWS = {"day": 28, "week": 4, "month": 1}
"""Period -> how many complete ones a headline adds up, and how many before it are compared with it."""
FEW = FEWEST_PEOPLE
"""Under so many people a share is written as two counts, in grey."""
POOLED_DAYS = 7
BEYOND_CHANCE = 0.01
"""Two numbers are called different from this on: of forty cards, one in two mornings at 0.05 would be wrong."""

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Count:
    """So many of so many; or, of a number that is not a share, so much over so many people."""

    reached: int
    of: int

    @property
    def rate(self) -> float:
        return self.reached / self.of

    @property
    def is_few(self) -> bool:
        return self.of < FEW

    def interval(self) -> Interval:
        return wilson(Arm(self.reached, self.of))


@dataclass(frozen=True, slots=True)
class Series:
    """The counts of each period, from the first with a row to the newest, with zeros where there is none.

    From `open_from` on the periods are not complete: their counts are those so far.
    `overlaps`: different periods hold the same people, so they never add up.
    """

    period: str
    days: Sequence[date]
    """The first day of each period."""
    reached: Sequence[int]
    of: Sequence[int]
    open_from: int
    overlaps: bool
    window: int
    """How many periods a headline adds up; where they overlap, how many periods each of them counts."""
    cuts: Sequence[int] = ()
    """The positions with which another version of the definition begins: nothing adds up across one."""

    def begins(self, position: int) -> int:
        """The first position that was counted as this one was."""
        return max((cut for cut in self.cuts if cut <= position), default=0)

    @property
    def lag(self) -> int:
        """So many periods before stands the number that a headline is compared with: none of its days is in both.

        Where days overlap these are whole weeks, so that a Sunday is compared with a Sunday.
        """
        return whole_weeks(self.window) if self.overlaps and self.period == "day" else self.window

    def pooled(self, first: int, last: int) -> Count | None:
        """These periods added up, both ends included, as far as they were counted as the last one; None of nobody."""
        first = max(first, self.begins(last))
        of = sum(self.of[first : last + 1])
        return Count(sum(self.reached[first : last + 1]), of) if of else None

    def point(self, position: int) -> Count | None:
        """The counts that a line shows at a period: of days that do not overlap, the seven that end with it."""
        return self.pooled(position - self.line_window + 1, position)

    @property
    def end(self) -> int:
        """Where a line ends: with the newest period, or with the last one with anybody if that is long ago."""
        return len(self.days) - 1 if self.last == self.open_from - 1 else self.last

    @property
    def line_window(self) -> int:
        return POOLED_DAYS if self.period == "day" and not self.overlaps else 1

    @property
    def newest(self) -> int:
        """The newest complete period with anybody in it, counted as the newest ones are, or -1."""
        begin = self.begins(len(self.days))
        return next((at for at in range(self.open_from - 1, begin - 1, -1) if self.of[at]), -1)

    @property
    def last(self) -> int:
        """Where a headline ends: the last complete period, or the last one with anybody if that is long ago."""
        whole, newest = self.open_from - 1, self.newest
        return newest if 0 <= newest <= whole - self.window else whole

    def ended(self, back: int) -> Count | None:
        """The headline's number as it was so many lags ago; None where nobody was, it began before the first row,
        or it was counted by another version."""
        wide = 1 if self.overlaps else self.window
        end = self.last - back * self.lag
        is_counted_alike = end >= self.begins(len(self.days))
        return self.pooled(end - wide + 1, end) if is_counted_alike and end >= self.window - 1 else None


@dataclass(frozen=True, slots=True)
class Headline:
    """The number of the newest complete periods, and of as many before them."""

    now: Count
    before: Count | None
    """None where there were not half as many periods before."""
    before_periods: int
    first: date
    last: date
    """The first day of the newest period that is in it."""
    periods: int
    """How many periods are in it; fewer than the window while a project is young."""
    is_old: bool
    """True if nobody came for a whole window: the newest people are those of long ago."""


def headline(series: Series) -> Headline | None:
    """None while nobody is complete."""
    last, begin = series.last, series.begins(len(series.days))
    if last < begin:
        return None
    wide = 1 if series.overlaps else series.window
    first = max(last - wide + 1, begin)
    now = series.pooled(first, last)
    if now is None:
        return None
    end = last - series.lag
    before_periods = min(wide, end + 1 - begin)
    is_enough = end >= max(begin, series.window - 1) if series.overlaps else before_periods * 2 >= wide
    before = series.pooled(end - wide + 1, end) if is_enough else None
    is_old = last < series.open_from - 1
    return Headline(now, before, before_periods, series.days[first], series.days[last], last - first + 1, is_old)


def chance(now: Count, before: Count | None) -> float | None:
    """How likely chance alone makes two shares of different people differ so much; None where nothing can be said."""
    if before is None or now.is_few or before.is_few:
        return None
    return two_proportions(Arm(now.reached, now.of), Arm(before.reached, before.of)).p


def change(now: Count, before: Count | None) -> str | None:
    """The verdict of a number against the one before, wherever the page says it: higher, lower, or same within chance.

    None where nothing can be said.
    """
    p = chance(now, before)
    if p is None or before is None:
        return None
    return "same" if p >= BEYOND_CHANCE else "higher" if now.rate > before.rate else "lower"


def periods_between(period: str, first: date, last: date) -> Iterator[date]:
    """The first day of each period from one to another."""
    day = first
    while day <= last:
        yield day
        day = next_period(period, day)


def next_period(period: str, first: date) -> date:
    if period == "month":
        return date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return first + (7 * DAY if period == "week" else DAY)


def one_before(rows: Sequence[Row], newest: Row, column: str, period: str) -> Row | None:
    """The row of the period that ends where that of `newest` begins; `column` holds the first day of each."""
    return next((row for row in rows if next_period(period, row[column]) == newest[column]), None)


def whole_weeks(days: int) -> int:
    """So many days, or the next number of them that is whole weeks."""
    return -(-days // 7) * 7


def runs(values: Sequence[object]) -> list[tuple[int, int]]:
    """First and last position of each run of equal neighbours."""
    edges = [0, *(at for at, (one, other) in enumerate(pairwise(values), 1) if one != other), len(values)]
    return [(first, after - 1) for first, after in pairwise(edges) if first < after]
