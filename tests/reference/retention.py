"""Retention: who comes back, by calendar periods or by exact time from the person's own start."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from reference.clock import DAY, Clock, Event, Row, Selector, by_person, firsts, known, matches, next_hour, rate, status

BasePeriod = Literal["hour", "day", "week", "month"]
EXACT = {"hour": timedelta(hours=1), "day": DAY, "week": 7 * DAY}


@dataclass(frozen=True)
class _Ruler:
    """Counts periods: from the cohort's first instant by the calendar, or from the person's own start."""

    clock: Clock
    period: BasePeriod
    clock_mode: Literal["calendar", "24h", "24h_by_hour"]

    def cohort(self, at: datetime) -> datetime:
        """The first instant of the calendar period that holds `at`."""
        if self.period == "hour":
            return self.clock.full_hour(at)
        return self.clock.first_instant(self._first_day(at))

    def begins(self, number: int, cohort: datetime, started: datetime) -> datetime:
        """The instant at which the period of that number begins for a member of the cohort."""
        if self.clock_mode != "calendar":
            return started + number * EXACT[self.period]
        if self.period == "hour":
            for _ in range(number):
                cohort = next_hour(self.clock, cohort)
            return cohort
        day = self._first_day(cohort)
        if self.period == "month":
            months = day.year * 12 + day.month - 1 + number
            return self.clock.first_instant(day.replace(year=months // 12, month=months % 12 + 1))
        if self.period == "week":
            return self.clock.first_instant(day + 7 * number * DAY)
        return self.clock.first_instant(self.clock.days_after(day, number))

    def number(self, at: datetime, cohort: datetime, started: datetime) -> int:
        """The number of the period that holds an event of the member; periods before the start have negative numbers."""
        if self.clock_mode == "24h":
            return (at - started) // EXACT[self.period]
        if self.clock_mode == "24h_by_hour":
            return (self.clock.full_hour(at) - self.clock.full_hour(started)) // EXACT[self.period]
        if self.period == "hour":
            return self.clock.hours_between(cohort, self.clock.full_hour(at))
        day, first = self._first_day(at), self._first_day(cohort)
        if self.period == "month":
            return (day.year - first.year) * 12 + day.month - first.month
        return (day - first) // (7 * DAY) if self.period == "week" else self.clock.days_between(first, day)

    def _first_day(self, at: datetime) -> date:
        """The first day of the day, week or month that holds `at`."""
        return self.clock.first_day(self.clock.day(at), "day" if self.period == "hour" else self.period)


def retention(
    events: Iterable[Event],
    clock: Clock,
    *,
    start: Selector,
    return_: Selector,
    period: BasePeriod,
    spans: list[tuple[int, int]],
    cohorts: Literal["first_time", "recurring"] = "first_time",
    clock_mode: Literal["calendar", "24h", "24h_by_hour"] = "calendar",
    mode: Literal["on", "on_or_after"] = "on",
    at_least: int = 1,
) -> list[Row]:
    """First-time cohorts (first start *ever*) or recurring ones (every start); period 0 is the cohort itself.

    A span is a group of periods after period 0, written as its first and last number; a plain period is a span of one.
    A member is back in a span if any one of its periods (on_or_after: any period from its first on) has `at_least`
    return events. A span's row exists once its first period has begun for anybody, and is complete once its last period
    has ended for everybody.
    """
    ruler = _Ruler(clock, period, clock_mode)
    known_events = known(events, clock)
    journeys = by_person(known_events)
    rows = []
    for cohort, members in _members(known_events, start, cohorts, ruler):
        counts = {
            person: Counter(
                ruler.number(event.at, cohort, began) for event in journeys[person] if matches(event, return_)
            )
            for person, began in members.items()
        }
        for number, (first, last) in enumerate([(0, 0), *spans]):
            if not any(ruler.begins(first, cohort, began) < clock.end for began in members.values()):
                continue
            complete = all(ruler.begins(last + 1, cohort, began) <= clock.end for began in members.values())
            back = sum(number == 0 or _is_back(counts[person], first, last, mode, at_least) for person in members)
            rows.append(
                {
                    "cohort": clock.day(cohort),
                    "cohort_starts_at": cohort.replace(tzinfo=None),
                    "period": number,
                    "first_period": first,
                    "last_period": last,
                    "status": status(complete),
                    "people": len(members),
                    "retained": back if complete else None,
                    "retained_so_far": back,
                    "rate": rate(back, len(members), complete),
                }
            )
    return rows


def _members(
    known_events: list[Event], start: Selector, cohorts: Literal["first_time", "recurring"], ruler: _Ruler
) -> list[tuple[datetime, dict[str, datetime]]]:
    """The first instant of each cohort, and member -> their first start in it; the earliest cohort first."""
    starts = list(firsts(known_events, start).values())
    if cohorts == "recurring":
        starts = [event for event in known_events if matches(event, start)]
    members: dict[datetime, dict[str, datetime]] = {}
    for event in starts:
        members.setdefault(ruler.cohort(event.at), {}).setdefault(event.person, event.at)
    return sorted(members.items())


def _is_back(counts: Counter[int], first: int, last: int, mode: Literal["on", "on_or_after"], at_least: int) -> bool:
    """True if one single period of the span has `at_least` return events."""
    enough = [number for number, count in counts.items() if count >= at_least]
    return any(first <= number and (number <= last or mode == "on_or_after") for number in enough)
