"""Runs a family's SQL over the prepared inputs and writes the partitions whose bytes changed."""

from datetime import date, timedelta
from pathlib import Path

from daybreak.definitions.project import Project
from daybreak.engine import database
from daybreak.engine.calendar import Calendar
from daybreak.engine.database import Connection
from daybreak.families.base import Definition
from daybreak.families.registry import Family
from daybreak.lake import keys
from daybreak.lake.store import Store, put_changed
from daybreak.lake.tables import duckdb_columns
from daybreak.metrics.inputs.build import Question, prepare


def first_partitions(project: Project, family: Family, changed_from: date) -> dict[str, date]:
    """Definition -> the oldest partition that data from the day `changed_from` on can still change."""
    calendar = Calendar(project.zone, project.settings.week_start)
    return {name: _first(calendar, d, changed_from) for name, d in project.of(family.name).items()}


def compute(db: Connection, store: Store, work: Path, project: Project, question: Question) -> list[str]:
    """Recompute the partitions the question names, into table `result`; write those whose bytes changed.

    Partitions that no longer have rows and definitions that are no longer there are removed. Returns the keys written.
    """
    prepare(db, store, work, project, question)
    family = question.family
    sql = database.statements("daybreak.families", f"{family.name}.sql")
    if family.finish:
        sql = _finished(db, family, sql)
    casts = ", ".join(f"cast({name} as {type_}) as {name}" for name, type_ in duckdb_columns(family.row).items())
    db.execute(f"create or replace table result as select {casts} from ({sql})")  # noqa: S608
    return _write(db, store, work, question)


def _finished(db: Connection, family: Family, sql: str) -> str:
    """The SQL's rows completed in Python, as a query."""
    found = db.execute(sql)
    names = [column[0] for column in found.description]
    rows = (dict(zip(names, row, strict=True)) for row in found.fetchall())
    columns = duckdb_columns(family.row)
    database.create(db, "finished", columns, list(family.finish(rows)) if family.finish else [])
    return "select * from finished"


def _first(calendar: Calendar, definition: Definition, changed_from: date) -> date:
    days = min(definition.waits_days(), (changed_from - date(1970, 1, 1)).days)
    period = definition.row().get("period") or "day"
    period = "day" if period == "hour" else period
    return calendar.first_day(period, calendar.number(period, changed_from - timedelta(days=days)))


def _write(db: Connection, store: Store, work: Path, question: Question) -> list[str]:
    family = question.family
    by = ["definition", family.partition]
    order = ", ".join(duckdb_columns(family.row))
    written = database.write_partitions(db, "result", by, order, work / family.name)
    files = {
        keys.metrics(family.name, definition, family.partition, date.fromisoformat(day)): file
        for (definition, day), file in written.items()
    }
    existing = store.list(keys.metrics_prefix(family.name))
    changed = put_changed(store, files, existing)
    store.delete(s.key for s in existing if s.key not in files and _in_question(s.key, question))
    return changed


def _in_question(key: str, question: Question) -> bool:
    """Whether a partition lies where this run computed, or belongs to a definition that is gone."""
    definition = key.partition("definition=")[2].partition("/")[0]
    day = date.fromisoformat(key.partition(f"{question.family.partition}=")[2][:10])
    return definition not in question.firsts or day >= question.firsts[definition]
