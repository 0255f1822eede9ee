"""The commands for the rights of people: deletion, and a copy of their data."""

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
from daybreak.cli.options import AsJson, Cloud, MappingFile, StackName, mapping_in
from daybreak.cli.target import definitions_here, deployment
from daybreak.definitions.lists import PeopleList
from daybreak.definitions.project import Project, load
from daybreak.errors import InputError
from daybreak.export.payloads import ExportDay, ReplayDay
from daybreak.files.compute import look_at_list
from daybreak.lists.files import ids_of, traits_of
from daybreak.lists.job import Lists
from daybreak.lists.members import Membership
from daybreak.lists.payloads import MakeDay
from daybreak.metrics.payloads import ComputeDay, jobs_of
from daybreak.people import export_person as exporting
from daybreak.people import forget as forgetting
from daybreak.people.find import Ids, People
from daybreak.people.find import ids_of as ids_of_people
from daybreak.people.receipt import Receipt
from daybreak.people.suppress import suppress

_IN_FORCE_SECONDS = CACHE_SECONDS + 30
"""After this, no collector uses an older list, and all requests that were judged by an older list have ended."""

PANEL = "People"
LISTS = typer.Typer(help="Show lists of people who did something and not something else.", no_args_is_help=True)
_IDS_SHOWN = 10
Users = Annotated[list[str] | None, typer.Argument(help="User ids, or anonymous ids of people without one")]


def register(app: typer.Typer) -> None:
    """Add the commands of this panel."""
    app.command(rich_help_panel=PANEL)(forget)
    app.command("export-person", rich_help_panel=PANEL)(export_person)
    app.add_typer(LISTS, name="lists", rich_help_panel=PANEL)


def forget(
    users: Users = None,
    file: Annotated[Path | None, typer.Option("--file", help="A file with one id in each line")] = None,
    wait: Annotated[bool, typer.Option(help="Wait until every collector refuses their events")] = True,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation")] = False,
    cloud: Cloud = "auto",
    stack: StackName = "Daybreak",
    as_json: AsJson = False,
) -> None:
    """Delete everything that is stored about people, and accept no more events about them."""
    wanted = listed_ids(users, file)
    project, target = definitions_here(), deployment(cloud, stack)
    people = _suppress(target, project, wanted, wait=wait, ask=not yes)

    def rebuild(arrived: date) -> None:
        target.export(ReplayDay(replay=arrived, time=datetime.now(UTC)))

    with show.ERR.status("deleting …") as status:
        receipt = forgetting.forget(
            target.lake(), target.events(), people, rebuild, datetime.now(UTC), progress=status.update
        )
    _show(receipt, as_json)
    yesterday = datetime.now(project.zone).date() - timedelta(days=1)
    for job in track(jobs_of(project), "computing", console=show.ERR):
        target.metrics(ComputeDay(family=job, date=yesterday))
    if project.lists:
        target.lists(MakeDay(date=yesterday))


def _suppress(target: Stack, project: Project, users: list[str], *, wait: bool, ask: bool) -> People:
    """Suppress all ids of these users, and return everybody who was ever suppressed."""

    def find() -> Ids:
        _export(target)
        with show.ERR.status("looking for their ids …"):
            return ids_of_people(target.lake(), users, merge_signed_in=project.settings.merge_signed_in)

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
    user: Annotated[str, typer.Argument(help="A user id, or the anonymous id of a person without one")],
    out: Annotated[Path | None, typer.Option(help="The file to write; printed without it")] = None,
    cloud: Cloud = "auto",
    stack: StackName = "Daybreak",
) -> None:
    """Export everything that is stored about a person, as JSON: ids, events, rejected events, lists and messages."""
    project, target = definitions_here(), deployment(cloud, stack)
    _export(target)
    with show.ERR.status("reading …"):
        found = exporting.export_person(target.lake(), user, merge_signed_in=project.settings.merge_signed_in)
    if not any(records for kind, records in found.items() if kind != "ids"):
        show.ERR.print(f"Nothing is stored about {user}: check the spelling.", style="yellow", markup=False)
    if out is None:
        show.as_json(found)
        return
    out.write_text(json.dumps(found, default=str, indent=1))
    show.OUT.print(f"Wrote {len(found['events']):,} events and {len(found['rejected']):,} rejected events of "
                   f"{len(found['ids'])} ids to {out}.", markup=False)  # fmt: skip


