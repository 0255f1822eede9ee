"""Arrival days whose raw log is complete and whose tables are not: written before a day is rebuilt, removed after it.

So the raw hours of every day are copied before anything is rebuilt, and a day that cannot be rebuilt holds up no
other: the next run finds it here and tries again.
"""

import json
from dataclasses import dataclass, fields
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


def read_pending(store: Store, arrived: date) -> PendingDay | None:
    data = store.get(keys.pending(arrived))
    return PendingDay.load(data) if data else None


def read_pending_days(store: Store) -> dict[date, PendingDay]:
    """All of them by arrival day, oldest first."""
    found = [PendingDay.load(data) for stored in store.list(keys.PENDING) if (data := store.get(stored.key))]
    return {day.arrived: day for day in found}
