"""Run the export for any payload of `daybreak.export.payloads`."""

import os
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from daybreak.aws import clients
from daybreak.aws.bucket import BucketStore
from daybreak.aws.events_table import EventsTable
from daybreak.aws.settings import ExportSettings
from daybreak.definitions.project import load
from daybreak.engine.database import Limits, clear_left_workplaces
from daybreak.export.arrivals import HOUR
from daybreak.export.job import LOOK_BACK, Export
from daybreak.export.manifest import Manifest
from daybreak.export.payloads import (
    EXPORT_PAYLOADS,
    AskSpan,
    DeriveDays,
    ExportDay,
    ExportHours,
    FinishBackfill,
    ReplayDay,
    read_payload,
)


@cache
def _logger() -> Logger:
    return Logger(service="export")


@cache
def _metrics() -> Metrics:
    return Metrics(service="export")


@cache
def _export() -> Export:
    settings = ExportSettings.read(os.environ)
    return Export(
        store=BucketStore(clients.s3(), settings.lake_bucket),
        arrivals=EventsTable(clients.dynamodb(), settings.events_table),
        project=load(Path(__file__).with_name("daybreak.toml")),
        limits=Limits(memory_mb=settings.duckdb_memory_mb),
        progress=_logger().info,
    )


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    clear_left_workplaces()
    export = _export()
    payload = read_payload(EXPORT_PAYLOADS, event)
    match payload:
        case DeriveDays():
            return {"derived_days": len(export.derive(payload.derive_from, payload.derive_to))}
        case AskSpan():
            return export.span()
        case FinishBackfill():
            export.derived(payload.derived)
            return {"derived": payload.derived}
        case ReplayDay():
            replayed = export.replay(payload.replay)
            manifests = [replayed] if replayed else []
        case ExportDay():
            manifests = export.day(payload.date, payload.time)
        case ExportHours():
            try:
                manifests = export.hourly(payload.time)
            finally:  # also of a run that fails: the alarm is for exports that stay behind
                _record_lag(export, payload.time)
    _record_export_metrics(manifests, payload.time)
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


def _record_lag(export: Export, now: datetime) -> None:
    """How many hours of arrivals are not in the lake yet; 0 before anything was ever exported."""
    through = export.exported_through() or now
    metrics = _metrics()
    metrics.add_metric(name="ExportLagHours", unit=MetricUnit.Count, value=(now - through).total_seconds() / 3600)
    metrics.flush_metrics()


def _record_export_metrics(manifests: list[Manifest], now: datetime) -> None:
    """Count the unreconciled events of these days, and the rejected share of each hour that a scheduled run reads."""
    metrics = _metrics()
    metrics.add_metric(name="UnreconciledEvents", unit=MetricUnit.Count, value=sum(m.unreconciled for m in manifests))
    for manifest in manifests:
        for percent in manifest.rejected_percents(now - LOOK_BACK - HOUR):
            metrics.add_metric(name="RejectedPercent", unit=MetricUnit.Percent, value=percent)
    metrics.flush_metrics()
