"""How many requests a day of jobs makes is what the cost figures say: counted through the real code."""

import tomllib
from pathlib import Path

import pytest

from conftest import ROOT
from daybreak.definitions.project import load
from support.counted import requests_of_a_day, requests_of_an_idle_list, requests_of_an_import
from support.journeys import project

COSTS = tomllib.loads((ROOT / "tests/data/costs.toml").read_text(encoding="utf-8"))


@pytest.mark.slow
@pytest.mark.parametrize(("day", "events_an_hour"), [("day_with_events", 3), ("idle_day", 0)])
def test_a_day_of_jobs_makes_as_many_requests_as_the_costs_count(day: str, events_an_hour: int, tmp_path: Path) -> None:
    """Within a tenth: one more definition moves them a little. Each item gets its expiry in one more request."""
    counted = requests_of_a_day(tmp_path, load(ROOT / "daybreak.toml"), events_an_hour, days_before=2)
    for kind, count in COSTS[day].items():
        assert counted[kind] == pytest.approx(count, rel=0.1), kind
    assert counted["update"] == (24 if events_an_hour else 0)


@pytest.mark.slow
def test_an_import_of_a_year_makes_as_many_requests_as_the_costs_count(tmp_path: Path) -> None:
    counted = requests_of_an_import(tmp_path, load(ROOT / "daybreak.toml"), parts=40)
    for kind, count in COSTS["import"].items():
        assert counted[kind] == pytest.approx(count, rel=0.1), kind


HOURLY = """
[activation.first_run]
description = "d"
start = "Signed Up"
milestone = "Workflow Run"
window = "1d"
[list.stuck]
every = "hour"
who = { did = "Signed Up", between = ["1s", "7d"] }
"""


def test_an_idle_run_of_an_hourly_list_makes_as_many_requests_as_the_costs_count(tmp_path: Path) -> None:
    assert requests_of_an_idle_list(tmp_path, project(HOURLY)) == COSTS["idle_run_of_hourly_lists"]
