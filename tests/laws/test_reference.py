"""The reference gives the right answer to the smallest inputs on its own: every number here was worked out by hand."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import reference
from reference import Link

DAY = timedelta(days=1)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


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


@settings(max_examples=500, deadline=None)
@given(some_links, st.booleans())
def test_one_more_link_never_makes_more_people(links: list[tuple[bool, str, str]], merge: bool) -> None:
    for number in range(len(links)):
        assert count(links[: number + 1], merge_signed_in=merge) <= count(links[:number], merge_signed_in=merge)


@settings(max_examples=300, deadline=None)
@given(some_links, st.randoms())
def test_the_order_in_which_links_of_one_instant_come_decides_nothing(
    links: list[tuple[bool, str, str]], chance: random.Random
) -> None:
    assert groups(chance.sample(links, len(links)), at_once=True) == groups(links, at_once=True)
