"""No accepted event may ever break a job: arbitrary requests go through the whole path, and every event is counted."""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from daybreak.export.job import Export
from daybreak.families.registry import FAMILIES
from daybreak.ingest.frames import StoredItem, pack
from daybreak.ingest.request import Request, Source, receive
from daybreak.ingest.rules import NO_RULES
from daybreak.metrics.job import Metrics
from support.journeys import LIMITS, Deployment, project, tries

ASKED = project("""
[segments.odd]
property = "we\\"ird/pro'perty\\n$.[*]"
[segments.role]
trait = "role"
[activation.a]
description = "d"
start = "any"
milestone = { event = ["S", "'; drop table arrived; --"], where = [{ property = "n", op = ">", value = 1 }] }
window = "1d"
segments = ["odd", "role"]
[retention.r]
description = "d"
start = "any"
return = { event = "any", where = [{ property = "we\\"ird/pro'perty\\n$.[*]", op = "exists" }] }
period = "day"
periods = 2
segments = ["role"]
[completion.c]
description = "d"
steps = ["any", "S"]
window = "2d"
[adoption.f]
description = "d"
feature = "S"
window = "2d"
segments = ["role"]
[time_to_value.t]
description = "d"
start = "S"
value = "any"
window = "2d"
[completion.accounts]
description = "d"
actor = "account"
steps = ["any", "S", "any"]
order = "strict"
entry = "any"
exclusions = [{ event = "any", where = [{ property = "n", op = "=", value = "💥" }] }]
window = "2d"
segments = ["odd", "role"]
[retention.hours]
description = "d"
start = "any"
return = "any"
period = "hour"
periods = 2
cohorts = "recurring"
segments = ["odd"]
[churn.c]
description = "d"
period = "day"
cancel = "S"
[breadth.b]
description = "d"
features = ["S", "any"]
window = "2d"
[active_people.p]
description = "d"
actor = "account"
[active_days.d]
description = "d"
window = "2d"
[lifecycle.l]
description = "d"
period = "day"
[conversion.c]
description = "d"
start = "any"
upgrade = "S"
window = "1d"
[survey.s]
description = "d"
answer = "any"
score = "n"
scale = "nps"
period = "day"
[support_load.s]
description = "d"
ticket = "S"
start = "any"
onboarding = "1d"
period = "day"
[campaign.c]
description = "d"
exposure = "any"
action = "S"
window = "1d"
[experiment.e]
description = "d"
exposure = "any"
variant = "we\\"ird/pro'perty\\n$.[*]"
variants = ["=1+1", "'; drop table arrived; --"]
goal = "completion.c"
planned = 1
""")

TEXT = st.one_of(
    st.text(max_size=20),
    st.sampled_from(["S", "\u0000", "a\u0000b", "\"'", "../../x", "=1+1", "\n\r\u2028", "\\", "💥", "é" * 300, "null", "",
                     "'; drop table arrived; --", "\ud800"]),
)  # fmt: skip
KEYS = st.one_of(TEXT, st.sampled_from(["n", "role", "we\"ird/pro'perty\n$.[*]", "$", "a.b", "a[0]", "*"]))
NUMBERS = st.one_of(
    st.integers(), st.integers(min_value=-(10**40), max_value=10**40), st.floats(),
    st.sampled_from([2**63, 2**64, -(2**63) - 1, 1e308, 5e-324, -0.0]),
)  # fmt: skip
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, TEXT),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3)),
    max_leaves=6,
)
TIMES = st.one_of(
    st.datetimes(datetime.min, datetime.max).map(lambda t: t.isoformat() + "Z"),
    st.sampled_from(["1970-01-01T00:00:00Z", "2026-11-20", "2026-11-20T10:00:00.1234567+14:00", "9999-12-31T23:59:59.999999Z",
                     "2026-11-20T24:00:00Z", "20261120T101112Z", "soon", ""]),
    st.none(),
)  # fmt: skip
EVENTS = st.fixed_dictionaries(
    {"type": st.sampled_from(["track", "identify", "page", "screen", "group", "alias", "track", "track"])},
    optional={
        "event": st.one_of(TEXT, VALUES), "name": TEXT, "userId": st.one_of(TEXT, VALUES), "anonymousId": TEXT,
        "previousId": TEXT, "groupId": TEXT, "messageId": TEXT, "timestamp": TIMES,
        "properties": st.one_of(st.dictionaries(KEYS, VALUES, max_size=4), VALUES),
        "traits": st.dictionaries(KEYS, VALUES, max_size=4),
        "context": st.dictionaries(st.one_of(KEYS, st.just("groupId")), VALUES, max_size=2),
    },
)  # fmt: skip
RECEIVED = datetime(2026, 11, 20, 9, tzinfo=UTC)


class _Requests:
    """Arrivals: these bodies as the ingest code judges and packs them."""

    def __init__(self, bodies: list[Any]) -> None:
        key = {"authorization": "Basic azo="}
        requests = [Request("POST", "/v1/batch", key, {}, json.dumps({"batch": body}).encode()) for body in bodies]
        taken = [receive(request, lambda _: Source("web", "browser"), NO_RULES, RECEIVED) for request in requests]
        self.events = [event for intake in taken for event in intake.events]
        self.rejected = [event for intake in taken for event in intake.rejected]

    def hour(self, hour: datetime) -> list[list[StoredItem]]:
        if hour != RECEIVED:
            return []
        frames, rejects = pack([e.line for e in self.events]), pack([e.line for e in self.rejected])
        return [
            [StoredItem("web", frame.data, frame.count) for frame in frames],
            [StoredItem("web", rejects=frame.data, rejected=frame.count) for frame in rejects],
        ]

    def first_hour(self, before: datetime) -> datetime | None:
        return RECEIVED

    def expire(self, items: Sequence[str], at: datetime) -> None:
        raise AssertionError("these arrivals have their expiry")


# an example takes seconds: a failing one is shown as it was found, because shrinking it would take minutes
@settings(
    max_examples=tries(12),
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(bodies=st.lists(st.lists(st.one_of(EVENTS, VALUES), max_size=8), min_size=1, max_size=3))
def test_what_is_accepted_goes_through_every_job(tmp_path_factory: pytest.TempPathFactory, bodies: list[Any]) -> None:
    requests = _Requests(bodies)
    assert len(requests.events) + len(requests.rejected) == sum(len(body) for body in bodies)
    deployment = Deployment(tmp_path_factory.mktemp("lake"), ASKED)
    (manifest,) = Export(deployment.store, requests, ASKED, LIMITS).hourly(RECEIVED + timedelta(hours=3))
    ids = {event.message_id for event in requests.events}
    assert sorted(deployment.events()) == sorted(ids)
    assert manifest.events + manifest.duplicates == len(requests.events)
    assert manifest.rejected == len(requests.rejected)
    assert manifest.unreconciled == 0
    Export(deployment.store, requests, ASKED, LIMITS).hourly(datetime(2026, 11, 24, 1, tzinfo=UTC))
    for family in FAMILIES:
        assert Metrics(deployment.store, ASKED, LIMITS).run(family, date(2026, 11, 22))
    rejected = (deployment.store.root / "rejected/*/*.parquet").as_posix()
    counts = f"select count(*), count(code), count(message), count(body) from read_parquet('{rejected}')"
    assert duckdb.execute(counts).fetchall() == [(len(requests.rejected),) * 4]
