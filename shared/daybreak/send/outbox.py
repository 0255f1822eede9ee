"""The outbox of a send in the lake: what waits to be delivered, what was given up, and what was sent.

A message is put into the outbox before it is tried, and leaves it only after the note under `sent/` is written. So a
run that is killed at any step is made up for by the next one: at worst it sends a message again, under the same id.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Self

from pydantic import BaseModel, ConfigDict

from daybreak.lake import keys
from daybreak.lake.keys import Undelivered
from daybreak.lake.store import Store
from daybreak.send.message import Message


class Waiting(BaseModel):
    """A message in the outbox, with what has happened to it so far. It holds no id of a person."""

    model_config = ConfigDict(frozen=True)

    message: Message
    since: datetime
    """When it was put into the outbox."""
    tries: int = 0
    """In how many runs it was tried in vain."""
    answered: str = ""
    """What the target said to the last try."""
    not_before: datetime | None = None
    """The target asked to be left alone until then."""

    def dump(self) -> bytes:
        return self.model_dump_json(indent=1).encode()

    @classmethod
    def read(cls, store: Store, key: str) -> Self | None:
        data = store.get(key)
        return cls.model_validate_json(data) if data else None


class Begun(BaseModel):
    """From which project day on a send gets messages: nothing older is sent to a new one."""

    since: date
    last_run: date
    """The newest day whose messages were sent to it."""


class Sent(BaseModel):
    """The note that a message was delivered, or discarded. It holds neither text nor id of a person."""

    at: datetime
    kind: str
    about: str
    tries: int
    answered: str


class Outbox:
    """What one send has in the lake."""

    def __init__(self, store: Store, send: str) -> None:
        self._store, self.send = store, send

    def begin(self, today: date, look_back: timedelta) -> date:
        """The day from which this send gets messages: that of its first run, or of the first one after a long pause."""
        key = keys.begun(self.send)
        data = self._store.get(key)
        begun = Begun.model_validate_json(data) if data else None
        if begun is None or today - begun.last_run > look_back:
            begun = Begun(since=today, last_run=date.min)
        if today > begun.last_run:
            self._store.put(key, begun.model_copy(update={"last_run": today}).model_dump_json().encode())
        return max(begun.since, today - look_back)

    def known(self) -> set[str]:
        """The ids of all messages that wait, were given up or were sent."""
        prefixes = [
            keys.undelivered_prefix("waiting", self.send),
            keys.undelivered_prefix("dead", self.send),
            keys.sent_prefix(self.send),
        ]
        return {keys.message_in(stored.key) for prefix in prefixes for stored in self._store.list(prefix)}

    def sent(self) -> set[str]:
        """The ids of the messages that were sent."""
        return {keys.message_in(stored.key) for stored in self._store.list(keys.sent_prefix(self.send))}

    def put(self, message: Message, now: datetime) -> None:
        """Let a message wait for its delivery."""
        self.keep(Waiting(message=message, since=now))

    def keep(self, waiting: Waiting) -> None:
        """Let a message wait, with what has happened to it so far."""
        self._store.put(keys.undelivered("waiting", self.send, waiting.message.id), waiting.dump())

    def undelivered(self, state: Undelivered) -> list[Waiting]:
        """The messages that wait or were given up: those that were tried least first, then the oldest.

        So no message waits for one that its target cannot take.
        """
        listed = self._store.list(keys.undelivered_prefix(state, self.send))
        found = [waiting for stored in listed if (waiting := Waiting.read(self._store, stored.key))]
        return sorted(found, key=lambda each: (each.tries, each.message.time, each.message.about, each.message.id))

    def delivered(self, waiting: Waiting, answered: str, now: datetime) -> None:
        """Note that a message was sent, then let it leave the outbox."""
        self._note(waiting, waiting.tries + 1, answered, now)
        self.leave(waiting.message.id)

    def leave(self, message_id: str) -> None:
        """Remove a message that has its note from the outbox."""
        states: Sequence[Undelivered] = ("waiting", "dead")
        self._store.delete([keys.undelivered(state, self.send, message_id) for state in states])

    def give_up(self, waiting: Waiting) -> None:
        """Keep a message as dead. The alarm rings until somebody sends it again or discards it."""
        self._store.put(keys.undelivered("dead", self.send, waiting.message.id), waiting.dump())
        self._store.delete([keys.undelivered("waiting", self.send, waiting.message.id)])

    def again(self) -> int:
        """Let every dead message wait again, with its tries counted from zero. Returns how many there were."""
        dead = self.undelivered("dead")
        for each in dead:
            self.keep(each.model_copy(update={"tries": 0, "not_before": None}))
            self._store.delete([keys.undelivered("dead", self.send, each.message.id)])
        return len(dead)

    def discard(self, now: datetime) -> int:
        """Remove every dead message. The note says so, and keeps the job from making it again. Returns how many."""
        dead = self.undelivered("dead")
        for each in dead:
            self._note(each, each.tries, "discarded by hand", now)
            self.leave(each.message.id)
        return len(dead)

    def _note(self, waiting: Waiting, tries: int, answered: str, now: datetime) -> None:
        message = waiting.message
        note = Sent(at=now, kind=message.kind, about=message.about, tries=tries, answered=answered)
        self._store.put(keys.sent(self.send, message.id), note.model_dump_json(indent=1).encode())


def sends_with_outbox(store: Store) -> Iterator[str]:
    """The names of all sends that have messages waiting or dead, also of those that daybreak.toml no longer names."""
    states: Sequence[Undelivered] = ("waiting", "dead")
    found = {stored.key.split("/")[2] for state in states for stored in store.list(keys.undelivered_prefix(state))}
    yield from sorted(found)
