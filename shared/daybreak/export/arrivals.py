"""Write arrival hours to the raw log: the frames of an hour, laid end to end, byte for byte as they were stored.

An hour is read in parts into files and joined there. So it takes disk, and the memory of a page of each part.
"""

import shutil
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from functools import reduce
from pathlib import Path
from typing import Any, Protocol

from daybreak.ingest.frames import StoredItem, Tally, added
from daybreak.lake import keys
from daybreak.lake.store import Store, md5_of_files, put_changed

HOUR = timedelta(hours=1)


class Arrivals(Protocol):
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
    sources: dict[str, Tally]

    def lines(self) -> int:
        return sum(tally["stored"] + tally["quarantined"] for tally in self.sources.values())


def log_hours(
    store: Store, arrivals: Arrivals, hours: Iterable[datetime], known: Mapping[str, Mapping[str, Any]], work: Path
) -> list[Mapping[str, Any]]:
    """Write the raw log of these hours; an hour that is already there with the same bytes is left alone.

    `known`: hour -> its log from an earlier run; the result has the same form. An hour never shrinks: DynamoDB drops
    items after a month, the log keeps them. An hour without events gets an empty object, which shows that it was read.
    `work` is for files: those of an hour are removed before the next is read.
    """
    logged: list[Mapping[str, Any]] = []
    for hour in hours:
        folder = work / keys.hour_of(hour)
        arrived = _read(arrivals.hour(hour), folder)
        before = known.get(f"{hour.hour:02}")
        if before and arrived.lines() < _lines(before):
            logged.append(before)
        else:
            _put(store, hour, arrived)
            checksum = md5_of_files(arrived.frames, arrived.rejects)
            logged.append(asdict(HourLog(hour.hour, arrived.sources, checksum)))
        shutil.rmtree(folder)
    return logged


def _read(parts: Sequence[Iterable[StoredItem]], folder: Path) -> _HourFiles:
    """Read the parts in parallel, each into files of its own, then join them in order."""
    folders = [folder / str(nth) for nth, _ in enumerate(parts)]
    with ThreadPoolExecutor(max(1, len(parts))) as pool:
        return reduce(_joined, pool.map(_read_part, parts, folders), _read_part([], folder / "all"))


def _read_part(items: Iterable[StoredItem], folder: Path) -> _HourFiles:
    folder.mkdir(parents=True)
    read = _HourFiles(folder / "frames", folder / "rejects", {})
    with read.frames.open("wb") as frames, read.rejects.open("wb") as rejects:
        for item in items:
            frames.write(item.frame)
            rejects.write(item.rejects)
            read.sources.update(added({item.source: read.sources.get(item.source, {})}, {item.source: item.tally()}))
    return read


def _joined(first: _HourFiles, second: _HourFiles) -> _HourFiles:
    """Append the second's files to the first's, and remove them: the disk holds an hour once, and one part."""
    for to, part in ((first.frames, second.frames), (first.rejects, second.rejects)):
        with to.open("ab") as joined, part.open("rb") as appended:
            shutil.copyfileobj(appended, joined)
        part.unlink()
    return _HourFiles(first.frames, first.rejects, added(first.sources, second.sources))


def _put(store: Store, hour: datetime, arrived: _HourFiles) -> None:
    """Write the objects of an hour whose bytes differ; without rejected events there is none of them."""
    files = {keys.raw(hour.date(), hour.hour): arrived.frames}
    if arrived.rejects.stat().st_size:
        files[keys.quarantine(hour.date(), hour.hour)] = arrived.rejects
    put_changed(store, files, [stored for key in files for stored in store.list(key)])


def hour_logs(hours: Mapping[str, Mapping[str, Any]]) -> list[HourLog]:
    """The hours of a manifest."""
    return [HourLog(**log) for log in hours.values()]


def _lines(log: Mapping[str, Any]) -> int:
    """How many events and rejected events an hour held when it was logged."""
    return sum(tally["stored"] + tally["quarantined"] for tally in log["sources"].values())


def hours_of(day: date, first: datetime, end: datetime) -> list[datetime]:
    """The hours of a UTC day that are in [first, end)."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=first.tzinfo)
    return [hour for n in range(24) if first <= (hour := midnight + n * HOUR) < end]
