"""Nothing expires in DynamoDB before it is in the raw log, whatever breaks and however late the export is."""

import contextlib
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from conftest import NOW
from daybreak.aws.bucket import BucketStore
from daybreak.aws.events_table import EventsTable, items
from daybreak.errors import DayStuck
from daybreak.export import expiry
from daybreak.export.arrivals import log_hours
from daybreak.export.job import Export
from daybreak.ingest.event import Canonical
from daybreak.ingest.frames import pack, unpack
from daybreak.ingest.request import Intake, Rejected
from daybreak.lake import keys
from support.journeys import LIMITS, project, stride
from support.wire import Break, Killed, Wire, killed_after, killed_before, meanwhile, refused

MEASURED = project('[active_people.a]\ndescription = "d"\n')
HOUR = timedelta(hours=1)


class Stored:
    """The events table, a lake in S3, and the export between them."""

    def __init__(self, client: Any, wire: Wire) -> None:
        self.client, self.wire = client, wire
        self.table = EventsTable(client, "events")
        s3 = boto3.client("s3")
        s3.create_bucket(Bucket="lake")
        self.lake = BucketStore(s3, "lake")

    def receive(self, at: datetime, *ids: str, rejected: int = 0) -> None:
        """One request with these events, and so many rejected ones."""
        self.table.store(
            Intake("web", [Canonical(_line(name, at), name, id_made=False) for name in ids],
                   [Rejected(n, None, "code", "message", _rejected(at)) for n in range(rejected)]),
            at,
        )  # fmt: skip

    def export(self, now: datetime) -> None:
        Export(self.lake, EventsTable(boto3.client("dynamodb"), "events"), MEASURED, LIMITS).hourly(now)

    def items(self) -> list[dict[str, Any]]:
        return list(self.client.scan(TableName="events")["Items"])

    def expiries(self) -> list[datetime | None]:
        """The expiry of each item, in the order of their keys."""
        found = sorted(self.items(), key=lambda item: (item["arrival"]["S"].partition(".")[0], item["request"]["S"]))
        return [datetime.fromtimestamp(int(i["expires"]["N"]), UTC) if "expires" in i else None for i in found]

    def forget_expiries(self) -> None:
        """The items as they were before any export."""
        for item in self.items():
            self.client.put_item(TableName="events", Item={k: v for k, v in item.items() if k != "expires"})

    def logged(self, item: dict[str, Any]) -> bool:
        """Whether an item is in the raw log of its hour, byte for byte."""
        hour = keys.hour_from(item["arrival"]["S"].partition(".")[0])
        log = self.lake.get(keys.raw(hour.date(), hour.hour)) or b""
        rejects = self.lake.get(keys.quarantine(hour.date(), hour.hour)) or b""
        return item.get("frame", {"B": b""})["B"] in log and item.get("rejects", {"B": b""})["B"] in rejects

    def notes(self) -> list[str]:
        return [stored.key for stored in self.lake.list(keys.EXPIRY)]

    def ids(self, hour: datetime) -> list[str]:
        """The message ids in the raw log of an hour."""
        log = self.lake.get(keys.raw(hour.date(), hour.hour)) or b""
        return [json.loads(line)["message_id"] for line in unpack(log)]

    def expire(self, chosen: Callable[[dict[str, Any]], bool]) -> None:
        """DynamoDB deletes these items, as it does when their time has come."""
        for item in filter(chosen, self.items()):
            self.client.delete_item(TableName="events", Key={name: item[name] for name in ("arrival", "request")})


def _line(name: str, at: datetime) -> bytes:
    stamp = at.isoformat()
    event = {"message_id": name, "type": "track", "event": "E", "user_id": "u", "timestamp": stamp, "clock": "client",
             "received_at": stamp, "source": "web"}  # fmt: skip
    return json.dumps(event).encode()


def _rejected(at: datetime) -> bytes:
    return json.dumps(
        {"received_at": at.isoformat(), "source": "web", "code": "c", "message": "m", "body": "1"}
    ).encode()


@pytest.fixture
def stored(tables: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stored]:
    wire = Wire(monkeypatch)
    yield Stored(tables, wire)
    wire.mend()


def test_an_item_without_an_export_never_expires(stored: Stored, tmp_path: Path) -> None:
    """A hundred days later it is there, is copied, and stays for another week."""
    stored.receive(NOW, "m1")
    assert stored.expiries() == [None]
    waiting = expiry.Expiry(stored.lake, tmp_path / "expiry", NOW + timedelta(days=100))
    log_hours(stored.lake, stored.table, [NOW], {}, waiting, tmp_path)
    assert stored.ids(NOW) == ["m1"]
    assert stored.expiries() == [None]
    assert waiting.give(stored.table) == 1
    assert stored.expiries() == [NOW + timedelta(days=107)]


def test_an_item_expires_thirty_days_after_the_end_of_its_hour(stored: Stored) -> None:
    stored.receive(NOW + timedelta(minutes=59), "m1")
    stored.receive(NOW + HOUR, "running")
    stored.export(NOW + timedelta(hours=1, minutes=5))
    assert stored.expiries() == [NOW + timedelta(days=30, hours=1), None]  # the running hour is not copied yet
    assert stored.notes() == []


