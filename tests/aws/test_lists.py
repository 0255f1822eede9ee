"""The lists job as it is deployed: its handler, the bucket, the events table and the list of forgotten people."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest

from daybreak.aws.bucket import BucketStore
from daybreak.aws.events_table import EventsTable
from daybreak.aws.live_rules import LiveRules
from daybreak.aws.settings import ListsSettings
from daybreak.export.job import Export
from daybreak.ingest.frames import unpack
from daybreak.people.find import digests
from support.endpoint import Endpoint, handler_module
from support.journeys import LIMITS, project
from support.listing import MEASURED

ASKED = """
[project]
timezone = "UTC"
[list.new]
who = { did = "S", in = "3d" }
[list.young]
who = { did = "S", in = "2d" }
[list.old]
who = { did = "S", in = "9d" }
[list.now]
every = "hour"
who = { did = "S", between = ["1s", "3d"] }
"""


def test_the_handler_makes_files_and_stores_entries_that_the_export_takes_once(
    endpoint: Endpoint, tables: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ada and Bob signed up yesterday; Bob asked to be forgotten since. The daily lists and the hourly one have Ada."""
    boto3.client("s3").create_bucket(Bucket="lake")
    lake, events = BucketStore(boto3.client("s3"), "lake"), EventsTable(tables, "events")
    now = datetime.now(UTC)
    yesterday = now.date() - timedelta(days=1)
    stamp = (now - timedelta(days=1)).isoformat()
    batch = [
        {"type": "track", "userId": who, "event": "S", "timestamp": stamp, "messageId": who} for who in ("ada", "bob")
    ]
    endpoint.post({"batch": batch})
    definitions = project(ASKED.replace('[project]\ntimezone = "UTC"\n', "") + MEASURED)
    export = Export(lake, events, definitions, LIMITS)
    export.day(now.date(), now + timedelta(minutes=1))
    LiveRules(tables, "keys").forget(digests(["bob"]))

    settings = ListsSettings(events_table="events", keys_table="keys", lake_bucket="lake", duckdb_memory_mb=500)
    for name, value in settings.environment().items():
        monkeypatch.setenv(name, value)
    (tmp_path / "daybreak.toml").write_text(ASKED + MEASURED)
    handler = handler_module("lists", tmp_path).handler
    done = handler({"date": yesterday.isoformat()}, None)
    assert [(row["list"], row["people"], row["entered"]) for row in done["lists"]] == [
        ("new", 1, 1), ("young", 1, 1), ("old", 1, 1), ("now", 1, 1)
    ]  # fmt: skip
    for name in ("new", "now", "old", "young"):
        (people,) = [s.key for s in lake.list(f"lists/{name}/") if s.key.endswith("people.csv")]
        assert lake.get(people) == b"user_id,anonymous_id\nada,\n"
    assert [row[0] for row in json.loads(lake.get("latest/lists.json") or b"")["rows"]] == [
        "new",
        "now",
        "old",
        "young",
    ]

    assert [row["list"] for row in handler({"every": "hour", "time": now.isoformat()}, None)["lists"]] == ["now"]
    handler({"date": yesterday.isoformat()}, None)
    stored = [json.loads(line) for items in events.hour(now.replace(minute=0, second=0, microsecond=0))
              for item in items for line in unpack(item.frame)]  # fmt: skip
    entered = [line for line in stored if line["event"] == "List Entered"]
    assert sorted((line["user_id"], line["source"], line["properties"]["list"]) for line in entered) == [
        ("ada", "daybreak", name) for name in ("new", "now", "old", "young")
    ]  # fmt: skip
    manifest = export.day(now.date(), datetime.now(UTC) + timedelta(minutes=1))[-1]
    assert (manifest.events, manifest.unreconciled) == (6, 0)
