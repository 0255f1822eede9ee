"""The export job: bring the lake up to date with what has arrived. Safe to repeat, to kill, to run twice in parallel.

First the raw hours of all days are copied out of the table, and the logs of imports are taken up. Then, for each
arrival day that changed, those that were tried least first: events -> derived tables -> manifest. The manifest is
written last and says what the day holds; until then a note under `pending/` lets the next run do the day again. A day
that cannot be rebuilt holds up no other.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from daybreak.definitions.project import Project
from daybreak.engine.calendar import Calendar
from daybreak.engine.database import Limits, workplace
from daybreak.errors import DayStuck, InputError
from daybreak.export.arrivals import HOUR, Arrivals, Hours, hours_of, log_hours
from daybreak.export.derive import derive_days, drop_other_trees
from daybreak.export.events import RESTAMPED_DAYS, DayResult, list_all, rebuild_day
from daybreak.export.expiry import Expiry
from daybreak.export.manifest import Manifest, last_manifest, midnight, read_manifest, read_manifests
from daybreak.export.merge import merge_months
from daybreak.export.pending import ImportedLog, PendingDay, read_notes, read_pending
from daybreak.export.run import Run, begin
from daybreak.lake import keys
from daybreak.lake.store import Store

LOOK_BACK = timedelta(hours=2)
"""Hours read again on each run: a request still in flight when its hour was exported is found by the next run."""
LOOK_BACK_A_DAY, ONCE_A_DAY = timedelta(hours=28), 3
"""Once a day, at three (UTC), the whole day before is read again: it finds a write that is later than any should be."""

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class _Earlier:
    """What earlier runs have written: the newest manifest, and the days that wait to be rebuilt. Read once a run.

    `imported`: the logs that imports have noted since about an hour ago, by arrival day.
    """

    last: Manifest | None
    pending: dict[date, PendingDay]
    imported: dict[date, list[ImportedLog]]

    def copied_through(self) -> datetime | None:
        """Every event that arrived before it is in the raw log; None before the first export."""
        reached = [day.through for day in self.pending.values()]
        return max([*reached, *([self.last.through] if self.last else [])], default=None)


@dataclass(frozen=True, slots=True)
class Export:
    """The job with everything it needs; the clock, the network and the environment are the caller's."""

    store: Store
    arrivals: Arrivals
    project: Project
    limits: Limits = Limits()
    progress: Progress = lambda _: None

    def hourly(self, now: datetime) -> list[Manifest]:
        """Export all hours that are over at `now`, from where the last run ended. The schedule calls this."""
        end = now.replace(minute=0, second=0, microsecond=0)
        back = LOOK_BACK_A_DAY if end.hour == ONCE_A_DAY else LOOK_BACK
        earlier = self._earlier()
        copied = earlier.copied_through()
        first = copied - back if copied else self.arrivals.first_hour(end) or end - HOUR
        return self._days(earlier, first, end, now)

    def day(self, arrived: date, through: datetime) -> list[Manifest]:
        """Export one arrival day up to `through`, the running hour included. `daybreak run export` calls this.

        Earlier days that were never exported come first; one that cannot be rebuilt does not stop the others. Raises
        InputError for a day that has not begun.
        """
        if arrived > through.date():
            raise InputError(f"--date {arrived} has not begun; today is {through.date()} (UTC)")
        begins, earlier = midnight(arrived), self._earlier()
        copied = earlier.copied_through()
        reached = copied - LOOK_BACK if copied else self.arrivals.first_hour(through) or begins
        end = min(begins + timedelta(days=1), through)
        return self._days(earlier, min(begins, reached), end, through, wanted=arrived)

    def replay(self, arrived: date, through: datetime | None = None) -> Manifest | None:
        """Rebuild everything of one arrival day from its raw log alone, whatever DynamoDB still holds.

        `through` is how far the raw log reaches, if no manifest says so; by default the end of its newest hour. Returns
        None if there is no log: the day still waits for its export.
        """
        self._unmark_derived(last_manifest(self.store))
        before = self._before(arrived)
        reached = before.through if before else self._reached(arrived, through)
        if reached is None:
            return None
        manifest = replace(self._rebuild(arrived, before, before.hours if before else None), through=reached)
        self._finish(manifest)
        return manifest

    def _reached(self, arrived: date, through: datetime | None) -> datetime | None:
        """How far the raw log of a day without a manifest reaches; None without a log, or if that is not known.

        An import may have written the only log of a day whose hours no export has copied.
        """
        logs = [keys.log_in(stored.key) for stored in self.store.list(keys.raw_prefix(arrived))]
        hours = [keys.hour_of_log(log) for log in logs if not keys.is_imported(log)]
        if hours:
            return through or midnight(arrived) + (max(hours) + 1) * HOUR
        copied = self._earlier().copied_through() if logs else None
        return min(midnight(arrived), copied) if copied else None

    def derive(self, first: date, last: date) -> list[date]:
        """Rebuild the derived tables of these project days from the events, after a change of definitions."""
        days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        newest = last_manifest(self.store)
        with begin(self.store, self.project, self.limits) as run:
            derive_days(run, days)
            merge_months(run, days, newest.arrived if newest else first)
        return days

    def span(self) -> dict[str, Any]:
        """The first and last UTC date with events, and whether the derived tables of these definitions are complete."""
        dates = sorted({stored.key.partition("dt=")[2][:10] for stored in self.store.list("events/")})
        ready = bool(self.store.list(keys.derived_ready(self.project.derived_version)))
        return {"first": dates[0] if dates else None, "last": dates[-1] if dates else None, "ready": ready}

    def derived(self, at: str) -> None:
        """Declare the derived tables of the current definitions complete, and remove those of older definitions.

        `at` names this backfill: metric jobs that have not seen it compute everything again.
        """
        version = self.project.derived_version
        self.store.put(keys.derived_ready(version), json.dumps({"at": at}).encode())
        drop_other_trees(self.store, version)

    def exported_through(self) -> datetime | None:
        """Every event that arrived before it is in the lake (UTC); None before the first export."""
        earlier = self._earlier()
        stuck = [midnight(arrived) for arrived in earlier.pending]
        return min([*stuck, *([earlier.last.through] if earlier.last else [])], default=None)

    def _earlier(self) -> _Earlier:
        notes = read_notes(self.store)
        return _Earlier(last_manifest(self.store), notes.days, notes.imported)

    def _days(
        self, earlier: _Earlier, first: datetime, end: datetime, now: datetime, wanted: date | None = None
    ) -> list[Manifest]:
        """Copy the raw hours of all these days, then rebuild each day that changed, and those that wait from before.

        Days that were tried least come first, and `wanted` before all: a run that is killed by one day gets to the
        others the next time. Raises DayStuck after all others are done, if a day could not be rebuilt.
        """
        self._unmark_derived(earlier.last)
        with workplace(self.limits) as place:
            expiry = Expiry(self.store, place.folder / "expiry", now)
            imported = self._new_imports(earlier.imported, end, now)
            copied = self._copy_hours(earlier.pending, imported, first, end, expiry, place.folder)
        waiting = (earlier.pending | copied).values()
        manifests, stuck = self._rebuild_days(
            sorted(waiting, key=lambda day: (day.arrived != wanted, day.tries, day.arrived)), set(earlier.pending)
        )
        if stuck:
            raise _stuck(stuck) from next(iter(stuck.values()))
        return manifests

    def _rebuild_days(
        self, waiting: list[PendingDay], from_before: set[date]
    ) -> tuple[list[Manifest], dict[date, Exception]]:
        """Rebuild these days if they changed, and those that must follow. Returns also the days that could not be.

        A try of a day that waits from before is counted first, because the run may be killed by it.
        """
        manifests: dict[date, Manifest] = {}
        stuck: dict[date, Exception] = {}
        left = {day.arrived: day for day in waiting}
        while left:
            day = left.pop(next(iter(left)))
            arrived = day.arrived
            if arrived in from_before:
                self.store.put(keys.pending(arrived), replace(day, tries=day.tries + 1).dump())
            try:
                manifests[arrived] = self._day(day, left)
                self.store.delete([keys.pending(arrived)] if day.noted else [])
                stuck.pop(arrived, None)
            except Exception as error:  # whatever it is, it must not hold up the days after it
                stuck[arrived] = error
                self.progress(f"{arrived}: could not be rebuilt: {error!r}")
        return [manifests[arrived] for arrived in sorted(manifests)], stuck

    def _new_imports(
        self, noted: dict[date, list[ImportedLog]], end: datetime, now: datetime
    ) -> dict[date, dict[str, dict[str, Any]]]:
        """The imported logs that no manifest holds yet, by arrival day and name.

        A day that begins after `end` is left to a later run: its manifest would say that all events before it are in
        the raw log. Removes the notes of other logs, when they are an hour old.
        """
        new: dict[date, dict[str, dict[str, Any]]] = {}
        for arrived, logs in noted.items():
            manifest = read_manifest(self.store, arrived)
            known = manifest.hours if manifest else {}
            self.store.delete(keys.imported(arrived, n.log) for n in logs if n.log in known and n.at + HOUR <= now)
            missing = {noted.log: noted.contents for noted in logs if noted.log not in known}
            if missing and midnight(arrived) <= end:
                new[arrived] = missing
        return new

    def _copy_hours(
        self,
        pending: dict[date, PendingDay],
        imported: dict[date, dict[str, dict[str, Any]]],
        first: datetime,
        end: datetime,
        expiry: Expiry,
        work: Path,
    ) -> dict[date, PendingDay]:
        """The raw log of the hours in [first, end), and a note of each day that holds something new, as an import.

        The hours that a killed run left are copied again, oldest first, as long as this run may give expiries. When a
        day's hours are copied and noted, their items get their expiry: a run that is killed later has finished them.
        """
        copied: dict[date, PendingDay] = {}
        left = {hour for hour in expiry.noted() if hour < end}
        for arrived in sorted({*_dates(first, end), *(hour.date() for hour in left), *imported}):
            new = hours_of(arrived, first, end)
            old = [hour for hour in left if hour.date() == arrived] if expiry.may_give() else []
            if new or old or arrived in imported:
                self.progress(f"{arrived}: reading arrivals")
                to_read, logs = sorted({*new, *old}), imported.get(arrived, {})
                copied[arrived] = self._copy_day(arrived, pending.get(arrived), logs, to_read, end, expiry, work)
                expiry.give(self.arrivals)
        return copied

    def _copy_day(
        self,
        arrived: date,
        noted: PendingDay | None,
        imported: dict[str, dict[str, Any]],
        hours: list[datetime],
        end: datetime,
        expiry: Expiry,
        work: Path,
    ) -> PendingDay:
        manifest = read_manifest(self.store, arrived)
        known = {**imported, **(manifest.hours if manifest else {}), **(noted.hours if noted else {})}
        logged = log_hours(self.store, self.arrivals, hours, known, expiry, work)
        all_hours = {**known, **{f"{log['hour']:02}": dict(log) for log in logged}}
        through = min(end, midnight(arrived) + timedelta(days=1))
        changed = manifest is None or _arrived(manifest.hours) != _arrived(all_hours)
        fresh = noted or PendingDay(arrived, all_hours, through, noted=changed)
        day = replace(fresh, hours=all_hours, through=through)
        if changed:
            self.store.put(keys.pending(arrived), day.dump())
        return day

    def _day(self, day: PendingDay, left: dict[date, PendingDay]) -> Manifest:
        """Export one arrival day, and add later days that depend on it to `left`. If unchanged, only `through` moves.

        Its own manifest comes last: if a run is killed before that, the next one finds the day changed again.
        """
        before = self._before(day.arrived)
        if before:  # another run may have taken up a log that this day's note does not know
            day = replace(day, hours={**_imported(before.hours), **day.hours})
        through = max(day.through, before.through) if before else day.through
        current = before is not None and before.derived_version == self.project.derived_version
        if before and current and not day.again and _arrived(before.hours) == _arrived(day.hours):
            manifest = replace(before, through=through, hours=day.hours)
        else:
            manifest = replace(self._rebuild(day.arrived, before, day.hours), through=through)
        if manifest.objects != (before.objects if before else None):
            self._note_followers(manifest, left)
        self._finish(manifest)
        return manifest

    def _before(self, arrived: date) -> Manifest | None:
        """The day's manifest; without a version if its objects differ from it, so that everything is derived again.

        It is read when it is needed: this run, another one or `forget` may have changed it since the hours were copied.
        """
        manifest = read_manifest(self.store, arrived)
        return manifest if manifest is None or self._is_current(manifest) else replace(manifest, derived_version="")

    def _is_current(self, manifest: Manifest) -> bool:
        """True if the day's objects are those of its manifest: a slower run may have written older ones over them."""
        folders = map(keys.folder, manifest.objects)
        found = {s.key: s.md5 for s in list_all(self.store, folders) if s.key in manifest.objects}
        return found == manifest.objects

    def _note_followers(self, changed: Manifest, left: dict[date, PendingDay]) -> None:
        """Note the later arrival days that may hold an event which has now arrived here first: there it is a duplicate.

        Each is rebuilt by itself, in this run or the next: one that cannot be does not hold up the day it depends on.
        """
        for later in read_manifests(self.store, changed.arrived + timedelta(days=1)):
            if _may_share(changed, later):
                arrived = later.arrived
                known = left.get(arrived) or read_pending(self.store, arrived)
                day = known or PendingDay(arrived, later.hours, later.through)
                left[arrived] = replace(day, again=True, noted=True)
                self.store.put(keys.pending(arrived), left[arrived].dump())

    def _rebuild(self, arrived: date, before: Manifest | None, hours: Hours | None) -> Manifest:
        with begin(self.store, self.project, self.limits) as run:
            self.progress(f"{arrived}: events")
            left = list(before.objects) if before else self._left_by_killed_run(arrived)
            result = rebuild_day(run, arrived, hours, left)
            # days that it once had stay in the list: they must be counted again without the events they lost
            days = sorted({*(_project_days(run) if result.events else ()), *(before.days if before else ())})
            touched = self._touched(run.calendar, before, result, days)
            self.progress(f"{arrived}: derived tables of {len(touched)} days")
            derive_days(run, touched)
            last = last_manifest(self.store)
            merge_months(run, touched, max(arrived, last.arrived) if last else arrived)
        # another run had replaced the objects, and this run has restored them
        healed = before is not None and not before.derived_version and result.objects == before.objects
        return Manifest(
            arrived=arrived,
            through=midnight(arrived),
            hours=result.hours,
            events=result.events,
            duplicates=result.duplicates,
            other_events=result.other_events,
            rejected=result.rejected,
            unreconciled=result.unreconciled,
            originals=result.originals,
            days=days,
            healed=(before.healed if before else 0) + healed,
            objects=result.objects,
            derived_version=self.project.derived_version,
        )

    def _touched(self, calendar: Calendar, before: Manifest | None, result: DayResult, days: list[date]) -> list[date]:
        """The project days to derive: those that overlap a UTC date whose events differ from the manifest before."""
        if before is None or before.derived_version != self.project.derived_version:
            return days
        differ = {key for key, md5 in before.objects.items() ^ result.objects.items() if key.startswith("events/")}
        dates = {date.fromisoformat(key.partition("dt=")[2][:10]) for key in differ}
        return sorted({day for day in days for overlapped in calendar.utc_dates(day) if overlapped in dates})

    def _unmark_derived(self, last: Manifest | None) -> None:
        """If the last export had other definitions, remove the mark that says that its derived tables are complete."""
        if last and last.derived_version != self.project.derived_version:
            self.store.delete([keys.derived_ready(last.derived_version)])

    def _left_by_killed_run(self, arrived: date) -> list[str]:
        """The objects of a run that was killed before the day's first manifest: no manifest lists them for removal."""
        if not self.store.list(keys.raw_prefix(arrived)):
            return []
        left = [s for prefix in ("events/", "moved/") for s in self.store.list(prefix)]
        return [stored.key for stored in left if keys.arrived_of(stored.key) == arrived]

    def _finish(self, manifest: Manifest) -> None:
        """Write the manifest, last of all. Before the first one ever, mark the derived tables as complete."""
        if not self.store.list(keys.EXPORTS):
            self.store.put(keys.derived_ready(self.project.derived_version), b"{}")
        self.store.put(keys.export(manifest.arrived), manifest.dump())