def test_each_item_gets_its_expiry_once_and_an_idle_run_asks_for_nothing(stored: Stored) -> None:
    for n in range(7):
        stored.receive(NOW + timedelta(minutes=n), f"m{n}", rejected=n % 2)
    counted = []
    for hours in (1, 2, 3, 15, 16):  # the run at three in the morning reads the whole day again
        stored.wire.asked.clear()
        stored.export(NOW + hours * HOUR)
        notes = list(stored.notes())
        counted.append((stored.wire.asked.count("dynamodb.UpdateItem"), notes))
    assert counted == [(7, []), (0, []), (0, []), (0, []), (0, [])]


def test_a_late_item_expires_too(stored: Stored) -> None:
    stored.receive(NOW, "m1")
    stored.export(NOW + HOUR)
    stored.receive(NOW + timedelta(minutes=59), "late")
    stored.export(NOW + 2 * HOUR)
    assert sorted(stored.ids(NOW)) == ["late", "m1"]
    assert stored.expiries() == [NOW + timedelta(days=30, hours=1)] * 2


@pytest.mark.parametrize("happens", [killed_before, killed_after])
def test_after_any_kill_nothing_expires_that_is_not_copied_and_after_the_next_run_all_that_is_does(
    stored: Stored, happens: Any
) -> None:
    for minutes in (0, 10, 70):
        at = NOW + timedelta(minutes=minutes)
        stored.receive(at, f"m{minutes}", rejected=minutes % 3)
    now, killed = NOW + 2 * HOUR, 0
    stored.export(now)
    whole = {s.key: s.md5 for s in stored.lake.list("")}
    for operation, step in (("s3.PutObject", stride(11)), ("s3.DeleteObjects", 1), ("dynamodb.UpdateItem", stride(3))):
        fault = Break(operation, happens, first=-step)
        while fault.met > fault.first:
            stored.lake.delete([s.key for s in stored.lake.list("")])
            stored.forget_expiries()
            fault = stored.wire.breaks(Break(operation, happens, first=fault.first + step))
            with contextlib.suppress(Killed):
                stored.export(now)
            stored.wire.mend()
            assert all(stored.logged(item) for item in stored.items() if "expires" in item), (operation, fault.first)
            stored.export(now + HOUR)
            assert None not in stored.expiries(), (operation, fault.first)
            assert stored.notes() == []
            killed += 1
    assert killed >= 5
    assert {k: v for k, v in whole.items() if k.startswith("raw/")}.items() <= {
        s.key: s.md5 for s in stored.lake.list("raw/")}.items()  # fmt: skip


def test_a_late_item_that_a_killed_run_copied_is_found_though_no_later_run_reads_its_hour(stored: Stored) -> None:
    """The run at three in the morning finds it. It is killed, never tried again, and the next run looks back two hours."""
    stored.receive(NOW, "m1")
    stored.export(NOW + HOUR)
    stored.export(datetime(2026, 11, 21, 2, 5, tzinfo=UTC))
    stored.receive(NOW + timedelta(minutes=1), "late")
    stored.wire.breaks(Break("s3.PutObject", killed_after, chosen=lambda request: "11-20/12.ndjson" in request.url))
    with pytest.raises(Killed):
        stored.export(datetime(2026, 11, 21, 3, 5, tzinfo=UTC))
    stored.wire.mend()
    stored.export(datetime(2026, 11, 21, 4, 5, tzinfo=UTC))
    assert None not in stored.expiries()
    found = {key.key for key in stored.lake.list("events/dt=2026-11-20/")}
    assert found
    assert json.loads(stored.lake.get("exports/arrived=2026-11-20.json") or b"")["events"] == 2


def test_what_is_stuck_expires_like_all_that_is_in_the_raw_log(stored: Stored) -> None:
    stored.receive(NOW, "m1")
    stored.wire.breaks(Break("s3.PutObject", refused(503, "SlowDown"), times=99,
                             chosen=lambda request: "/events/" in request.url))  # fmt: skip
    with pytest.raises(DayStuck):
        stored.export(NOW + HOUR)
    assert stored.expiries() == [NOW + timedelta(days=30, hours=1)]


def test_what_could_not_be_copied_does_not_expire(stored: Stored) -> None:
    stored.receive(NOW, "m1")
    stored.wire.breaks(Break("s3.PutObject", refused(503, "SlowDown"), times=99,
                             chosen=lambda request: "/raw/" in request.url))  # fmt: skip
    with pytest.raises(ClientError, match="SlowDown"):
        stored.export(NOW + HOUR)
    assert stored.expiries() == [None]
    stored.wire.mend()
    stored.export(NOW + 2 * HOUR)
    assert None not in stored.expiries()


