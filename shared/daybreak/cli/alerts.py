"""The command that tries an alert on history."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer

from daybreak.cli import show
from daybreak.cli.options import AsJson, Cloud, MappingFile, StackName, mapping_in
from daybreak.cli.target import definitions_here, deployment
from daybreak.definitions.project import load
from daybreak.files.compute import replay_on_files
from daybreak.watch.job import Watch
from daybreak.watch.replay import Morning

PANEL = "Compute"
ALERTS = typer.Typer(help="Try the alerts of daybreak.toml on history.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands of this panel."""
    app.add_typer(ALERTS, name="alerts", rich_help_panel=PANEL)


@ALERTS.command("try")
def try_alert(
    name: Annotated[str, typer.Argument(help="The alert: the last part of [alert.NAME]")],
    events: Annotated[list[str] | None, typer.Argument(help="Files of events; without them, the deployed lake")] = None,
    definitions: Annotated[Path, typer.Option(help="The file of definitions")] = Path("daybreak.toml"),
    mapping: MappingFile = None,
    cloud: Cloud = "auto",
    stack: StackName = "Daybreak",
    as_json: AsJson = False,
) -> None:
    """List the mornings of history on which an alert would have spoken. Writes nothing."""
    with show.ERR.status("looking back …"):
        if events:
            done = replay_on_files(events, load(definitions), name, datetime.now(UTC), mapping_in(mapping))
        else:
            done = Watch(deployment(cloud, stack).lake(), definitions_here()).replay(name)
    columns = ["morning", "says", "segment", "value", "message"]
    rows = [[m.morning, m.says, m.episode.segment, m.episode.segment_value, m.episode.message] for m in done.mornings]
    if as_json:
        show.as_json(show.objects(columns, rows))
        return
    if rows:
        show.table(f"Mornings on which [alert.{name}] would have spoken", columns, rows)
    show.OUT.print(_sentence(name, done.mornings, done.last), markup=False, soft_wrap=True)
    if done.refused:
        show.lines([f"On {done.last} it is refused, and not looked at: {done.refused.message}"])


def _sentence(name: str, mornings: list[Morning], last: date) -> str:
    """How often it would have spoken, in words."""
    opened = sum(morning.says == "opened" for morning in mornings)
    if not mornings:
        return f"[alert.{name}] would not have spoken on any morning until {last}."
    days = len({morning.morning for morning in mornings})
    lasting = opened - sum(morning.says == "over" for morning in mornings)
    still = f"; {lasting} still last{'s' if lasting == 1 else ''}" if lasting else "; all are over"
    spoken = f"{days} morning{'s'[: days != 1]}"
    return f"[alert.{name}] would have spoken on {spoken} until {last}, of {opened} episode{'s'[: opened != 1]}{still}."
