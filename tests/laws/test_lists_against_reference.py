"""Lists by SQL hold the same people as the plain-Python count, on journeys that Hypothesis makes.

Times are as in the other second counts: on local midnights, on the instants that bounds reach to, and a microsecond beside
them, around days on which the clocks change. Each list is written twice: in TOML, and as a call of the reference.
"""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import reference
from daybreak.lists.job import Lists
from laws.test_against_reference import BIG, BIG_TOML, events_of, link, links_of, track
from reference import Clock, Event
from reference.lists import changes, on_list
from support.journeys import CLOCK_CHANGES, LIMITS, Deployment, project, tries
from support.listing import MEASURED, Listing

DAYS, HOURS, MICROSECOND = timedelta(days=1), timedelta(hours=1), timedelta(microseconds=1)
S, A, V, ANY = ("S",), ("A",), ("V",), ()

Expected = Callable[[list[Event], Clock], set[str]]
LISTS: dict[str, tuple[str, Expected]] = {
    "ago": ('who = { did = "S", between = ["24h", "3d"] }',
            lambda e, c: on_list(e, c, who=S, between=(DAYS, 3 * DAYS))),
    "ago_since": ('who = { did = ["S", "A"], between = ["1s", "36h"] }\nnot = { did = "V", since = "start" }',
                  lambda e, c: on_list(e, c, who=S + A, between=(timedelta(seconds=1), 36 * HOURS), not_=V)),
    "ago_silent": ('who = { did = "S", between = ["1h", "2d"] }\nnot = { did = "any", since = "start" }',
                   lambda e, c: on_list(e, c, who=S, between=(HOURS, 2 * DAYS), not_=ANY)),
    "ago_once": ('who = { did = "A", between = ["1s", "4d"] }\nnot = { did = ["A", "S"], since = "start" }',
                 lambda e, c: on_list(e, c, who=A, between=(timedelta(seconds=1), 4 * DAYS), not_=A + S)),
    "ago_big": (f'who = {{ did = "S", between = ["1s", "3d"] }}\nnot = {{ did = {BIG_TOML}, since = "start" }}',
                lambda e, c: on_list(e, c, who=S, between=(timedelta(seconds=1), 3 * DAYS), not_=BIG)),
    "ago_days": ('who = { did = "S", between = ["24h", "5d"] }\nnot = { did = "V", in = "2d" }',
                 lambda e, c: on_list(e, c, who=S, between=(DAYS, 5 * DAYS), not_=V, not_days=2)),
    "lately": ('who = { did = "V", in = "2d" }', lambda e, c: on_list(e, c, who=V, days=2)),
    "lately_since": ('who = { did = "S", in = "3d" }\nnot = { did = "V", since = "start" }',
                     lambda e, c: on_list(e, c, who=S, days=3, not_=V)),
    "lately_not": ('who = { did = ["S", "A"], in = "4d" }\nnot = { did = "V", in = "1d" }',
                   lambda e, c: on_list(e, c, who=S + A, days=4, not_=V, not_days=1)),
    "quiet": ('who = { was_active = 2, in = "6d" }\nnot = { did = "any", in = "1d" }',
              lambda e, c: on_list(e, c, who=ANY, days=6, on_days=2, not_=ANY, not_days=1)),
}  # fmt: skip
DEFINITIONS = "".join(f"[list.{name}]\n{fields}\n" for name, (fields, _) in LISTS.items()) + MEASURED

Journey = tuple[str, list[datetime], list[dict[str, Any]]]
"""The time zone, three instants in order as of which the lists are made, and the calls of some people."""


@st.composite
def journeys(draw: st.DrawFn) -> Journey:
    timezone = draw(st.sampled_from(sorted(CLOCK_CHANGES)))
    special = draw(st.sampled_from(CLOCK_CHANGES[timezone]))

    def instant(first: int, last: int) -> datetime:
        day = special + draw(st.integers(first, last)) * DAYS
        midnight = datetime.combine(day, time(), tzinfo=ZoneInfo(timezone)).astimezone(UTC)
        return midnight + draw(st.sampled_from([0, 0, 0.5, 1, 2, 12, 23])) * HOURS

    untils = sorted({instant(-1, 5) for _ in range(3)})
    bounds = [until - MICROSECOND - ago for until in untils for ago in (DAYS, 2 * DAYS, 3 * DAYS, 36 * HOURS, HOURS)]
    calls: list[dict[str, Any]] = []
    for number in range(draw(st.integers(1, 25))):
        call = link(draw) if draw(st.integers(0, 6)) == 0 else track(draw)
        at = draw(st.sampled_from(bounds)) if draw(st.booleans()) else instant(-4, 5)
        at += draw(st.sampled_from([-1, 0, 0, 0, 1])) * MICROSECOND
        if calls and draw(st.integers(0, 2)) == 0:
            at = datetime.fromisoformat(draw(st.sampled_from(calls))["timestamp"])
        calls.append({**call, "timestamp": at.isoformat(), "messageId": f"m{number}"})
    return timezone, untils, calls


@settings(
    max_examples=tries(60),
    suppress_health_check=[HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(journeys())
def test_lists_hold_the_people_of_the_plain_count(tmp_path_factory: pytest.TempPathFactory, journey: Journey) -> None:
    """As of three instants, one after the other; every link is known by the last of them."""
    timezone, untils, calls = journey
    deployment = Deployment(tmp_path_factory.mktemp("lake"), project(DEFINITIONS, timezone))
    received = datetime(2025, 2, 1, tzinfo=UTC)
    deployment.arrived.add(received, calls)
    deployment.export((received + 2 * HOURS).isoformat())
    job, found = Lists(deployment.store, deployment.project, LIMITS), Listing(deployment)
    before: dict[str, set[str]] = {name: set() for name in LISTS}
    for until in untils:
        clock = Clock(timezone, "monday", until)
        day_ends = clock.first_instant(clock.days_after(clock.day(until - MICROSECOND), 1))
        people = reference.people(links_of(calls), day_ends)
        events = events_of(calls, day_ends)
        made = {row.list: row for row in job.of_all(until, until)}
        for name, (_, expected) in LISTS.items():
            now = expected(events, clock)
            entered, left = changes({people.person(who) for who in before[name]}, now)
            assert set(found.ids(name)) == now, (name, until)
            assert set(found.ids(name, "entered")) == entered, (name, until)
            assert set(found.ids(name, "left")) == left, (name, until)
            assert (made[name].people, made[name].entered, made[name].left) == (len(now), len(entered), len(left))
            users = {who for call in calls if (who := call.get("userId"))}
            assert {row["user_id"] for row in found.ndjson(name)} - {None} <= users
            before[name] = now
