"""A small `make bench` runs, and its figures without a clock meet their goals. People judge the times."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

TESTS = Path(__file__).parents[1]


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ("collector", ["write units an event, 100 a request"]),
        ("volume", ["peak memory of export and compute"]),
        ("page", ["its bytes", "its requests to S3"]),
    ],
)
def test_a_part_of_the_bench_runs_and_its_units_hold(tmp_path: Path, part: str, said: list[str]) -> None:
    rows = _measured(tmp_path, part, "--events", "2000")
    assert [rows[what]["met"] for what in said] == ["yes"] * len(said)


def test_copying_an_hour_takes_less_memory_than_the_hour_has_bytes(tmp_path: Path) -> None:
    """Eight million events are 330 MB of frames."""
    rows = _measured(tmp_path, "hour", "--hour", "8000000")
    for place in ("a folder", "S3"):
        row = rows[f"peak memory of copying an hour of 8,000,000 events to {place}"]
        assert row["met"] == "yes"
        assert row["measured"] < 0.33


def _measured(folder: Path, part: str, *options: str) -> dict[str, dict[str, Any]]:
    """The rows of a part of the bench, by their names."""
    paths = os.pathsep.join([str(TESTS), str(TESTS.parent)])
    done = subprocess.run(
        [sys.executable, "-m", "bench", "--only", part, *options],
        cwd=folder, env={**os.environ, "PYTHONPATH": paths}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return {row["what"]: row for row in json.loads((folder / "bench.json").read_text())["measured"]}
