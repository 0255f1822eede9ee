"""The commands for webhook sources: their URLs and secrets."""

import base64
import secrets
import sys
from datetime import UTC, datetime
from typing import Annotated

import typer

from daybreak.cli import show
from daybreak.cli.options import AsJson, Cloud, StackName
from daybreak.cli.target import definitions_here, deployment, endpoint_urls
from daybreak.errors import InputError

WEBHOOKS = typer.Typer(help="List webhooks with their URLs, and put their secrets in force.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="The webhook's name in daybreak.toml")]


@WEBHOOKS.command("list")
def list_(cloud: Cloud = "auto", stack: StackName = "Daybreak", as_json: AsJson = False) -> None:
    """List every webhook with its URL, and when its secrets were set. The secrets themselves are not shown."""
    target = deployment(cloud, stack)
    stored = target.webhook_secrets()
    url = endpoint_urls(target)[0].rstrip("/")
    rows = [
        [name, webhook.signed_as, f"{url}/v1/hook/{name}", ", ".join(each.set_at for each in stored.stored(name))]
        for name, webhook in definitions_here().webhooks.items()
    ]
    columns = ["webhook", "signature", "url", "secrets set"]
    if as_json:
        show.as_json(show.objects(columns, rows))
    elif rows:
        show.table("Webhooks", columns, rows)
    else:
        show.OUT.print("daybreak.toml has no [webhook.NAME] yet; see docs/webhooks.md", markup=False)


@WEBHOOKS.command()
def secret(
    name: Name,
    make: Annotated[bool, typer.Option("--make", help="Make a random one, for a tool that lets you choose it")] = False,
    only: Annotated[bool, typer.Option("--only", help="Refuse the one before within a minute")] = False,
    cloud: Cloud = "auto",
    stack: StackName = "Daybreak",
) -> None:
    """Put a secret in force, from a hidden prompt or the standard input. The one before stays valid too."""
    known = definitions_here().webhooks
    if name not in known:
        raise InputError(f"no [webhook.{name}] in daybreak.toml; choose from {', '.join(known) or 'none'}")
    stored = deployment(cloud, stack).webhook_secrets()
    new = _made(known[name].signed_as) if make else _typed()
    valid = stored.add(name, new, datetime.now(UTC).isoformat(timespec="seconds"), only=only)
    if make:
        show.OUT.print(new, markup=False, soft_wrap=True)
    also = "the one before is valid too" if len(valid) > 1 else "no other is valid"
    show.ERR.print(f"Set for {name}, in force within a minute; {also}.", markup=False)


@WEBHOOKS.command()
def revoke(name: Name, cloud: Cloud = "auto", stack: StackName = "Daybreak") -> None:
    """Revoke the older secret of a webhook, once the tool uses the newest. Within a minute it is refused."""
    stored = deployment(cloud, stack).webhook_secrets()
    if len(stored.stored(name)) < 2:
        raise InputError(f"webhook {name!r} has no older secret")
    stored.drop_older(name)
    show.OUT.print(f"Only the newest secret of {name} is valid; in force within a minute.", markup=False)


def _made(signed_as: str) -> str:
    """A random secret. Standard Webhooks writes its bytes in base64; any other one can stand in a URL as it is."""
    if signed_as == "standard":
        return "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()
    return secrets.token_urlsafe(24)


def _typed() -> str:
    if sys.stdin.isatty():
        return str(typer.prompt("Secret", hide_input=True)).strip()
    return sys.stdin.readline().strip()
