"""The metric job of one family and day: check that the day is there, find what may have changed, compute, publish.

Running it again changes nothing; running an older day again never takes the tables back.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from daybreak.definitions.project import ALL, Project
from daybreak.engine.calendar import Calendar
from daybreak.engine.database import Connection, Limits, create, quoted, read_parquet, workplace, write_parquet
from daybreak.errors import DayMissing
from daybreak.export.derive import DAY_TABLES, days_of
from daybreak.export.job import Progress
from daybreak.export.manifest import last_manifest, read_manifest
from daybreak.export.merge import merged_rows
from daybreak.families.registry import FAMILIES, Family
from daybreak.lake import keys
from daybreak.lake.store import Store, put_changed
from daybreak.lake.tables import MeasuredDefinition, duckdb_columns
from daybreak.metrics.inputs.build import Question
from daybreak.metrics.result import compute, first_partitions

TRAILING_DAYS = 3
"""Always recomputed, whatever the manifests say; costs little and heals a day that was interrupted."""
LATEST_PARTITIONS = 31
"""How many of a definition's newest partitions the `latest` JSON shows."""

NEVER = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Computed:
    """What a run did: the day it computed as of, and the partitions it wrote."""

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

        None where nothing is defined. Raises DayMissing where the export has not covered the day yet.
        """
        with workplace(self.limits) as (db, work):
            return self._run(db, work, family, day, until)

    def run_all(self, day: date, until: datetime | None = None) -> Iterator[Computed]:
        """Every family that has definitions, one after the other in one database."""
        with workplace(self.limits) as (db, work):
            for family in FAMILIES:
                computed = self._run(db, work / family, family, day, until)
                if computed:
                    yield computed

    def _run(self, db: Connection, work: Path, family: str, day: date, until: datetime | None) -> Computed | None:
        if not self.project.of(family):
            stale = [s.key for s in self.store.list(keys.metrics_prefix(family))]
            self.store.delete([*stale, keys.latest(family), keys.definitions(family)])
            return None
        calendar = Calendar(self.project.zone, self.project.settings.week_start)
        latest = self._latest(family)
        day = max(day, date.fromisoformat(latest["as_of"])) if latest else day
        ends = (until or calendar.ends_at(day).replace(tzinfo=UTC)).astimezone(UTC)
        through = self._exported(day, ends)
        seen = self._exports()
        changed_from = self._changed_from(db, work, family, day, latest, seen)
        firsts = first_partitions(self.project, FAMILIES[family], changed_from)
        question = Question(FAMILIES[family], day, ends.replace(tzinfo=None), firsts)
        self.progress(f"{family}: computing as of {day}")
        written = compute(db, self.store, work, self.project, question)
        self._describe(db, work, family)
        self._publish(db, work, FAMILIES[family], day, through, seen)
        return Computed(family, day, changed_from, written)

    def _exported(self, day: date, ends: datetime) -> datetime:
        """How far arrivals are in the lake; raises DayMissing where that is not the end of the day."""
        last = last_manifest(self.store)
        if last is None or last.through < ends:
            reached = f"has only reached {last.through:%Y-%m-%d %H:%M} UTC" if last else "has not run yet"
            raise DayMissing(f"{day} is not exported: the export {reached}, {ends:%Y-%m-%d %H:%M} UTC is needed; "
                             "run `daybreak run export`, then this again")  # fmt: skip
        if not self.store.list(keys.derived_ready(self.project.derived_version)):
            raise DayMissing("daybreak.toml now counts other events or traits than the derived tables hold; "
                             "run `daybreak backfill --from <first day>` once")  # fmt: skip
        return last.through

    def _latest(self, family: str) -> dict[str, Any] | None:
        data = self.store.get(keys.latest(family))
        return json.loads(data) if data else None

    def _versions(self, family: str) -> dict[str, str]:
        return {name: self.project.version(family, name) for name in self.project.of(family)}

    def _exports(self) -> dict[str, str]:
        """Every export's manifest with its checksum, and that of the last backfill: what a computation has seen."""
        stored = [*self.store.list(keys.EXPORTS), *self.store.list(keys.derived_ready(self.project.derived_version))]
        return {s.key: s.md5 for s in stored}

    def _changed_from(
        self, db: Connection, work: Path, family: str, day: date, latest: dict[str, Any] | None, seen: dict[str, str]
    ) -> date:
        """The first day whose numbers may be others than when this family was last computed."""
        if latest is None or latest["versions"] != self._versions(family):
            return NEVER
        changed = [key for key, md5 in seen.items() if latest["seen"].get(key) != md5]
        if keys.derived_ready(self.project.derived_version) in changed:
            return NEVER
        manifests = [m for key in changed if (m := read_manifest(self.store, keys.arrived_of(key)))]
        touched = {d for manifest in manifests for d in manifest.days}
        since = min(touched | {date.fromisoformat(latest["as_of"]), day - timedelta(days=TRAILING_DAYS)})
        return min(
            since,
            self._relinked_from(db, work, since, day),
            self._rejoined_from(db, work, family, since, day),
            self._retold_from(db, work, family, since, day),
        )

    def _relinked_from(self, db: Connection, work: Path, since: date, day: date) -> date:
        """The first day an id was seen that belongs to another person since: from there on it is theirs.

        What was told of such an id, or the account it joined, is the person's from now on, whatever id they act under.
        """
        if not days_of(self.store, self.project, "identities", since, day):
            return day
        links, traits, memberships = (
            merged_rows(self.store, work, self.project, table, day) for table in ("identities", "traits", "memberships")
        )
        known = merged_rows(self.store, work, self.project, "identities", since - timedelta(days=1))
        moved = (
            f"with recursive links as ({links}), moved as ("  # noqa: S608
            f"select id from (select id, user_id from links except select id, user_id from ({known})) "
            "union select l.id from links as l inner join moved as m on l.user_id = m.id) select id from moved"
        )
        told = f"select id from ({moved}) where id in (select id from ({traits}) union select id from ({memberships}))"  # noqa: S608
        return min(
            self._first_seen(db, work, day, moved, connected=False),
            self._first_seen(db, work, day, told, connected=True),
        )

    def _rejoined_from(self, db: Connection, work: Path, family: str, since: date, day: date) -> date:
        """The first day people were seen who joined an account since: what they did before may be its from now on."""
        if not self.project.by_membership or all(d.actor == "person" for d in self.project.of(family).values()):
            return day
        return self._told_from(db, work, "memberships", since, day)

    def _retold_from(self, db: Connection, work: Path, family: str, since: date, day: date) -> date:
        """The first day people were seen whose latest traits changed since, where a definition splits by these."""
        split = [
            self.project.segments[segment]
            for definition in self.project.of(family).values()
            for segment in definition.segments
            if not {"entry", "again"} & set(definition.roles()) or self.project.segments[segment].at == "latest"
        ]
        return self._told_from(db, work, "traits", since, day) if split else day

    def _told_from(self, db: Connection, work: Path, table: str, since: date, day: date) -> date:
        """The first day those were seen, under any of their ids, of whom a day table holds something new."""
        days = days_of(self.store, self.project, table, since, day)
        if not days:
            return day
        files = list(self.store.local(days.values(), work).values())
        ids = f"select id from {read_parquet(files, DAY_TABLES[table])}"  # noqa: S608
        return self._first_seen(db, work, day, ids, connected=True)

    def _first_seen(self, db: Connection, work: Path, day: date, ids: str, connected: bool) -> date:
        """The day before these ids were first seen, as people or as accounts; `day` where they never were.

        `connected`: and the other ids of the same people, and of the accounts' members.
        """
        seen, members, links = (
            merged_rows(self.store, work, self.project, table, day) for table in ("seen", "memberships", "identities")
        )
        step = "union select l.other from linked as l inner join mine as m on m.id = l.id" if connected else ""
        found = db.execute(
            f"with recursive ids as ({ids}), seen as ({seen}), members as ({members}), links as ({links}), "  # noqa: S608
            "linked as (select id, user_id as other from links union all select user_id, id from links), "
            "mine as (select id from (select id from ids union select m.id from members as m "
            f"inner join ids on m.account = ids.id) as begun {step}) "
            "select min(first_at) from seen "
            "where id in (select id from mine) or account in (select id from ids)"
        ).fetchone()
        return found[0].date() - timedelta(days=1) if found and found[0] else day

    def _describe(self, db: Connection, work: Path, family: str) -> None:
        """The table that says what each definition means."""
        rows = [
            {
                "definition": name,
                "version": self.project.version(family, name),
                "description": definition.description,
                "meaning": definition.sentence(),
                "actor": definition.actor,
                "segments": ", ".join(definition.segments),
            }
            for name, definition in self.project.of(family).items()
        ]
        create(db, "described", duckdb_columns(MeasuredDefinition), rows)
        file = write_parquet(db, "select * from described order by all", work / "described" / f"{family}.parquet")
        key = keys.definitions(family)
        put_changed(self.store, {key: file}, self.store.list(key))

    def _publish(
        self, db: Connection, work: Path, family: Family, day: date, through: datetime, seen: dict[str, str]
    ) -> None:
        """The small JSON for people who look: each definition's newest partitions, and how far the data reaches."""
        columns = list(duckdb_columns(family.row))
        content = {
            "family": family.name,
            "as_of": day.isoformat(),
            "timezone": self.project.settings.timezone,
            "through": through.isoformat(),
            "versions": self._versions(family.name),
            "seen": seen,
            "descriptions": {name: d.description for name, d in self.project.of(family.name).items()},
            "columns": columns,
            "rows": self._newest(db, work, family, columns),
        }
        self.store.put(keys.latest(family.name), json.dumps(content, default=str, indent=1).encode())

    def _newest(self, db: Connection, work: Path, family: Family, columns: list[str]) -> list[tuple[Any, ...]]:
        """The rows of everybody in each definition's newest partitions, read back from the tables."""
        files: dict[str, tuple[str, str]] = {}
        for name in self.project.of(family.name):
            stored = self.store.list(keys.metrics_prefix(family.name, name))
            newest = sorted((s.key.partition(f"{family.partition}=")[2][:10], s.key) for s in stored)
            files |= {key: (name, value) for value, key in newest[-LATEST_PARTITIONS:]}
        if not files:
            return []
        local = self.store.local(files, work)
        places = [{"file": str(local[key]), "definition": name, "value": value} for key, (name, value) in files.items()]
        create(db, "places", dict.fromkeys(("file", "definition", "value"), "VARCHAR"), places)
        taken = {"definition": "p.definition", family.partition: f"cast(p.value as date) as {family.partition}"}
        chosen = ", ".join(taken.get(column, f"r.{column}") for column in columns)
        rows = db.execute(
            f"select {chosen} from read_parquet([{', '.join(quoted(file) for file in local.values())}], "  # noqa: S608
            f"filename = true, hive_partitioning = false) as r inner join places as p on p.file = r.filename "
            f"where r.segment = '{ALL}' order by all"
        )
        return rows.fetchall()
