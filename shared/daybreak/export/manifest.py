"""The manifest of each arrival day: the export writes it last, and all later stages read it."""

import json
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from daybreak.export.arrivals import HOUR, hour_logs
from daybreak.lake import keys
from daybreak.lake.store import Store

LEAST_REJECTED = 10
"""An hour tells its share of rejected events only if it has so many of them: one bad event of two is not a share."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """The contents of the lake from one arrival day. `through`: everything that arrived before it is in them (UTC)."""

    arrived: date
    through: datetime
    hours: dict[str, dict[str, Any]] = field(default_factory=dict)
    events: int = 0
    duplicates: int = 0
    other_events: int = 0
    """Those of the duplicates whose person or event name differs from that of the event whose message id they have."""
    rejected: int = 0
    unreconciled: int = 0
    originals: list[str] = field(default_factory=list)
    days: list[date] = field(default_factory=list)
    objects: dict[str, str] = field(default_factory=dict)
    derived_version: str = ""
    healed: int = 0
    """How often its objects differed from this and were rebuilt; the metric jobs then count its days again."""

    def dump(self) -> bytes:
        return json.dumps(asdict(self), default=str, indent=1).encode()

    def rejected_percents(self, since: datetime) -> list[float]:
        """The share of rejected events in each hour that ended after `since` and had LEAST_REJECTED or more of them."""
        percents = []
        for log in hour_logs(self.hours):
            tallies = log.sources.values()
            accepted, rejected = (sum(tally[name] for tally in tallies) for name in ("accepted", "rejected"))
            if midnight(self.arrived) + (log.hour + 1) * HOUR > since and rejected >= LEAST_REJECTED:
                percents.append(100 * rejected / (accepted + rejected))
        return percents

    @staticmethod
    def load(data: bytes) -> "Manifest":
        values = json.loads(data)
        return Manifest(
            **{
                **values,
                "days": [date.fromisoformat(day) for day in values["days"]],
                "arrived": date.fromisoformat(values["arrived"]),
                "through": datetime.fromisoformat(values["through"]),
            }
        )


def read_manifest(store: Store, arrived: date) -> Manifest | None:
    data = store.get(keys.export(arrived))
    return Manifest.load(data) if data else None


def read_manifests(store: Store, since: date = date.min) -> list[Manifest]:
    """The manifests of arrival days from `since` on, oldest first."""
    listed = [s.key for s in store.list(keys.EXPORTS) if keys.arrived_of(s.key) >= since]
    return [Manifest.load(data) for key in listed if (data := store.get(key))]


def last_manifest(store: Store) -> Manifest | None:
    """The newest arrival day's manifest, or None before the first export."""
    listed = [s.key for s in store.list(keys.EXPORTS)]
    data = store.get(listed[-1]) if listed else None
    return Manifest.load(data) if data else None


def midnight(arrived: date) -> datetime:
    """The instant an arrival day begins: arrival days are UTC dates."""
    return datetime(arrived.year, arrived.month, arrived.day, tzinfo=UTC)
