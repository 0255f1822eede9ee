"""The export job: bring the lake up to date with what has arrived. Safe to repeat, to run twice at once, to kill.

For each arrival day, oldest first: raw log -> events -> derived tables -> manifest. The manifest is written last and
says what the day holds; until it stands, the day is done again by the next run.
"""

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from daybreak.calendar import Calendar
from daybreak.database import Connection, Limits, database
from daybreak.definitions import Project
from daybreak.export.arrivals import HOUR, Arrivals, hours_of, log_hours
from daybreak.export.derive import derive_days, merge_months
from daybreak.export.events import take_day
from daybreak.lake import keys
from daybreak.lake.store import Store

LOOK_BACK = timedelta(hours=2)
"""Hours read again on each run: a request still in flight when its hour was exported is found by the next run."""

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the lake holds of one arrival day. `through`: everything that arrived before it is in (UTC)."""

    arrived: date
    through: datetime
    hours: dict[str, dict[str, Any]] = field(default_factory=dict)
    events: int = 0
    duplicates: int = 0
    rejected: int = 0
    dates: list[date] = field(default_factory=list)
    days: list[date] = field(default_factory=list)
    objects: list[str] = field(default_factory=list)
    derived_version: str = ""

    def dump(self) -> bytes:
        return json.dumps(asdict(self), default=str, indent=1).encode()

    @staticmethod
    def load(data: bytes) -> "Manifest":
        values = json.loads(data)
        dates = {name: [date.fromisoformat(day) for day in values[name]] for name in ("dates", "days")}
        return Manifest(
            **{
                **values,
                **dates,
                "arrived": date.fromisoformat(values["arrived"]),
                "through": datetime.fromisoformat(values["through"]),
            }
        )


@dataclass(frozen=True, slots=True)
class Export:
    """The job with everything it needs; the clock, the network and the environment are the caller's."""

    store: Store
    arrivals: Arrivals
    project: Project
    limits: Limits = Limits()
    progress: Progress = lambda _: None

    def hourly(self, now: datetime) -> list[Manifest]:
        """Everything in hours that are over at `now`, from where the last run ended. For the schedule."""
        end = now.replace(minute=0, second=0, microsecond=0)
        last = last_manifest(self.store)
        first = last.through - LOOK_BACK if last else self.arrivals.first_hour(end) or end - HOUR
        return self._days(first, end)

    def day(self, arrived: date, through: datetime) -> list[Manifest]:
        """All hours of one arrival day up to `through`, the hour still running included. For `daybreak run export`."""
        first = datetime(arrived.year, arrived.month, arrived.day, tzinfo=UTC)
        return self._days(first, min(first + timedelta(days=1), max(through, first + HOUR)))

    def replay(self, arrived: date, through: datetime) -> Manifest:
        """Rebuild everything of one arrival day from its raw log alone, whatever DynamoDB still holds."""
        before = read_manifest(self.store, arrived)
        manifest = replace(self._rebuild(arrived, before), through=through, hours=before.hours if before else {})
        self._finish(manifest)
        return manifest

    def derive(self, first: date, last: date) -> list[date]:
        """Rebuild the derived tables of these project days from the events, after a change of definitions."""
        calendar = Calendar(self.project.zone, self.project.settings.week_start)
        days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        with self._workplace() as (db, work):
            derive_days(db, self.store, work, self.project, calendar, days)
            merge_months(db, self.store, work, self.project, days, last + timedelta(days=32))
        return days

    def derived(self) -> None:
        """Declare the derived tables of the current definitions complete, and remove those of older definitions."""
        version = self.project.derived_version
        self.store.put(keys.derived_ready(version), b"{}")
        self.store.delete([s.key for s in self.store.list("derived/") if not s.key.startswith(f"derived/{version}/")])

    def _days(self, first: datetime, end: datetime) -> list[Manifest]:
        manifests = []
        day = first.date()
        while datetime(day.year, day.month, day.day, tzinfo=UTC) < end:
            manifests.append(self._day(day, first, end))
            day += timedelta(days=1)
        return manifests + self._follow(manifests, day)

    def _day(self, arrived: date, first: datetime, end: datetime) -> Manifest:
        """One arrival day. Where no hour of it changed since its manifest was written, only `through` moves on."""
        self.progress(f"{arrived}: reading arrivals")
        before = read_manifest(self.store, arrived)
        logged = log_hours(self.store, self.arrivals, hours_of(arrived, first, end))
        hours = {**(before.hours if before else {}), **{f"{log.hour:02}": asdict(log) for log in logged}}
        midnight = datetime(arrived.year, arrived.month, arrived.day, tzinfo=UTC)
        through = max(min(end, midnight + timedelta(days=1)), before.through if before else midnight)
        unchanged = before and _arrived(before.hours) == _arrived(hours)
        if before and unchanged and before.derived_version == self.project.derived_version:
            manifest = replace(before, through=through, hours=hours)
        else:
            manifest = replace(self._rebuild(arrived, before), through=through, hours=hours)
        self._finish(manifest)
        return manifest

    def _follow(self, changed: list[Manifest], after: date) -> list[Manifest]:
        """Arrival days after these that share event dates with them: what was new there may be a duplicate now."""
        dates = {day for manifest in changed for day in manifest.dates}
        later = [m for m in read_manifests(self.store) if m.arrived >= after and dates & set(m.dates)]
        followed = [replace(self._rebuild(m.arrived, m), through=m.through, hours=m.hours) for m in later]
        for manifest in followed:
            self._finish(manifest)
        return followed

    def _rebuild(self, arrived: date, before: Manifest | None) -> Manifest:
        calendar = Calendar(self.project.zone, self.project.settings.week_start)
        with self._workplace() as (db, work):
            self.progress(f"{arrived}: events")
            taken = take_day(db, self.store, work, arrived, before.objects if before else [])
            days = _project_days(db, calendar) | set(before.days if before else [])
            self.progress(f"{arrived}: derived tables of {len(days)} days")
            derive_days(db, self.store, work, self.project, calendar, sorted(days))
            merge_months(db, self.store, work, self.project, sorted(days), arrived)
        return Manifest(
            arrived=arrived,
            through=datetime(arrived.year, arrived.month, arrived.day, tzinfo=UTC),
            events=taken.events,
            duplicates=taken.duplicates,
            rejected=taken.rejected,
            dates=taken.dates,
            days=sorted(days),
            objects=taken.objects,
            derived_version=self.project.derived_version,
        )

    def _finish(self, manifest: Manifest) -> None:
        """Write the manifest, last of all. Before the first one ever, say that the derived tables cover everything."""
        if not self.store.list(keys.EXPORTS):
            self.store.put(keys.derived_ready(self.project.derived_version), b"{}")
        self.store.put(keys.export(manifest.arrived), manifest.dump())

    @contextmanager
    def _workplace(self) -> Iterator[tuple[Connection, Path]]:
        work = Path(tempfile.mkdtemp(prefix="daybreak-"))
        try:
            with database(work, self.limits) as db:
                yield db, work
        finally:
            shutil.rmtree(work, ignore_errors=True)


