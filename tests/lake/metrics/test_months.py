"""Results by month: one object for each definition and month, whatever runs have written it."""

import itertools
import json
import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from daybreak.engine.sql import literal, spliced
from daybreak.export.run import begin
from daybreak.families.registry import FAMILIES
from daybreak.lake import keys
from daybreak.metrics.job import Metrics
from daybreak.metrics.results import rows_of
from support.cut_store import Cut, CutStore
from support.journeys import LIMITS, Deployment, event, project, stride
from support.results_by_day import put_by_day

ASKED = project(
    '[activation.a]\ndescription="d"\nstart="Signed Up"\nmilestone="Workflow Run"\nwindow="2d"\n'
    '[activation.long]\ndescription="d"\nstart="Signed Up"\nmilestone="Workflow Run"\nwindow="20d"\n'
    '[churn.weekly]\ndescription="d"\nperiod="week"\n'
    '[active_people.p]\ndescription="d"\n'
    '[experiment.e]\ndescription="d"\nexposure="Exposed"\nvariants=["a","b"]\ngoal="activation.a"\nplanned=10\n'
)
FIRST, LAST = date(2026, 10, 26), date(2026, 12, 4)


def on(day: date, who: str, what: str = "Signed Up", hour: int = 8, **properties: Any) -> dict[str, Any]:
    return event(who, what, f"{day}T{hour:02}:00:00Z", **properties)


def of_day(day: date) -> list[dict[str, Any]]:
    """On each day somebody signs up, and somebody of the days before runs a workflow."""
    before = day - timedelta(days=day.day % 5)
    return [on(day, f"u{day}"), on(day, f"u{before}", "Workflow Run", 9), on(day, f"u{day}", "Exposed", variant="a")]


def days(first: date = FIRST, last: date = LAST) -> Iterator[date]:
    return (first + timedelta(days=n) for n in range((last - first).days + 1))


def received(root: Path, last: date = LAST) -> Deployment:
    """A deployment to which the events of each day have arrived at noon."""
    deployment = Deployment(root, ASKED)
    for day in days(last=last):
        deployment.receive(f"{day}T12:00:00+00:00", of_day(day))
    return deployment


def morning_after(deployment: Deployment, day: date) -> list[str]:
    """Export and compute; the keys of results that were written."""
    deployment.export(f"{day + timedelta(days=1)}T04:30:00+00:00")
    return [key for computed in deployment.compute(str(day)).values() for key in computed.written]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    """Everything computed at once."""
    deployment = received(tmp_path_factory.mktemp("whole"))
    morning_after(deployment, LAST)
    return deployment


def copied(deployment: Deployment, root: Path) -> Deployment:
    shutil.copytree(deployment.store.root, root)
    made = Deployment(root, ASKED)
    made.arrived = deployment.arrived
    return made


def rows(deployment: Deployment) -> dict[str, list[tuple[Any, ...]]]:
    """Every row that a reader of the result tables sees, by family."""
    with begin(deployment.store, ASKED, LIMITS) as run:
        return {
            name: run.db.execute(spliced("from {rows} order by all", rows=rows_of(run, family))).fetchall()
            for name, family in FAMILIES.items()
        }


def test_each_definition_has_one_object_a_month(whole: Deployment) -> None:
    found = [key for key in whole.bytes() if key.startswith("metrics/activation/")]
    assert found == [
        f"metrics/activation/by_month/definition={name}/2026-{month}.parquet"
        for name in ("a", "long")
        for month in (10, 11, 12)
    ]
    assert [str(row["cohort"]) for row in whole.table("activation", "a")] == [str(day) for day in days()]


def test_a_week_that_reaches_into_the_next_month_stands_in_the_month_of_its_first_day(whole: Deployment) -> None:
    with duckdb.connect() as db:
        file = whole.store.root / "metrics/churn/by_month/definition=weekly/2026-11.parquet"
        weeks = db.execute(
            spliced("select distinct period_start from {file} order by all", file=literal(file))
        ).fetchall()
    assert [str(week) for (week,) in weeks] == ["2026-11-02", "2026-11-09", "2026-11-16", "2026-11-23", "2026-11-30"]


def test_a_run_that_begins_in_the_middle_of_a_month_keeps_the_rows_before_and_writes_that_month_alone(
    tmp_path: Path, whole: Deployment
) -> None:
    deployment = received(tmp_path / "daily", date(2026, 11, 28))
    morning_after(deployment, date(2026, 11, 28))
    for day in days(date(2026, 11, 29), LAST):
        deployment.receive(f"{day}T12:00:00+00:00", of_day(day))
        written = morning_after(deployment, day)
        assert "metrics/active_people/by_month/definition=p/2026-10.parquet" not in written
        assert f"metrics/active_people/by_month/definition=p/{day:%Y-%m}.parquet" in written
    assert deployment.bytes() == whole.bytes()


