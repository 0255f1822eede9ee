"""Events of an invented product as an SDK sends them: about 330 bytes of JSON each, with their own ids and times."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from daybreak.ingest.event import Arrival, canonical, iso

NAMES = ("Signed Up", "Connection Added", "Workflow Created", "Workflow Run", "Report Shared", "Colleague Invited")
WEIGHTS = (2, 3, 5, 60, 20, 10)
PLANS = ("trial", "team", "business")
DAY = datetime(2026, 11, 20, tzinfo=UTC)
_CHUNK = 10_000

Draw = tuple[datetime, str, int, int, int, int, str]


def _draws(count: int, seed: int, people: int, day: datetime) -> Iterator[Draw]:
    """Time, name, person, message id, workflow, steps and plan of each event; few people are very active."""
    randomness = random.Random(seed)
    step = timedelta(days=1) / count
    for first in range(0, count, _CHUNK):
        size = min(_CHUNK, count - first)
        names = randomness.choices(NAMES, WEIGHTS, k=size)
        plans = randomness.choices(PLANS, k=size)
        for place in range(size):
            chance = randomness.random()
            at = day + (first + place) * step
            at = at.replace(microsecond=at.microsecond // 1000 * 1000)
            bits = randomness.getrandbits(128)
            yield at, names[place], int(people * chance * chance), bits, bits % 5000, bits % 11 + 1, plans[place]


def events(count: int, seed: int, people: int = 20_000, day: datetime = DAY) -> Iterator[dict[str, Any]]:
    """`count` track events of one day, in order of time, as segment-analytics-python sends them."""
    for at, name, person, bits, workflow, steps, plan in _draws(count, seed, people, day):
        yield {
            "type": "track",
            "messageId": _id(bits),
            "userId": f"user-{person:07}",
            "anonymousId": None,
            "event": name,
            "timestamp": at.isoformat(timespec="milliseconds"),
            "properties": {"workflow": f"w{workflow}", "steps": steps, "plan": plan},
            "context": {"library": {"name": "analytics-python", "version": "2.4.0"}},
            "integrations": {},
        }


def lines(count: int, seed: int, people: int, day: datetime, received_at: datetime) -> Iterator[bytes]:
    """The same events as the collector's canonical lines. Written directly: ten million take one minute, not five."""
    received = iso(received_at)
    for at, name, person, bits, workflow, steps, plan in _draws(count, seed, people, day):
        yield (
            f'{{"message_id":"{_id(bits)}","type":"track","event":"{name}","user_id":"user-{person:07}",'
            f'"timestamp":"{iso(at)}","clock":"client","received_at":"{received}","source":"bench",'
            f'"properties":{{"workflow":"w{workflow}","steps":{steps},"plan":"{plan}"}},'
            '"context":{"library":{"name":"analytics-python","version":"2.4.0"}}}'
        ).encode()


def lines_are_canonical() -> bool:
    """True if `lines` writes the same lines as the collector."""
    arrival = Arrival(received_at=DAY, source="bench")
    written = [canonical(raw, arrival, 0).line for raw in events(200, 3)]
    return written == list(lines(200, 3, 20_000, DAY, DAY))


def _id(bits: int) -> str:
    text = f"{bits:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
