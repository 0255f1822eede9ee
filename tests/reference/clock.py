"""Parts that all families share: events, the project's calendar, cohorts, rates."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from functools import cache
from typing import Any, Literal
from zoneinfo import ZoneInfo

Row = dict[str, Any]
Period = Literal["day", "week", "month"]

MICROSECOND = timedelta(microseconds=1)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class AtLeast:
    """Events of a name whose property is a number, and `least` or more; True and "7" are not numbers."""

    name: str
    property: str
    least: float

    def holds(self, event: "Event") -> bool:
        value = event.properties.get(self.property)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        return event.name == self.name and value >= self.least


Selector = tuple[str | AtLeast, ...]
"""The events that count: by name, or by name and property; the empty tuple means any event."""


@dataclass(frozen=True)
class Event:
    """One event of one person. It has no id: events of one instant have no order."""

    person: str
    name: str
    at: datetime
    properties: dict[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Clock:
    """The project's calendar, and `until`, the first instant that is not counted.

    Days and hours are the rows of a calendar: each lasts until the next one begins. So none of them overlap, whatever the
    clocks do, and a day that has no instant (Apia, 30 December 2011) is not a row.
    """

    timezone: str
    week_start: Literal["monday", "sunday"]
    until: datetime

    @property
    def end(self) -> datetime:
        """`until` in UTC, because subtracting a length of time is exact there."""
        return self.until.astimezone(UTC)

    def local(self, at: datetime) -> datetime:
        """The date and time that the clocks on the wall show."""
        return at.astimezone(ZoneInfo(self.timezone)).replace(tzinfo=None)

    def day(self, at: datetime) -> date:
        """The project day of an instant: the last one that has begun, also when the clocks go back behind its midnight."""
        shown = self.local(at).date()
        return shown + DAY if at >= self.first_instant(shown + DAY) else shown

    def first_instant(self, day: date) -> datetime:
        """The instant, in UTC, at which the day begins; if the clocks skip its midnight, the instant of the change.

        For a day that never was it is the first instant of the next day.
        """
        return datetime.combine(day, time(), tzinfo=ZoneInfo(self.timezone)).astimezone(UTC)

    def exists(self, day: date) -> bool:
        """True if the day has an instant."""
        return self.first_instant(day) < self.first_instant(day + DAY)

    def days_after(self, day: date, count: int) -> date:
        """The day so many days later, or before if `count` is negative; only days that exist are counted."""
        for _ in range(abs(count)):
            day += DAY if count > 0 else -DAY
            while not self.exists(day):
                day += DAY if count > 0 else -DAY
        return day

    def days_between(self, earlier: date, later: date) -> int:
        """How many days later the second one is, of days that exist; negative if it is before the first."""
        if later < earlier:
            return -self.days_between(later, earlier)
        return sum(self.exists(earlier + number * DAY) for number in range(1, (later - earlier).days + 1))

    def full_hour(self, at: datetime) -> datetime:
        """The instant, in UTC, at which the local hour that holds `at` began."""
        minute = at.astimezone(UTC).replace(second=0, microsecond=0)
        while not self.begins_an_hour(minute):
            minute -= MINUTE
        return minute

    def hours_between(self, earlier: datetime, later: datetime) -> int:
        """How many hours later the second one is, of hours of the calendar; both are beginnings of an hour."""
        if later < earlier:
            return -self.hours_between(later, earlier)
        count = 0
        while earlier < later:
            earlier = next_hour(self, earlier)
            count += 1
        return count

    def begins_an_hour(self, minute: datetime) -> bool:
        """True if the local clock shows a full hour, or has just jumped over one.

        So an hour in which the clocks go back by half an hour has 90 minutes, and one into which they jump has 30.
        """
        shows, showed = self.local(minute), self.local(minute - MINUTE)
        return shows.minute == 0 or shows.replace(minute=0) > showed.replace(minute=0)

    def first_day(self, day: date, period: Period) -> date:
        """The first day of the calendar period that holds `day`; weeks begin on `week_start`."""
        if period == "month":
            return day.replace(day=1)
        if period == "week":
            days_into_week = day.weekday() if self.week_start == "monday" else (day.weekday() + 1) % 7
            return day - days_into_week * DAY
        return day

    def next_period(self, first_day: date, period: Period) -> date:
        """The first day of the period after the one that begins on `first_day`."""
        if period == "month":
            return date(first_day.year + first_day.month // 12, first_day.month % 12 + 1, 1)
        return first_day + 7 * DAY if period == "week" else self.days_after(first_day, 1)

    def has_begun(self, day: date) -> bool:
        """True if the day's first instant is before `until`."""
        return self.day(self.end - MICROSECOND) >= day

    def has_passed(self, following: date) -> bool:
        """True if everything before the first instant of the day `following` is known."""
        return self.day(self.end) >= following

    def is_finished(self, start: datetime, window: timedelta) -> bool:
        """True if the window has ended: its far edge, which still belongs to it, is before `until`."""
        return start + window < self.end


