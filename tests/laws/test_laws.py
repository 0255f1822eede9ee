"""Laws that hold whatever people do: how events arrive changes nothing, and the numbers of all tables fit together.

Each law is checked on journeys that Hypothesis makes: several people on several devices in two accounts, around a day
on which the clocks change; many events share an instant, and ids are linked in rings and between people who have signed in.
No law knows how a number is computed. So if the SQL and the reference
(test_against_reference.py) have the same fault, a law can still find it.
"""

import contextlib
import random
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import reference
from daybreak.definitions.project import Project
from daybreak.families.registry import FAMILIES
from daybreak.lake.store import FolderStore
from support.cut_store import Cut, CutStore
from support.journeys import CLOCK_CHANGES, Deployment, computed, event, project, tries
from support.results_by_day import put_by_day

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
Row = dict[str, Any]
Event = dict[str, Any]

SEGMENTS = """
[segments.role]
trait = "role"
[segments.role_now]
trait = "role"
at = "latest"
[segments.plan]
property = "plan"
[segments.size]
trait = "size"
"""


def definitions(fields: dict[str, str]) -> str:
    """The text of a daybreak.toml, from `family.name` -> fields. Definitions that count accounts are split by size."""
    text = SEGMENTS
    for name, lines in fields.items():
        by_property = ', "plan"' if family_of(name) in ENTERED else ""
        split = '["size"]' if ACCOUNT in lines else f'["role", "role_now"{by_property}]'
        text += f'[{name}]\ndescription = "d"\nsegments = {split}\n{lines}\n'
    return text


def family_of(name: str) -> str:
    return name.partition(".")[0]


ENTERED = {"activation", "time_to_value", "completion", "retention", "conversion", "campaign", "experiment"}
"""Families that people enter by an event, so that they can be split by the event's properties."""

ACCOUNT = 'actor = "account"\n'
EVERYTHING = {
    "activation.a": 'start = "S"\nmilestone = "V"\nwindow = "24h"',
    "activation.accounts": ACCOUNT + 'start = "S"\nmilestones = ["A", "V"]\nwindow = "2d"\nat_least = 2',
    "time_to_value.t": 'start = "S"\nvalue = "V"\nwindow = "2d"\nperiod = "week"',
    "completion.steps": 'steps = ["S", "A", "V"]\nwindow = "24h"\nexclusions = ["X"]',
    "completion.accounts": ACCOUNT + 'steps = ["S", "A", "V"]\nwindow = "2d"\nentry = "any"\nperiod = "week"',
    "retention.days": 'start = "S"\nreturn = "any"\nperiod = "day"\nperiods = 2',
    "retention.again": 'start = "A"\nreturn = "any"\nperiod = "week"\nperiods = 1\ncohorts = "recurring"',
    "retention.exact": 'start = "S"\nreturn = "any"\nperiod = "day"\nperiods = 2\nclock = "24h"',
    "retention.accounts": ACCOUNT + 'start = "S"\nreturn = "S"\nperiod = "day"\nperiods = 3\nmode = "on_or_after"',
    "churn.days": 'period = "day"\ncancel = "X"',
    "adoption.a": 'feature = "V"\nwindow = "3d"\nat_least_days = 2\nstart = "S"',
    "adoption.accounts": ACCOUNT + 'feature = "V"\nwindow = "2d"',
    "breadth.b": 'features = ["S", "A", "V"]\nwindow = "2d"',
    "active_people.p": "",
    "active_days.d": 'window = "30d"',
    "lifecycle.days": 'period = "day"',
    "lifecycle.accounts": ACCOUNT + 'period = "week"\nactive = ["S", "V"]',
    "conversion.c": 'start = "S"\nupgrade = "V"\nwindow = "36h"',
    "survey.nps": 'answer = "Q"\nscale = "nps"\nperiod = "week"',
    "support_load.s": 'ticket = ["A", "V"]\nstart = "S"\nonboarding = "24h"\nperiod = "day"',
    "campaign.c": 'exposure = "X"\naction = "V"\nwindow = "36h"',
    "experiment.e": 'exposure = "X"\nvariants = ["a", "b", "c"]\ngoal = "activation.a"\nplanned = 1',
}
"""A definition of every family, and of some also one that counts accounts."""


# Journeys


@dataclass(frozen=True, slots=True)
class Journey:
    """All events, and the project's clock. `last` is the day that the tables are computed as of."""

    timezone: str
    week_start: str
    last: date
    events: list[Event]


def drawn_time(draw: st.DrawFn, timezone: str, special: date) -> datetime:
    """An instant on an edge (a local midnight, or a full or half hour), or a microsecond before or after it."""
    midnight = datetime.combine(special + draw(st.integers(-3, 3)) * DAY, time(), tzinfo=ZoneInfo(timezone))
    beside = draw(st.sampled_from([-1, 0, 0, 0, 1])) * timedelta(microseconds=1)
    return midnight.astimezone(UTC) + draw(st.sampled_from([0, 0.5, 1, 1.5, 2, 9, 23, 23.5, 24])) * HOUR + beside


