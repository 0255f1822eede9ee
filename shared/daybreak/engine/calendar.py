"""The project's calendar as rows: every question of time zone, daylight saving and week start is answered here.

SQL only joins these tables, so it needs no date arithmetic and no time zone, and reads the same in DuckDB and Trino.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import count, pairwise, takewhile
from typing import Any
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
EPOCH = date(1970, 1, 1)
"""The first day there is: no event is older, and numbers of days count from it."""

_LAST_YEAR = 2100
"""No rule of a zone that is known today changes by a day."""

DAYS = {"day": "DATE", "day_number": "BIGINT", "starts_at": "TIMESTAMP", "ends_at": "TIMESTAMP"}
"""calendar_days: the project's days with their UTC bounds; 23 or 25 hours long where the clocks change."""


def micros(moment: datetime) -> int:
    """Microseconds since 1970 of a naive UTC time."""
    return (moment - datetime(1970, 1, 1)) // timedelta(microseconds=1)  # noqa: DTZ001 - both sides are UTC


class Calendar:
    """Hours, days, weeks and months of one time zone.

    `day_number` counts the days that were since 1970-01-01 (negative before): where the clocks jumped over a whole day,
    as in Apia over 30 December 2011, the days before and after it are neighbours.
    """

    def __init__(self, zone: ZoneInfo, week_start: str) -> None:
        self.zone = zone
        self._never_were = _days_jumped_over(zone)
        self._week_shift = {"monday": 3, "sunday": 4}[week_start]  # 1970-01-01 was a Thursday

    def starts_at(self, day: date) -> datetime:
        """The first instant of the day, UTC and naive (as DuckDB's TIMESTAMP)."""
        # where midnight itself was skipped, the day begins at the instant the clocks jump to
        return _midnight(day, self.zone).replace(tzinfo=None)

    def ends_at(self, day: date) -> datetime:
        """The first instant after the day, UTC and naive."""
        return self.starts_at(day + DAY)

    def day_of(self, moment: datetime) -> date:
        """The project day on which an aware instant falls."""
        return moment.astimezone(self.zone).date()

    def utc_dates(self, day: date) -> set[date]:
        """The one, two or three UTC dates that a project day overlaps."""
        first, last = self.starts_at(day).date(), (self.ends_at(day) - timedelta(microseconds=1)).date()
        return {first + n * DAY for n in range((last - first).days + 1)}

    def days_before(self, day: date, count: int) -> date:
        """The day that is so many days before, of the days that were."""
        before = day - count * DAY
        return before - sum(before <= never < day for never in self._never_were) * DAY

    def number(self, period: str, day: date) -> int:
        """The number of the period that holds the day."""
        days = (day - EPOCH).days
        if period == "day":
            return days - sum(EPOCH <= never < day for never in self._never_were)
        if period == "week":
            return (days + self._week_shift) // 7
        return (day.year - 1970) * 12 + day.month - 1

    def first_day(self, period: str, number: int) -> date:
        """The first day of a period."""
        if period == "day":
            return next(day for day in self._days_from(EPOCH + number * DAY) if self.number("day", day) == number)
        if period == "week":
            return EPOCH + (number * 7 - self._week_shift) * DAY
        return date(1970 + number // 12, number % 12 + 1, 1)

    def days(self, first: date, last: date) -> Iterator[dict[str, Any]]:
        """Rows of `calendar_days`, both ends included."""
        for day in self._days_that_were(first, last):
            yield {
                "day": day,
                "day_number": self.number("day", day),
                "starts_at": self.starts_at(day),
                "ends_at": self.ends_at(day),
            }

    def periods(self, first: date, last: date) -> Iterator[dict[str, Any]]:
        """Rows of `calendar_periods`: every day, week and month that overlaps these days."""
        for period in ("day", "week", "month"):
            for number in range(self.number(period, first), self.number(period, last) + 1):
                begins = self.first_day(period, number)
                if self.starts_at(begins) == self.starts_at(self.first_day(period, number + 1)):
                    continue
                yield {
                    "period": period,
                    "period_number": number,
                    "first_day": begins,
                    "starts_at": self.starts_at(begins),
                    "starts_us": micros(self.starts_at(begins)),
                    "ends_us": micros(self.starts_at(self.first_day(period, number + 1))),
                }

    def hours(self, first: date, last: date) -> Iterator[dict[str, Any]]:
        """Rows of `calendar_periods`: the hours of these days, numbered from 0. `first_day` is the day each begins on.

        An hour begins when the clocks show a full hour, or jump over one. So where they change by half an hour, an hour
        has 30 or 90 minutes.
        """
        begins, until, number = self.starts_at(first), self.ends_at(last), 0
        while begins < until:
            ends = self._next_hour(begins)
            yield {
                "period": "hour",
                "period_number": number,
                "first_day": self.day_of(begins.replace(tzinfo=UTC)),
                "starts_at": begins,
                "starts_us": micros(begins),
                "ends_us": micros(ends),
            }
            begins, number = ends, number + 1

    def _next_hour(self, begins: datetime) -> datetime:
        """The instant, naive UTC, at which the hour ends that begins at this one."""
        at, hour = begins, timedelta(hours=1)
        while True:
            shown = at + self._offset(at)
            full = at + hour - (shown - shown.replace(minute=0, second=0, microsecond=0))
            if self._offset(full) == self._offset(at):
                return full
            change = self._change_between(at, full)
            shown_before, shown_after = change + self._offset(at), change + self._offset(change)
            is_full = shown_after == shown_after.replace(minute=0, second=0, microsecond=0)
            if is_full or shown_after >= full + self._offset(at) >= shown_before:
                return change
            at = change

    def _change_between(self, before: datetime, after: datetime) -> datetime:
        """The first instant with the offset of `after`; `before` has another one."""
        while after - before > timedelta(seconds=1):
            middle = (before + (after - before) / 2).replace(microsecond=0)
            before, after = (before, middle) if self._offset(middle) == self._offset(after) else (middle, after)
        return after

    def _offset(self, moment: datetime) -> timedelta:
        return moment.replace(tzinfo=UTC).astimezone(self.zone).utcoffset() or timedelta()

    def day_periods(self, first: date, last: date) -> Iterator[dict[str, Any]]:
        """Rows of `calendar_day_periods`: the day, week and month that each day belongs to."""
        for day in self._days_that_were(first, last):
            for period in ("day", "week", "month"):
                yield {
                    "period": period,
                    "day_number": self.number("day", day),
                    "period_number": self.number(period, day),
                }

    def _days_that_were(self, first: date, last: date) -> Iterator[date]:
        """The days from `first` to `last` that hold an instant."""
        return takewhile(lambda day: day <= last, self._days_from(first))

    def _days_from(self, first: date) -> Iterator[date]:
        days = (first + offset * DAY for offset in count())
        return (day for day in days if day not in self._never_were)


@cache
def _days_jumped_over(zone: ZoneInfo) -> frozenset[date]:
    """The days since 1970 without an instant. A zone that crossed the date line changed its offset by a day."""
    months = [datetime(year, month, 1, tzinfo=UTC) for year in range(1970, _LAST_YEAR) for month in range(1, 13)]
    offsets = [month.astimezone(zone).utcoffset() or timedelta() for month in months]
    jumps = (month for month, (a, b) in zip(months, pairwise(offsets), strict=False) if b - a > timedelta(hours=20))
    days = (month.date() + offset * DAY for month in jumps for offset in range(-1, 33))
    return frozenset(day for day in days if _midnight(day, zone) == _midnight(day + DAY, zone))


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)