@cache
def next_hour(clock: Clock, hour: datetime) -> datetime:
    """The beginning of the hour after the one that begins at `hour`."""
    minute = hour + MINUTE
    while not clock.begins_an_hour(minute):
        minute += MINUTE
    return minute


def matches(event: Event, selector: Selector) -> bool:
    """True if the selector names the event, or is empty: then every event matches."""
    return not selector or any(
        part.holds(event) if isinstance(part, AtLeast) else part == event.name for part in selector
    )


def known(events: Iterable[Event], clock: Clock) -> list[Event]:
    """The events before `until`, in order of time."""
    in_utc = [replace(event, at=event.at.astimezone(UTC)) for event in events]
    return sorted((event for event in in_utc if event.at < clock.end), key=lambda event: event.at)


def by_person(known_events: list[Event]) -> dict[str, list[Event]]:
    """Person -> their events, still in order."""
    people: dict[str, list[Event]] = {}
    for event in known_events:
        people.setdefault(event.person, []).append(event)
    return people


def firsts(known_events: list[Event], selector: Selector) -> dict[str, Event]:
    """Person -> their first matching event *ever*; people without one are left out."""
    found: dict[str, Event] = {}
    for event in known_events:
        if matches(event, selector) and event.person not in found:
            found[event.person] = event
    return found


def cohorts_of(starts: dict[str, Event], period: Period, clock: Clock) -> list[tuple[date, list[str]]]:
    """First day of a period -> the people whose first start is in it, the earliest cohort first."""
    cohorts: dict[date, list[str]] = {}
    for person, start in starts.items():
        cohorts.setdefault(clock.first_day(clock.day(start.at), period), []).append(person)
    return sorted(cohorts.items())


def in_window(journey: list[Event], selector: Selector, start: datetime, window: timedelta) -> list[Event]:
    """One person's matching events from `start` to exactly `window` later, both edges included."""
    return [event for event in journey if matches(event, selector) and start <= event.at <= start + window]


def rate(numerator: float, denominator: int, complete: bool = True) -> float | None:
    """The share, or None if it is not complete or the denominator is 0: 0/0 is null and not 0."""
    return numerator / denominator if complete and denominator else None


def status(complete: bool) -> str:
    """The row's status, complete or open."""
    return "complete" if complete else "open"


def median_seconds(lengths: list[timedelta]) -> float | None:
    """The middle one, or the mean of the middle two, computed in whole microseconds; None without any."""
    if not lengths:
        return None
    ordered = sorted(length // MICROSECOND for length in lengths)
    low, high = ordered[(len(ordered) - 1) // 2], ordered[len(ordered) // 2]
    return float(Fraction(low + high, 2 * 1_000_000))


def average_seconds(lengths: list[timedelta]) -> float | None:
    """The mean, computed in whole microseconds; None without any."""
    if not lengths:
        return None
    return float(Fraction(sum(length // MICROSECOND for length in lengths), len(lengths) * 1_000_000))
