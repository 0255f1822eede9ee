"""A lake of today's arrivals: events to send, the export of today, and the rows that it wrote."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import duckdb

from daybreak.aws.events_table import EventsTable
from daybreak.export.job import Export
from daybreak.export.manifest import Manifest
from daybreak.lake.store import FolderStore
from support.endpoint import Endpoint
from support.journeys import LIMITS, project

MEASURED = project("""
[segments.plan]
trait = "plan"
at = "latest"

[activation.a]
description = "d"
start = "Signed Up"
milestone = "Workflow Run"
window = "2d"
segments = ["plan"]
""")


def soon() -> datetime:
    return datetime.now(UTC) + timedelta(hours=1)


def track(user: str | None, event: str, message_id: str, **fields: Any) -> dict[str, Any]:
    stamp = (datetime.now(UTC) - timedelta(days=3)).isoformat()
    return {"type": "track", "userId": user, "event": event, "messageId": message_id, "timestamp": stamp, **fields}


def export(endpoint: Endpoint, lake: Any) -> Manifest:
    """Export today's arrivals, those of the current hour included; the newest manifest with events."""
    table = EventsTable(endpoint.tables, "events")
    job = Export(lake, table, MEASURED, LIMITS)
    return [m for m in job.day(datetime.now(UTC).date(), soon()) if m.hours][-1]


def rows(lake: FolderStore, pattern: str) -> list[dict[str, Any]]:
    with duckdb.connect() as db:
        found = db.execute(f"select * from read_parquet('{lake.root}/{pattern}', union_by_name = true) order by all")
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def ids(lake: FolderStore) -> list[str]:
    return sorted(row["message_id"] for row in rows(lake, "events/*/*.parquet"))


def today() -> date:
    return datetime.now(UTC).date()
