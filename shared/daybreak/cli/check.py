"""reconcile, rejects, replay: is what came where it belongs, what was not taken, and doing it again."""

import sys
from datetime import UTC, date, datetime, timedelta
from typing import Annotated

import typer
from rich.progress import track

from daybreak.cli import show
from daybreak.cli.options import AsJson, Cloud, StackName, days, one_day
from daybreak.cli.target import deployment, rules
from daybreak.errors import InputError
from daybreak.export.payloads import ReplayDay
from daybreak.export.replay_rejected import replay_rejected

_BODY_SHOWN = 160


def register(app: typer.Typer) -> None:
    app.command()(reconcile)
    app.command()(rejects)
    app.command()(replay)


def reconcile(
    day: Annotated[str, typer.Argument(help="The arrival day (UTC), as 2026-11-21")],
    cloud: Cloud = "auto",
    stack: StackName = "Daybreak",
    as_json: AsJson = False,
) -> None:
    """Whether accepted = stored = exported = in the lake + duplicates, by hour and source. Exit code 1 if not."""
    wanted = one_day("DATE", day)
    found = deployment(cloud, stack).query(
        f"select * from reconciliation where arrived = date '{wanted}' order by hour, source"  # noqa: S608 - a date
    )
    rows = [dict(zip(found.columns, row, strict=True)) for row in found.rows]
    difference = sum(int(row["difference"] or 0) for row in rows)
    if as_json:
        show.as_json(rows)
    elif rows:
        columns = [column for column in found.columns if column != "arrived"]
        show.table(f"What arrived on {wanted}", columns, [[row[column] for column in columns] for row in rows])
        accepted, lake, twice = (sum(int(row[c] or 0) for row in rows) for c in ("accepted", "in_lake", "duplicates"))
        books = "balanced" if not difference else f"[bold red]{difference:,} events missing or too many[/bold red]"
        show.OUT.print(f"{accepted:,} accepted = {lake:,} in the lake + {twice:,} duplicates: {books}")
    else:
        show.OUT.print(f"Nothing arrived on {wanted}, or it is not exported yet.")
    if difference:
        sys.exit(1)


def rejects(
    first: Annotated[str | None, typer.Option("--from", help="First arrival day; a week ago by default")] = None,
    last: Annotated[str | None, typer.Option("--to", help="Last arrival day; today by default")] = None,
    cloud: Cloud = "auto",
    stack: StackName = "Daybreak",
    as_json: AsJson = False,
) -> None:
    """What was not taken, by source and reason, with an example of each."""
    begin, end = days(first, last, ago=7)
    found = deployment(cloud, stack).query(
        "select source, code, count(*) as events, max(received_at) as last_received, "  # noqa: S608
        "min_by(message, body) as example, min(body) as body from rejected "
        f"where arrived between date '{begin}' and date '{end}' "
        "group by source, code order by events desc, source, code"
    )
    if as_json:
        show.as_json([dict(zip(found.columns, row, strict=True)) for row in found.rows])
    elif found.rows:
        cut = [[*row[:-1], (row[-1] or "")[:_BODY_SHOWN]] for row in found.rows]
        show.table(f"Rejected from {begin} to {end}", found.columns, cut)
        show.OUT.print("When the rule is fixed: daybreak replay --rejected")
    else:
        show.OUT.print(f"Nothing was rejected from {begin} to {end}, as far as it is exported.")


def replay(
    first: Annotated[str | None, typer.Option("--from", help="First arrival day")] = None,
    last: Annotated[str | None, typer.Option("--to", help="Last arrival day; today by default")] = None,
    rejected: Annotated[bool, typer.Option("--rejected", help="Judge what is in quarantine again")] = False,
    cloud: Cloud = "auto",
    stack: StackName = "Daybreak",
) -> None:
    """Rebuild the lake from the raw log, or send what was rejected through again. Safe to repeat."""
    if not (rejected or first):
        raise InputError("say which days: --from 2026-11-01; or --rejected for what is in quarantine")
    begin, end = days(first, last, ago=30)
    if rejected:
        _replay_rejected(begin, end, cloud, stack)
        return
    target, now = deployment(cloud, stack), datetime.now(UTC)
    wanted = [begin + timedelta(days=n) for n in range((end - begin).days + 1)]
    for day in track(wanted, "replaying", console=show.ERR):
        target.export(ReplayDay(replay=day, time=now))
    show.OUT.print(f"Rebuilt what arrived from {begin} to {end} from the raw log.")


def _replay_rejected(begin: date, end: date, cloud: str, stack: str) -> None:
    target = deployment(cloud, stack)
    table = target.events()
    wanted = [begin + timedelta(days=n) for n in range((end - begin).days + 1)]
    with show.ERR.status("replaying …") as status:
        done = replay_rejected(
            target.lake(), wanted, rules(target), lambda intake: table.store(intake, datetime.now(UTC)), status.update
        )
    codes = sorted(done.taken.keys() | done.still_rejected.keys())
    if codes:
        show.table("What was in quarantine, judged again", ["code", "taken_now", "still_rejected"],
                   [[code, done.taken[code], done.still_rejected[code]] for code in codes])  # fmt: skip
    show.OUT.print(f"{done.taken.total():,} events taken; they are in the tables after the next export.")
