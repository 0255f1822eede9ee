"""The commands that check whether events are accepted, and whether all of them are in the lake."""

import sys
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from typing import Annotated

import typer
from rich.progress import track

from daybreak.aws.doctor import Endpoint, Result, examine, own_key
from daybreak.aws.stack import Stack
from daybreak.cli import show
from daybreak.cli.options import AsJson, Cloud, StackName, days, one_day
from daybreak.cli.target import definitions_here, deployment, endpoint_urls, rules
from daybreak.errors import CloudError, DayMissing, DefinitionError, InputError
from daybreak.export.payloads import ReplayDay
from daybreak.export.replay_rejected import replay_rejected
from daybreak.export.reports import corrected_clocks, reconciliation_of_day, rejects_of_days
from daybreak.lake.tables import Warned
from daybreak.metrics.job import Metrics

PANEL = "Check"
_BODY_SHOWN = 160
_CLOCK_DAYS = 30
_LIBRARIES_SHOWN = 5


def register(app: typer.Typer) -> None:
    """Add the commands of this panel."""
    for command in (doctor, reconcile, rejects, replay):
        app.command(rich_help_panel=PANEL)(command)


def doctor(
    url: Annotated[str | None, typer.Option(help="Another URL of the endpoint, such as your own domain")] = None,
    write_key: Annotated[
        str | None, typer.Option(envvar="WRITE_KEY", help="A valid key; without it, one is made and revoked again")
    ] = None,
    cloud: Cloud = "auto",
    stack: StackName = "Daybreak",
    as_json: AsJson = False,
) -> None:
    """Test both URLs of the endpoint with requests of real SDKs, and say what to change. Stores no event."""
    if url and not url.startswith(("http://", "https://")):
        raise InputError(f"--url {url!r}: write it with https:// before it")
    target = None if url and write_key else deployment(cloud, stack)
    deployed = endpoint_urls(target) if target else []
    gzip_url = deployed[-1] if target and target.gzip_url else None
    now = datetime.now(UTC).isoformat(timespec="seconds")
    made = own_key(target.write_keys(), now) if target and not write_key else nullcontext(write_key or "")
    with made as key, show.ERR.status("sending requests …"):
        tested = [Endpoint(each, key) for each in ([url] if url else deployed)]
        results = [result for endpoint in tested for result in examine(endpoint, gzip_url)]
    if target:
        results.append(_corrected_clocks(target))
    _show_results(results, as_json)
    if not all(result.good or result.other_url for result in results):
        sys.exit(1)


def reconcile(
    day: Annotated[str, typer.Argument(help="The arrival day (UTC), such as 2026-11-21")],
    cloud: Cloud = "auto",
    stack: StackName = "Daybreak",
    as_json: AsJson = False,
) -> None:
    """Compare what was accepted, stored and exported on a day; list links not followed. Exit code 1 if they differ."""
    wanted = one_day("DATE", day)
    target = deployment(cloud, stack)
    found = target.query(reconciliation_of_day(wanted))
    rows = show.objects(found.columns, found.rows)
    difference = sum(int(row["difference"] or 0) for row in rows)
    if as_json:
        show.as_json(rows)
    elif rows:
        columns = [column for column in found.columns if column != "arrived"]
        show.table(f"What arrived on {wanted}", columns, [[row[column] for column in columns] for row in rows])
        accepted, lake, twice = (sum(int(row[c] or 0) for row in rows) for c in ("accepted", "in_lake", "duplicates"))
        books = "balanced" if not difference else f"[bold red]{difference:,} events lost or duplicated[/bold red]"
        show.OUT.print(f"{accepted:,} accepted = {lake:,} in the lake + {twice:,} duplicates: {books}")
    else:
        show.OUT.print(f"Nothing arrived on {wanted}, or it is not exported yet.")
    if not as_json:
        show.warnings(_links_not_followed(target))
    if difference:
        sys.exit(1)


def _links_not_followed(target: Stack) -> list[Warned]:
    """None in a folder without definitions: which links are followed is a setting of the project."""
    with suppress(CloudError, DayMissing, DefinitionError), show.ERR.status("looking at who is who …"):
        return Metrics(target.lake(), definitions_here()).look(["link_not_followed"])
    return []


