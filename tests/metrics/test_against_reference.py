"""Every family's SQL beside the plain-Python reference, on journeys that Hypothesis makes.

Times fall on and one microsecond beside the edges that matter: local midnights, hours apart, the days the clocks change.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import reference
from daybreak.metrics.families import FAMILIES
from journeys import computed, project
from reference import Clock, Did

DEFINITIONS = """
[activation.once]
description = "d"
start = "S"
milestone = "V"
window = "24h"

[activation.twice]
description = "d"
start = ["S", "A"]
milestone = "S"
window = "2d"
at_least = 2

[retention.days]
description = "d"
start = "S"
return = "any"
period = "day"
periods = 3

[retention.weeks]
description = "d"
start = "any"
return = "V"
period = "week"
periods = 2
at_least = 2

[retention.months_stay]
description = "d"
start = "S"
return = ["S", "V"]
period = "month"
periods = 2
mode = "on_or_after"

[retention.days_stay]
description = "d"
start = "S"
return = "V"
period = "day"
periods = 4
mode = "on_or_after"

[adoption.often]
description = "d"
feature = "V"
window = "3d"
at_least = 2

[adoption.narrow]
description = "d"
feature = "V"
active = "A"
window = "1d"

[completion.steps]
description = "d"
steps = ["S", "A", "V"]
window = "24h"

[completion.repeats]
description = "d"
steps = ["S", "S", "V", "S"]
window = "3d"

[time_to_value.days]
description = "d"
start = "S"
value = "V"
window = "4d"

[time_to_value.months]
description = "d"
start = ["S", "A"]
value = ["V", "A"]
window = "36h"
period = "month"
"""
S, A, V, ANY = ("S",), ("A",), ("V",), ()
HOURS = timedelta(hours=1)
DAYS = timedelta(days=1)

CLOCK_CHANGES = {"UTC": [date(2024, 2, 29)], "Europe/Berlin": [date(2024, 3, 31), date(2024, 10, 27)],
                 "America/Los_Angeles": [date(2024, 3, 10), date(2024, 11, 3)],
                 "America/Santiago": [date(2024, 9, 8)], "Asia/Kolkata": [date(2024, 12, 31)]}  # fmt: skip


@st.composite
def journeys(draw: st.DrawFn) -> tuple[Clock, date, list[Did]]:
    """The project's clock, its last day, and who did what around a day that is special in its timezone."""
    timezone = draw(st.sampled_from(sorted(CLOCK_CHANGES)))
    special = draw(st.sampled_from(CLOCK_CHANGES[timezone]))
    events = []
    for number in range(draw(st.integers(1, 16))):
        day = special + draw(st.integers(-3, 4)) * DAYS
        midnight = datetime.combine(day, time(), tzinfo=ZoneInfo(timezone)).astimezone(UTC)
        offset = draw(st.sampled_from([0, 1, 2, 9, 23, 24])) * HOURS
        beside = draw(st.sampled_from([-1, 0, 0, 0, 1])) * timedelta(microseconds=1)
        events.append(
            Did(draw(st.sampled_from("pqr")), draw(st.sampled_from("SAV")), midnight + offset + beside, f"m{number}")
        )
    last = special + draw(st.integers(-1, 6)) * DAYS
    until = datetime.combine(last + DAYS, time(), tzinfo=ZoneInfo(timezone)).astimezone(UTC)
    return Clock(timezone, draw(st.sampled_from(["monday", "sunday"])), until), last, events


# an example takes a second, so a failing one is shown as it was found instead of being made small for minutes
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(journeys())
def test_the_sql_and_the_reference_agree(
    tmp_path_factory: pytest.TempPathFactory, journey: tuple[Clock, date, list[Did]]
) -> None:
    clock, last, events = journey
    sent = [
        {"type": "track", "userId": d.person, "event": d.event, "timestamp": d.at.isoformat(), "messageId": d.key}
        for d in events
    ]
    asked = project(DEFINITIONS, clock.timezone, clock.week_start)
    deployment = computed(tmp_path_factory.mktemp("lake"), asked, sent, "2025-01-31", as_of=last)
    expected = {
        ("activation", "once"): reference.activation(events, clock, S, V, DAYS, 1),
        ("activation", "twice"): reference.activation(events, clock, S + A, S, 2 * DAYS, 2),
        ("retention", "days"): reference.retention(events, clock, S, ANY, "day", 3, "on", 1),
        ("retention", "weeks"): reference.retention(events, clock, ANY, V, "week", 2, "on", 2),
        ("retention", "months_stay"): reference.retention(events, clock, S, S + V, "month", 2, "on_or_after", 1),
        ("retention", "days_stay"): reference.retention(events, clock, S, V, "day", 4, "on_or_after", 1),
        ("adoption", "often"): reference.adoption(events, clock, V, ANY, 3, 2),
        ("adoption", "narrow"): reference.adoption(events, clock, V, A, 1, 1),
        ("completion", "steps"): reference.completion(events, clock, [S, A, V], DAYS),
        ("completion", "repeats"): reference.completion(events, clock, [S, S, V, S], 3 * DAYS),
        ("time_to_value", "days"): reference.time_to_value(events, clock, S, V, 4 * DAYS, "day"),
        ("time_to_value", "months"): reference.time_to_value(events, clock, S + A, V + A, 36 * HOURS, "month"),
    }
    for (family, definition), rows in expected.items():
        found = deployment.table(family, definition)
        assert [_comparable(family, row) for row in found] == [_comparable(family, row) for row in rows], definition


def _comparable(family: str, row: dict[str, Any]) -> dict[str, Any]:
    """The numbers of a row; seconds to the microsecond, because the two add up halves differently."""
    beside = {"definition", "version", "segment", "segment_value", "event"}
    names = [name for name in FAMILIES[family].row.model_fields if name not in beside]
    return {name: round(row[name], 6) if isinstance(row[name], float) else row[name] for name in names}
