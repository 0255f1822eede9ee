"""Runs a family's SQL over its input tables and writes the months whose bytes changed.

A month is one object. If a run computes only the later days of a month, the earlier rows are those of the object that
was there: nothing that a run sees can change them, or it would compute them too.
"""

from collections.abc import Sequence
from datetime import date

from daybreak.definitions.project import Project
from daybreak.engine import database
from daybreak.engine.calendar import EPOCH, Calendar
from daybreak.engine.sql import Sql, casts, identifier, inputs_of, spliced, sql_file
from daybreak.export.run import Run
from daybreak.families.base import Definition, Family
from daybreak.lake import keys
from daybreak.lake.store import Stored, put_changed
from daybreak.lake.tables import duckdb_columns
from daybreak.metrics.computation import Computation
from daybreak.metrics.inputs.build import Inputs
from daybreak.metrics.results import rows_in


def first_partitions(project: Project, calendar: Calendar, family: Family, changed_from: date) -> dict[str, date]:
    """Definition -> the oldest day or cohort whose rows data from the day `changed_from` on can still change."""
    return {name: _first_partition(calendar, d, changed_from) for name, d in project.of(family.name).items()}


def compute(run: Run, computation: Computation, stored: Sequence[Stored]) -> list[str]:
    """Recompute the rows the computation names, into table `result`; write the months whose bytes changed.

    `stored` is what the store held of the family before. Months that no longer have rows, definitions that are no
    longer there, and objects of an older version are removed, after everything is written. Returns the keys written.
    """
    family = computation.family
    statement = Sql(sql_file("daybreak.families", family.name))
    Inputs(run, computation).make(inputs_of(statement))
    rows = _finished(run, family, statement) if family.finish else statement
    columns = casts(duckdb_columns(family.row))
    run.db.execute(
        spliced("create or replace table result as select {columns} from ({rows})", columns=columns, rows=rows)
    )
    _add_earlier_rows(run, computation, stored)
    return _write(run, computation, stored)


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


def _add_earlier_rows(run: Run, computation: Computation, stored: Sequence[Stored]) -> None:
    """Add the rows that the first computed month of each definition holds of the days before the first computed day."""
    family = computation.family
    firsts = {
        keys.metrics(family.name, name, keys.month(first)): {"definition": name, "first": first}
        for name, first in computation.recompute_from.items()
        if first.day > 1
    }
    months = [s.key for s in stored if s.key in firsts]
    if not months:
        return
    database.create(run.db, "firsts", {"definition": "VARCHAR", "first": "DATE"}, firsts.values())
    earlier = spliced(
        "insert into result select r.* from {rows} as r join firsts as f on f.definition = r.definition "
        "where r.{day} < f.first",
        rows=rows_in(list(run.store.local(months, run.work / "before").values()), family),
        day=identifier(family.partition),
    )
    run.db.execute(earlier)


def _write(run: Run, computation: Computation, stored: Sequence[Stored]) -> list[str]:
    family = computation.family
    months = spliced(
        "create or replace table months as select *, strftime({day}, '%Y-%m') as month from result",
        day=identifier(family.partition),
    )
    run.db.execute(months)
    order = [family.partition, *duckdb_columns(family.row)]
    written = database.write_partitions(run.db, "months", ["definition", "month"], order, run.work / family.name)
    files = {keys.metrics(family.name, definition, month): file for (definition, month), file in written.items()}
    changed = put_changed(run.store, files, stored, made_from_existing=True)
    run.store.delete(s.key for s in stored if s.key not in files and _is_computed(s.key, computation))
    return changed


def _is_computed(key: str, computation: Computation) -> bool:
    """True if this run computed all that the object holds, or its definition no longer exists."""
    if not keys.is_by_month(key):
        return True
    first = computation.recompute_from.get(keys.definition_of(key))
    return first is None or keys.month_of(key) >= keys.month(first)
