"""The events table: one item a request, read by hour, whatever its size."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from conftest import NOW
from daybreak.aws.events_table import EventsTable, items
from daybreak.export.arrivals import log_hours
from daybreak.export.expiry import Expiry
from daybreak.ingest.event import Canonical
from daybreak.ingest.frames import unpack
from daybreak.ingest.request import Intake, Rejected
from daybreak.lake.store import FolderStore
from support.hour_frames import HourFrames

LIMIT = 400 * 1024


def intake(events: list[bytes], rejected: list[bytes] | None = None) -> Intake:
    return Intake(
        "web",
        [Canonical(line, f"m{n}", id_made=False) for n, line in enumerate(events)],
        [Rejected(n, None, "code", "message", line) for n, line in enumerate(rejected or [])],
    )


def size(item: dict[str, Any]) -> int:
    """DynamoDB's own rule: names and values in UTF-8, numbers at most 21 bytes."""
    return sum(len(name) + (21 if "N" in value else len(next(iter(value.values())))) for name, value in item.items())


def test_a_request_is_one_item_that_does_not_expire() -> None:
    (item,) = items(intake([b'{"a":1}'], [b'{"b":2}']), NOW)
    assert item["arrival"]["S"].startswith("2026-11-20T12.")
    assert item["request"]["S"].startswith("0000.000000-")
    assert "expires" not in item
    assert (item["events"]["N"], item["rejected"]["N"]) == ("1", "1")


def test_a_request_without_events_needs_no_item() -> None:
    assert items(intake([]), NOW) == []


def test_no_item_is_too_large_for_dynamodb() -> None:
    randomness = __import__("random").Random(2)
    noise = [json.dumps({"x": randomness.randbytes(14_000).hex()}).encode() for _ in range(150)]
    stored = items(intake(noise, noise[:30]), NOW)
    assert len(stored) > 2
    assert all(size(item) < LIMIT for item in stored)
    lines = [line for item in stored if "frame" in item for line in unpack(item["frame"]["B"])]
    assert lines == noise


def test_an_hour_holds_everything_that_was_stored_in_it_and_nothing_else(tables: Any) -> None:
    table = EventsTable(tables, "events")
    for minute in range(0, 120, 7):
        table.store(intake([json.dumps({"minute": minute}).encode()], [b"{}"]), NOW + timedelta(minutes=minute))
    hour = HourFrames.of(table.hour(NOW))
    assert {json.loads(line)["minute"] for line in unpack(hour.frames)} == set(range(0, 60, 7))
    assert hour.sources == {"web": {"accepted": 9, "stored": 9, "rejected": 9, "quarantined": 9}}
    assert HourFrames.of(table.hour(NOW - timedelta(hours=1))).sources == {}


def test_the_raw_log_of_an_hour_is_its_frames_in_the_order_of_their_keys(tables: Any, tmp_path: Path) -> None:
    """Whatever shard they are in: a lake that is written again has the same bytes."""
    table, lake = EventsTable(tables, "events"), FolderStore(tmp_path / "lake")
    for n in range(40):
        table.store(intake([b'{"n":%d}' % n], [b'{"r":%d}' % n] if n % 3 else None), NOW + timedelta(seconds=n))
    stored = tables.scan(TableName="events")["Items"]
    stored.sort(key=lambda item: (item["arrival"]["S"], item["request"]["S"]))
    assert len({item["arrival"]["S"] for item in stored}) > 1
    (log,) = log_hours(lake, table, [NOW], {}, Expiry(lake, tmp_path / "expiry", NOW), tmp_path / "work")
    for name, prefix in (("frame", "raw"), ("rejects", "quarantine")):
        frames = b"".join(item[name]["B"] for item in stored if name in item)
        assert lake.get(f"{prefix}/arrived=2026-11-20/12.ndjson.zst") == frames
    assert log["sources"] == {"web": {"accepted": 40, "stored": 40, "rejected": 26, "quarantined": 26}}
    assert not any((tmp_path / "work").iterdir())


def test_the_oldest_hour_is_found(tables: Any) -> None:
    table = EventsTable(tables, "events")
    table.probe(NOW)
    table.store(intake([b"{}"]), NOW)  # the running hour is not over
    assert table.first_hour(NOW) is None
    table.store(intake([b"{}"]), NOW - timedelta(days=3, minutes=5))
    table.store(intake([b"{}"]), NOW - timedelta(hours=1))
    assert table.first_hour(NOW) == datetime(2026, 11, 17, 11, tzinfo=UTC)


def test_reading_continues_where_it_stopped(tables: Any) -> None:
    table, after = EventsTable(tables, "events"), dict[int, str]()
    table.store(intake([b'{"n":1}']), NOW)
    assert len(list(table.since(NOW, after))) == 1
    assert list(table.since(NOW, after)) == []
    table.store(intake([b'{"n":2}']), NOW + timedelta(seconds=1))
    (item,) = table.since(NOW, after)
    assert list(unpack(item["frame"]["B"])) == [b'{"n":2}']


def test_lines_are_followed_in_order_of_arrival_and_into_the_next_hour(tables: Any) -> None:
    table = EventsTable(tables, "events")
    for minutes in (-90, -30, -20):
        table.store(intake([json.dumps({"minutes": minutes}).encode()], [b"{}"]), NOW + timedelta(minutes=minutes))
    moments = iter([NOW + timedelta(minutes=minutes) for minutes in (1, 2, 3)])

    def wait() -> bool:
        """One more event arrives after the first pause; the second ends it."""
        if pauses:
            return False
        pauses.append(True)
        table.store(intake([b'{"minutes": 2}']), NOW + timedelta(minutes=2))
        return True

    pauses: list[bool] = []
    lines = table.tail(NOW - timedelta(minutes=45), lambda: next(moments), wait)
    assert [json.loads(line)["minutes"] for line in lines] == [-30, -20, 2]
    assert pauses == [True]


@pytest.mark.parametrize("source", ["", "Web", "a b", "a\nb", "../x", "é"])
def test_a_source_has_a_plain_name(tables: Any, source: str) -> None:
    from daybreak.aws.write_keys import WriteKeys
    from daybreak.errors import InputError

    with pytest.raises(InputError, match="small letters"):
        WriteKeys(tables, "keys").create(source, "browser", "now")
