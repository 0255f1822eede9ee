"""The commands that compute tables, from files or from the events of a deployed stack, and query them."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import track

from daybreak.aws.stack import Stack
from daybreak.cli import show
from daybreak.cli.options import AsJson, Cloud, MappingFile, StackName, days, mapping_in, one_day
from daybreak.cli.target import definitions_here, deployment
from daybreak.definitions.project import Project, load
from daybreak.errors import CloudError, InputError
from daybreak.export.backfill import plan_backfill
from daybreak.export.payloads import AskSpan, ExportDay, FinishBackfill
from daybreak.families.registry import FAMILIES
from daybreak.files.compute import MEMORY_MB, ComputedTables, compute_tables
from daybreak.files.counts import EventCounts
from daybreak.files.judge import TOO_LATE
from daybreak.files.tables import summaries
from daybreak.ingest import times
from daybreak.lake.keys import LISTS, PAGE, WARNINGS, WATCH
from daybreak.lists.payloads import MakeDay
from daybreak.metrics.payloads import METRIC_JOBS, ComputeDay, jobs_of
from daybreak.send.payloads import SendScheduled

PANEL = "Compute"
MORNING = (*FAMILIES, WARNINGS, WATCH, LISTS, PAGE)
"""The jobs of a morning in the order of the schedule. Behind them comes the job that sends, if it is deployed."""
JOBS = ("export", *METRIC_JOBS, LISTS, "morning")


def register(app: typer.Typer) -> None:
    """Add the commands of this panel."""
    for command in (compute, run, backfill, query):
        app.command(rich_help_panel=PANEL)(command)


def compute(
    events: Annotated[
        list[str],
        typer.Argument(
            help="Files of CSV, Excel, JSON or Parquet, also compressed, or of another tool's export, or folders of "
            "them; - is standard input"
        ),
    ],
    definitions: Annotated[Path, typer.Option(help="The file of definitions")] = Path("daybreak.toml"),
    as_of: Annotated[
        str | None,
        typer.Option(
            help="Ignore events after this time; by default the end of the last day, or now if that is sooner"
        ),
    ] = None,
    out: Annotated[Path, typer.Option(help="The folder for the tables, as Parquet and CSV")] = Path("out"),
    rows: Annotated[int, typer.Option(help="Show this many rows of each definition below its summary")] = 0,
    memory_mb: Annotated[int, typer.Option(help="The memory that the engine may use, in MB")] = MEMORY_MB,
    mapping: MappingFile = None,
    as_json: AsJson = False,
) -> None:
    """Compute every metric from files of events, on this machine and without AWS."""
    project = load(definitions)
    instant, mapped = _instant(as_of, project), mapping_in(mapping)
    with show.ERR.status("reading …") as status:
        now = datetime.now(UTC)
        done = compute_tables(
            events,
            project,
            instant,
            out,
            memory_mb,
            lambda doing: status.update(f"{doing} …"),
            now=now,
            mapping=mapped,
        )
    if as_json:
        tables = {name: show.objects(*table) for name, table in {**done.tables, **done.goals_and_alerts}.items()}
        warnings = [warning.model_dump() for warning in done.warnings]
        lists = {"lists": [made.model_dump() for made in done.lists]} if done.lists else {}
        refused = {"refused_alerts": [one.model_dump() for one in done.refused_alerts]} if done.refused_alerts else {}
        counts = {**done.counts.as_json(), "as_of": done.as_of}
        show.as_json({**tables, **refused, **lists, "events": counts, "warnings": warnings})
        return
    _show_counts(done, project, instant)
    show_summaries(project, done, out, rows)
    show.lines(done.watched)
    show.OUT.print(f"Every row: {out}/*.csv and {out}/*.parquet, one file a family.")
    if done.lists:
        show.lists(done.lists)
        show.OUT.print(f"Who is on them: {out}/lists/*.csv and {out}/lists/*.ndjson, one file a list.")
    show.OUT.print(f"The page:  {done.page}", soft_wrap=True)


def run(
    job: Annotated[str, typer.Argument(help=f"One of: {', '.join(JOBS)}. morning runs all but export, in order")],
    day: Annotated[str, typer.Option("--date", help="The arrival day to export, or the day to compute as of")],
    cloud: Cloud = "auto",
    stack: StackName = "Daybreak",
    as_json: AsJson = False,
) -> None:
    """Run a scheduled job now, for the date that you give, or all jobs of a morning. Safe to repeat."""
    if job not in JOBS:
        raise InputError(f"unknown job {job!r}; choose from {', '.join(JOBS)}")
    target = deployment(cloud, stack)
    wanted = one_day("--date", day)
    if job == "morning":
        ran = _run_morning(target, wanted)
        show.as_json(ran) if as_json else _show_morning(ran)
    else:
        with show.Stages().stage(f"{job} {wanted}"):
            done = _run_job(target, job, wanted)
        ran = [done]
        show.as_json(done) if as_json else _show_done(done)
    as_of = max((done["as_of"] for done in ran if "as_of" in done), default=wanted.isoformat())
    if as_of != wanted.isoformat():
        note = f"Computed as of {as_of}, the newest date so far: tables never go back to an older date."
        show.ERR.print(note, soft_wrap=True)


def _run_job(target: Stack, job: str, day: date) -> dict[str, Any]:
    """Run one job of the stack and wait for its answer."""
    if job == "export":
        return target.export(ExportDay(date=day, time=datetime.now(UTC)))
    if job == LISTS:
        return target.lists(MakeDay(date=day))
    return target.metrics(ComputeDay(family=job, date=day))


def _run_morning(target: Stack, day: date) -> list[dict[str, Any]]:
    """The answer of each job of a morning. The first that fails ends it: those behind it would read old tables."""
    stages, ran = show.Stages(), list[dict[str, Any]]()
    try:
        for job in MORNING:
            with stages.stage(f"{job} {day}"):
                ran.append({"job": job, **_run_job(target, job, day)})
        if target.send_function:
            job = "messages"
            with stages.stage(job):
                ran.append({"job": job, **target.send(SendScheduled(time=datetime.now(UTC)))})
    except CloudError as error:
        again = f"`daybreak run morning --date {day}` runs all of them again, also those that are done"
        raise CloudError(f"{job}: {error}; no job behind it was run. After mending the cause, {again}") from error
    return ran


def backfill(
    first: Annotated[str, typer.Option("--from", help="The first day whose events are counted again")],
    last: Annotated[str | None, typer.Option("--to", help="The last day; yesterday by default")] = None,
    cloud: Cloud = "auto",
    stack: StackName = "Daybreak",
) -> None:
    """Recompute tables from stored events after a change of definitions. Safe to repeat."""
    project = definitions_here()
    yesterday = datetime.now(project.zone).date() - timedelta(days=1)
    begin, end = days(first, last or yesterday.isoformat(), ago=0)
    target = deployment(cloud, stack)
    plan = plan_backfill(begin, end, yesterday, target.export(AskSpan()))
    for piece in track(list(plan.pieces()), "deriving", console=show.ERR):
        target.export(piece)
    target.export(FinishBackfill(derived=datetime.now(UTC).isoformat()))
    for job in track(jobs_of(project), "computing", console=show.ERR):
        target.metrics(ComputeDay(family=job, date=plan.as_of))
    if project.lists:
        target.lists(MakeDay(date=plan.as_of))
    show.OUT.print(f"Derived from {plan.first} to {plan.last}, computed as of {plan.as_of}.")


def query(
    sql: Annotated[str, typer.Argument(help='"select …", in Athena\'s SQL')],
    cloud: Cloud = "auto",
    stack: StackName = "Daybreak",
    as_json: AsJson = False,
) -> None:
    """Query the tables with SQL, through Athena."""
    target = deployment(cloud, stack)
    with show.ERR.status("asking Athena …") as status:
        found = target.query(sql, lambda seconds: status.update(f"asking Athena … {seconds:.0f} s"))
    if as_json:
        show.as_json(show.objects(found.columns, found.rows))
    else:
        show.table("", found.columns, found.rows)


def show_summaries(project: Project, done: ComputedTables, out: Path, rows: int) -> None:
    """A summary of each definition from the tables in `out`, with its first rows if any are asked for."""
    for found in summaries(project, done.tables, out, rows):
        show.table(f"\n{found.family}: {found.definition}\n{found.description}", *found.summary)
        if found.first_rows:
            show.table("", *found.first_rows)


def _show_counts(done: ComputedTables, project: Project, instant: datetime | None) -> None:
    counts = done.counts
    days = [moment.astimezone(project.zone).date() for moment in (counts.first, counts.last) if moment]
    span = " to ".join(day.isoformat() for day in days)
    as_of = f"{done.as_of:%Y-%m-%d %H:%M:%S} UTC"
    people = f"{counts.people:,} {'person' if counts.people == 1 else 'people'}; " if counts.people is not None else ""
    show.OUT.print(f"{people}{_read(counts)} {span}, as of {as_of}", soft_wrap=True)
    show.left_out(counts, "now" if instant is None else "that")
    show.understood(counts)
    show.warnings(done.warnings, most=show.WARNINGS_SHOWN)


def _read(counts: EventCounts) -> str:
    """How many events were read; where some of them do not count, how many do, and what became of the others."""
    left_out = {"came before": counts.came_before, "rejected": counts.rejected, "too late": counts.after_as_of}
    others = [f"{count:,} {what}" for what, count in left_out.items() if count]
    events = f"{counts.read:,} event{'s'[: counts.read != 1]}"
    if not others:
        return f"{events},"
    return f"{events} read: {', '.join([f'{counts.events - counts.came_before:,} counted', *others])};"


def _show_done(done: Mapping[str, Any]) -> None:
    several = done.get("exported", done.get(LISTS))
    _show_rows("", several if isinstance(several, list) else [done])


def _show_morning(ran: Sequence[Mapping[str, Any]]) -> None:
    """A line for each job that counted something, then the counts of each list and of each send."""
    lines = [(done["job"], done.get("as_of"), _counted(done)) for done in ran]
    show.table("", ["job", "as_of", "done"], [line for line in lines if line[-1]])
    for done in ran:
        _show_rows("\nLists", done.get(LISTS, []))
        if done.get("sends"):
            show.sends("\nMessages", done["sends"])


def _counted(done: Mapping[str, Any]) -> str:
    """What a job counted, in words; nothing for a family of which nothing is defined."""
    counts = {name.replace("_", " "): value for name, value in done.items() if isinstance(value, int)}
    return "" if counts.get("definitions") == 0 else ", ".join(f"{name}: {value}" for name, value in counts.items())


def _show_rows(title: str, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        show.table(title, list(rows[0]), [list(row.values()) for row in rows])


def _instant(text: str | None, project: Project) -> datetime | None:
    """The time given as --as-of, in the project's time zone if it names none. Raises InputError."""
    if text is None:
        return None
    try:
        moment = times.parse(text, project.zone)
    except ValueError as reason:
        raise InputError(f"--as-of {reason}") from None
    if moment >= TOO_LATE:
        raise InputError(f"--as-of {text!r} is after {TOO_LATE.year - 1}; correct the year")
    return moment
