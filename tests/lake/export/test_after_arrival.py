"""What follows once events have arrived: reconciling, replaying, judging the quarantine again.

The collector's own handler stores into tables in moto; the export and everything after it read from there.
"""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import duckdb
import pytest

from daybreak.aws.events_table import EventsTable
from daybreak.aws.live_rules import LiveRules
from daybreak.aws.settings import ExportSettings
from daybreak.engine import database
from daybreak.export import events
from daybreak.export.arrivals import NothingArrives
from daybreak.export.job import Export
from daybreak.export.manifest import read_manifests
from daybreak.export.replay_rejected import replay_rejected
from daybreak.export.run import Run
from daybreak.ingest.tracking_plan import Plan, parse_plan
from daybreak.lake.store import FolderStore
from daybreak.lake.tables import Reconciled, duckdb_columns
from support.endpoint import Endpoint, handler_module
from support.journeys import LIMITS
from support.todays_lake import MEASURED, export, ids, rows, soon, today, track


@pytest.fixture
def lake(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "lake")


# reconciliation


def test_the_counts_of_a_day_balance_by_hour_and_source(endpoint: Endpoint, lake: FolderStore) -> None:
    endpoint.post({"batch": [track("u", "E", "m1"), track("u", "E", "m2"), {"type": "track"}]})
    endpoint.post({"batch": [track("u", "E", "m2")]})
    assert export(endpoint, lake).unreconciled == 0
    (row,) = rows(lake, "reconciliation/*/*.parquet")
    counted = {
        "accepted": 3,
        "stored": 3,
        "exported": 3,
        "in_lake": 2,
        "duplicates": 1,
        "rejected": 1,
        "quarantined": 1,
    }
    assert {name: row[name] for name in counted} == counted
    assert (row["source"], row["difference"]) == ("web", 0)


def test_the_reconciliation_has_exactly_the_columns_of_its_row_model(endpoint: Endpoint, lake: FolderStore) -> None:
    endpoint.post({"batch": [track("u", "E", "m1")]})
    export(endpoint, lake)
    with duckdb.connect() as db:
        found = db.execute(f"describe select * from '{lake.root}/reconciliation/*/*.parquet'").fetchall()
    # read_parquet adds the partition `arrived`
    assert {row[0]: row[1] for row in found if row[0] != "arrived"} == duckdb_columns(Reconciled)


def test_events_that_left_the_table_unseen_are_a_difference(endpoint: Endpoint, lake: FolderStore) -> None:
    endpoint.post({"batch": [track("u", "E", "m1"), track("u", "E", "m2")]})
    (item,) = endpoint.tables.scan(TableName="events")["Items"]
    endpoint.tables.put_item(TableName="events", Item={**item, "events": {"N": "5"}})
    assert export(endpoint, lake).unreconciled == 3


def test_rows_that_are_missing_in_the_lake_are_a_difference(
    endpoint: Endpoint, lake: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = events._event_files

    def lossy(run: Run, arrived: date) -> dict[str, Path]:
        files = real(run, arrived)
        for file in files.values():
            database.write_parquet(run.db, f"select * from '{file}' limit 1", file)
        return files

    endpoint.post({"batch": [track("u", "E", "m1"), track("u", "E", "m2"), track("u", "E", "m3")]})
    monkeypatch.setattr(events, "_event_files", lossy)
    assert export(endpoint, lake).unreconciled == 2


@pytest.mark.parametrize(("rejected", "percents"), [(10, [25]), (9, None)])
def test_the_export_records_the_reconciliation_as_metrics(
    endpoint: Endpoint,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    rejected: int,
    percents: list[float] | None,
) -> None:
    """10 of 40 are 25 percent. The share of fewer than ten rejected events is not recorded."""
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="lake")
    settings = ExportSettings(events_table="events", lake_bucket="lake", duckdb_memory_mb=512)
    for name, value in settings.environment().items():
        monkeypatch.setenv(name, value)
    export = handler_module("export", tmp_path)
    monkeypatch.setattr(export, "load", lambda _: MEASURED)
    endpoint.post({"batch": [*(track("u", "E", f"m{n}") for n in range(30)), *([{"type": "track"}] * rejected)]})
    capsys.readouterr()
    export.handler({"time": soon().isoformat()}, None)
    lag, metrics = (json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line)
    assert 0 <= lag["ExportLagHours"][0] < 2
    assert metrics["UnreconciledEvents"] == [0]
    assert metrics.get("RejectedPercent") == percents
    assert (metrics["_aws"]["CloudWatchMetrics"][0]["Namespace"], metrics["service"]) == ("Daybreak", "export")


