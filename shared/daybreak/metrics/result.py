"""Runs a family's SQL over its input tables and writes the partitions whose bytes changed."""

from datetime import date

from daybreak.definitions.project import Project
from daybreak.engine import database
from daybreak.engine.calendar import EPOCH, Calendar
from daybreak.engine.sql import Sql, casts, inputs_of, spliced, sql_file
from daybreak.export.run import Run
from daybreak.families.base import Definition, Family
from daybreak.lake import keys
from daybreak.lake.store import put_changed
from daybreak.lake.tables import duckdb_columns
from daybreak.metrics.computation import Computation
from daybreak.metrics.inputs.build import Inputs


def first_partitions(project: Project, calendar: Calendar, family: Family, changed_from: date) -> dict[str, date]:
    """Definition -> the oldest partition that data from the day `changed_from` on can still change."""
    return {name: _first_partition(calendar, d, changed_from) for name, d in project.of(family.name).items()}


def compute(run: Run, computation: Computation) -> list[str]:
    """Recompute the partitions the computation names, into table `result`; write those whose bytes changed.

    Partitions that no longer have rows and definitions that are no longer there are removed. Returns the keys written.
    """
    family = computation.family
    statement = Sql(sql_file("daybreak.families", family.name))
    Inputs(run, computation).make(inputs_of(statement))
    rows = _finished(run, family, statement) if family.finish else statement
    columns = casts(duckdb_columns(family.row))
    run.db.execute(
        spliced("create or replace table result as select {columns} from ({rows})", columns=columns, rows=rows)
    )
    return _write(run, computation)


def _finished(run: Run, family: Family, statement: Sql) -> Sql:
    """The SQL's rows completed in Python, as a query."""
    found = run.db.execute(statement)
    names = [column[0] for column in found.description]
    rows = (dict(zip(names, row, strict=True)) for row in found.fetchall())
    columns = duckdb_columns(family.row)
    database.create(run.db, "finished", columns, list(family.finish(rows)) if family.finish else [])
    return Sql("select * from finished")


def _first_partition(calendar: Calendar, definition: Definition, changed_from: date) -> date:
    days = min(definition.days_until_final(), (changed_from - EPOCH).days)
    period = definition.options().get("period") or "day"
    period = "day" if period == "hour" else period
    return calendar.first_day(period, calendar.number(period, calendar.days_before(changed_from, days)))


def _write(run: Run, computation: Computation) -> list[str]:
    family = computation.family
    by, order = ["definition", family.partition], list(duckdb_columns(family.row))
    written = database.write_partitions(run.db, "result", by, order, run.work / family.name)
    files = {
        keys.metrics(family.name, definition, family.partition, date.fromisoformat(day)): file
        for (definition, day), file in written.items()
    }
    existing = run.store.list(keys.metrics_prefix(family.name))
    changed = put_changed(run.store, files, existing)
    run.store.delete(s.key for s in existing if s.key not in files and _is_computed(s.key, computation))
    return changed


def _is_computed(key: str, computation: Computation) -> bool:
    """True if this run computed the partition, or its definition no longer exists."""
    name = keys.definition_of(key)
    first = computation.recompute_from.get(name)
    return first is None or date.fromisoformat(keys.partition_of(key)) >= first
