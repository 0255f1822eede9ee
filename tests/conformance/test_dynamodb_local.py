"""Everything that reads or writes our two tables, on DynamoDB Local, Amazon's own DynamoDB for developers."""

import json
import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from bench import typical
from conftest import NOW, ROOT, payload
from daybreak.aws import clients
from daybreak.aws.events_table import SHARDS, EventsTable, items
from daybreak.aws.live_rules import LiveRules
from daybreak.aws.write_keys import WriteKeys
from daybreak.errors import RequestRefused
from daybreak.export.job import Export
from daybreak.ingest.event import Arrival, Canonical, canonical
from daybreak.ingest.frames import MAX_FRAME_BYTES, pack, unpack
from daybreak.ingest.request import Intake, Rejected
from daybreak.ingest.rules import forgotten_digest
from daybreak.ingest.tracking_plan import parse_plan
from support.deployed_tables import create_tables
from support.endpoint import Endpoint
from support.hour_frames import HourFrames
from support.journeys import LIMITS, Deployment, project

JARS = ROOT / ".daybreak" / "dynamodb-local"
POM = Path(__file__).with_name("dynamodb_local") / "pom.xml"
HOUR = NOW.replace(minute=0)
AT = "2026-11-20T00:00:00+00:00"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Start DynamoDB Local; a client of it. It is stopped after the tests."""
    if not (shutil.which("java") and (JARS.exists() or shutil.which("mvn"))):
        pytest.skip("DynamoDB Local needs Java 17, and Maven once to fetch it")
    _install()
    port = _free_port()
    command = ["java", f"-Djava.library.path={JARS}", "-cp", f"{JARS}/*", "software.amazon.dynamodb.services.local.main.ServerRunner",
               "-inMemory", "-sharedDb", "-disableTelemetry", "-port", str(port)]  # fmt: skip
    log = (tmp_path_factory.mktemp("dynamodb") / "log").open("wb")
    with log, subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, cwd=JARS) as process:
        try:
            client = boto3.client(
                "dynamodb",
                endpoint_url=f"http://127.0.0.1:{port}",
                region_name="us-east-1",
                aws_access_key_id="local",
                aws_secret_access_key="local",
                config=Config(retries={"max_attempts": 2}, read_timeout=60, max_pool_connections=32),
            )
            _wait(client, process)
            yield client
        finally:
            process.terminate()
            process.wait(timeout=30)


def _install() -> None:
    if list(JARS.glob("DynamoDBLocal-*.jar")):
        return
    to = f"-DoutputDirectory={JARS}"
    subprocess.run(["mvn", "-q", "-B", "-f", str(POM), "dependency:copy-dependencies", to], check=True, timeout=900)


def _free_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return int(bound.getsockname()[1])


def _wait(client: Any, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + 90
    while time.monotonic() < until and process.poll() is None:
        try:
            client.list_tables()
        except (BotoCoreError, ClientError):
            time.sleep(0.5)
        else:
            return
    raise AssertionError("DynamoDB Local did not start")


@pytest.fixture
def local(server: Any) -> Any:
    """A client of DynamoDB Local with both tables, empty, as the stack makes them."""
    for name in server.list_tables()["TableNames"]:
        server.delete_table(TableName=name)
    create_tables(server)
    return server


def _noise(count: int, size: int, seed: int = 1) -> list[bytes]:
    """Lines that hardly compress."""
    random = Random(seed)
    return [json.dumps({"n": n, "x": random.randbytes(size // 2).hex()}).encode() for n in range(count)]


def _intake(events: list[bytes], rejected: list[bytes] | None = None) -> Intake:
    return Intake(
        "web",
        [Canonical(line, f"m{n}", id_made=False) for n, line in enumerate(events)],
        [Rejected(n, None, "code", "message", line) for n, line in enumerate(rejected or [])],
    )


# the events table


def test_what_is_stored_is_found_by_its_hour(local: Any) -> None:
    table = EventsTable(local, "events")
    for minute in range(0, 120, 7):
        table.store(_intake([json.dumps({"minute": minute}).encode()], [b"{}"]), HOUR + timedelta(minutes=minute))
    found = HourFrames.of(table.hour(HOUR))
    assert {json.loads(line)["minute"] for line in unpack(found.frames)} == set(range(0, 60, 7))
    assert (found.total("stored"), found.total("quarantined")) == (9, 9)
    assert HourFrames.of(table.hour(HOUR - timedelta(hours=1))).sources == {}


def test_a_request_of_several_items_each_near_the_limit_is_stored_and_read_whole(local: Any) -> None:
    lines, rejects = _noise(150, 28_000), _noise(30, 28_000, 2)
    stored = items(_intake(lines, rejects), NOW)
    assert len(stored) > 5
    assert max(len(item.get("frame", {"B": b""})["B"]) for item in stored) > 250_000
    table = EventsTable(local, "events")
    table.store(_intake(lines, rejects), NOW)
    found = HourFrames.of(table.hour(HOUR))
    assert sorted(unpack(found.frames)) == sorted(lines)
    assert sorted(unpack(found.rejected_frames)) == sorted(rejects)
    assert (found.total("accepted"), found.total("rejected")) == (150, 30)


def test_the_largest_item_we_make_is_taken_and_one_of_over_400_kb_is_not(local: Any) -> None:
    frame = Random(3).randbytes(MAX_FRAME_BYTES)
    item = {"arrival": {"S": "a"}, "request": {"S": "r"}, "source": {"S": "s" * 63}, "expires": {"N": "1795000000"}}
    local.put_item(TableName="events", Item={**item, "frame": {"B": frame}, "events": {"N": "25000"}})
    with pytest.raises(ClientError, match="Item size"):
        local.put_item(TableName="events", Item={**item, "frame": {"B": frame + bytes(60_000)}})


def test_a_shard_of_many_megabytes_is_read_over_all_its_pages(local: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "randbelow", lambda _: 3)
    table = EventsTable(local, "events")
    lines = _noise(12, 300_000 * 2)
    for second, line in enumerate(lines):
        table.store(_intake([line]), HOUR + timedelta(seconds=second))
    page = local.query(
        TableName="events",
        KeyConditionExpression="arrival = :a",
        ExpressionAttributeValues={":a": {"S": f"{HOUR:%Y-%m-%dT%H}.3"}},
    )
    assert "LastEvaluatedKey" in page
    assert list(unpack(HourFrames.of(table.hour(HOUR)).frames)) == lines
    after: dict[int, str] = {}
    assert len(list(table.since(HOUR, after))) == 12
    assert list(table.since(HOUR, after)) == []
    table.store(_intake([b"{}"]), HOUR + timedelta(minutes=1))
    assert len(list(table.since(HOUR, after))) == 1


def test_every_shard_of_an_hour_is_read(local: Any) -> None:
    table = EventsTable(local, "events")
    for n in range(60):
        table.store(_intake([b'{"n":%d}' % n]), HOUR + timedelta(seconds=n))
    shards = {item["arrival"]["S"] for item in local.scan(TableName="events")["Items"]}
    assert shards == {f"2026-11-20T12.{shard}" for shard in range(SHARDS)}
    assert HourFrames.of(table.hour(HOUR)).total("stored") == 60


def test_the_oldest_hour_is_found(local: Any) -> None:
    table = EventsTable(local, "events")
    table.probe(NOW)
    assert table.first_hour(NOW) is None
    table.store(_intake([b"{}"]), NOW - timedelta(days=2, minutes=5))
    assert table.first_hour(NOW) == datetime(2026, 11, 18, 11, tzinfo=UTC)


def test_health_writes_what_no_export_reads_and_says_when_it_cannot(local: Any) -> None:
    table = EventsTable(local, "events")
    table.probe(NOW)
    table.probe(NOW)
    assert local.scan(TableName="events")["Count"] == 1
    assert HourFrames.of(table.hour(HOUR)).sources == {}
    with pytest.raises(RequestRefused) as refused:
        EventsTable(local, "missing").probe(NOW)
    assert (refused.value.status, refused.value.retry_after) == (503, 5)


def test_a_packed_request_costs_the_write_units_we_say(local: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """Five units for a hundred typical events: 0.05 an event."""
    arrival = Arrival(NOW, "web", sent_at=NOW)
    lines = [canonical(event, arrival, n).line for n, event in enumerate(typical.events(100, seed=1))]
    (item,) = items(_intake(lines), NOW)
    taken = local.put_item(TableName="events", Item=item, ReturnConsumedCapacity="TOTAL")
    units = taken["ConsumedCapacity"]["CapacityUnits"]
    with capsys.disabled():
        size = sum(map(len, lines))
        print(f"\n100 events of {size:,} bytes, {len(pack(lines)[0].data):,} packed: {units} write units")
    assert units <= 5


def test_an_expiry_costs_as_many_write_units_as_the_item_and_makes_no_item(local: Any) -> None:
    arrival = Arrival(NOW, "web", sent_at=NOW)
    lines = [canonical(event, arrival, n).line for n, event in enumerate(typical.events(100, seed=1))]
    table = EventsTable(local, "events")
    table.store(_intake(lines), NOW)
    (part,) = [items_ for items_ in map(list, table.hour(HOUR)) if items_]
    name = part[0].without_expiry
    update = {
        "TableName": "events", "UpdateExpression": "SET expires = :at", "ReturnConsumedCapacity": "TOTAL",
        "Key": {key: {"S": value} for key, value in zip(("arrival", "request"), name.split(" "), strict=True)},
        "ExpressionAttributeValues": {":at": {"N": "1"}},
    }  # fmt: skip
    assert local.update_item(**update)["ConsumedCapacity"]["CapacityUnits"] == 5
    table.expire([name, "2026-11-20T12.3 deleted"], NOW)
    (item,) = local.scan(TableName="events")["Items"]
    assert int(item["expires"]["N"]) == int(NOW.timestamp())
    assert not any(item.without_expiry for part in table.hour(HOUR) for item in part)


def test_a_deletion_changes_the_frames_of_an_item_and_nothing_else(local: Any) -> None:
    table = EventsTable(local, "events")
    table.store(_intake([b'{"n":1}', b'{"n":2}'], [b"{}"]), NOW)
    (before,) = local.scan(TableName="events")["Items"]
    kept = pack([b'{"n":2}'])[0].data
    assert table.rewrite(lambda _frames, _rejects: (kept, b"")) == 1
    (item,) = local.scan(TableName="events")["Items"]
    left = {name: value for name, value in before.items() if name not in ("rejects", "rejected")}
    assert item == {**left, "frame": {"B": kept}, "events": {"N": "1"}}
    assert table.rewrite(lambda _frames, _rejects: (b"", b"")) == 1
    assert local.scan(TableName="events")["Count"] == 0


# the keys table


def test_keys_are_made_changed_and_revoked(local: Any) -> None:
    keys = WriteKeys(local, "keys")
    first = keys.create("web", "browser", AT)
    second = keys.rotate("web", "2026-11-20T01:00:00+00:00")
    revoked = keys.revoke(first, "2026-11-20T02:00:00+00:00")
    assert revoked.revoked_at == "2026-11-20T02:00:00+00:00"
    assert keys.revoke(first, "2026-11-20T03:00:00+00:00").revoked_at == "2026-11-20T02:00:00+00:00"
    fresh = WriteKeys(local, "keys")
    assert fresh.source_of(first) is None
    source = fresh.source_of(second)
    assert source
    assert (source.name, source.kind) == ("web", "browser")
    assert fresh.source_of("") is None
    assert [key.source for key in fresh.all()] == ["web", "web"]


def test_twenty_thousand_forgotten_people_lie_in_one_item_and_one_more_in_the_next(local: Any) -> None:
    rules = LiveRules(local, "keys")
    rules.forget({forgotten_digest(str(number)) for number in range(20_000)})
    assert [item["key_hash"]["S"] for item in local.scan(TableName="keys")["Items"]] == ["#forgotten.0"]
    rules.forget({forgotten_digest("one more")})
    assert len(LiveRules(local, "keys").current().forgotten) == 20_001
    keys = WriteKeys(local, "keys")
    keys.create("web", "server", AT)
    assert len(keys.all()) == 1


def test_a_plan_is_put_in_force_and_taken_out(local: Any) -> None:
    plan = parse_plan('[events.E]\nowner = "growth"\n')
    LiveRules(local, "keys").set_plan(plan)
    assert LiveRules(local, "keys").current().plan == plan
    LiveRules(local, "keys").set_plan(None)
    assert LiveRules(local, "keys").current().plan is None


# the function and the export over it


def test_from_a_request_to_the_lake(local: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(clients, "collector_dynamodb", lambda: local)
    endpoint = Endpoint(local, monkeypatch, tmp_path)
    assert endpoint.post(payload("batch.json")).body["accepted"] == 5
    many = [
        {
            "type": "track",
            "userId": f"u{n}",
            "event": "S",
            "messageId": f"many-{n}",
            "properties": {"x": os.urandom(2000).hex()},
        }
        for n in range(400)
    ]
    assert endpoint.post({"batch": [*many, {"type": "sneeze"}]}).body["accepted"] == 400
    assert endpoint.get("/v1/health").body == {"status": "ok", "writes": True}
    asked = project("""[completion.c]
