"""Onboarding completion: a funnel, ordered, strict or in any order."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from reference.clock import (
    Clock,
    Event,
    Period,
    Row,
    Selector,
    average_seconds,
    by_person,
    cohorts_of,
    in_window,
    known,
    matches,
    median_seconds,
    rate,
    status,
)

Exclusion = tuple[Selector, int, int | None]
"""The events, the step after which and the step before which they exclude; None means before the last step."""


@dataclass(frozen=True)
class _Funnel:
    """The options of one definition."""

    steps: list[Selector]
    window: timedelta
    optional: Collection[int]
    order: Literal["ordered", "strict", "strict_allow_repeats", "any"]
    entry: Literal["first", "any"]
    equal_timestamps: Literal["in_step_order", "never"]
    exclusions: Collection[Exclusion]

    def entries(self, journey: list[Event]) -> list[Event]:
        """The events that enter: those of the first step, or of every step if the order is `any`."""
        selectors = self.steps if self.order == "any" else self.steps[:1]
        return [event for event in journey if any(matches(event, selector) for selector in selectors)]

    def follows(self, later: datetime, earlier: datetime) -> bool:
        """True if a step at `later` may follow one at `earlier`; at the same instant only if equal timestamps count."""
        return later > earlier or (later == earlier and self.equal_timestamps == "in_step_order")

    def required_before(self, step: int) -> int:
        """The nearest step before this one that nobody may skip; the first step itself for the first step."""
        return max((number for number in range(1, step) if number not in self.optional), default=1)


@dataclass(frozen=True)
class _Attempt:
    """One entry, and for each step that was reached after it, step number -> instant."""

    entry: Event
    reached: dict[int, datetime]


def completion(
    events: Iterable[Event],
    clock: Clock,
    *,
    steps: list[Selector],
    window: timedelta,
    optional: Collection[int] = (),
    order: Literal["ordered", "strict", "strict_allow_repeats", "any"] = "ordered",
    entry: Literal["first", "any"] = "first",
    equal_timestamps: Literal["in_step_order", "never"] = "in_step_order",
    exclusions: Collection[Exclusion] = (),
    period: Period = "day",
) -> list[Row]:
    """For each step: reached, % of start, % of previous, dropped, still in progress, and the time from the step before.

    A cohort is the people whose first entry ever is in its period. `optional` has the numbers of the steps that may be
    skipped. Excluded people are counted apart from the funnel. Rates are null until everybody's window has ended.
    """
    funnel = _Funnel(steps, window, optional, order, entry, equal_timestamps, exclusions)
    journeys = by_person(known(events, clock))
    entries = {person: found for person, journey in journeys.items() if (found := funnel.entries(journey))}
    rows: list[Row] = []
    for cohort, people in cohorts_of({person: found[0] for person, found in entries.items()}, period, clock):
        has_ended = {
            person: clock.is_finished(entries[person][0 if entry == "first" else -1].at, window) for person in people
        }
        attempts = {person: _best(journeys[person], funnel) for person in people}
        counted = {person: attempt for person, attempt in attempts.items() if attempt}
        for step in range(1, len(steps) + 1):
            complete = all(has_ended.values()) and clock.has_passed(clock.next_period(cohort, period))
            head = {"cohort": cohort, "step": step, "status": status(complete)}
            excluded = {"excluded": len(people) - len(counted)}
            rows.append({**head, **excluded, **_step(step, counted, has_ended, complete, funnel)})
    return rows


def _step(step: int, attempts: dict[str, _Attempt], has_ended: dict[str, bool], complete: bool, funnel: _Funnel) -> Row:
    """One row's numbers. The step before is the nearest required step; for times, the last step that was reached."""
    required = funnel.required_before(step)
    before = sum(required in attempt.reached for attempt in attempts.values())
    reached = dropped = in_progress = 0
    lengths = []
    for person, attempt in attempts.items():
        if step in attempt.reached:
            reached += 1
            if step > 1:
                last_before = max(number for number in attempt.reached if number < step)
                lengths.append(attempt.reached[step] - attempt.reached[last_before])
        elif required in attempt.reached:
            dropped += has_ended[person]
            in_progress += not has_ended[person]
    return {
        "entered": len(attempts),
        "reached": reached,
        "dropped": dropped,
        "in_progress": in_progress,
        "rate_of_start": rate(reached, len(attempts), complete),
        "rate_of_previous": rate(reached, before, complete),
        "median_seconds_from_previous": median_seconds(lengths),
        "average_seconds_from_previous": average_seconds(lengths),
    }


