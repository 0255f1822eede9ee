"""`daybreak import`: what it says, and what it does to a deployment."""

import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from conftest import ROOT
from daybreak.cli import importing
from daybreak.cli.main import APP
from daybreak.definitions.project import parse
from daybreak.errors import CloudError, InputError
from daybreak.export.arrivals import NothingArrives
from daybreak.export.job import Export
from daybreak.export.payloads import ExportDay
from daybreak.ingest.rules import Clean, Rules, forgotten_digest
from daybreak.lake.store import FolderStore
from support.journeys import LIMITS

PROJECT = parse('[project]\ntimezone = "UTC"\n[active_people.anybody]\ndescription = "d"\n')
ROWS = [
    "ada,Signed Up,2026-03-01 10:00:00,1",
    "bob,Signed Up,2026-03-02 10:00:00,2",
    "bob,Signed Up,2026-03-02 10:00:00,2",
]


@dataclass
class Live:
    people: frozenset[bytes]
    clean: Clean

    def current(self) -> Rules:
        return Rules(self.clean, forgotten=self.people)

    def forgotten(self) -> frozenset[bytes]:
        return self.people


@dataclass
class Deployed:
    """A stack with its lake in a folder."""

    folder: Path
    people: frozenset[bytes] = frozenset()
    fails: bool = False
    exported: list[date] = field(default_factory=list)
    hash_salt: str = "salt"

    def lake(self) -> FolderStore:
        return FolderStore(self.folder)

    def live_rules(self, clean: Clean) -> Live:
        return Live(self.people, clean)

    def export(self, payload: ExportDay) -> dict[str, Any]:
        if self.fails:
            raise CloudError("out of memory")
        self.exported.append(payload.date)
        done = Export(self.lake(), NothingArrives(), PROJECT, LIMITS).day(payload.date, payload.time)
        assert [manifest.unreconciled for manifest in done] == [0] * len(done)
        return {}


@pytest.fixture
def deployed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Deployed:
    target = Deployed(tmp_path / "lake")
    monkeypatch.setattr(importing, "deployment", lambda *_: target)
    monkeypatch.setattr(importing, "definitions_here", lambda: PROJECT)
    return target


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "history.csv"
    path.write_text("\n".join(["user_id,event,timestamp,seats", *ROWS]) + "\n")
    return str(path)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(APP, ["import", *arguments], catch_exceptions=False)


def words(result: Result) -> str:
    return " ".join(result.stdout.split())


def test_files_are_imported_and_exported_and_a_second_time_nothing_happens(deployed: Deployed, file: str) -> None:
    said = words(run(file, "--source", "history"))
    assert "3 events read, 3 taken; 2026-03-01 to 2026-03-02" in said
    assert "Written to the raw log as history: 3." in said
    assert "They are in the table events; none of them came before" in said
    assert deployed.exported == [datetime.now(UTC).date() - timedelta(days=1)]
    before = {stored.key: stored.md5 for stored in deployed.lake().list("")}
    said = words(run(file, "--source", "history"))
    assert "All of it was imported before: nothing was written." in said
    assert {stored.key: stored.md5 for stored in deployed.lake().list("")} == before
    assert len(deployed.exported) == 1


def test_the_page_shows_what_is_said(deployed: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    section = (ROOT / "docs/importing.md").read_text(encoding="utf-8").partition("## Into a deployment")[2]
    shown = section.partition("```console\n")[2].partition("```")[0]
    said = run("events/mixpanel.jsonl", "--source", "mixpanel").stdout
    assert said.startswith(shown)


def test_events_that_came_before_in_another_file_are_counted(deployed: Deployed, file: str, tmp_path: Path) -> None:
    run(file, "--source", "history")
    other = tmp_path / "other.csv"
    other.write_text("\n".join(["user_id,event,timestamp,seats", *ROWS, "cy,Signed Up,2026-03-02 10:00:00,2"]) + "\n")
    assert "3 of them came before and count once" in words(run(str(other), "--source", "history"))


def test_what_is_left_out_is_said_by_reason_with_file_and_line(deployed: Deployed, file: str) -> None:
    deployed.people = frozenset({forgotten_digest("ada")})
    with Path(file).open("a") as more:
        more.write("dee,Signed Up,tomorrow,2\ndee,Signed Up,2037-01-01,2\n")
    said = words(run(file, "--source", "history"))
    assert "5 events read, 3 taken, 1 rejected, 1 too late" in said
    assert f"absurd_time: {file}, line 5" in said
    assert f"1 event is later than now and left out, the first: {file}, line 6" in said
    assert "1 of them about people who asked to be forgotten are left out" in said
    assert "Written to the raw log as history: 2" in said
    assert deployed.lake().list("quarantine/") == []


def test_without_the_export_the_next_hour_brings_them(deployed: Deployed, file: str) -> None:
    assert "five minutes past the hour" in words(run(file, "--source", "history", "--no-export"))
    assert deployed.exported == []
    assert "They are in the table events" in words(run(file, "--source", "history"))


def test_an_export_that_fails_loses_nothing_and_says_so(deployed: Deployed, file: str) -> None:
    deployed.fails = True
    with pytest.raises(CloudError, match=r"the export .* failed: out of memory; the next one"):
        run(file, "--source", "history")
    deployed.fails = False
    assert "3 events read" in words(run(file, "--source", "history"))


def test_json_holds_the_counts(deployed: Deployed, file: str) -> None:
    said = json.loads(run(file, "--source", "history", "--json").stdout)
    assert (said["parts"], said["parts_before"], said["written"], said["forgotten"], said["waiting"]) == (
        1,
        0,
        3,
        0,
        [],
    )
    assert (said["events"]["read"], said["events"]["events"], said["events"]["came_before"]) == (3, 3, 0)


def test_a_mapping_says_what_the_columns_mean_and_a_draft_is_printed(deployed: Deployed, tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text("a,b,c\nada,Signed Up,2026-03-01 10:00:00\n")
    with pytest.raises(InputError):
        run(str(table), "--source", "history")
    drafted = run(str(table), "--draft").stdout
    assert "person = " in drafted
    mapping = tmp_path / "mapping.toml"
    mapping.write_text('person = "a"\nevent = "b"\ntime = "c"\n')
    assert "1 events read" in words(run(str(table), "--source", "history", "--mapping", str(mapping)))


def test_an_interruption_says_how_to_go_on(deployed: Deployed, file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(importing, "import_files", interrupted)
    assert "The same command goes on from here" in " ".join(run(file, "--source", "history").stderr.split())


def test_progress_is_a_line_now_and_then_where_there_is_no_terminal(
    deployed: Deployed, file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "events read" not in run(file, "--source", "history").stderr
    monkeypatch.setattr(importing, "_PROGRESS_SECONDS", -1)
    assert "3 events read, 1 part, 1 of them there before" in run(file, "--source", "history").stderr


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ([], "--source is missing"),
        (["--source", "My Source"], "use small letters"),
        (["--source", "daybreak"], "Daybreak's own events"),
    ],
)
def test_a_source_that_cannot_be_one_is_refused(deployed: Deployed, file: str, arguments: list[str], why: str) -> None:
    with pytest.raises(InputError, match=why):
        run(file, *arguments)


def test_files_without_an_event_are_refused(deployed: Deployed, tmp_path: Path) -> None:
    empty = tmp_path / "empty.csv"
    empty.write_text("")
    with pytest.raises(InputError, match=r"no events could be imported; .*empty\.csv: no rows"):
        run(str(empty), "--source", "history")
    assert deployed.lake().list("") == []
