"""keys create | list | revoke."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from daybreak.cli import show
from daybreak.cli.options import AsJson, Cloud, StackName
from daybreak.cli.target import deployment

APP = typer.Typer(help="Write keys: one or more a source; only hashes are stored.", no_args_is_help=True)


@APP.command()
def create(
    source: Annotated[str, typer.Argument(help="What sends with it: web, backend, ios …")],
    cloud: Cloud = "auto",
    stack: StackName = "Daybreak",
    as_json: AsJson = False,
) -> None:
    """Make a key for a source. It is shown once."""
    write_key = deployment(cloud, stack).write_keys().create(source, _now())
    if as_json:
        show.as_json({"source": source, "write_key": write_key})
    else:
        show.OUT.print(f"{write_key}\n[dim]Source {source}. Keep it: it is not shown again.[/dim]")


@APP.command("list")
def list_(cloud: Cloud = "auto", stack: StackName = "Daybreak", as_json: AsJson = False) -> None:
    """All keys by id and source."""
    keys = deployment(cloud, stack).write_keys().all()
    if as_json:
        show.as_json([{"id": k.id, "source": k.source, "created": k.created_at, "revoked": k.revoked_at} for k in keys])
    else:
        show.table("Write keys", ["id", "source", "created", "revoked"],
                   [[k.id, k.source, k.created_at, k.revoked_at] for k in keys])  # fmt: skip


@APP.command()
def revoke(
    key: Annotated[str, typer.Argument(help="Its id from `keys list`, or the key itself")],
    cloud: Cloud = "auto",
    stack: StackName = "Daybreak",
) -> None:
    """Refuse a key from now on; in force everywhere within a minute."""
    revoked = deployment(cloud, stack).write_keys().revoke(key, _now())
    show.OUT.print(f"Revoked {revoked.id} of source {revoked.source}; in force within a minute.")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
