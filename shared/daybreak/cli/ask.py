"""The command that answers assistants."""

import os
import signal
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from daybreak.ask.source import ComputedFolder, DeployedLake, Source
from daybreak.cli.options import Cloud, StackName
from daybreak.cli.target import deployment
from daybreak.cloud import cdk
from daybreak.errors import CloudError, DaybreakError, InputError

PANEL = "Ask"


def register(app: typer.Typer) -> None:
    """Add the commands of this panel."""
    app.command(rich_help_panel=PANEL)(mcp)


def mcp(
    out: Annotated[
        Path | None, typer.Argument(help="The folder that `daybreak compute` wrote; without it, the deployed lake")
    ] = None,
    definitions: Annotated[
        Path | None, typer.Option(help="The file of definitions; by default daybreak.toml, here or in the checkout")
    ] = None,
    cloud: Cloud = "auto",
    stack: StackName = "Daybreak",
) -> None:
    """Answer an assistant that speaks the Model Context Protocol, over standard input and output. Read only."""
    try:
        server = import_module("daybreak.ask.server")
    except ModuleNotFoundError as error:
        missing = f"the package {error.name!r} is not installed"
        raise InputError(f"{missing}; install Daybreak with it: `pip install 'daybreak[mcp]'`") from None
    source = _source(out, definitions, cloud, stack)
    _look(source)
    desk = server.Desk(source)

    def end(number: int, _: object) -> None:
        """End at once: a thread waits for the next question, and would hold the process until there is one."""
        desk.close()
        os._exit(128 + number)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    try:
        server.serve(desk, version("daybreak"))
    finally:
        desk.close()


def _look(source: Source) -> None:
    """See that there is something to answer from: an assistant shows little of why its server did not answer."""
    source.project()
    try:
        source.stamp()
    except DaybreakError:
        raise
    except Exception as error:  # of the file system, or of Amazon
        raise InputError(f"the results cannot be read: {error}") from None


def _source(out: Path | None, definitions: Path | None, cloud: str, stack: str) -> Source:
    """The folder, or the lake of the deployment. Raises InputError or CloudError."""
    if out is not None:
        return ComputedFolder(out, definitions or Path("daybreak.toml"))
    if definitions is None:
        try:
            definitions = cdk.project_folder(Path.cwd()) / "daybreak.toml"
        except CloudError as error:
            raise CloudError(f"{error}; name the folder of a `daybreak compute`, or --definitions") from None
    return DeployedLake(deployment(cloud, stack).lake(), definitions)
