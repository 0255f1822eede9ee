"""Goals and alerts as the commands say them: `compute`, `definitions check` and `alerts try`."""

import csv
import json
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from daybreak.cli.main import APP
from daybreak.errors import DefinitionError, InputError
from support.event_files import written

DEFINITIONS = """
[project]
timezone = "UTC"
[segments.role]
property = "role"
[activation.first]
description = "d"
start = "Signed Up"
milestone = "Saved"
window = "1d"
segments = ["role"]
[goal.half]
description = "Every second new person"
metric = "activation.first"
from = 2026-02-02
by = 2026-03-31
target = 0.5
[alert.falls]
metric = "activation.first"
when = "falls"
[alert.no_saves]
event = "Saved"
when = "stops"
"""
FIRST = date(2026, 1, 5)


def events(folder: Path, people: int = 20, days: int = 48) -> str:
    """40 % of the people of a day save, from day 43 on 10 %."""
    lines = ["user_id,event,timestamp,role"]
    for number in range(1, days + 1):
        day = FIRST + timedelta(days=number - 1)
        for n in range(people):
            lines.append(f"p{number}-{n},Signed Up,{day}T10:00:00Z,=admin")
            if n < people * (0.4 if number < 43 else 0.1):
                lines.append(f"p{number}-{n},Saved,{day}T11:00:00Z,")
    return written(folder, "\n".join(lines) + "\n", "events.csv")


def few_events(folder: Path) -> str:
    """One of three people a day saves: 0 of 21 in 7 days against 28 of 84 would be p = 0.0017."""
    few = events(folder, people=3, days=43)
    Path(few).write_text(Path(few).read_text().replace("-1,Saved,", "-1,Looked,"))
    return few


def run(*command: str) -> tuple[int, str]:
    done = CliRunner().invoke(APP, list(command))
    if isinstance(done.exception, DefinitionError | InputError):
        return done.exit_code, str(done.exception)
    return done.exit_code, " ".join(done.stdout.split())


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str]:
    folder = tmp_path_factory.mktemp("given")
    return folder, events(folder), written(folder, DEFINITIONS, "asked.toml")


def test_compute_says_each_goal_and_alert_and_writes_their_tables(given: tuple[Path, str, str]) -> None:
    folder, sent, asked = given
    code, output = run("compute", sent, "--definitions", asked, "--out", str(folder / "out"))
    assert code == 0
    # 28 days until day 47: 23 of 8 and 5 of 2 of 20 are 194 of 560; days 0 to 18 of 57 after `from`
    # are among them, 171 / 28 = 6.1 of 57 in the mean
    assert (
        "goal half: behind; activation.first is 34.6 % (30.8 % to 38.7 %), 41.1 % was needed over these days, the goal is 50.0 % by "
        "2026-03-31; final on 2026-04-01." in output
    )
    # 7 days until day 47: 2 of 8 and 5 of 2 are 26 of 140
    assert "alert falls: since 2026-02-21: activation.first (rate) fell by 54 %: 18.6 % (26 of 140)" in output
    assert 'alert no_saves: nothing to speak of; it sees "Saved" stop within 2 days' in output
    for table, column, value in (("goals", "state", "behind"), ("alerts", "change", "fell")):
        with (folder / "out" / f"{table}.csv").open() as file:
            assert [row[column] for row in csv.DictReader(file)] == [value]
        with duckdb.connect() as db:
            assert db.execute(f"select {column} from '{folder}/out/{table}.parquet'").fetchall() == [(value,)]


def test_the_json_of_compute_holds_both_tables(given: tuple[Path, str, str]) -> None:
    folder, sent, asked = given
    done = CliRunner().invoke(APP, ["compute", sent, "--definitions", asked, "--out", str(folder / "json"), "--json"])
    found = json.loads(done.stdout)
    assert [row["goal"] for row in found["goals"]] == ["half"]
    assert [row["alert"] for row in found["alerts"]] == ["falls"]


def test_a_project_without_goals_and_alerts_gets_no_table_of_them(given: tuple[Path, str, str], tmp_path: Path) -> None:
    plain = written(tmp_path, DEFINITIONS.partition("[goal.half]")[0], "plain.toml")
    assert run("compute", given[1], "--definitions", plain, "--out", str(tmp_path / "out"))[0] == 0
    assert not (tmp_path / "out" / "goals.csv").exists()