def test_a_run_leaves_what_is_too_much_to_the_next(stored: Stored, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expiry, "MOST_A_RUN", 3)
    for n in range(7):
        stored.receive(NOW + timedelta(minutes=20 * n), f"m{n}")
    for run, (given, noted) in enumerate([(3, True), (6, True), (7, False), (7, False)]):
        stored.export(NOW + (3 + run) * HOUR)
        assert sum(at is not None for at in stored.expiries()) == given
        assert bool(stored.notes()) == noted


def test_a_deletion_at_the_same_time_is_not_undone_and_undoes_nothing(stored: Stored) -> None:
    """While the export sets the first expiry, `forget` empties one item and takes a line out of the other."""
    stored.receive(NOW, "ada", rejected=1)
    stored.receive(NOW + timedelta(minutes=1), "ada", "bob", rejected=1)
    item = _one(stored, b"bob")

    def without_ada(frames: bytes, _rejects: bytes) -> tuple[bytes, bytes]:
        kept = [line for line in unpack(frames) if b'"ada"' not in line]
        return b"".join(frame.data for frame in pack(kept)), b""

    fault = meanwhile(lambda: stored.table.rewrite(without_ada))
    stored.wire.breaks(Break("dynamodb.UpdateItem", fault, chosen=lambda request: "expires" in str(request.body)))
    stored.export(NOW + HOUR)
    (left,) = stored.items()
    assert (left["arrival"], left["request"]) == (item["arrival"], item["request"])
    assert [json.loads(line)["message_id"] for line in unpack(left["frame"]["B"])] == ["bob"]
    assert (left["events"]["N"], left.keys() & {"rejects", "rejected"}) == ("1", set())
    assert "expires" in left


def test_a_deletion_that_read_an_item_before_it_got_its_expiry_leaves_it(stored: Stored) -> None:
    stored.receive(NOW, "ada", "bob")

    def with_an_export_in_between(frames: bytes, _rejects: bytes) -> tuple[bytes, bytes]:
        stored.export(NOW + HOUR)
        return b"".join(frame.data for frame in pack(list(unpack(frames))[1:])), b""

    stored.table.rewrite(with_an_export_in_between)
    assert stored.expiries() == [NOW + timedelta(days=30, hours=1)]
    assert [json.loads(line)["message_id"] for line in unpack(stored.items()[0]["frame"]["B"])] == ["bob"]


def _one(stored: Stored, word: bytes) -> dict[str, Any]:
    (found,) = [item for item in stored.items() if any(word in line for line in unpack(item["frame"]["B"]))]
    return found


def test_a_late_item_of_an_hour_that_has_expired_is_added_to_its_log(stored: Stored) -> None:
    """The export did not run for a month: the item that came late is still there, the others are not."""
    stored.receive(NOW, "m1", "m2", rejected=1)
    stored.export(NOW + HOUR)
    stored.receive(NOW + timedelta(minutes=59), "late", rejected=1)
    before = stored.lake.get("raw/arrived=2026-11-20/12.ndjson.zst") or b""
    stored.expire(lambda item: "expires" in item)
    stored.export(NOW + 2 * HOUR)
    assert stored.ids(NOW) == ["m1", "m2", "late"]
    assert (stored.lake.get("raw/arrived=2026-11-20/12.ndjson.zst") or b"").startswith(before)
    assert None not in stored.expiries()
    manifest = json.loads(stored.lake.get("exports/arrived=2026-11-20.json") or b"")
    assert (manifest["events"], manifest["rejected"], manifest["unreconciled"]) == (3, 2, 0)
    whole = {s.key: s.md5 for s in stored.lake.list("raw/")}
    stored.export(NOW + 2 * HOUR)
    assert {s.key: s.md5 for s in stored.lake.list("raw/")}.items() >= whole.items()


def test_an_item_that_was_copied_before_others_of_its_hour_expired_is_not_copied_twice(stored: Stored) -> None:
    """A run was killed between the copy and the expiry of the second item, and none followed for a month."""
    stored.receive(NOW, "m1", "m2")
    stored.export(NOW + HOUR)
    stored.receive(NOW + timedelta(minutes=59), "late")
    stored.wire.breaks(Break("dynamodb.UpdateItem", killed_before))
    with pytest.raises(Killed):
        stored.export(NOW + 2 * HOUR)
    stored.wire.mend()
    stored.expire(lambda item: "expires" in item)
    stored.export(NOW + 3 * HOUR)
    assert sorted(stored.ids(NOW)) == ["late", "m1", "m2"]
    assert None not in stored.expiries()
    assert stored.notes() == []


def test_items_of_earlier_versions_keep_the_expiry_they_have(stored: Stored) -> None:
    (item,) = items(Intake("web", [Canonical(_line("old", NOW), "old", id_made=False)], []), NOW)
    stored.client.put_item(TableName="events", Item={**item, "expires": {"N": "1795000000"}})
    stored.export(NOW + HOUR)
    assert stored.ids(NOW) == ["old"]
    assert stored.items()[0]["expires"]["N"] == "1795000000"
    assert "dynamodb.UpdateItem" not in stored.wire.asked