def track_call(draw: st.DrawFn, at: str, key: str) -> Event:
    """A track call of a person, or of a device with only an anonymous id."""
    said: dict[str, Any] = {
        "plan": draw(st.sampled_from(["free", "pro", None])),
        "variant": draw(st.sampled_from(["a", "a", "b", "b", "c", None])),
        "score": draw(st.sampled_from([0, 6, 7, 8, 9, 10, 11, None])),
    }
    sent = event(draw(st.sampled_from("pqrst")), draw(st.sampled_from("SSSAAVVQX")), at, key, **said)
    if draw(st.integers(0, 3)) == 0:
        sent["anonymousId"] = draw(st.sampled_from(["phone", "browser"]))
        del sent["userId"]
    if draw(st.integers(0, 5)) == 0:
        sent["context"] = {"groupId": draw(st.sampled_from(["acme", "blue"]))}
    return sent


def other_call(draw: st.DrawFn, at: str, key: str) -> Event:
    """An identify, alias or group call. Identify and alias may name any other id, also one of somebody who has signed in."""
    kind = draw(st.sampled_from(["identify", "identify", "traits", "alias", "alias", "group", "group"]))
    who = draw(st.sampled_from("pqrst"))
    common = {"timestamp": at, "messageId": key, "userId": who, "type": kind}
    role = draw(st.sampled_from(["admin", "user", None]))
    other = draw(st.sampled_from(["phone", "browser", "phone", "browser", *"pqrst"]).filter(lambda other: other != who))
    if kind == "identify":
        return {**common, "anonymousId": other, "traits": {"role": role}}
    if kind == "traits":
        return {**common, "type": "identify", "traits": {"role": role}}
    if kind == "alias":
        return {**common, "previousId": other}
    account, size = draw(st.sampled_from(["acme", "blue"])), draw(st.sampled_from(["s", "l", None]))
    return {**common, "groupId": account, "traits": {"size": size}}


LOG_IN_AS: list[Event] = [
    {"type": "identify", "userId": "p", "anonymousId": "laptop"},
    {"type": "identify", "userId": "q", "anonymousId": "tablet"},
    {"type": "alias", "userId": "q", "previousId": "p"},
]
"""Two people, each with a device of their own, and a link between them; whether they had signed in by then is chance."""


@st.composite
def journeys(draw: st.DrawFn, timezones: tuple[str, ...] = tuple(sorted(CLOCK_CHANGES))) -> Journey:
    """14 to 40 calls of five people on two devices, in the week around a day on which the clocks change."""
    timezone = draw(st.sampled_from(timezones))
    special = draw(st.sampled_from(CLOCK_CHANGES[timezone]))
    events: list[Event] = []
    for number in range(draw(st.integers(14, 40))):
        at = drawn_time(draw, timezone, special).isoformat()
        if events and draw(st.integers(0, 3)) == 0:
            at = draw(st.sampled_from(events))["timestamp"]
        kind = other_call if draw(st.integers(0, 4)) == 0 else track_call
        events.append(kind(draw, at, f"m{number}"))
    for number, call in enumerate(LOG_IN_AS if draw(st.booleans()) else []):
        at = drawn_time(draw, timezone, special).isoformat()
        events.append({**call, "timestamp": at, "messageId": f"log{number}"})
    last = special + draw(st.integers(1, 6)) * DAY
    return Journey(timezone, draw(st.sampled_from(["monday", "sunday"])), last, events)


def lawful(examples: int) -> settings:
    """Settings of a law. An example takes seconds: a failing one is shown as found, because shrinking takes minutes."""
    return settings(
        max_examples=tries(examples),
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.reuse, Phase.generate],
    )


# However events arrive


Arrivals = list[tuple[datetime, list[Event]]]
"""The batches, each with the instant at which it arrived."""


def some_definitions(draw: st.DrawFn, families: int) -> str:
    """The definitions of a few families, others in each example: all of them in every example would take minutes."""
    chosen = draw(st.sets(st.sampled_from(sorted(FAMILIES)), min_size=families, max_size=families))
    chosen = chosen | {"support_load"}  # always included, because it counts events; most others count people
    needed = {"activation.a"} if "experiment" in chosen else set()
    return definitions({n: fields for n, fields in EVERYTHING.items() if family_of(n) in chosen or n in needed})


def noon_after(journey: Journey) -> datetime:
    """Noon UTC of the day after the last event: everything has happened by then and can arrive."""
    latest = max(datetime.fromisoformat(sent["timestamp"]) for sent in journey.events)
    return datetime.combine(latest.date() + DAY, time(12), UTC)


