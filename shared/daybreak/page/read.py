"""Everything that the page shows, read from the result tables as plain data. Nothing here knows a figure.

No value of a segment is read that fewer than `FEW` people have: an id, a name or an address belongs to one person.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any, TypeVar

from daybreak.definitions.project import ALL, Project
from daybreak.engine.database import create
from daybreak.engine.sql import Sql, identifier, literal, parquet, spliced, sql_file
from daybreak.export.rows import read_rows
from daybreak.export.run import Run
from daybreak.families.base import Definition, Family
from daybreak.families.registry import FAMILIES
from daybreak.lake import keys
from daybreak.lake.tables import (
    AlertEpisode,
    MadeList,
    MeasuredGoal,
    Reconciled,
    RefusedAlert,
    Row,
    Warned,
    duckdb_columns,
)
from daybreak.metrics.publish import read_latest
from daybreak.metrics.results import rows_of
from daybreak.page.counts import FEW
from daybreak.watch.publish import refused_alerts

VALUES_SHOWN = 8
"""Of each segment so many values can be chosen, those with the most people."""
SEGMENT_DAYS = 120
"""So far back figures other than trends look at a segment's value."""
ALL_DAYS = 36_500
NEWS_DAYS = 7
"""The state of a goal is news for so many mornings."""
BALANCED_DAYS = 7
"""The head says whether the counts of so many arrival days agree."""

TRENDS = ("activation", "conversion", "campaign", "adoption", "breadth")
"""The families whose lines can be drawn for a long range, so each row of a segment's value is read."""
DECIDED_ONCE = ("experiment",)
"""The families whose figure may be that of a day long ago."""

M = TypeVar("M", bound=Row)


@dataclass(frozen=True, slots=True, order=True)
class Group:
    """Whom rows are about: a segment and one of its values."""

    segment: str = ALL
    value: str = ALL


EVERYBODY = Group()


@dataclass(frozen=True, slots=True)
class Measured:
    """One definition, and its rows for everybody and for each value of a segment."""

    family: Family
    name: str
    definition: Definition
    version: str
    rows: Mapping[Group, list[dict[str, Any]]]

    @property
    def id(self) -> str:
        return f"{self.family.name}.{self.name}"

    def rows_of(self, group: Group) -> list[dict[str, Any]]:
        return self.rows.get(group, [])


@dataclass(frozen=True, slots=True)
class PageData:
    """All that the page shows. `until` is the first instant that the numbers do not know, aware."""

    project: Project
    day: date
    until: datetime
    measured: list[Measured]
    values: dict[str, list[str]]
    """Segment -> the values that can be chosen, those with the most people first."""
    late: dict[str, date | None]
    """A family, or warnings, goals, alerts, lists -> the older day its table is as of, or None if there is none."""
    warnings: list[Warned]
    difference: int | None
    """Events lost or doubled on the last arrival days; None if nothing was reconciled."""
    goals: list[MeasuredGoal]
    new_goals: set[str]
    """The goals whose state has begun in the last days, by name."""
    alerts: list[AlertEpisode]
    lists: list[MadeList]
    refused: list[RefusedAlert] = field(default_factory=list)
    """The alerts that are not looked at."""

    @property
    def last_whole_day(self) -> date:
        """The newest day that is over."""
        is_over = self.until.astimezone(self.project.zone).date() > self.day
        return self.day if is_over else self.day - timedelta(days=1)


