"""What a morning has seen, in one short sentence for each goal and each alert."""

from collections.abc import Iterable, Sequence

from daybreak.definitions.chosen import choose
from daybreak.definitions.project import Project
from daybreak.lake.tables import AlertEpisode, MeasuredGoal, RefusedAlert
from daybreak.watch.goals import MET, MISSED
from daybreak.watch.sentences import written
from daybreak.watch.series import EVERYBODY
from daybreak.watch.sight import Sight


def summary(
    project: Project,
    goals: Iterable[MeasuredGoal],
    lasting: Iterable[AlertEpisode],
    refused: Sequence[RefusedAlert],
    sights: Iterable[Sight],
) -> list[str]:
    """Each goal with its state, then each alert: the episodes that last, why it is refused, or what it can see."""
    lines = [f"goal {row.goal}: {row.state}; {_goal(project, row)}" for row in goals]
    episodes = [episode for episode in lasting if episode.alert in project.alerts]
    lines += [f"alert {episode.alert}: since {episode.opened}: {episode.message}" for episode in episodes]
    lines += [f"alert {one.alert}: refused, and not looked at: {one.message}" for one in refused]
    said = {episode.alert for episode in episodes} | {one.alert for one in refused}
    for sight in sights:
        if (sight.segment, sight.segment_value) == EVERYBODY and sight.alert not in said:
            lines.append(f"alert {sight.alert}: nothing to speak of; it {sight.message}.")
    return lines


def _goal(project: Project, row: MeasuredGoal) -> str:
    goal = project.goals[row.goal]
    chosen = choose(project.definitions, goal.metric, goal)
    which = "" if goal.segment is None else f" of {goal.segment} {goal.segment_value}"
    target = f"{written(chosen, row.target)} by {row.by}"
    if row.measured is None:
        return f"{row.metric}{which} is not measured yet, the goal is {target}."
    measured = f"{row.metric}{which} is {written(chosen, row.measured)}"
    if row.low is not None and row.high is not None:
        measured += f" ({written(chosen, row.low)} to {written(chosen, row.high)})"
    if row.state in (MET, MISSED):
        return f"{measured}, the goal was {target}."
    needed = "" if row.needed is None else f", {written(chosen, row.needed)} was needed over these days"
    if row.baseline is None and row.begins <= row.measured_to:
        needed = ", too few people came before it began, so it needs a `baseline`"
    return f"{measured}{needed}, the goal is {target}; final on {row.final_on}."
