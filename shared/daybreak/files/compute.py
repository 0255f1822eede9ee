"""Compute every metric from plain files of events, without AWS.

Everything is as in the cloud: a lake (in a folder), the same export, the same metric jobs and the same SQL.
"""

import shutil
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import IO, NamedTuple

from daybreak.definitions.project import Project
from daybreak.engine.calendar import Calendar
from daybreak.engine.database import Limits
from daybreak.errors import InputError
from daybreak.export.arrivals import NothingArrives
from daybreak.export.job import Export
from daybreak.files.counts import EventCounts
from daybreak.files.judge import Judge
from daybreak.files.same_ids import with_examples
from daybreak.files.tables import (
    Table,
    copy_latest,
    copy_lists,
    forget_latest,
    make_folder,
    write_goals_and_alerts,
    write_tables,
)
from daybreak.files.who_and_what import who_and_what
from daybreak.ingest.frames import packed
from daybreak.lake import keys
from daybreak.lake.store import FolderStore
from daybreak.lake.tables import MadeList, RefusedAlert, Warned
from daybreak.lists.job import Lists
from daybreak.lists.members import Membership
from daybreak.mapping.export_mapping import FileMapping
from daybreak.metrics.job import Computed, Metrics
from daybreak.page.job import write_page
from daybreak.watch.job import Watch, alert_named, families_read
from daybreak.watch.replay import Replayed
from daybreak.watch.sight import Sight
from daybreak.watch.summary import summary

MEMORY_MB = 2000
_PROGRESS_EVENTS = 100_000

Progress = Callable[[str], None]
"""Called with a few words about the work that begins."""


@dataclass(frozen=True, slots=True)
class ComputedLake:
    """A lake made from files, with the tables of every family in it."""

    as_of: datetime
    counts: EventCounts
    families: list[Computed]
    store: FolderStore
    warnings: list[Warned]
    """What the events give reason to doubt, for somebody who may read them."""
    watched: list[str]
    """A sentence for each goal and each alert."""
    refused_alerts: list[RefusedAlert]
    lists: list[MadeList]


@dataclass(frozen=True, slots=True)
class ComputedTables:
    """Every family's table and the page, as they were written to a folder."""

    as_of: datetime
    counts: EventCounts
    tables: dict[str, Table]
    """By family; a family without definitions has none."""
    warnings: list[Warned]
    """What the events give reason to doubt, for somebody who may read them."""
    goals_and_alerts: dict[str, Table]
    """The tables `goals` and `alerts`, where daybreak.toml has any of either."""
    watched: list[str]
    """A sentence for each goal and each alert."""
    refused_alerts: list[RefusedAlert]
    lists: list[MadeList]
    """The counts of each list. Its files are in the folder `lists`."""
    page: Path
    """The page of the morning after, as one HTML file."""


class LookedAt(NamedTuple):
    """What files hold: how many events, what these give reason to doubt, and what each alert could see of them."""

    counts: EventCounts
    warnings: list[Warned]
    sights: list[Sight]


def compute_tables(
    files: Iterable[str],
    project: Project,
    as_of: datetime | None,
    out: Path,
    memory_mb: int = MEMORY_MB,
    progress: Progress = lambda _: None,
    *,
    now: datetime,
    mapping: FileMapping | None = None,
) -> ComputedTables:
    """Compute every family from event files; write its table to `out` as Parquet and CSV, each list, and the page.

    The folder `latest` holds the same small JSON as in a deployed lake. It says how far the tables reach.

    The lake is in a temporary folder, which is deleted. See `compute_files`. Raises InputError.
    """
    make_folder(out)
    lake = Path(tempfile.mkdtemp(prefix="daybreak-lake-"))
    try:
        done = compute_files(files, project, as_of, lake, memory_mb, progress, now=now, mapping=mapping)
        forget_latest(out)
        tables = write_tables([computed.family for computed in done.families], lake, out)
        goals_and_alerts = write_goals_and_alerts(lake, out)
        copy_lists(done.store, done.lists, out)
        progress("page: drawing")
        page = _write_page(done, project, out / "page.html")
        copy_latest(done.store, out)
    finally:
        shutil.rmtree(lake, ignore_errors=True)
    return ComputedTables(
        done.as_of,
        done.counts,
        tables,
        done.warnings,
        goals_and_alerts,
        done.watched,
        done.refused_alerts,
        done.lists,
        page,
    )


def _write_page(done: ComputedLake, project: Project, file: Path) -> Path:
    """Write the page of the last day that is counted."""
    day = done.as_of.astimezone(project.zone).date()
    page = write_page(done.store, project, day, done.as_of + timedelta(microseconds=1))
    file.write_text(page.text, encoding="utf-8")
    return file


def compute_files(
    files: Iterable[str],
    project: Project,
    as_of: datetime | None,
    root: Path,
    memory_mb: int = MEMORY_MB,
    progress: Progress = lambda _: None,
    *,
    now: datetime,
    mapping: FileMapping | None = None,
) -> ComputedLake:
    """Read event files into a lake under `root` and compute every family as of that instant.

    Without `as_of`, it is the end of the project day of the last event, and never later than now. Events after it
    are left out and counted. Raises InputError if a file cannot be read or no event can be counted.
    """
    store, limits = FolderStore(root), Limits(memory_mb=memory_mb)
    as_of, judge, arrived = _ingest(files, project, store, as_of, now, progress, mapping)
    until = as_of + timedelta(microseconds=1)
    exported = Export(store, NothingArrives(), project, limits, progress).replay(arrived, through=until)
    counts = judge.counts
    counts.came_before = exported.duplicates - judge.links_before if exported else 0
    last_day = as_of.astimezone(project.zone).date()
    metrics = Metrics(store, project, limits, progress)
    families = list(metrics.run_all(last_day, until))
    counts.people, counts.names = who_and_what(store, project, limits, last_day)
    warnings = with_examples(metrics.warn(last_day, until), root / keys.raw(arrived, 0), limits)
    watched, refused = list[str](), list[RefusedAlert]()
    if project.goals or project.alerts:
        watched, refused = _watch(Watch(store, project, limits, progress), last_day, until)
    lists = Lists(store, project, limits, progress).of_all(until, now) if project.lists else []
    return ComputedLake(as_of, counts, families, store, warnings, watched, refused, lists)


