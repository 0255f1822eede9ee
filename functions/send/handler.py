"""Send what is new and what waits, or one sample, for any payload of `daybreak.send.payloads`."""

import os
from dataclasses import asdict
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from daybreak.aws import clients
from daybreak.aws.bucket import BucketStore
from daybreak.aws.settings import SendSettings
from daybreak.aws.targets import Targets
from daybreak.definitions.project import load
from daybreak.engine.database import Limits, clear_left_workplaces
from daybreak.export.payloads import read_payload
from daybreak.send.job import Delivered, Sending
from daybreak.send.payloads import SEND_PAYLOADS, SendSample


@cache
def _logger() -> Logger:
    return Logger(service="send")


@cache
def _metrics() -> Metrics:
    return Metrics(service="send")


def _sending() -> Sending:
    """New in each run, so that a secret that was changed is read again."""
    settings = SendSettings.read(os.environ)
    store = BucketStore(clients.s3(), settings.lake_bucket)
    return Sending(
        store=store,
        project=load(Path(__file__).with_name("daybreak.toml")),
        source=settings.source,
        target=Targets(settings, store),
        limits=Limits(memory_mb=settings.duckdb_memory_mb),
    )


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    clear_left_workplaces()
    sending = _sending()
    payload = read_payload(SEND_PAYLOADS, event)
    if isinstance(payload, SendSample):
        return sending.try_out(payload.sample, payload.time)
    done = sending.run(payload.time)
    _record_undelivered(done)
    sends = [asdict(each) | {"oldest": each.oldest and each.oldest.isoformat()} for each in done]
    _logger().info("sent", extra={"sends": sends})
    return {"sends": sends}


def _record_undelivered(done: list[Delivered]) -> None:
    """For how many hours the oldest message has not been delivered, whether it still waits or is dead; 0 if none."""
    now = datetime.now(UTC)
    oldest = min((each.oldest for each in done if each.oldest), default=now)
    metrics = _metrics()
    metrics.add_metric(name="UndeliveredHours", unit=MetricUnit.Count, value=(now - oldest).total_seconds() / 3600)
    metrics.flush_metrics()
