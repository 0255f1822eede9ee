"""Small lakes for tests: events in, tables out, through the real ingest, export and metric jobs."""

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from daybreak.definitions.project import Project, parse
from daybreak.engine.database import Limits
from daybreak.export.job import Export
from daybreak.export.manifest import Manifest
from daybreak.families.registry import FAMILIES
from daybreak.ingest.event import Arrival, canonical
from daybreak.ingest.frames import StoredItem, pack
from daybreak.lake import keys
from daybreak.lake.keys import hour_of
from daybreak.lake.store import FolderStore
from daybreak.metrics.job import Computed, Metrics

LIMITS = Limits(memory_mb=500, threads=2)

CLOCK_CHANGES = {
    "UTC": [date(2024, 2, 29)],
    "Europe/Berlin": [date(2024, 3, 31), date(2024, 10, 27)],
    "America/Los_Angeles": [date(2024, 3, 10), date(2024, 11, 3)],
    "America/Santiago": [date(2024, 9, 8)],  # the clocks skip midnight
    "America/St_Johns": [date(2010, 11, 7)],  # a minute after midnight they go back to the day before
    "Asia/Kolkata": [date(2024, 12, 31)],
    # by half an hour
    "America/Caracas": [date(2007, 12, 9), date(2016, 5, 1)],
    "Asia/Colombo": [date(2006, 4, 15)],
    "Asia/Pyongyang": [date(2015, 8, 15), date(2018, 5, 5)],
    "Australia/Lord_Howe": [date(2024, 4, 7), date(2024, 10, 6)],
    "Pacific/Norfolk": [date(2015, 10, 4)],
    # 30 December 2011 never was
    "Pacific/Apia": [date(2011, 12, 31)],
}
"""Timezone -> days on which its clocks change, or any day if they never do."""


def event(who: str, what: str, at: str, key: str | None = None, **properties: Any) -> dict[str, Any]:
    """A track call as a client sends it. `key` is its message id; by default it is made from who, what and at."""
    return {
        "type": "track",
        "userId": who,
        "event": what,
        "timestamp": at,
        "messageId": key or f"{who}/{what}/{at}",
        "properties": properties,
    }


