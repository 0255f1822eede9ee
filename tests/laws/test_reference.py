"""The reference gives the right answer to the smallest inputs on its own, and what it does quickly equals a literal search.

Every number here was worked out by hand, or is published; the product is not asked.
"""

import gzip
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise, permutations
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import reference
from conftest import ROOT
from reference import AtLeast, Clock, Event, Link, Selector
from reference.funnel import Order
from support.journeys import tries

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# Funnels: events of one instant


def reached(steps: list[Selector], journey: str, **options: object) -> list[int]:
    """How many people reach each step. `journey`: the names of one person's events; a blank is the next hour."""
    day = utc("2024-03-01")
    events = [Event("p", name, day + hour * HOUR) for hour, names in enumerate(journey.split(" ")) for name in names]
    clock = Clock("UTC", "monday", day + 9 * DAY)
    rows = reference.completion(events, clock, steps=steps, window=DAY, **options)  # type: ignore[arg-type]
    return [row["reached"] for row in rows]


S, A, V, ANY = ("S",), ("A",), ("V",), ()


def big(name: str) -> Selector:
    return (AtLeast(name, "n", 5),)


@pytest.mark.parametrize("sizes", [(1, 9), (9, 1)])
@pytest.mark.parametrize("order", ["ordered", "strict", "strict_allow_repeats", "any"])
@pytest.mark.parametrize("entry", ["first", "any"])
def test_of_a_small_and_a_big_order_at_one_instant_the_small_one_enters(
    sizes: tuple[int, int], order: Order, entry: str
) -> None:
    at = utc("2024-03-01")
    events = [Event("u", "Order", at, {"n": size}) for size in sizes]
    rows = reference.completion(
        events,
        Clock("UTC", "monday", at + 9 * DAY),
        steps=[("Order",), big("Order")],
        window=DAY,
        order=order,
        entry=entry,  # type: ignore[arg-type]
    )
    assert [row["reached"] for row in rows] == [1, 1]
    assert rows[1]["median_seconds_from_previous"] == 0


FUNNELS: list[tuple[list[Selector], str, Order, int]] = [
    # a matching is needed: the first that fits is the wrong one
    ([ANY, S], "SA", "ordered", 2),
    ([S, ANY, A], "SSA", "ordered", 3),
    ([S, ANY, S], "SAS", "ordered", 3),
    ([("S", "A"), ("S", "V"), S], "ASV", "ordered", 3),
    ([ANY, S], "S", "ordered", 1),
    ([ANY, S, S], "SA S", "ordered", 3),
    # any order: one event does not do two steps
    ([S, ("S", "A")], "S", "any", 1),
    ([("S", "A"), S], "S A", "any", 2),
    ([("S", "A"), S, A], "S S", "any", 2),
    # strict: an event of a step's instant is not between; the way that is ahead can be a dead end
    ([S, A], "S X A", "strict", 1),
    ([S, A], "SX A", "strict", 2),
    ([S, A, V], "S AX V", "strict", 3),
    ([S, A, V], "SA A V", "strict", 3),
    ([S, A, S], "SSA", "strict", 3),
    ([S, A], "S S A", "strict", 1),
    # repeats
    ([S, A], "S S A", "strict_allow_repeats", 2),
    ([S, A, V], "S A A V", "strict_allow_repeats", 3),
    ([S, A, V], "S A AX V", "strict_allow_repeats", 2),
    ([S, A, V], "S A S V", "strict_allow_repeats", 2),
    ([ANY, V, A], "S V S V A", "strict_allow_repeats", 3),
]


@pytest.mark.parametrize(("steps", "journey", "order", "furthest"), FUNNELS)
def test_the_best_assignment_of_events_to_steps_counts(
    steps: list[Selector], journey: str, order: Order, furthest: int
) -> None:
    expected = [1] * furthest + [0] * (len(steps) - furthest)
    assert reached(steps, journey, order=order) == expected
    backwards = " ".join(names[::-1] for names in journey.split(" "))
    assert reached(steps, backwards, order=order) == expected


