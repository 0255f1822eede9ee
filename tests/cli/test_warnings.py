"""The warnings as the commands say them: `compute`, `definitions check` and `plan check`."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from conftest import ROOT
from daybreak.cli.main import APP
from support.event_files import written

CASES = ROOT / "tests" / "data" / "cases"


def run(*command: str) -> tuple[int, str]:
    """A command's exit code and what it printed for people or programs."""
    done = CliRunner().invoke(APP, list(command))
    return done.exit_code, done.stdout


def computed(case: str, folder: Path, *options: str) -> list[str]:
    """The lines of `daybreak compute` on a case."""
    (events,) = (CASES / case).glob("events.*")
    asked = str(CASES / case / "def.toml")
    code, output = run("compute", str(events), "--definitions", asked, "--out", str(folder / "out"), *options)
    assert code == 0
    return output.splitlines()


def test_the_first_line_counts_what_came_before_and_the_warning_names_it(tmp_path: Path) -> None:
    lines = computed("f8-id-came-before", tmp_path, "--as-of", "2026-10-10")
    days = "2026-10-05 to 2026-10-05, as of 2026-10-10 00:00:00 UTC"
    assert lines[0] == f"1 person; 2 events read: 1 counted, 1 came before; {days}"
    assert [line for line in lines if line.endswith('"x" is "Joined" of "kim", then "Joined" of "lee"')]


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ("s1-number-as-text", "[activation.a]: none of 2 events \"Paid\" has amount >= 10: amount is text in all 2 events"),
        ("s2-value-never-came", '"Pro", not "pro"'),
        ("s3-nps-of-1-to-4", "[survey.n]: none of 6 answers was above 4"),
        ("s4-ces-of-1-to-5", "[survey.ces]: none of 20 answers was above 5"),
    ],
)  # fmt: skip
def test_compute_and_definitions_check_and_plan_check_say_the_same(tmp_path: Path, case: str, words: str) -> None:
    assert any(words in line for line in computed(case, tmp_path))
    (events,) = map(str, (CASES / case).glob("events.*"))
    asked = str(CASES / case / "def.toml")
    code, checked = run("definitions", "check", events, "--definitions", asked)
    assert (code, words in checked, "1 definitions, 1 warning." in checked) == (0, True, True)
    code, compared = run("plan", "check", events, "--definitions", asked, "--plan", str(ROOT / "events" / "plan.toml"))
    assert (code, words in compared) == (1, True)  # the plan is of another product


def test_a_clock_in_the_future_is_named_and_moves_nothing(tmp_path: Path) -> None:
    lines = computed("s5-one-wrong-clock", tmp_path)
    days = "2026-11-20 to 2026-11-21, as of 2026-11-21 23:59:59 UTC"
    assert lines[0] == f"2 people; 5 events read: 4 counted, 1 too late; {days}"
    assert lines[1].startswith("1 event is later than now and left out, the first: ")
    assert lines[1].endswith("line 5: 2099-01-01T00:00:00Z")


NAMES = [f"Step {letter}" for letter in "abcdefghijklmno"]
FIFTEEN = '[project]\ntimezone = "UTC"\n' + "\n".join(
    f'[active_people.a{n}]\ndescription = "d"\nactive = "{name}"' for n, name in enumerate(NAMES)
)


def test_ten_lines_are_shown_and_json_has_all(tmp_path: Path) -> None:
    events = written(tmp_path, "user_id,event,timestamp\nkim,Begun,2026-10-05T09:00:00Z\n", "e.csv")
    asked = written(tmp_path, FIFTEEN, "asked.toml")
    command = ("compute", events, "--definitions", asked, "--out", str(tmp_path / "out"))
    code, output = run(*command)
    assert (code, output.count("ever arrived")) == (0, 10)
    assert "and 5 more warnings; --json lists all" in output
    found = json.loads(run(*command, "--json")[1])
    assert sorted(warning["subject"] for warning in found["warnings"]) == NAMES
    assert found["events"] | {"first": None} == found["events"] | {"first": None, "events": 1, "came_before": 0}
    checked = json.loads(run("definitions", "check", events, "--definitions", asked, "--json")[1])
    assert checked == found["warnings"]


def test_two_definitions_with_one_doubt_share_a_line(tmp_path: Path) -> None:
    events = written(tmp_path, "user_id,event,timestamp\nkim,begun,2026-10-05T09:00:00Z\n", "e.csv")
    twice = '[project]\ntimezone = "UTC"\n' + "\n".join(
        f'[active_people.{name}]\ndescription = "d"\nactive = "Begun"' for name in ("a", "b")
    )
    asked = written(tmp_path, twice, "asked.toml")
    output = run("definitions", "check", events, "--definitions", asked)[1]
    assert "[active_people.a], [active_people.b]: no event 'Begun' ever arrived; did you mean 'begun'?" in output


def test_plan_check_needs_no_definitions_and_its_json_holds_the_warnings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    events = written(tmp_path, "user_id,event,timestamp\nkim,Begun,2026-10-05\nKim,Begun,2026-10-06\n", "e.csv")
    plan = written(tmp_path, '[events.Begun]\ndescription = "d"\n', "plan.toml")
    code, output = run("plan", "check", events, "--plan", plan)
    assert code == 0  # a warning is not a difference
    assert "2 of 2 ids differ from another only by capital letters or blanks" in output
    found = json.loads(run("plan", "check", events, "--plan", plan, "--json")[1])
    assert [row["difference"] for row in found] == ["warning: id_spelling"]


def test_text_of_clients_can_neither_colour_nor_control_the_terminal(tmp_path: Path) -> None:
    event = {"type": "track", "userId": "kim", "timestamp": "2026-10-05T09:00:00Z", "event": "[red]\u001b[2J\u202eevil"}
    events = written(tmp_path, json.dumps(event), "e.jsonl")
    asked = written(tmp_path, FIFTEEN, "asked.toml")
    output = run("definitions", "check", events, "--definitions", asked)[1]
    assert "[red]\ufffd[2J\ufffdevil" in output
    assert "\u001b" not in output
