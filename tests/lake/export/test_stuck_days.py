"""A day that cannot be rebuilt holds up no other: all raw hours are copied first, and every run tries it again."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from daybreak.errors import DayStuck
from daybreak.export import job
from daybreak.export.events import DayResult, rebuild_day
from daybreak.export.job import Export
from daybreak.export.manifest import read_manifest
from daybreak.lake import keys
from daybreak.lake.store import md5
from daybreak.metrics.job import Metrics
from support.journeys import LIMITS, Deployment, event, project

MEASURED = project("""
[active_people.anybody]
description = "d"
active = "Opened"
""")
STUCK = date(2026, 11, 1)


@pytest.fixture
def deployment(tmp_path: Path) -> Deployment:
    """Three arrival days with one event each, and a fourth of which nothing came."""
    made = Deployment(tmp_path, MEASURED)
    for day in (1, 2, 3):
        made.receive(f"2026-11-0{day}T10:00:00+00:00", [event(f"u{day}", "Opened", f"2026-11-0{day}T09:00:00Z")])
    return made


def fail_on_the_first_day(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """The rebuild of the first day ends with this error."""
    real = rebuild_day

    def failing(run: Any, arrived: date, *rest: Any) -> DayResult:
        if arrived == STUCK:
            raise error
        return real(run, arrived, *rest)

    monkeypatch.setattr(job, "rebuild_day", failing)


@pytest.fixture
def stuck(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """The rebuild of the first day fails until what this gives is called."""
    real = rebuild_day
    fail_on_the_first_day(monkeypatch, MemoryError("the day is too large"))
    return lambda: monkeypatch.setattr(job, "rebuild_day", real)


def through(deployment: Deployment) -> datetime | None:
    return Export(deployment.store, deployment.arrived, MEASURED, LIMITS).exported_through()


def test_the_days_after_it_are_in_the_raw_log_exported_and_computed(deployment: Deployment, stuck: object) -> None:
    for now in ("2026-11-02T12:05", "2026-11-03T00:05", "2026-11-03T12:05", "2026-11-04T01:05"):
        with pytest.raises(DayStuck, match="2026-11-01 could not be rebuilt"):
            deployment.export(f"{now}:00+00:00")
    logged = {keys.arrived_of(stored.key) for stored in deployment.store.list("raw/") if stored.md5 != md5(b"")}
    assert logged == {date(2026, 11, day) for day in (1, 2, 3)}
    assert deployment.events() == ["u2/Opened/2026-11-02T09:00:00Z", "u3/Opened/2026-11-03T09:00:00Z"]
    deployment.compute("2026-11-03")
    assert {str(row["day"]): row["dau"] for row in deployment.table("active_people")} == {
        "2026-11-02": 1, "2026-11-03": 1}  # fmt: skip
    assert through(deployment) == datetime(2026, 11, 1, tzinfo=UTC)
    (warning,) = Metrics(deployment.store, MEASURED, LIMITS).look(["day_not_exported"])
    assert warning.message.startswith("1 day is not exported, 2026-11-01: what newly arrived on it is in no number")


def test_any_later_run_finds_it_again_though_the_table_has_forgotten_it(
    deployment: Deployment, stuck: Callable[[], None]
) -> None:
    with pytest.raises(DayStuck):
        deployment.export("2026-11-04T01:05:00+00:00")
    deployment.arrived.hours.clear()  # a month has passed
    stuck()
    deployment.export("2026-11-04T02:05:00+00:00")
    assert len(deployment.events()) == 3
    assert not deployment.store.list(keys.PENDING)
    assert through(deployment) == datetime(2026, 11, 4, 2, tzinfo=UTC)
    deployment.compute("2026-11-03")
    assert [row["dau"] for row in deployment.table("active_people")] == [1, 1, 1]
    assert Metrics(deployment.store, MEASURED, LIMITS).look(["day_not_exported"]) == []


def test_a_person_gets_past_it_by_naming_the_day(deployment: Deployment, stuck: Callable[[], None]) -> None:
    with pytest.raises(DayStuck, match="daybreak run export --date 2026-11-01"):
        deployment.export("2026-11-04T01:05:00+00:00")
    stuck()
    (manifest, *_) = deployment.export_day("2026-11-01", "2026-11-04T01:30:00+00:00")
    assert (manifest.arrived, manifest.events, manifest.unreconciled) == (STUCK, 1, 0)
    assert len(deployment.events()) == 3


def test_the_lake_is_the_same_as_if_nothing_had_been_stuck(
    deployment: Deployment, stuck: Callable[[], None], tmp_path_factory: pytest.TempPathFactory
) -> None:
    with pytest.raises(DayStuck):
        deployment.export("2026-11-04T01:05:00+00:00")
    stuck()
    deployment.export("2026-11-04T02:05:00+00:00")
    smooth = Deployment(tmp_path_factory.mktemp("smooth"), MEASURED)
    smooth.arrived = deployment.arrived
    smooth.export("2026-11-04T01:05:00+00:00")
    smooth.export("2026-11-04T02:05:00+00:00")
    assert deployment.bytes("") == smooth.bytes("")


def test_a_later_day_that_cannot_lose_its_duplicate_does_not_hold_up_the_day_it_depends_on(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second day's event is found to have arrived on the first day already, and the second cannot be rebuilt."""
    deployment.export("2026-11-04T01:05:00+00:00")
    deployment.receive("2026-11-01T11:00:00+00:00", [event("u2", "Opened", "2026-11-02T09:00:00Z")])
    real = rebuild_day

    def failing(run: Any, arrived: date, *rest: Any) -> DayResult:
        if arrived == date(2026, 11, 2):
            raise MemoryError("the day is too large")
        return real(run, arrived, *rest)

    monkeypatch.setattr(job, "rebuild_day", failing)
    with pytest.raises(DayStuck, match="2026-11-02 could not be rebuilt"):
        deployment.export_day("2026-11-01", "2026-11-04T01:30:00+00:00")
    with pytest.raises(DayStuck, match="2026-11-02 could not be rebuilt"):
        deployment.export("2026-11-04T02:05:00+00:00")
    (warning,) = Metrics(deployment.store, MEASURED, LIMITS).look(["day_not_exported"])
    assert "2026-11-02" in warning.message
    assert read_manifest(deployment.store, date(2026, 11, 1)).events == 2  # type: ignore[union-attr]

    monkeypatch.setattr(job, "rebuild_day", real)
    deployment.export("2026-11-04T03:05:00+00:00")
    assert not deployment.store.list(keys.PENDING)
    assert read_manifest(deployment.store, date(2026, 11, 2)).events == 0  # type: ignore[union-attr]
    assert sorted(deployment.events()) == [f"u{n}/Opened/2026-11-0{n}T09:00:00Z" for n in (1, 2, 3)]


