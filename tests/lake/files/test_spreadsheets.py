"""People open the CSV files of `daybreak compute` in spreadsheets, and anybody may have sent the text in them."""

import csv
import json
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from daybreak.files.compute import compute_tables
from support.journeys import LIMITS, project

ASKED = project("""
[segments.plan]
property = "plan"
[completion.c]
description = "d"
steps = ["S", "E"]
window = "1d"
segments = ["plan"]
""")
FORMULAS = [
    "=1+1", "+1", "-1", "@SUM(A1)", "\t=1+1", "\r=1", "\n=1", " =1", "\uff1d1+1", "\uff0b1", "\uff0d1", "\uff20x", "\u0000=1",
    "=HYPERLINK(\"https://example.invalid\",\"x\")", "=cmd|' /C calc'!A0",
]  # fmt: skip
PLAIN = ["", "pro", "a=b", "1-2", "<script>", "'; drop table found; --", "'=1", 'a"b,c\nd', "../../etc", "\u202egnp"]


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tables of people whose plans have these names."""
    folder = tmp_path_factory.mktemp("spreadsheets")
    file = folder / "events.jsonl"
    with file.open("w") as lines:
        for number, plan in enumerate([*FORMULAS, *PLAIN]):
            event = {"type": "track", "event": "S", "userId": f"u{number}", "properties": {"plan": plan}}
            lines.write(json.dumps({**event, "timestamp": "2026-11-20T09:00:00Z"}) + "\n")
    compute_tables([str(file)], ASKED, None, folder / "out", LIMITS.memory_mb, now=datetime.now(UTC))
    return folder / "out"


def test_no_cell_begins_as_a_formula(out: Path) -> None:
    with (out / "completion.csv").open(newline="", encoding="utf-8") as file:
        cells = [row["segment_value"] for row in csv.DictReader(file)]
    assert {f"'{formula}" for formula in FORMULAS} <= set(cells)
    assert {plain for plain in PLAIN if plain} <= set(cells)
    assert not [cell for cell in cells if cell.lstrip("\0 \t\r\n")[:1] in tuple("=+-@\uff1d\uff0b\uff0d\uff20")]


def test_parquet_has_every_value_as_it_was_sent(out: Path) -> None:
    file = (out / "completion.parquet").as_posix()
    found = {value for (value,) in duckdb.execute(f"select distinct segment_value from '{file}'").fetchall()}
    assert {*FORMULAS, *filter(None, PLAIN)} <= found
