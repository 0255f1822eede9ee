"""The messages of a morning: a pure function of the tables goals, alerts and lists, and of how far the metrics are."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from itertools import groupby, pairwise
from math import floor, log10

from daybreak.definitions.project import ALL, Project
from daybreak.engine.calendar import Calendar
from daybreak.families.registry import FAMILIES
from daybreak.lake.tables import AlertEpisode, MadeList, MeasuredGoal
from daybreak.send.message import Kind, Message, message
from daybreak.send.tables import Ready, Tables

_UNITS = (("days", 86_400), ("hours", 3_600), ("minutes", 60))


def messages(tables: Tables, project: Project, source: str, since: date) -> list[Message]:
    """Everything that was first seen on the project day `since` or later, oldest first."""
    calendar = Calendar(project.zone, project.settings.week_start)

    def seen(day: date) -> datetime:
        """The instant at which the day ended."""
        return calendar.ends_at(day).replace(tzinfo=UTC)

    ready = tables.ready
    found = [
        *([metrics_ready(source, seen(ready.day), ready)] if ready and ready.day >= since else []),
        *(alert(source, seen(row.spoken), row) for row in tables.alerts if row.spoken >= since),
        *(goal(source, seen(row.day), row, before) for row, before in _changed(tables.goals) if row.day >= since),
        *(made_list(source, row) for row in tables.lists if (row.entered or row.left) and _made_at(row) >= seen(since)),
    ]
    return sorted(found, key=lambda message: (message.time, message.about, message.id))


def metrics_ready(source: str, time: datetime, ready: Ready) -> Message:
    """The numbers of all definitions, and the warnings, are there."""
    definitions = f"{ready.definitions} definition{'s'[: ready.definitions != 1]}"
    warnings = f"{ready.warnings} warning{'s'[: ready.warnings != 1]}" if ready.warnings else "no warnings"
    return message(
        source,
        "MetricsReady",
        "metrics",
        time,
        f"Metrics of {ready.day} are ready",
        [f"The numbers of {definitions} are ready up to {ready.day}, with {warnings}."],
        {"day": ready.day.isoformat(), "definitions": ready.definitions, "warnings": ready.warnings},
        ready.day,
    )


def alert(source: str, time: datetime, row: AlertEpisode) -> Message:
    """An episode was opened, is over, or lasts."""
    kind, said = _spoken(row)
    where = "" if row.segment == ALL else f" ({row.segment}: {row.segment_value})"
    return message(
        source,
        kind,
        f"alert.{row.alert}",
        time,
        f"Alert {row.alert}{where}: {said}",
        [row.message, row.description],
        row.model_dump(mode="json"),
        row.subject, row.number, row.segment, row.segment_value, row.opened, row.spoken,
    )  # fmt: skip


def goal(source: str, time: datetime, row: MeasuredGoal, before: MeasuredGoal | None) -> Message:
    """A goal has another state than on the morning before, or is measured for the first time."""
    changed = f", before {before.state}" if before else ""
    return message(
        source,
        "GoalChanged",
        f"goal.{row.goal}",
        time,
        f"Goal {row.goal}: {row.state}{changed}",
        [row.description, *_measured(row)],
        {**row.model_dump(mode="json"), "state_before": before.state if before else None},
        row.day, row.state, row.goal_version,
    )  # fmt: skip


def made_list(source: str, row: MadeList) -> Message:
    """Somebody entered or left a list."""
    noun = {"person": "people", "account": "accounts"}[row.actor]
    held = f"{row.held_out:,} of them are held out and never delivered." if row.held_out else ""
    return message(
        source,
        "ListChanged",
        f"list.{row.list}",
        _made_at(row),
        f"List {row.list}: {row.entered:,} entered, {row.left:,} left",
        [row.description or row.meaning, f"{row.people:,} {noun} are on the list. {held}".strip(), f"File: {row.file}"],
        {**row.model_dump(mode="json"), "made_at": _made_at(row).isoformat()},
        # not the counts: they fall when a person is forgotten, and then nobody else must be handed over again
        _made_at(row).isoformat(), row.revision,
    )  # fmt: skip


_ENDED = {
    "recovered": "over, it is back",
    "settled": "ended, the change has lasted 28 days",
    "unmeasured": "ended, too few people to measure it",
}
"""How an episode ended -> the news in a few words; its sentence is the episode's own."""


def _spoken(row: AlertEpisode) -> tuple[Kind, str]:
    """The kind of the message of the morning `spoken`, and the news in a few words."""
    if row.closed == row.spoken and row.ending != "dropped":  # nothing is said of an end that somebody has made
        return "AlertClosed", _ENDED.get(row.ending or "", "over")
    if row.opened == row.spoken:
        return "AlertOpened", row.change
    return "AlertReminded", f"open since {row.opened}"


def _changed(rows: list[MeasuredGoal]) -> Iterator[tuple[MeasuredGoal, MeasuredGoal | None]]:
    """The rows whose state differs from the goal's morning before, and the first of each goal, and of each new aim."""
    ordered = sorted(rows, key=lambda row: (row.goal, row.day))
    for _, mornings in groupby(ordered, key=lambda row: row.goal):
        of_goal = list(mornings)
        yield of_goal[0], None
        for before, row in pairwise(of_goal):
            if row.goal_version != before.goal_version:
                yield row, None
            elif row.state != before.state:
                yield row, before


def _measured(row: MeasuredGoal) -> Iterator[str]:
    """The goal's numbers in sentences."""
    if row.measured is None:
        yield "It is not measured yet."
    else:
        interval = f" ({_said(row, row.low)} to {_said(row, row.high)})" if row.low is not None else ""
        people = f" of {row.people:,}" if row.people is not None else ""
        yield f"Measured up to {row.measured_to}: {_said(row, row.measured)}{interval}{people}."
    needed = f"Needed over the same days: {_said(row, row.needed)}. " if row.needed is not None else ""
    yield f"{needed}Target: {_said(row, row.target)} by {row.by}."


def _said(row: MeasuredGoal, value: float | None) -> str:
    """A number of the goal's definition: a share in percent, a length of time in a unit that fits it, or a count."""
    column = row.number.split()[0]
    family = FAMILIES.get(row.metric.partition(".")[0])
    number = family.number(column) if family else None
    if value is None:
        return "?"
    if number and number.is_share:
        return f"{_digits(value * 100)} %"
    if column.endswith("seconds"):
        unit, size = next(((unit, size) for unit, size in _UNITS if abs(value) >= 2 * size), ("seconds", 1))
        return f"{_digits(value / size)} {unit}"
    return _digits(value)


def _digits(value: float) -> str:
    """All digits before the point, and so many behind it that four count: 12,345, 12.5, 0.0625."""
    whole = floor(log10(abs(value))) if value else 0
    text = f"{value:,.{max(0, 3 - whole)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _made_at(row: MadeList) -> datetime:
    return row.made_at.replace(tzinfo=UTC)
