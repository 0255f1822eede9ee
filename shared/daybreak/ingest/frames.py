"""Pack events into zstd frames of NDJSON, each small enough for one DynamoDB item, and unpack them again.

Frames laid end to end are one valid zstd file, so no later stage decodes an event in order to move it.
"""

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Self

if sys.version_info >= (3, 14):
    from compression import zstd as zstd
else:
    from backports import zstd as zstd

MAX_FRAME_BYTES = 350 * 1024
"""DynamoDB's limit for an item is 400 KB; the rest is for keys and a second frame with rejected events."""
LEVEL = 6
"""Measured on typical batches: 6 is where bytes stop falling quickly and time starts rising (tests/bench)."""

Tally = dict[str, int]
"""Counts of one source in one hour: `accepted` and `rejected` as the collector counted them when it stored them,
`stored` and `quarantined` as the lines that the frames hold now."""
TALLY = ("accepted", "stored", "rejected", "quarantined")


@dataclass(frozen=True, slots=True)
class Frame:
    """A zstd frame holding `count` NDJSON lines."""

    data: bytes
    count: int


def pack(lines: Sequence[bytes]) -> list[Frame]:
    """Pack lines in order into one frame, or into several if one would be over the limit. No lines give no frame."""
    if not lines:
        return []
    data = zstd.compress(b"\n".join(lines) + b"\n", level=LEVEL)
    if len(data) <= MAX_FRAME_BYTES or len(lines) == 1:
        return [Frame(data, len(lines))]
    half = len(lines) // 2
    return pack(lines[:half]) + pack(lines[half:])


def count_lines(data: bytes) -> int:
    """Count the NDJSON lines in frames laid end to end."""
    lines = 0
    while data:
        decompressor = zstd.ZstdDecompressor()
        lines += decompressor.decompress(data).count(b"\n")
        data = decompressor.unused_data
    return lines


def unpack(data: bytes) -> Iterator[bytes]:
    """The NDJSON lines of any number of frames laid end to end."""
    while data:
        decompressor = zstd.ZstdDecompressor()
        yield from decompressor.decompress(data).splitlines()
        data = decompressor.unused_data


@dataclass(frozen=True, slots=True)
class StoredItem:
    """An item of the events table: frames of one source, and how many lines the collector counted in them."""

    source: str
    frame: bytes = b""
    events: int = 0
    rejects: bytes = b""
    rejected: int = 0


@dataclass(frozen=True, slots=True)
class HourFrames:
    """Everything that arrived in one hour: frames of events and of rejected events, and each source's tally."""

    frames: bytes = b""
    rejected_frames: bytes = b""
    sources: dict[str, Tally] = field(default_factory=dict)

    @classmethod
    def of(cls, items: Iterable[StoredItem]) -> Self:
        """Join the frames of these items in order, and add up the tallies of each source."""
        found = list(items)
        sources: dict[str, Tally] = {}
        for item in found:
            counted = (item.events, count_lines(item.frame), item.rejected, count_lines(item.rejects))
            tally = sources.setdefault(item.source, dict.fromkeys(TALLY, 0))
            for name, count in zip(TALLY, counted, strict=True):
                tally[name] += count
        frames, rejects = (b"".join(parts) for parts in ((i.frame for i in found), (i.rejects for i in found)))
        return cls(frames, rejects, dict(sorted(sources.items())))

    def total(self, name: str) -> int:
        return sum(tally[name] for tally in self.sources.values())
