"""What is done with events once they arrived: the books, replaying, the quarantine again, forgetting somebody.

The collector's own handler stores into tables in moto; the export and everything after it read from there.
"""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import duckdb
import pytest

from daybreak.aws.bucket import BucketStore
from daybreak.aws.events_table import EventsTable
from daybreak.aws.live_rules import LiveRules
from daybreak.engine import database
from daybreak.export import events
from daybreak.export.arrivals import NothingArrives
from daybreak.export.job import Export
from daybreak.export.manifest import Manifest, read_manifest, read_manifests
from daybreak.export.replay_rejected import replay_rejected
from daybreak.ingest.tracking_plan import Plan, parse_plan
from daybreak.lake.store import FolderStore, md5
from daybreak.lake.tables import Reconciled, duckdb_columns
from daybreak.metrics.job import Metrics
from daybreak.people import forget as forgetting
from support.endpoint import Endpoint, handler_module
from support.journeys import LIMITS, project

MEASURED = project("""
[segments.plan]
trait = "plan"
at = "latest"

[activation.a]
description = "d"
start = "Signed Up"
milestone = "Workflow Run"
window = "2d"
segments = ["plan"]
""")


def soon() -> datetime:
    return datetime.now(UTC) + timedelta(hours=1)


def track(user: str | None, event: str, message_id: str, **fields: Any) -> dict[str, Any]:
    stamp = (datetime.now(UTC) - timedelta(days=3)).isoformat()
    return {"type": "track", "userId": user, "event": event, "messageId": message_id, "timestamp": stamp, **fields}


@pytest.fixture
def lake(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "lake")


def export(endpoint: Endpoint, lake: Any) -> Manifest:
    """Today's arrivals, the running hour included."""
    table = EventsTable(endpoint.tables, "events")
    job = Export(lake, table, MEASURED, LIMITS)
    return [m for m in job.day(datetime.now(UTC).date(), soon()) if m.hours][-1]


def forget(lake: FolderStore, endpoint: Endpoint, somebody: forgetting.People) -> forgetting.Receipt:
    """As `daybreak forget` does it: each day rebuilt by the export itself."""
    job = Export(lake, NothingArrives(), MEASURED, LIMITS)
    table = EventsTable(endpoint.tables, "events")
    return forgetting.forget(lake, table, somebody, job.replay, datetime.now(UTC), LIMITS)


def everybody(lake: FolderStore, *names: str) -> forgetting.People:
    """These people, by every id they are known by."""
    return forgetting.People(forgetting.digests(forgetting.ids_of(lake, names).own))


def rows(lake: FolderStore, pattern: str) -> list[dict[str, Any]]:
    with duckdb.connect() as db:
        found = db.execute(f"select * from read_parquet('{lake.root}/{pattern}', union_by_name = true) order by all")
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def ids(lake: FolderStore) -> list[str]:
    return sorted(row["message_id"] for row in rows(lake, "events/*/*.parquet"))


def today() -> date:
    return datetime.now(UTC).date()


# the books


def test_the_books_of_a_day_balance_by_hour_and_source(endpoint: Endpoint, lake: FolderStore) -> None:
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


def test_the_books_have_exactly_the_columns_of_their_row_model(endpoint: Endpoint, lake: FolderStore) -> None:
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

    def lossy(db: Any, work: Path, arrived: date) -> dict[str, Path]:
        files = real(db, work, arrived)
        for file in files.values():
            database.write_parquet(db, f"select * from '{file}' limit 1", file)
        return files

    endpoint.post({"batch": [track("u", "E", "m1"), track("u", "E", "m2"), track("u", "E", "m3")]})
    monkeypatch.setattr(events, "_event_files", lossy)
    assert export(endpoint, lake).unreconciled == 2


