"""`daybreak run`: jobs by name."""

from typer.testing import CliRunner

from daybreak.cli.main import APP
from daybreak.errors import InputError


def test_an_unknown_job_is_refused_with_the_known_ones() -> None:
    done = CliRunner().invoke(APP, ["run", "exports", "--date", "2026-11-20"])
    assert isinstance(done.exception, InputError)
    assert str(done.exception).startswith("unknown job 'exports'; choose from export, activation, ")
