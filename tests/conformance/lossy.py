"""A proxy on a bad day: of the requests that pass, some fail before the collector has them and some after.

It notes by message id how often an event came and how often the collector said it was stored, so that whoever misses
one later can tell whether it was ever sent, ever stored, or lost behind the collector.
"""

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import orjson

from conformance.proxy import DROP, PASS, STORE_THEN_500, STORE_THEN_DROP, TWICE, Exchange, Fault, Proxy

FAULTY = 0.09
"""The share of requests that meet a fault."""
FAULTS: Mapping[str, Fault] = {
    "500, not stored": Fault(status=500),
    "503, not stored": Fault(status=503, code="not_stored", retry_after=1),
    "429, not stored": Fault(status=429, code="throttled", retry_after=1),
    "dropped, not stored": DROP,
    "stored, then dropped": STORE_THEN_DROP,
    "stored, then 500": STORE_THEN_500,
    "sent on twice": TWICE,
}


@dataclass
class LossyProxy(Proxy):
    """One client's way to the collector. The same seed gives the same faults to its requests, by their order."""

    seed: int = 0
    requests: int = 0
    resends: int = 0
    """Requests with an event that had come before."""
    faults: Counter[str] = field(default_factory=Counter)
    answers: Counter[int] = field(default_factory=Counter)
    """The collector's own, by status."""
    came: Counter[str] = field(default_factory=Counter)
    """Message id -> how often the client sent it."""
    stored: Counter[str] = field(default_factory=Counter)
    """Message id -> how often the collector answered 200 to it, whatever the client then got to hear."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._random = random.Random(self.seed)

    def begin(self, exchange: Exchange) -> Fault:
        """As of Proxy, but the exchange is counted and not kept: a million events are half a gigabyte."""
        ids = _ids(exchange.body)
        with self._lock:
            self.requests += 1
            self.resends += any(name in self.came for name in ids)
            self.came.update(ids)
            chance, name = self._random.random(), self._random.choice(list(FAULTS))
            if chance >= FAULTY:
                return PASS
            self.faults[name] += 1
            return FAULTS[name]

    def answered(self, body: bytes, status: int) -> None:
        with self._lock:
            self.answers[status] += 1
            if status == 200:
                self.stored.update(_ids(body))


def _ids(body: bytes) -> list[str]:
    return [event["messageId"] for event in orjson.loads(body)["batch"]]