def test_a_new_attempt_may_get_further_and_never_means_later() -> None:
    assert reached([S, A], "S X SA", order="strict") == [1, 0]
    assert reached([S, A], "S X SA", order="strict", entry="any") == [1, 1]
    assert reached([S, A], "SA", equal_timestamps="never") == [1, 0]
    assert reached([S, A], "SA A", equal_timestamps="never") == [1, 1]
    assert reached([S, A, V], "SA A V", order="strict", equal_timestamps="never") == [1, 1, 1]


def test_an_optional_step_takes_what_the_required_ones_can_spare() -> None:
    """Of S and A at one instant S enters and A is the step `any`, so the optional S has none left; a second S is one."""
    assert reached([S, S, ANY], "SA", optional=[2]) == [1, 0, 1]
    assert reached([S, S, ANY], "SSA", optional=[2]) == [1, 1, 1]


def literal(journey: list[Event], steps: list[Selector], order: Order, window: timedelta) -> dict[int, datetime]:
    """The rule word for word: all assignments are tried, and the earliest instant of each step is kept."""
    entries = [e.at for e in journey if any(reference.matches(e, s) for s in (steps if order == "any" else steps[:1]))]
    found: dict[int, datetime] = {}
    for assigned in assignments(journey, steps, order):
        times = [event.at for _, event in assigned]
        if order == "any":
            times.sort()
        if times[0] != min(entries) or times[-1] > min(entries) + window or times != sorted(times):
            continue
        if order.startswith("strict") and any(
            before.at < other.at < after.at and not (order == "strict_allow_repeats" and reference.matches(other, step))
            for (step, before), (_, after) in pairwise(assigned)
            for other in journey
        ):
            continue
        number = len(assigned)
        found[number] = min(found.get(number, times[-1]), times[-1])
    return found


def assignments(journey: list[Event], steps: list[Selector], order: Order) -> Iterator[list[tuple[Selector, Event]]]:
    """Different events for the first k steps; for any k steps, if the order is any."""
    for count in range(1, min(len(steps), len(journey)) + 1):
        for chosen in permutations(steps, count) if order == "any" else [tuple(steps[:count])]:
            for events in permutations(journey, count):
                pairs = list(zip(chosen, events, strict=True))
                if all(reference.matches(event, step) for step, event in pairs):
                    yield pairs


SELECTORS: list[Selector] = [S, A, ("S", "A"), ANY, big("S")]


@settings(max_examples=tries(300), deadline=None)
@given(st.data())
def test_the_quick_search_finds_what_trying_every_assignment_finds(data: st.DataObject) -> None:
    start = utc("2024-03-01")
    events = [
        Event("p", data.draw(st.sampled_from("SSAX")), start + data.draw(st.integers(0, 3)) * HOUR,
              {"n": data.draw(st.sampled_from([1, 9]))})
        for _ in range(data.draw(st.integers(1, 6)))
    ]  # fmt: skip
    steps = data.draw(st.lists(st.sampled_from(SELECTORS), min_size=2, max_size=4))
    order: Order = data.draw(st.sampled_from(["ordered", "strict", "strict_allow_repeats", "any"]))
    until = Clock("UTC", "monday", start + 9 * DAY)
    rows = reference.completion(events, until, steps=steps, window=2 * HOUR, order=order)
    journey = sorted(events, key=lambda event: event.at)
    entered = any(reference.matches(e, step) for e in events for step in (steps if order == "any" else steps[:1]))
    found = literal(journey, steps, order, 2 * HOUR) if entered else {}
    assert [row["reached"] for row in rows] == [int(n in found) for n in range(1, len(steps) + 1)] * entered
    for row in rows[1:]:
        if row["step"] in found:
            seconds = (found[row["step"]] - found[row["step"] - 1]).total_seconds()
            assert row["median_seconds_from_previous"] == seconds


