"""Read files of events in any format that has a reader."""

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from daybreak.files.readers import csv, json_events
from daybreak.files.readers.open_file import open_file


def read_events(files: Iterable[str]) -> Iterator[Any]:
    """Every event of every file, in order. Raises InputError, which names the file and line."""
    return (event for _, event in read_with_positions(files))


def read_with_positions(files: Iterable[str], numbers: Collection[str] = ()) -> Iterator[tuple[str, Any]]:
    """Every event of every file, in order, each with its position: file and line. Raises InputError.

    `numbers`: the properties that definitions compare with a number. It is for formats whose values have no types.
    """
    for name in files:
        plain = name.lower().removesuffix(".gz").removesuffix(".zst")
        with open_file(name) as stream:
            yield from csv.read(name, stream, numbers) if plain.endswith(".csv") else json_events.read(name, stream)
