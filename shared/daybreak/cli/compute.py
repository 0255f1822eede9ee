"""compute: the whole engine on plain files, no AWS."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from daybreak.cli import show
from daybreak.cli.options import AsJson
from daybreak.definitions.project import Project, load
from daybreak.errors import InputError
from daybreak.files.compute import MEMORY_MB, ComputedTables, compute_tables
from daybreak.files.tables import summaries
from daybreak.ingest.event import parse_time


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
    memory_mb: Annotated[int, typer.Option(help="Memory the engine may use")] = MEMORY_MB,
    as_json: AsJson = False,
) -> None:
    """Every table of daybreak.toml from plain files of events, on this machine, without AWS."""
    project = load(definitions)
    instant = _instant(as_of, project)
    with show.ERR.status("reading …") as status:
        done = compute_tables(events, project, instant, out, memory_mb, lambda doing: status.update(f"{doing} …"))
    if as_json:
        show.as_json({family: show.objects(*table) for family, table in done.tables.items()})
        return
    _show_counts(done)
    show_summaries(project, done, out, rows)
    show.OUT.print(f"Every row: {out}/*.csv and {out}/*.parquet, one file a family.")


def show_summaries(project: Project, done: ComputedTables, out: Path, rows: int) -> None:
    """A summary of each definition from the tables in `out`, with its first rows if any are asked for."""
    for found in summaries(project, done.tables, out, rows):
        show.table(f"\n{found.family}: {found.definition}\n{found.description}", *found.summary)
        if found.first_rows:
            show.table("", *found.first_rows)


def _show_counts(done: ComputedTables) -> None:
    counts = done.counts
    show.OUT.print(f"{counts.events:,} events, as of {done.as_of:%Y-%m-%d %H:%M:%S} UTC")
    if counts.rejected:
        show.OUT.print(f"{counts.rejected:,} were rejected, the first:", style="yellow")
        for reject in counts.first_rejects:
            show.OUT.print(f"  {reject}", markup=False, soft_wrap=True)
    if counts.after_as_of:
        show.OUT.print(f"{counts.after_as_of:,} are later than that and left out")
    for warning in done.never_arrived:
        show.OUT.print(warning, style="yellow", markup=False, soft_wrap=True)


def _instant(text: str | None, project: Project) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InputError(f"--as-of {text!r} is not a time; write it as 2026-11-21T08:00:00Z") from None
    return moment.replace(tzinfo=project.zone) if moment.tzinfo is None else parse_time(text)
