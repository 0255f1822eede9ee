"""Run one metric job (a family, the warnings, goals and alerts, the page) for a payload of `metrics.payloads`."""

import os
from functools import cache
from pathlib import Path
from typing import Any

from aws_lambda_powertools import Logger

from daybreak.aws import clients
from daybreak.aws.bucket import BucketStore
from daybreak.aws.settings import MetricsSettings
from daybreak.definitions.project import load
from daybreak.engine.database import Limits, clear_left_workplaces
from daybreak.export.payloads import read_payload
from daybreak.lake.keys import PAGE, WARNINGS, WATCH
from daybreak.metrics.job import Metrics
from daybreak.metrics.payloads import METRICS_PAYLOADS
from daybreak.page.job import write_page
from daybreak.watch.job import Watch


@cache
def _logger() -> Logger:
    return Logger(service="metrics")


@cache
def _metrics() -> Metrics:
    settings = MetricsSettings.read(os.environ)
    return Metrics(
        store=BucketStore(clients.s3(), settings.lake_bucket),
        project=load(Path(__file__).with_name("daybreak.toml")),
        limits=Limits(memory_mb=settings.duckdb_memory_mb),
        progress=_logger().info,
    )


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    clear_left_workplaces()
    metrics = _metrics()
    payload = read_payload(METRICS_PAYLOADS, event)
    if payload.family == WARNINGS:
        warned = metrics.warn(payload.as_of(metrics.project.zone))
        return {"family": WARNINGS, "warnings": len(warned)}
    if payload.family == WATCH:
        watch = Watch(metrics.store, metrics.project, metrics.limits, metrics.progress)
        seen = watch.run(payload.as_of(metrics.project.zone))
        return {
            "family": WATCH,
            "as_of": seen.morning.isoformat(),
            "goals": len(seen.goals),
            "open_alerts": len(seen.open),
            "spoken": len(seen.spoken),
            "refused_alerts": [one.message for one in seen.refused],
        }
    if payload.family == PAGE:
        page = write_page(metrics.store, metrics.project, payload.as_of(metrics.project.zone), limits=metrics.limits)
        return {"family": PAGE, "as_of": page.day.isoformat(), "objects_written": len(page.written)}
    computed = metrics.run(payload.family, payload.as_of(metrics.project.zone))
    if computed is None:
        return {"family": payload.family, "definitions": 0}
    done = {
        "family": computed.family,
        "as_of": computed.as_of.isoformat(),
        "changed_from": computed.changed_from.isoformat(),
        "months_written": len(computed.written),
    }
    _logger().info("computed", extra=done)
    return done