def test_the_export_tells_the_books_as_metrics(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="lake")
    for name, value in {"LAKE_BUCKET": "lake", "DUCKDB_MEMORY_MB": "512"}.items():
        monkeypatch.setenv(name, value)
    export = handler_module("export")
    monkeypatch.setattr(export, "load", lambda _: MEASURED)
    endpoint.post({"batch": [track("u", "E", "m1"), track("u", "E", "m2"), track("u", "E", "m3"), {"type": "track"}]})
    capsys.readouterr()
    export.handler({"time": soon().isoformat()}, None)
    (told,) = (json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line)
    assert told["UnreconciledEvents"] == [0]
    assert told["RejectedPercent"] == [25]
    assert (told["_aws"]["CloudWatchMetrics"][0]["Namespace"], told["service"]) == ("Daybreak", "export")


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
    """DynamoDB after a month."""

    def hour(self, hour: datetime) -> Any:
        raise AssertionError("the raw log alone must do")

    def first_hour(self, before: datetime) -> datetime | None:
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


# the quarantine again


def test_what_was_rejected_is_taken_once_the_rule_is_fixed_and_only_once(endpoint: Endpoint, lake: FolderStore) -> None:
    live = LiveRules(endpoint.tables, "keys")
    live.set_plan(parse_plan('mode = "enforce"\n[events."Signed Up"]\n'))
    sent_at = datetime.now(UTC) - timedelta(days=2)  # a clock two days slow
    unnamed = {k: v for k, v in track("u", "Renamed", "-").items() if k != "messageId"}
    batch = [track("u", "Signed Up", "m1"), track("u", "Renamed", "m2"), unnamed, {"type": "track"}]
    answer = endpoint.post({"batch": batch, "sentAt": sent_at.isoformat(), "context": {"locale": "de"}})
    assert answer.body["rejectedCount"] == 3
    export(endpoint, lake)
    assert ids(lake) == ["m1"]
    live.set_plan(Plan(mode="off"))
    table = EventsTable(endpoint.tables, "events")
    for _ in range(2):
        done = replay_rejected(
            lake, [today()], LiveRules(endpoint.tables, "keys").current(),
            lambda intake: table.store(intake, datetime.now(UTC)), lambda _: None,
        )  # fmt: skip
        assert (done.taken.total(), done.still_rejected) == (2, {"no_id": 1})
        assert export(endpoint, lake).unreconciled == 0
    assert [i for i in ids(lake) if not i.startswith("server-")] == ["m1", "m2"]
    assert len(ids(lake)) == 3
    kept = {row["message_id"]: row for row in rows(lake, "events/*/*.parquet")}
    assert kept["m2"]["timestamp"] - kept["m1"]["timestamp"] < timedelta(seconds=5)  # both by the same skew
    assert (kept["m2"]["clock"], json.loads(kept["m2"]["context"])) == ("skew", {"locale": "de"})


# somebody is forgotten


def _told(endpoint: Endpoint) -> None:
    """Ada, on a phone, under an older name, and Bob on what was her phone."""
    endpoint.post(
        {
            "batch": [
                track(None, "Signed Up", "a1", anonymousId="phone"),
                {
                    "type": "identify",
                    "userId": "ada",
                    "anonymousId": "phone",
                    "traits": {"plan": "pro"},
                    "messageId": "a2",
                },
                {"type": "alias", "previousId": "ada-old", "userId": "ada", "messageId": "a3"},
                track("ada-old", "Signed Up", "a4"),
                track("ada", "Workflow Run", "a5"),
                {"type": "track", "userId": "ada", "messageId": "a6"},
                track("bob", "Signed Up", "b1", anonymousId="phone"),
                track("bob", "Workflow Run", "b2"),
                {"type": "track", "userId": "bob", "messageId": "b3"},
                track("ada lovelace", "Signed Up", "c1", properties={"friend": "ada"}),
            ]
        }
    )
    endpoint.post({"batch": [track("ada", "Workflow Run", "a5")]})


