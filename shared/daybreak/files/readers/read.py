"""Read files of events in any format that has a reader. A file's content says its format; its name says nothing."""

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from daybreak.files.readers import csv, json_events
from daybreak.files.readers.open_file import HEAD_BYTES, parts_of


def read_events(files: Iterable[str]) -> Iterator[Any]:
    """Every event of every file, in order. Raises InputError, which names the file and line."""
    return (event for _, event in read_with_positions(files))


def read_with_positions(files: Iterable[str], numbers: Collection[str] = ()) -> Iterator[tuple[str, Any]]:
    """Every event of every file, in order, each with its position: file and line. Raises InputError.

    A folder is its files, and so is a zip file. `numbers`: the properties that definitions compare with a number. It
    is for formats whose values have no types.
    """
    for name in files:
        for part in parts_of(name):
            begins = part.head.lstrip()[:1]
            if begins in (b"{", b"["):
                yield from json_events.read(part.name, part.stream)
            elif begins or len(part.head) >= HEAD_BYTES:
                yield from csv.read(part.name, part.stream, numbers)
