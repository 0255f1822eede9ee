"""The deployment that a command uses."""

from typer.testing import CliRunner

from daybreak.cli.main import APP
from daybreak.errors import InputError


def test_an_unknown_cloud_is_refused_with_the_known_ones() -> None:
    done = CliRunner().invoke(APP, ["query", "select 1", "--cloud", "Local"])
    assert isinstance(done.exception, InputError)
    assert "unknown cloud 'Local'; choose from local, aws, auto" in str(done.exception)
