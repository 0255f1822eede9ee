"""Equal data is equal bytes, whatever order it comes in and however many partitions there are."""

import os
import random
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from daybreak.engine.database import (
    Limits,
    clear_left_workplaces,
    create,
    workplace,
    write_no_rows,
    write_parquet,
    write_partitions,
)
from daybreak.lake.store import md5

TYPES = {"definition": "VARCHAR", "cohort": "DATE", "segment": "VARCHAR", "n": "BIGINT"}


@pytest.mark.parametrize("count", [0, 1, 300, 5000])
def test_the_same_rows_in_any_order_are_the_same_files(tmp_path: Path, count: int) -> None:
    randomness = random.Random(count)
    rows = [
        {
            "definition": f"d{randomness.randrange(3)}",
            "cohort": f"2026-11-{randomness.randrange(1, 21):02}",
            "segment": randomness.choice(["all", "plan", "role"]),
            "n": randomness.randrange(100),
        }
        for _ in range(count)
    ]
    written = []
    for nth in range(4):
        randomness.shuffle(rows)
        with workplace(Limits(memory_mb=500, threads=2)) as place:
            create(place.db, "made", TYPES, rows)
            folder = tmp_path / str(nth)
            files = write_partitions(place.db, "made", ["definition", "cohort"], ["segment", "n"], folder)
            assert set(files) == {(row["definition"], row["cohort"]) for row in rows}
            written.append({value: md5(file.read_bytes()) for value, file in files.items()})
    assert written == written[:1] * 4


def test_a_file_without_rows_has_the_bytes_of_a_table_that_lost_all_its_rows(tmp_path: Path) -> None:
    with workplace(Limits(memory_mb=500, threads=2)) as place:
        create(place.db, "made", TYPES, [{"definition": "d", "cohort": "2026-11-20", "segment": "all", "n": 1}])
        written = write_parquet(place.db, "select * from made where n > 1 order by all", tmp_path / "written.parquet")
    assert write_no_rows(TYPES, tmp_path / "none.parquet").read_bytes() == written.read_bytes()


def test_a_workplace_opens_no_database_until_somebody_asks_for_it() -> None:
    with workplace(Limits()) as place:
        assert not list(place.folder.iterdir())
        place.db.execute("select 1")
        assert (place.folder / "daybreak.duckdb").is_file()
    assert not place.folder.exists()


WORKS_UNTIL_IT_IS_KILLED = """
import sys
from daybreak.engine.database import Limits, workplace
with workplace(Limits(memory_mb=100, threads=1)) as place:
    place.db.execute("create table t as select 1")
    print(place.folder, flush=True)
    sys.stdin.read()
"""


def test_only_workplaces_of_dead_processes_are_cleared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / "daybreak-lake-1").mkdir()
    (tmp_path / "daybreak-work-notes.txt").write_text("somebody's own")
    processes = [
        subprocess.Popen([sys.executable, "-c", WORKS_UNTIL_IT_IS_KILLED], stdin=subprocess.PIPE,
                         stdout=subprocess.PIPE, text=True, env={**os.environ, "TMPDIR": str(tmp_path)})
        for _ in range(2)
    ]  # fmt: skip
    try:
        folders = [Path(process.stdout.readline().strip()) for process in processes if process.stdout]
        processes[0].send_signal(signal.SIGKILL)
        processes[0].wait()
        with workplace(Limits(memory_mb=100, threads=1)) as own:
            assert folders[0].exists()
            assert clear_left_workplaces() == 1
            assert (folders[0].exists(), folders[1].exists(), own.folder.exists()) == (False, True, True)
            assert clear_left_workplaces() == 0
    finally:
        for process in processes:
            process.communicate()
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"daybreak-lake-1", "daybreak-work-notes.txt"}
