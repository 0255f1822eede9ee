"""Judge the quarantine again: events that today's rules accept go back to where the collector puts events."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date

import orjson

from daybreak.errors import EventRejected
from daybreak.ingest.event import Canonical
from daybreak.ingest.frames import unpack
from daybreak.ingest.request import Intake
from daybreak.ingest.rules import Rules
from daybreak.lake import keys
from daybreak.lake.store import Store
from daybreak.webhooks.receive import Webhooks, judge_record

_BATCH = 500


@dataclass(slots=True)
class Replayed:
    """How many quarantined events are now accepted and how many still rejected, by the code they were rejected with."""

    accepted: Counter[str] = field(default_factory=Counter)
    still_rejected: Counter[str] = field(default_factory=Counter)


def replay_rejected(
    store: Store,
    days: Iterable[date],
    rules: Rules,
    webhooks: Webhooks,
    put: Callable[[Intake], None],
    progress: Callable[[str], None],
) -> Replayed:
    """Judge the quarantined events of these arrival days again; `put` stores accepted events as the collector does.

    The body of a webhook is read by the mapping that `webhooks` has for it now, and may become several events.
    Safe to repeat: an event keeps its id, so that it counts once however often it is replayed.
    """
    done = Replayed()
    for day in days:
        progress(f"{day}: {done.accepted.total():,} events accepted so far")
        waiting: dict[str, list[Canonical]] = {}
        for stored in store.list(keys.quarantine_prefix(day)):
            for line in unpack(store.get(stored.key) or b""):
                record = orjson.loads(line)
                try:
                    judged = judge_record(record, webhooks, rules)
                    events = waiting.setdefault(record["source"], [])
                    events += judged
                    done.accepted[record["code"]] += len(judged)
                except EventRejected:
                    done.still_rejected[record["code"]] += 1
                    continue
                if len(events) >= _BATCH:
                    put(Intake(record["source"], waiting.pop(record["source"]), []))
        for source, events in waiting.items():
            put(Intake(source, events, []))
    return done
