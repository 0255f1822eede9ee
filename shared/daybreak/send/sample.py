"""A sample for a send: a message of the kind that it will get, with invented numbers, marked as a sample."""

from datetime import datetime, timedelta

from daybreak.definitions.project import ALL, Project
from daybreak.definitions.sends import METRICS
from daybreak.lake.tables import AlertEpisode, MadeList, MeasuredGoal
from daybreak.send.message import Message, message_id
from daybreak.send.messages import alert, goal, made_list, metrics_ready
from daybreak.send.tables import Ready


def sample(name: str, project: Project, source: str, now: datetime) -> Message:
    """A message about the first thing that the send takes. Its id is new with each `now`."""
    send = project.sends[name]
    about = next(about for about in (*project.sendable, METRICS) if send.takes(about))
    made = _about(about, project, source, now)
    return made.model_copy(
        update={
            "id": message_id("sample", name, now.isoformat()),
            "title": f"Sample: {made.title}",
            "text": f"This is a sample from Daybreak. Its numbers are invented.\n{made.text}",
            "data": {**made.data, "sample": True},
        }
    )


def _about(about: str, project: Project, source: str, now: datetime) -> Message:
    day = now.astimezone(project.zone).date() - timedelta(days=1)
    table, _, own = about.partition(".")
    if table == "alert":
        watched = project.alerts[own]
        subject = watched.metric or str(watched.event)
        return alert(source, now, AlertEpisode(
            alert=own, description=watched.description, subject=subject, version="", number=watched.column, segment=ALL,
            segment_value=ALL, change="fell", opened=day, closed=None, ending=None, spoken=day, now=0.22,
            now_people=420, before=0.33, before_people=1_680, p_value=0.0001,
            message=f"{subject} fell from 33.0 % to 22.0 %.",
        ))  # fmt: skip
    if table == "goal":
        aim = project.goals[own]
        return goal(source, now, MeasuredGoal(
            goal=own, day=day, description=aim.description, metric=aim.metric, version="", goal_version="",
            number=aim.column or "rate", segment=aim.segment or ALL, segment_value=aim.segment_value or ALL,
            begins=aim.from_, by=aim.by, final_on=aim.by, baseline=aim.baseline, target=aim.target, needed=None,
            measured=None, measured_to=day, low=None, high=None, people=None, state="on track",
        ), None)  # fmt: skip
    if table == "list":
        listed = project.lists[own]
        return made_list(source, MadeList(
            list=own, made_at=now.replace(tzinfo=None), description=listed.description, meaning="", actor=listed.actor,
            people=140, entered=12, left=3, held_out=14 if listed.holdout else 0, file="(none: this is a sample)",
            revision=0,
        ))  # fmt: skip
    return metrics_ready(source, now, Ready(day, sum(1 for _ in project.all()), 0))
