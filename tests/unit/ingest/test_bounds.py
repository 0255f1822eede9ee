"""Limits on the cost of one request: small texts that used to need the function's whole memory, or its whole time."""

import gzip
import json
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest

from conftest import NOW
from daybreak.errors import RequestRefused
from daybreak.ingest.body import MAX_CONTAINERS, read_json
from daybreak.ingest.privacy import Privacy
from daybreak.ingest.request import Intake, Request, Source, receive
from daybreak.ingest.responses import accepted
from daybreak.ingest.rules import NO_RULES, Rules
from daybreak.ingest.tracking_plan import MOST_BREACHES, parse_plan

GOOD = {"type": "track", "userId": "u", "event": "E"}
MEGABYTE = 1024 * 1024


def received(body: bytes, rules: Rules = NO_RULES) -> Intake:
    request = Request("POST", "/v1/import", {"authorization": "Basic azo="}, {}, gzip.compress(body, 1))
    return receive(request, lambda _: Source("web", "server"), rules, NOW)


def peak(work: Callable[[], Any]) -> int:
    """The peak of Python's memory, in bytes."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("unit", [b"[" * 500 + b"]" * 500, b'{"":' * 300 + b"0" + b"}" * 300, b"{}", b"[]"])
def test_brackets_without_end_cost_no_more_than_their_text(unit: bytes) -> None:
    """20 MB of lists in lists used to need a gigabyte, before any write key was checked."""
    body = b'{"batch":[' + b",".join([unit] * (20_000_000 // (len(unit) + 1))) + b"]}"
    refused: list[RequestRefused] = []

    def send() -> None:
        with pytest.raises(RequestRefused) as raised:
            received(body)
        refused.append(raised.value)

    assert peak(send) < 100 * MEGABYTE
    assert (refused[0].status, refused[0].code) == (413, "too_large")


def test_a_body_may_hold_as_many_lists_and_objects_as_it_says() -> None:
    some = MAX_CONTAINERS - 1
    assert len(read_json(b"[" + b",".join([b"[]"] * some) + b"]")) == some


@pytest.mark.parametrize(
    "context", [{f"k{n}": n for n in range(200_000)}, {"x": "\ud800" + "y" * 2_000_000}], ids=["wide", "unwritable"]
)
def test_a_batchs_context_is_not_written_for_each_event_to_find_it_too_large(context: dict[str, Any]) -> None:
    """A body of 10 MB used to take minutes: each event was written with the context, refused, and written again."""
    body = json.dumps({"context": context, "batch": [GOOD] * 25_000}).encode()
    began = time.process_time()
    with pytest.raises(RequestRefused, match="context"):
        received(body)
    assert time.process_time() - began < 10


def test_a_context_that_is_too_deep_to_write_costs_a_413() -> None:
    body = b'{"context": {"a": ' + b"[" * 1010 + b"]" * 1010 + b'}, "batch": [' + b"{}," * 24_000 + b"{}]}"
    with pytest.raises(RequestRefused, match="context"):
        received(body)


def test_a_value_too_deep_to_hash_is_dropped_and_the_other_events_are_accepted() -> None:
    """The function used to fail, and the client sent the whole batch again and again."""
    rules = Rules(clean=Privacy(hash=["traits.email"]).cleaner("salt"))
    deep = b'{"type":"identify","userId":"u","traits":{"email":' + b"[" * 1005 + b"]" * 1005 + b"}}"
    intake = received(b'{"batch": [' + json.dumps(GOOD).encode() + b"," + deep + b"]}", rules)
    assert [json.loads(event.line)["type"] for event in intake.events] == ["track", "identify"]


def test_an_event_of_a_thousand_unplanned_properties_gets_a_few_warnings() -> None:
    """A body of 10 MB used to give a million breaches, each with its text: 700 MB."""
    event = {**GOOD, "properties": {f"p{n}": 1 for n in range(1000)}}
    plan = parse_plan("[events.E]\nproperties.needed = {required = true}\n")
    intake = received(json.dumps({"batch": [event, event]}).encode(), Rules(plan=plan))
    assert [len(event.breaches) for event in intake.events] == [MOST_BREACHES] * 2
    assert [warning.code for warning in accepted(intake).warnings or []] == ["unplanned_property"] * MOST_BREACHES * 2
