"""A proxy that loses requests: some fail before they reach the collector, and some after.

For each message id it counts how often the client sent it and how often the collector answered 200. So for a missing
event, the test can report whether it was never sent, never stored, or lost behind the collector.
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
    """The proxy between one client and the collector. The same seed gives the n-th request the same fault."""

    seed: int = 0
    requests: int = 0
    resends: int = 0
    """The number of requests with an event that had been sent before."""
    faults: Counter[str] = field(default_factory=Counter)
    answers: Counter[int] = field(default_factory=Counter)
    """Status of the collector's own response -> how many."""
    came: Counter[str] = field(default_factory=Counter)
    """Message id -> how often the client sent it."""
    stored: Counter[str] = field(default_factory=Counter)
    """Message id -> how often the collector answered 200 to it, even if the client never saw that response."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._random = random.Random(self.seed)

    def begin(self, exchange: Exchange) -> Fault:
        """Choose a fault. The exchange is counted and not kept, because a million events take half a gigabyte."""
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
