"""Five metric families counted a second time: from METRICS.md, with lists and loops, knowing nothing of the SQL.

Slow and plain on purpose. Every function returns the rows of the `all` segment, as dicts keyed like the row models
but without definition, version, segment and segment_value. Property tests compare these rows with those of the SQL.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any, Literal
from zoneinfo import ZoneInfo

Row = dict[str, Any]
Selector = tuple[str, ...]
"""Names of events that count; the empty tuple stands for any event."""
Period = Literal["day", "week", "month"]

MICROSECOND = timedelta(microseconds=1)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Did:
    """One person did one thing once."""

    person: str
    event: str
    at: datetime
    key: str


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

    def has_begun(self, day: date) -> bool:
        """Whether the day's first instant lies before `until`."""
        return self.day(self.end - MICROSECOND) >= day

    def has_passed(self, following: date) -> bool:
        """Whether everything before the first instant of the day `following` is known."""
        return self.day(self.end) >= following

    def is_finished(self, start: datetime, window: timedelta) -> bool:
        """A window has ended when its far edge, which still belongs to it, lies before `until`."""
        return start + window < self.end


# Common to all


def _matches(did: Did, selector: Selector) -> bool:
    """Event selector: a name, a list of names, `any`."""
    return not selector or did.event in selector


def _counted(events: Iterable[Did], clock: Clock) -> list[Did]:
    """The events before `until`, in the order of time; those of the same time in the order of their keys."""
    counted = [Did(did.person, did.event, did.at.astimezone(UTC), did.key) for did in events]
    return sorted((did for did in counted if did.at < clock.end), key=lambda did: (did.at, did.key))


def _by_person(counted: list[Did]) -> dict[str, list[Did]]:
    """Each person's events, still in order."""
    people: dict[str, list[Did]] = {}
    for did in counted:
        people.setdefault(did.person, []).append(did)
    return people


def _starts(counted: list[Did], start: Selector) -> dict[str, Did]:
    """Each person's first start event *ever*; people without one are not in the table."""
    starts: dict[str, Did] = {}
    for did in counted:
        if _matches(did, start) and did.person not in starts:
            starts[did.person] = did
    return starts


def _first_day(day: date, period: Period, clock: Clock) -> date:
    """The first day of the calendar period that holds `day`; weeks start Monday or Sunday by setting."""
    if period == "month":
        return day.replace(day=1)
    if period == "week":
        days_into_week = day.weekday() if clock.week_start == "monday" else (day.weekday() + 1) % 7
        return day - days_into_week * DAY
    return day