def test_a_month_whose_rows_are_gone_has_no_object(tmp_path: Path) -> None:
    deployment = Deployment(tmp_path, ASKED)
    device = {**on(date(2026, 11, 2), "phone"), "anonymousId": "phone"}
    del device["userId"]
    deployment.receive("2026-11-02T12:00:00+00:00", [on(date(2026, 10, 31), "u"), device])
    morning_after(deployment, date(2026, 11, 20))
    october = "metrics/activation/by_month/definition=a/2026-10.parquet"
    assert [key for key in deployment.bytes() if "definition=a/" in key] == [october, october.replace("10", "11")]
    link = {"type": "identify", "userId": "u", "anonymousId": "phone", "timestamp": "2026-11-21T08:00:00Z"}
    deployment.receive("2026-11-21T12:00:00+00:00", [{**link, "messageId": "link"}])
    morning_after(deployment, date(2026, 11, 21))
    assert [key for key in deployment.bytes() if "definition=a/" in key] == [october]
    assert [row["people"] for row in deployment.table("activation", "a")] == [1]


def test_results_by_day_are_moved_once_and_nothing_is_left_behind(tmp_path: Path, whole: Deployment) -> None:
    old = copied(whole, tmp_path / "old")
    put_by_day(old.store)
    gone = old.store.root / "metrics/activation/definition=gone/cohort=2026-11-01/activation.parquet"
    family_gone = old.store.root / "metrics/conversion/definition=c/cohort=2026-11-01/conversion.parquet"
    for file in (gone, family_gone):
        file.parent.mkdir(parents=True)
        file.write_bytes(b"")
    assert len([key for key in old.bytes() if "/by_month/" not in key]) > 100
    assert rows(old)["activation"] == []
    assert old.compute(str(LAST))
    assert old.bytes("") == whole.bytes("")
    assert all(not computed.written for computed in old.compute(str(LAST)).values())


def test_a_move_that_is_killed_is_finished_by_the_next_run_and_no_reader_sees_a_row_twice(
    tmp_path: Path, whole: Deployment
) -> None:
    old = copied(whole, tmp_path / "old")
    put_by_day(old.store)
    right = rows(whole)["activation"]
    killed = 0
    for changes in itertools.count(0, stride(20)):
        cut = copied(old, tmp_path / f"cut{changes}")
        try:
            Metrics(CutStore(cut.store.root, changes), ASKED, LIMITS).run("activation", LAST)
        except Cut:
            seen = rows(cut)["activation"]
            assert len(set(seen)) == len(seen)
            assert set(seen) <= set(right)
            Metrics(cut.store, ASKED, LIMITS).run("activation", LAST)
            for prefix in ("metrics/activation/", "latest/activation.json"):
                assert cut.bytes(prefix) == whole.bytes(prefix), f"killed after {changes} changes"
            killed += 1
        else:
            break
    assert killed > 80 / stride(20)


def test_the_newest_31_days_or_periods_of_each_definition_are_in_latest(tmp_path: Path, whole: Deployment) -> None:
    found = [row[whole.latest("activation")["columns"].index("cohort")] for row in whole.latest("activation")["rows"]]
    newest = [str(day) for day in days(date(2026, 11, 4))]
    assert (len(newest), found) == (31, newest * 2)
    weekly = Deployment(tmp_path, project('[churn.weekly]\ndescription="d"\nperiod="week"\n'))
    weekly.receive("2026-12-10T00:00:00+00:00", [on(date(2026, 12, 9) - n * timedelta(days=7), "u") for n in range(40)])
    weekly.export("2026-12-10T04:30:00+00:00")
    weekly.compute("2026-12-09")
    latest = weekly.latest("churn")
    weeks = [row[latest["columns"].index("period_start")] for row in latest["rows"]]
    monday = date(2026, 12, 7)
    assert weeks == [str(monday - n * timedelta(days=7)) for n in reversed(range(31))]


def test_rows_without_a_column_that_a_new_version_brings_are_all_computed_again(
    tmp_path: Path, whole: Deployment
) -> None:
    older = copied(whole, tmp_path / "older")
    latest = older.latest("active_people")
    for stored in older.store.list(keys.months_prefix("active_people")):
        with duckdb.connect() as db:
            file = literal(older.store.root / stored.key)
            db.execute(spliced("create table month as select * exclude (dau_per_mau) from {file}", file=file))
            db.execute(spliced("copy month to {file} (format parquet)", file=file))
    columns = [column for column in latest["columns"] if column != "dau_per_mau"]
    older.store.put(keys.latest("active_people"), json.dumps({**latest, "columns": columns, "rows": []}).encode())
    older.compute(str(LAST))
    assert older.bytes("") == whole.bytes("")
