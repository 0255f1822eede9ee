"""The quarantine, judged again: what today's rules take goes back to where the collector puts events."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date

import orjson

from daybreak.errors import EventRejected
from daybreak.ingest.event import Canonical
from daybreak.ingest.frames import unpack
from daybreak.ingest.request import Intake, judge_again
from daybreak.ingest.rules import Rules
from daybreak.lake import keys
from daybreak.lake.store import Store

_AT_ONCE = 500


@dataclass(slots=True)
class Replayed:
    """How many quarantined events were taken now and how many are still rejected, by why they were rejected."""

    taken: Counter[str] = field(default_factory=Counter)
    still_rejected: Counter[str] = field(default_factory=Counter)


def replay_rejected(
    store: Store, days: Iterable[date], rules: Rules, put: Callable[[Intake], None], progress: Callable[[str], None]
) -> Replayed:
    """Judge the quarantined events of these arrival days again; `put` stores what is taken, as the collector does.

    Safe to repeat: an event keeps its id, so that it counts once however often it is replayed.
    """
    done = Replayed()
    for day in days:
        progress(f"{day}: {done.taken.total():,} events taken so far")
        waiting: dict[str, list[Canonical]] = {}
        for stored in store.list(keys.quarantine_prefix(day)):
            for line in unpack(store.get(stored.key) or b""):
                record = orjson.loads(line)
                try:
                    events = waiting.setdefault(record["source"], [])
                    events.append(judge_again(record, rules))
                    done.taken[record["code"]] += 1
                except EventRejected:
                    done.still_rejected[record["code"]] += 1
                    continue
                if len(events) == _AT_ONCE:
                    put(Intake(record["source"], waiting.pop(record["source"]), []))
        for source, events in waiting.items():
            put(Intake(source, events, []))
    return done
