"""`daybreak mcp`: it starts only with results to answer from, and says in one line why it does not start."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from daybreak.cli import ask
from daybreak.cli.main import APP
from daybreak.errors import CloudError, DefinitionError, InputError
from support.event_files import DEFINED, HEADER, ROWS, written

TIMEZONE = '[project]\ntimezone = "UTC"\n'


def raised(*arguments: str) -> BaseException | None:
    return CliRunner().invoke(APP, ["mcp", *arguments]).exception


def computed(folder: Path, definitions: str) -> tuple[str, str]:
    """The folder of a `daybreak compute`, and its definitions."""
    events = written(folder, HEADER + "\n".join(",".join(row) for row in ROWS))
    asked, out = written(folder, TIMEZONE + definitions, "asked.toml"), str(folder / "out")
    done = CliRunner().invoke(APP, ["compute", events, "--definitions", asked, "--out", out])
    assert done.exit_code == 0, done.output
    return out, asked


def test_it_serves_a_folder_that_compute_wrote(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out, definitions = computed(tmp_path, DEFINED)
    served: list[Any] = []
    monkeypatch.setattr("daybreak.ask.server.serve", lambda desk, version: served.append((desk, version)))
    assert raised(out, "--definitions", definitions) is None
    ((desk, version),) = served
    assert desk.answer("list_definitions", {}).metrics[0].metric == "activation.a"
    assert version


def test_a_folder_without_results_is_refused_with_the_command_that_writes_some(tmp_path: Path) -> None:
    definitions = written(tmp_path, TIMEZONE + DEFINED, "asked.toml")
    for folder in (tmp_path, tmp_path / "nowhere", Path(definitions)):
        error = raised(str(folder), "--definitions", definitions)
        assert isinstance(error, InputError)
        assert f"write some with `daybreak compute EVENTS --out {folder}`" in str(error)


def test_definitions_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    error = raised(str(tmp_path), "--definitions", str(tmp_path / "none.toml"))
    assert isinstance(error, DefinitionError)
    assert "none.toml" in str(error)


def test_outside_a_checkout_it_asks_for_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    error = raised()
    assert isinstance(error, CloudError)
    assert "name the folder of a `daybreak compute`, or --definitions" in str(error)


def test_without_its_package_the_command_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Any:
        raise ModuleNotFoundError(f"No module named {name!r}", name="mcp")

    monkeypatch.setattr(ask, "import_module", missing)
    error = raised("out")
    assert isinstance(error, InputError)
    assert str(error) == "the package 'mcp' is not installed; install Daybreak with it: `pip install 'daybreak[mcp]'`"


def test_no_other_command_waits_for_the_protocol() -> None:
    look = "import sys, daybreak.cli.main; print(sorted({'mcp', 'mcp_types'} & sys.modules.keys()))"
    assert subprocess.check_output([sys.executable, "-c", look], text=True) == "[]\n"