def _best(journey: list[Event], funnel: _Funnel) -> _Attempt | None:
    """The attempt that got furthest, the earliest of equal ones; None if all were excluded.

    With `entry` first there is only one attempt.
    """
    if funnel.order == "ordered":
        attempts = [_ordered(journey, entry, funnel) for entry in funnel.entries(journey)]
    elif funnel.order == "any":
        attempts = [_any_order(journey, entry, funnel) for entry in funnel.entries(journey)]
    else:
        attempts = _strict(journey, funnel)
    if funnel.entry == "first":
        attempts = attempts[:1]
    allowed = [attempt for attempt in attempts if not _is_excluded(journey, attempt, funnel)]

    def preference(attempt: _Attempt) -> tuple[int, datetime, str]:
        furthest = sum(number not in funnel.optional for number in attempt.reached)
        return -furthest, attempt.entry.at, attempt.entry.key

    return min(allowed, key=preference, default=None)


def _ordered(journey: list[Event], entry: Event, funnel: _Funnel) -> _Attempt:
    """Find the required steps first, as if there were no optional ones; then each optional step between them.

    Each step takes the earliest event that no other step has taken. An optional step counts only for people who reached
    the required step before it.
    """
    reached = {1: entry.at}
    used = {entry.key}

    def take(step: int, latest: datetime | None) -> bool:
        earliest = reached[max(number for number in reached if number < step)]
        for event in in_window(journey, funnel.steps[step - 1], entry.at, funnel.window):
            in_place = funnel.follows(event.at, earliest) and (latest is None or funnel.follows(latest, event.at))
            if in_place and event.key not in used:
                reached[step] = event.at
                used.add(event.key)
                return True
        return False

    for step in range(2, len(funnel.steps) + 1):
        if step not in funnel.optional and not take(step, None):
            break
    for step in sorted(funnel.optional):
        if funnel.required_before(step) not in reached:
            continue
        required_after = [number for number in reached if number > step and number not in funnel.optional]
        take(step, reached[min(required_after)] if required_after else None)
    return _Attempt(entry, reached)


def _strict(journey: list[Event], funnel: _Funnel) -> list[_Attempt]:
    """The attempts if nothing else may come between two steps; with repeats allowed, a run of one step is one event."""
    none = len(funnel.steps) + 1

    def lowest(event: Event) -> int:
        numbers = [number for number, selector in enumerate(funnel.steps, 1) if matches(event, selector)]
        return min(numbers, default=none)

    numbered = sorted(journey, key=lambda event: (event.at, lowest(event), event.key))
    runs: list[list[Event]] = []
    for event in numbered:
        repeats = runs and lowest(event) != none and lowest(event) == lowest(runs[-1][0])
        if repeats and funnel.order == "strict_allow_repeats":
            runs[-1].append(event)
        else:
            runs.append([event])
    attempts = []
    for position, run in enumerate(runs):
        if not matches(run[0], funnel.steps[0]):
            continue
        entry = run[-1] if funnel.entry == "any" else run[0]
        arrivals = [following[0] for following in runs[position + 1 :]]
        attempts.append(_consecutive(entry, arrivals, funnel))
    return attempts


def _consecutive(entry: Event, arrivals: list[Event], funnel: _Funnel) -> _Attempt:
    """Follow the arrivals step by step, as long as the next event is the next step and in time."""
    reached = {1: entry.at}
    for (step, selector), event in zip(enumerate(funnel.steps[1:], 2), arrivals, strict=False):
        in_time = funnel.follows(event.at, reached[step - 1]) and event.at <= entry.at + funnel.window
        if not matches(event, selector) or not in_time:
            break
        reached[step] = event.at
    return _Attempt(entry, reached)


def _any_order(journey: list[Event], entry: Event, funnel: _Funnel) -> _Attempt:
    """Row n counts people who did n of the steps; a step that is named several times needs as many events."""
    times: list[datetime] = []
    names = [tuple(sorted(set(selector))) for selector in funnel.steps]
    for selector in set(names):
        found = in_window(journey, selector, entry.at, funnel.window)
        times.extend(event.at for event in found[: names.count(selector)])
    return _Attempt(entry, dict(enumerate(sorted(times), 1)))


def _is_excluded(journey: list[Event], attempt: _Attempt, funnel: _Funnel) -> bool:
    """True if an excluding event is strictly between the two steps of its exclusion.

    If the second step was not reached, every such event after the first counts, until the window's end.
    """
    for selector, after, before in funnel.exclusions:
        if after not in attempt.reached:
            continue
        from_, to = attempt.reached[after], attempt.reached.get(before or len(funnel.steps))
        within = in_window(journey, selector, attempt.entry.at, funnel.window)
        if any(from_ < event.at and (to is None or event.at < to) for event in within):
            return True
    return False