def tries(examples: int) -> int:
    """The number of examples that Hypothesis makes: all in `make laws`, some in `make test`, which must be quick."""
    return examples if _all_examples() else max(2, examples // 15)


def stride(step: int) -> int:
    """The step through a long list of cases: 1 in `make laws`, `step` in `make test`."""
    return 1 if _all_examples() else step


def _all_examples() -> bool:
    return os.environ.get("EXAMPLES") == "all"


@cache
def database() -> duckdb.DuckDBPyConnection:
    """A database in memory, to read files with: to start one takes longer than to read. Take a cursor of it.

    It remembers no file: tests write other rows to the same place.
    """
    return duckdb.connect(config={"enable_external_file_cache": False})


def project(definitions: str, timezone: str = "UTC", week_start: str = "monday") -> Project:
    """A project from the tables of a daybreak.toml."""
    return parse(f'[project]\ntimezone = "{timezone}"\nweek_start = "{week_start}"\n{definitions}')


@dataclass
class Arrived:
    """Frames by arrival hour, in the place that DynamoDB has in a deployment."""

    hours: dict[str, list[list[bytes]]] = field(default_factory=dict)

    def add(
        self,
        received_at: datetime,
        events: Iterable[dict[str, Any]],
        sent_at: datetime | None = None,
        source: str = "test",
    ) -> None:
        """`sent_at`, if it is given, is by the clock of a client that sets it at each try."""
        context = {"library": {"name": "analytics-python"}} if sent_at else None
        arrival = Arrival(received_at=received_at, source=source, sent_at=sent_at, context=context)
        lines = [canonical(raw, arrival, position).line for position, raw in enumerate(events)]
        self.hours.setdefault(hour_of(received_at), []).append(lines)

    def first_hour(self, before: datetime) -> datetime | None:
        hours = sorted(hour for hour in self.hours if hour < hour_of(before))
        return datetime.fromisoformat(f"{hours[0]}:00:00+00:00") if hours else None

    def hour(self, hour: datetime) -> list[list[StoredItem]]:
        requests = self.hours.get(hour_of(hour), [])
        frames = [frame for lines in requests for frame in pack(lines)]
        return [[StoredItem("test", frame.data, frame.count) for frame in frames]]

    def expire(self, items: Sequence[str], at: datetime) -> None:
        raise AssertionError("these arrivals have their expiry")


class Deployment:
    """A lake in a folder with its jobs; each call names the time at which it runs."""

    def __init__(self, root: Path, definitions: Project) -> None:
        self.store = FolderStore(root)
        self.arrived = Arrived()
        self.project = definitions

    def receive(self, at: str, events: Iterable[dict[str, Any]]) -> None:
        self.arrived.add(datetime.fromisoformat(at).astimezone(UTC), list(events))

    def export(self, now: str) -> list[Manifest]:
        return Export(self.store, self.arrived, self.project, LIMITS).hourly(
            datetime.fromisoformat(now).astimezone(UTC)
        )

    def export_day(self, arrived: str, now: str) -> list[Manifest]:
        job = Export(self.store, self.arrived, self.project, LIMITS)
        return job.day(date.fromisoformat(arrived), datetime.fromisoformat(now).astimezone(UTC))

    def compute(self, day: str) -> dict[str, Computed]:
        done = Metrics(self.store, self.project, LIMITS).run_all(date.fromisoformat(day))
        return {computed.family: computed for computed in done}

    def events(self) -> list[str]:
        """Message ids in `events`, sorted."""
        return sorted(row["message_id"] for row in self.rows("events/*/*.parquet"))

    def table(self, family: str, definition: str | None = None, segment: str | None = "all") -> list[dict[str, Any]]:
        """A result table's rows in order; only those of one definition or segment if it is named."""
        partition = FAMILIES[family].partition
        rows = self.rows(f"{keys.months_prefix(family)}*/*.parquet", "'definition': varchar")
        chosen = [
            {name: row[name] for name in FAMILIES[family].row.model_fields}
            for row in rows
            if (definition is None or row["definition"] == definition)
            and (segment is None or row["segment"] == segment)
        ]
        columns = FAMILIES[family].row.model_fields
        order = [
            partition,
            "segment_value",
            *(name for name in ("cohort_starts_at", "period", "step", "active_days") if name in columns),
        ]
        return sorted(chosen, key=lambda row: tuple(row[name] for name in order))

    def described(self, family: str) -> list[dict[str, Any]]:
        """The rows of the table `definitions` for this family."""
        return self.rows(f"definitions/family={family}/*.parquet")

    def latest(self, family: str) -> dict[str, Any]:
        """The content of latest/<family>.json."""
        return dict(json.loads(self.store.get(keys.latest(family)) or b"{}"))

    def bytes(self, prefix: str = "metrics/") -> dict[str, str]:
        """Every object under a prefix with its checksum."""
        return {stored.key: stored.md5 for stored in self.store.list(prefix)}

    def rows(self, pattern: str, types: str = "") -> list[dict[str, Any]]:
        files = (self.store.root / pattern).as_posix()
        if not list(self.store.root.glob(pattern)):
            return []
        with database().cursor() as db:
            found = db.execute(
                f"select * from read_parquet('{files}', hive_partitioning = {bool(types)}"
                + (f", hive_types = {{{types}}})" if types else ")")
            )
            names = [column[0] for column in found.description]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def computed(
    root: Path, definitions: Project, events: Sequence[dict[str, Any]], day: str, as_of: date | None = None
) -> Deployment:
    """Receive all events together, two days after `day`; compute every family as of the end of `day`, or of `as_of`."""
    deployment = Deployment(root, definitions)
    received = datetime.fromisoformat(f"{day}T12:00:00+00:00") + timedelta(days=2)
    deployment.arrived.add(received, events)
    deployment.export((received + timedelta(hours=2)).isoformat())
    deployment.compute((as_of or date.fromisoformat(day)).isoformat())
    return deployment