def _next_period(first_day: date, period: Period) -> date:
    """The first day of the period after the one that begins on `first_day`."""
    if period == "month":
        return date(first_day.year + first_day.month // 12, first_day.month % 12 + 1, 1)
    return first_day + (7 * DAY if period == "week" else DAY)


def _cohorts(starts: dict[str, Did], period: Period, clock: Clock) -> list[tuple[date, list[str]]]:
    """People put together by the period of their first start, the earliest cohort first."""
    cohorts: dict[date, list[str]] = {}
    for person, start in starts.items():
        cohorts.setdefault(_first_day(clock.day(start.at), period, clock), []).append(person)
    return sorted(cohorts.items())


def _in_window(journey: list[Did], selector: Selector, start: datetime, window: timedelta) -> list[Did]:
    """One person's matching events from the start on for exactly `window`, near and far edge included."""
    return [did for did in journey if _matches(did, selector) and start <= did.at <= start + window]


def _rate(numerator: int, denominator: int, complete: bool) -> float | None:
    """0/0 is null, never 0; and unfinished is null, not zero."""
    return numerator / denominator if complete and denominator else None


def _status(complete: bool) -> str:
    """What a row says about itself: unfinished is not zero."""
    return "complete" if complete else "open"


def _median_seconds(lengths: list[timedelta]) -> float | None:
    """The middle one, or the mean of the middle two, computed in whole microseconds; null of nothing."""
    if not lengths:
        return None
    ordered = sorted(length // MICROSECOND for length in lengths)
    low, high = ordered[(len(ordered) - 1) // 2], ordered[len(ordered) // 2]
    return float(Fraction(low + high, 2 * 1_000_000))


# The families


def activation(
    events: Iterable[Did], clock: Clock, start: Selector, milestone: Selector, window: timedelta, at_least: int
) -> list[Row]:
    """First start event opens one window per person; activated when the milestone happens in it, far edge included.

    The rate is over people whose window has ended, and null until everybody's has.
    """
    counted = _counted(events, clock)
    journeys = _by_person(counted)
    starts = _starts(counted, start)
    rows = []
    for cohort, people in _cohorts(starts, "day", clock):
        finished = activated = activated_so_far = 0
        for person in people:
            began = starts[person].at
            is_activated = len(_in_window(journeys[person], milestone, began, window)) >= at_least
            if clock.is_finished(began, window):
                finished += 1
                activated += is_activated
            else:
                activated_so_far += is_activated
        complete = finished == len(people)
        rows.append(
            {
                "cohort": cohort,
                "status": _status(complete),
                "people": len(people),
                "finished": finished,
                "activated": activated,
                "activated_so_far": activated_so_far,
                "rate": _rate(activated, finished, complete),
            }
        )
    return rows


def retention(
    events: Iterable[Did],
    clock: Clock,
    start: Selector,
    return_: Selector,
    period: Period,
    periods: int,
    mode: Literal["on", "on_or_after"],
    at_least: int,
) -> list[Row]:
    """First-time cohorts (first start *ever*) by day, week or month; period 0 is the cohort itself.

    Options on, on-or-after, at least n events a period. A row stands for a period that has begun, nothing for the
    future; it is complete once the period has ended.
    """
    counted = _counted(events, clock)
    starts = _starts(counted, start)
    returns: dict[str, list[date]] = {person: [] for person in starts}
    for did in counted:
        if did.person in starts and _matches(did, return_):
            returns[did.person].append(clock.day(did.at))
    rows = []
    for cohort, people in _cohorts(starts, period, clock):
        first_day = cohort
        for number in range(periods + 1):
            following = _next_period(first_day, period)
            if not clock.has_begun(first_day):
                break
            retained = 0
            for person in people:
                if number == 0:
                    is_retained = True
                elif mode == "on":
                    is_retained = sum(first_day <= day < following for day in returns[person]) >= at_least
                else:
                    is_retained = any(first_day <= day for day in returns[person])
                retained += is_retained
            complete = clock.has_passed(following)
            rows.append(
                {
                    "cohort": cohort,
                    "period": number,
                    "status": _status(complete),
                    "people": len(people),
                    "retained": retained if complete else None,
                    "retained_so_far": retained,
                    "rate": _rate(retained, len(people), complete),
                }
            )
            first_day = following
    return rows


def adoption(
    events: Iterable[Did], clock: Clock, feature: Selector, active: Selector, window_days: int, at_least: int
) -> list[Row]:
    """Of people active in the window, those who used the feature at least n times.

    The window is trailing calendar days, that day included; days on which nobody was active in it have no row.
    """
    used: dict[str, list[date]] = {}
    was_active: dict[str, list[date]] = {}
    days = []
    for did in _counted(events, clock):
        day = clock.day(did.at)
        if _matches(did, feature):
            used.setdefault(did.person, []).append(day)
            days.append(day)
        if _matches(did, active):
            was_active.setdefault(did.person, []).append(day)
            days.append(day)
    rows = []
    day = min(days, default=date.max)
    while clock.has_begun(day):
        oldest = day - (window_days - 1) * DAY
        active_people = users = 0
        for person, active_days in was_active.items():
            if any(oldest <= active_day <= day for active_day in active_days):
                active_people += 1
                users += sum(oldest <= used_day <= day for used_day in used.get(person, [])) >= at_least
        complete = clock.has_passed(day + DAY)
        if active_people:
            rows.append(
                {
                    "day": day,
                    "status": _status(complete),
                    "active_people": active_people,
                    "users": users,
                    "rate": _rate(users, active_people, complete),
                }
            )
        day += DAY
    return rows


def _walk(journey: list[Did], entry: Did, steps: list[Selector], window: timedelta) -> list[datetime]:
    """When one person reached each step, as far as they came.

    Ordered from the first start; equal timestamps count in step order; a step may repeat, but one event is one step.
    """
    reached = [entry.at]
    used = {entry.key}
    for selector in steps[1:]:
        within = _in_window(journey, selector, entry.at, window)
        candidates = [did for did in within if did.at >= reached[-1] and did.key not in used]
        if not candidates:
            break
        taken = min(candidates, key=lambda did: (did.at, did.key))
        reached.append(taken.at)
        used.add(taken.key)
    return reached


def completion(events: Iterable[Did], clock: Clock, steps: list[Selector], window: timedelta) -> list[Row]:
    """Ordered funnel from the first start; each step reached, % of start, % of previous, dropped, still in progress.

    With the median time from the previous step. Rates are null until everybody's window has ended.
    """
    counted = _counted(events, clock)
    journeys = _by_person(counted)
    starts = _starts(counted, steps[0])
    walks = {person: _walk(journeys[person], entry, steps, window) for person, entry in starts.items()}
    rows = []
    for cohort, people in _cohorts(starts, "day", clock):
        complete = all(clock.is_finished(starts[person].at, window) for person in people)
        before = len(people)
        for step in range(1, len(steps) + 1):
            reached = dropped = in_progress = 0
            from_previous = []
            for person in people:
                walk = walks[person]
                if len(walk) >= step:
                    reached += 1
                    if step > 1:
                        from_previous.append(walk[step - 1] - walk[step - 2])
                elif len(walk) == step - 1:
                    if clock.is_finished(starts[person].at, window):
                        dropped += 1
                    else:
                        in_progress += 1
            rows.append(
                {
                    "cohort": cohort,
                    "step": step,
                    "status": _status(complete),
                    "entered": len(people),
                    "reached": reached,
                    "dropped": dropped,
                    "in_progress": in_progress,
                    "rate_of_start": _rate(reached, len(people), complete),
                    "rate_of_previous": _rate(reached, before, complete),
                    "median_seconds_from_previous": _median_seconds(from_previous),
                }
            )
            before = reached
    return rows


def _kaplan_meier(reached: list[timedelta], censored: list[timedelta], waiting: Fraction) -> float | None:
    """The earliest time by which the estimated share still waiting has fallen to `waiting`; null is "not reached".

    Those not there yet are censored. Whoever is censored at a time is still at risk at that time.
    """
    share = Fraction(1)
    for time in sorted(set(reached)):
        at_risk = sum(other >= time for other in reached) + sum(other >= time for other in censored)
        share *= 1 - Fraction(reached.count(time), at_risk)
        if share <= waiting:
            return time.total_seconds()
    return None


def time_to_value(
    events: Iterable[Did], clock: Clock, start: Selector, value: Selector, window: timedelta, period: Period
) -> list[Row]:
    """From start to first value event; p50/p75/p90 by Kaplan-Meier, beside the plain median of converters.

    Bands: within 24 h, 1 to 3 days, longer, never, too young.
    """
    counted = _counted(events, clock)
    journeys = _by_person(counted)
    starts = _starts(counted, start)
    rows = []
    for cohort, people in _cohorts(starts, period, clock):
        reached: list[timedelta] = []
        censored: list[timedelta] = []
        never = too_young = 0
        for person in people:
            began = starts[person].at
            values = _in_window(journeys[person], value, began, window)
            if values:
                reached.append(values[0].at - began)
                continue
            censored.append(min(window, clock.end - began))
            if clock.is_finished(began, window):
                never += 1
            else:
                too_young += 1
        rows.append(
            {
                "cohort": cohort,
                "status": _status(all(clock.is_finished(starts[person].at, window) for person in people)),
                "people": len(people),
                "reached": len(reached),
                "within_24h": sum(time <= timedelta(hours=24) for time in reached),
                "days_1_to_3": sum(timedelta(hours=24) < time < timedelta(hours=72) for time in reached),
                "days_3_or_more": sum(time >= timedelta(hours=72) for time in reached),
                "never": never,
                "too_young": too_young,
                "p50_seconds": _kaplan_meier(reached, censored, Fraction(1, 2)),
                "p75_seconds": _kaplan_meier(reached, censored, Fraction(1, 4)),
                "p90_seconds": _kaplan_meier(reached, censored, Fraction(1, 10)),
                "median_of_reached_seconds": _median_seconds(reached),
            }
        )
    return rows