def purchases() -> list[Event]:
    with gzip.open(ROOT / "tests/data/CDNOW_master.txt.gz", "rt") as lines:
        rows = [line.split() for line in list(lines)[1:]]
    return [
        Event(
            customer,
            "Order Completed",
            datetime(int(day[:4]), int(day[4:6]), int(day[6:]), tzinfo=UTC),
            {"n": int(cds)},
        )
        for customer, day, cds, _ in rows
    ]


def test_1066_of_23570_customers_order_five_cds_or_more_after_another_order() -> None:
    """1,030 by an order on a later day, and 36 by another order of their first day."""
    rows = reference.completion(
        purchases(),
        Clock("UTC", "monday", utc("1998-07-01")),
        steps=[("Order Completed",), big("Order Completed")],
        window=90 * DAY,
        period="month",
    )
    assert [sum(row["reached"] for row in rows if row["step"] == step) for step in (1, 2)] == [23_570, 1_066]


# Links


def identify(user: str, device: str) -> tuple[bool, str, str]:
    return False, device, user


def alias(previous: str, user: str) -> tuple[bool, str, str]:
    return True, previous, user


RING = [alias("p", "q"), alias("q", "r"), alias("r", "p")]
BOTH = [identify("admin", "dev-a"), identify("cust", "dev-c")]
LINKS: list[tuple[str, list[tuple[bool, str, str]], str, list[tuple[str, str]]]] = [
    ("a ring of three", RING, "p q r", []),
    ("a ring of four", [alias("p", "q"), alias("q", "r"), alias("r", "s"), alias("s", "p")], "p q r s", []),
    ("a ring with a tail", [*RING, alias("t", "p")], "p q r t", []),
    ("the id whose link would close the ring is linked again", [*RING, alias("r", "s")], "p q r s", []),
    ("a user with two aliases", [alias("o", "p"), alias("p", "q"), alias("p", "r")], "o p q r", []),
    ("a cookie with two aliases", [alias("cookie", "q"), alias("cookie", "r")], "cookie q|r", []),
    ("a shared browser that is a user too",
     [alias("cookie", "dev"), identify("a", "dev"), identify("b", "dev")], "a cookie dev|b", []),
    ("a shared browser", [identify("a", "dev"), identify("b", "dev")], "a dev|b", []),
    ("log in as", [*BOTH, alias("admin", "cust")], "admin dev-a|cust dev-c", [("admin", "cust")]),
    ("log in as, back", [*BOTH, alias("cust", "admin")], "admin dev-a|cust dev-c", [("cust", "admin")]),
    ("log in as, by identify", [*BOTH, identify("cust", "admin")], "admin dev-a|cust dev-c", [("admin", "cust")]),
    ("an alias before they signed in", [alias("admin", "cust"), *BOTH], "admin cust dev-a dev-c", []),
    ("a cookie's id", [identify("cust", "dev-c"), alias("cookie", "cust")], "cookie cust dev-c", []),
    ("a cookie's id, back", [identify("cust", "dev-c"), alias("cust", "cookie")], "cookie cust dev-c", []),
    ("somebody else's device signs nobody in", [identify("a", "dev"), identify("b", "dev"), alias("b", "a")], "a b dev", []),
    ("an alias signs nobody in", [alias("dev-a", "a"), identify("b", "dev-b"), alias("a", "b")], "a b dev-a dev-b", []),
    ("an identify of an aliased device signs in",
     [alias("dev-a", "a"), identify("a", "dev-a"), identify("b", "dev-b"), alias("a", "b")], "a dev-a|b dev-b", [("a", "b")]),
    ("who has signed in is carried along",
     [identify("a", "1"), identify("c", "2"), alias("a", "b"), alias("b", "c")], "a b 1|c 2", [("b", "c")]),
]  # fmt: skip


