"""Arrival hours into the raw log: the frames of an hour, laid end to end, byte for byte as they were stored."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Protocol

from daybreak.lake import keys
from daybreak.lake.store import Store, md5

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class HourFrames:
    """What arrived in one hour, in key order: frames of events, frames of rejected events, and how many of each."""

    frames: bytes = b""
    events: int = 0
    rejected_frames: bytes = b""
    rejected: int = 0
    requests: int = 0


class Arrivals(Protocol):
    """Where the collector put the events: DynamoDB in a deployment, nothing at all for `daybreak compute`."""

    def hour(self, hour: datetime) -> HourFrames:
        """Everything stored so far for the hour that begins at `hour` (UTC)."""

    def first_hour(self, before: datetime) -> datetime | None:
        """The oldest hour before `before` that holds anything, or None. Asked once, by the first export ever."""


@dataclass(frozen=True, slots=True)
class HourLog:
    """What the raw log holds of an hour: goes into the day's manifest."""

    hour: int
    requests: int
    events: int
    rejected: int
    md5: str


def log_hours(
    store: Store, arrivals: Arrivals, hours: Iterable[datetime], known: Mapping[str, Mapping[str, Any]]
) -> list[HourLog]:
    """Write the raw log of these hours; an hour that already lies there with the same bytes is left alone.

    `known`: hour -> what an earlier run logged. An hour never shrinks: DynamoDB drops items after a month, the log
    keeps them. An hour without events gets an empty object, which says that it was looked at.
    """
    logged = []
    for hour in hours:
        arrived = arrivals.hour(hour)
        before = known.get(f"{hour.hour:02}")
        if before and arrived.requests < before["requests"]:
            logged.append(HourLog(**before))
            continue
        key = keys.raw(hour.date(), hour.hour)
        stored = {s.key: s.md5 for s in store.list(key)}
        if stored.get(key) != md5(arrived.frames):
            store.put(key, arrived.frames)
        if arrived.rejected:
            store.put(keys.quarantine(hour.date(), hour.hour), arrived.rejected_frames)
        digest = md5(arrived.frames + arrived.rejected_frames)
        logged.append(HourLog(hour.hour, arrived.requests, arrived.events, arrived.rejected, digest))
    return logged


def hours_of(day: date, first: datetime, end: datetime) -> list[datetime]:
    """The hours of a UTC day that lie in [first, end)."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=first.tzinfo)
    return [hour for n in range(24) if first <= (hour := midnight + n * HOUR) < end]
