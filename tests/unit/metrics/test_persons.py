"""Links in the order of their time: chains are followed, rings are not closed, people who have signed in stay apart."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import reference
from daybreak.engine import database
from daybreak.engine.database import Limits, workplace
from daybreak.metrics.persons import Link, SaidBy, follow, make_person_of
from support.journeys import tries

IDS = "pqrstu"
PAIRS = st.tuples(st.sampled_from(IDS), st.sampled_from(IDS)).filter(lambda pair: pair[0] != pair[1])
LINKS = st.lists(
    st.builds(lambda at, is_alias, pair: Link(at, SaidBy(is_alias), *pair), st.integers(0, 5), st.booleans(), PAIRS)
)
NOON = datetime(2024, 3, 1, 12, tzinfo=UTC)


def person(owner: dict[str, str], own: str) -> str:
    while own in owner:
        own = owner[own]
    return own


@given(LINKS, PAIRS, st.booleans(), st.booleans())
def test_one_more_link_after_all_others_never_makes_more_people(
    links: list[Link], pair: tuple[str, str], is_alias: bool, merge: bool
) -> None:
    counts = [
        len({person(follow(given, merge_signed_in=merge), own) for own in IDS})
        for given in (links, [*links, Link(9, SaidBy(is_alias), *pair)])
    ]
    assert counts[1] <= counts[0]


@given(st.lists(PAIRS, min_size=1), st.data())
def test_one_more_alias_at_any_time_never_makes_more_people(pairs: list[tuple[str, str]], data: st.DataObject) -> None:
    aliases = [Link(n, SaidBy.ALIAS, *pair) for n, pair in enumerate(pairs)]
    left_out = data.draw(st.sampled_from(aliases))
    counts = [
        len({person(follow(given, merge_signed_in=False), own) for own in IDS})
        for given in ([link for link in aliases if link != left_out], aliases)
    ]
    assert counts[1] <= counts[0]


@pytest.mark.parametrize("length", [2, 3, 4, 6])
def test_a_ring_of_any_length_is_one_person(length: int) -> None:
    ring = [Link(n, SaidBy.ALIAS, IDS[n], IDS[(n + 1) % length]) for n in range(length)]
    owner = follow(ring, merge_signed_in=False)
    assert len({person(owner, own) for own in IDS}) == len(IDS) - length + 1


@settings(max_examples=tries(1000))
@given(LINKS, st.booleans())
def test_the_tables_say_what_the_second_reference_says(links: list[Link], merge: bool) -> None:
    said = [
        reference.Link(NOON + timedelta(hours=at), said_by == SaidBy.ALIAS, own, user)
        for at, said_by, own, user in links
    ]
    expected = reference.people(said, NOON + timedelta(days=1), merge_signed_in=merge)
    firsts: dict[tuple[str, str, SaidBy], int] = {}
    for at, said_by, own, user in links:
        firsts[own, user, said_by] = min(at, firsts.get((own, user, said_by), at))
    rows = [
        {"id": own, "user_id": user, "said_by": said_by.name.lower(), "linked_at": at}
        for (own, user, said_by), at in firsts.items()
    ]
    with workplace(Limits(memory_mb=500)) as place:
        columns = {"id": "VARCHAR", "user_id": "VARCHAR", "said_by": "VARCHAR", "linked_at": "BIGINT"}
        database.create(place.db, "links", columns, rows)
        make_person_of(place.db, merge_signed_in=merge)
        found = dict(place.db.execute("select id, person from person_of").fetchall())
        not_followed = set(place.db.execute("select id, user_id from links_not_followed").fetchall())
    assert found == {own: expected.person(own) for own in expected.owner}
    assert not_followed == set(expected.not_followed)
