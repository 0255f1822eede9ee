"""The whole engine on plain files of events: no AWS, the same lake in a folder, the same export, the same SQL."""

import csv
import gzip
import io
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import IO, Any

import orjson

from daybreak.calendar import Calendar
from daybreak.database import Limits
from daybreak.definitions import Project
from daybreak.errors import EventRejected, InputError, RequestRefused
from daybreak.export.arrivals import NothingArrives
from daybreak.export.job import Export, Progress
from daybreak.ingest.body import read_json
from daybreak.ingest.event import Arrival, canonical, parse_time
from daybreak.ingest.pack import pack, zstd
from daybreak.lake import keys
from daybreak.lake.store import FolderStore
from daybreak.metrics.job import Computed, Metrics
from daybreak.metrics.unseen import unseen

_FRAME_LINES = 5_000
_JSON_CELL = re.compile(r"^(true|false|-?(0|[1-9]\d{0,14})(\.\d{1,15})?)$")
_CSV_NAMES = {
    "user_id": "userId",
    "userid": "userId",
    "user": "userId",
    "anonymous_id": "anonymousId",
    "anonymousid": "anonymousId",
    "event": "event",
    "event_name": "event",
    "timestamp": "timestamp",
    "time": "timestamp",
    "message_id": "messageId",
    "messageid": "messageId",
}
"""Column names a CSV file may use for the parts of an event; every other column is a property."""


@dataclass(slots=True)
class Counts:
    """How the lines of the files were taken."""

    events: int = 0
    rejected: int = 0
    after_as_of: int = 0
    first_reject: str = ""


def compute_files(
    files: Iterable[str], project: Project, as_of: datetime | None, root: Path, limits: Limits, progress: Progress
) -> tuple[datetime, Counts, list[Computed], FolderStore]:
    """Read event files into a lake under `root` and compute every family as of that instant.

    Without `as_of`, the end of the day of the last event. Events after `as_of` are left out and counted.
    """
    store = FolderStore(root)
    as_of, counts, arrived = _ingest(files, project, store, as_of, progress)
    export = Export(store, NothingArrives(), project, limits, progress)
    until = as_of + timedelta(microseconds=1)
    export.replay(arrived, through=until)
    metrics = Metrics(store, project, limits, progress)
    last_day = (until - timedelta(microseconds=1)).astimezone(project.zone).date()
    return as_of, counts, list(metrics.run_all(last_day, until)), store


def unseen_in_files(files: Iterable[str], project: Project, root: Path) -> list[str]:
    """What the definitions name and these files never hold, a line each; the lake it makes of them stays in `root`."""
    store = FolderStore(root)
    _, _, arrived = _ingest(files, project, store, None, lambda _: None)
    Export(store, NothingArrives(), project).replay(arrived, through=datetime.max.replace(tzinfo=UTC))
    return unseen(store, project)


def _ingest(
    files: Iterable[str], project: Project, store: FolderStore, as_of: datetime | None, progress: Progress
) -> tuple[datetime, Counts, date]:
    """The events of all files as the raw log of one arrival day."""
    counts = Counts()
    clean = project.privacy.cleaner(salt="files")
    last = datetime.min.replace(tzinfo=UTC)
    path = store.root / "incoming.zst"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as log:
        lines: list[bytes] = []
        for position, raw in enumerate(read_events(files)):
            try:
                moment = _moment(raw)
                arrival = Arrival(received_at=moment, source="files", history=True)
                line = canonical(clean(raw) if isinstance(raw, dict) else raw, arrival, position).line
            except EventRejected as reason:
                counts.rejected += 1
                counts.first_reject = counts.first_reject or f"event {position + 1}: {reason.message}"
                continue
            if as_of and moment > as_of:
                counts.after_as_of += 1
                continue
            counts.events += 1
            last = max(last, moment)
            lines.append(line)
            if len(lines) == _FRAME_LINES:
                log.writelines(frame.data for frame in pack(lines))
                lines.clear()
                if counts.events % 100_000 == 0:
                    progress(f"reading: {counts.events:,} events")
        log.writelines(frame.data for frame in pack(lines))
    if not counts.events:
        path.unlink()
        why = f"; {counts.first_reject}" if counts.first_reject else ""
        raise InputError(f"no events could be read{why}")
    if as_of is None:
        day = last.astimezone(project.zone).date()
        ends = Calendar(project.zone, project.settings.week_start).ends_at(day).replace(tzinfo=UTC)
        as_of = ends - timedelta(microseconds=1)
    arrived = as_of.date()
    target = store.root / keys.raw(arrived, 0)
    target.parent.mkdir(parents=True, exist_ok=True)
    path.replace(target)
    return as_of, counts, arrived