def rejects(
    first: Annotated[str | None, typer.Option("--from", help="First arrival day; a week ago by default")] = None,
    last: Annotated[str | None, typer.Option("--to", help="Last arrival day; today by default")] = None,
    cloud: Cloud = "auto",
    stack: StackName = "Daybreak",
    as_json: AsJson = False,
) -> None:
    """List rejected events by source and reason, with an example of each."""
    begin, end = days(first, last, ago=7)
    found = deployment(cloud, stack).query(rejects_of_days(begin, end))
    if as_json:
        show.as_json(show.objects(found.columns, found.rows))
    elif found.rows:
        cut = [[*row[:-1], (row[-1] or "")[:_BODY_SHOWN]] for row in found.rows]
        show.table(f"Rejected from {begin} to {end}", found.columns, cut)
        show.OUT.print("When the rule is fixed: daybreak replay --rejected")
    else:
        show.OUT.print(f"No event was rejected from {begin} to {end}, or they are not exported yet.")


def replay(
    first: Annotated[str | None, typer.Option("--from", help="First arrival day")] = None,
    last: Annotated[str | None, typer.Option("--to", help="Last arrival day; today by default")] = None,
    rejected: Annotated[bool, typer.Option("--rejected", help="Judge the events in quarantine again")] = False,
    cloud: Cloud = "auto",
    stack: StackName = "Daybreak",
) -> None:
    """Rebuild the lake from the raw log, or judge rejected events again. Safe to repeat."""
    if not (rejected or first):
        raise InputError("say which days: --from 2026-11-01; or --rejected for the events in quarantine")
    begin, end = days(first, last, ago=30)
    wanted = [begin + timedelta(days=n) for n in range((end - begin).days + 1)]
    if rejected:
        _replay_rejected(wanted, cloud, stack)
        return
    target, now = deployment(cloud, stack), datetime.now(UTC)
    for day in track(wanted, "replaying", console=show.ERR):
        target.export(ReplayDay(replay=day, time=now))
    show.OUT.print(f"Rebuilt the lake from the raw log of {begin} to {end}.")


def _replay_rejected(wanted: Sequence[date], cloud: str, stack: str) -> None:
    target = deployment(cloud, stack)
    table = target.events()
    with show.ERR.status("replaying …") as status:
        done = replay_rejected(
            target.lake(),
            wanted,
            rules(target),
            definitions_here().webhooks,
            lambda intake: table.store(intake, datetime.now(UTC)),
            status.update,
        )
    codes = sorted(done.accepted.keys() | done.still_rejected.keys())
    if codes:
        show.table("Events in quarantine, judged again", ["code", "taken_now", "still_rejected"],
                   [[code, done.accepted[code], done.still_rejected[code]] for code in codes])  # fmt: skip
    show.OUT.print(f"{done.accepted.total():,} events accepted; they are in the tables after the next export.")


def _corrected_clocks(target: Stack) -> Result:
    """How many exported events of the last 30 days count at a corrected time, by the client's library.

    Always good: a wrong clock is a client's, and not a fault of the endpoint.
    """
    check, today = f"events corrected for a wrong clock, {_CLOCK_DAYS} days", datetime.now(UTC).date()
    try:
        found = target.query(corrected_clocks(today - timedelta(days=_CLOCK_DAYS), today))
    except CloudError as error:
        return Result(check, True, f"not counted: {error}", "")
    said = [f"{row['events']} of {row['library']} ({row['clock']})" for row in show.objects(found.columns, found.rows)]
    if len(said) > _LIBRARIES_SHOWN:
        said[_LIBRARIES_SHOWN:] = [f"{len(said) - _LIBRARIES_SHOWN} more"]
    return Result(check, True, ", ".join(said) or "none", "")


def _show_results(results: Sequence[Result], as_json: bool) -> None:
    if as_json:
        show.as_json([asdict(result) for result in results])
    else:
        for url in dict.fromkeys(result.url for result in results):
            rows = [[_verdict(r), r.check, r.answered, r.advice] for r in results if r.url == url]
            show.table(url, ["", "check", "answered", "what to do"], rows)


def _verdict(result: Result) -> str:
    return "ok" if result.good else "other URL" if result.other_url else "NO"