def test_a_person_is_removed_from_everything_that_is_held(endpoint: Endpoint, lake: FolderStore) -> None:
    _told(endpoint)
    export(endpoint, lake)
    assert forgetting.ids_of(lake, ["ada"]).own == {"ada", "ada-old", "phone"}
    ada = everybody(lake, "ada")
    receipt = forget(lake, endpoint, ada)
    assert (receipt.events_removed, receipt.rejects_removed, receipt.left) == (6, 1, 0)
    assert ids(lake) == ["b1", "b2", "c1"]
    assert [row["message_id"] for row in rows(lake, "rejected/*/*.parquet")] == ["b3"]
    for name, held in _all_lines(endpoint, lake).items():
        assert not [line for line in held if b'"a' in line[:22] or b'"user_id":"ada"' in line], name
    manifest = read_manifest(lake, today())
    assert manifest
    assert (manifest.events, manifest.duplicates, manifest.unreconciled) == (3, 0, 0)
    assert export(endpoint, lake).unreconciled == 0
    assert ids(lake) == ["b1", "b2", "c1"]
    assert forgetting.held(lake, ada) == {"events": [], "rejected": []}
    (kept,) = (lake.get(stored.key) for stored in lake.list("receipts/"))
    assert kept
    assert b"ada" not in kept


def _all_lines(endpoint: Endpoint, lake: FolderStore) -> dict[str, list[bytes]]:
    from daybreak.ingest.frames import unpack

    lines = {s.key: list(unpack(lake.get(s.key) or b"")) for s in lake.list("") if s.key.endswith(".zst")}
    lines["table"] = list(unpack(endpoint.stored().frames)) + list(unpack(endpoint.stored().rejected_frames))
    return lines


def test_the_tables_of_who_is_left_are_as_if_the_forgotten_had_never_come(
    endpoint: Endpoint, lake: FolderStore, tmp_path: Path
) -> None:
    _told(endpoint)
    export(endpoint, lake)
    Metrics(lake, MEASURED, LIMITS).run("activation", today() - timedelta(days=1))
    ada = everybody(lake, "ada")
    forget(lake, endpoint, ada)
    Metrics(lake, MEASURED, LIMITS).run("activation", today() - timedelta(days=1))
    never = FolderStore(tmp_path / "never")
    export(endpoint, never)  # the table holds only who is left
    Metrics(never, MEASURED, LIMITS).run("activation", today() - timedelta(days=1))
    for prefix in ("events/", "derived/", "metrics/", "rejected/", "raw/"):
        assert _bytes(lake, prefix) == _bytes(never, prefix), prefix


def _bytes(lake: FolderStore, prefix: str) -> dict[str, str]:
    """Objects with their checksums, but for hours in which nothing came: there are more of these each hour."""
    of_nothing = md5(b"")
    return {s.key: s.md5 for s in lake.list(prefix) if not s.key.endswith("ready.json") and s.md5 != of_nothing}


def test_forgetting_that_was_killed_is_finished_by_doing_it_again(endpoint: Endpoint, lake: FolderStore) -> None:
    _told(endpoint)
    export(endpoint, lake)
    ada = everybody(lake, "ada")

    def killed(_: date) -> None:
        raise InterruptedError

    table = EventsTable(endpoint.tables, "events")
    with pytest.raises(InterruptedError):
        forgetting.forget(lake, table, ada, killed, datetime.now(UTC), LIMITS)
    assert forgetting.held(lake, ada)["events"]
    receipt = forget(lake, endpoint, ada)
    assert (receipt.left, receipt.days_rebuilt) == (0, [today().isoformat()])
    assert forgetting.held(lake, ada) == {"events": [], "rejected": []}
    manifest = read_manifest(lake, today())
    assert manifest
    assert (manifest.events, manifest.unreconciled) == (3, 0)
    assert export(endpoint, lake).unreconciled == 0


