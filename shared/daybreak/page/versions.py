"""Where a definition changed: rows of another version were counted differently, so they neither add up nor compare."""

from collections.abc import Sequence
from datetime import date
from itertools import pairwise

from daybreak.page.counts import Row
from daybreak.page.read import EVERYBODY, Measured


def changed_on(measured: Measured) -> list[date]:
    """The first day, or cohort, of each later version of a definition."""
    return changes(measured.rows_of(EVERYBODY), measured.family.partition)


def cuts(days: Sequence[date], changed: Sequence[date]) -> list[int]:
    """Of positions that begin on these days, those with which another version begins."""
    found = (next((n for n, day in enumerate(days) if day >= first), len(days)) for first in changed)
    return sorted({n for n in found if 0 < n < len(days)})


def counted_alike(rows: Sequence[Row], partition: str) -> list[Row]:
    """The newest rows, as far back as they were counted in the same way. `rows` are in the order of `partition`."""
    changed = changes(rows, partition)
    return [row for row in rows if not changed or row[partition] >= changed[-1]]


def is_behind(measured: Measured) -> bool:
    """True if the newest rows were counted before the last change of the definition: its next run counts them anew."""
    rows = measured.rows_of(EVERYBODY)
    return bool(rows) and rows[-1].get("version", measured.version) != measured.version


def changes(rows: Sequence[Row], partition: str) -> list[date]:
    """The first day, or cohort, of each later version among these rows."""
    versions = {row[partition]: row.get("version") for row in rows}
    return [day for (_, old), (day, new) in pairwise(sorted(versions.items())) if new != old]
