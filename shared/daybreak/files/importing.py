"""Import files of events into a deployment: judged by the collector's rules, then written beside its raw log.

The events of all files are cut into parts. Each part becomes a log of its own in `raw/`, whose name is made from the
part's content, and a note under `pending/`, from which the next export takes it up. So a part that is there is left
alone, and an import that was interrupted, or is made again, writes only what is missing.
"""

import hashlib
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

from daybreak.export.arrivals import HourLog
from daybreak.export.manifest import read_manifest
from daybreak.export.pending import ImportedLog, read_notes
from daybreak.files.counts import EventCounts
from daybreak.files.judge import Judge
from daybreak.ingest.frames import count_lines, packed
from daybreak.ingest.rules import Rules
from daybreak.lake import keys
from daybreak.lake.store import Store, md5_of_files

PART_EVENTS = 250_000
"""Some 10 MB packed: an import that is interrupted loses the work of one part at most."""
MOST_A_DAY = 10_000_000
"""Events of an arrival day. A larger import fills earlier days too, so that each is rebuilt well within a run."""
_AT_ONCE = 2
"""Parts that are packed and written while the files are read on."""

Forgotten = Callable[[], frozenset[bytes]]
"""The digests of the forgotten people, as they are stored now."""
Clock = Callable[[], datetime]
Progress = Callable[[str], None]


@dataclass(slots=True)
class Imported:
    """The result of an import. Which of the events came before is only known after the export."""

    counts: EventCounts
    parts: int = 0
    parts_before: int = 0
    """Those of the parts that an earlier run had written."""
    written: int = 0
    """Events in the parts that this run has written."""
    forgotten: int = 0
    """Events of people who asked to be forgotten, which are not among those written."""
    waiting: set[date] = field(default_factory=set)
    """The arrival days of the parts that no export has taken up yet."""


@dataclass(frozen=True, slots=True)
class _Part:
    """The canonical lines of a part, in a file, and its name."""

    lines: Path
    events: int
    digest: str


def import_files(
    files: Iterable[str],
    judge: Judge,
    store: Store,
    forgotten: Forgotten,
    clock: Clock,
    progress: Progress = lambda _: None,
    part_events: int = PART_EVENTS,
    most_a_day: int = MOST_A_DAY,
) -> Imported:
    """Write the events of these files into the raw log of a deployment. Safe to interrupt and to repeat.

    Raises InputError. The parts that were complete until then are in the raw log.
    """
    done = Imported(judge.counts)
    with tempfile.TemporaryDirectory(prefix="daybreak-import-") as folder, ThreadPoolExecutor(_AT_ONCE) as pool:
        writer = _Writer(store, judge.source, forgotten, clock, Path(folder), most_a_day)
        running: deque[Future[tuple[int, int]]] = deque()

        def finish(most_left: int) -> None:
            while len(running) > most_left:
                events, left_out = running.popleft().result()
                done.written += events
                done.forgotten += left_out

        try:
            for part in _parts(judge.accepted(files), Path(folder), part_events):
                done.parts += 1
                if arrived := writer.arrived(part.digest):
                    done.parts_before += 1
                    part.lines.unlink()
                else:
                    arrived = writer.day_for(part)
                    finish(_AT_ONCE - 1)
                    running.append(pool.submit(writer.write, part, arrived))
                if not writer.is_exported(arrived, part.digest):
                    done.waiting.add(arrived)
                before = f", {done.parts_before:,} of them there before" if done.parts_before else ""
                progress(f"{judge.counts.read:,} events read, {done.parts:,} part{'s'[: done.parts != 1]}{before}")
        finally:
            finish(0)
    return done


def _parts(lines: Iterator[bytes], folder: Path, size: int) -> Iterator[_Part]:
    """The lines in parts of `size`, each in a file."""
    nth = 0
    while True:
        path, checksum, events = folder / str(nth), hashlib.sha256(), 0
        with path.open("wb") as file:
            for line in islice(lines, size):
                checksum.update(line + b"\n")
                file.write(line + b"\n")
                events += 1
        if not events:
            return
        yield _Part(path, events, checksum.hexdigest()[:32])
        nth += 1


