"""What every target of messages has in common: it is given a message and answers."""

from dataclasses import dataclass
from typing import Protocol

from daybreak.send.message import Message


@dataclass(frozen=True, slots=True)
class Answer:
    """What a target said to one try. `said` is for the log: it never holds an address, a key, a body or an id."""

    delivered: bool
    said: str
    is_down: bool = False
    """Whether the target as a whole seems unable to take messages now, and not this message alone."""
    wait_seconds: float | None = None
    """How long the target asked to be left alone."""
    body: str = ""
    """The beginning of the response, for the person who tries a target; it is not logged."""


class Target(Protocol):
    """Where a send delivers its messages."""

    def deliver(self, message: Message) -> Answer:
        """Try once. A message that is delivered twice is the same message, by its id."""
