"""compute: the whole engine on plain files, no AWS."""

import shutil
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Annotated

import duckdb
import typer

from daybreak.cli import show
from daybreak.cli.options import AsJson
from daybreak.definitions.project import Project, load
from daybreak.engine import database
from daybreak.engine.database import Limits
from daybreak.engine.sql import literal, parquet, sql_file
from daybreak.errors import InputError
from daybreak.families.base import Family
from daybreak.families.registry import FAMILIES
from daybreak.files.compute import compute_files
from daybreak.ingest.event import parse_time
from daybreak.lake.tables import duckdb_columns
from daybreak.metrics.job import Computed
from daybreak.metrics.never_arrived import never_arrived

_FORMULA = r"^[\s\x00]*[=+\-@\x{FF1D}\x{FF0B}\x{FF0D}\x{FF20}]|^[\t\r\n]"
"""How a cell begins that a spreadsheet may run as a formula (OWASP, CSV injection); the last four are wide signs."""

Table = tuple[list[str], list[tuple[object, ...]]]
"""Columns and rows."""


def register(app: typer.Typer) -> None:
    app.command()(compute)


def compute(
    events: Annotated[
        list[str], typer.Argument(help="Files of JSON lines or CSV, .gz and .zst too; - is standard input")
    ],
    definitions: Annotated[Path, typer.Option(help="What to measure")] = Path("daybreak.toml"),
    as_of: Annotated[
        str | None, typer.Option(help="Count nothing after this instant; default: end of the last day")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for the tables as Parquet and CSV")] = Path("out"),
    rows: Annotated[int, typer.Option(help="Show this many of each definition's rows below its summary")] = 0,
    memory_mb: Annotated[int, typer.Option(help="Memory the engine may use")] = 2000,
    as_json: AsJson = False,
) -> None:
    """Every table of daybreak.toml from plain files of events, on this machine, without AWS."""
    project = load(definitions)
    instant = _instant(as_of, project)
    _make_folder(out)
    lake = Path(tempfile.mkdtemp(prefix="daybreak-lake-"))
    try:
        with show.ERR.status("reading …") as status:
            until, counts, computed, store = compute_files(
                events, project, instant, lake, Limits(memory_mb=memory_mb), lambda doing: status.update(f"{doing} …")
            )
            warnings = never_arrived(store, project)
        tables = write_tables(computed, lake, out)
    finally:
        shutil.rmtree(lake, ignore_errors=True)
    if as_json:
        show.as_json(
            {name: [dict(zip(columns, row, strict=True)) for row in found] for name, (columns, found) in tables.items()}
        )
        return
    show.OUT.print(f"{counts.events:,} events, as of {until:%Y-%m-%d %H:%M:%S} UTC")
    if counts.rejected:
        show.OUT.print(f"{counts.rejected:,} could not be taken, the first:", style="yellow")
        for reject in counts.first_rejects:
            show.OUT.print(f"  {reject}", markup=False, soft_wrap=True)
    if counts.after_as_of:
        show.OUT.print(f"{counts.after_as_of:,} are later than that and left out")
    for warning in warnings:
        show.OUT.print(warning, style="yellow", markup=False, soft_wrap=True)
    show_tables(project, computed, out, rows)
    show.OUT.print(f"Every row: {out}/*.csv and {out}/*.parquet, one file a family.")


def write_tables(computed: list[Computed], lake: Path, out: Path) -> dict[str, Table]:
    """Each family's partitions as one table in `out`, in both formats; columns and rows by family."""
    _make_folder(out)
    return {done.family: _table(FAMILIES[done.family], lake, out) for done in computed}


def show_tables(project: Project, computed: list[Computed], out: Path, rows: int) -> None:
    """A summary of each definition from the tables in `out`, with its first rows where asked for."""
    for done in computed:
        _show(project, FAMILIES[done.family], out, rows)


def _table(family: Family, lake: Path, out: Path) -> Table:
    """Read a family's partitions back and write them as one table in both formats."""
    columns = list(family.row.model_fields)
    order = ", ".join([f'"{name}"' for name in columns])
    files = lake / "metrics" / family.name
    relation = (
        f"read_parquet('{files.as_posix()}/*/*/*.parquet', hive_partitioning = true, "
        f"hive_types = {{'definition': varchar, '{family.partition}': date}})"
        if any(files.rglob("*.parquet"))
        else parquet([], duckdb_columns(family.row))  # nobody started: a table without rows
    )
    with duckdb.connect() as db:
        found = f"select {order} from {relation} order by definition, {family.partition}, {order}"  # noqa: S608
        db.execute(f"create table found as {found}")
        db.execute(f"copy found to {literal(out / f'{family.name}.parquet')} (format parquet)")
        cells = ", ".join(_cell(name, type_) for name, type_, *_ in db.execute("describe found").fetchall())
        file = literal(out / f"{family.name}.csv")
        db.execute(f"copy (select {cells} from found) to {file} (format csv, header)")  # noqa: S608
        return columns, db.execute("select * from found").fetchall()


def _cell(name: str, type_: str) -> str:
    """A column as it goes into CSV. Text that a spreadsheet would run gets a ' before it, and is text there too.

    Segment values are what anybody sent who has a browser's write key. The Parquet files have them as they are.
    """
    if type_ != "VARCHAR":
        return f'"{name}"'
    runs = f"regexp_matches(\"{name}\", '{_FORMULA}')"
    return f'case when {runs} then chr(39) || "{name}" else "{name}" end as "{name}"'


def _show(project: Project, family: Family, out: Path, rows: int) -> None:
    """A summary of each definition over its complete cohorts, and its first rows where asked for."""
    summary = sql_file("daybreak.families", f"{family.name}.summary")
    file = literal(out / f"{family.name}.parquet")
    for name, definition in project.of(family.name).items():
        with duckdb.connect() as db:
            mine = f"select * exclude (definition, version) from read_parquet({file}) where definition = '{name}'"  # noqa: S608
            db.execute(f"create view rows_of_one as {mine}")
            options = {"options": len(definition.options()), **definition.options()}  # a table needs a column
            texts = dict.fromkeys(options, "VARCHAR")
            database.create(db, "options_of_one", texts, [{key: str(value) for key, value in options.items()}])
            _print(db, f"\n{family.name}: {name}\n{definition.description}", summary, bool(definition.segments))
            if rows:
                _print(db, "", f"select * from rows_of_one limit {rows}", bool(definition.segments))  # noqa: S608


def _print(db: duckdb.DuckDBPyConnection, title: str, query: str, segments: bool) -> None:
    found = db.execute(query)
    columns = [column[0] for column in found.description]
    kept = [n for n, column in enumerate(columns) if segments or not column.startswith("segment")]
    show.table(title, [columns[n] for n in kept], [[row[n] for n in kept] for row in found.fetchall()])


def _make_folder(out: Path) -> None:
    """Before the work, not after it. Raises InputError."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"--out {out}: no folder can be made there: {error.strerror}") from None


def _instant(text: str | None, project: Project) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InputError(f"--as-of {text!r} is no time; write it as 2026-11-21T08:00:00Z") from None
    return moment.replace(tzinfo=project.zone) if moment.tzinfo is None else parse_time(text)
