"""The metric job of one family. Payloads:

{"family": "activation", "time": "2026-11-21T09:30:00Z"}   from the schedule: the project's last day that is over
{"family": "activation", "date": "2026-11-20"}             as of the end of that day
"""

import os
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from aws_lambda_powertools import Logger

from daybreak.aws import clients
from daybreak.aws.bucket import BucketStore
from daybreak.definitions.project import Project, load
from daybreak.engine.database import Limits
from daybreak.ingest.event import parse_time
from daybreak.metrics.job import Metrics


@cache
def _logger() -> Logger:
    return Logger(service="metrics")


@cache
def _metrics() -> Metrics:
    return Metrics(
        store=BucketStore(clients.s3(), os.environ["LAKE_BUCKET"]),
        project=load(Path(__file__).with_name("daybreak.toml")),
        limits=Limits(memory_mb=int(os.environ["DUCKDB_MEMORY_MB"])),
        progress=_logger().info,
    )


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    metrics = _metrics()
    computed = metrics.run(event["family"], _day(event, metrics.project))
    if computed is None:
        return {"family": event["family"], "definitions": 0}
    done = {
        "family": computed.family,
        "as_of": computed.as_of.isoformat(),
        "changed_from": computed.changed_from.isoformat(),
        "partitions_written": len(computed.written),
    }
    _logger().info("computed", extra=done)
    return done


def _day(event: dict[str, Any], project: Project) -> date:
    if "date" in event:
        return date.fromisoformat(event["date"])
    return parse_time(event["time"]).astimezone(project.zone).date() - timedelta(days=1)
