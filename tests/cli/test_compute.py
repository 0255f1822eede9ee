"""`daybreak compute` on files that people bring: its tables, its warnings and its errors."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from daybreak.cli.main import APP
from daybreak.errors import InputError
from support.event_files import DEFINED, HEADER, ROWS, written


def computed(folder: Path, definitions: str, *options: str) -> tuple[int, str, BaseException | None]:
    """`daybreak compute` on the two rows: exit code, output, and the error that it raised."""
    events = written(folder, HEADER + "\n".join(",".join(row) for row in ROWS))
    asked = written(folder, '[project]\ntimezone = "UTC"\n' + definitions, "asked.toml")
    done = CliRunner().invoke(APP, ["compute", events, "--definitions", asked, *options])
    return done.exit_code, done.stdout, done.exception


def test_if_nobody_ever_started_the_table_has_no_rows_and_a_similar_name_is_suggested(tmp_path: Path) -> None:
    asked = DEFINED + DEFINED.replace("activation.a", "activation.b").replace("Opened", "Paid")
    code, output, raised = computed(tmp_path, asked.replace("Signed Up", "signed up"), "--out", str(tmp_path / "out"))
    assert (code, raised) == (0, None)
    assert "[activation.a], [activation.b]: no event 'signed up' ever arrived; did you mean 'Signed Up'?" in output
    assert "[activation.b]: no event 'Paid' ever arrived; the events hold Opened, Signed Up" in output
    assert (tmp_path / "out" / "activation.csv").read_text().count("\n") == 1


def test_a_folder_that_cannot_be_made_is_reported_before_the_work(tmp_path: Path) -> None:
    file = written(tmp_path, "", "afile")
    _, output, raised = computed(tmp_path, DEFINED, "--out", file)
    assert isinstance(raised, InputError)
    assert "no folder can be made there" in str(raised)
    assert "events" not in output


def test_a_time_before_all_events_is_reported_as_such(tmp_path: Path) -> None:
    *_, raised = computed(tmp_path, DEFINED, "--out", str(tmp_path / "out"), "--as-of", "2020-01-01")
    assert "all 2 events are later than --as-of 2020-01-01" in str(raised)


@pytest.mark.parametrize("time", ["yesterday", "9999-12-31T23:00:00-05:00", "10/05/2026", "1791190800"])
def test_an_as_of_that_is_not_a_time_is_refused_with_the_way_to_write_one(tmp_path: Path, time: str) -> None:
    *_, raised = computed(tmp_path, DEFINED, "--out", str(tmp_path / "out"), "--as-of", time)
    assert isinstance(raised, InputError)
    assert f"--as-of '{time}'" in str(raised)
    assert "write it as 2026-10-05T09:00:00Z" in str(raised)


def test_an_as_of_for_ever_is_refused(tmp_path: Path) -> None:
    *_, raised = computed(tmp_path, DEFINED, "--out", str(tmp_path / "out"), "--as-of", "9999-12-31")
    assert str(raised) == "--as-of '9999-12-31' is after 2199; correct the year"


def test_the_first_line_says_the_days_of_the_events_and_an_event_later_than_now_is_named(tmp_path: Path) -> None:
    events = written(tmp_path, "user_id,event,timestamp\nu,A,2026-10-01\nu,A,2026-10-05\nu,A,2569-01-01\n", "e.csv")
    asked = written(tmp_path, '[project]\ntimezone = "UTC"\n' + DEFINED, "asked.toml")
    command = ["compute", events, "--definitions", asked, "--out", str(tmp_path / "out")]
    lines = CliRunner().invoke(APP, command).stdout.splitlines()
    days = "2026-10-01 to 2026-10-05, as of 2026-10-05 23:59:59 UTC"
    assert lines[0] == f"1 person; 3 events read: 2 counted, 1 too late; {days}"
    assert lines[1] == f"1 event is later than now and left out, the first: {events}, line 4: 2569-01-01T00:00:00Z"


def test_compute_says_beside_its_tables_how_far_they_reach_and_of_these_tables_only(tmp_path: Path) -> None:
    out = tmp_path / "out"
    computed(tmp_path, DEFINED + '[active_people.here]\ndescription = "Who is here?"\n', "--out", str(out))
    latest = out / "latest"
    assert {"activation.json", "active_people.json", "warnings.json"} <= {file.name for file in latest.iterdir()}
    computed(tmp_path, DEFINED, "--out", str(out))
    assert not (latest / "active_people.json").exists()
    assert (latest / "activation.json").exists()
