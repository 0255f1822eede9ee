"""The export job. Payloads:

{"time": "2026-11-21T08:05:00Z"}                       hourly, from the schedule: every hour that is over by then
{"date": "2026-11-21", "time": "2026-11-21T08:05:00Z"} one arrival day up to then, the running hour included
{"replay": "2026-11-20", "time": "2026-11-21T08:05:00Z"} everything of one arrival day again, from its raw log alone
{"derive_from": "2026-10-01", "derive_to": "…"}        rebuild derived tables after a change of definitions
{"span": true}                                         which dates have events; are derived tables complete?
{"derived": "2026-11-21T08:05:00Z"}                    the rebuilding is done: the tables cover everything
"""

import os
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from daybreak.aws import clients
from daybreak.aws.bucket import BucketStore
from daybreak.aws.events_table import EventsTable
from daybreak.definitions.project import load
from daybreak.engine.database import Limits
from daybreak.export.arrivals import HOUR
from daybreak.export.job import LOOK_BACK, Export
from daybreak.export.manifest import Manifest
from daybreak.ingest.event import parse_time


@cache
def _logger() -> Logger:
    return Logger(service="export")


@cache
def _metrics() -> Metrics:
    return Metrics(service="export")


@cache
def _export() -> Export:
    return Export(
        store=BucketStore(clients.s3(), os.environ["LAKE_BUCKET"]),
        arrivals=EventsTable(clients.dynamodb(), os.environ["EVENTS_TABLE"]),
        project=load(Path(__file__).with_name("daybreak.toml")),
        limits=Limits(memory_mb=int(os.environ["DUCKDB_MEMORY_MB"])),
        progress=_logger().info,
    )


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    export = _export()
    if "derive_from" in event:
        days = export.derive(date.fromisoformat(event["derive_from"]), date.fromisoformat(event["derive_to"]))
        return {"derived_days": len(days)}
    if "span" in event:
        return export.span()
    if "derived" in event:
        export.derived(event["derived"])
        return {"derived": event["derived"]}
    now = parse_time(event["time"])
    if "replay" in event:
        replayed = export.replay(date.fromisoformat(event["replay"]))
        manifests = [replayed] if replayed else []
    elif "date" in event:
        manifests = export.day(date.fromisoformat(event["date"]), now)
    else:
        manifests = export.hourly(now)
    _tell_books(manifests, now)
    done = [
        {
            "arrived": m.arrived.isoformat(),
            "through": m.through.isoformat(),
            "events": m.events,
            "duplicates": m.duplicates,
            "rejected": m.rejected,
            "unreconciled": m.unreconciled,
        }
        for m in manifests
    ]
    _logger().info("exported", extra={"days": done})
    return {"exported": done}


def _tell_books(manifests: list[Manifest], now: datetime) -> None:
    """Metrics of what these days hold, and of the hours that a scheduled run reads."""
    metrics = _metrics()
    metrics.add_metric(name="UnreconciledEvents", unit=MetricUnit.Count, value=sum(m.unreconciled for m in manifests))
    for manifest in manifests:
        for percent in manifest.rejected_percents(now - LOOK_BACK - HOUR):
            metrics.add_metric(name="RejectedPercent", unit=MetricUnit.Percent, value=percent)
    metrics.flush_metrics()
