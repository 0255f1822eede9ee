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
    [("collector", "write units an event, 100 a request"), ("volume", "peak memory of export and compute")],
)
def test_a_part_of_the_bench_runs_and_its_units_hold(tmp_path: Path, part: str, said: str) -> None:
    paths = os.pathsep.join([str(TESTS), str(TESTS.parent)])
    done = subprocess.run(
        [sys.executable, "-m", "bench", "--only", part, "--events", "2000"],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": paths}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    rows: dict[str, dict[str, Any]] = {
        row["what"]: row for row in json.loads((tmp_path / "bench.json").read_text())["measured"]
    }
    assert rows[said]["met"] == "yes"