def read_manifest(store: Store, arrived: date) -> Manifest | None:
    data = store.get(keys.export(arrived))
    return Manifest.load(data) if data else None


def read_manifests(store: Store, since: date = date.min) -> list[Manifest]:
    """The manifests of arrival days from `since` on, oldest first."""
    listed = [s.key for s in store.list(keys.EXPORTS) if keys.arrived_of(s.key) >= since]
    return [Manifest.load(data) for key in listed if (data := store.get(key))]


def last_manifest(store: Store) -> Manifest | None:
    """The newest arrival day's manifest, or None before the first export."""
    listed = [s.key for s in store.list(keys.EXPORTS)]
    data = store.get(listed[-1]) if listed else None
    return Manifest.load(data) if data else None


def _arrived(hours: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The hours in which anything arrived."""
    return {hour: log for hour, log in hours.items() if log["requests"]}


def _project_days(db: Connection, calendar: Calendar) -> set[date]:
    """The project's days that the day's taken events fall on."""
    hours = db.execute("select distinct date_trunc('hour', timestamp) from arrived").fetchall()
    edges = (moment.replace(tzinfo=UTC) + minutes for (moment,) in hours for minutes in _QUARTERS)
    return {calendar.day_of(edge) for edge in edges}


_QUARTERS = [timedelta(minutes=m) for m in (0, 15, 30, 45)]
"""No time zone's midnight lies elsewhere than on a quarter of an hour."""
