"""Files that people bring to `daybreak compute`: what is read of them, and what is said where they cannot be read."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from daybreak.cli.main import APP
from daybreak.errors import InputError
from daybreak.files.compute import compute_files, read_events
from support.journeys import LIMITS, project

ASKED = '[activation.a]\ndescription = "d"\nstart = "Signed Up"\nmilestone = "Opened"\nwindow = "2d"\n'
HEADER = "user_id,event,timestamp,note\n"
ROWS = [("u1", "Signed Up", "2026-11-01T08:00:00Z", "a"), ("u1", "Opened", "2026-11-01T09:00:00Z", "b")]


def written(folder: Path, text: str | bytes, name: str = "events.csv") -> str:
    file = folder / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(file)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("name", ["events.csv", "EVENTS.CSV"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_what_spreadsheets_write_is_read(tmp_path: Path, separator: str, name: str, mark: str) -> None:
    lines = [HEADER.strip().split(","), *ROWS]
    file = written(tmp_path, mark + "\r\n".join(separator.join(line) for line in lines), name)
    assert [(e["userId"], e["event"], e["timestamp"], e["properties"]["note"]) for e in read_events([file])] == ROWS


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEADER + 'u1,"Signed Up,2026-11-01,a\nu2,Signed Up,2026-11-01,a\n', "line 2 is no CSV"),
        (HEADER + 'u1,"Signed" Up,2026-11-01,a\n', "line 2 is no CSV"),
        (HEADER + "u1,Signed Up,2026-11-01,a\nu2,Signed Up,2026-11-01,one,two\n", "line 3: more cells than the header"),
        (HEADER.encode() + b"u\xe9,Signed Up,2026-11-01,a\n", "is not UTF-8"),
        (HEADER.encode("utf-16"), "is not UTF-8"),
        ("User ID|Event Name|Time\n", "there are: User ID|Event Name|Time"),
        ("", "there are: none"),
    ],
)
def test_what_cannot_be_read_without_losing_something_is_refused_by_name_and_line(
    tmp_path: Path, text: str | bytes, said: str
) -> None:
    with pytest.raises(InputError) as refused:
        list(read_events([written(tmp_path, text)]))
    assert said in str(refused.value)
    assert "events.csv" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_row_that_is_not_taken_is_named_by_file_and_line(tmp_path: Path) -> None:
    good = written(tmp_path, HEADER + "\n".join(",".join(row) for row in ROWS), "good.csv")
    bad = written(tmp_path, HEADER + "\nu9,Opened,yesterday,c\n,Opened,2026-11-01,d\n", "bad.csv")
    _, counts, _, _ = compute_files([good, bad], project(ASKED), None, tmp_path / "lake", LIMITS, lambda _: None)
    assert (counts.events, counts.rejected) == (2, 2)
    assert ["bad.csv, line 3" in counts.first_rejects[0], "bad.csv, line 4" in counts.first_rejects[1]] == [True, True]


def computed(folder: Path, definitions: str, *options: str) -> tuple[int, str, BaseException | None]:
    """`daybreak compute` on the two rows: exit code, what it said, and what it raised."""
    events = written(folder, HEADER + "\n".join(",".join(row) for row in ROWS))
    asked = written(folder, '[project]\ntimezone = "UTC"\n' + definitions, "asked.toml")
    done = CliRunner().invoke(APP, ["compute", events, "--definitions", asked, *options])
    return done.exit_code, done.stdout, done.exception


def test_where_nobody_ever_started_there_is_a_table_without_rows_and_the_name_that_was_meant(tmp_path: Path) -> None:
    asked = ASKED + ASKED.replace("activation.a", "activation.b").replace("Opened", "Paid")
    code, said, raised = computed(tmp_path, asked.replace("Signed Up", "signed up"), "--out", str(tmp_path / "out"))
    assert (code, raised) == (0, None)
    assert "[activation.a], [activation.b]: no event 'signed up' ever came; did you mean 'Signed Up'?" in said
    assert "[activation.b]: no event 'Paid' ever came; what came is Opened, Signed Up" in said
    assert (tmp_path / "out" / "activation.csv").read_text().count("\n") == 1


def test_a_folder_that_cannot_be_made_is_said_before_the_work(tmp_path: Path) -> None:
    file = written(tmp_path, "", "afile")
    _, said, raised = computed(tmp_path, ASKED, "--out", file)
    assert isinstance(raised, InputError)
    assert "no folder can be made there" in str(raised)
    assert "events" not in said


def test_a_cloud_that_is_none_is_no_cloud() -> None:
    done = CliRunner().invoke(APP, ["query", "select 1", "--cloud", "Local"])
    assert isinstance(done.exception, InputError)
    assert "it is local, aws or auto" in str(done.exception)


def test_a_time_before_all_events_is_said_to_be_that(tmp_path: Path) -> None:
    *_, raised = computed(tmp_path, ASKED, "--out", str(tmp_path / "out"), "--as-of", "2020-01-01")
    assert "all 2 events are later than --as-of 2020-01-01" in str(raised)
