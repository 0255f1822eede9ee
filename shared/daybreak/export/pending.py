"""Arrival days whose raw log is complete and whose tables are not: written before a day is rebuilt, removed after it.

So the raw hours of every day are copied before anything is rebuilt, and a day that cannot be rebuilt holds up no
other: the next run finds it here and tries again.

An import notes here each log that it has written, in an object of its own. The export takes the log up into the day's
hours, and removes the note when it is an hour old and a manifest holds the log: by then, no run is left that had begun
before the note was written and could put an older manifest in place.
"""

import json
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from typing import Any

from daybreak.lake import keys
from daybreak.lake.store import Store


@dataclass(frozen=True, slots=True)
class PendingDay:
    """`hours`: as in the day's manifest. `through`: every event that arrived before it is in the raw log (UTC).

    `tries`: how many runs have tried to rebuild it since the one that copied it. `again`: some of its events may have
    arrived on an earlier day first, so it is rebuilt though nothing new arrived on it.
    """

    arrived: date
    hours: dict[str, dict[str, Any]]
    through: datetime
    tries: int = 0
    again: bool = False
    noted: bool = True
    """Whether the lake holds a note of it; the note itself does not say so."""

    def dump(self) -> bytes:
        values = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "noted"}
        return json.dumps(values, default=str, indent=1).encode()

    @staticmethod
    def load(data: bytes) -> "PendingDay":
        values = json.loads(data)
        arrived, through = date.fromisoformat(values["arrived"]), datetime.fromisoformat(values["through"])
        return PendingDay(arrived, values["hours"], through, values.get("tries", 0), values.get("again", False))


@dataclass(frozen=True, slots=True)
class ImportedLog:
    """A log of imported events, as its import noted it at `at`. `contents`: as a log in the hours of a manifest."""

    arrived: date
    log: str
    contents: dict[str, Any]
    at: datetime

    def dump(self) -> bytes:
        return json.dumps({"contents": self.contents, "at": self.at}, default=str, indent=1).encode()

    @staticmethod
    def load(key: str, data: bytes) -> "ImportedLog":
        values = json.loads(data)
        at = datetime.fromisoformat(values["at"])
        return ImportedLog(keys.arrived_of(key), keys.log_in(key), values["contents"], at)


@dataclass(frozen=True, slots=True)
class Notes:
    """The days that wait to be rebuilt, and the imported logs of each day that have a note."""

    days: dict[date, PendingDay] = field(default_factory=dict)
    imported: dict[date, list[ImportedLog]] = field(default_factory=dict)


def read_notes(store: Store) -> Notes:
    """All notes, oldest day first."""
    notes = Notes()
    for stored in store.list(keys.PENDING):
        if data := store.get(stored.key):
            if keys.is_imported(stored.key):
                log = ImportedLog.load(stored.key, data)
                notes.imported.setdefault(log.arrived, []).append(log)
            else:
                day = PendingDay.load(data)
                notes.days[day.arrived] = day
    return notes


def read_pending(store: Store, arrived: date) -> PendingDay | None:
    data = store.get(keys.pending(arrived))
    return PendingDay.load(data) if data else None


def read_pending_days(store: Store) -> dict[date, PendingDay]:
    """All of them by arrival day, oldest first."""
    return read_notes(store).days