def in_one_batch(journey: Journey) -> Arrivals:
    return [(noon_after(journey), journey.events)]


def repeated(journey: Journey, chance: random.Random) -> Arrivals:
    """Everything in one batch, and a third of it again in that batch, hours later, the next day and two days later."""
    again = [(noon_after(journey) + hours * HOUR, [e for e in journey.events if chance.random() < 0.3])
             for hours in (0, 5, 24, 50)]  # fmt: skip
    return [(noon_after(journey), [*journey.events, *again[0][1]]), *again[1:]]


def scattered(journey: Journey, chance: random.Random) -> Arrivals:
    """The same events in another order, in batches of other sizes, over three days."""
    events = chance.sample(journey.events, len(journey.events))
    arrivals: Arrivals = []
    while events:
        size = chance.randrange(1, 9)
        arrivals.append((noon_after(journey) + chance.randrange(50) * HOUR, events[:size]))
        del events[:size]
    return arrivals


def as_it_happens(journey: Journey, chance: random.Random) -> Arrivals:
    """Each event when it happens, but one in six 26 hours late and one in six 200 hours late.

    200 hours are more than the last three days, which every run computes again.
    """
    return [
        (datetime.fromisoformat(sent["timestamp"]) + chance.choice([0, 0, 0, 0, 26, 200]) * HOUR, [sent])
        for sent in journey.events
    ]


def lake(root: Path, journey: Journey, asked: str, arrivals: Arrivals, mornings: Iterable[date] = ()) -> Deployment:
    """A deployment that received these batches. It exports and computes on the morning after each of the days in
    `mornings`, and once at the end.
    """
    deployment = Deployment(root, project(asked, journey.timezone, journey.week_start))
    for received, batch in arrivals:
        deployment.arrived.add(received, batch)
    for day in mornings:  # 11:05 UTC: in every zone the day before is over
        deployment.export(f"{day + DAY}T11:05:00+00:00")
        deployment.compute(day.isoformat())
    return with_everything(deployment, journey, arrivals)


def with_everything(deployment: Deployment, journey: Journey, arrivals: Arrivals) -> Deployment:
    """The deployment after it has exported all that arrives, and computed the journey's last day."""
    everything = max(
        max(received for received, _ in arrivals) + HOUR, datetime.combine(journey.last + DAY, time(11), UTC)
    )
    deployment.export(everything.isoformat())
    deployment.compute(journey.last.isoformat())
    return deployment


def differing(deployment: Deployment, other: Deployment) -> list[str]:
    """The keys of objects under metrics/ that are not equal byte for byte."""
    return sorted(key for key, _ in deployment.bytes().items() ^ other.bytes().items())


