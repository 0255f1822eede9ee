"""plan learn, check, docs, push, off: the tracking plan, from what arrived to what is in force."""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from daybreak.cli import show
from daybreak.cli.options import AsJson, Cloud, StackName
from daybreak.cli.target import deployment
from daybreak.files.readers.read import read_events
from daybreak.ingest.tracking_plan import load_plan
from daybreak.tracking.compare import compare
from daybreak.tracking.observed import Observed, lake_events, observe
from daybreak.tracking.observed import learn as draft
from daybreak.tracking.pages import plan_page, plan_toml

APP = typer.Typer(help="The tracking plan: what is sent, from where, what for.", no_args_is_help=True)
Events = Annotated[list[str] | None, typer.Argument(help="Files of events; without any, the deployed lake")]
Days = Annotated[int, typer.Option(help="Of the deployed lake, what arrived in this many days, today included")]
File = Annotated[Path, typer.Option("--plan", help="The plan")]
DEFAULT = Path("events/plan.toml")


@APP.command()
def learn(
    events: Events = None,
    out: Annotated[Path | None, typer.Option(help="Where to write it; without, it is shown")] = None,
    days: Days = 7,
    cloud: Cloud = "auto",
    stack: StackName = "Daybreak",
) -> None:
    """Draft a plan from what arrived; you add what each event is for, and who owns it."""
    text = plan_toml(draft(_observed(events, days, cloud, stack)))
    _write(text, out)


@APP.command()
def check(
    events: Events = None,
    plan: File = DEFAULT,
    days: Days = 7,
    cloud: Cloud = "auto",
    stack: StackName = "Daybreak",
    as_json: AsJson = False,
) -> None:
    """What arrived and is not planned, and what is planned and never came. Exit code 1 where anything differs."""
    wanted = load_plan(plan)
    found = compare(wanted, _observed(events, days, cloud, stack))
    rows = [[difference.what, difference.event, difference.property, difference.came] for difference in found]
    names = ["difference", "event", "property", "came"]
    if as_json:
        show.as_json([dict(zip(names, row, strict=True)) for row in rows])
    elif rows:
        show.table(f"{plan} and what arrived", names, rows)
    else:
        show.OUT.print(f"{plan}: what arrived is what is planned.", markup=False)
    if rows:
        sys.exit(1)


@APP.command()
def docs(
    plan: File = DEFAULT,
    out: Annotated[Path | None, typer.Option(help="Where to write it; without, it is shown")] = None,
) -> None:
    """The page that says what is collected, where from and what for, as Markdown."""
    _write(plan_page(load_plan(plan)), out)


@APP.command()
def push(plan: File = DEFAULT, cloud: Cloud = "auto", stack: StackName = "Daybreak") -> None:
    """Put the plan in force; the endpoint judges by it within a minute, without a deploy."""
    wanted = load_plan(plan)
    deployment(cloud, stack).live_rules().set_plan(wanted)
    others = ", ".join(f"{source}: {mode}" for source, mode in wanted.sources.items())
    show.OUT.print(f"{plan}: {len(wanted.events)} events, mode {wanted.mode}{f' ({others})' if others else ''}; "
                   "in force within a minute.", markup=False)  # fmt: skip


@APP.command()
def off(cloud: Cloud = "auto", stack: StackName = "Daybreak") -> None:
    """Take the plan out of force."""
    deployment(cloud, stack).live_rules().set_plan(None)
    show.OUT.print("No plan is in force any more, within a minute.")


def _observed(events: list[str] | None, days: int, cloud: str, stack: str) -> Observed:
    if events:
        return observe(_objects(events))
    today = datetime.now(UTC).date()
    wanted = [today - timedelta(days=n) for n in range(days)]
    with show.ERR.status("reading events …"):
        return observe(lake_events(deployment(cloud, stack).lake(), wanted))


def _objects(events: list[str]) -> Iterator[dict[str, Any]]:
    return (event for event in read_events(events) if isinstance(event, dict))


def _write(text: str, out: Path | None) -> None:
    if out is None:
        show.OUT.print(text, markup=False, end="", soft_wrap=True)
        return
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(text)
    show.OUT.print(f"Written to {out}.", markup=False)
