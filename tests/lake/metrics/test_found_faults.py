"""The smallest input of each fault that was found, with its right answer and why (tests/data/cases)."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from conftest import ROOT
from daybreak.definitions.project import load, parse
from daybreak.files.compute import compute_files
from support.journeys import LIMITS, Deployment

CASES = ROOT / "tests" / "data" / "cases"


def table(
    folder: Path,
    case: str,
    family: str,
    as_of: str,
    name: str = "events",
    definition: str | None = None,
    segment: str = "all",
) -> list[dict[str, Any]]:
    """The rows of a segment, usually of everybody, that a definition of a case gives, or its only one of the family."""
    project = load(CASES / case / "def.toml")
    moment = datetime.fromisoformat(as_of).replace(tzinfo=UTC)
    (events,) = (CASES / case).glob(f"{name}.*")
    compute_files([str(events)], project, moment, folder, LIMITS.memory_mb, now=datetime.now(UTC))
    return Deployment(folder, project).table(family, definition, segment)


def test_an_experiments_goal_has_its_window_from_the_exposure_on(tmp_path: Path) -> None:
    """Trial from 28 December, exposure on 1 January, 7 days: an upgrade on 7 January is in time."""
    rows = table(tmp_path, "w1-goal-keeps-its-own-clock", "experiment", "2024-02-01")
    last = max(row["day"] for row in rows)
    found = {row["variant"]: (row["reached"], row["finished"]) for row in rows if row["day"] == last}
    assert found == {"A": (6, 10), "B": (3, 10)}


def test_a_ring_of_aliases_is_one_person(tmp_path: Path) -> None:
    """p to q and q to r join all three; r to p adds nothing, and takes nothing apart."""
    rows = table(tmp_path, "w2-alias-ring", "active_people", "2024-01-03")
    assert [row["dau"] for row in rows if str(row["day"]) == "2024-01-02"] == [1]


def test_a_day_that_never_was_is_in_no_table(tmp_path: Path) -> None:
    """Apia went from 29 to 31 December 2011: an event at noon of each counts on its own day."""
    rows = table(tmp_path, "b-apia-day-that-never-was", "lifecycle", "2012-01-05")
    found = {str(row["period_start"]): row["active_people"] for row in rows}
    assert (found["2011-12-29"], found.get("2011-12-30"), found["2011-12-31"]) == (1, None, 1)
    # the 31st is the day after the 29th: whoever was active on both has returned, and has not been away
    assert [row["returning_people"] for row in rows if str(row["period_start"]) == "2011-12-31"] == [1]


def test_an_hour_begins_on_the_full_hours_of_its_zone(tmp_path: Path) -> None:
    """Lord Howe in June is at +10:30: start at 10:45 and back at 11:05 is back in hour 1. The cohort begins at 10:00."""
    rows = table(tmp_path, "c-lord-howe-hours", "retention", "2024-06-12")
    assert [(row["period"], row["retained"]) for row in rows] == [(0, 1), (1, 1)]
    assert {str(row["cohort_starts_at"]) for row in rows} == {"2024-06-09 23:30:00"}


def test_an_hours_cohort_is_on_the_day_of_the_hour(tmp_path: Path) -> None:
    """Lord Howe in July: 13:40 UTC is 00:10 on the 10th, in the hour from 00:00 (13:30 UTC), as the days say too."""
    compute = load(CASES / "w4-hour-and-its-day" / "def.toml")
    hours = table(tmp_path, "w4-hour-and-its-day", "retention", "2024-07-12", definition="h")
    days = Deployment(tmp_path, compute).table("retention", "d")
    assert {(str(row["cohort"]), str(row["cohort_starts_at"])) for row in hours} == {
        ("2024-07-10", "2024-07-09 13:30:00")
    }
    assert {str(row["cohort"]) for row in days} == {"2024-07-10"}


@pytest.mark.parametrize("name", ["tie1", "tie2"])
def test_the_events_of_one_instant_are_given_to_the_steps_that_get_people_furthest(tmp_path: Path, name: str) -> None:
    """An order of 1 and one of 9 at one instant, under two pairs of ids: the small one enters, the big one is step 2."""
    rows = table(tmp_path, "a-funnel-ties", "completion", "2024-03-10", name)
    assert [(row["entered"], row["reached"]) for row in rows] == [(1, 1), (1, 1)]


def test_a_version_in_a_csv_file_is_never_another_version(tmp_path: Path) -> None:
    """1.1 and 1.10 are two versions, with one person each."""
    rows = table(tmp_path, "w5-csv-versions", "activation", "2024-01-05", segment="version")
    assert {row["segment_value"]: row["people"] for row in rows} == {"1.1": 1, "1.10": 1}


def test_two_people_who_have_both_signed_in_are_not_joined_but_named(tmp_path: Path) -> None:
    """An administrator logs in as a customer; both have a device and an identify of their own: 2 people on both days."""
    rows = table(tmp_path, "w3-log-in-as", "active_people", "2024-01-03")
    assert [row["dau"] for row in rows if row["dau"]] == [2, 2]
    (events,) = (CASES / "w3-log-in-as").glob("events.*")
    merging = (
        (CASES / "w3-log-in-as" / "def.toml").read_text().replace("[project]", "[project]\nmerge_signed_in = true")
    )
    for asked, people, warnings in (
        (load(CASES / "w3-log-in-as" / "def.toml"), 2, ['"admin-1" and "cust-9"']),
        (parse(merging), 1, []),
    ):
        moment = datetime(2024, 1, 3, tzinfo=UTC)
        root = tmp_path / f"{people}"
        done = compute_files([str(events)], asked, moment, root, LIMITS.memory_mb, now=datetime.now(UTC))
        assert {row["dau"] for row in Deployment(root, asked).table("active_people") if row["dau"]} == {people}
        named = [one.message for one in done.warnings if one.kind == "link_not_followed"]
        assert len(named) == len(warnings)
        assert all(ids in message for ids, message in zip(warnings, named, strict=True))
