"""Suppress people: all their ids, also those that appear before the list is in force."""

from collections.abc import Set
from dataclasses import dataclass, field

import pytest

from daybreak.ingest.rules import Rules
from daybreak.people.find import Ids, digests
from daybreak.people.suppress import suppress


@dataclass
class Listed:
    """The list of the forgotten in memory."""

    digests: frozenset[bytes] = frozenset()
    waits: int = 0
    unknown: list[frozenset[str]] = field(default_factory=list)
    confirmed: list[frozenset[str]] = field(default_factory=list)

    def read(self) -> Rules:
        return Rules(forgotten=self.digests)

    def forget(self, digests: Set[bytes]) -> None:
        self.digests |= digests

    def wait(self) -> None:
        self.waits += 1


def found(*ids: str, unknown: str = "") -> Ids:
    return Ids(frozenset(ids), frozenset(filter(None, [unknown])))


def test_an_id_that_appears_meanwhile_is_suppressed_too_and_earlier_people_are_returned_as_well() -> None:
    listed, answers = Listed(digests(["bob"])), iter([found("ada"), found("ada", "phone"), found("ada", "phone")])
    people = suppress(listed, lambda: next(answers), listed.unknown.append, listed.confirmed.append, listed.wait)
    assert people.digests == digests(["ada", "phone", "bob"])
    assert listed.confirmed == [{"ada"}, {"phone"}]
    assert (listed.unknown, listed.waits) == ([], 2)


def test_an_id_that_no_event_names_is_reported_once() -> None:
    listed, answers = Listed(), iter([found("adda", unknown="adda"), found("adda", "x", unknown="adda"), found("adda")])
    suppress(listed, lambda: next(answers), listed.unknown.append, listed.confirmed.append, listed.wait)
    assert listed.unknown == [{"adda"}]


def test_nobody_is_suppressed_without_confirmation() -> None:
    listed = Listed()

    def refuse(_: frozenset[str]) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        suppress(listed, lambda: found("ada"), listed.unknown.append, refuse, listed.wait)
    assert listed.digests == frozenset()
