"""One morning's row of a goal: how far the number is, how far it should be, and whether that is enough."""

import math
from collections.abc import Iterable
from datetime import date

from daybreak.definitions.chosen import Chosen
from daybreak.definitions.goals import Goal
from daybreak.definitions.project import ALL
from daybreak.engine.calendar import DAY
from daybreak.families.base import FEWEST_PEOPLE, version_of
from daybreak.families.experiment_statistics import wilson
from daybreak.lake.tables import MeasuredGoal
from daybreak.watch.series import Measured, Series

GOAL_DAYS = 28
"""Whole weeks, so that weekends weigh the same on every morning."""

MET, MISSED = "met", "missed"
ON_TRACK, TOO_CLOSE, BEHIND = "on track", "too close to call", "behind"
NOT_ENOUGH, WAITING = "not enough people", "waiting"


def measure_goal(
    name: str, goal: Goal, version: str, series: Series, before: Iterable[MeasuredGoal], known: date
) -> MeasuredGoal:
    """The goal's row when everything until the end of `known` is known; `before` are its rows of earlier mornings.

    The baseline is kept from the morning on which it was first complete, and a final answer for ever: late events
    change neither.
    """
    chosen, goal_version = series.chosen, version_of(goal.model_dump(mode="json", exclude={"description"}))
    same = [row for row in before if row.version == version and row.goal_version == goal_version and row.day < known]
    last = max(same, key=lambda row: row.day, default=None)
    if last and last.state in (MET, MISSED):
        return last.model_copy(update={"day": known, "description": goal.description})
    end = min(series.last_complete(known), series.period_end(goal.by))
    measured = series.over(end, GOAL_DAYS)
    baseline = _baseline(goal, series, last, known)
    final_on = goal.by + chosen.days_until_complete * DAY
    interval = wilson(measured.arm) if measured and measured.arm else None
    is_final = known >= final_on and not series.is_open(end, GOAL_DAYS)
    needed = None if baseline is None else _needed(goal, series, baseline, end)
    if end < goal.from_:
        state = WAITING
    elif measured is None or not _enough(measured) or needed is None:
        state = NOT_ENOUGH
    else:
        state = _state(goal, chosen, needed, measured, interval, is_final=is_final)
    return MeasuredGoal(
        goal=name,
        day=known,
        description=goal.description,
        metric=chosen.metric,
        version=version,
        goal_version=goal_version,
        number=chosen.label,
        segment=goal.segment or ALL,
        segment_value=goal.segment_value or ALL,
        begins=goal.from_,
        by=goal.by,
        final_on=final_on,
        baseline=baseline,
        target=goal.target,
        needed=needed,
        measured=measured.value if measured else None,
        measured_to=end,
        low=interval[0] if interval else None,
        high=interval[1] if interval else None,
        people=measured.people if measured else None,
        state=state,
    )


def rises(goal: Goal, chosen: Chosen) -> bool:
    """True if the number is meant to rise, as the goal says it, or its given baseline, or the number itself."""
    if goal.direction is not None:
        return goal.direction == "up"
    if goal.baseline is not None:
        return goal.target > goal.baseline
    return not chosen.number.lower_is_better


def _state(
    goal: Goal,
    chosen: Chosen,
    needed: float,
    measured: Measured,
    interval: tuple[float, float] | None,
    *,
    is_final: bool,
) -> str:
    """Where the number stands, for goals upward and downward. A number that is just at `needed` has reached it, also
    where the two differ by what floating point loses.
    """
    sign = 1 if rises(goal, chosen) else -1
    reaches = sign * (measured.value - needed) >= 0 or math.isclose(measured.value, needed, abs_tol=1e-9)
    if is_final:
        return MET if reaches else MISSED
    if interval and interval[0] <= needed <= interval[1]:
        return TOO_CLOSE
    return ON_TRACK if reaches else BEHIND


def _needed(goal: Goal, series: Series, baseline: float, end: date) -> float:
    """The mean of the line over the days that are measured, so a number that is on its line each day is on it here.

    The line is straight from the baseline on `from` to the target on `by`, and flat before and after. Where the
    baseline is at the target or past it already, it is the target itself.
    """
    is_past = (goal.target <= baseline) if rises(goal, series.chosen) else (goal.target >= baseline)
    if is_past:
        return goal.target
    days = series.days_of(end, GOAL_DAYS)
    shares = [min(max((day - goal.from_) / (goal.by - goal.from_), 0.0), 1.0) for day in days]
    return baseline + (goal.target - baseline) * sum(shares) / len(shares)


def _baseline(goal: Goal, series: Series, last: MeasuredGoal | None, known: date) -> float | None:
    """The number at the beginning: as given, or as it was when the 28 days before `from` were first complete."""
    if goal.baseline is not None:
        return goal.baseline
    if last and last.baseline is not None:
        return last.baseline
    end = series.period_end(goal.from_ - DAY)
    measured = series.over(end, GOAL_DAYS) if end <= series.last_complete(known) else None
    return measured.value if measured and _enough(measured) else None


def _enough(measured: Measured) -> bool:
    """True if it has enough people; a number that counts no people is taken as it is."""
    return measured.people is None or measured.people >= FEWEST_PEOPLE
