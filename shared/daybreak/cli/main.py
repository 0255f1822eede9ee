"""The `daybreak` command: one module for each panel of its help."""

import sys

import typer

from daybreak.cli import alerts, ask, check, compute, importing, local, messages, page, people, send, setup
from daybreak.cli.show import ERR
from daybreak.errors import DaybreakError, MappingNeeded

APP = typer.Typer(
    help="Collect product events, and compute onboarding metrics from them.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
# help shows them in this order
for panel in (local, send, importing, check, compute, alerts, page, ask, people, messages, setup):
    panel.register(APP)


def main() -> None:
    """Run a command. An expected error is printed as one line, with exit code 1, and a drafted mapping below it."""
    try:
        APP()
    except DaybreakError as error:
        ERR.print(f"[bold red]{type(error).__name__}[/bold red]", end=" ")
        ERR.print(str(error), markup=False, soft_wrap=True)
        if isinstance(error, MappingNeeded) and error.draft:
            ERR.print(f"\n{error.draft}", markup=False, soft_wrap=True, end="")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