def test_what_an_export_puts_back_while_somebody_is_forgotten_is_found(endpoint: Endpoint, lake: FolderStore) -> None:
    _told(endpoint)
    export(endpoint, lake)
    before = {key: lake.get(key) or b"" for key in _bytes(lake, "")}
    ada = everybody(lake, "ada")
    job, slow = Export(lake, NothingArrives(), MEASURED, LIMITS), [before]

    def overtaken(arrived: date) -> None:
        """The day is rebuilt, and then an export that began long before puts all it knew of it over that."""
        job.replay(arrived)
        for key, data in slow.pop().items() if slow else ():
            if key.startswith(("events/", "rejected/", "exports/", "derived/")):
                lake.put(key, data)

    receipt = forgetting.forget(lake, EventsTable(endpoint.tables, "events"), ada, overtaken, datetime.now(UTC), LIMITS)
    assert (receipt.left, len(receipt.days_rebuilt)) == (0, 2)
    assert forgetting.held(lake, ada) == {"events": [], "rejected": []}
    assert export(endpoint, lake).unreconciled == 0
    assert ids(lake) == ["b1", "b2", "c1"]


def test_a_device_is_the_first_users_and_its_next_user_is_not_forgotten_with_them(
    endpoint: Endpoint, lake: FolderStore
) -> None:
    def linked(user: str, device: str, at: int, kind: str = "identify") -> dict[str, Any]:
        other = {"anonymousId": device} if kind == "identify" else {"previousId": device}
        stamp = datetime(2026, 11, 1, at, tzinfo=UTC).isoformat()
        return {"type": kind, "userId": user, **other, "messageId": f"{user}-{device}-{kind}", "timestamp": stamp}

    endpoint.post(
        {
            "batch": [
                linked("ada", "phone", 1, "alias"),
                linked("bob", "phone", 2, "alias"),
                linked("bob", "laptop", 3),
                linked("ada", "laptop", 4),
                linked("cy", "tablet", 6),
                track("ada", "E", "seen", anonymousId="tablet", timestamp="2026-10-31T00:00:00Z"),
                track("ada", "E", "tv-1", anonymousId="tv"),
            ]
        }
    )
    export(endpoint, lake)
    assert forgetting.ids_of(lake, ["ada"]).own == {"ada", "phone", "tv"}
    assert forgetting.ids_of(lake, ["bob"]).own == {"bob", "laptop"}
    assert forgetting.ids_of(lake, ["laptop"]).own == {"bob", "laptop"}
    assert forgetting.ids_of(lake, ["cy"]).own == {"cy", "tablet"}
    assert forgetting.ids_of(lake, ["nobody", "laptop"]).own == {"nobody", "bob", "laptop"}
    assert forgetting.ids_of(lake, ["nobody", "laptop"]).unknown == {"nobody"}


def test_a_day_on_which_only_they_were_there_is_counted_again(endpoint: Endpoint, lake: FolderStore) -> None:
    def on(days_ago: int, user: str) -> dict[str, Any]:
        stamp = (datetime.now(UTC) - timedelta(days=days_ago)).isoformat()
        return {**track(user, "Signed Up", f"{user}-{days_ago}"), "timestamp": stamp}

    endpoint.post({"batch": [on(20, "ada"), on(5, "bob")]})
    export(endpoint, lake)
    yesterday = today() - timedelta(days=1)
    Metrics(lake, MEASURED, LIMITS).run("activation", yesterday)
    forget(lake, endpoint, everybody(lake, "ada"))
    Metrics(lake, MEASURED, LIMITS).run("activation", yesterday)
    found = rows(lake, "metrics/activation/*/*/*.parquet")
    assert {row["people"] for row in found} == {1}
    assert len({row["cohort"] for row in found}) == 1


