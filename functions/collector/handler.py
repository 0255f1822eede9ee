"""POST /v1/…: read, authenticate and judge a request, store it, answer. Nothing is kept in memory between requests."""

import os
from datetime import UTC, datetime
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from daybreak.aws import clients, gateway
from daybreak.aws.events_table import EventsTable
from daybreak.aws.write_keys import WriteKeys
from daybreak.errors import RequestRefused
from daybreak.ingest.request import Intake, take


@cache
def _tables() -> tuple[EventsTable, WriteKeys]:
    client = clients.collector_dynamodb()
    return EventsTable(client, os.environ["EVENTS_TABLE"]), WriteKeys(client, os.environ["KEYS_TABLE"])


@cache
def _telling() -> tuple[Logger, Metrics]:
    return Logger(service="collector"), Metrics(namespace="Daybreak", service="collector")


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    events_table, write_keys = _tables()
    received_at = datetime.now(UTC)
    try:
        intake = take(gateway.request(event), write_keys.source_of, received_at)
        events_table.store(intake, received_at)
    except RequestRefused as refused:
        _tell_refused(refused)
        return gateway.refusal(refused)
    if intake.rejected:
        _tell_rejected(intake)
    return gateway.success(intake)


def _tell_refused(refused: RequestRefused) -> None:
    """A line for every refusal; with its cause where the fault is ours. Never the key, never the body."""
    logger, metrics = _telling()
    details = {"status": refused.status, "code": refused.code, "cause": repr(refused.__cause__)[:300]}
    if refused.status >= 500:
        logger.error("request not stored", extra=details)
    else:
        logger.info("request refused", extra=details)
    metrics.add_metric(name="RefusedRequests", unit=MetricUnit.Count, value=1)
    metrics.flush_metrics()


def _tell_rejected(intake: Intake) -> None:
    logger, metrics = _telling()
    codes = sorted({rejected.code for rejected in intake.rejected})
    logger.info("events quarantined", extra={"source": intake.source, "count": len(intake.rejected), "codes": codes})
    metrics.add_metric(name="RejectedEvents", unit=MetricUnit.Count, value=len(intake.rejected))
    metrics.flush_metrics()
