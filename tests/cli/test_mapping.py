"""A file whose columns are not clear: refused with a draft, and read with the mapping that is made of it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from conftest import ROOT
from daybreak.cli.main import APP

FILES = ROOT / "tests" / "data" / "cases" / "files"
DEFINED = """
[project]
timezone = "UTC"
[activation.report]
description = "d"
start = "Joined"
milestone = "Report Made"
window = "24h"
[alert.joins]
description = "d"
event = "Joined"
when = "stops"
[list.joined]
description = "d"
who = { did = "Joined", between = ["1h", "30d"] }
not = { did = "Report Made", since = "start" }
"""
ROWS = "who,uid,action,day\nkim,pro,Joined,05/10/2026 09:00\nkim,pro,Report Made,05/10/2026 10:00\nlee,pro,Joined,07/10/2026 12:00\n"
MAPPING = 'person = "who"\nevent = "action"\ntime = "day"\nformat = "%d/%m/%Y %H:%M"\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in (("log.csv", ROWS), ("mapping.toml", MAPPING), ("asked.toml", DEFINED)):
        (tmp_path / name).write_text(text)
    return tmp_path


def run(*words: str | Path) -> str:
    done = CliRunner().invoke(APP, [str(word) for word in words])
    assert done.exception is None, done.output
    return done.stdout


def test_a_file_is_refused_in_one_line_with_a_draft_below(folder: Path) -> None:
    """Run as people do, because the command itself prints what it raises."""
    main = "from daybreak.cli.main import main; main()"
    words = ["compute", str(folder / "log.csv"), "--definitions", str(folder / "asked.toml")]
    done = subprocess.run([sys.executable, "-c", main, *words], capture_output=True, text=True, check=False)
    first, blank, *draft = done.stderr.splitlines()
    assert done.returncode == 1
    assert first.startswith(f"MappingNeeded {folder}/log.csv: ")
    assert "the columns 'who' and 'uid' can both be the person" in first
    assert not blank
    assert 'person = "who"  # the id of the person; or "uid"' in draft
    assert "#   day: 05/10/2026 09:00 | 05/10/2026 10:00" in draft


def test_compute_reads_it_with_a_mapping(folder: Path) -> None:
    given = ("--definitions", folder / "asked.toml", "--mapping", folder / "mapping.toml", "--as-of", "2026-10-10")
    shown = json.loads(run("compute", folder / "log.csv", *given, "--out", folder / "out", "--json"))
    assert [(row["people"], row["activated"]) for row in shown["activation"] if row["people"]] == [(1, 1), (1, 0)]
    events = shown["events"]
    assert (events["people"], events["read"], events["events"], events["rejected"]) == (2, 3, 3, 0)
    assert events["names"] == {"Joined": 2, "Report Made": 1}


def test_the_other_commands_that_read_files_take_a_mapping_too(folder: Path) -> None:
    file, mapping, asked = (
        folder / "log.csv",
        ("--mapping", folder / "mapping.toml"),
        ("--definitions", folder / "asked.toml"),
    )
    assert "Report Made" in run("plan", "learn", file, *mapping)
    (folder / "plan.toml").write_text(run("plan", "learn", file, *mapping))
    assert "as planned" in run("plan", "check", file, *mapping, *asked, "--plan", folder / "plan.toml")
    assert "definitions" in run("definitions", "check", file, *mapping, *asked)
    assert "[alert.joins]" in run("alerts", "try", "joins", file, *mapping, *asked)
    assert "joined" in run("lists", "try", "joined", file, *mapping, *asked)


def test_what_was_refused_ignored_and_skipped_is_said_in_json_and_in_words(folder: Path) -> None:
    data = folder / "data"
    data.mkdir()
    (data / "log.csv").write_text("Title\n\n" + ROWS + "lee,pro,Joined,soon\nlee,pro,,07/10/2026 12:00\n")
    (data / "README.md").write_text("# About\n")
    given = (
        data,
        "--definitions",
        folder / "asked.toml",
        "--mapping",
        folder / "mapping.toml",
        "--out",
        folder / "out",
    )
    events = json.loads(run("compute", *given, "--json"))["events"]
    assert {code: refused["count"] for code, refused in events["refused"].items()} == {"absurd_time": 1, "no_name": 1}
    assert events["refused"]["no_name"]["first"].startswith(f"{data}/log.csv, line 8: track needs event")
    assert events["ignored"] == {"lines above a header": 1}
    shown = run("compute", *given)
    assert f"  no_name: {data}/log.csv, line 8: track needs event" in shown
    assert "Ignored: 1 lines above a header." in shown
    assert f"skipped: {data}/README.md: the mapping's person is 'who', which is not a column" in shown


def test_a_column_of_a_mapping_that_is_not_there_is_named(folder: Path) -> None:
    for field, absent in (('properties = ["uid", "plan"]', "properties is 'plan'"), ('id = "key"', "id is 'key'")):
        (folder / "mapping.toml").write_text(f"{MAPPING}{field}\n")
        given = ("compute", str(folder / "log.csv"), "--mapping", str(folder / "mapping.toml"))
        done = CliRunner().invoke(APP, [*given, "--definitions", str(folder / "asked.toml")])
        assert f"the mapping's {absent}, which is not a column; there are: who, uid, action, day" in str(done.exception)


def test_a_date_that_needs_a_format_says_how_to_draft_one(tmp_path: Path) -> None:
    file = tmp_path / "log.csv"
    file.write_text("user_id,event,timestamp\nkim,Joined,05.10.2026 18:00\n")
    (tmp_path / "asked.toml").write_text(DEFINED)
    arguments = ["compute", str(file), "--definitions", str(tmp_path / "asked.toml"), "--out", str(tmp_path / "out")]
    refused = CliRunner().invoke(APP, arguments)
    assert "say its format with --mapping, which `daybreak import FILE --draft` writes" in str(refused.exception)
    drafted = CliRunner().invoke(APP, ["import", str(file), "--draft"])
    assert 'format = "%d.%m.%Y %H:%M"' in drafted.output
