"""Events of a made-up product as an SDK sends them: about 370 bytes of JSON each, with ids and times of their own."""

import random
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

NAMES = ("Signed Up", "Connection Added", "Workflow Created", "Workflow Run", "Report Shared", "Colleague Invited")
WEIGHTS = (2, 3, 5, 60, 20, 10)


def events(count: int, seed: int, people: int = 20_000, day: datetime | None = None) -> Iterator[dict[str, Any]]:
    """`count` track events of one day, by people of whom few are very active, in order of time."""
    randomness = random.Random(seed)
    start = day or datetime(2026, 11, 20, tzinfo=UTC)
    step = timedelta(days=1) / count
    for number in range(count):
        name = randomness.choices(NAMES, WEIGHTS)[0]
        person = int(people * randomness.random() ** 2)
        at = start + number * step
        yield {
            "type": "track",
            "messageId": str(uuid.UUID(int=randomness.getrandbits(128), version=4)),
            "userId": f"user-{person:07}",
            "anonymousId": None,
            "event": name,
            "timestamp": at.isoformat(timespec="milliseconds"),
            "properties": {
                "workflow": f"w{randomness.randrange(5000)}",
                "steps": randomness.randrange(1, 12),
                "plan": randomness.choice(["trial", "team", "business"]),
            },
            "context": {"library": {"name": "analytics-python", "version": "2.4.0"}},
            "integrations": {},
        }
