"""Read files of events in any format that has a reader."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import IO, Any

from daybreak.files.readers import csv, json_lines
from daybreak.files.readers.open_file import open_file

Reader = Callable[[str, IO[bytes]], Iterator[tuple[str, Any]]]
"""(name of the file, its bytes) -> each event with its position. Raises InputError, which names the position."""

_READERS: Mapping[str, Reader] = {".csv": csv.read}
"""Readers by the ending of a file's name. Files with any other ending hold JSON lines."""


def read_events(files: Iterable[str]) -> Iterator[Any]:
    """Every event of every file, in order. Raises InputError, which names the file and line."""
    return (event for _, event in read_with_positions(files))


def read_with_positions(files: Iterable[str]) -> Iterator[tuple[str, Any]]:
    """Every event of every file, in order, each with its position: file and line. Raises InputError."""
    for name in files:
        with open_file(name) as stream:
            yield from _reader_of(name)(name, stream)


def _reader_of(name: str) -> Reader:
    plain = name.lower().removesuffix(".gz").removesuffix(".zst")
    return next((reader for ending, reader in _READERS.items() if plain.endswith(ending)), json_lines.read)
