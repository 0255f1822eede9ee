"""Onboarding completion: a funnel, ordered, strict or in any order.

**The rule for events of one instant.** They have no order, and nothing but their time, name and properties is looked at.
An *assignment* gives the steps 1 to k different events of one person: each event matches its step, the times do not
decrease (`equal_timestamps` never: they increase), the first is at the instant of the entry, and all are within the window.
The assignment that reaches most steps counts; of these, the one whose steps are earliest, step by step.

- ordered: to be early never costs a later step. Events compete only with others of the same instant: there the steps
  need a matching.
- any order: the same without the order; n steps are reached when n events have n different steps.
- strict: no event of the person is at an instant strictly between those of two successive steps;
  strict_allow_repeats: none but events that match the earlier of the two. An event at the instant of a step is not
  between. So one event more at such an instant never takes a step away.

If any entry opens an attempt, all entries of one instant open one attempt.
"""

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

Order = Literal["ordered", "strict", "strict_allow_repeats", "any"]
Instants = dict[datetime, list[Event]]
"""Instant -> everything that happened at it; in order of time."""
Reached = dict[int, datetime]
"""Number of a step -> the instant at which it was reached."""
Exclusion = tuple[Selector, int, int | None]
"""The events, the step after which and the step before which they exclude; None means before the last step."""


@dataclass(frozen=True)
class _Funnel:
    """The options of one definition."""

    steps: list[Selector]
    window: timedelta
    optional: Collection[int]
    order: Order
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

    def repeats(self, step: int, events: list[Event]) -> bool:
        """True if all these events may come after the step and before the next one, because they only repeat it.

        If any entry opens an attempt, the first step has no repeats: each is an entry of its own.
        """
        if self.order != "strict_allow_repeats" or (step == 1 and self.entry == "any"):
            return False
        return all(matches(event, self.steps[step - 1]) for event in events)

    def required_before(self, step: int) -> int:
        """The nearest step before this one that nobody may skip; the first step itself for the first step."""
        return max((number for number in range(1, step) if number not in self.optional), default=1)


@dataclass(frozen=True)
class _Attempt:
    """The instant of an entry, and the steps that were reached from there."""

    entered_at: datetime
    reached: Reached


def completion(
    events: Iterable[Event],
    clock: Clock,
    *,
    steps: list[Selector],
    window: timedelta,
    optional: Collection[int] = (),
    order: Order = "ordered",
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

    Every instant with an entry opens an attempt; with `entry` first, only the first does.
    """
    opened = sorted({entry.at for entry in funnel.entries(journey)})
    attempts = [_attempt(journey, at, funnel) for at in (opened[:1] if funnel.entry == "first" else opened)]
    allowed = [attempt for attempt in attempts if not _is_excluded(journey, attempt, funnel)]

    def preference(attempt: _Attempt) -> tuple[int, datetime]:
        furthest = sum(number not in funnel.optional for number in attempt.reached)
        return -furthest, attempt.entered_at

    return min(allowed, key=preference, default=None)


def _attempt(journey: list[Event], entered_at: datetime, funnel: _Funnel) -> _Attempt:
    """The steps that are reached after an entry at this instant, and when."""
    follow = {"ordered": _ordered, "any": _any_order}.get(funnel.order, _strict)
    return _Attempt(entered_at, follow(_instants(journey, entered_at, funnel.window), funnel))


def _instants(journey: list[Event], from_: datetime, window: timedelta) -> Instants:
    """The instants from `from_` to exactly `window` later at which anything happened, in order, with their events."""
    found: Instants = {}
    for event in in_window(journey, (), from_, window):
        found.setdefault(event.at, []).append(event)
    return found


def _can_serve(events: list[Event], steps: list[Selector]) -> bool:
    """True if each of the steps can have an event of its own: every way to give them events is tried."""
    if not steps:
        return True
    return any(
        matches(event, steps[0]) and _can_serve(events[:position] + events[position + 1 :], steps[1:])
        for position, event in enumerate(events)
    )


def _ordered(instants: Instants, funnel: _Funnel) -> Reached:
    """Find the required steps first, as if there were no optional ones; then each optional step between them.

    Each step takes the earliest instant whose events can serve it and all steps that take this instant already. An
    optional step counts only for people who reached the required step before it.
    """
    reached = {1: min(instants)}

    def take(step: int, before: datetime | None) -> bool:
        after = reached[max(number for number in reached if number < step)]
        for at, events in instants.items():
            in_place = funnel.follows(at, after) and (before is None or funnel.follows(before, at))
            at_once = [number for number, taken in reached.items() if taken == at]
            if in_place and _can_serve(events, [funnel.steps[number - 1] for number in (*at_once, step)]):
                reached[step] = at
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
    return reached


def _any_order(instants: Instants, funnel: _Funnel) -> Reached:
    """n steps are reached at the first instant by which n events can serve n different steps, one each.

    It is enough to go through the events in order of time, and to keep each one with which all those kept still have a
    step each: an event that is not kept now could only take the place of another one.
    """
    kept: list[Event] = []
    for events in instants.values():
        for event in events:
            if _have_a_step_each([*kept, event], funnel.steps):
                kept.append(event)
    return {number: event.at for number, event in enumerate(kept, 1)}


def _have_a_step_each(events: list[Event], steps: list[Selector]) -> bool:
    """True if each of the events can serve a step of its own."""
    if not events:
        return True
    return any(
        matches(events[0], step) and _have_a_step_each(events[1:], steps[:position] + steps[position + 1 :])
        for position, step in enumerate(steps)
    )


def _strict(instants: Instants, funnel: _Funnel) -> Reached:
    """The next step is at the same instant or at the next one, whatever happens there; repeats may be passed over.

    The ways through the funnel are followed all at once, because the one that is ahead can come to a dead end. The way
    that gets furthest counts, and of equal ones the earliest.
    """
    times = list(instants)
    ways = [_Way(at=(0,), first_step_at_once=1)]
    for way in ways:  # grows as it is walked through
        step, here = len(way.at), way.at[-1]
        if step == len(funnel.steps):
            continue
        at_once = funnel.steps[way.first_step_at_once - 1 : step + 1]
        if funnel.follows(times[here], times[here]) and _can_serve(instants[times[here]], at_once):
            ways.append(_Way((*way.at, here), way.first_step_at_once))
        for at in range(here + 1, len(times)):
            if _can_serve(instants[times[at]], [funnel.steps[step]]):
                ways.append(_Way((*way.at, at), step + 1))
            if not funnel.repeats(step, instants[times[at]]):
                break
    best = min(ways, key=lambda way: (-len(way.at), way.at))
    return {step: times[at] for step, at in enumerate(best.at, 1)}


@dataclass(frozen=True)
class _Way:
    """The numbers of the instants of the steps so far, and the first of the steps that take the last instant."""

    at: tuple[int, ...]
    first_step_at_once: int


def _is_excluded(journey: list[Event], attempt: _Attempt, funnel: _Funnel) -> bool:
    """True if an excluding event is strictly between the two steps of its exclusion.

    If the second step was not reached, every such event after the first counts, until the window's end.
    """
    for selector, after, before in funnel.exclusions:
        if after not in attempt.reached:
            continue
        from_, to = attempt.reached[after], attempt.reached.get(before or len(funnel.steps))
        within = in_window(journey, selector, attempt.entered_at, funnel.window)
        if any(from_ < event.at and (to is None or event.at < to) for event in within):
            return True
    return False
