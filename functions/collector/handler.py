"""The public endpoint: the function authenticates, reads and judges a request, stores its events, then responds."""

import os
from collections import Counter
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from aws_lambda_powertools import Logger, Metrics, single_metric
from aws_lambda_powertools.metrics import MetricUnit

from daybreak.aws import clients, gateway
from daybreak.aws.events_table import EventsTable
from daybreak.aws.live_rules import LiveRules
from daybreak.aws.settings import CollectorSettings
from daybreak.aws.webhook_secrets import WebhookSecrets
from daybreak.aws.write_keys import WriteKeys
from daybreak.errors import RequestRefused
from daybreak.ingest import read_endpoints
from daybreak.ingest.privacy import load_privacy
from daybreak.ingest.request import Intake, Request, receive
from daybreak.ingest.responses import accepted
from daybreak.webhooks.load import load_webhooks
from daybreak.webhooks.receive import UNSIGNED, Webhooks, hook_name, receive_webhook


@cache
def _start() -> tuple[EventsTable, WriteKeys, LiveRules]:
    settings = CollectorSettings.read(os.environ)
    client = clients.collector_dynamodb()
    clean = load_privacy(Path(__file__).with_name("daybreak.toml")).cleaner(settings.hash_salt)
    rules = LiveRules(client, settings.keys_table, clean)
    return EventsTable(client, settings.events_table), WriteKeys(client, settings.keys_table), rules


@cache
def _webhooks() -> tuple[Webhooks, WebhookSecrets]:
    """Read with the first request to a webhook: a collector without any loses no time."""
    settings = CollectorSettings.read(os.environ)
    secrets = WebhookSecrets(clients.collector_dynamodb(), settings.keys_table)
    return load_webhooks(Path(__file__).with_name("daybreak.toml")), secrets


@cache
def _logger_and_metrics() -> tuple[Logger, Metrics]:
    return Logger(service="collector"), Metrics(service="collector")


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    events_table, write_keys, rules = _start()
    request = Request("", "")
    try:
        request = gateway.request(event)
        if request.method == "OPTIONS":
            return gateway.preflight(request)
        if script := read_endpoints.script(request):
            return gateway.script(request, script)
        if page := read_endpoints.page(request, lambda: events_table.probe(datetime.now(UTC))):
            return gateway.response(request, 200, page)
        received_at = datetime.now(UTC)
        if (hook := hook_name(request)) is not None:
            webhooks, secrets = _webhooks()
            intake = receive_webhook(hook, request, webhooks, secrets.of, rules.current, received_at)
        else:
            intake = receive(request, write_keys.source_of, rules.current(), received_at)
        events_table.store(intake, received_at)
        _record_intake_metrics(intake)
        return gateway.success(request, accepted(intake))
    except RequestRefused as refused:
        _log_refusal(refused, request)
        return gateway.refusal(request, refused)


def _record_intake_metrics(intake: Intake) -> None:
    """Count the events that were accepted, rejected and suppressed. The log gets a line only for rejected ones."""
    logger, metrics = _logger_and_metrics()
    kept = intake.kept()
    counted = {
        "AcceptedEvents": len(kept.events),
        "RejectedEvents": len(kept.rejected),
        "SuppressedEvents": len(intake.events) + len(intake.rejected) - len(kept.events) - len(kept.rejected),
        "PlanBreaches": sum(len(event.breaches) for event in kept.events),
    }
    for name, count in counted.items():
        if count:
            metrics.add_metric(name=name, unit=MetricUnit.Count, value=count)
    if any(counted.values()):  # an empty batch counts nothing, and powertools would warn
        metrics.flush_metrics()
    codes = Counter(rejected.code for rejected in kept.rejected)
    for code, count in codes.items():
        with single_metric(name="RejectedByReason", unit=MetricUnit.Count, value=count) as metric:
            metric.add_dimension("reason", code)
    if codes:
        logger.info("events quarantined", extra={"source": intake.source, "codes": dict(codes)})


def _log_refusal(refused: RequestRefused, request: Request) -> None:
    """Log and count a refusal, with its cause if there is one. The log never holds the key or the body."""
    logger, metrics = _logger_and_metrics()
    details = {"status": refused.status, "code": refused.code, "cause": repr(refused.__cause__)[:300]}
    if refused.code in UNSIGNED:
        details["webhook"] = hook_name(request)
        metrics.add_metric(name="RefusedWebhooks", unit=MetricUnit.Count, value=1)
    if refused.status >= 500:
        logger.error("request not stored", extra=details)
    else:
        logger.info("request refused", extra=details)
    metrics.add_metric(name="RefusedRequests", unit=MetricUnit.Count, value=1)
    if refused.code == "body_damaged":
        metrics.add_metric(name="DamagedBodies", unit=MetricUnit.Count, value=1)
    metrics.flush_metrics()
