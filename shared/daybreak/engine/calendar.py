"""The project's calendar as rows: every question of time zone, daylight saving and week start is answered here.

SQL only joins these tables, so it needs no date arithmetic and no time zone, and reads the same in DuckDB and Trino.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
EPOCH = date(1970, 1, 1)
"""The first day there is: no event is older, and numbers of days count from it."""

DAYS = {"day": "DATE", "day_number": "BIGINT", "starts_at": "TIMESTAMP", "ends_at": "TIMESTAMP"}
"""calendar_days: the project's days with their UTC bounds; 23 or 25 hours long where the clocks change."""


def micros(moment: datetime) -> int:
    """Microseconds since 1970 of a naive UTC time."""
    return (moment - datetime(1970, 1, 1)) // timedelta(microseconds=1)  # noqa: DTZ001 - both sides are UTC


class Calendar:
    """Days, weeks and months of one time zone. `day_number` is days since 1970-01-01 (negative before)."""

    def __init__(self, zone: ZoneInfo, week_start: str) -> None:
        self.zone = zone
        self._week_shift = {"monday": 3, "sunday": 4}[week_start]  # 1970-01-01 was a Thursday

    def starts_at(self, day: date) -> datetime:
        """The first instant of the day, UTC and naive (as DuckDB's TIMESTAMP)."""
        midnight = datetime.combine(day, time(), tzinfo=self.zone)
        # where midnight itself was skipped, the day begins at the instant the clocks jump to
        return midnight.astimezone(UTC).replace(tzinfo=None)

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

    @property
    def hour_shift(self) -> timedelta:
        """How much earlier the zone's full hours begin than UTC's: half an hour in India, zero in most zones."""
        offset = datetime(2025, 1, 1, tzinfo=self.zone).utcoffset() or timedelta()
        return offset % timedelta(hours=1)

    def number(self, period: str, day: date) -> int:
        """The number of the period that holds the day."""
        days = (day - EPOCH).days
        if period == "day":
            return days
        if period == "week":
            return (days + self._week_shift) // 7
        return (day.year - 1970) * 12 + day.month - 1

    def first_day(self, period: str, number: int) -> date:
        """The first day of a period."""
        if period == "day":
            return EPOCH + number * DAY
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
        """Rows of `calendar_periods`: full hours. `first_day` is the project day on which the hour begins."""
        hour = micros(datetime(1970, 1, 1, 1))  # noqa: DTZ001 - a length
        shift = self.hour_shift // timedelta(microseconds=1)
        for day in self.days(first, last):
            begins, ends = micros(day["starts_at"]) + shift, micros(day["ends_at"]) + shift
            for number in range(-(-begins // hour), -(-ends // hour)):
                yield {
                    "period": "hour",
                    "period_number": number,
                    "first_day": day["day"],
                    "starts_at": datetime(1970, 1, 1) + timedelta(hours=number) - self.hour_shift,  # noqa: DTZ001
                    "starts_us": number * hour - shift,
                    "ends_us": (number + 1) * hour - shift,
                }

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
        """The days from `first` to `last` that hold an instant: Apia had no 30 December 2011.

        Their numbers are those of their dates, so the day after the 29th is two later.
        """
        days = (first + offset * DAY for offset in range((last - first).days + 1))
        return (day for day in days if self.starts_at(day) < self.ends_at(day))
