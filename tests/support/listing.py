"""A deployment whose lists are made: the files by their names, and the events of entries on their way to the export."""

import csv
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

from daybreak.definitions.project import Project
from daybreak.ingest.request import Intake
from daybreak.lake import keys
from daybreak.lake.keys import hour_of
from daybreak.lake.store import FolderStore
from daybreak.lake.tables import MadeList
from daybreak.lists.job import Lists
from support.journeys import LIMITS, Deployment, project

MEASURED = '[activation.a]\ndescription = "d"\nstart = "S"\nmilestone = "V"\nwindow = "1d"\n'


class Killed(Exception):
    """A run ended in the middle."""


class Fragile(FolderStore):
    """A lake that kills the run at its nth write, if one is set."""

    writes_left: int | None = None

    def put(self, key: str, data: bytes) -> None:
        self.count()
        super().put(key, data)

    def put_files(self, files: dict[str, Path], before: Mapping[str, str] | None = None) -> None:
        for key, file in files.items():
            self.count()
            super().put_files({key: file}, before)

    def count(self) -> None:
        """One more write: kill the run if it is one too many."""
        if self.writes_left is not None:
            self.writes_left -= 1
            if self.writes_left < 0:
                raise Killed


@dataclass
class Listing:
    """Lists over a deployment. `forgotten` are digests; `store_events` puts the events where the export finds them."""

    deployment: Deployment
    forgotten: frozenset[bytes] = frozenset()
    stored: list[dict[str, Any]] = field(default_factory=list)

    def job(self, definitions: Project | None = None) -> Lists:
        return Lists(
            self.deployment.store,
            definitions or self.deployment.project,
            LIMITS,
            store_events=self.store_events,
            forgotten=self.forgotten,
        )

    def store_events(self, intake: Intake, received_at: datetime) -> None:
        lines = [event.line for event in intake.events]
        assert isinstance(self.deployment.store, Fragile)
        self.deployment.store.count()
        self.deployment.arrived.hours.setdefault(hour_of(received_at), []).append(lines)
        self.stored += map(json.loads, lines)

    def day(self, day: str, now: str | None = None) -> dict[str, MadeList]:
        """Make the lists of the morning after `day`, by default at 04:45 UTC."""
        chosen = date.fromisoformat(day)
        at = now or f"{chosen + timedelta(days=1)}T04:45:00"
        made = self.job().of_the_day(chosen, datetime.fromisoformat(at).replace(tzinfo=UTC))
        return {row.list: row for row in made}

    def hour(self, now: str) -> dict[str, MadeList]:
        made = self.job().of_the_hour(datetime.fromisoformat(now).replace(tzinfo=UTC))
        return {row.list: row for row in made}

    def csv(self, name: str, file: str = "people") -> list[dict[str, str]]:
        """The rows of a CSV file of the newest making."""
        return list(csv.DictReader(StringIO(self._newest(name, f"{file}.csv").decode())))

    def ndjson(self, name: str, file: str = "people") -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._newest(name, f"{file}.ndjson").splitlines()]

    def ids(self, name: str, file: str = "people") -> list[str]:
        """The ids in a file of the newest making, of whatever kind."""
        found = [row.get("account") or row.get("user_id") or row["anonymous_id"] for row in self.ndjson(name, file)]
        assert [row["account"] if "account" in row else row["user_id"] or row["anonymous_id"]
                for row in self.csv(name, file)] == found  # fmt: skip
        return found

    def counts(self) -> list[dict[str, Any]]:
        """The table of lists."""
        return sorted(self.deployment.rows("list_counts/*.parquet"), key=lambda row: (row["list"], row["made_at"]))

    def _newest(self, name: str, file: str) -> bytes:
        found = [s.key for s in self.deployment.store.list(keys.lists_prefix(name)) if s.key.endswith(f"/{file}")]
        return self.deployment.store.get(max(found)) or b""


def listing(root: Path, lists: str, timezone: str = "UTC") -> Listing:
    """A deployment with these lists, and one definition."""
    deployment = Deployment(root, project(lists + MEASURED, timezone))
    deployment.store = Fragile(root)
    return Listing(deployment)


@contextmanager
def killed_after(listing: Listing, writes: int) -> Iterator[None]:
    """Kill the runs in this context at a write, so many writes after they begin."""
    store = listing.deployment.store
    assert isinstance(store, Fragile)
    store.writes_left = writes
    try:
        yield
    finally:
        store.writes_left = None
