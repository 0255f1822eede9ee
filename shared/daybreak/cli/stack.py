"""run, backfill, query, tail: a deployed stack, local or in AWS, asked and worked the same way."""

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Annotated

import typer
from rich.progress import track

from daybreak.aws.stack import Stack
from daybreak.cli import show
from daybreak.cli.options import AsJson, Cloud, StackName, days, one_day
from daybreak.cli.target import definitions_here, deployment
from daybreak.errors import InputError
from daybreak.export.payloads import AskSpan, DeriveDays, ExportDay, FinishBackfill
from daybreak.families.registry import FAMILIES
from daybreak.ingest.frames import unpack
from daybreak.metrics.payloads import ComputeDay

JOBS = ("export", *FAMILIES)
_TAIL_SECONDS = 1.0


def register(app: typer.Typer) -> None:
    app.command()(run)
    app.command()(backfill)
    app.command()(query)
    app.command()(tail)


def run(
    job: Annotated[str, typer.Argument(help=f"One of: {', '.join(JOBS)}")],
    day: Annotated[str, typer.Option("--date", help="The arrival day to export, or the day to compute as of")],
    cloud: Cloud = "auto",
    stack: StackName = "Daybreak",
    as_json: AsJson = False,
) -> None:
    """Run a scheduled job now, as often as you like: the deployed Lambda, with that date."""
    if job not in JOBS:
        raise InputError(f"{job!r} is no job; there are {', '.join(JOBS)}")
    target = deployment(cloud, stack)
    wanted = one_day("--date", day)
    with show.Stages().stage(f"{job} {wanted}"):
        if job == "export":
            done = target.export(ExportDay(date=wanted, time=datetime.now(UTC)))
        else:
            done = target.metrics(ComputeDay(family=job, date=wanted))
    show.as_json(done) if as_json else _show_done(done)
    if done.get("as_of", wanted.isoformat()) != wanted.isoformat():
        said = f"Computed as of {done['as_of']}, the newest so far: an older date never takes tables back."
        show.ERR.print(said, soft_wrap=True)


def backfill(
    first: Annotated[str, typer.Option("--from", help="First day whose events are counted again")],
    last: Annotated[str | None, typer.Option("--to", help="Last day; yesterday by default")] = None,
    cloud: Cloud = "auto",
    stack: StackName = "Daybreak",
) -> None:
    """After a change of definitions: derive and compute again from the stored events. Safe to repeat."""
    project = definitions_here()
    yesterday = datetime.now(project.zone).date() - timedelta(days=1)
    begin, end = days(first, last or yesterday.isoformat(), ago=0)
    target = deployment(cloud, stack)
    span = target.export(AskSpan())
    if not span["ready"] and span["first"]:  # other events are counted than before: all of history is derived anew
        a_day = timedelta(days=1)  # these are UTC dates: the project's day may be the one before or after
        begin = min(begin, date.fromisoformat(span["first"]) - a_day)
        end = max(end, date.fromisoformat(span["last"]) + a_day)
    months = list(_months(begin, end))
    for month_first, month_last in track(months, "deriving", console=show.ERR):
        target.export(DeriveDays(derive_from=month_first, derive_to=month_last))
    target.export(FinishBackfill(derived=datetime.now(UTC).isoformat()))
    as_of = min(end, yesterday)
    for family in track(project.measured, "computing", console=show.ERR):
        target.metrics(ComputeDay(family=family, date=as_of))
    show.OUT.print(f"Derived from {begin} to {end}, computed as of {as_of}.")


def query(
    sql: Annotated[str, typer.Argument(help='"select …", in Athena\'s SQL')],
    cloud: Cloud = "auto",
    stack: StackName = "Daybreak",
    as_json: AsJson = False,
) -> None:
    """Ask the tables through Athena's API."""
    target = deployment(cloud, stack)
    with show.ERR.status("asking Athena …") as status:
        found = target.query(sql, lambda seconds: status.update(f"asking Athena … {seconds:.0f} s"))
    if as_json:
        show.as_json([dict(zip(found.columns, row, strict=True)) for row in found.rows])
    else:
        show.table("", found.columns, found.rows)


def tail(
    cloud: Cloud = "auto",
    stack: StackName = "Daybreak",
    since: Annotated[int, typer.Option(help="Begin with what arrived this many minutes ago")] = 5,
    follow: Annotated[bool, typer.Option(help="Go on until interrupted")] = True,
) -> None:
    """Events as they arrive, newest last, one JSON line each."""
    target = deployment(cloud, stack)
    for line in _arriving(target, datetime.now(UTC) - timedelta(minutes=since), follow):
        show.OUT.print(line.decode(), markup=False, soft_wrap=True)  # a line stays a line


def _arriving(target: Stack, since: datetime, follow: bool) -> Iterator[bytes]:
    """Lines of stored frames from `since` on, then whatever comes."""
    table = target.events()
    hour = since.replace(minute=0, second=0, microsecond=0)
    seconds = since.minute * 60 + since.second
    after = dict.fromkeys(range(1000), f"{seconds:04}")
    while True:
        now = datetime.now(UTC)
        items = sorted(table.since(hour, after), key=lambda item: item["request"]["S"])
        for item in items:
            if "frame" in item:
                yield from unpack(item["frame"]["B"])
        if now.replace(minute=0, second=0, microsecond=0) > hour:
            hour, after = hour + timedelta(hours=1), {}
        elif follow:
            time.sleep(_TAIL_SECONDS)
        else:
            return


def _months(first: date, last: date) -> Iterator[tuple[date, date]]:
    """[first, last] cut at the ends of months: a piece is what one Lambda derives at once."""
    while first <= last:
        month_end = (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
        yield first, min(month_end, last)
        first = month_end + timedelta(days=1)


def _show_done(done: dict[str, object]) -> None:
    exported = done.get("exported")
    rows = exported if isinstance(exported, list) else [done]
    if rows:
        show.table("", list(rows[0]), [list(row.values()) for row in rows])
