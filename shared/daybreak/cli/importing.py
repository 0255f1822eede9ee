"""The command that brings files of events into a deployment."""

import time
from collections.abc import Callable, Iterable
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer

from daybreak.aws.stack import Stack
from daybreak.aws.write_keys import require_source
from daybreak.cli import show
from daybreak.cli.options import AsJson, Cloud, MappingFile, StackName, mapping_in
from daybreak.cli.send import PANEL
from daybreak.cli.target import definitions_here, deployment
from daybreak.errors import CloudError, InputError
from daybreak.export.manifest import read_manifest
from daybreak.export.payloads import ExportDay
from daybreak.files.counts import EventCounts
from daybreak.files.importing import Imported, import_files
from daybreak.files.judge import Judge
from daybreak.files.readers.draft import draft

_PROGRESS_SECONDS = 20


def register(app: typer.Typer) -> None:
    """Add the command to the panel of those that send."""
    app.command("import", rich_help_panel=PANEL)(import_)


def import_(
    files: Annotated[
        list[str],
        typer.Argument(
            help="Files of CSV, Excel, JSON or Parquet, also compressed, or of another tool's export, or folders of "
            "them; - is standard input"
        ),
    ],
    source: Annotated[
        str | None,
        typer.Option(help="The name of their source; give the same files the same name each time", show_default=False),
    ] = None,
    mapping: MappingFile = None,
    drafting: Annotated[
        bool, typer.Option("--draft", help="Print a mapping to correct and to save, and import nothing")
    ] = False,
    export: Annotated[
        bool, typer.Option("--export/--no-export", help="Run the export afterwards, or leave that to the next hour")
    ] = True,
    cloud: Cloud = "auto",
    stack: StackName = "Daybreak",
    as_json: AsJson = False,
) -> None:
    """Import files of events into a deployment, each event once. Run it again after an interruption, or with more."""
    if drafting:
        show.OUT.print(draft(files), end="", markup=False, soft_wrap=True)
        return
    if source is None:
        raise InputError("--source is missing: a name for where these events come from, such as --source mixpanel")
    require_source(source)
    target = deployment(cloud, stack)
    done = _import(files, target, source, mapping)
    came_before = _export(target, done.waiting) if done.waiting and export else None
    if as_json:
        numbers = {name: value for name, value in asdict(done).items() if name not in ("counts", "waiting")}
        counts = {**done.counts.as_json(), "came_before": came_before}
        show.as_json({**numbers, "waiting": sorted(done.waiting) if came_before is None else [], "events": counts})
        return
    _show(done, source, came_before)


def _import(files: list[str], target: Stack, source: str, mapping: Path | None) -> Imported:
    """Import the files by the rules that are in force. Raises InputError if they hold no event."""
    project = definitions_here()
    live = target.live_rules(project.privacy.cleaner(target.hash_salt))
    judge = Judge(project, None, datetime.now(UTC), mapping_in(mapping), source, live.current())
    try:
        with show.ERR.status("reading …") as status:
            progress = _progress(status.update)
            done = import_files(files, judge, target.lake(), live.forgotten, lambda: datetime.now(UTC), progress)
    except KeyboardInterrupt:
        show.ERR.print("Interrupted. The same command goes on from here: the parts that are written stay.")
        raise
    if not done.parts:
        show.left_out(judge.counts)
        raise InputError("; ".join(["no events could be imported", *_reasons(judge.counts)]))
    return done


def _progress(update: Callable[[str], None]) -> Callable[[str], None]:
    """Show how far the import is: in one place on a terminal, else as a line now and then."""
    said = [time.monotonic()]

    def progress(doing: str) -> None:
        update(f"{doing} …")
        if not show.ERR.is_terminal and time.monotonic() - said[0] > _PROGRESS_SECONDS:
            said[0] = time.monotonic()
            show.ERR.print(f"  {doing}")

    return progress


def _reasons(counts: EventCounts) -> Iterable[str]:
    """Why files hold no event that could be imported."""
    yield from counts.first_rejects[:1]
    yield from counts.skipped[:1]
    yield from (f"{name}: no rows" for name in counts.without_rows)
    if counts.after_as_of:
        yield f"{counts.after_as_of:,} are later than now"


def _export(target: Stack, waiting: Iterable[date]) -> int:
    """Export what was imported. Returns how many events of these arrival days were found to have come before."""
    lake, days = target.lake(), sorted(waiting)

    def duplicates() -> int:
        return sum(found.duplicates for day in days if (found := read_manifest(lake, day)))

    before = duplicates()
    try:
        with show.Stages().stage("exporting"):
            target.export(ExportDay(date=days[-1], time=datetime.now(UTC)))
    except CloudError as error:
        raise CloudError(
            f"the events are imported, and the export that brings them into the tables failed: {error}; "
            "the next one tries again, five minutes past the hour"
        ) from error
    return duplicates() - before


def _show(done: Imported, source: str, came_before: int | None) -> None:
    counts = done.counts
    days = [f"{moment:%Y-%m-%d}" for moment in (counts.first, counts.last) if moment]
    left_out: dict[str, int] = {"rejected": counts.rejected, "too late": counts.after_as_of}
    others = "".join(f", {count:,} {what}" for what, count in left_out.items() if count)
    show.OUT.print(f"{counts.read:,} events read, {counts.events:,} taken{others}; {' to '.join(days)}", soft_wrap=True)
    show.left_out(counts)
    show.understood(counts)
    if done.forgotten:
        show.OUT.print(f"{done.forgotten:,} of them about people who asked to be forgotten are left out.")
    if not done.written and not done.waiting:
        show.OUT.print("All of it was imported before: nothing was written.")
        return
    before = f"; {done.parts_before:,} of {done.parts:,} parts were there before" if done.parts_before else ""
    show.OUT.print(f"Written to the raw log as {source}: {done.written:,}{before}.", soft_wrap=True)
    if came_before is None:
        show.OUT.print("The next export brings them into the tables, five minutes past the hour.")
        return
    repeated = f"{came_before:,} of them came before and count once" if came_before else "none of them came before"
    show.OUT.print(f"They are in the table events; {repeated}.", soft_wrap=True)
    show.OUT.print(
        "The next morning counts them; now: daybreak run morning --date DAY, with yesterday as DAY.", soft_wrap=True
    )
