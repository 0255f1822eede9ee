"""Computed tables for people: one Parquet and one CSV file a family, and a summary of each definition."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from daybreak.definitions.project import Project
from daybreak.engine import database
from daybreak.engine.database import Connection, Limits, workplace
from daybreak.engine.spreadsheet import csv_cell
from daybreak.engine.sql import Sql, identifiers, literal, spliced, sql_file
from daybreak.errors import InputError
from daybreak.families.base import Definition, Family
from daybreak.families.registry import FAMILIES
from daybreak.lake import keys
from daybreak.lake.store import FolderStore
from daybreak.lake.tables import MadeList
from daybreak.metrics.results import rows_in


class Table(NamedTuple):
    """A table in memory."""

    columns: list[str]
    rows: list[tuple[Any, ...]]


class Summary(NamedTuple):
    """One definition's table in a few rows."""

    family: str
    definition: str
    description: str
    summary: Table
    """Only its complete cohorts are counted. Columns of segments are left out if the definition has none."""
    first_rows: Table | None
    """The first rows of the table itself, if any were asked for."""


def make_folder(out: Path) -> None:
    """Make the folder for the tables, with its parents. Raises InputError."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"--out {out}: no folder can be made there: {error.strerror}") from None


def write_tables(families: Iterable[str], lake: Path, out: Path) -> dict[str, Table]:
    """Write each family's months as one table into `out`, as Parquet and as CSV; returns the tables by family."""
    make_folder(out)
    with workplace(Limits()) as place:
        return {name: _write_table(place.db, FAMILIES[name], lake, out) for name in families}


def write_goals_and_alerts(lake: Path, out: Path) -> dict[str, Table]:
    """Write the tables `goals` and `alerts` into `out`, as Parquet and as CSV, if the lake has them."""
    tables: dict[str, Table] = {}
    with workplace(Limits()) as place:
        for name in (keys.GOALS, keys.ALERTS):
            if (file := lake / keys.watched(name)).exists():
                place.db.execute(spliced("create or replace table found as from {file}", file=literal(file)))
                tables[name] = _write_found(place.db, name, out)
    return tables


def copy_lists(lake: FolderStore, lists: Iterable[MadeList], out: Path) -> None:
    """Write everybody on each list into the folder `lists` of `out`, as CSV and as NDJSON."""
    for made in lists:
        for kind in ("csv", "ndjson"):
            file = out / keys.LISTS / f"{made.list}.{kind}"
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(lake.get(f"{made.file.removesuffix('csv')}{kind}") or b"")


def forget_latest(out: Path) -> None:
    """Remove the small JSON files of an earlier computation, before its tables are replaced."""
    before = FolderStore(out)
    before.delete([stored.key for stored in before.list(keys.LATEST)])


def copy_latest(lake: FolderStore, out: Path) -> None:
    """Write the small JSON of each table into the folder `latest` of `out`: how far it reaches, and its versions.

    It is written after all tables, so whoever reads it finds them as it says.
    """
    FolderStore(out).put_files({stored.key: lake.root / stored.key for stored in lake.list(keys.LATEST)})


def summaries(project: Project, families: Iterable[str], out: Path, rows: int) -> Iterator[Summary]:
    """A summary of each definition of these families, read from the tables in `out`, with its first `rows` rows."""
    with workplace(Limits()) as place:
        db = place.db
        for family in families:
            query = sql_file("daybreak.families", f"{family}.summary")
            db.read_parquet(str(out / f"{family}.parquet")).create_view("rows_of_all", replace=True)
            for name, definition in project.of(family).items():
                _select_definition(db, name, definition)
                summary = _fetch(db, query)
                first_rows = _fetch(db, "select * from rows_of_one limit ?", [rows]) if rows else None
                if not definition.segments:
                    summary = _without_segments(summary)
                    first_rows = _without_segments(first_rows) if first_rows else None
                yield Summary(family, name, definition.description, summary, first_rows)


def _write_table(db: Connection, family: Family, lake: Path, out: Path) -> Table:
    names = list(family.row.model_fields)
    months = sorted((lake / keys.months_prefix(family.name)).rglob("*.parquet"))
    rows = spliced(
        "create or replace table found as select {columns} from {months} order by {order}",
        columns=identifiers(names),
        months=rows_in(months, family),
        order=identifiers(["definition", family.partition, *names]),
    )
    db.execute(rows)
    return _write_found(db, family.name, out)


def _write_found(db: Connection, name: str, out: Path) -> Table:
    """Write the table `found` as Parquet and as CSV."""
    db.execute(spliced("copy found to {file} (format parquet)", file=literal(out / f"{name}.parquet")))
    found = db.table("found")
    cells = Sql(", ".join(csv_cell(name, str(type_)) for name, type_ in zip(found.columns, found.types, strict=True)))
    file = literal(out / f"{name}.csv")
    db.execute(spliced("copy (select {cells} from found) to {file} (format csv, header)", cells=cells, file=file))
    return Table(list(found.columns), found.fetchall())


def _select_definition(db: Connection, name: str, definition: Definition) -> None:
    """Make the tables that a summary reads: rows_of_one, the definition's rows, and options_of_one, its options."""
    mine = "select * exclude (definition, version) from rows_of_all where definition = ?"
    db.execute(f"create or replace table rows_of_one as {mine}", [name])
    options = {"options": len(definition.options()), **definition.options()}  # a table needs a column
    texts = dict.fromkeys(options, "VARCHAR")
    database.create(db, "options_of_one", texts, [{key: str(value) for key, value in options.items()}])


def _fetch(db: Connection, query: str, parameters: list[Any] | None = None) -> Table:
    found = db.execute(query, parameters)
    return Table([column[0] for column in found.description], found.fetchall())


def _without_segments(table: Table) -> Table:
    """The table without its columns of segments, which say nothing if a definition has none."""
    kept = [position for position, column in enumerate(table.columns) if not column.startswith("segment")]
    return Table([table.columns[n] for n in kept], [tuple(row[n] for n in kept) for row in table.rows])