def _moment(raw: Any) -> datetime:
    """When an event in a file happened: its timestamp, or where it has none the time it was received."""
    text = (raw.get("timestamp") or raw.get("receivedAt")) if isinstance(raw, dict) else None
    if not isinstance(text, str):
        raise EventRejected("no_time", "timestamp: an event in a file needs one")
    try:
        return parse_time(text)
    except (ValueError, OverflowError):
        raise EventRejected("absurd_time", f"timestamp: {text[:40]!r} is not an ISO 8601 time") from None


def read_events(files: Iterable[str]) -> Iterator[Any]:
    """Every event of every file; a line may also hold a batch. Raises InputError naming file and line."""
    for name in files:
        with _opened(name) as stream:
            if name.removesuffix(".gz").removesuffix(".zst").endswith(".csv"):
                yield from _csv_events(name, stream)
            else:
                yield from _json_events(name, stream)


def _json_events(name: str, stream: IO[bytes]) -> Iterator[Any]:
    for number, line in enumerate(stream, start=1):
        if not line.strip():
            continue
        try:
            value = orjson.loads(line)
        except orjson.JSONDecodeError:
            try:
                value = read_json(line)
            except RequestRefused as reason:
                raise InputError(f"{name}, line {number}: {reason}; one JSON event a line is needed") from None
        if isinstance(value, dict) and isinstance(value.get("batch"), list):
            yield from value["batch"]
        else:
            yield value


def _csv_events(name: str, stream: IO[bytes]) -> Iterator[dict[str, Any]]:
    """Rows as track events: who, what and when by their usual column names, everything else as properties."""
    reader = csv.DictReader(io.TextIOWrapper(stream, encoding="utf-8-sig", newline=""))
    known = {
        column: _CSV_NAMES[key] for column in reader.fieldnames or [] if (key := column.strip().lower()) in _CSV_NAMES
    }
    missing = {"event", "timestamp"} - set(known.values())
    if not {"userId", "anonymousId"} & set(known.values()):
        missing.add("user_id")
    if missing:
        raise InputError(
            f"{name}: a CSV file needs the columns user_id, event and timestamp; missing: {', '.join(sorted(missing))}"
        )
    for row in reader:
        properties = {column: _cell(value) for column, value in row.items() if column not in known and value}
        yield {"type": "track", "properties": properties, **{known[c]: row[c] for c in known if row[c]}}


def _cell(text: Any) -> Any:
    """A cell as a number or truth value where it is written as JSON writes one (007 is none), else as text."""
    if not isinstance(text, str) or not _JSON_CELL.match(text):
        return text
    return orjson.loads(text)


@contextmanager
def _opened(name: str) -> Iterator[Any]:
    """A file by name, `-` for standard input, inflated by its ending (.gz, .zst)."""
    if name == "-":
        yield sys.stdin.buffer
        return
    try:
        with Path(name).open("rb") as plain:
            if name.endswith(".gz"):
                with gzip.open(plain) as inflated:
                    yield inflated
            elif name.endswith(".zst"):
                with zstd.open(plain) as inflated:
                    yield inflated
            else:
                yield plain
    except (OSError, EOFError, zstd.ZstdError) as error:
        raise InputError(f"{name}: cannot be read: {error}") from None
