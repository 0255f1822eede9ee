"""The rules of one deployment: which fields are dropped, which events are planned, and who is forgotten."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from daybreak.ingest.tracking_plan import Plan

PEOPLE = ("userId", "anonymousId", "previousId")
"""The fields, as clients send them, that say who an event is about."""

Clean = Callable[[dict[str, Any]], dict[str, Any]]
"""Returns an event, or a batch's context as {"context": …}, without what must not be kept; see `Privacy.cleaner`."""


def forgotten_digest(person: str) -> bytes:
    """The stored form of the id of somebody who asked to be forgotten: 16 bytes of its SHA-256, never the id itself."""
    return hashlib.sha256(person.encode("utf-8", "surrogatepass")).digest()[:16]


def person_ids(raw: Any) -> list[str]:
    """The ids of the people that an event, as sent, is about: the user or else the anonymous id, and an alias's old id.

    The ids are as the canonical event holds them. Values that cannot be an id, such as true and 7.5, are left out.
    """
    if not isinstance(raw, dict):
        return []
    user, anonymous, previous = (_id(raw.get(name)) for name in PEOPLE)
    return [found for found in (user or anonymous, previous) if found]


def _id(value: Any) -> str | None:
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) and value != "" else None


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules in force while a request is judged."""

    clean: Clean = lambda event: event
    plan: Plan | None = None
    forgotten: frozenset[bytes] = frozenset()
    """Digests of the ids of people who asked to be forgotten."""

    def forgets(self, raw: Any) -> bool:
        """True if an event, as sent, is about somebody who asked to be forgotten.

        An event of another user on a device that was theirs is not about them. A value that is not an object is about
        nobody.
        """
        return bool(self.forgotten) and any(forgotten_digest(person) in self.forgotten for person in person_ids(raw))


NO_RULES = Rules()