class _Writer:
    """Writes parts into the raw log, and knows which are there."""

    def __init__(
        self, store: Store, source: str, forgotten: Forgotten, clock: Clock, folder: Path, most_a_day: int
    ) -> None:
        self._store = store
        self._source = source
        self._forgotten = forgotten
        self._clock = clock
        self._folder = folder
        self._most_a_day = most_a_day
        self._yesterday = clock().date() - timedelta(days=1)
        self._noted = {(log.arrived, log.log): log for logs in read_notes(store).imported.values() for log in logs}
        imported = [stored.key for stored in store.list(keys.RAW) if keys.is_imported(stored.key)]
        self._logs = {keys.log_in(key): keys.arrived_of(key) for key in imported}
        self._begun: dict[str, date] = {}
        self._in_manifests: dict[date, dict[str, int]] = {}
        self._added: dict[date, int] = {}

    def arrived(self, digest: str) -> date | None:
        """The arrival day of a part that was written and noted before; None if it is missing.

        A log without a note is that of a run that was killed between the two: it is written again, and noted.
        """
        log = keys.imported_log(digest)
        arrived = self._logs.get(log)
        if arrived and ((arrived, log) in self._noted or log in self._events_of(arrived)):
            return arrived
        return self._begun.get(log)

    def is_exported(self, arrived: date, digest: str) -> bool:
        """True if an export has taken the part up."""
        return keys.imported_log(digest) in self._events_of(arrived)

    def day_for(self, part: _Part) -> date:
        """The latest day that is over and has room for a part.

        The running day is rebuilt every hour, and a day that is over is not.
        """
        day = self._logs.get(keys.imported_log(part.digest), self._yesterday)  # where a killed run has left it
        while (held := self._held(day)) and held + part.events > self._most_a_day:
            day -= timedelta(days=1)
        self._added[day] = self._added.get(day, 0) + part.events
        self._begun[keys.imported_log(part.digest)] = day
        return day

    def write(self, part: _Part, arrived: date) -> tuple[int, int]:
        """Write a part and then its note. Returns how many events it has, and how many of forgotten people not.

        Whoever is forgotten meanwhile is left out as well: `forget` looks into the raw log a minute and a half after
        the list has changed.
        """
        log = keys.imported_log(part.digest)
        file = self._folder / f"{part.lines.name}.zst"
        while True:
            rules = Rules(forgotten=self._forgotten())
            kept = _pack(part.lines, file, rules)
            self._store.put_files({keys.raw_log(arrived, log): file})
            if self._forgotten() == rules.forgotten:
                break
        tally = {"accepted": kept, "stored": count_lines(file.read_bytes()), "rejected": 0, "quarantined": 0}
        sources = {self._source: tally} if kept else {}
        contents = asdict(HourLog(keys.hour_of_log(log), sources, md5_of_files(file)))
        self._store.put(keys.imported(arrived, log), ImportedLog(arrived, log, contents, self._clock()).dump())
        part.lines.unlink()
        file.unlink()
        return kept, part.events - kept

    def _events_of(self, arrived: date) -> dict[str, int]:
        """The logs of a day that its manifest holds, and how many events each was given."""
        if arrived not in self._in_manifests:
            manifest = read_manifest(self._store, arrived)
            self._in_manifests[arrived] = {
                log: _accepted(of) for log, of in (manifest.hours if manifest else {}).items()
            }
        return self._in_manifests[arrived]

    def _held(self, day: date) -> int:
        """How many events a day holds, those that wait included."""
        known = self._events_of(day)
        waiting = (
            _accepted(note.contents)
            for (arrived, log), note in self._noted.items()
            if arrived == day and log not in known
        )
        return sum(known.values()) + sum(waiting) + self._added.get(day, 0)


def _pack(lines: Path, into: Path, rules: Rules) -> int:
    """Pack the events of a part, without those of forgotten people. Returns how many there are."""
    kept = 0
    with lines.open("rb") as read, into.open("wb") as written:
        each = (line.rstrip(b"\n") for line in read)
        remembered = (line for line in each if not (rules.forgotten and _forgets(rules, orjson.loads(line))))
        for frame in packed(remembered):
            written.write(frame.data)
            kept += frame.count
    return kept


def _forgets(rules: Rules, event: Mapping[str, Any]) -> bool:
    """True if a canonical event is about somebody who asked to be forgotten."""
    sent = {"userId": event.get("user_id"), "anonymousId": event.get("anonymous_id")}
    return rules.forgets({**sent, "previousId": event.get("previous_id")})


def _accepted(log: Mapping[str, Any]) -> int:
    return sum(tally["accepted"] for tally in log["sources"].values())
