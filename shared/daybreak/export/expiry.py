"""Let items of the events table expire, but only after they are in the raw log.

The collector stores an item without an expiry, so DynamoDB keeps it for as long as no export has run. The export gives
an expiry to the items that it has copied. Before it writes the raw log of an hour with such items, it puts a note of
the hour under `expiry/`, and it removes the note when they have their expiry. A run that is killed in between leaves
the note, and the next run reads that hour again.
"""

import secrets
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Protocol

from daybreak.lake import keys
from daybreak.lake.store import Store

KEPT = timedelta(days=30)
"""An item stays in the table for at least so long after its hour."""
KEPT_AFTER_COPY = timedelta(days=7)
"""An item that was copied late stays for at least so long after that."""
MOST_A_RUN = 200_000
"""A run gives so many items their expiry, some minutes of work, and leaves the others to the next run: they only stay
in the table for longer."""


class Expiring(Protocol):
    """The part of the events table that gives items their expiry."""

    def expire(self, items: Sequence[str], at: datetime) -> None:
        """Let these items, named as in `StoredItem.without_expiry`, be deleted at this instant. Safe to repeat.

        An item that was deleted meanwhile stays deleted.
        """


class Expiry:
    """The hours whose items wait for their expiry: those that earlier runs noted, and those of this run."""

    def __init__(self, store: Store, work: Path, now: datetime) -> None:
        self._store = store
        self._work = work
        self._now = now
        self._may_give = MOST_A_RUN
        self._run = secrets.token_hex(4)
        self._notes: dict[datetime, list[str]] = {}
        self._waiting: dict[datetime, Path] = {}
        for stored in store.list(keys.EXPIRY):
            self._notes.setdefault(keys.hour_of_expiry(stored.key), []).append(stored.key)

    def noted(self) -> set[datetime]:
        """The hours that earlier runs copied, or meant to copy, and did not finish."""
        return set(self._notes)

    def may_give(self) -> bool:
        """True if this run has not given the most yet; beyond that, there is no use in reading old hours again."""
        return self._may_give > 0

    def note(self, hour: datetime) -> None:
        """Note that an hour has items without an expiry. Call this before its raw log is written.

        The note is this run's own: another run may remove only notes that were there before it read the hour.
        """
        key = keys.expiry(hour, self._run)
        self._store.put(key, b"")
        self._notes.setdefault(hour, []).append(key)

    def copied(self, hour: datetime, items: Path) -> None:
        """The items of this hour that are in its raw log and have no expiry, one a line; keeps the file.

        It may be empty: then an earlier run has done everything but to remove its note.
        """
        self._work.mkdir(parents=True, exist_ok=True)
        self._waiting[hour] = items.rename(self._work / keys.hour_of(hour))

    def give(self, table: Expiring) -> int:
        """Give the items copied so far their expiry, oldest hour first, and remove the notes of hours that are done.

        Returns how many items got one.
        """
        given = 0
        for hour in sorted(self._waiting):
            at = max(hour + timedelta(hours=1) + KEPT, self._now + KEPT_AFTER_COPY)
            file = self._waiting.pop(hour)
            with file.open(encoding="utf-8") as lines:
                items = (line.rstrip("\n") for line in lines)
                for some in _in_lots(islice(items, self._may_give)):
                    table.expire(some, at)
                    given += len(some)
                    self._may_give -= len(some)
                left = next(items, None) is not None
            file.unlink()
            if not left:
                self._store.delete(self._notes.pop(hour, []))
        return given


def _in_lots(items: Iterator[str], size: int = 1_000) -> Iterator[list[str]]:
    while some := list(islice(items, size)):
        yield some
