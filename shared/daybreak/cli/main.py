"""The `daybreak` command."""

import sys

import typer

from daybreak.aws import doctor
from daybreak.cli import check, compute, local, people, plan, send, setup, stack
from daybreak.cli.show import ERR
from daybreak.errors import DaybreakError

APP = typer.Typer(
    help="Product events in, the morning's onboarding metrics out.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
local.register(APP)
stack.register(APP)
check.register(APP)
people.register(APP)
doctor.register(APP)
compute.register(APP)
APP.add_typer(send.APP, name="keys")
APP.add_typer(plan.APP, name="plan")
APP.add_typer(setup.APP, name="definitions")


def main() -> None:
    """Run a command; what goes wrong on purpose is one line and exit code 1."""
    try:
        APP()
    except DaybreakError as error:
        ERR.print(f"[bold red]{type(error).__name__}[/bold red]", end=" ")
        ERR.print(str(error), markup=False, soft_wrap=True)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
