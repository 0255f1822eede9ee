"""Requests by Hypothesis: values of any shape and any text. It shrinks a request that breaks a promise."""

import json
from typing import Any

from hypothesis import strategies as st

from hostile.fuzzer import NAMES

TEXT = st.one_of(
    st.sampled_from(NAMES),
    st.text(max_size=40),
    st.text(st.characters(categories=["Cs", "Cc", "Cf", "Co"]), max_size=8),
)
NUMBERS = st.one_of(st.integers(), st.integers(-(10**40), 10**40), st.floats())
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, TEXT),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXT, inner, max_size=4)),
    max_leaves=12,
)
_TIMES = st.one_of(st.datetimes().map(lambda t: t.isoformat()), st.dates().map(str), TEXT)
EVENTS = st.one_of(
    VALUES,
    st.fixed_dictionaries(
        {"type": st.sampled_from(["track", "identify", "page", "screen", "group", "alias"])},
        optional={
            "userId": st.one_of(TEXT, VALUES),
            "anonymousId": TEXT,
            "previousId": TEXT,
            "groupId": TEXT,
            "event": st.one_of(TEXT, VALUES),
            "name": TEXT,
            "messageId": st.one_of(TEXT, VALUES),
            "timestamp": st.one_of(_TIMES, VALUES),
            "sentAt": _TIMES,
            "properties": st.one_of(st.dictionaries(TEXT, VALUES, max_size=4), VALUES),
            "traits": st.dictionaries(TEXT, VALUES, max_size=4),
            "context": st.one_of(st.dictionaries(TEXT, VALUES, max_size=4), VALUES),
        },
    ),
)
HEADERS = st.dictionaries(
    st.one_of(TEXT, st.sampled_from(["authorization", "origin", "access-control-request-headers", "host"])),
    TEXT,
    max_size=30,
)
REQUESTS = st.fixed_dictionaries(
    {
        "requestContext": st.fixed_dictionaries({"http": st.fixed_dictionaries({"method": st.one_of(st.sampled_from(["POST", "GET", "OPTIONS"]), TEXT)})}),
        "rawPath": st.one_of(st.sampled_from(["/v1/batch", "/v1/t", "/v1/import", "/v1/hook/hook", "/v1/health"]), TEXT.map(lambda text: f"/v1/{text}"), TEXT),
        "headers": HEADERS,
        "body": st.one_of(TEXT, VALUES.map(json.dumps), st.binary(max_size=200).map(lambda body: body.decode("latin-1"))),
        "isBase64Encoded": st.booleans(),
    },
    optional={"queryStringParameters": st.one_of(st.none(), st.dictionaries(TEXT, TEXT, max_size=3))},
)  # fmt: skip


def batch_body(shared: Any, events: list[Any]) -> bytes:
    """A batch of these events; `shared` gives it other fields, except those that change its events."""
    around = shared if isinstance(shared, dict) else {"sentAt": shared}
    kept = {name: value for name, value in around.items() if name not in ("context", "integrations", "writeKey")}
    return json.dumps({**kept, "batch": events}).encode()
