"""Compare a computed table with the expected one: row by row, in both directions."""

import json
from pathlib import Path
from typing import Any

from daybreak.example.expected_lists import Line

Row = dict[str, Any]
KEYS = ("segment", "segment_value", "cohort", "day", "period_start", "period", "step", "active_days", "variant")
"""The columns that identify a row. Each table has some of them."""


def key_of(row: Row) -> tuple[str, ...]:
    """The columns that identify a row, with their values."""
    return tuple(f"{name}={row[name]}" for name in KEYS if name in row)


def is_same(found: object, wanted: object) -> bool:
    """True if the values are equal, fractions to a millionth: two ways of adding up differ in the last digits."""
    if isinstance(wanted, float) and isinstance(found, float):
        return abs(found - wanted) <= 1e-6
    return found == wanted


def differences(family: str, name: str, found: list[Row], wanted: list[Row]) -> list[str]:
    """Each difference as a line that names family, definition, row and column."""
    have, want = ({key_of(row): row for row in rows} for rows in (found, wanted))
    where = f"{family}.{name}"
    twice = [
        f"{where}: {len(rows)} rows have only {len(keys)} keys"
        for rows, keys in ((found, have), (wanted, want))
        if len(rows) != len(keys)
    ]
    lines = twice + [f"{where} {' '.join(key)}: missing; expected {want[key]}" for key in want if key not in have]
    lines += [f"{where} {' '.join(key)}: not expected: {have[key]}" for key in have if key not in want]
    for key in want.keys() & have.keys():
        lines += [
            f"{where} {' '.join(key)}: {column} is {have[key].get(column, 'no column')!r}, expected {value!r}"
            for column, value in want[key].items()
            if not is_same(have[key].get(column, "no column"), value)
        ]
    return sorted(lines)


def list_differences(name: str, file: Path, expected: set[Line]) -> list[str]:
    """The lines of a list's file that nobody expected, and those that are missing."""
    found = set()
    for row in map(json.loads, file.read_text(encoding="utf-8").splitlines()):
        column, own = next((column, own) for column, own in row.items() if own is not None)
        found.add((column, own, next(iter(row["traits"].values()), None)))
    return [
        *(f"list.{name}: {line} is missing" for line in sorted(expected - found, key=str)),
        *(f"list.{name}: {line} was not expected" for line in sorted(found - expected, key=str)),
    ]
