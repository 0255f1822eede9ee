"""Onboarding completion: a funnel, ordered, strict or in any order."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from reference.clock import (
    Clock,
    Did,
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
    next_period,
    rate,
    status,
)

Exclusion = tuple[Selector, int, int | None]
"""Which events, after which step, before which step; without the latter, before the last."""


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

    def entries(self, journey: list[Did]) -> list[Did]:
        """The events that enter: of the first step; where any order will do, of any step."""
        selectors = self.steps if self.order == "any" else self.steps[:1]
        return [did for did in journey if any(matches(did, selector) for selector in selectors)]

    def follows(self, later: datetime, earlier: datetime) -> bool:
        """Whether two steps may stand in this order; at one instant only if equal timestamps count."""
        return later > earlier or (later == earlier and self.equal_timestamps == "in_step_order")

    def required_before(self, step: int) -> int:
        """The nearest step before this one that nobody may skip; for the first step itself."""
        return max((number for number in range(1, step) if number not in self.optional), default=1)


@dataclass(frozen=True)
class _Attempt:
    """One entry and when each step was reached after it, by the step's number."""

    entry: Did
    reached: dict[int, datetime]


def completion(
    events: Iterable[Did],
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
    """Each step reached, % of start, % of previous, dropped, still in progress, and the time from the step before.

    A cohort is those whose first entry ever falls in its period. `optional` are the numbers of steps that may be skipped.
    Who was excluded is counted beside the funnel. Rates are null until everybody's window has ended.
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
            complete = all(has_ended.values()) and clock.has_passed(next_period(cohort, period))
            head = {"cohort": cohort, "step": step, "status": status(complete)}
            excluded = {"excluded": len(people) - len(counted)}
            rows.append({**head, **excluded, **_step(step, counted, has_ended, complete, funnel)})
    return rows


def _step(step: int, attempts: dict[str, _Attempt], has_ended: dict[str, bool], complete: bool, funnel: _Funnel) -> Row:
    """One row's numbers. The step before is the nearest required one; for times, the last that was reached."""
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


def _best(journey: list[Did], funnel: _Funnel) -> _Attempt | None:
    """The attempt that got furthest, of equals the earliest; None if all were excluded. Entry first has only one."""
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


def _ordered(journey: list[Did], entry: Did, funnel: _Funnel) -> _Attempt:
    """Required steps first, as if there were no optional ones; then each optional step in its place between them.

    Each takes the earliest event that is not used yet: one event is one step. An optional step counts only for those who
    reached the required step before it.
    """
    reached = {1: entry.at}
    used = {entry.key}

    def take(step: int, latest: datetime | None) -> bool:
        earliest = reached[max(number for number in reached if number < step)]
        for did in in_window(journey, funnel.steps[step - 1], entry.at, funnel.window):
            in_place = funnel.follows(did.at, earliest) and (latest is None or funnel.follows(latest, did.at))
            if in_place and did.key not in used:
                reached[step] = did.at
                used.add(did.key)
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


def _strict(journey: list[Did], funnel: _Funnel) -> list[_Attempt]:
    """Nothing else may come between two steps; with repeats allowed, runs of one step count as one event."""
    none = len(funnel.steps) + 1

    def lowest(did: Did) -> int:
        numbers = [number for number, selector in enumerate(funnel.steps, 1) if matches(did, selector)]
        return min(numbers, default=none)

    numbered = sorted(journey, key=lambda did: (did.at, lowest(did), did.key))
    runs: list[list[Did]] = []
    for did in numbered:
        repeats = runs and lowest(did) != none and lowest(did) == lowest(runs[-1][0])
        if repeats and funnel.order == "strict_allow_repeats":
            runs[-1].append(did)
        else:
            runs.append([did])
    attempts = []
    for position, run in enumerate(runs):
        if not matches(run[0], funnel.steps[0]):
            continue
        entry = run[-1] if funnel.entry == "any" else run[0]
        arrivals = [following[0] for following in runs[position + 1 :]]
        attempts.append(_consecutive(entry, arrivals, funnel))
    return attempts


def _consecutive(entry: Did, arrivals: list[Did], funnel: _Funnel) -> _Attempt:
    """Step after step, as long as what comes next is the next step, and in time."""
    reached = {1: entry.at}
    for (step, selector), did in zip(enumerate(funnel.steps[1:], 2), arrivals, strict=False):
        in_time = funnel.follows(did.at, reached[step - 1]) and did.at <= entry.at + funnel.window
        if not matches(did, selector) or not in_time:
            break
        reached[step] = did.at
    return _Attempt(entry, reached)


def _any_order(journey: list[Did], entry: Did, funnel: _Funnel) -> _Attempt:
    """Row n is those who did n of the steps; a step named several times needs as many events of it."""
    times: list[datetime] = []
    names = [tuple(sorted(set(selector))) for selector in funnel.steps]
    for selector in set(names):
        found = in_window(journey, selector, entry.at, funnel.window)
        times.extend(did.at for did in found[: names.count(selector)])
    return _Attempt(entry, dict(enumerate(sorted(times), 1)))


def _is_excluded(journey: list[Did], attempt: _Attempt, funnel: _Funnel) -> bool:
    """Whether an exclusion lies strictly between its two steps, or after the first one until the window's end."""
    for selector, after, before in funnel.exclusions:
        if after not in attempt.reached:
            continue
        from_, to = attempt.reached[after], attempt.reached.get(before or len(funnel.steps))
        within = in_window(journey, selector, attempt.entry.at, funnel.window)
        if any(from_ < did.at and (to is None or did.at < to) for did in within):
            return True
    return False
