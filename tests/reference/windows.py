"""Families in which the first start ever opens one window per person, both edges included."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Literal

from reference.clock import (
    Clock,
    Event,
    Period,
    Row,
    Selector,
    by_person,
    cohorts_of,
    firsts,
    in_window,
    known,
    matches,
    median_seconds,
    rate,
    status,
)


def activation(
    events: Iterable[Event],
    clock: Clock,
    *,
    start: Selector,
    milestone: Selector | None = None,
    milestones: list[Selector] | None = None,
    need: Literal["all", "any"] = "all",
    before: Selector | None = None,
    window: timedelta,
    at_least: int = 1,
) -> list[Row]:
    """The first start event opens one window per person; the milestone in it activates them, far edge included.

    With several milestones, `need` says if all or any one is needed, each of them `at_least` times. From the first
    `before` event at or after the start, nothing counts. The rate is over people whose window has ended, and null until
    everybody's has.
    """
    wanted = milestones if milestones is not None else [milestone or ()]

    def is_activated(journey: list[Event], began: Event) -> bool:
        stops = [
            event.at for event in journey if before is not None and matches(event, before) and event.at >= began.at
        ]
        counted = [event for event in journey if not stops or event.at < min(stops)]
        done = [len(in_window(counted, selector, began.at, window)) >= at_least for selector in wanted]
        return all(done) if need == "all" else any(done)

    known_events = known(events, clock)
    journeys = by_person(known_events)
    starts = firsts(known_events, start)
    rows = []
    for cohort, people in cohorts_of(starts, "day", clock):
        tally = _Tally(clock, window)
        for person in people:
            tally.add(starts[person], is_activated(journeys[person], starts[person]))
        counts = {
            "people": len(people),
            "finished": tally.finished,
            "activated": tally.did,
            "activated_so_far": tally.did_so_far,
        }
        rows.append({**tally.head(cohort), **counts, "rate": tally.rate(cohort)})
    return rows


def conversion(
    events: Iterable[Event], clock: Clock, *, start: Selector, upgrade: Selector, window: timedelta
) -> list[Row]:
    """From the first start ever to the first upgrade within the window; the median covers all who upgraded so far."""
    known_events = known(events, clock)
    journeys = by_person(known_events)
    starts = firsts(known_events, start)
    rows = []
    for cohort, people in cohorts_of(starts, "day", clock):
        tally = _Tally(clock, window)
        lengths = []
        for person in people:
            began = starts[person]
            upgrades = in_window(journeys[person], upgrade, began.at, window)
            tally.add(began, bool(upgrades))
            if upgrades:
                lengths.append(upgrades[0].at - began.at)
        counts = {
            "people": len(people),
            "finished": tally.finished,
            "converted": tally.did,
            "converted_so_far": tally.did_so_far,
        }
        median = {"median_seconds_to_upgrade": median_seconds(lengths)}
        rows.append({**tally.head(cohort), **counts, "rate": tally.rate(cohort), **median})
    return rows


def campaign(
    events: Iterable[Event], clock: Clock, *, exposure: Selector, action: Selector, window: timedelta
) -> list[Row]:
    """Count exposed people who acted within the window of their *first* exposure; earlier actions do not count."""
    known_events = known(events, clock)
    journeys = by_person(known_events)
    exposures = firsts(known_events, exposure)
    rows = []
    for cohort, people in cohorts_of(exposures, "day", clock):
        tally = _Tally(clock, window)
        for person in people:
            saw = exposures[person]
            tally.add(saw, bool(in_window(journeys[person], action, saw.at, window)))
        counts = {
            "exposed": len(people),
            "finished": tally.finished,
            "acted": tally.did,
            "acted_so_far": tally.did_so_far,
            "only_saw": tally.finished - tally.did,
        }
        rows.append({**tally.head(cohort), **counts, "rate": tally.rate(cohort)})
    return rows


@dataclass
class _Tally:
    """Count who did it: people whose window has ended, and separately people who still have time."""

    clock: Clock
    window: timedelta
    finished: int = 0
    unfinished: int = 0
    did: int = 0
    did_so_far: int = 0

    def add(self, began: Event, did: bool) -> None:
        if self.clock.is_finished(began.at, self.window):
            self.finished += 1
            self.did += did
        else:
            self.unfinished += 1
            self.did_so_far += did

    def head(self, cohort: date) -> Row:
        return {"cohort": cohort, "status": status(self._is_complete(cohort))}

    def rate(self, cohort: date) -> float | None:
        return rate(self.did, self.finished, self._is_complete(cohort))

    def _is_complete(self, cohort: date) -> bool:
        """True if the day is over, so that nobody can join it any more, and every window has ended."""
        return self.unfinished == 0 and self.clock.has_passed(self.clock.next_period(cohort, "day"))


def time_to_value(
    events: Iterable[Event],
    clock: Clock,
    *,
    start: Selector,
    value: Selector,
    window: timedelta,
    never_after: timedelta | None = None,
    period: Period = "day",
) -> list[Row]:
    """The time from the start to the first value event: p50/p75/p90 by Kaplan-Meier, and the plain median of converters.

    Bands: within 24 h, 1 to 3 days, longer, never, too young. A value event counts only within the window. `never` counts
    people without one who are older than `never_after`, by default the window.
    """
    known_events = known(events, clock)
    journeys = by_person(known_events)
    starts = firsts(known_events, start)
    rows = []
    for cohort, people in cohorts_of(starts, period, clock):
        reached: list[timedelta] = []
        censored: list[timedelta] = []
        never = too_young = 0
        for person in people:
            began = starts[person].at
            values = in_window(journeys[person], value, began, window)
            if values:
                reached.append(values[0].at - began)
                continue
            age = clock.end - began
            censored.append(min(window, age))
            if age > (never_after or window):
                never += 1
            else:
                too_young += 1
        rows.append(
            {
                "cohort": cohort,
                "status": status(
                    clock.has_passed(clock.next_period(cohort, period))
                    and all(clock.is_finished(starts[person].at, window) for person in people)
                ),
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
                "median_of_reached_seconds": median_seconds(reached),
            }
        )
    return rows


def _kaplan_meier(reached: list[timedelta], censored: list[timedelta], waiting: Fraction) -> float | None:
    """The earliest time by which the estimated share still waiting has fallen to `waiting`; None is "not reached".

    People without a value event so far are censored. Somebody censored at a time is still at risk at that time.
    """
    share = Fraction(1)
    for time in sorted(set(reached)):
        at_risk = sum(other >= time for other in reached) + sum(other >= time for other in censored)
        share *= 1 - Fraction(reached.count(time), at_risk)
        if share <= waiting:
            return time.total_seconds()
    return None
