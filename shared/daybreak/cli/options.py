"""Options that several commands share."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from daybreak.errors import InputError
from daybreak.mapping.export_mapping import FileMapping
from daybreak.mapping.read_mapping import read_mapping

Cloud = Annotated[
    str, typer.Option(help="local, aws, or auto: the local cloud while it is up, else AWS", envvar="DAYBREAK_CLOUD")
]
StackName = Annotated[str, typer.Option("--stack", help="The name of the deployed stack", envvar="DAYBREAK_STACK")]
MappingFile = Annotated[
    Path | None,
    typer.Option("--mapping", help="A TOML file that says which columns are person, event, time …; for every file"),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON")]


def mapping_in(file: Path | None) -> FileMapping | None:
    """The mapping in the file given as --mapping. Raises InputError."""
    return read_mapping(file) if file else None


def one_day(option: str, text: str) -> date:
    """The day that was typed as an option or argument. Raises InputError."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InputError(f"{option} {text!r} is not a date; write it as 2026-11-21") from None


def days(first: str | None, last: str | None, ago: int) -> tuple[date, date]:
    """The days from --from to --to, both included. Raises InputError.

    By default --to is today (UTC), and --from is `ago` days before --to.
    """
    end = one_day("--to", last) if last else datetime.now(UTC).date()
    begin = one_day("--from", first) if first else end - timedelta(days=ago)
    if end < begin:
        raise InputError(f"--to {end} is before --from {begin}")
    return begin, end
