"""Make hostile requests, send them, and check that the collector keeps its promise for each."""

from collections.abc import Iterator
from random import Random

from hostile import sdk
from hostile.collector import Collector
from hostile.fuzzer import Fuzzer, Sent

SHARES = {"anything": 4, "batch": 3, "field": 1, "between": 1, "bytes": 1}
"""Kinds of requests, and how many of ten are of each."""


def requests(seed: int, count: int, collector: Collector) -> Iterator[Sent]:
    """`count` requests; the same seed makes the same ones, except for the write key."""
    random = Random(seed)
    fuzzer = Fuzzer(seed, collector.write_key, collector.basic)
    batches, bodies = sdk.real_batches(collector.write_key), sdk.real_bodies(collector.write_key)
    for _ in range(count):
        match random.choices(list(SHARES), list(SHARES.values()))[0]:
            case "anything":
                yield fuzzer.anything()
            case "batch":
                yield fuzzer.batch()
            case "field":
                yield sdk.with_a_field_changed(fuzzer, random, random.choice(batches))
            case "between":
                yield sdk.with_bad_events_between(fuzzer, random, random.choice(batches))
            case _:
                yield sdk.with_bytes_changed(fuzzer, random, random.choice(bodies))


def check(collector: Collector, sent: Sent) -> None:
    """Check that every good event of a readable batch is stored once, and every other one stored or quarantined."""
    outcome = collector.send(sent.event)
    if not sent.readable:
        return
    assert outcome.status == 200, outcome.body
    stored = [event["message_id"] for event in outcome.events]
    assert [stored.count(marker) for marker in sent.good] == [1] * len(sent.good)
    assert len(outcome.events) + len(outcome.rejected) == len(sent.good) + sent.others
