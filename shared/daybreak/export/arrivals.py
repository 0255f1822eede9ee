"""Write arrival hours to the raw log: the frames of an hour, laid end to end, byte for byte as they were stored.

An hour is read in parts into files and joined there. So it takes disk, and the memory of a page of each part.
"""

import shutil
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from functools import reduce
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Any, Protocol

from daybreak.export.expiry import Expiring, Expiry
from daybreak.ingest.frames import StoredItem, Tally, added
from daybreak.lake import keys
from daybreak.lake.store import Store, md5_of_files, put_changed

HOUR = timedelta(hours=1)

Hours = Mapping[str, Mapping[str, Any]]
"""The raw log of a day: name of each log -> an HourLog as a dict. Its logs are arrival hours, and those of imports."""


class Arrivals(Expiring, Protocol):
    """Where the collector put the events: in DynamoDB in a deployment, nowhere for `daybreak compute`."""

    def hour(self, hour: datetime) -> Sequence[Iterable[StoredItem]]:
        """Everything stored so far for the hour that begins at `hour` (UTC), in parts that can be read in parallel.

        Laid end to end, the parts are the hour in the order of its raw log.
        """

    def first_hour(self, before: datetime) -> datetime | None:
        """The oldest hour before `before` that holds anything, or None. Only the first export ever asks."""


class NothingArrives:
    """Arrivals without events, to rebuild a day from its raw log alone."""

    def hour(self, hour: datetime) -> Sequence[Iterable[StoredItem]]:  # noqa: ARG002
        return []

    def first_hour(self, before: datetime) -> datetime | None:  # noqa: ARG002
        return None

    def expire(self, items: Sequence[str], at: datetime) -> None:
        """Nothing has arrived, so nothing expires."""


@dataclass(frozen=True, slots=True)
class HourLog:
    """The contents of an hour of the raw log, as the day's manifest holds them."""

    hour: int
    sources: dict[str, Tally]
    md5: str


@dataclass(frozen=True, slots=True)
class _HourFiles:
    """An hour, or a part of one, as it was read: files with its frames, and each source's tally."""

    frames: Path
    rejects: Path
    without_expiry: Path
    """The names of the items that have no expiry yet, one a line."""
    sources: dict[str, Tally]

    def files(self) -> tuple[Path, Path, Path]:
        return self.frames, self.rejects, self.without_expiry

    def lines(self) -> int:
        return sum(tally["stored"] + tally["quarantined"] for tally in self.sources.values())


def log_hours(
    store: Store,
    arrivals: Arrivals,
    hours: Iterable[datetime],
    known: Mapping[str, Mapping[str, Any]],
    expiry: Expiry,
    work: Path,
) -> list[Mapping[str, Any]]:
    """Write the raw log of these hours; an hour that is already there with the same bytes is left alone.

    `known`: hour -> its log from an earlier run; the result has the same form. An hour never shrinks: DynamoDB drops
    items that have expired, the log keeps them. An hour without events gets an empty object: it shows that it was read.
    `expiry` learns which copied items have no expiry yet. `work` is for files: those of an hour are removed before the
    next is read.
    """
    logged: list[Mapping[str, Any]] = []
    for hour in hours:
        folder = work / keys.hour_of(hour)
        logged.append(_log_hour(store, arrivals, hour, known.get(f"{hour.hour:02}"), expiry, folder))
        shutil.rmtree(folder)
    return logged


def _log_hour(
    store: Store, arrivals: Arrivals, hour: datetime, before: Mapping[str, Any] | None, expiry: Expiry, folder: Path
) -> Mapping[str, Any]:
    arrived = _read(arrivals.hour(hour), folder)
    waiting = arrived.without_expiry.stat().st_size > 0
    if waiting:
        expiry.note(hour)
    shrunk = before is not None and arrived.lines() < _lines(before)
    if before and shrunk:
        contents = _with_missing(store, arrivals, hour, before, folder) if waiting else None
    else:
        contents = arrived
    if contents:
        _put(store, hour, contents)
    expiry.copied(hour, arrived.without_expiry)
    if not contents:
        return before or {}
    return asdict(HourLog(hour.hour, contents.sources, md5_of_files(contents.frames, contents.rejects)))


