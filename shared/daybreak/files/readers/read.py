"""Read files of events in any format that has a reader. A file's content says its format; its name says nothing."""

from collections.abc import Collection, Iterable, Iterator
from typing import Any, NamedTuple

from daybreak.errors import NoEvents
from daybreak.files.readers import csv, json_events, parquet, workbook
from daybreak.files.readers.meaning import Read
from daybreak.files.readers.open_file import HEAD_BYTES, Parquet, Part, Workbook, parts_of
from daybreak.files.readers.reading import Reading


class ReadPart(NamedTuple):
    """A file, one of those in a folder or a zip file, or a sheet of a workbook, with its events; they are read before
    the next part.
    """

    name: str
    events: Read


def read_events(files: Iterable[str], reading: Reading | None = None) -> Iterator[Any]:
    """Every event of every file, in order. Raises InputError, which names the file and line."""
    return (event for part in read_parts(files, reading or Reading()) for _, event in part.events)


def read_with_positions(files: Iterable[str], numbers: Collection[str] = ()) -> Iterator[tuple[str, Any]]:
    """Every event of every file, in order, each with its position: file and line. Raises InputError.

    `numbers`: the properties that definitions compare with a number. It is for formats whose values have no types.
    """
    for part in read_parts(files, Reading(numbers=numbers)):
        yield from part.events


def read_parts(files: Iterable[str], reading: Reading) -> Iterator[ReadPart]:
    """The files in order, each with its events. A folder is its files, and so is a zip file.

    Raises InputError; for a folder or zip file in which there is no file of events, for the first of its files.
    """
    for name in files:
        parts, skipped = 0, len(reading.skipped)
        for part in parts_of(name, reading):
            parts += 1
            before = len(reading.skipped)
            for events in _tables_of(part, reading):
                yield ReadPart(part.name, _or_skipped(events, reading) if part.is_one_of_several else events)
            parts -= len(reading.skipped) > before
        if not parts and len(reading.skipped) > skipped:
            raise NoEvents(reading.skipped[skipped], draft="")


def _or_skipped(events: Read, reading: Reading) -> Read:
    """The events of one of several files, or none and a note if it is not a file of events."""
    try:
        yield from events
    except NoEvents as reason:
        reading.skipped.append(str(reason))


def _tables_of(part: Part | Workbook | Parquet, reading: Reading) -> list[Read]:
    if isinstance(part, Workbook):
        return workbook.read(part.name, part.file, reading)
    return [_events_of(part, reading)]


def _events_of(part: Part | Parquet, reading: Reading) -> Read:
    if isinstance(part, Parquet):
        return parquet.read(part.name, part.path, reading)
    begins = part.head.lstrip()[:1]
    if begins in (b"{", b"["):
        return json_events.read(part.name, part.stream, reading)
    if begins or len(part.head) >= HEAD_BYTES:
        return csv.read(part.name, part.stream, reading)
    return iter(())