def _dates(first: datetime, end: datetime) -> list[date]:
    """The UTC dates that have an hour in [first, end)."""
    return [
        first.date() + timedelta(days=n)
        for n in range((end - first).days + 2)
        if midnight(first.date()) + timedelta(days=n) < end
    ]


def _stuck(days: dict[date, Exception]) -> DayStuck:
    """One line that names the days, the first cause and the way out."""
    named, cause = ", ".join(map(str, days)), next(iter(days.values()))
    return DayStuck(
        f"{named} could not be rebuilt ({type(cause).__name__}: {str(cause)[:200]}); the raw log holds all events, and "
        f"the other days are exported. Each run tries again; so does `daybreak run export --date {next(iter(days))}`"
    )


def _arrived(hours: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The hours in which anything arrived."""
    return {hour: log for hour, log in hours.items() if log["sources"]}


def _imported(hours: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The logs of imports among those of a day."""
    return {name: log for name, log in hours.items() if keys.is_imported(name)}


def _may_share(earlier: Manifest, later: Manifest) -> bool:
    """True if two arrival days may hold the same event: they are near, or clients named the same date in both."""
    near = later.arrived - earlier.arrived <= timedelta(days=RESTAMPED_DAYS)
    return near or bool(set(earlier.originals) & set(later.originals))


def _project_days(run: Run) -> set[date]:
    """The project's days that the arrival day's events fall on."""
    hours = run.db.execute("select distinct date_trunc('hour', timestamp) from arrived").fetchall()
    return {run.calendar.day_of(hour.replace(tzinfo=UTC) + quarter) for (hour,) in hours for quarter in _QUARTERS}


_QUARTERS = [timedelta(minutes=m) for m in (0, 15, 30, 45)]
"""In every time zone, midnight is at a quarter of an hour of UTC."""