class Killed(BaseException):
    """The process is gone: nothing in the product may catch it."""


def test_a_day_that_kills_its_run_holds_up_no_other_for_long(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lambda ends a run that lasts too long. The next runs begin with the days that were tried least."""
    fail_on_the_first_day(monkeypatch, Killed())
    for hour in (1, 2, 3):
        with pytest.raises(Killed):
            deployment.export(f"2026-11-04T0{hour}:05:00+00:00")
    assert deployment.events() == ["u2/Opened/2026-11-02T09:00:00Z", "u3/Opened/2026-11-03T09:00:00Z"]
    assert through(deployment) == datetime(2026, 11, 1, tzinfo=UTC)


def test_the_day_that_a_person_names_is_rebuilt_before_one_that_kills_its_run(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_on_the_first_day(monkeypatch, Killed())
    with pytest.raises(Killed):
        deployment.export_day("2026-11-03", "2026-11-04T01:30:00+00:00")
    assert deployment.events() == ["u3/Opened/2026-11-03T09:00:00Z"]


def test_a_run_that_is_killed_while_it_copies_has_finished_the_days_before(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each run may read hours of two days, that of the last hours copied among them. In the end all days are exported."""
    real, read = deployment.arrived.hour, set[date]()

    def two_days(hour: datetime) -> Any:
        read.add(hour.date())
        if len(read) > 2:
            raise Killed
        return real(hour)

    monkeypatch.setattr(deployment.arrived, "hour", two_days)
    for _ in range(6):
        read.clear()
        try:
            deployment.export("2026-11-04T01:05:00+00:00")
        except Killed:
            continue
    logged = {keys.arrived_of(stored.key) for stored in deployment.store.list("raw/") if stored.md5 != md5(b"")}
    assert logged == {date(2026, 11, day) for day in (1, 2, 3)}
    assert len(deployment.events()) == 3
