"""All that arrived in an hour, in memory: for tests, whose hours are small."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Self

from daybreak.ingest.frames import StoredItem, Tally, added


@dataclass(frozen=True, slots=True)
class HourFrames:
    """The frames of events and of rejected events, and each source's tally."""

    frames: bytes = b""
    rejected_frames: bytes = b""
    sources: dict[str, Tally] = field(default_factory=dict)

    @classmethod
    def of(cls, parts: Iterable[Iterable[StoredItem]]) -> Self:
        """Join the frames of all items in order, and add up their tallies."""
        found = [item for part in parts for item in part]
        sources: dict[str, Tally] = {}
        for item in found:
            sources = added(sources, {item.source: item.tally()})
        frames, rejects = (b"".join(parts) for parts in ((i.frame for i in found), (i.rejects for i in found)))
        return cls(frames, rejects, sources)

    def total(self, name: str) -> int:
        return sum(tally[name] for tally in self.sources.values())