def replay_on_files(
    files: Iterable[str], project: Project, name: str, now: datetime, mapping: FileMapping | None = None
) -> Replayed:
    """The mornings on which an alert would have spoken, of all that these files are about. Raises InputError."""
    alert = alert_named(project, name)
    with tempfile.TemporaryDirectory(prefix="daybreak-try-") as folder:
        store = FolderStore(Path(folder))
        as_of, _, arrived = _ingest(files, project, store, None, now, lambda _: None, mapping)
        until, last_day = as_of + timedelta(microseconds=1), as_of.astimezone(project.zone).date()
        Export(store, NothingArrives(), project).replay(arrived, through=until)
        for family in families_read(project, [alert]):
            Metrics(store, project).run(family, last_day, until)
        return Watch(store, project).replay(name, last_day, until)


def look_at_files(
    files: Iterable[str], project: Project, now: datetime, mapping: FileMapping | None = None
) -> LookedAt:
    """The counts of the events in these files, what they give reason to doubt, for somebody who may read them, and the
    smallest change that each alert can see with the people in them.
    """
    with tempfile.TemporaryDirectory(prefix="daybreak-check-") as folder:
        store = FolderStore(Path(folder))
        as_of, judge, arrived = _ingest(files, project, store, None, now, lambda _: None, mapping)
        until = as_of + timedelta(microseconds=1)
        Export(store, NothingArrives(), project).replay(arrived, through=until)
        metrics, last_day = Metrics(store, project), as_of.astimezone(project.zone).date()
        warnings = metrics.warn(last_day, until)
        for family in families_read(project, project.alerts.values()):
            metrics.run(family, last_day, until)
        sights = Watch(store, project).sights(last_day, until)
        return LookedAt(judge.counts, with_examples(warnings, store.root / keys.raw(arrived, 0), Limits()), sights)


def _watch(watch: Watch, last_day: date, until: datetime) -> tuple[list[str], list[RefusedAlert]]:
    """See goals and alerts in a lake without past mornings, and say each in a sentence; and the refused alerts."""
    seen = watch.run(last_day, until)
    sentences = summary(watch.project, seen.goals, seen.open, seen.refused, watch.sights(last_day, until))
    return sentences, seen.refused


def look_at_list(
    files: Iterable[str], project: Project, name: str, now: datetime, mapping: FileMapping | None = None
) -> tuple[datetime, Membership]:
    """Who is on a list by the events in these files, and the first instant that it does not know."""
    with tempfile.TemporaryDirectory(prefix="daybreak-list-") as folder:
        store = FolderStore(Path(folder))
        as_of, _, arrived = _ingest(files, project, store, None, now, lambda _: None, mapping)
        Export(store, NothingArrives(), project).replay(arrived, through=as_of + timedelta(microseconds=1))
        return Lists(store, project).look(name)


def _ingest(
    files: Iterable[str],
    project: Project,
    store: FolderStore,
    as_of: datetime | None,
    now: datetime,
    progress: Progress,
    mapping: FileMapping | None,
) -> tuple[datetime, Judge, date]:
    """Write the events of all files as the raw log of one arrival day, the day of `as_of`."""
    judge = Judge(project, as_of, now, mapping)
    counts = judge.counts
    incoming = store.root / "incoming.zst"
    incoming.parent.mkdir(parents=True, exist_ok=True)
    with incoming.open("wb") as log:
        _write_log(log, judge.accepted(files), progress)
    if counts.last is None:
        incoming.unlink()
        if counts.after_as_of:
            limit = f"--as-of {as_of}" if as_of else f"now, {now:%Y-%m-%dT%H:%M:%SZ}"
            first = f"the first: {counts.first_after_as_of}"
            raise InputError(f"nothing to count: all {counts.after_as_of:,} events are later than {limit}; {first}")
        empty = [f"{name}: no rows" for name in counts.without_rows]
        reasons = ["no events could be read", *counts.first_rejects[:1]] if counts.rejected else []
        raise InputError(
            "; ".join([*reasons, *counts.skipped[:1], *empty]) or "no events could be read: no file was given"
        )
    if as_of is None:
        as_of = min(_end_of_day(counts.last, project), now)
    arrived = as_of.date()
    target = store.root / keys.raw(arrived, 0)
    target.parent.mkdir(parents=True, exist_ok=True)
    incoming.replace(target)
    return as_of, judge, arrived


def _write_log(log: IO[bytes], events: Iterable[bytes], progress: Progress) -> None:
    """Write the lines of events as zstd frames."""
    written = 0
    for frame in packed(events):
        log.write(frame.data)
        written += frame.count
        if written % _PROGRESS_EVENTS == 0:
            progress(f"reading: {written:,} events")


def _end_of_day(moment: datetime, project: Project) -> datetime:
    """The last microsecond of the project day of an instant."""
    day = moment.astimezone(project.zone).date()
    ends = Calendar(project.zone, project.settings.week_start).ends_at(day).replace(tzinfo=UTC)
    return ends - timedelta(microseconds=1)