def read(run: Run, day: date, until: datetime) -> PageData:
    """Everything that the page of a day shows."""
    stored = {family: rows_of(run, FAMILIES[family]) for family in run.project.measured}  # each is listed once
    values = _values(run, stored)
    shown = [{"segment": s, "segment_value": value} for s, some in values.items() for value in some]
    create(run.db, "shown", dict.fromkeys(("segment", "segment_value"), "VARCHAR"), shown)
    mornings = read_rows(run, keys.watched(keys.GOALS), MeasuredGoal)
    made = read_rows(run, keys.list_counts(), MadeList)
    episodes = read_rows(run, keys.watched(keys.ALERTS), AlertEpisode)
    lists = _in_order(_newest(made, "list", "made_at"), "list", run.project.lists)
    data = PageData(
        project=run.project,
        day=day,
        until=until,
        measured=[one for family, rows in stored.items() for one in _measured(run, FAMILIES[family], rows)],
        values=values,
        late={},
        warnings=read_rows(run, keys.warnings(), Warned),
        difference=_difference(run, day),
        goals=_in_order(_newest(mornings, "goal", "day"), "goal", run.project.goals),
        new_goals=_new(mornings, day),
        alerts=[e for e in episodes if e.alert in run.project.alerts and is_news(e, day)],
        lists=lists,
        refused=_in_order(refused_alerts(run.store), "alert", run.project.alerts),
    )
    return replace(data, late=_late(run, data))


def _values(run: Run, stored: Mapping[str, Sql]) -> dict[str, list[str]]:
    """Segment -> its values that enough people have, the largest first. `stored`: family -> its rows as a relation."""
    people: dict[tuple[str, str], int] = {}
    for family, rows in stored.items():
        if counted := different_people(FAMILIES[family]):
            statement = _statement("people_of", FAMILIES[family], rows, people=counted)
            for segment, value, count in run.db.execute(statement).fetchall():
                people[segment, value] = max(people.get((segment, value), 0), int(count or 0))
    values: dict[str, list[str]] = {}
    for (segment, value), count in sorted(people.items(), key=lambda item: (-item[1], item[0])):
        if count >= FEW and len(values.setdefault(segment, [])) < VALUES_SHOWN:
            values[segment].append(value)
    return {segment: sorted(values[segment]) for segment in run.project.segments if values.get(segment)}


def different_people(family: Family) -> Sql | None:
    """How many different people the rows of a family hold for certain, in SQL; None if they count no people."""
    if family.people is None:
        return None
    column, by = identifier(family.people.column), family.numbers[0].by
    if not family.people.are_once:
        return Sql(f"max({column})")
    if by is None:
        return Sql(f"sum({column})")
    return Sql(f"coalesce(sum({column}) filter (where {identifier(by)} = 1), 0)")  # each step names all who entered


def _measured(run: Run, family: Family, stored: Sql) -> list[Measured]:
    """The definitions of one family with their rows, in the order of daybreak.toml."""
    found = run.db.execute(
        _retention(run, family, stored) if family.name == "retention" else _rows(run, family, stored)
    )
    names = [column[0] for column in found.description]
    whose = itemgetter(*map(names.index, ("definition", "segment", "segment_value")))
    rows: dict[str, dict[Group, list[dict[str, Any]]]] = {}
    for (definition, segment, value), some in groupby(found.fetchall(), key=whose):
        mine = [dict(zip(names, values, strict=True)) for values in some]
        rows.setdefault(definition, {}).setdefault(Group(segment, value), []).extend(mine)
    for groups in rows.values():
        for mine in groups.values():
            mine.sort(key=itemgetter(family.partition))  # the rest of their order stays
    versions = run.project.versions(family.name)
    return [
        Measured(family, name, definition, versions[name], rows.get(name, {}))
        for name, definition in run.project.of(family.name).items()
    ]


def _rows(run: Run, family: Family, stored: Sql) -> Sql:
    newest = _statement("newest_of", family, stored)
    run.db.execute(spliced("create or replace temp table newest as {newest}", newest=newest))
    days = ALL_DAYS if family.name in TRENDS + DECIDED_ONCE else SEGMENT_DAYS
    return _statement("rows_to_draw", family, stored, days=Sql(str(days)))


