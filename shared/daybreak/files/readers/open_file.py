"""Open a file of events, decompressed by its ending."""

import gzip
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from daybreak.errors import InputError
from daybreak.ingest.frames import zstd


@contextmanager
def open_file(name: str) -> Iterator[IO[bytes] | Any]:
    """The bytes of a file, decompressed if its name ends in .gz or .zst; `-` is standard input.

    Raises InputError if the file cannot be read, also while it is being read.
    """
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
