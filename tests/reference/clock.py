"""What all families share: events, the project's calendar, cohorts, rates."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from typing import Any, Literal
from zoneinfo import ZoneInfo

Row = dict[str, Any]
Selector = tuple[str, ...]
"""Names of events that count; the empty tuple stands for any event."""
Period = Literal["day", "week", "month"]

MICROSECOND = timedelta(microseconds=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Did:
    """One person did one thing once."""

    person: str
    event: str
    at: datetime
    key: str
    properties: dict[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Clock:
    """The project's calendar, and the first instant that is not counted."""

    timezone: str
    week_start: Literal["monday", "sunday"]
    until: datetime

    @property
    def end(self) -> datetime:
        """`until` in UTC, where subtracting a length of time is exact."""
        return self.until.astimezone(UTC)

    def day(self, at: datetime) -> date:
        """Day boundaries in the project's timezone, daylight saving included."""
        return at.astimezone(ZoneInfo(self.timezone)).date()

    def first_instant(self, day: date) -> datetime:
        """When the day begins, in UTC; where the clocks skip its midnight, the instant of the change."""
        return datetime.combine(day, time(), tzinfo=ZoneInfo(self.timezone)).astimezone(UTC)

    def full_hour(self, at: datetime) -> datetime:
        """The instant, in UTC, at which the local hour that holds `at` began."""
        local = at.astimezone(ZoneInfo(self.timezone))
        past = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
        return at.astimezone(UTC) - past

    def first_day(self, day: date, period: Period) -> date:
        """The first day of the calendar period that holds `day`; weeks start Monday or Sunday by setting."""
        if period == "month":
            return day.replace(day=1)
        if period == "week":
            days_into_week = day.weekday() if self.week_start == "monday" else (day.weekday() + 1) % 7
            return day - days_into_week * DAY
        return day

    def has_begun(self, day: date) -> bool:
        """Whether the day's first instant lies before `until`."""
        return self.day(self.end - MICROSECOND) >= day

    def has_passed(self, following: date) -> bool:
        """Whether everything before the first instant of the day `following` is known."""
        return self.day(self.end) >= following

    def is_finished(self, start: datetime, window: timedelta) -> bool:
        """A window has ended when its far edge, which still belongs to it, lies before `until`."""
        return start + window < self.end


def next_period(first_day: date, period: Period) -> date:
    """The first day of the period after the one that begins on `first_day`."""
    if period == "month":
        return date(first_day.year + first_day.month // 12, first_day.month % 12 + 1, 1)
    return first_day + (7 * DAY if period == "week" else DAY)


def matches(did: Did, selector: Selector) -> bool:
    """Event selector: a name, a list of names, `any`."""
    return not selector or did.event in selector


def known(events: Iterable[Did], clock: Clock) -> list[Did]:
    """The events before `until`, in the order of time; those of the same time in the order of their keys."""
    in_utc = [replace(did, at=did.at.astimezone(UTC)) for did in events]
    return sorted((did for did in in_utc if did.at < clock.end), key=lambda did: (did.at, did.key))


def by_person(dids: list[Did]) -> dict[str, list[Did]]:
    """Each person's events, still in order."""
    people: dict[str, list[Did]] = {}
    for did in dids:
        people.setdefault(did.person, []).append(did)
    return people


def firsts(dids: list[Did], selector: Selector) -> dict[str, Did]:
    """Each person's first matching event *ever*; people without one are not in the table."""
    found: dict[str, Did] = {}
    for did in dids:
        if matches(did, selector) and did.person not in found:
            found[did.person] = did
    return found


def cohorts_of(starts: dict[str, Did], period: Period, clock: Clock) -> list[tuple[date, list[str]]]:
    """People put together by the period of their first start, the earliest cohort first."""
    cohorts: dict[date, list[str]] = {}
    for person, start in starts.items():
        cohorts.setdefault(clock.first_day(clock.day(start.at), period), []).append(person)
    return sorted(cohorts.items())


def in_window(journey: list[Did], selector: Selector, start: datetime, window: timedelta) -> list[Did]:
    """One person's matching events from the start on for exactly `window`, near and far edge included."""
    return [did for did in journey if matches(did, selector) and start <= did.at <= start + window]


def rate(numerator: float, denominator: int, complete: bool = True) -> float | None:
    """0/0 is null, never 0; and unfinished is null, not zero."""
    return numerator / denominator if complete and denominator else None


def status(complete: bool) -> str:
    """What a row says about itself: unfinished is not zero."""
    return "complete" if complete else "open"


def median_seconds(lengths: list[timedelta]) -> float | None:
    """The middle one, or the mean of the middle two, computed in whole microseconds; null of nothing."""
    if not lengths:
        return None
    ordered = sorted(length // MICROSECOND for length in lengths)
    low, high = ordered[(len(ordered) - 1) // 2], ordered[len(ordered) // 2]
    return float(Fraction(low + high, 2 * 1_000_000))


def average_seconds(lengths: list[timedelta]) -> float | None:
    """The mean, computed in whole microseconds; null of nothing."""
    if not lengths:
        return None
    return float(Fraction(sum(length // MICROSECOND for length in lengths), len(lengths) * 1_000_000))