def test_try_says_on_which_mornings_it_would_have_spoken(given: tuple[Path, str, str]) -> None:
    _, sent, asked = given
    code, output = run("alerts", "try", "falls", sent, "--definitions", asked)
    # 7 days until day 45: 4 of 8 and 3 of 2 are 38 of 140 (p = 0.005); until day 46: 32 of 140 (p = 0.0002)
    assert code == 0
    assert "[alert.falls] would have spoken on 1 morning until 2026-02-21, of 1 episode; 1 still lasts." in output
    assert "2026-02-20 opened all all activation.first (rate) fell by 43 %" in output
    done = CliRunner().invoke(APP, ["alerts", "try", "falls", sent, "--definitions", asked, "--json"])
    (row,) = json.loads(done.stdout)
    assert (row["morning"], row["says"]) == ("2026-02-20", "opened")
    code, output = run("alerts", "try", "no_saves", sent, "--definitions", asked)
    assert (code, output) == (0, "[alert.no_saves] would not have spoken on any morning until 2026-02-21.")


def test_try_of_an_unknown_alert_names_the_nearest(given: tuple[Path, str, str]) -> None:
    assert run("alerts", "try", "fals", given[1], "--definitions", given[2]) == (
        1,
        "unknown alert 'fals'; did you mean 'falls'?",
    )


def test_check_says_the_smallest_change_that_each_alert_can_see(given: tuple[Path, str, str]) -> None:
    code, output = run("definitions", "check", given[1], "--definitions", given[2])
    assert code == 0
    assert "[alert.falls] sees a fall from" in output
    assert "with 140 people in 7 days" in output
    done = CliRunner().invoke(APP, ["definitions", "check", given[1], "--definitions", given[2], "--json"])
    assert {row["definition"] for row in json.loads(done.stdout)} == {"alert.falls", "alert.no_saves"}


def test_an_event_that_an_alert_watches_and_that_never_came_is_a_warning(
    given: tuple[Path, str, str], tmp_path: Path
) -> None:
    asked = written(tmp_path, DEFINITIONS.replace('event = "Saved"', 'event = "Savd"'), "asked.toml")
    _, output = run("definitions", "check", given[1], "--definitions", asked)
    assert "[alert.no_saves]: no event 'Savd' ever arrived; did you mean 'Saved'?" in output
    assert '[alert.no_saves] cannot see "Savd" stop: it came on 0 of 28 days' in output


def test_check_refuses_an_alert_that_could_see_nothing_smaller_than_a_total_loss(tmp_path: Path) -> None:
    asked = written(tmp_path, DEFINITIONS, "asked.toml")
    code, output = run("definitions", "check", few_events(tmp_path), "--definitions", asked)
    assert (code, output) == (1, f"asked.toml: {REFUSED}")


REFUSED = (
    "[alert.falls] metric: could see nothing smaller than a total loss, with 21 people in 7 days; watch a number of "
    'more people, or an event with when = "stops"'
)


def test_compute_says_which_alert_is_refused_and_computes_the_others(tmp_path: Path) -> None:
    asked = written(tmp_path, DEFINITIONS, "asked.toml")
    few = few_events(tmp_path)
    code, output = run("compute", few, "--definitions", asked, "--out", str(tmp_path / "out"))
    assert code == 0
    assert f"alert falls: refused, and not looked at: {REFUSED}" in output
    # 28 of 84 in 28 days
    assert "goal half: too close to call; activation.first is 33.3 %" in output
    assert 'alert no_saves: nothing to speak of; it sees "Saved" stop' in output
    assert "could see nothing smaller than a total loss, with 21 people" not in output.replace(REFUSED, "")
    page = (tmp_path / "out" / "page.html").read_text()
    assert "is not looked at: with 21 people in 7 days it could see nothing smaller than a total loss" in page
    done = CliRunner().invoke(APP, ["compute", few, "--definitions", asked, "--out", str(tmp_path / "o"), "--json"])
    assert [one["message"] for one in json.loads(done.stdout)["refused_alerts"]] == [REFUSED]
    code, output = run("alerts", "try", "falls", few, "--definitions", asked)
    assert f"On 2026-02-16 it is refused, and not looked at: {REFUSED}" in output


@pytest.mark.parametrize("command", ["compute", "definitions check"])
def test_a_goal_that_names_an_unknown_definition_is_refused_before_a_file_is_read(tmp_path: Path, command: str) -> None:
    asked = written(
        tmp_path, DEFINITIONS.replace('metric = "activation.first"', 'metric = "activation.frst"'), "a.toml"
    )
    code, output = run(*command.split(), "no-such-file.csv", "--definitions", asked)
    assert (code, output) == (
        1,
        "a.toml: [goal.half] metric: 'activation.frst' is not defined; did you mean 'activation.first'?",
    )
