"""Whether a goal or an alert fits the definition that it names: checked at synth, by `compute` and in the job alike."""

import math
from collections.abc import Mapping

from daybreak.definitions.alerts import Alert
from daybreak.definitions.chosen import Chosen, Misfit, choose
from daybreak.definitions.goals import Goal
from daybreak.definitions.nearest import nearest
from daybreak.families.base import Definition

Definitions = Mapping[str, Mapping[str, Definition]]
"""Family -> name -> its definition."""


def check_goal(definitions: Definitions, goal: Goal) -> Chosen:
    """The number that the goal is about. Raises Misfit if it could not be measured, or never be reached."""
    chosen = choose(definitions, goal.metric, goal)
    if goal.segment is not None:
        _check_segment(chosen, "segment", goal.segment)
    for field, value in (("target", goal.target), ("baseline", goal.baseline)):
        if value is not None and chosen.number.is_share and not 0 <= value <= 1:
            raise Misfit(field, f"{chosen.label} is a share, so it is from 0 to 1: 0.40 is 40 %, not {value:g}")
    if goal.baseline == goal.target:
        raise Misfit("target", "is the same as `baseline`, so there is nothing to reach")
    if goal.baseline is not None and goal.direction not in (None, "up" if goal.target > goal.baseline else "down"):
        raise Misfit("direction", f'"{goal.direction}" does not lead from {goal.baseline:g} to {goal.target:g}')
    return chosen


def check_alert(definitions: Definitions, alert: Alert) -> Chosen | None:
    """The number that the alert watches, None for an event. Raises Misfit if it could never be right."""
    if alert.metric is None:
        return None
    chosen = choose(definitions, alert.metric, alert)
    for segment in alert.segments:
        _check_segment(chosen, "segments", segment)
    if alert.limit is not None:
        if chosen.number.is_share and not 0 < alert.limit < 1:
            why = f"{chosen.label} is a share, so its limit is between 0 and 1: 0.40 is 40 %, not {alert.limit:g}"
            raise Misfit("limit", why)
        lowest, highest = chosen.value_range
        is_useful = lowest < alert.limit <= highest if alert.when == "below" else lowest <= alert.limit < highest
        if not is_useful:
            to = "on" if highest == math.inf else f"to {highest:g}"
            why = f"{chosen.label} is from {lowest:g} {to}, so it is always or never {alert.when} {alert.limit:g}"
            raise Misfit("limit", why)
        return chosen
    if why_not := _why_not_compared(chosen):
        raise Misfit("when", f'"{alert.when}" {why_not}; use "below" or "above" with a `limit`')
    return chosen


def _why_not_compared(chosen: Chosen) -> str | None:
    """Why falls, rises and changes cannot be told from chance for this number; None if they can."""
    if not chosen.number.is_share:
        return f"needs a share of people, to tell a change from chance, and {chosen.label} is not one"
    if chosen.family.trailing and chosen.window_days is None:
        return f"compares people of two times, and every row of {chosen.metric} counts all people until its day"
    if chosen.period == "month":
        return f"compares 7 days with the 28 before, and {chosen.metric} counts by month"
    return None


def _check_segment(chosen: Chosen, field: str, segment: str) -> None:
    split = chosen.definition.segments
    if segment not in split:
        raise Misfit(field, f"{segment!r} is not a segment of {chosen.metric}{nearest(segment, split)}")
