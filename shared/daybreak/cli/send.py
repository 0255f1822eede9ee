"""keys create | rotate | list | revoke."""

import enum
from datetime import UTC, datetime
from typing import Annotated

import typer

from daybreak.aws import doctor
from daybreak.cli import show
from daybreak.cli.options import AsJson, Cloud, StackName
from daybreak.cli.target import deployment
from daybreak.errors import InputError

APP = typer.Typer(help="Write keys: one a source; only hashes are stored.", no_args_is_help=True)


class Kind(enum.Enum):
    """As `daybreak.ingest.request.Kind`, for typer."""

    browser = "browser"
    server = "server"


@APP.command()
def create(
    source: Annotated[str, typer.Argument(help="What sends with it: web, backend, ios …")],
    kind: Annotated[
        Kind, typer.Option(help="browser: anyone who opens the page can read it; server: may import history too")
    ] = Kind.browser,
    cloud: Cloud = "auto",
    stack: StackName = "Daybreak",
    as_json: AsJson = False,
) -> None:
    """Make the key of a source. It is shown once."""
    if source == doctor.SOURCE:
        raise InputError(f"{source!r} is what `daybreak doctor` makes its own keys for; choose another name")
    write_key = deployment(cloud, stack).write_keys().create(source, kind.value, _now())
    _show(source, write_key, as_json)


@APP.command()
def rotate(
    source: Annotated[str, typer.Argument(help="The source that gets a new key")],
    cloud: Cloud = "auto",
    stack: StackName = "Daybreak",
    as_json: AsJson = False,
) -> None:
    """Make a second key for a source; the old one stays valid until you revoke it."""
    keys = deployment(cloud, stack).write_keys()
    write_key = keys.rotate(source, _now())
    _show(source, write_key, as_json)
    if not as_json:
        old = next(key for key in keys.all() if key.source == source and key.revoked_at is None)
        show.OUT.print(f"[dim]When nothing sends with the old one any more: daybreak keys revoke {old.id}[/dim]")


@APP.command("list")
def list_(cloud: Cloud = "auto", stack: StackName = "Daybreak", as_json: AsJson = False) -> None:
    """All keys by id and source."""
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


@APP.command()
def revoke(
    key: Annotated[str, typer.Argument(help="Its id from `keys list`, or the key itself")],
    cloud: Cloud = "auto",
    stack: StackName = "Daybreak",
) -> None:
    """Refuse a key from now on; in force everywhere within a minute."""
    revoked = deployment(cloud, stack).write_keys().revoke(key, _now())
    show.OUT.print(f"Revoked {revoked.id} of source {revoked.source}; in force within a minute.")


def _show(source: str, write_key: str, as_json: bool) -> None:
    if as_json:
        show.as_json({"source": source, "write_key": write_key})
    else:
        show.OUT.print(f"{write_key}\n[dim]Source {source}. Keep it: it is not shown again.[/dim]")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