@LISTS.command("try")
def try_list(
    name: Annotated[str, typer.Argument(help="The list's name in daybreak.toml")],
    events: Annotated[
        list[str] | None, typer.Argument(help="Files of events; without them, the deployed lake is read")
    ] = None,
    definitions: Annotated[Path, typer.Option(help="The file of definitions")] = Path("daybreak.toml"),
    people: Annotated[bool, typer.Option("--people", help=f"Show the first {_IDS_SHOWN} of them, with traits")] = False,
    mapping: MappingFile = None,
    cloud: Cloud = "auto",
    stack: StackName = "Daybreak",
    as_json: AsJson = False,
) -> None:
    """Show how many are on a list by now. Nothing is written, and nobody is delivered."""
    project = load(definitions)
    if name not in project.lists:
        raise InputError(f"no list {name!r} in {definitions}; choose from {', '.join(project.lists) or 'none'}")
    with show.ERR.status("looking …"):
        if events:
            made_at, found = look_at_list(events, project, name, datetime.now(UTC), mapping_in(mapping))
        else:
            target = deployment(cloud, stack)
            made_at, found = Lists(target.lake(), project, forgotten=target.live_rules().forgotten()).look(name)
    _show_list(project.lists[name], name, made_at, found, people=people, as_json=as_json)


def _show_list(
    listed: PeopleList, name: str, made_at: datetime, found: Membership, *, people: bool, as_json: bool
) -> None:
    delivered = [{**ids_of(listed, m), **traits_of(listed, m)} for m in found.members if not m.held_out]
    counts = {"list": name, "people": len(found.members), "held_out": len(found.members) - len(delivered)}
    shown = delivered[:_IDS_SHOWN] if people else []
    if as_json:
        show.as_json(
            {**counts, "made_at": made_at, "meaning": listed.explain(), **({"first": shown} if people else {})}
        )
        return
    show.OUT.print(f"{listed.explain()} Known until {made_at:%Y-%m-%d %H:%M:%S} UTC.", markup=False, soft_wrap=True)
    show.table("", list(counts), [list(counts.values())])
    if shown:
        show.table("", list(shown[0]), [["" if cell is None else cell for cell in row.values()] for row in shown])


def listed_ids(users: list[str] | None, file: Path | None) -> list[str]:
    """The ids that were typed or are listed in a file. Raises InputError."""
    listed = list(users or [])
    if file:
        try:
            # a spreadsheet's export begins with a byte order mark
            listed += [line.strip() for line in file.read_text("utf-8-sig").splitlines() if line.strip()]
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{file}: cannot be read: {error}") from None
    if not listed:
        raise InputError("name at least one person: daybreak forget USER, or --file LIST")
    return listed


def _export(target: Stack) -> None:
    """Export everything that has arrived into the lake, the running hour included."""
    now = datetime.now(UTC)
    with show.ERR.status("exporting …"):
        target.export(ExportDay(date=now.date(), time=now))


def _show(receipt: Receipt, as_json: bool) -> None:
    figures = {
        "ids suppressed, also by earlier runs": len(receipt.digests),
        "items of the events table rewritten": receipt.table_items,
        "events deleted from the raw log": receipt.events_removed,
        "events deleted from the quarantine": receipt.rejects_removed,
        "lines deleted from files of lists": receipt.list_lines_removed,
        "objects of logs, lists and messages rewritten": len(receipt.objects),
        "arrival days rebuilt": len(receipt.days_rebuilt),
        "old versions of objects deleted": receipt.old_versions_removed,
    }
    if as_json:
        show.as_json({name: getattr(receipt, name) for name in receipt.__dataclass_fields__})
        return
    show.table("Deleted", ["what", "count"], [[name, count] for name, count in figures.items()])
    show.OUT.print("The receipt is in the bucket under receipts/. DynamoDB's point-in-time recovery still holds the "
                   "items for up to 35 days; nothing can be deleted from it.")  # fmt: skip
    if not (receipt.table_items or receipt.objects or receipt.days_rebuilt):
        show.OUT.print("Nothing was stored about them: check the spelling of the ids.", style="yellow")
    if receipt.left:
        show.OUT.print(
            f"{receipt.left} days hold them again: an export ran at the same time. Run this again.", style="bold red"
        )
