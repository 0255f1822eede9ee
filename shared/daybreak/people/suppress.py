"""Suppress people: put all their ids on the list of the forgotten, so that no collector accepts their events."""

from collections.abc import Callable, Set
from typing import Protocol

from daybreak.ingest.rules import Rules
from daybreak.people.find import Ids, People, digests


class SuppressionList(Protocol):
    """The list of the forgotten, which every collector reads."""

    def read(self) -> Rules:
        """The rules in force, the list among them."""

    def forget(self, digests: Set[bytes]) -> None:
        """Add digests to the list."""


def suppress(
    suppressed: SuppressionList,
    find: Callable[[], Ids],
    report_unknown: Callable[[frozenset[str]], None],
    confirm: Callable[[frozenset[str]], None],
    wait: Callable[[], None],
) -> People:
    """Suppress people, and return everybody on the list: these people and all who were suppressed before.

    `find` brings the lake up to date and looks up all ids of these people. `report_unknown` is called once at most,
    with the ids that no event names. `confirm` is called with the ids that are about to be suppressed and raises to
    stop. `wait` returns when the list is in force at every collector. The search is repeated until it finds no new id:
    a request that was accepted in the meantime may have linked another one.
    """
    known = frozenset[str]()
    while True:
        found = find()
        if found.own <= known:
            return People(suppressed.read().forgotten)
        if found.unknown and not known:
            report_unknown(found.unknown)
        confirm(found.own - known)
        suppressed.forget(digests(found.own))
        known = found.own
        wait()
