"""A hundred thousand hostile requests to the collector's own handler.

hostile/collector.py checks each: no server error, a code and a message with every refusal, every good event of a
readable batch stored once, every other in the quarantine, no write key in anything that is stored or logged.
"""

import base64
import gzip
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from conftest import ROOT
from daybreak.export.job import Export
from daybreak.files.tables import write_tables
from daybreak.ingest.frames import StoredItem, pack
from daybreak.metrics.job import Metrics
from hostile.collector import Collector
from hostile.fuzzer import NAMES, Fuzzer
from hostile.peak import BODIES
from hostile.run import check, requests
from hostile.shapes import EVENTS, REQUESTS, VALUES, batch_body
from support.journeys import LIMITS, Deployment, project

WANTED = 100_000
FUZZED, SEEDS = 12_300, range(8)
SHAPED = 800
DESCRIBED = 25
MAX_MB = 750
"""The limit of peak memory; the function has 1,024 MB."""
QUICK = settings(
    deadline=None, database=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate, Phase.shrink]
)


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collector]:
    with pytest.MonkeyPatch.context() as patch:
        yield Collector(tmp_path_factory.mktemp("collector"), patch)


@pytest.mark.parametrize("seed", SEEDS)
def test_fuzzed_requests(collector: Collector, seed: int) -> None:
    for sent in requests(seed, FUZZED, collector):
        check(collector, sent)


@settings(QUICK, max_examples=SHAPED)
@given(event=REQUESTS)
def test_requests_of_any_shape(collector: Collector, event: dict[str, Any]) -> None:
    collector.send(event)


@settings(QUICK, max_examples=SHAPED)
@given(shared=VALUES, events=st.lists(EVENTS, max_size=6), places=st.lists(st.integers(0, 6), min_size=1, max_size=3))
def test_batches_of_any_shape(collector: Collector, shared: Any, events: list[Any], places: list[int]) -> None:
    fuzzer = Fuzzer(len(events), collector.write_key, collector.basic)
    good = [fuzzer.good() for _ in places]
    mixed = list(events)
    for place, event in zip(places, good, strict=True):
        mixed.insert(place, event)
    outcome = collector.send(fuzzer.event("/v1/batch", batch_body(shared, mixed)))
    assert outcome.status == 200
    stored = Counter(event["message_id"] for event in outcome.events)
    assert all(stored[event["messageId"]] == 1 for event in good)
    assert len(outcome.events) + len(outcome.rejected) == len(mixed)


# requests that follow the OpenAPI description, and requests that do not