# replaying the raw log


def test_the_lake_is_rebuilt_from_the_raw_log_alone_into_the_same_bytes(endpoint: Endpoint, lake: FolderStore) -> None:
    endpoint.post({"batch": [track("u", "Signed Up", "m1"), track("v", "Workflow Run", "m2"), {"type": "track"}]})
    endpoint.post({"batch": [track("u", "Signed Up", "m1")]})
    export(endpoint, lake)
    manifests = read_manifests(lake)
    before = {stored.key: stored.md5 for stored in lake.list("")}
    lake.delete([key for key in before if not key.startswith(("raw/", "quarantine/"))])
    for manifest in manifests:
        assert Export(lake, _Empty(), MEASURED, LIMITS).replay(manifest.arrived, manifest.through) == manifest
    assert {stored.key: stored.md5 for stored in lake.list("")} == before


class _Empty:
    """DynamoDB after a month: it has dropped everything."""

    def hour(self, hour: datetime) -> Any:
        raise AssertionError("the raw log alone must do")

    def first_hour(self, before: datetime) -> datetime | None:
        raise AssertionError("the raw log alone must do")

    def expire(self, items: Sequence[str], at: datetime) -> None:
        raise AssertionError("the raw log alone must do")


def test_a_day_that_waits_for_its_export_is_not_replayed(endpoint: Endpoint, lake: FolderStore) -> None:
    job = Export(lake, EventsTable(endpoint.tables, "events"), MEASURED, LIMITS)
    endpoint.post({"batch": [track("u", "Signed Up", "m1")]})
    assert job.replay(today()) is None
    assert lake.list("") == []
    export(endpoint, lake)
    assert ids(lake) == ["m1"]


def test_a_day_without_a_manifest_reaches_as_far_as_its_raw_log(endpoint: Endpoint, lake: FolderStore) -> None:
    endpoint.post({"batch": [track("u", "Signed Up", "m1")]})
    whole = export(endpoint, lake)
    lake.delete([stored.key for stored in lake.list("exports/")])
    replayed = Export(lake, NothingArrives(), MEASURED, LIMITS).replay(whole.arrived)
    assert replayed
    assert replayed.events == 1
    newest = max(stored.key for stored in lake.list("raw/"))
    assert f"{replayed.through - timedelta(hours=1):arrived=%Y-%m-%d/%H}" in newest


# judging the quarantine again


def test_a_rejected_event_is_accepted_when_the_rule_is_fixed_and_only_once(
    endpoint: Endpoint, lake: FolderStore
) -> None:
    live = LiveRules(endpoint.tables, "keys")
    live.set_plan(parse_plan('mode = "enforce"\n[events."Signed Up"]\n'))
    sent_at = datetime.now(UTC) - timedelta(days=2)  # a clock two days slow
    unnamed = {k: v for k, v in track("u", "Renamed", "-").items() if k != "messageId"}
    batch = [track("u", "Signed Up", "m1"), track("u", "Renamed", "m2"), unnamed, {"type": "track"}]
    context = {"locale": "de", "library": {"name": "analytics-python"}}
    answer = endpoint.post({"batch": batch, "sentAt": sent_at.isoformat(), "context": context})
    assert answer.body["rejectedCount"] == 3
    export(endpoint, lake)
    assert ids(lake) == ["m1"]
    live.set_plan(Plan(mode="off"))
    table = EventsTable(endpoint.tables, "events")
    for _ in range(2):
        done = replay_rejected(
            lake, [today()], LiveRules(endpoint.tables, "keys").current(), {},
            lambda intake: table.store(intake, datetime.now(UTC)), lambda _: None,
        )  # fmt: skip
        assert (done.accepted.total(), done.still_rejected) == (2, {"no_id": 1})
        assert export(endpoint, lake).unreconciled == 0
    assert [i for i in ids(lake) if not i.startswith("server-")] == ["m1", "m2"]
    assert len(ids(lake)) == 3
    kept = {row["message_id"]: row for row in rows(lake, "events/*/*.parquet")}
    assert kept["m2"]["timestamp"] - kept["m1"]["timestamp"] < timedelta(seconds=5)  # both by the same skew
    assert (kept["m2"]["clock"], json.loads(kept["m2"]["context"])) == ("skew", context)
