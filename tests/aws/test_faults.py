"""Whatever breaks: every acknowledged event is in the lake once, and the books balance.

The collector's handler, the export over S3 and DynamoDB in moto, a client that sends again until it reads 200, and faults
injected where botocore sends and receives (wire.py). Each test writes its row of the table in docs/conformance.md.
"""

import contextlib
import random
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import duckdb
import pytest
from botocore.exceptions import BotoCoreError, ClientError

from daybreak.aws.bucket import BucketStore
from daybreak.aws.events_table import EventsTable
from daybreak.errors import DayStuck
from daybreak.export.job import Export
from support.endpoint import Endpoint
from support.journeys import LIMITS, project, stride
from support.matrix import cell
from support.wire import (
    Break,
    Killed,
    Wire,
    killed_after,
    killed_before,
    lost,
    meanwhile,
    names,
    refused,
    response_lost,
)

MEASURED = project("""
[activation.a]
description = "d"
start = "Signed Up"
milestone = "Workflow Run"
window = "2d"
""")
NINE = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
THROTTLED = refused(400, "ProvisionedThroughputExceededException")
BROKEN = refused(500, "InternalServerError")
SLOW_DOWN = refused(503, "SlowDown")


class Deployment:
    """Collector, table, bucket, export, and the clock that the collector reads."""

    def __init__(self, endpoint: Endpoint, wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
        self.endpoint, self.wire, self.now = endpoint, wire, NINE
        clock = type("Clock", (datetime,), {"now": staticmethod(lambda _zone: self.now)})
        self._restart: Callable[[], None] = lambda: monkeypatch.setattr(endpoint.module, "datetime", clock)
        self._restart()
        self.s3 = boto3.client("s3")
        self.s3.create_bucket(Bucket="lake")
        self.acknowledged: set[str] = set()
        self.responses: list[int | str] = []

    def send(self, *ids: str, **fields: Any) -> None:
        """Send a batch again until the response is 200, as every SDK does."""
        stamp = {"timestamp": (self.now - timedelta(hours=1)).isoformat()}
        event = {"type": "track", "userId": "u", "event": "Signed Up", **stamp, **fields}
        batch = {"batch": [{**event, "messageId": message_id} for message_id in ids]}
        for _ in range(20):
            response = self._once(batch)
            self.responses.append(response)
            if response == 200:
                self.acknowledged |= set(ids)
                return
            self.now += timedelta(seconds=30)
        raise AssertionError(f"never acknowledged: {self.responses}")

    def _once(self, batch: Any) -> int | str:
        try:
            response = self.endpoint.post(batch)
        except Killed:
            self.endpoint.configure("")  # the next request finds a function that just started
            self._restart()
            return "no answer"
        if response.status != 200:
            assert response.body["code"]
            assert int(response.headers["Retry-After"]) <= 300
        return response.status

    def job(self) -> Export:
        table = EventsTable(boto3.client("dynamodb"), "events")
        return Export(BucketStore(boto3.client("s3"), "lake"), table, MEASURED, LIMITS)

    def export(self, hours: int = 1) -> None:
        """Run the export as the schedule does, this many hours from now."""
        self.job().hourly(self.now + timedelta(hours=hours))

    def settled(self) -> tuple[str, str]:
        """The state of the lake and of the books, after the next two scheduled runs."""
        self.wire.mend()
        self.export(1)
        self.export(2)
        ids = sorted(row[0] for row in self._rows("events/", "message_id"))
        books = self._rows("reconciliation/", "difference")
        lake = "each event once" if ids == sorted(self.acknowledged) else f"{ids} of {sorted(self.acknowledged)}"
        return lake, "balanced" if books and not any(row[0] for row in books) else f"differences: {books}"

    def bytes(self) -> dict[str, str]:
        return {stored.key: stored.md5 for stored in BucketStore(self.s3, "lake").list("")}

    def _rows(self, prefix: str, columns: str) -> list[tuple[Any, ...]]:
        store = BucketStore(self.s3, "lake")
        with tempfile.TemporaryDirectory() as folder, duckdb.connect() as db:
            files = store.local([stored.key for stored in store.list(prefix)], Path(folder)).values()
            listed = ", ".join(f"'{file}'" for file in files)
            return db.execute(f"select {columns} from read_parquet([{listed}])").fetchall() if listed else []


@pytest.fixture
def wire(aws: None, monkeypatch: pytest.MonkeyPatch) -> Wire:
    return Wire(monkeypatch)


@pytest.fixture
def deployed(endpoint: Endpoint, wire: Wire, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployment]:
    yield Deployment(endpoint, wire, monkeypatch)
    wire.mend()


def record(deployed: Deployment, fault: str, client: str) -> None:
    """Write the row of the table: what the client saw, and what was stored in the end."""
    lake, books = deployed.settled()
    cell("Faults", fault, "the client", client)
    cell("Faults", fault, "in the lake", lake)
    cell("Faults", fault, "the books", books)
    assert (lake, books) == ("each event once", "balanced")


def _of_events(request: Any) -> bool:
    return names(request, "events")


# the collector's DynamoDB client tries four times before the collector responds with 503
WRITES: list[tuple[str, Callable[[Any, Any], Any], int, str]] = [
    ("collector killed before its write", killed_before, 1, "no answer, then 200"),
    ("collector killed after its write", killed_after, 1, "no answer, then 200"),
    ("DynamoDB throttles once", THROTTLED, 1, "200"),
    ("DynamoDB throttles for long", THROTTLED, 6, "503, then 200"),
    ("DynamoDB fails for long", BROKEN, 6, "503, then 200"),
    ("DynamoDB is slow: a request is lost on the way", lost, 1, "200"),
    ("DynamoDB writes, its answer is lost", response_lost, 1, "200"),
    ("DynamoDB writes, its answers are lost for long", response_lost, 6, "503, then 200"),
]


@pytest.mark.parametrize(("fault", "happens", "times", "client"), WRITES, ids=[write[0] for write in WRITES])
def test_a_write_that_goes_wrong(
    deployed: Deployment, fault: str, happens: Callable[[Any, Any], Any], times: int, client: str
) -> None:
    deployed.send("before")
    deployed.responses.clear()
    deployed.wire.breaks(Break("dynamodb.PutItem", happens, times=times, chosen=_of_events))
    deployed.send("m1", "m2")
    assert _in_words(deployed.responses) == client
    record(deployed, fault, client)


def _in_words(responses: list[int | str]) -> str:
    *before, last = map(str, responses)
    return f"{', '.join(before)}, then {last}" if before else last


TWO_ITEMS: list[tuple[str, Callable[[Any, Any], Any], int, int, str]] = [
    ("collector killed between the two writes of a large request", killed_before, 1, 1, "no answer, then 200"),
    ("DynamoDB fails the second item of two", BROKEN, 1, 4, "503, then 200"),
]


@pytest.mark.parametrize(("fault", "happens", "first", "times", "client"), TWO_ITEMS, ids=[t[0] for t in TWO_ITEMS])
def test_a_request_of_two_items_that_goes_wrong_between_them(
    deployed: Deployment, fault: str, happens: Callable[[Any, Any], Any], first: int, times: int, client: str
) -> None:
    deployed.wire.breaks(Break("dynamodb.PutItem", happens, first=first, times=times, chosen=_of_events))
    noise = random.Random(1)
    stamp = {"timestamp": (NINE - timedelta(hours=1)).isoformat()}
    batch = [
        {"type": "track", "userId": "u", "event": "E", **stamp, "messageId": f"m{n}",
         "properties": {"noise": noise.randbytes(14_000).hex()}}
        for n in range(40)
    ]  # fmt: skip
    responses: list[int | str] = []
    while not responses or responses[-1] != 200:
        responses.append(deployed._once({"batch": batch}))
    deployed.acknowledged |= {f"m{n}" for n in range(40)}
    assert deployed.wire.asked.count("dynamodb.PutItem") >= 4
    assert _in_words(responses) == client
    record(deployed, fault, client)


def test_rules_and_keys_that_cannot_be_read(deployed: Deployment) -> None:
    deployed.endpoint.configure("")
    deployed._restart()
    deployed.wire.breaks(Break("dynamodb.GetItem", THROTTLED, times=6))
    deployed.send("m1")
    record(deployed, "DynamoDB throttles the reading of keys", _in_words(deployed.responses))


def test_the_client_never_reads_a_response_and_sends_stored_events_for_hours(deployed: Deployment) -> None:
    for _ in range(4):
        deployed.send("m1", "m2")
        deployed.export()
        deployed.now += timedelta(hours=9)
    record(deployed, "the client never reads the answer and sends again for two days", "200 each time")


@pytest.mark.parametrize("days", [3, -3])
def test_a_clock_that_is_three_days_off(deployed: Deployment, days: int) -> None:
    wrong = timedelta(days=days)
    event = {"type": "track", "userId": "u", "event": "E", "messageId": "m1"}
    event["timestamp"] = (deployed.now + wrong).isoformat()
    for _ in range(3):  # it is sent again later, still by that clock
        library = {"library": {"name": "analytics-python"}}  # which names the time of each try
        sent = {"batch": [event], "sentAt": (deployed.now + wrong).isoformat(), "context": library}
        assert deployed.endpoint.post(sent).status == 200
        deployed.acknowledged.add("m1")
        deployed.export()
        deployed.now += timedelta(hours=20)
    (row,) = deployed._rows("events/", "timestamp, clock")
    assert abs(row[0].replace(tzinfo=UTC) - NINE) < timedelta(seconds=1)
    assert row[1] == "skew"
    record(deployed, f"a clock {abs(days)} days {'ahead' if days > 0 else 'behind'}, sent three times", "200 each time")


def test_an_hour_is_exported_while_its_last_request_is_in_flight(deployed: Deployment) -> None:
    deployed.send("m1")
    deployed.responses.clear()
    next_hour = meanwhile(lambda: deployed.export(1))
    deployed.wire.breaks(Break("dynamodb.PutItem", next_hour, chosen=_of_events))
    deployed.send("late")
    record(deployed, "an hour exported while its last request is in flight", _in_words(deployed.responses))


def test_a_write_that_lands_a_day_late(deployed: Deployment) -> None:
    deployed.send("m1")
    deployed.export(1)
    received = deployed.now
    deployed.now = NINE + timedelta(hours=16)  # the runs of the night
    deployed.export()
    deployed.now = received
    deployed.send("late")
    deployed.now = datetime(2026, 11, 21, 2, 30, tzinfo=UTC)
    record(deployed, "a write that lands seventeen hours after its hour was exported", "200")


def _arrivals(deployed: Deployment) -> None:
    """Send events in two hours, with one of another day, a rejected one and one that is sent twice."""
    deployed.send("m1", "m2")
    deployed.endpoint.post({"batch": [{"type": "track", "userId": "u"}]})
    deployed.now += timedelta(hours=2)
    deployed.send("m2", "m3", timestamp="2026-10-01T08:00:00Z")


def test_the_export_is_killed_at_every_step(deployed: Deployment) -> None:
    """It is killed before each put and delete, one after the other; that is also after the one before it."""
    _arrivals(deployed)
    deployed.export()
    whole = deployed.bytes()
    steps = 0
    for operation in ("s3.PutObject", "s3.DeleteObjects"):
        fault = Break(operation, killed_before, first=-stride(4))
        while fault.met > fault.first:
            _empty(deployed)
            fault = deployed.wire.breaks(Break(operation, killed_before, first=fault.first + stride(4)))
            with contextlib.suppress(Killed):
                deployed.export()
            deployed.wire.mend()
            deployed.export()
            assert deployed.bytes() == whole, f"{operation} {fault.first}"
            steps += 1
    assert steps >= 12 / stride(4)
    record(deployed, "the export killed at every step, and run again", "-")


def _under(prefix: str) -> Callable[[Any], bool]:
    return lambda request: prefix in request.url


def _empty(deployed: Deployment) -> None:
    """A lake in which nothing was exported yet."""
    store = BucketStore(deployed.s3, "lake")
    store.delete([stored.key for stored in store.list("")])


def test_s3_refuses_a_put_halfway(deployed: Deployment) -> None:
    _arrivals(deployed)
    for prefix in ("/raw/", "/pending/", "/events/", "/derived/", "/reconciliation/", "/exports/"):
        _empty(deployed)
        deployed.wire.breaks(Break("s3.PutObject", SLOW_DOWN, times=1_000, chosen=_under(prefix)))
        with pytest.raises((ClientError, DayStuck), match="SlowDown"):  # of the raw log, or of one day
            deployed.export()
        deployed.wire.mend()
    record(deployed, "S3 refuses a put halfway through an export", "-")


def test_dynamodb_throttles_the_export(deployed: Deployment) -> None:
    _arrivals(deployed)
    deployed.wire.breaks(Break("dynamodb.Query", THROTTLED, first=3, times=1_000))
    with pytest.raises(ClientError, match="Throughput"):
        deployed.export()
    record(deployed, "DynamoDB throttles the export's reading", "-")


def test_two_exports_at_once(deployed: Deployment) -> None:
    """Another whole run happens inside a run: first at one of its writes, then at the next, and so on."""
    _arrivals(deployed)
    deployed.export()
    whole = deployed.bytes()
    step = 2 * stride(3)
    fault = Break("s3.PutObject", lost, first=-step)
    while fault.met > fault.first:
        _empty(deployed)
        another = meanwhile(lambda: deployed.export(1))
        fault = deployed.wire.breaks(Break("s3.PutObject", another, first=fault.first + step))
        deployed.export()
        deployed.wire.mend()
        deployed.export()  # the next run repairs an older file that replaced a newer one
        assert deployed.bytes() == whole, f"at write {fault.first}"
    assert fault.first >= 10
    record(deployed, "two exports at once", "-")


def test_the_scheduler_delivers_twice_and_out_of_order(deployed: Deployment) -> None:
    _arrivals(deployed)
    for hours in (1, 3, 2, 2, 1, 3):
        deployed.export(hours)
    before = deployed.bytes()
    deployed.export(3)
    assert deployed.bytes() == before
    record(deployed, "the scheduler delivers twice and out of order", "-")


def test_everything_at_random(deployed: Deployment) -> None:
    """A day of requests and runs in which every tenth thing goes wrong, one way or another."""
    chance = random.Random(20261120)
    faults = [killed_before, killed_after, THROTTLED, BROKEN, lost, response_lost, SLOW_DOWN]
    number = 0
    for _ in range(60):
        deployed.wire.mend()
        operation = chance.choice(["dynamodb.PutItem", "dynamodb.Query", "s3.PutObject", "s3.ListObjectsV2"])
        happens = chance.choice(faults)
        deployed.wire.breaks(Break(operation, happens, first=chance.randrange(4), times=chance.choice([1, 3, 9])))
        if chance.random() < 0.7:
            size = chance.randrange(1, 5)
            again = [f"m{chance.randrange(number)}"] if number else []
            deployed.send(*(f"m{number + n}" for n in range(size)), *again)
            number += size
        else:
            with contextlib.suppress(ClientError, BotoCoreError, Killed):  # the next run makes up for it
                deployed.export(chance.randrange(0, 3))
        deployed.now += timedelta(minutes=chance.randrange(1, 90))
    record(deployed, "60 requests and runs with faults at random", "503 or no answer, in the end 200")