class _Web:
    """The collector as a WSGI application, in the place of a gateway."""

    def __init__(self, collector: Collector) -> None:
        self._collector = collector

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> list[bytes]:
        headers = {
            name[5:].replace("_", "-").lower(): value for name, value in environ.items() if name.startswith("HTTP_")
        }
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        event = {
            "rawPath": environ["PATH_INFO"],
            "requestContext": {"http": {"method": environ["REQUEST_METHOD"]}},
            "headers": {"authorization": self._collector.basic, **headers},
            "queryStringParameters": {"q": environ.get("QUERY_STRING", "")},
            "body": base64.b64encode(body).decode(),
            "isBase64Encoded": True,
        }
        outcome = self._collector.send(event)
        body = b"" if outcome.body is None else json.dumps(outcome.body).encode()
        start(f"{outcome.status} Said", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return [body]


OPERATIONS = [
    f"POST /v1/{kind}"
    for kind in ("track", "identify", "page", "screen", "group", "alias", "batch", "import", *"tipsgab")
] + ["POST /beacon/v1/batch", "POST /v1/hook/{name}", "GET /v1/health"]


TRIED = [
    (label, mode)
    for label in OPERATIONS
    for mode in schemathesis.GenerationMode
    if label.startswith("POST") or mode is schemathesis.GenerationMode.POSITIVE  # a GET has no body that could be wrong
]


@pytest.fixture(scope="module")
def described(collector: Collector) -> Any:
    return schemathesis.openapi.from_wsgi("/openapi.json", _Web(collector))


def test_every_operation_described_is_tried(described: Any) -> None:
    found = {operation.ok().label for operation in described.get_all_operations()}
    assert found == set(OPERATIONS)


@pytest.mark.parametrize(("label", "mode"), TRIED)
def test_responses_are_as_described(described: Any, label: str, mode: schemathesis.GenerationMode) -> None:
    method, path = label.split(" ")
    operation = described[path][method]

    @settings(QUICK, max_examples=DESCRIBED if method == "POST" else 5)
    @given(case=operation.as_strategy(generation_mode=mode))
    def sends(case: schemathesis.Case[Any]) -> None:
        case.call_and_validate(
            checks=[
                not_a_server_error,
                checks.status_code_conformance,
                checks.content_type_conformance,
                checks.response_schema_conformance,
            ]
        )

    sends()


# the memory of one request


@pytest.mark.parametrize("name", BODIES)
def test_memory_stays_below_the_functions(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    started = [sys.executable, "-m", "hostile.peak", name]
    done = subprocess.run(started, cwd=ROOT / "tests", capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    measured = json.loads(done.stdout)
    with capsys.disabled():
        print(f"\n{name}: {measured['status']}, peak {measured['peak_mb']} MB, {measured['seconds']} s")
    assert measured["peak_mb"] < MAX_MB
    assert measured["status"] in (200, 413)


# through export and metrics


RECEIVED = datetime(2026, 11, 20, 9, tzinfo=UTC)
ASKED = project("""
[segments.odd]
property = "=1+1"
[segments.role]
trait = "role"
[completion.c]
description = "d"
steps = ["any", "S"]
window = "2d"
segments = ["odd", "role"]
[retention.r]
description = "d"
start = "any"
return = "any"
period = "day"
periods = 2
segments = ["odd", "role"]
""")


class _Stored:
    """The collector's stored events as arrivals for the export."""

    def __init__(self, items: list[StoredItem]) -> None:
        self._items = items

    def hour(self, hour: datetime) -> list[list[StoredItem]]:
        return [self._items] if hour == RECEIVED else []

    def first_hour(self, before: datetime) -> datetime | None:
        return RECEIVED

    def expire(self, items: Sequence[str], at: datetime) -> None:
        raise AssertionError("these arrivals have their expiry")


def test_hostile_names_reach_the_tables_as_text_and_no_key_leaves_its_prefix(
    collector: Collector, tmp_path_factory: pytest.TempPathFactory
) -> None:
    fuzzer = Fuzzer(99, collector.write_key, collector.basic)
    raws: list[dict[str, Any]] = []
    for number, name in enumerate(NAMES):  # a device each: a name that is a placeholder is not an id
        person = {"anonymousId": f"a{number}", "userId": name, "timestamp": RECEIVED.isoformat()}
        raws.append({**person, "type": "identify", "traits": {"role": name}})
        said = {**person, "type": "track", "properties": {"=1+1": name, name: 1}}
        raws += [{**said, "event": what, "messageId": fuzzer.marker()} for what in ("any", "S", name)]
    outcome = collector.send(fuzzer.event("/v1/batch", gzip.compress(json.dumps({"batch": raws}).encode())))
    assert len(outcome.events) + len(outcome.rejected) == len(raws)
    lines = [json.dumps({**event, "received_at": "2026-11-20T09:00:00Z"}).encode() for event in outcome.events]
    frames = [StoredItem("web", frame.data, frame.count) for frame in pack(lines)]
    root = tmp_path_factory.mktemp("lake")
    deployment = Deployment(root, ASKED)
    Export(deployment.store, _Stored(frames), ASKED, LIMITS).hourly(RECEIVED + timedelta(hours=3))
    Export(deployment.store, _Stored(frames), ASKED, LIMITS).hourly(RECEIVED + timedelta(days=4))
    computed = list(Metrics(deployment.store, ASKED, LIMITS).run_all((RECEIVED + timedelta(days=2)).date()))
    prefixes = {
        "raw",
        "events",
        "rejected",
        "quarantine",
        "reconciliation",
        "moved",
        "derived",
        "exports",
        "metrics",
        "definitions",
        "latest",
    }
    for stored in deployment.store.list(""):
        first, *rest = stored.key.split("/")
        assert first in prefixes, stored.key
        assert ".." not in rest, stored.key
        assert stored.key.isascii(), stored.key
    out = tmp_path_factory.mktemp("out")
    tables = write_tables([done.family for done in computed], root, out)
    values = {row[columns.index("segment_value")] for columns, found in tables.values() for row in found}
    assert {name for name in NAMES if len(name) < 100 and name.strip()} <= values
    for file in out.glob("*.csv"):
        for line in file.read_text(encoding="utf-8").splitlines():
            assert not line.lstrip('"\0').startswith(("=", "+", "-", "@"))
            assert not any(f",{sign}" in line or f',"{sign}' in line for sign in "=@+")


def test_that_many_requests_were_sent(collector: Collector, capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        print(f"\n{collector.sent:,} hostile requests")
    assert collector.sent >= WANTED, "run the whole module"
