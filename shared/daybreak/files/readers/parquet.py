"""Parquet as warehouses write it: a table whose values have types."""

from collections.abc import Iterator
from pathlib import Path

from daybreak.engine.parquet_rows import NotParquet, parquet_rows
from daybreak.errors import EventRejected, InputError
from daybreak.files.readers.meaning import Read, events_of_table
from daybreak.files.readers.reading import Reading
from daybreak.files.readers.rows import Row, Rows


def read(name: str, file: Path, reading: Reading) -> Read:
    """Yield each row as an event, or why it cannot be one, with its position. Raises InputError."""
    try:
        columns, found = parquet_rows(file)
    except NotParquet as error:
        raise _damaged(name, error) from None

    def rows() -> Iterator[tuple[str, Row | EventRejected]]:
        try:
            for nth, row in enumerate(found, start=1):
                yield f"{name}, row {nth}", row
        except NotParquet as error:
            raise _damaged(name, error) from None

    return events_of_table(Rows(name, columns, rows()), reading)


def _damaged(name: str, error: NotParquet) -> InputError:
    way_out = "write it with smaller row groups" if "Out of Memory" in str(error) else "write it again"
    return InputError(f"{name}: is Parquet that cannot be read: {error}; {way_out}, or as CSV")
