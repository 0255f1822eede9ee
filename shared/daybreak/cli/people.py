"""forget, export-person: what is held of somebody, and removing it."""

import json
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import track

from daybreak.aws.stack import Stack
from daybreak.aws.write_keys import CACHE_SECONDS
from daybreak.cli import show
from daybreak.cli.options import AsJson, Cloud, StackName
from daybreak.cli.target import definitions_here, deployment
from daybreak.errors import InputError
from daybreak.export.payloads import ExportDay, ReplayDay
from daybreak.metrics.payloads import ComputeDay
from daybreak.people import export_person as exporting
from daybreak.people import forget as forgetting
from daybreak.people.find import Ids, People, ids_of
from daybreak.people.receipt import Receipt
from daybreak.people.suppress import suppress

_IN_FORCE_SECONDS = CACHE_SECONDS + 30
"""Until no collector holds the list of before, and none is still busy with a request it judged by it."""

Users = Annotated[list[str] | None, typer.Argument(help="User ids, or anonymous ids of people without one")]


def register(app: typer.Typer) -> None:
    app.command()(forget)
    app.command("export-person")(export_person)


def forget(
    users: Users = None,
    file: Annotated[Path | None, typer.Option("--file", help="A file with one id a line")] = None,
    wait: Annotated[bool, typer.Option(help="Wait until the suppression is in force everywhere")] = True,
    yes: Annotated[bool, typer.Option("--yes", help="Do not show the ids and ask")] = False,
    cloud: Cloud = "auto",
    stack: StackName = "Daybreak",
    as_json: AsJson = False,
) -> None:
    """Remove people and their anonymous ids from everything that is held, and take nothing of them any more."""
    people = asked(users, file)
    project, target = definitions_here(), deployment(cloud, stack)
    gone = _suppress(target, people, wait=wait, ask=not yes)

    def rebuild(arrived: date) -> None:
        target.export(ReplayDay(replay=arrived, time=datetime.now(UTC)))

    with show.ERR.status("rewriting …") as status:
        receipt = forgetting.forget(
            target.lake(), target.events(), gone, rebuild, datetime.now(UTC), progress=status.update
        )
    _show(receipt, as_json)
    yesterday = datetime.now(project.zone).date() - timedelta(days=1)
    for family in track(project.measured, "counting again", console=show.ERR):
        target.metrics(ComputeDay(family=family, date=yesterday))


def _suppress(target: Stack, users: list[str], *, wait: bool, ask: bool) -> People:
    """Suppress all ids of these users, and return everybody who was ever suppressed."""

    def find() -> Ids:
        _export(target)
        with show.ERR.status("looking for their ids …"):
            return ids_of(target.lake(), users)

    def report_unknown(ids: frozenset[str]) -> None:
        names = ", ".join(sorted(ids))
        show.ERR.print(f"No event names {names}: check the spelling.", markup=False, soft_wrap=True)

    def confirm(ids: frozenset[str]) -> None:
        if ask:
            names = ", ".join(sorted(ids))
            show.ERR.print(f"Everything of these ids will be deleted for good: {names}", markup=False, soft_wrap=True)
            typer.confirm("Continue?", abort=True, err=True)

    def wait_until_in_force() -> None:
        seconds = range(_IN_FORCE_SECONDS if wait else 0)
        for _ in track(seconds, "until no collector accepts their events", console=show.ERR):
            time.sleep(1)

    return suppress(target.live_rules(), find, report_unknown, confirm, wait_until_in_force)


def export_person(
    user: Annotated[str, typer.Argument(help="A user id, or the anonymous id of somebody without one")],
    out: Annotated[Path | None, typer.Option(help="Where to write it; without, it is shown")] = None,
    cloud: Cloud = "auto",
    stack: StackName = "Daybreak",
) -> None:
    """Everything that is held of a person, as JSON: their ids, their events, what was rejected of theirs."""
    target = deployment(cloud, stack)
    _export(target)
    with show.ERR.status("reading …"):
        found = exporting.export_person(target.lake(), user)
    if not (found["events"] or found["rejected"]):
        show.ERR.print(f"Nothing is held of {user}: look at how the id is written.", style="yellow", markup=False)
    if out is None:
        show.as_json(found)
        return
    out.write_text(json.dumps(found, default=str, indent=1))
    show.OUT.print(f"{len(found['events']):,} events and {len(found['rejected']):,} rejected ones of "
                   f"{len(found['ids'])} ids written to {out}.", markup=False)  # fmt: skip


def asked(users: list[str] | None, file: Path | None) -> list[str]:
    """The ids somebody typed or listed. Raises InputError."""
    listed = list(users or [])
    if file:
        try:
            # a spreadsheet's export begins with a byte order mark
            listed += [line.strip() for line in file.read_text("utf-8-sig").splitlines() if line.strip()]
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{file}: cannot be read: {error}") from None
    if not listed:
        raise InputError("name whom to forget: daybreak forget USER, or --file LIST")
    return listed


def _export(target: Stack) -> None:
    """Bring everything that has arrived into the lake, the running hour included."""
    now = datetime.now(UTC)
    with show.ERR.status("exporting what has arrived …"):
        target.export(ExportDay(date=now.date(), time=now))


def _show(receipt: Receipt, as_json: bool) -> None:
    figures = {
        "ids suppressed, of everybody so far": len(receipt.digests),
        "items of the events table rewritten": receipt.table_items,
        "events removed from the raw log": receipt.events_removed,
        "events removed from the quarantine": receipt.rejects_removed,
        "objects of the logs rewritten": len(receipt.objects),
        "arrival days rebuilt": len(receipt.days_rebuilt),
        "old versions of objects removed": receipt.old_versions_removed,
    }
    if as_json:
        show.as_json({name: getattr(receipt, name) for name in receipt.__dataclass_fields__})
        return
    show.table("Forgotten", ["what", "count"], [[name, count] for name, count in figures.items()])
    show.OUT.print("The receipt is in the bucket under receipts/. DynamoDB's point-in-time recovery still holds the "
                   "items for up to 35 days, and nothing can be removed from it.")  # fmt: skip
    if not (receipt.table_items or receipt.objects or receipt.days_rebuilt):
        show.OUT.print("Nothing was held of them: look at how the ids are written.", style="yellow")
    if receipt.left:
        show.OUT.print(f"{receipt.left} days held them again while this ran; run it again.", style="bold red")
