"""What one deployment decides about events: what is dropped from them, which are planned, who is forgotten."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from daybreak.ingest.plan import Plan

Clean = Callable[[dict[str, Any]], dict[str, Any]]
"""An event, or a batch's context as {"context": …}, without what must not be kept; from `Privacy.cleaner`."""


def forgotten_digest(person: str) -> bytes:
    """How the id of somebody who asked to be forgotten is kept: 16 bytes of its SHA-256, never the id."""
    return hashlib.sha256(person.encode("utf-8", "surrogatepass")).digest()[:16]


@dataclass(frozen=True, slots=True)
class Rules:
    """As they are in force while a request is judged."""

    clean: Clean = lambda event: event
    plan: Plan | None = None
    forgotten: frozenset[bytes] = frozenset()
    """Digests of the ids of people who asked to be forgotten."""

    def forgets(self, raw: Any) -> bool:
        """Whether an event as sent is about somebody who asked to be forgotten.

        An event of another user on a device that was theirs is not; neither is one that is no object.
        """
        if not self.forgotten or not isinstance(raw, dict):
            return False
        user = raw.get("userId")
        who = [raw.get("anonymousId") if user in (None, "") else user, raw.get("previousId")]
        return any(forgotten_digest(str(i)) in self.forgotten for i in who if isinstance(i, str | int) and i != "")


NO_RULES = Rules()
