"""Write arrival hours to the raw log: the frames of an hour, laid end to end, byte for byte as they were stored."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any, Protocol

from daybreak.ingest.frames import HourFrames, Tally
from daybreak.lake import keys
from daybreak.lake.store import Store, md5

HOUR = timedelta(hours=1)


class Arrivals(Protocol):
    """Where the collector put the events: in DynamoDB in a deployment, nowhere for `daybreak compute`."""

    def hour(self, hour: datetime) -> HourFrames:
        """Everything stored so far for the hour that begins at `hour` (UTC)."""

    def first_hour(self, before: datetime) -> datetime | None:
        """The oldest hour before `before` that holds anything, or None. Only the first export ever asks."""


class NothingArrives:
    """Arrivals without events, to rebuild a day from its raw log alone."""

    def hour(self, hour: datetime) -> HourFrames:  # noqa: ARG002
        return HourFrames()

    def first_hour(self, before: datetime) -> datetime | None:  # noqa: ARG002
        return None


@dataclass(frozen=True, slots=True)
class HourLog:
    """The contents of an hour of the raw log, as the day's manifest holds them."""

    hour: int
    sources: dict[str, Tally]
    md5: str


def log_hours(
    store: Store, arrivals: Arrivals, hours: Iterable[datetime], known: Mapping[str, Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """Write the raw log of these hours; an hour that is already there with the same bytes is left alone.

    `known`: hour -> its log from an earlier run; the result has the same form. An hour never shrinks: DynamoDB drops
    items after a month, the log keeps them. An hour without events gets an empty object, which shows that it was read.
    """
    logged: list[Mapping[str, Any]] = []
    for hour in hours:
        arrived = arrivals.hour(hour)
        before = known.get(f"{hour.hour:02}")
        if before and arrived.total("stored") + arrived.total("quarantined") < _lines(before):
            logged.append(before)
            continue
        key = keys.raw(hour.date(), hour.hour)
        stored = {s.key: s.md5 for s in store.list(key)}
        if stored.get(key) != md5(arrived.frames):
            store.put(key, arrived.frames)
        if arrived.rejected_frames:
            store.put(keys.quarantine(hour.date(), hour.hour), arrived.rejected_frames)
        log = HourLog(hour.hour, arrived.sources, md5(arrived.frames + arrived.rejected_frames))
        logged.append(asdict(log))
    return logged


def hour_logs(hours: Mapping[str, Mapping[str, Any]]) -> list[HourLog]:
    """The hours of a manifest."""
    return [HourLog(**log) for log in hours.values()]


def _lines(log: Mapping[str, Any]) -> int:
    """How many events and rejected events an hour held when it was logged."""
    return sum(tally["stored"] + tally["quarantined"] for tally in log["sources"].values())


def hours_of(day: date, first: datetime, end: datetime) -> list[datetime]:
    """The hours of a UTC day that are in [first, end)."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=first.tzinfo)
    return [hour for n in range(24) if first <= (hour := midnight + n * HOUR) < end]
