"""Requests of Segment's own SDK, and the same after somebody changed them on the way."""

import json
from copy import deepcopy
from datetime import UTC, datetime
from random import Random
from typing import Any

from segment.analytics.client import Client
from segment.analytics.request import DatetimeSerializer

from conftest import EVENTS, payload
from hostile.fuzzer import NAMES, Fuzzer, Sent

_AT = datetime(2026, 11, 20, 9, tzinfo=UTC)


def real_batches(write_key: str) -> list[dict[str, Any]]:
    """Bodies that segment-analytics-python makes, and two from events/."""
    client = Client(write_key, send=False)
    called = [
        client.track("u-1", "Signed Up", {"plan": "team", "seats": 3}, timestamp=_AT),
        client.identify("u-1", {"email": "one@example.com"}, timestamp=_AT),
        client.page("u-1", "Docs", "Start", {"url": "https://example.com"}, timestamp=_AT),
        client.screen("u-1", "Main", "Home", timestamp=_AT),
        client.group("u-1", "g-1", {"size": 2}, timestamp=_AT),
        client.alias("a-1", "u-1", timestamp=_AT),
    ]
    events = [json.loads(json.dumps(event, cls=DatetimeSerializer)) for _, event in called]
    made = {"batch": events, "sentAt": _AT.isoformat(), "writeKey": write_key}
    return [made, payload("batch.json"), json.loads(payload("gateway-http-api.json")["body"])]


def real_bodies(write_key: str) -> list[bytes]:
    """The same as bytes, and the bytes of the files in events/."""
    files = [path.read_bytes() for path in sorted(EVENTS.glob("*.json")) if "gateway" not in path.name]
    return [json.dumps(batch).encode() for batch in real_batches(write_key)] + files


def with_a_field_changed(fuzzer: Fuzzer, random: Random, batch: dict[str, Any]) -> Sent:
    """A real batch in which one field of one event has another value; all other events must be stored."""
    batch = deepcopy(batch)
    events = batch["batch"]
    for event in events:
        event["messageId"] = fuzzer.marker()
    changed = random.choice(events)
    good = [event["messageId"] for event in events if event is not changed]
    holder = changed
    name = random.choice(list(holder))
    while isinstance(holder[name], dict) and holder[name] and random.random() < 0.7:
        holder = holder[name]
        name = random.choice(list(holder))
    holder[random.choice((name, name, name, random.choice(NAMES)))] = "\u0000HERE"
    text = json.dumps(batch).replace('"\\u0000HERE"', fuzzer.value(3)).encode()
    return Sent(fuzzer.event("/v1/batch", text), readable=True, good=good, others=1)


def with_bad_events_between(fuzzer: Fuzzer, random: Random, batch: dict[str, Any]) -> Sent:
    """A real batch with bad events, which no SDK made, between its own."""
    texts = []
    good = []
    for event in batch["batch"]:
        good.append(fuzzer.marker())
        texts.append(json.dumps({**event, "messageId": good[-1]}))
    bad = [fuzzer.bad() for _ in range(random.randint(1, 4))]
    for text in bad:
        texts.insert(random.randint(0, len(texts)), text)
    around = json.dumps({**batch, "batch": "HERE"})
    body = around.replace('"HERE"', f"[{','.join(texts)}]").encode()
    return Sent(fuzzer.event("/v1/batch", body), readable=True, good=good, others=len(bad))


def with_bytes_changed(fuzzer: Fuzzer, random: Random, body: bytes) -> Sent:
    """A real body in which bytes are flipped, lost, doubled or inserted: its content is unknown."""
    spoilt = bytearray(body)
    for _ in range(random.randint(1, 5)):
        at, to = sorted(random.randrange(len(spoilt) + 1) for _ in range(2))
        match random.randrange(4):
            case 0 if at < len(spoilt):
                spoilt[at] = random.randrange(256)
            case 1:
                del spoilt[at : min(to, at + 30)]
            case 2:
                spoilt[at:at] = spoilt[at : min(to, at + 200)]
            case _:
                spoilt[at:at] = random.choice(
                    (b"\x00", b'"', b"\\", b"{", b"]", b"\xff", b"\xed\xa0\x80", b"NaN", b",")
                )
    path = random.choice(("/v1/batch", "/v1/track", "/v1/t", "/v1/identify", "/v1/import"))
    return Sent(fuzzer.event(path, bytes(spoilt or b"{")))
