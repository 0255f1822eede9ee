"""Make lists for any payload of `daybreak.lists.payloads`. No other function may read or write their files."""

import os
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from aws_lambda_powertools import Logger

from daybreak.aws import clients
from daybreak.aws.bucket import BucketStore
from daybreak.aws.events_table import EventsTable
from daybreak.aws.live_rules import LiveRules
from daybreak.aws.settings import ListsSettings
from daybreak.definitions.project import load
from daybreak.engine.database import Limits, clear_left_workplaces
from daybreak.export.payloads import read_payload
from daybreak.lists.job import Lists
from daybreak.lists.payloads import LISTS_PAYLOADS, MakeDay


@cache
def _logger() -> Logger:
    return Logger(service="lists")


@cache
def _start() -> tuple[Lists, LiveRules]:
    settings = ListsSettings.read(os.environ)
    dynamodb = clients.dynamodb()
    lists = Lists(
        store=BucketStore(clients.s3(), settings.lake_bucket),
        project=load(Path(__file__).with_name("daybreak.toml")),
        limits=Limits(memory_mb=settings.duckdb_memory_mb),
        progress=_logger().info,
        store_events=EventsTable(dynamodb, settings.events_table).store,
    )
    return lists, LiveRules(dynamodb, settings.keys_table)


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    clear_left_workplaces()
    lists, rules = _start()
    payload, now = read_payload(LISTS_PAYLOADS, event), datetime.now(UTC)
    lists = replace(lists, forgotten=rules.forgotten())
    made = []
    if isinstance(payload, MakeDay) or payload.every == "day":
        made += lists.of_the_day(payload.as_of(lists.project.zone), now)
    if isinstance(payload, MakeDay) or payload.every == "hour":
        made += lists.of_the_hour(now)
    counts = ("list", "made_at", "people", "entered", "left", "held_out")
    done = {"lists": [row.model_dump(mode="json", include=set(counts)) for row in made]}
    _logger().info("made", extra=done)
    return done