def _read(parts: Sequence[Iterable[StoredItem]], folder: Path) -> _HourFiles:
    """Read the parts in parallel, each into files of its own, then join them in order."""
    whole = _read_part([], folder / "all")
    folders = [folder / str(nth) for nth, _ in enumerate(parts)]
    if len(parts) < 2:  # to start a thread would take longer than to read
        return reduce(_joined, map(_read_part, parts, folders), whole)
    with ThreadPoolExecutor(len(parts)) as pool:
        return reduce(_joined, pool.map(_read_part, parts, folders), whole)


def _read_part(items: Iterable[StoredItem], folder: Path) -> _HourFiles:
    folder.mkdir(parents=True)
    read = _HourFiles(folder / "frames", folder / "rejects", folder / "without_expiry", {})
    with ExitStack() as stack:
        frames, rejects, without_expiry = (stack.enter_context(path.open("wb")) for path in read.files())
        for item in items:
            frames.write(item.frame)
            rejects.write(item.rejects)
            if item.without_expiry:
                without_expiry.write(f"{item.without_expiry}\n".encode())
            read.sources.update(added({item.source: read.sources.get(item.source, {})}, {item.source: item.tally()}))
    return read


def _joined(first: _HourFiles, second: _HourFiles) -> _HourFiles:
    """Append the second's files to the first's, and remove them: the disk holds an hour once, and one part."""
    for to, part in zip(first.files(), second.files(), strict=True):
        with to.open("ab") as joined, part.open("rb") as appended:
            shutil.copyfileobj(appended, joined)
        part.unlink()
    return replace(first, sources=added(first.sources, second.sources))


def _with_missing(
    store: Store, arrivals: Arrivals, hour: datetime, before: Mapping[str, Any], folder: Path
) -> _HourFiles | None:
    """The log of an hour and the items that it lacks, or None if it lacks none.

    For an hour of which DynamoDB has dropped some items: one that came late, or one that a killed run did not copy,
    has no expiry, so it is still there.
    """
    raw, quarantine = keys.raw(hour.date(), hour.hour), keys.quarantine(hour.date(), hour.hour)
    logs = store.local([stored.key for key in (raw, quarantine) for stored in store.list(key)], folder)
    missing = (
        item
        for part in arrivals.hour(hour)
        for item in part
        if item.without_expiry
        and not (_holds(logs.get(raw), item.frame) and _holds(logs.get(quarantine), item.rejects))
    )
    late = _read_part(missing, folder / "late")
    if not late.sources:
        return None
    log = _read_part([], folder / "log")
    for to, key in ((log.frames, raw), (log.rejects, quarantine)):
        if key in logs:
            shutil.copyfile(logs[key], to)
    return _joined(replace(log, sources=before["sources"]), late)


def _holds(log: Path | None, frame: bytes) -> bool:
    """True if a log holds this frame, byte for byte."""
    if not frame:
        return True
    if log is None or not log.stat().st_size:
        return False
    with log.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as contents:
        return contents.find(frame) >= 0


def _put(store: Store, hour: datetime, arrived: _HourFiles) -> None:
    """Write the objects of an hour whose bytes differ; without rejected events there is none of them."""
    files = {keys.raw(hour.date(), hour.hour): arrived.frames}
    if arrived.rejects.stat().st_size:
        files[keys.quarantine(hour.date(), hour.hour)] = arrived.rejects
    put_changed(store, files, [stored for key in files for stored in store.list(key)])


def hour_logs(hours: Hours) -> list[HourLog]:
    """The hours of a manifest."""
    return [HourLog(**log) for log in hours.values()]


def _lines(log: Mapping[str, Any]) -> int:
    """How many events and rejected events an hour held when it was logged."""
    return sum(tally["stored"] + tally["quarantined"] for tally in log["sources"].values())


def hours_of(day: date, first: datetime, end: datetime) -> list[datetime]:
    """The hours of a UTC day that are in [first, end)."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=first.tzinfo)
    return [hour for n in range(24) if first <= (hour := midnight + n * HOUR) < end]
