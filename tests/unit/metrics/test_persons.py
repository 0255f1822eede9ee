"""Links in the order of their time: chains are followed, rings are not closed, and one more link never makes more people."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daybreak.engine import database
from daybreak.engine.database import Limits, workplace
from daybreak.metrics.persons import Link, make_person_of, without_rings

IDS = "pqrstu"
LINKS = st.lists(st.tuples(st.sampled_from(IDS), st.sampled_from(IDS)).filter(lambda link: link[0] != link[1]))


def people(links: list[Link]) -> int:
    """How many people the ids are, counted by following each to its end."""
    owner = without_rings(links)
    ends = set()
    for own in IDS:
        while own in owner:
            own = owner[own]
        ends.add(own)
    return len(ends)


@given(LINKS)
def test_one_more_link_never_makes_more_people(links: list[Link]) -> None:
    counts = [people(links[:n]) for n in range(len(links) + 1)]
    assert counts == sorted(counts, reverse=True)


@pytest.mark.parametrize("length", [2, 3, 4, 6])
def test_a_ring_of_any_length_is_one_person(length: int) -> None:
    ring = [(IDS[n], IDS[(n + 1) % length]) for n in range(length)]
    assert people(ring) == len(IDS) - length + 1


@given(LINKS)
def test_the_table_says_what_the_rule_says(links: list[Link]) -> None:
    first = {(own, user): at for at, (own, user) in reversed(list(enumerate(links)))}
    rows = [{"id": own, "user_id": user, "linked_at": at} for (own, user), at in first.items()]
    with workplace(Limits(memory_mb=500)) as place:
        columns = {"id": "VARCHAR", "user_id": "VARCHAR", "linked_at": "BIGINT"}
        database.create(place.db, "links", columns, rows)
        make_person_of(place.db)
        found = dict(place.db.execute("select id, person from person_of").fetchall())
    owner = without_rings(links)
    expected = {}
    for own in owner:
        end = own
        while end in owner:
            end = owner[end]
        expected[own] = end
    assert found == expected
