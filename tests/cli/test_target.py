"""Which deployment a command speaks to."""

from typer.testing import CliRunner

from daybreak.cli.main import APP
from daybreak.errors import InputError


def test_a_cloud_that_is_none_is_no_cloud() -> None:
    done = CliRunner().invoke(APP, ["query", "select 1", "--cloud", "Local"])
    assert isinstance(done.exception, InputError)
    assert "it is local, aws or auto" in str(done.exception)
