"""Equal data is equal bytes, whatever order it comes in and however many partitions there are."""

import random
from pathlib import Path

import pytest

from daybreak.engine.database import Limits, create, database, write_partitions
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
    for turn in range(4):
        randomness.shuffle(rows)
        work = tmp_path / str(turn)
        work.mkdir()
        with database(work, Limits(memory_mb=500, threads=2)) as db:
            create(db, "made", TYPES, rows)
            files = write_partitions(db, "made", ["definition", "cohort"], "segment, n", work / "out")
            assert set(files) == {(row["definition"], row["cohort"]) for row in rows}
            written.append({value: md5(file.read_bytes()) for value, file in files.items()})
    assert written == written[:1] * 4
