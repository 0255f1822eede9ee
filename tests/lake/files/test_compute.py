"""Files of events that become a lake: the counts of their events."""

from pathlib import Path

from daybreak.files.compute import compute_files
from support.event_files import DEFINED, HEADER, ROWS, written
from support.journeys import LIMITS, project


def test_a_rejected_row_is_named_by_file_and_line(tmp_path: Path) -> None:
    good = written(tmp_path, HEADER + "\n".join(",".join(row) for row in ROWS), "good.csv")
    bad = written(tmp_path, HEADER + "\nu9,Opened,yesterday,c\n,Opened,2026-11-01,d\n", "bad.csv")
    counts = compute_files([good, bad], project(DEFINED), None, tmp_path / "lake", LIMITS.memory_mb).counts
    assert (counts.events, counts.rejected) == (2, 2)
    assert ["bad.csv, line 3" in counts.first_rejects[0], "bad.csv, line 4" in counts.first_rejects[1]] == [True, True]