def groups(links: list[tuple[bool, str, str]], at_once: bool = False, merge_signed_in: bool = False) -> tuple[
    set[frozenset[str]], list[tuple[str, str]]
]:  # fmt: skip
    """The ids of each person, and the links that were not followed. The links are a minute apart, or all at one instant."""
    start = utc("2024-01-01")
    dated = [Link(start + number * timedelta(minutes=not at_once), *link) for number, link in enumerate(links)]
    found = reference.people(dated, start + DAY, merge_signed_in=merge_signed_in)
    ids = {who for link in dated for who in (link.joined, link.user)}
    people = {frozenset(who for who in ids if found.person(who) == person) for person in map(found.person, ids)}
    return people, list(found.not_followed)


@pytest.mark.parametrize(("links", "expected", "listed"), [case[1:] for case in LINKS], ids=[case[0] for case in LINKS])
def test_links_make_these_people(
    links: list[tuple[bool, str, str]], expected: str, listed: list[tuple[str, str]]
) -> None:
    people = {frozenset(ids.split()) for ids in expected.split("|")}
    assert groups(links) == (people, listed)
    if listed:
        ((everybody,), none) = groups(links, merge_signed_in=True)
        assert (everybody, none) == (frozenset().union(*people), [])


IDS = "pqrst"
some_links = st.lists(
    st.tuples(st.booleans(), st.sampled_from(IDS + "12"), st.sampled_from(IDS)).filter(lambda link: link[1] != link[2]),
    max_size=9,
)


def count(links: list[tuple[bool, str, str]], **options: bool) -> int:
    """How many people the ids are."""
    mentioned = {who for link in links for who in link[1:]}
    return len(groups(links, **options)[0]) + len({*IDS, "1", "2"} - mentioned)


@settings(max_examples=tries(500), deadline=None)
@given(some_links, st.booleans())
def test_one_more_link_never_makes_more_people(links: list[tuple[bool, str, str]], merge: bool) -> None:
    for number in range(len(links)):
        assert count(links[: number + 1], merge_signed_in=merge) <= count(links[:number], merge_signed_in=merge)


@settings(max_examples=tries(500), deadline=None)
@given(some_links, st.data())
def test_one_more_alias_at_any_time_never_makes_more_people(
    links: list[tuple[bool, str, str]], data: st.DataObject
) -> None:
    """Of aliases alone: an identify call may sign somebody in, after which they stay apart."""
    aliases = [alias(joined, user) for _, joined, user in links]
    if aliases:
        left_out = data.draw(st.integers(0, len(aliases) - 1))
        assert count(aliases) <= count(aliases[:left_out] + aliases[left_out + 1 :])


@settings(max_examples=tries(300), deadline=None)
@given(some_links, st.randoms())
def test_the_order_in_which_links_of_one_instant_come_decides_nothing(
    links: list[tuple[bool, str, str]], chance: random.Random
) -> None:
    assert groups(chance.sample(links, len(links)), at_once=True) == groups(links, at_once=True)


# Days and hours


def hours(timezone: str, from_: str, to: str) -> list[int]:
    """The lengths in minutes of the hours of the calendar between two instants, both of which begin one."""
    clock, at, lengths = Clock(timezone, "monday", utc(to) + DAY), utc(from_), []
    while at < utc(to):
        following = reference.next_hour(clock, at)
        lengths.append(int((following - at) / timedelta(minutes=1)))
        at = following
    assert at == utc(to)
    return lengths


