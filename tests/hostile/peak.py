"""The peak memory of one large request, in a process of its own: python -m hostile.peak NAME"""

import gzip
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from daybreak.ingest.body import MAX_CONTAINERS
from hostile.collector import Collector
from hostile.fuzzer import Fuzzer

_EVENT = b'{"type":"track","userId":"user-%06d","event":"Step Done","messageId":"m-%06d","timestamp":"2026-11-20T09:00:00Z","properties":{"n":%d,"plan":"team","where":"%s"}}'
_IMPORT, _BATCH = 20 * 1024 * 1024, 10 * 1024 * 1024


def _events(count: int, size: int) -> bytes:
    """`count` good events in a body of `size` bytes."""
    each = size // count - len(_EVENT % (0, 0, 10000, b"")) - 1
    return b'{"batch":[' + b",".join(_EVENT % (n, n, 10000 + n % 90000, b"w" * each) for n in range(count)) + b"]}"


def _filled(unit: bytes, size: int, most: int) -> bytes:
    return b'{"batch":[' + b",".join([unit] * min(most, (size - 20) // (len(unit) + 1))) + b"]}"


def _one_wide_object(size: int) -> bytes:
    return b'{"batch":[{' + b",".join(b'"%x":0' % n for n in range(size // 11)) + b"}]}"


_LISTS = b"[" * 250 + b"]" * 250
BODIES: dict[str, tuple[str, Callable[[], bytes]]] = {
    "nothing": ("/v1/batch", lambda: b'{"batch":[]}'),
    "the largest batch: 25,000 events, 10 MB": ("/v1/batch", lambda: _events(25_000, _BATCH)),
    "the largest import: 100,000 events, 20 MB": ("/v1/import", lambda: _events(100_000, _IMPORT)),
    "an import of 100,000 that are no events": ("/v1/import", lambda: _filled(b"0", _IMPORT, 100_000)),
    "the largest import, each with a context of 250 bytes": (
        "/v1/import",
        lambda: b'{"context":{"x":"%s"},%s' % (b"y" * 240, _events(100_000, _IMPORT - 1000)[1:]),
    ),
    "an import of lists in lists, as many as may be": (
        "/v1/import",
        lambda: _filled(_LISTS, _IMPORT, MAX_CONTAINERS // 250 - 1),
    ),
    "an import of objects in objects, read leniently": (
        "/v1/import",
        lambda: _filled(b'{"":' * 250 + b"NaN" + b"}" * 250, _IMPORT, MAX_CONTAINERS // 250 - 1),
    ),
    "an import of short texts": ("/v1/import", lambda: _filled(b'"ab"', _IMPORT, 10**9)),
    "an import of short texts, read leniently": (
        "/v1/import",
        lambda: _filled('"ab",NaN,"💥"'.encode(), _IMPORT, 10**9),
    ),
    "an import of one object with 2,000,000 names": ("/v1/import", lambda: _one_wide_object(_IMPORT)),
    "a bomb of 1 GB": ("/v1/import", lambda: b" " * 2**30),
    "a bomb in 100 members": ("/v1/import", lambda: b""),
}


def main(name: str) -> None:
    path, make_body = BODIES[name]
    packed = gzip.compress(b" " * 10_400_000) * 100 if "members" in name else _packed(make_body())
    with pytest.MonkeyPatch.context() as patch:
        collector = Collector(Path(tempfile.mkdtemp()), patch)
        event = Fuzzer(1, collector.write_key, collector.basic).event(path, packed)
        collector.respond(event | {"body": ""})
        forget_peak()
        began = time.monotonic()
        status, body = collector.respond(event)
        seconds = time.monotonic() - began
    found = {"status": status, "accepted": body.get("accepted"), "code": body.get("code")}
    print(json.dumps({**found, "seconds": round(seconds, 1), "peak_mb": peak_mb()}))


def _packed(body: bytes) -> bytes:
    return gzip.compress(body, 1 if len(body) < 2**28 else 6)


def forget_peak() -> None:
    """Reset the peak memory that Linux keeps for this process."""
    Path("/proc/self/clear_refs").write_text("5")


def peak_mb() -> int:
    """The peak of this process's resident memory since the last reset, in MB."""
    status = Path("/proc/self/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) // 1024


if __name__ == "__main__":
    main(sys.argv[1])