def test_forgetting_that_was_killed_is_finished_though_what_linked_their_ids_is_gone(
    endpoint: Endpoint, lake: FolderStore
) -> None:
    phone = {"anonymousId": "phone"}
    endpoint.post({"batch": [{"type": "identify", "userId": "ada", **phone, "messageId": "i"}]})
    endpoint.post({"batch": [track(None, "Signed Up", "a1", **phone), track("bob", "E", "b1")]})
    export(endpoint, lake)
    live = LiveRules(endpoint.tables, "keys")
    live.forget(everybody(lake, "ada").digests)

    def killed(arrived: date) -> None:
        Export(lake, NothingArrives(), MEASURED, LIMITS).replay(arrived)
        lake.delete([stored.key for stored in lake.list("derived/") if "day=" in stored.key])
        lake.delete([stored.key for stored in lake.list("reconciliation/")])  # as if it had come only half as far
        raise InterruptedError

    with pytest.raises(InterruptedError):
        forgetting.forget(lake, EventsTable(endpoint.tables, "events"), everybody(lake, "ada"), killed,
                          datetime.now(UTC), LIMITS)  # fmt: skip
    assert forgetting.ids_of(lake, ["ada"]).own == {"ada"}  # the phone is not known to be hers any more
    live.forget(everybody(lake, "ada").digests)
    receipt = forget(lake, endpoint, forgetting.People(live.read().forgotten))
    assert (receipt.left, receipt.days_rebuilt) == (0, [today().isoformat()])
    assert ids(lake) == ["b1"]
    assert export(endpoint, lake).unreconciled == 0


def test_tables_of_other_definitions_go_too(endpoint: Endpoint, lake: FolderStore) -> None:
    _told(endpoint)
    export(endpoint, lake)
    lake.put("derived/an-older-one/traits/day=2026-11-01.parquet", b"ada's")
    forget(lake, endpoint, everybody(lake, "ada"))
    assert lake.list("derived/an-older-one/") == []


@pytest.mark.parametrize(
    ("body", "theirs"),
    [
        ('{"userId": "ada"}', True),
        ('{"userId": "bob", "previousId": "ada"}', True),
        ('{"userId": null, "anonymousId": "phone"}', True),
        ('{"userId": false, "anonymousId": "phone"}', True),
        ('{"userId": 7}', True),
        ('{"userId": "bob", "anonymousId": "phone"}', False),
        ('{"userId": "bob", "properties": {"friend": "ada"}}', False),
        ('{"userId": "ada", "properties": {"text": "cut he', True),
        ('{"userId": 7, "properties": {"text": "cut he', True),
        ('{"userId": 77, "properties": {"text": "cut he', False),
        ('{"userId": "q\\\\", "anonymousId": "phone", "x": "cut he', False),
        ('{"userId": null, "anonymousId": "phone", "previousId": nu', True),
        ('{"userId": "a\\u0064a", "x": "cut he', True),
        ('{"a":' * 5000, False),
        ("<list>", False),
    ],
)
def test_what_was_rejected_is_known_by_its_people(body: str, theirs: bool) -> None:
    assert forgetting.People(forgetting.digests(["ada", "phone", "7"])).in_body(body) is theirs


def test_who_is_forgotten_is_taken_no_more(endpoint: Endpoint, lake: FolderStore) -> None:
    _told(endpoint)
    export(endpoint, lake)
    ada = everybody(lake, "ada")
    LiveRules(endpoint.tables, "keys").forget(ada.digests)
    forget(lake, endpoint, ada)
    endpoint.configure("")  # a collector that starts anew; the others know within a minute
    _told(endpoint)
    export(endpoint, lake)
    assert ids(lake) == ["b1", "b2", "c1"]


def test_everything_held_of_a_person_is_shown(endpoint: Endpoint, lake: FolderStore) -> None:
    _told(endpoint)
    export(endpoint, lake)
    held = forgetting.held(lake, everybody(lake, "ada"))
    assert sorted(event["message_id"] for event in held["events"]) == ["a1", "a2", "a3", "a4", "a5"]
    assert [record["message_id"] for record in held["rejected"]] == ["a6"]


def test_old_versions_of_objects_are_removed_too(aws: None) -> None:
    client = boto3.client("s3")
    client.create_bucket(Bucket="lake")
    client.put_bucket_versioning(Bucket="lake", VersioningConfiguration={"Status": "Enabled"})
    store = BucketStore(client, "lake")
    for data in (b"ada", b"bob"):
        store.put("raw/a", data)
    store.put("raw/b", b"ada")
    store.delete(["raw/b"])
    assert store.purge() == 3
    found = client.list_object_versions(Bucket="lake")
    assert [version["Key"] for version in found["Versions"]] == ["raw/a"]
    assert store.get("raw/a") == b"bob"
