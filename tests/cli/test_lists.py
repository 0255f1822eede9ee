"""`daybreak lists try`, and what `daybreak compute` prints about lists."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from daybreak.cli.main import APP
from daybreak.errors import DefinitionError, InputError
from support.event_files import written

ASKED = """
[project]
timezone = "UTC"
[activation.a]
description = "d"
start = "S"
milestone = "V"
window = "1d"
[list.stuck]
who = { did = "S", between = ["24h", "7d"] }
not = { did = "V", since = "start" }
"""
EVENTS = "user_id,event,timestamp\nada,S,2026-10-01T10:00:00Z\nbob,S,2026-10-01T10:00:00Z\nbob,V,2026-10-02T10:00:00Z\n"


def ran(folder: Path, *command: str, asked: str = ASKED) -> tuple[str, BaseException | None]:
    events, definitions = written(folder, EVENTS, "e.csv"), written(folder, asked, "asked.toml")
    arguments = [part.replace("EVENTS", events) for part in command]
    done = CliRunner().invoke(APP, [*arguments, "--definitions", definitions])
    return done.stdout, done.exception


def test_try_shows_counts_and_ids_only_on_request(tmp_path: Path) -> None:
    output, raised = ran(tmp_path, "lists", "try", "stuck", "EVENTS")
    assert raised is None
    assert 'at least 24 hours and at most 7 days ago, and did not do "V" since then.' in output
    assert "ada" not in output
    assert "ada" in ran(tmp_path, "lists", "try", "stuck", "EVENTS", "--people")[0]
    found = json.loads(ran(tmp_path, "lists", "try", "stuck", "EVENTS", "--json", "--people")[0])
    assert (found["people"], found["held_out"], found["first"]) == (1, 0, [{"user_id": "ada", "anonymous_id": None}])


def test_a_list_that_is_not_defined_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    _, raised = ran(tmp_path, "lists", "try", "stcuk", "EVENTS")
    assert isinstance(raised, InputError)
    assert str(raised).startswith("no list 'stcuk' in ")
    assert str(raised).endswith("; choose from stuck")


def test_compute_prints_counts_and_no_id(tmp_path: Path) -> None:
    output, raised = ran(tmp_path, "compute", "EVENTS", "--out", str(tmp_path / "out"))
    assert raised is None
    assert "Lists" in output
    assert "ada" not in output
    found = json.loads(ran(tmp_path, "compute", "EVENTS", "--out", str(tmp_path / "out"), "--json")[0])
    assert [(row["list"], row["people"], row["entered"]) for row in found["lists"]] == [("stuck", 1, 1)]


@pytest.mark.parametrize("command", [["compute", "EVENTS"], ["lists", "try", "stuck", "EVENTS"]])
def test_a_list_without_a_bound_in_time_is_refused_by_each_command(tmp_path: Path, command: list[str]) -> None:
    _, raised = ran(tmp_path, *command, asked=ASKED.replace(', between = ["24h", "7d"]', ""))
    assert isinstance(raised, DefinitionError)
    assert "[list.stuck] who: needs a bound in time" in str(raised)
