"""The commands for the page of the morning: open it here, or make a link for others."""

import tempfile
import webbrowser
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from daybreak.aws.share import share as signed_link
from daybreak.cli import show
from daybreak.cli.options import AsJson, Cloud, StackName
from daybreak.cli.target import deployment
from daybreak.errors import CloudError
from daybreak.lake import keys

PANEL = "Page"

_BECAUSE = {
    "wanted": "as you asked",
    "seven days": "no link lives longer than seven days",
    "session": "your session at AWS ends then, and every link that it signed",
    "session of an unknown end": "or earlier, when your session at AWS ends: these credentials do not say when that is",
}


def register(app: typer.Typer) -> None:
    """Add the commands of this panel."""
    for command in (dashboard, share):
        app.command(rich_help_panel=PANEL)(command)


def dashboard(
    open_: Annotated[
        bool, typer.Option("--open/--no-open", help="Open it in the browser, or only print where it is")
    ] = (True),
    cloud: Cloud = "auto",
    stack: StackName = "Daybreak",
) -> None:
    """Open the newest page of a deployment, read with your own credentials."""
    page = deployment(cloud, stack).lake().get(keys.newest_page())
    if page is None:
        raise CloudError("there is no page yet; write one with `daybreak run page --date <day>`")
    file = Path(tempfile.mkdtemp(prefix="daybreak-page-"), "index.html")  # only its owner can read the folder
    file.write_bytes(page)
    show.OUT.print(str(file), markup=False, soft_wrap=True)
    if open_:
        webbrowser.open(file.as_uri())


def share(
    hours: Annotated[int, typer.Option(min=1, max=168, help="How long the link is meant to work")] = 8,
    cloud: Cloud = "auto",
    stack: StackName = "Daybreak",
    as_json: AsJson = False,
) -> None:
    """Create a link to the newest page that anybody can open, and say until when it really works."""
    link = signed_link(deployment(cloud, stack).lake_bucket, timedelta(hours=hours), datetime.now(UTC))
    ends = link.ends.astimezone(UTC)
    if as_json:
        show.as_json({"url": link.url, "ends": ends.isoformat(timespec="seconds"), "because": link.because})
        return
    show.OUT.print(link.url, markup=False, soft_wrap=True)
    show.OUT.print(f"It works until {ends:%Y-%m-%d %H:%M} UTC: {_BECAUSE[link.because]}.", soft_wrap=True)
