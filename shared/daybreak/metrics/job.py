"""The metric job of one family and day: check that the day is there, find what may have changed, compute, publish.

Running it again changes nothing; running an older day again never replaces newer results.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime

from daybreak.definitions.project import Project
from daybreak.engine.calendar import EPOCH
from daybreak.engine.database import Limits
from daybreak.export.job import Progress
from daybreak.export.run import Run, begin
from daybreak.families.registry import FAMILIES
from daybreak.lake import keys
from daybreak.lake.store import Store
from daybreak.lake.tables import Warned
from daybreak.metrics.changes import changed_from, exports_seen
from daybreak.metrics.computation import Computation
from daybreak.metrics.exported import newest_export, require_exported
from daybreak.metrics.publish import describe, publish_latest, publish_warnings, read_latest
from daybreak.metrics.result import compute, first_partitions
from daybreak.metrics.warnings.find import find, say
from daybreak.metrics.warnings.registry import WARNINGS


@dataclass(frozen=True, slots=True)
class Computed:
    """The result of a run: the day it computed as of, and the keys of the months it wrote."""

    family: str
    as_of: date
    changed_from: date
    written: list[str]


@dataclass(frozen=True, slots=True)
class Metrics:
    """The job with everything it needs."""

    store: Store
    project: Project
    limits: Limits = Limits()
    progress: Progress = lambda _: None

    def run(self, family: str, day: date, until: datetime | None = None) -> Computed | None:
        """Compute a family as of the end of `day` (or `until`, an aware instant on that day).

        Returns None if the family has no definition. Raises DayMissing if the export has not covered the day yet.
        """
        with begin(self.store, self.project, self.limits) as run:
            return self._run(run, family, day, until)

    def run_all(self, day: date, until: datetime | None = None) -> Iterator[Computed]:
        """Compute every family that has definitions, one after the other in one database."""
        with begin(self.store, self.project, self.limits) as run:
            for family in FAMILIES:
                computed = self._run(run.in_folder(family), family, day, until)
                if computed:
                    yield computed

    def warn(self, day: date, until: datetime | None = None) -> list[Warned]:
        """Write the table of warnings as of the end of `day`, and return them for somebody who may read events.

        An older date than the newest one never takes the table back. Raises DayMissing like `run`.
        """
        with begin(self.store, self.project, self.limits) as run:
            latest = read_latest(run.store, keys.WARNINGS)
            day = max(day, date.fromisoformat(latest["as_of"])) if latest else day
            ends = (until or run.calendar.ends_at(day).replace(tzinfo=UTC)).astimezone(UTC)
            through = require_exported(self.store, self.project, day, ends)
            self.progress(f"{keys.WARNINGS}: looking as of {day}")
            found = find(run, day)
            publish_warnings(run, say(found, self.project, reads_events=False), day, through)
            return say(found, self.project, reads_events=True)

    def look(self, kinds: Iterable[str] = WARNINGS) -> list[Warned]:
        """The warnings about everything that is exported, for somebody who may read events; nothing is written.

        Raises DayMissing if there is nothing to look at.
        """
        with begin(self.store, self.project, self.limits) as run:
            last = newest_export(self.store, self.project)
            return say(find(run, run.calendar.day_of(last.through), kinds), self.project, reads_events=True)

    def _run(self, run: Run, name: str, day: date, until: datetime | None) -> Computed | None:
        family = FAMILIES[name]
        if not self.project.of(name):
            stale = [s.key for s in self.store.list(keys.metrics_prefix(name))]
            self.store.delete([*stale, keys.latest(name), keys.definitions(name)])
            return None
        latest = read_latest(run.store, name)
        day = max(day, date.fromisoformat(latest["as_of"])) if latest else day
        ends = (until or run.calendar.ends_at(day).replace(tzinfo=UTC)).astimezone(UTC)
        through = require_exported(self.store, self.project, day, ends)
        stored = self.store.list(keys.metrics_prefix(name))
        seen = exports_seen(run)
        moving = not all(keys.is_by_month(s.key) for s in stored)
        since = EPOCH if moving else changed_from(run, name, day, latest, seen)
        first = first_partitions(self.project, run.calendar, family, since)
        self.progress(f"{name}: computing as of {day}")
        written = compute(run, Computation(family, day, ends.replace(tzinfo=None), first), stored)
        describe(run, name)
        publish_latest(run, family, day, through, seen)
        return Computed(name, day, since, written)