def _retention(run: Run, family: Family, stored: Sql) -> Sql:
    """Retention's rows, cohorts of days and hours added up to weeks."""
    definitions = run.project.of(family.name)
    days = {name: int(d.options()["period"] in ("day", "hour")) for name, d in definitions.items()}
    rows = [{"definition": name, "days": in_weeks} for name, in_weeks in days.items()]
    create(run.db, "buckets", {"definition": "VARCHAR", "days": "INTEGER"}, rows)
    shift = {"monday": 6, "sunday": 0}[run.project.settings.week_start]
    return _statement("retention_to_draw", family, stored, week_shift=Sql(str(shift)))


def _statement(name: str, family: Family, stored: Sql, **parts: Sql) -> Sql:
    return spliced(
        sql_file("daybreak.page.sql", name),
        **{"rows": stored, "everybody": literal(ALL), "partition": identifier(family.partition), **parts},
    )


def _late(run: Run, data: PageData) -> dict[str, date | None]:
    """The tables that are older than the page: the job of the morning that makes them has failed, or did not run."""
    project, over = run.project, data.last_whole_day
    wanted = {**dict.fromkeys(project.measured, data.day), keys.WARNINGS: data.day}
    wanted |= {table: over for table, some in ((keys.GOALS, project.goals), (keys.ALERTS, project.alerts)) if some}
    late: dict[str, date | None] = {}
    for table, day in wanted.items():
        latest = read_latest(run.store, table)
        as_of = date.fromisoformat(latest["as_of"]) if latest else None
        if as_of is None or as_of < day:
            late[table] = as_of
    made = {one.list: _last_day_known(one.made_at, project) for one in data.lists}
    known = [made.get(name) for name in project.lists]
    days = [day for day in known if day is not None]
    if len(days) < len(known) or any(day < over for day in days):
        late[keys.LISTS] = min(days) if len(days) == len(known) else None
    return late


def _last_day_known(made_at: datetime, project: Project) -> date:
    """The last day that is over at an instant (naive, UTC)."""
    return made_at.replace(tzinfo=UTC).astimezone(project.zone).date() - timedelta(days=1)


def _difference(run: Run, day: date) -> int | None:
    arrived = [day + timedelta(days=1 - back) for back in range(BALANCED_DAYS + 1)]
    stored = [key for key in map(keys.reconciliation, arrived) if run.store.list(key)]
    if not stored:
        return None
    files = list(run.store.local(stored, run.work / "page").values())
    rows = parquet(files, duckdb_columns(Reconciled))
    found = run.db.execute(spliced("select sum(abs(difference)) from {rows}", rows=rows)).fetchone()
    return int(found[0] or 0) if found else None


def _new(mornings: list[MeasuredGoal], day: date) -> set[str]:
    """The goals that were not in today's state on a morning some days ago already, and on each one since.

    A goal whose answer was final before that is not new, even if no earlier morning is known.
    """
    since = day - timedelta(days=NEWS_DAYS)
    newest = {goal.goal: goal for goal in _newest(mornings, "goal", "day")}
    long = {goal.goal for goal in mornings if goal.day <= since}
    changed = {goal.goal for goal in mornings if goal.day >= since and goal.state != newest[goal.goal].state}
    begun = {name for name, goal in newest.items() if name not in long and goal.final_on > since}
    return begun | changed


def is_news(episode: AlertEpisode, day: date) -> bool:
    """True of an episode that lasts, or has ended today by itself."""
    return episode.closed is None or (episode.closed >= day and episode.ending != "dropped")


def _in_order(rows: list[M], named: str, defined: Mapping[str, object]) -> list[M]:
    """The rows of what daybreak.toml still defines, in its order."""
    order = {name: nth for nth, name in enumerate(defined)}
    return sorted((row for row in rows if getattr(row, named) in order), key=lambda row: order[getattr(row, named)])


def _newest(rows: list[M], named: str, moment: str) -> list[M]:
    """The newest row of each name, in the order in which the names first come."""
    newest: dict[str, M] = {}
    for row in rows:
        name = getattr(row, named)
        if name not in newest or getattr(row, moment) >= getattr(newest[name], moment):
            newest[name] = row
    return list(newest.values())