@lawful(5)
@given(st.data())
def test_repeats_order_and_batches_change_no_byte(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    journey, asked = data.draw(journeys()), data.draw(st.composite(some_definitions)(1))
    chance = random.Random(data.draw(st.integers(0, 2**32 - 1)))
    calm = lake(tmp_path_factory.mktemp("calm"), journey, asked, in_one_batch(journey))
    again = lake(tmp_path_factory.mktemp("again"), journey, asked, repeated(journey, chance))
    wild = lake(tmp_path_factory.mktemp("wild"), journey, asked, scattered(journey, chance))
    assert len(calm.events()) == len(journey.events)
    assert not differing(again, calm), "events sent twice changed a number"
    assert not differing(wild, calm), "the order of arrival changed a number"


@lawful(4)
@given(st.data())
def test_computed_day_after_day_and_all_at_once_the_bytes_are_the_same(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    journey, asked = data.draw(journeys()), data.draw(st.composite(some_definitions)(2))
    chance = random.Random(data.draw(st.integers(0, 2**32 - 1)))
    first = min(received for received, _ in as_it_happens(journey, chance)).date()
    days = [first + n * DAY for n in range((journey.last - first).days)]
    mornings = sorted(chance.sample(days, min(3, len(days))))
    daily = lake(tmp_path_factory.mktemp("daily"), journey, asked, as_it_happens(journey, chance), mornings)
    once = lake(tmp_path_factory.mktemp("once"), journey, asked, in_one_batch(journey))
    assert not differing(daily, once)


@lawful(4)
@given(st.data())
def test_whatever_runs_were_made_or_killed_before_each_month_is_the_same_object(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Runs for days in any order, several of them killed, some over results that an older version wrote by day."""
    journey, asked = data.draw(journeys()), data.draw(st.composite(some_definitions)(2))
    chance = random.Random(data.draw(st.integers(0, 2**32 - 1)))
    arrivals = as_it_happens(journey, chance)
    once = lake(tmp_path_factory.mktemp("once"), journey, asked, in_one_batch(journey))
    wild = Deployment(tmp_path_factory.mktemp("wild"), once.project)
    for received, batch in arrivals:
        wild.arrived.add(received, batch)
    first = min(received for received, _ in arrivals).date()
    days = [first + n * DAY for n in range((journey.last - first).days)]
    for morning in sorted(chance.sample(days, min(3, len(days)))):
        wild.export(f"{morning + DAY}T11:05:00+00:00")
        if chance.random() < 0.3:
            put_by_day(wild.store)
        wild.store = CutStore(wild.store.root, chance.randrange(30))
        with contextlib.suppress(Cut):
            wild.compute(chance.choice([day for day in days if day <= morning]).isoformat())
        wild.store = FolderStore(wild.store.root)
    assert not differing(with_everything(wild, journey, arrivals), once)


# Whenever it happens


def later(rows: Iterable[Row], weeks: int) -> list[Row]:
    """The rows, sorted, with all their dates and instants moved by so many weeks."""
    moved = [
        {name: value + weeks * 7 * DAY if isinstance(value, date) else value for name, value in row.items()}
        for row in rows
    ]
    return sorted(moved, key=repr)


@lawful(4)
@given(st.data())
def test_moving_everything_by_whole_weeks_moves_the_tables_by_whole_weeks(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    journey = data.draw(journeys(("UTC",)))
    asked = project(data.draw(st.composite(some_definitions)(2)), "UTC", journey.week_start)
    weeks = data.draw(st.sampled_from([-61, -4, 1, 5, 53]))
    moved = [
        {**sent, "timestamp": (datetime.fromisoformat(sent["timestamp"]) + weeks * 7 * DAY).isoformat()}
        for sent in journey.events
    ]
    last = journey.last + weeks * 7 * DAY
    here = computed(tmp_path_factory.mktemp("here"), asked, journey.events, "2025-01-31", as_of=journey.last)
    there = computed(tmp_path_factory.mktemp("there"), asked, moved, "2026-01-31", as_of=last)
    for family in FAMILIES:
        assert later(there.table(family, segment=None), 0) == later(here.table(family, segment=None), weeks), family


# Funnels


ORDERS = ("ordered", "strict", "strict_allow_repeats", "any")
WINDOWS = ("1h", "24h", "3d")
ENTRIES = ("first", "any")
FUNNELS = definitions({
    f"completion.{order}_{entry}_{window}": f'steps = ["S", "A", "V"]\nwindow = "{window}"\norder = "{order}"\n'
                                            f'entry = "{entry}"\nperiod = "week"'
    for order in ORDERS for entry in ENTRIES for window in WINDOWS
})  # fmt: skip


@lawful(5)
@given(journeys())
def test_a_funnel_narrows_and_more_time_or_freedom_never_lowers_it(
    tmp_path_factory: pytest.TempPathFactory, journey: Journey
) -> None:
    asked = project(FUNNELS, journey.timezone, journey.week_start)
    deployment = computed(tmp_path_factory.mktemp("lake"), asked, journey.events, "2025-01-31", as_of=journey.last)
    reached = {name: reached_by_step(deployment, name) for name in asked.of("completion")}
    for name, steps in reached.items():
        for (*cohort, step), people in steps.items():
            assert step == 1 or people <= steps[(*cohort, step - 1)], (
                f"{name}: more reach step {step} than the one before"
            )
    for order in ORDERS:
        for entry in ENTRIES:
            wider = [f"{order}_{entry}_{window}" for window in WINDOWS]
            never_lowers(reached, wider, "a wider window")
        for window in WINDOWS:
            never_lowers(reached, [f"{order}_{entry}_{window}" for entry in ENTRIES], "more entries")
    for window in WINDOWS:
        freer = [f"{order}_any_{window}" for order in ("strict", "strict_allow_repeats", "ordered")]
        never_lowers(reached, freer, "a freer order")


Cohort = tuple[Any, ...]


def reached_by_step(deployment: Deployment, name: str) -> dict[Cohort, int]:
    """(cohort, segment, value, step) -> how many people reached the step."""
    rows = deployment.table("completion", name, segment=None)
    return {(row["cohort"], row["segment"], row["segment_value"], row["step"]): row["reached"] for row in rows}


def never_lowers(reached: dict[str, dict[Cohort, int]], names: list[str], what: str) -> None:
    """Each of these funnels reaches at least as many people, at every step of every cohort, as the funnel before it."""
    for name, other in pairwise(names):
        fewer = {key: n for key, n in reached[name].items() if reached[other][key] < n}
        assert not fewer, f"{what}: {other} reaches fewer than {name}: {fewer}"


# Events of one instant


SEVERAL_STEPS = definitions({
    f"completion.{order}_{entry}_{name}": f'steps = {steps}\nwindow = "24h"\norder = "{order}"\nentry = "{entry}"\n'
                                          f'period = "week"'
    for order in ORDERS for entry in ENTRIES
    for name, steps in {
        "lists": '[["S", "A"], "any", "S"]',
        "big": '["S", { event = "S", where = [{ property = "score", op = ">=", value = 8 }] }, "A"]',
    }.items()
})  # fmt: skip
"""Funnels in which one event can serve several steps."""


@lawful(5)
@given(st.data())
def test_message_ids_never_decide_a_number(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    journey, asked = data.draw(journeys()), data.draw(st.composite(some_definitions)(2))
    asked += SEVERAL_STEPS.removeprefix(SEGMENTS)
    ids = data.draw(st.permutations([f"id{number}" for number in range(len(journey.events))]))
    others = [{**sent, "messageId": other} for sent, other in zip(journey.events, ids, strict=True)]
    tables = [
        lake(tmp_path_factory.mktemp("lake"), replace(journey, events=events), asked, [(noon_after(journey), events)])
        for events in (journey.events, others)
    ]
    assert not differing(*tables)


@lawful(5)
@given(st.data())
def test_more_events_of_one_instant_never_count_fewer_people(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """At the instant of an entry, so that none of the new events opens an earlier window.

    Where only the first entry counts and repeats are skipped, a later entry is a repeat. What happens beside it is
    between two steps ("S A AX V" in test_reference.py), so there more events may count fewer people.
    """
    journey = data.draw(journeys())
    entries = [sent for sent in journey.events if sent.get("event") == "S"]
    more = [
        {**sent, "messageId": f"{sent['messageId']}/{nth}", "event": what}
        for sent in entries
        for nth, what in enumerate(data.draw(st.sampled_from(["", "S", "A", "V", "X", "SA", "VX"])))
    ]
    asked = project(SEVERAL_STEPS + FUNNELS.removeprefix(SEGMENTS), journey.timezone, journey.week_start)
    reached: list[dict[Cohort, int]] = []
    for events in (journey.events, journey.events + more):
        deployment = computed(tmp_path_factory.mktemp("lake"), asked, events, "2025-01-31", as_of=journey.last)
        counts: dict[Cohort, int] = dict.fromkeys(((n, step) for n in asked.of("completion") for step in (1, 2, 3)), 0)
        for row in deployment.table("completion"):
            counts[row["definition"], row["step"]] += row["reached"]
        reached.append(counts)
    fewer = {
        name: (count, reached[1][name])
        for name, count in reached[0].items()
        if reached[1][name] < count and not name[0].startswith("strict_allow_repeats_first")
    }
    assert not fewer, f"{more} took people away: {fewer}"


# Who could have been counted


@lawful(5)
@given(journeys())
def test_everybody_in_a_denominator_could_have_been_in_the_numerator(
    tmp_path_factory: pytest.TempPathFactory, journey: Journey
) -> None:
    """If everybody does all the rest whenever they enter, all of them have done it."""
    rest = [
        {**sent, "event": what, "messageId": f"{sent['messageId']}/{what}/{nth}"}
        for sent in journey.events
        if sent.get("event") == "S"
        for what in "AV"
        for nth in range(2)
    ]
    asked = project(TABLES, journey.timezone, journey.week_start)
    deployment = computed(
        tmp_path_factory.mktemp("lake"), asked, journey.events + rest, "2025-01-31", as_of=journey.last
    )
    for family, numerator, denominator in [
        ("activation", "activated", "finished"),
        ("conversion", "converted", "finished"),
        ("campaign", "acted", "finished"),
        ("time_to_value", "reached", "people"),
        ("completion", "reached", "entered"),
    ]:
        for row in deployment.table(family, segment=None):
            assert row[numerator] == row[denominator], f"{family}: {row}"


GOALS = {
    "activation.first": 'start = "S"\nmilestone = "V"\n',
    "activation.both": 'start = ["S", "A"]\nmilestones = ["A", "V"]\n',
    "conversion.upgrade": 'start = "S"\nupgrade = "V"\n',
    "completion.ordered": 'steps = ["S", "A", "V"]\n',
    "completion.best": 'steps = ["any", "S", ["A", "V"]]\nentry = "any"\n',
    "completion.any_order": 'steps = ["S", "A", "V"]\norder = "any"\n',
    "completion.strict": 'steps = ["S", "A", "V"]\norder = "strict"\nentry = "any"\n',
    "completion.excluded": 'steps = ["S", "A", "V"]\nexclusions = ["Q"]\nentry = "any"\n',
}


@lawful(4)
@given(st.data())
def test_everybody_in_an_experiment_could_have_reached_its_goal_to_the_end_of_the_window(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """If everybody does all parts of the goal at the far edge of the window, all reach it, whatever they did before."""
    journey, hours = data.draw(journeys()), data.draw(st.sampled_from([1, 24, 36]))
    rest = [
        {**sent, "event": what, "messageId": f"{sent['messageId']}/{what}", "timestamp": edge.isoformat()}
        for sent in journey.events
        if sent.get("event") == "X"
        for edge in [datetime.fromisoformat(sent["timestamp"]) + hours * HOUR]
        for what in "SAV"
    ]
    goals = {goal: f'{fields}window = "{hours}h"' for goal, fields in GOALS.items()}
    experiments = {
        f"experiment.{goal.replace('.', '_')}": f'exposure = "X"\nvariants = ["a", "b", "c"]\ngoal = "{goal}"\nplanned = 1'
        for goal in GOALS
    }
    asked = project(definitions(goals | experiments), journey.timezone, journey.week_start)
    events = journey.events + rest
    deployment = computed(tmp_path_factory.mktemp("lake"), asked, events, "2025-01-31", as_of=journey.last)
    for row in deployment.table("experiment", segment=None):
        assert row["reached"] == row["finished"], row


@lawful(6)
@given(st.data())
def test_one_more_link_never_makes_more_people(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """A link later than all others: an earlier one can be a sign-in, after which somebody stays apart."""
    journey = data.draw(journeys())
    ends = datetime.combine(journey.last + DAY, time(), tzinfo=ZoneInfo(journey.timezone)).astimezone(UTC)
    latest = ends - timedelta(seconds=1)
    before = [sent for sent in journey.events if datetime.fromisoformat(sent["timestamp"]) < latest]
    links = st.composite(other_call)(latest.isoformat(), "more")
    more = data.draw(links.filter(lambda call: "previousId" in call or "anonymousId" in call))
    asked = project('[lifecycle.months]\ndescription = "d"\nperiod = "month"', journey.timezone, journey.week_start)
    people = []
    for events in (before, [*before, more]):
        deployment = computed(tmp_path_factory.mktemp("lake"), asked, events, "2025-01-31", as_of=journey.last)
        people.append(sum(row["new_people"] for row in deployment.table("lifecycle")))
    assert people[1] <= people[0], f"{more} made more people"


# One table compared with another


STARTED = {
    "activation.s": ("cohort", ["people"], 'start = "S"\nmilestone = "V"\nwindow = "24h"'),
    "conversion.s": ("cohort", ["people"], 'start = "S"\nupgrade = "V"\nwindow = "24h"'),
    "campaign.s": ("cohort", ["exposed"], 'exposure = "S"\naction = "V"\nwindow = "24h"'),
    "time_to_value.s": ("cohort", ["people"], 'start = "S"\nvalue = "V"\nwindow = "2d"\nperiod = "month"'),
    "completion.s": ("cohort", ["entered", "excluded"],
                     'steps = ["S", "A", "V"]\nwindow = "24h"\nperiod = "month"\nexclusions = ["X"]'),
    "retention.day": ("cohort", ["people"], 'start = "S"\nreturn = "S"\nperiod = "day"\nperiods = 3'),
    "retention.week": ("cohort", ["people"], 'start = "S"\nreturn = "any"\nperiod = "week"\nperiods = 1'),
    "retention.month": ("cohort", ["people"], 'start = "S"\nreturn = "V"\nperiod = "month"\nperiods = 1'),
    "retention.exact": ("cohort", ["people"], 'start = "S"\nreturn = "any"\nperiod = "day"\nperiods = 2\nclock = "24h"'),
    "lifecycle.day_s": ("period_start", ["new_people"], 'active = "S"\nperiod = "day"'),
    "lifecycle.month_s": ("period_start", ["new_people"], 'active = "S"\nperiod = "month"'),
}  # fmt: skip
"""Definitions that count everybody who ever did S, once each.

`family.name` -> the column of the cohort or period, the columns that add up to these people, and the fields.
"""

BESIDE = {
    "active_people.p": "",
    "active_days.month": 'window = "30d"',
    "active_days.week": 'window = "7d"',
    "lifecycle.day": 'period = "day"',
    "lifecycle.week": 'period = "week"',
    "churn.day": 'period = "day"\ncancel = "X"',
    "churn.week": 'period = "week"',
    **{name: fields for name, fields in EVERYTHING.items()
       if family_of(name) in ("adoption", "breadth", "survey", "support_load", "experiment") or ACCOUNT in fields
       or name in ("activation.a", "retention.again")},
}  # fmt: skip
TABLES = definitions({name: fields for name, (_, _, fields) in STARTED.items()} | BESIDE)


@lawful(4)
@given(journeys())
def test_the_numbers_of_all_tables_fit_together(tmp_path_factory: pytest.TempPathFactory, journey: Journey) -> None:
    asked = project(TABLES, journey.timezone, journey.week_start)
    deployment = computed(tmp_path_factory.mktemp("lake"), asked, journey.events, "2025-01-31", as_of=journey.last)
    tables = {family: deployment.table(family, segment=None) for family in FAMILIES}
    segments_add_up_to_the_total(tables, asked)
    everybody_who_started_is_in_one_cohort(tables, people_who_did("S", journey))
    period_0_is_the_whole_cohort(tables["retention"])
    everybody_active_is_in_one_state(tables, journey.timezone)
    rates_are_known_exactly_where_they_can_be(tables)


Tables = dict[str, list[Row]]


def of(tables: Tables, name: str, segment: str = "all") -> list[Row]:
    """A definition's rows of one segment."""
    family, _, definition = name.partition(".")
    return [row for row in tables[family] if row["definition"] == definition and row["segment"] == segment]


NOT_ADDED_UP = {"step", "period", "first_period", "last_period", "active_days", "features", "planned"}
"""Columns of whole numbers that do not count people, answers or events."""


def segments_add_up_to_the_total(tables: Tables, asked: Project) -> None:
    for family, rows in tables.items():
        columns = FAMILIES[family].row.model_fields.items()
        counts = [n for n, info in columns if info.annotation in (int, int | None) and n not in NOT_ADDED_UP]
        keys = [n for n in (FAMILIES[family].partition, "definition", "cohort_starts_at", "period", "step",
                            "active_days", "variant") if n in FAMILIES[family].row.model_fields]  # fmt: skip
        totals = {tuple(row[key] for key in keys): row for row in rows if row["segment"] == "all"}
        for segment in sorted({row["segment"] for row in rows}):
            parts: dict[Cohort, list[Row]] = {}
            for row in rows:
                if row["segment"] == segment:
                    parts.setdefault(tuple(row[key] for key in keys), []).append(row)
            assert parts.keys() <= totals.keys(), f"{family}: {segment} has rows that the total does not have"
            for key, total in totals.items():
                if segment in asked.of(family)[total["definition"]].segments:
                    adds_up(parts.get(key, []), total, counts, f"{family} {key} by {segment}")


def adds_up(parts: list[Row], total: Row, counts: list[str], where: str) -> None:
    """The segments' numbers add up to the total's.

    Two exceptions: a column that is still null, and `people` of an open row by the 24 h clock, because a segment has a
    row only once a period has begun for its own people.
    """
    for column in counts:
        begun_apart = column == "people" and total["definition"] == "exact" and total["status"] == "open"
        if total[column] is not None and not begun_apart:
            assert sum(row[column] for row in parts) == total[column], f"{where}: {column}"


def people_who_did(what: str, journey: Journey) -> int:
    """How many people did it, of those ids that are different people by the links before the end of the last day."""
    ends = datetime.combine(journey.last + DAY, time(), tzinfo=ZoneInfo(journey.timezone))
    known = [sent for sent in journey.events if datetime.fromisoformat(sent["timestamp"]) < ends]
    links = [
        reference.Link(datetime.fromisoformat(sent["timestamp"]), sent["type"] == "alias", joined, sent["userId"])
        for sent in known
        if sent["type"] in ("identify", "alias")
        for joined in [sent.get("previousId") or sent.get("anonymousId")]
        if joined
    ]
    people = reference.people(links, ends)
    return len({people.person(e.get("userId") or e["anonymousId"]) for e in known if e.get("event") == what})


def everybody_who_started_is_in_one_cohort(tables: Tables, started: int) -> None:
    for name, (_, columns, _) in STARTED.items():
        once = [row for row in of(tables, name) if row.get("period", 0) == 0 and row.get("step", 1) == 1]
        assert sum(row[column] for row in once for column in columns) == started, name


def period_0_is_the_whole_cohort(rows: list[Row]) -> None:
    sizes = {cohort_of(row): row for row in rows if row["period"] == 0}
    for row in rows:
        assert row["people"] == sizes[cohort_of(row)]["people"]
        if row["period"] == 0:
            assert row["retained_so_far"] == row["people"] > 0
            assert (row["retained"], row["rate"]) == (
                (row["people"], 1.0) if row["status"] == "complete" else (None, None)
            )


def cohort_of(row: Row) -> Cohort:
    return row["definition"], row["segment"], row["segment_value"], row["cohort_starts_at"]


def everybody_active_is_in_one_state(tables: Tables, timezone: str) -> None:
    """Lifecycle, active people, active days and churn count the same people, each in its own way.

    In Apia the day before 31 December 2011 was the 29th.
    """

    def before(first_day: date, size: timedelta) -> date:
        never_was = timezone == "Pacific/Apia" and first_day - size == date(2011, 12, 30)
        return first_day - size - never_was * DAY

    active = {row["day"]: row for row in of(tables, "active_people.p")}
    for column, name in (("mau", "active_days.month"), ("wau", "active_days.week")):
        days: dict[date, int] = {}
        for row in of(tables, name):
            days[row["day"]] = days.get(row["day"], 0) + row["people"]
        assert days == {day: row[column] for day, row in active.items() if row[column]}, column
    for period, size in (("day", DAY), ("week", 7 * DAY)):
        states = {row["period_start"]: row for row in of(tables, f"lifecycle.{period}")}
        for row in states.values():
            parts = [row[name] for name in ("new_people", "returning_people", "resurrected_people")]
            assert sum(parts) == row["active_people"]
            assert min(parts) >= 0
            in_period_before = states.get(before(row["period_start"], size), {"active_people": 0})
            assert row["returning_people"] + row["not_back"] == in_period_before["active_people"]
        churn = {row["period_start"]: row for row in of(tables, f"churn.{period}")}
        for first_day, row in churn.items():
            assert row["back"] + row["not_back"] == row["people"] == states[before(first_day, size)]["active_people"]
            assert row["back"] == states[first_day]["returning_people"]
            assert row["churned"] == (row["not_back"] if row["status"] == "complete" else None)
    for day, row in {row["period_start"]: row for row in of(tables, "lifecycle.day")}.items():
        assert row["active_people"] == active[day]["dau"]
    for row in tables["support_load"]:
        assert row["onboarding_people"] + row["other_people"] == row["active_people"]
        assert row["onboarding_tickets"] + row["other_tickets"] == row["tickets"]
        assert min(row["other_people"], row["other_tickets"]) >= 0
        for kind in (
            "onboarding",
            "other",
        ):  # any event makes a person active, so everybody who opens a ticket is counted
            assert row[f"{kind}_people"] or not row[f"{kind}_tickets"], kind


SHARES = [
    ("activation", "rate", "activated", "finished"),
    ("conversion", "rate", "converted", "finished"),
    ("campaign", "rate", "acted", "finished"),
    ("retention", "rate", "retained_so_far", "people"),
    ("completion", "rate_of_start", "reached", "entered"),
    ("churn", "churn_rate", "not_back", "people"),
    ("churn", "cancel_rate", "cancelled", "people"),
    ("adoption", "rate", "users", "active_people"),
    ("active_people", "dau_per_mau", "dau", "mau"),
    ("active_days", "share", "people", "active_people"),
]
"""Family, the column of a share, its numerator and its denominator."""
RATIOS = [
    ("breadth", "features_per_person", "features_used", "active_people"),
    ("support_load", "tickets_per_person", "tickets", "active_people"),
    ("support_load", "onboarding_tickets_per_person", "onboarding_tickets", "onboarding_people"),
    ("support_load", "other_tickets_per_person", "other_tickets", "other_people"),
]
"""The same for ratios that can be above 1, because a person can have several tickets or features."""


def rates_are_known_exactly_where_they_can_be(tables: Tables) -> None:
    for family, rate, numerator, denominator in SHARES + RATIOS:
        for row in tables[family]:
            if row[numerator] is None:  # the definition does not ask for it: churn without a cancel event
                assert row[rate] is None
                continue
            known = row["status"] == "complete" and row[denominator] > 0
            assert row[rate] == (row[numerator] / row[denominator] if known else None), f"{family}: {row}"
            assert (family, rate, numerator, denominator) in RATIOS or row[numerator] <= row[denominator], (
                f"{family}: {row}"
            )
    for row in tables["experiment"]:
        assert row["rate"] == (row["reached"] / row["finished"] if row["finished"] else None)
        assert row["reached"] <= row["finished"] <= row["exposed"]
    for row in tables["survey"]:
        assert row["low"] + row["middle"] + row["high"] == row["answers"]
        assert (row["nps"] is not None) == (row["status"] == "complete" and row["answers"] > 0)
    for row in tables["time_to_value"]:
        assert row["within_24h"] + row["days_1_to_3"] + row["days_3_or_more"] == row["reached"]
        assert row["reached"] + row["never"] + row["too_young"] == row["people"]


# A textbook example that is not in test_worked_examples.py


def test_100_start_and_80_are_there_a_month_later_churn_20_percent(tmp_path: Path) -> None:
    """(100 - 80) / 100 = 20 %: the other side of the retention of 80 %. March has not ended: provisional."""
    people = [f"p{number}" for number in range(100)]
    events = [event(p, "Opened", "2024-01-15T10:00:00Z") for p in people]
    events += [event(p, "Opened", "2024-02-15T10:00:00Z") for p in people[:80]]
    asked = project('[churn.c]\ndescription="d"\nperiod="month"')
    rows = computed(tmp_path, asked, events, "2024-03-01").table("churn")
    assert [(str(r["period_start"]), r["people"], r["back"], r["churned"], r["churn_rate"]) for r in rows] == [
        ("2024-02-01", 100, 80, 20, 0.2),
        ("2024-03-01", 80, 0, None, None),
    ]
