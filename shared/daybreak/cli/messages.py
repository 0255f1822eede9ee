"""The commands for the sends of daybreak.toml: try a target, and see and handle what could not be delivered."""

import sys
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Annotated

import typer

from daybreak.cli import show
from daybreak.cli.options import AsJson, Cloud, StackName
from daybreak.cli.target import definitions_here, deployment
from daybreak.errors import InputError
from daybreak.lake.keys import Undelivered
from daybreak.lake.store import Store
from daybreak.send.outbox import Outbox, sends_with_outbox
from daybreak.send.payloads import SendSample, SendScheduled

PANEL = "Messages"
SEND = typer.Typer(help="Test the sends of daybreak.toml, and see what waits for its target.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The send: NAME of [send.NAME]")]


def register(app: typer.Typer) -> None:
    """Add the commands of this panel."""
    app.add_typer(SEND, name="send", rich_help_panel=PANEL)


@SEND.command("try")
def try_(name: Name, cloud: Cloud = "auto", stack: StackName = "Daybreak", as_json: AsJson = False) -> None:
    """Send a sample, marked as one, to a target of the deployment. Exit code 1 if the target did not take it."""
    target = deployment(cloud, stack)
    with show.ERR.status(f"sending a sample to {name} …"):
        answer = target.send(SendSample(sample=name, time=datetime.now(UTC)))
    if as_json:
        show.as_json(answer)
    elif answer["delivered"]:
        show.OUT.print(f"{name}: delivered ({answer['said']}), message {answer['id']}.", markup=False, soft_wrap=True)
    else:
        show.OUT.print(f"{name}: not delivered: {answer['said']}.", style="red", markup=False, soft_wrap=True)
    if answer["body"] and not as_json:
        show.table("", ["the target answered"], [[answer["body"]]])
    if not answer["delivered"]:
        sys.exit(1)


@SEND.command()
def now(cloud: Cloud = "auto", stack: StackName = "Daybreak", as_json: AsJson = False) -> None:
    """Send what is new and what waits now, without waiting for the schedule. Safe to repeat."""
    target = deployment(cloud, stack)
    with show.ERR.status("sending …"):
        done = target.send(SendScheduled(time=datetime.now(UTC)))["sends"]
    show.as_json(done) if as_json else show.sends("", done)


@SEND.command()
def status(cloud: Cloud = "auto", stack: StackName = "Daybreak", as_json: AsJson = False) -> None:
    """List every message that is not delivered, and what its target answered. Exit code 1 if one was given up."""
    lake = deployment(cloud, stack).lake()
    rows = [row for name in sends_with_outbox(lake) for row in _undelivered(lake, name)]
    if as_json:
        show.as_json([asdict(row) for row in rows])
    elif rows:
        show.table("Not delivered", list(asdict(rows[0])), [list(asdict(row).values()) for row in rows])
        show.OUT.print(
            "waiting: tried again twice an hour. dead: daybreak send again NAME, or daybreak send discard NAME"
        )
    else:
        show.OUT.print("Every message is delivered.")
    if any(row.state == "dead" for row in rows):
        sys.exit(1)


@SEND.command()
def again(name: Name, cloud: Cloud = "auto", stack: StackName = "Daybreak") -> None:
    """Send again what was given up: the next run, within half an hour, tries it."""
    count = Outbox(_lake_with(name, cloud, stack), name).again()
    show.OUT.print(f"{name}: {count} message{'s'[: count != 1]} will be sent again.", markup=False)


@SEND.command()
def discard(name: Name, cloud: Cloud = "auto", stack: StackName = "Daybreak") -> None:
    """Delete the messages that were given up, for good."""
    count = Outbox(_lake_with(name, cloud, stack), name).discard(datetime.now(UTC))
    show.OUT.print(f"{name}: {count} message{'s'[: count != 1]} discarded.", markup=False)


@dataclass(frozen=True)
class _Row:
    """A message in the outbox, as `status` shows it."""

    send: str
    state: Undelivered
    message: str
    title: str
    since: str
    tries: int
    answered: str


def _undelivered(lake: Store, name: str) -> list[_Row]:
    states: tuple[Undelivered, ...] = ("dead", "waiting")
    return [
        _Row(
            name, state, each.message.id, each.message.title, f"{each.since:%Y-%m-%d %H:%M}", each.tries, each.answered
        )
        for state in states
        for each in Outbox(lake, name).undelivered(state)
    ]


def _lake_with(name: str, cloud: str, stack: str) -> Store:
    """The lake, if the send is named by daybreak.toml or has left something in the outbox. Raises InputError."""
    lake = deployment(cloud, stack).lake()
    known = sorted({*definitions_here().sends, *sends_with_outbox(lake)})
    if name not in known:
        raise InputError(f"unknown send {name!r}; choose from {', '.join(known) or 'none'}")
    return lake
