"""The collector: write units and bytes an event, from DynamoDB's own ConsumedCapacity, and CPU compared with a floor.

The floor is the least that the same work can cost: parse the body with orjson, compress it with zstd, put one item.
Both run alternately against the same server (the local cloud), in CPU seconds of this process.
"""

import base64
import contextlib
import io
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import orjson

from bench.typical import events
from daybreak.aws.events_table import items
from daybreak.aws.settings import CollectorSettings
from daybreak.aws.write_keys import WriteKeys
from daybreak.cloud import local
from daybreak.ingest.frames import LEVEL, zstd
from daybreak.ingest.request import Request, Source, receive
from daybreak.ingest.rules import NO_RULES
from support.deployed_tables import create_tables
from support.endpoint import handler_module

SIZES = (1, 10, 100, 500)
ROUNDS = 60
ROOT = Path(__file__).resolve().parents[2]
PORT = 4599


def measure() -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / ".daybreak").mkdir()
        cloud = local.start(Path(folder), PORT, keep=False)
        try:
            os.environ.update(cloud.environment())
            return _units() + _cpu()
        finally:
            local.stop(Path(folder))


def _tables() -> Any:
    client = boto3.client("dynamodb")
    create_tables(client)
    return client


def _units() -> list[dict[str, Any]]:
    """Write units as the server counts them; bytes by DynamoDB's rule: names plus values."""
    client = _tables()
    measured: list[dict[str, Any]] = []
    for size in SIZES:
        units, stored, sent = 0.0, 0, 0
        for batch in range(20):
            body = orjson.dumps({"batch": list(events(size, seed=batch))})
            now = datetime.now(UTC)
            request = Request("POST", "/v1/batch", {"authorization": "Basic azo="}, {}, body)
            intake = receive(request, lambda _: Source("web", "browser"), NO_RULES, now)
            assert len(intake.events) == size
            sent += len(body)
            for item in items(intake, now):
                response = client.put_item(TableName="events", Item=item, ReturnConsumedCapacity="TOTAL")
                units += response["ConsumedCapacity"]["CapacityUnits"]
                stored += sum(len(k) + (21 if "N" in v else len(next(iter(v.values())))) for k, v in item.items())
        count = size * 20
        reach = 0.06 if size == 100 else None
        measured.append(_row(f"write units an event, {size} a request", round(units / count, 4), "units", reach))
        measured.append(
            _row(
                f"stored bytes an event, {size} a request (JSON: {sent / count:.0f})", round(stored / count, 1), "bytes"
            )
        )
    return measured


def _cpu() -> list[dict[str, Any]]:
    client = boto3.client("dynamodb")
    key = WriteKeys(client, "keys").create("bench", "browser", "2026-11-20T00:00:00+00:00")
    settings = CollectorSettings(events_table="events", keys_table="keys", hash_salt="bench")
    os.environ.update(settings.environment())
    handler = handler_module("collector", ROOT)
    basic = "Basic " + base64.b64encode(f"{key}:".encode()).decode()
    measured: list[dict[str, Any]] = []
    for size in SIZES:
        body = orjson.dumps({"batch": list(events(size, seed=7))}).decode()
        event = {
            "rawPath": "/v1/batch", "headers": {"authorization": basic}, "body": body, "isBase64Encoded": False,
            "requestContext": {"http": {"method": "POST"}},
        }  # fmt: skip

        def collect(event: dict[str, Any] = event) -> None:
            assert handler.handler(event, None)["statusCode"] == 200

        def floor(body: str = body) -> None:
            orjson.loads(body)
            frame = zstd.compress(body.encode(), level=LEVEL)
            client.put_item(TableName="events", Item={"arrival": {"S": "floor"}, "request": {"S": str(time.time_ns())},
                                                      "frame": {"B": frame}})  # fmt: skip

        with contextlib.redirect_stdout(io.StringIO()):  # the handler prints its metrics for CloudWatch
            ours, least = _alternating(collect, floor)
        reach = 3.0 if size == 100 else None
        measured.append(_row(f"collector CPU an event, {size} a request", round(ours / size * 1e6, 1), "µs"))
        measured.append(_row(f"floor CPU an event, {size} a request", round(least / size * 1e6, 1), "µs"))
        measured.append(_row(f"collector CPU over its floor, {size} a request", round(ours / least, 2), "times", reach))
    return measured


def _alternating(first: Callable[[], None], second: Callable[[], None]) -> tuple[float, float]:
    """The median CPU seconds of each, measured in turns so that both run on the machine in the same state."""
    taken: tuple[list[float], list[float]] = ([], [])
    for turn in range(ROUNDS + 5):
        for slot, run in enumerate((first, second)):
            begun = time.process_time()
            run()
            if turn >= 5:
                taken[slot].append(time.process_time() - begun)
    return statistics.median(taken[0]), statistics.median(taken[1])


def _row(what: str, measured: float, unit: str, reach: float | None = None) -> dict[str, Any]:
    met = None if reach is None else ("yes" if measured <= reach else "NO")
    return {"what": what, "measured": measured, "unit": unit, "reach": reach, "met": met}
