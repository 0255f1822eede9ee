"""The rows of a table or of JSON, before it is known what they mean."""

import itertools
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from daybreak.errors import EventRejected

Row = dict[str, Any]
"""A row by its columns or keys. Empty cells are left out."""

LINES_AHEAD = 12
"""The header is looked for in so many lines: reports begin with a title."""
_SAMPLE_ROWS, _SAMPLE_CELLS, _SAMPLE_SIZE = 100, 20_000, 8 * 1024 * 1024


class Rows(NamedTuple):
    """What a file holds. `columns` are those of a table; the keys of JSON differ from row to row."""

    name: str
    columns: list[str]
    rows: Iterator[tuple[str, Row | EventRejected]]
    """Each row with its position, or why it cannot be one."""
    typed: Callable[[str, Any], Any] = lambda _, value: value
    """The value of a column that is not a part of the event; in CSV a cell is text until it is known what it means."""
    first_line: int = 1


def sampled(rows: Rows, most: int = _SAMPLE_ROWS) -> tuple[list[Row], Rows]:
    """The first rows, and the same rows with all of them."""
    ahead, cells, size = list[tuple[str, Row | EventRejected]](), 0, 0
    for found in rows.rows:
        ahead.append(found)
        if isinstance(found[1], dict):
            cells += len(found[1])
            size += sum(map(_size, found[1].values()))
        if len(ahead) == most or cells > _SAMPLE_CELLS or size > _SAMPLE_SIZE:
            break
    sample = [row for _, row in ahead if isinstance(row, dict)]
    return sample, rows._replace(rows=itertools.chain(ahead, rows.rows))


def _size(value: Any) -> int:
    """Characters that a value has when it is written."""
    try:
        return len(value if isinstance(value, str) else str(value))
    except RecursionError:  # nested so deep that its event is refused later
        return _SAMPLE_SIZE