@pytest.mark.parametrize(
    ("timezone", "from_", "to", "lengths"),
    [
        ("Australia/Lord_Howe", "2024-06-09T13:30", "2024-06-09T16:30", [60, 60, 60]),
        ("Australia/Lord_Howe", "2024-04-06T13:00", "2024-04-06T17:30", [60, 90, 60, 60]),  # from 02:00 back to 01:30
        ("Australia/Lord_Howe", "2024-10-05T14:30", "2024-10-05T18:00", [60, 30, 60, 60]),  # from 02:00 to 02:30
        ("America/Caracas", "2016-05-01T05:30", "2016-05-01T09:00", [60, 30, 60, 60]),  # from 02:30 to 03:00
        ("America/Caracas", "2007-12-09T05:00", "2007-12-09T08:30", [60, 90, 60]),  # from 03:00 back to 02:30
        ("Asia/Pyongyang", "2015-08-14T13:00", "2015-08-14T16:30", [60, 90, 60]),  # from 24:00 back to 23:30
        ("Asia/Pyongyang", "2018-05-04T13:30", "2018-05-04T17:00", [60, 30, 60, 60]),  # from 23:30 to 24:00
        ("Pacific/Norfolk", "2015-10-03T12:30", "2015-10-03T16:00", [60, 90, 60]),  # from 02:00 back to 01:30
        ("Asia/Colombo", "2006-04-14T17:00", "2006-04-14T20:30", [60, 30, 60, 60]),  # from 00:30 back to 00:00
        ("Europe/Berlin", "2024-10-26T23:00", "2024-10-27T03:00", [60, 60, 60, 60]),
        ("Europe/Berlin", "2024-03-30T23:00", "2024-03-31T02:00", [60, 60, 60]),
        ("Asia/Kathmandu", "2024-03-30T23:15", "2024-03-31T01:15", [60, 60]),
    ],
)
def test_an_hour_begins_when_the_clock_shows_a_full_hour_or_jumps_over_one(
    timezone: str, from_: str, to: str, lengths: list[int]
) -> None:
    assert hours(timezone, from_, to) == lengths


def test_by_the_hour_in_lord_howe_11_05_is_an_hour_after_10_45() -> None:
    zone = ZoneInfo("Australia/Lord_Howe")
    events = [
        Event("u", "S", datetime(2024, 6, 10, 10, 45, tzinfo=zone)),
        Event("u", "x", datetime(2024, 6, 10, 11, 5, tzinfo=zone)),
    ]
    clock = Clock("Australia/Lord_Howe", "monday", datetime(2024, 6, 13, tzinfo=zone))
    rows = reference.retention(events, clock, start=S, return_=ANY, period="hour", spans=[(1, 1)])
    assert [row["retained"] for row in rows] == [1, 1]
    assert clock.full_hour(events[0].at) == utc("2024-06-09T23:30")


def test_the_hour_that_begins_at_midnight_is_on_the_new_day() -> None:
    zone = ZoneInfo("Australia/Lord_Howe")
    clock = Clock("Australia/Lord_Howe", "monday", datetime(2024, 7, 13, tzinfo=zone))
    events = [Event("a", "S", utc("2024-07-09T13:40"))]
    for period in ("hour", "day"):
        rows = reference.retention(events, clock, start=S, return_=ANY, period=period, spans=[])
        assert [row["cohort"] for row in rows] == [date(2024, 7, 10)]
    assert clock.full_hour(events[0].at) == utc("2024-07-09T13:30")


def test_in_apia_the_day_after_29_december_2011_is_the_31st() -> None:
    zone = ZoneInfo("Pacific/Apia")
    clock = Clock("Pacific/Apia", "monday", datetime(2012, 1, 6, tzinfo=zone))
    events = [Event("u", "S", utc("2011-12-29T22:00")), Event("u", "x", utc("2011-12-30T22:00"))]
    rows = reference.lifecycle(events, clock, period="day")
    assert [(row["period_start"].day, row["active_people"], row["returning_people"]) for row in rows] == [
        (29, 1, 0), (31, 1, 1), (1, 0, 0),
    ]  # fmt: skip
    back = reference.retention(events, clock, start=S, return_=("x",), period="day", spans=[(1, 1), (2, 2)])
    assert [row["retained"] for row in back] == [1, 1, 0]
    assert [row["period_start"].day for row in reference.churn(events, clock, period="day")] == [31, 1]
    week = reference.active_days(events, clock, window=2 * DAY)
    assert [(row["day"].day, row["active_days"]) for row in week if row["people"]] == [(29, 1), (31, 2), (1, 1)]
