"""The tables that messages are made from, read from the lake."""

import json
from dataclasses import dataclass, field
from datetime import date

from daybreak.definitions.project import Project
from daybreak.definitions.sends import METRICS
from daybreak.engine.database import Limits
from daybreak.export.rows import read_rows
from daybreak.export.run import begin
from daybreak.lake import keys
from daybreak.lake.store import Store
from daybreak.lake.tables import AlertEpisode, MadeList, MeasuredGoal


@dataclass(frozen=True, slots=True)
class Ready:
    """The newest day for which every family and the warnings are computed, and the page is written."""

    day: date
    definitions: int
    warnings: int


@dataclass(frozen=True, slots=True)
class Tables:
    """The rows of the three tables, and how far the metrics are."""

    goals: list[MeasuredGoal] = field(default_factory=list)
    alerts: list[AlertEpisode] = field(default_factory=list)
    lists: list[MadeList] = field(default_factory=list)
    ready: Ready | None = None


def read_tables(store: Store, project: Project, limits: Limits) -> Tables:
    """Read what the project's sends can be about; a table that is not there yet has no rows."""
    with begin(store, project, limits) as run:
        return Tables(
            goals=read_rows(run, keys.watched(keys.GOALS), MeasuredGoal) if project.goals else [],
            alerts=read_rows(run, keys.watched(keys.ALERTS), AlertEpisode) if project.alerts else [],
            lists=read_rows(run, keys.list_counts(), MadeList) if project.lists else [],
            ready=_ready(store, project) if any(send.takes(METRICS) for send in project.sends.values()) else None,
        )


def _ready(store: Store, project: Project) -> Ready | None:
    """None while a family, the warnings or the page were never made: whoever is told so opens the page."""
    published = [store.get(keys.latest(name)) for name in (*project.measured, keys.PAGE, keys.WARNINGS)]
    if not all(published):
        return None
    contents = [json.loads(data) for data in published if data]
    return Ready(
        day=min(date.fromisoformat(content["as_of"]) for content in contents),
        definitions=sum(1 for _ in project.all()),
        warnings=len(contents[-1]["rows"]),
    )
