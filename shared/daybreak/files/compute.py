"""The whole engine on plain files of events: no AWS, the same lake in a folder, the same export, the same SQL."""

import csv
import gzip
import io
import itertools
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import IO, Any

import orjson

from daybreak.definitions.project import Project
from daybreak.engine.calendar import Calendar
from daybreak.engine.database import Limits
from daybreak.errors import EventRejected, InputError, RequestRefused
from daybreak.export.arrivals import NothingArrives
from daybreak.export.job import Export, Progress
from daybreak.ingest.body import read_json
from daybreak.ingest.event import Arrival, canonical, parse_time
from daybreak.ingest.frames import pack, zstd
from daybreak.lake import keys
from daybreak.lake.store import FolderStore
from daybreak.metrics.job import Computed, Metrics
from daybreak.metrics.never_arrived import never_arrived

_FRAME_LINES = 5_000
_REJECTS_TOLD = 5
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
    first_rejects: list[str] = field(default_factory=list)
    """Where each stands and what is wrong with it, of the first ones."""


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


def never_arrived_in_files(files: Iterable[str], project: Project, root: Path) -> list[str]:
    """What the definitions name and these files never hold, a line each; the lake it makes of them stays in `root`."""
    store = FolderStore(root)
    _, _, arrived = _ingest(files, project, store, None, lambda _: None)
    Export(store, NothingArrives(), project).replay(arrived, through=datetime.max.replace(tzinfo=UTC))
    return never_arrived(store, project)


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
        for position, (place, raw) in enumerate(_placed_events(files)):
            try:
                moment = _moment(raw)
                arrival = Arrival(received_at=moment, source="files", history=True)
                line = canonical(clean(raw) if isinstance(raw, dict) else raw, arrival, position).line
            except EventRejected as reason:
                counts.rejected += 1
                if len(counts.first_rejects) < _REJECTS_TOLD:
                    counts.first_rejects.append(f"{place}: {reason.message}")
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
        if counts.after_as_of:
            raise InputError(f"nothing to count: all {counts.after_as_of:,} events are later than --as-of {as_of}")
        raise InputError("; ".join(["no events could be read", *counts.first_rejects[:1]]))
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
    return (event for _, event in _placed_events(files))


def _placed_events(files: Iterable[str]) -> Iterator[tuple[str, Any]]:
    """Every event with the file and line it stands in."""
    for name in files:
        with _opened(name) as stream:
            if name.lower().removesuffix(".gz").removesuffix(".zst").endswith(".csv"):
                yield from _csv_events(name, stream)
            else:
                yield from _json_events(name, stream)


def _json_events(name: str, stream: IO[bytes]) -> Iterator[tuple[str, Any]]:
    for number, line in enumerate(stream, start=1):
        place = f"{name}, line {number}"
        if not line.strip():
            continue
        try:
            value = orjson.loads(line)
        except orjson.JSONDecodeError:
            try:
                value = read_json(line)
            except RequestRefused as reason:
                why = f"{reason}; one JSON event a line is needed, or CSV in a file whose name ends in .csv"
                raise InputError(f"{place}: {why}") from None
        if isinstance(value, dict) and isinstance(value.get("batch"), list):
            yield from ((place, event) for event in value["batch"])
        else:
            yield place, value


def _csv_events(name: str, stream: IO[bytes]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Rows as track events: who, what and when by their usual column names, everything else as properties.

    Separated by commas, semicolons or tabs, whichever the header has most of. What would make a row swallow others, or
    cells slip into other columns, is an InputError: no number is right after that.
    """
    begun = 1
    try:
        with io.TextIOWrapper(stream, encoding="utf-8-sig", newline="") as text:
            header = text.readline()
            separator = max(",;\t", key=header.count)
            rows = csv.reader(itertools.chain([header], text), delimiter=separator, strict=True)
            columns = next(rows, [])
            known = _known_columns(name, columns)
            begun = rows.line_num + 1
            for row in rows:
                if any(row[len(columns) :]):
                    raise InputError(f"{name}, line {begun}: more cells than the header has; put text that holds a "
                                     f"{separator!r} in quotes")  # fmt: skip
                cells = {column: cell for column, cell in zip(columns, row, strict=False) if cell}
                properties = {column: _cell(cell) for column, cell in cells.items() if column not in known}
                named = {part: cells[column] for column, part in known.items() if column in cells}
                if row:
                    yield f"{name}, line {begun}", {"type": "track", "properties": properties, **named}
                begun = rows.line_num + 1
    except csv.Error as error:
        raise InputError(f"{name}: the row that begins on line {begun} is no CSV: {error}; mind its quotes") from None
    except UnicodeDecodeError:
        raise InputError(f"{name}: is not UTF-8; save it as CSV in UTF-8") from None


def _known_columns(name: str, columns: Sequence[str]) -> dict[str, str]:
    """The columns that say who, what and when, with the parts of an event they are. Raises InputError."""
    known = {column: _CSV_NAMES[key] for column in columns if (key := column.strip().lower()) in _CSV_NAMES}
    missing = {"event", "timestamp"} - set(known.values())
    if not {"userId", "anonymousId"} & set(known.values()):
        missing.add("user_id")
    if missing:
        there = ", ".join(columns)[:160] or "none"
        raise InputError(f"{name}: a CSV file needs the columns user_id, event and timestamp; "
                         f"missing: {', '.join(sorted(missing))}; there are: {there}")  # fmt: skip
    return known


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
