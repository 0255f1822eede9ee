"""The commands for sending events: write keys to send with, and the events as they arrive."""

import time
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from daybreak.aws import doctor
from daybreak.cli import show
from daybreak.cli.options import AsJson, Cloud, StackName
from daybreak.cli.target import deployment
from daybreak.cli.webhooks import WEBHOOKS
from daybreak.errors import InputError
from daybreak.ingest.request import KeyKind

PANEL = "Send"
_TAIL_SECONDS = 1.0

KEYS = typer.Typer(help="Create, rotate, list and revoke write keys. Each source has its own.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands of this panel."""
    app.command(rich_help_panel=PANEL)(tail)
    app.add_typer(KEYS, name="keys", rich_help_panel=PANEL)
    app.add_typer(WEBHOOKS, name="webhooks", rich_help_panel=PANEL)


def tail(
    cloud: Cloud = "auto",
    stack: StackName = "Daybreak",
    since: Annotated[int, typer.Option(help="Begin with the events of this many minutes ago")] = 5,
    follow: Annotated[bool, typer.Option(help="Continue until interrupted")] = True,
) -> None:
    """Print events as they arrive, newest last, one JSON line each."""

    def wait() -> bool:
        if follow:
            time.sleep(_TAIL_SECONDS)
        return follow

    begin = datetime.now(UTC) - timedelta(minutes=since)
    for line in deployment(cloud, stack).events().tail(begin, lambda: datetime.now(UTC), wait):
        show.OUT.print(line.decode(), markup=False, soft_wrap=True)  # never wrap a line


@KEYS.command()
def create(
    source: Annotated[str, typer.Argument(help="The source that sends with the key: web, backend, ios …")],
    kind: Annotated[
        KeyKind, typer.Option(help="browser: everybody who opens the page can read it; server: may import history too")
    ] = "browser",
    cloud: Cloud = "auto",
    stack: StackName = "Daybreak",
    as_json: AsJson = False,
) -> None:
    """Create the write key of a source, and show it once."""
    if source == doctor.SOURCE:
        raise InputError(f"`daybreak doctor` uses the source {source!r} for its own keys; choose another name")
    write_key = deployment(cloud, stack).write_keys().create(source, kind, _now())
    _show(source, write_key, as_json)


@KEYS.command()
def rotate(
    source: Annotated[str, typer.Argument(help="The source that gets a second key")],
    cloud: Cloud = "auto",
    stack: StackName = "Daybreak",
    as_json: AsJson = False,
) -> None:
    """Create a second key for a source. The old one stays valid until you revoke it."""
    keys = deployment(cloud, stack).write_keys()
    write_key = keys.rotate(source, _now())
    _show(source, write_key, as_json)
    if not as_json:
        old = next(key for key in keys.all() if key.source == source and key.revoked_at is None)
        show.OUT.print(f"[dim]When no app sends with the old key any more: daybreak keys revoke {old.id}[/dim]")


@KEYS.command("list")
def list_(cloud: Cloud = "auto", stack: StackName = "Daybreak", as_json: AsJson = False) -> None:
    """List all keys with their ids and sources."""
    keys = deployment(cloud, stack).write_keys().all()
    if as_json:
        show.as_json(
            [
                {"id": k.id, "source": k.source, "kind": k.kind, "created": k.created_at, "revoked": k.revoked_at}
                for k in keys
            ]
        )
    else:
        show.table("Write keys", ["id", "source", "kind", "created", "revoked"],
                   [[k.id, k.source, k.kind, k.created_at, k.revoked_at] for k in keys])  # fmt: skip


@KEYS.command()
def revoke(
    key: Annotated[str, typer.Argument(help="The id of the key from `keys list`, or the key itself")],
    cloud: Cloud = "auto",
    stack: StackName = "Daybreak",
) -> None:
    """Revoke a key. Within a minute it is refused everywhere."""
    revoked = deployment(cloud, stack).write_keys().revoke(key, _now())
    show.OUT.print(f"Revoked {revoked.id} of source {revoked.source}; in force within a minute.")


def _show(source: str, write_key: str, as_json: bool) -> None:
    if as_json:
        show.as_json({"source": source, "write_key": write_key})
    else:
        show.OUT.print(f"{write_key}\n[dim]Source {source}. Keep it: it is not shown again.[/dim]")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
