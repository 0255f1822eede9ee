"""Pack events into zstd frames of NDJSON, each small enough for one DynamoDB item, and unpack them again.

Frames laid end to end are one valid zstd file, so no later stage decodes an event in order to move it.
"""

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import orjson

if sys.version_info >= (3, 14):
    from compression import zstd as zstd
else:
    from backports import zstd as zstd

MAX_FRAME_BYTES = 350 * 1024
"""DynamoDB's limit for an item is 400 KB; the rest is for keys and a second frame with rejected events."""
LEVEL = 6
"""Measured on typical batches: 6 is where bytes stop falling quickly and time starts rising (tests/bench)."""
_LINES_AT_ONCE = 5_000
"""Of a stream of lines, so many are packed into a frame, if they fit."""

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


def packed(lines: Iterable[bytes]) -> Iterator[Frame]:
    """The frames of any number of lines, made as the lines come."""
    rest = iter(lines)
    while some := list(islice(rest, _LINES_AT_ONCE)):
        yield from pack(some)


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


def lines_by_source(data: bytes) -> Counter[str]:
    """Count the events of each source in frames laid end to end."""
    return Counter(orjson.loads(line)["source"] for line in unpack(data))


@dataclass(frozen=True, slots=True)
class StoredItem:
    """An item of the events table: frames of one source, and how many lines the collector counted in them."""

    source: str
    frame: bytes = b""
    events: int = 0
    rejects: bytes = b""
    rejected: int = 0
    without_expiry: str = ""
    """The item's name, if it has no expiry yet: it gets one when it is in the raw log."""

    def tally(self) -> Tally:
        """The collector's counts, and the lines that the frames hold."""
        counted = (self.events, count_lines(self.frame), self.rejected, count_lines(self.rejects))
        return dict(zip(TALLY, counted, strict=True))


def added(tallies: dict[str, Tally], more: dict[str, Tally]) -> dict[str, Tally]:
    """The tallies of each source added up, by source."""
    return {
        source: {name: sum(of.get(source, {}).get(name, 0) for of in (tallies, more)) for name in TALLY}
        for source in sorted({*tallies, *more})
    }
