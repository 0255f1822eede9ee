"""What a warning's SQL found, and who reads the sentence about it."""

from dataclasses import dataclass, field
from typing import Any

FEW_PEOPLE = 5
"""A value that fewer people had on each day may say who they are."""


@dataclass(frozen=True, slots=True)
class Found:
    """One row of a warning's SQL. `detail` holds what only its sentence needs."""

    kind: str
    definition: str | None
    subject: str
    count: int
    total: int
    detail: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who reads warnings: at the desk with the events themselves, or in a table without them.

    `private`: the properties that [privacy] drops or hashes; no value of them is ever shown.
    """

    reads_events: bool
    private: frozenset[str] = field(default_factory=frozenset)

    def may_see(self, property_: str, people: int) -> bool:
        """True if a value of a property may be shown that so many people had on a day."""
        return property_ not in self.private and (self.reads_events or people >= FEW_PEOPLE)