description = "d"
steps = ["any", "S"]
window = "1d"
""")
    deployment = Deployment(tmp_path / "lake", asked)
    now = datetime.now(UTC)
    export = Export(deployment.store, EventsTable(local, "events"), asked, LIMITS)
    manifests = export.day(now.date(), now + timedelta(seconds=1))
    assert sum(m.events for m in manifests) == 405
    assert sum(m.rejected for m in manifests) == 1
    assert deployment.events() == sorted([f"many-{n}" for n in range(400)] + [f"doc-batch-{n}" for n in range(1, 6)])


# moto, on which all other tests rely, refuses the same items


ODD: dict[str, dict[str, Any]] = {
    "an item of 401 KB": {"frame": {"B": bytes(401 * 1024)}},
    "an empty key": {"arrival": {"S": ""}},
    "a partition key of 2,049 bytes": {"arrival": {"S": "a" * 2049}},
    "a sort key of 1,025 bytes": {"request": {"S": "r" * 1025}},
    "a key of another type": {"request": {"N": "1"}},
    "a number of 39 digits": {"expires": {"N": "1" * 39}},
    "a number that is none": {"expires": {"N": "x"}},
    "an empty binary": {"frame": {"B": b""}},
    "an empty text": {"source": {"S": ""}},
}


TAKEN_BY_BOTH = ("an empty binary", "an empty text")
TAKEN_BY_MOTO = ("a number of 39 digits",)
"""The only one of these that moto 5.2 wrongly accepts; we never write such a number."""


@pytest.mark.parametrize("what", ODD)
def test_moto_refuses_what_amazons_refuses(local: Any, what: str, request: pytest.FixtureRequest) -> None:
    item = {"arrival": {"S": "a"}, "request": {"S": "r"}, **ODD[what]}
    refused = {"amazon": _refuses(local, item), "moto": _refuses(request.getfixturevalue("tables"), item)}
    assert refused == {"amazon": what not in TAKEN_BY_BOTH, "moto": what not in (*TAKEN_BY_BOTH, *TAKEN_BY_MOTO)}


def _refuses(client: Any, item: dict[str, Any]) -> bool:
    try:
        client.put_item(TableName="events", Item=item)
    except ClientError as refused:
        return refused.response["Error"]["Code"] in ("ValidationException", "SerializationException")
    return False
