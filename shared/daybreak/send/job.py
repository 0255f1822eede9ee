"""The job that sends: put the morning's messages into the outbox of each send, then deliver what waits there.

Running it again, at any time and after a kill at any step, delivers what is left and nothing under a new id.
"""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from daybreak.definitions.project import Project
from daybreak.definitions.sends import Send
from daybreak.engine.database import Limits
from daybreak.errors import DaybreakError, InputError
from daybreak.lake.store import Store
from daybreak.send.message import Message
from daybreak.send.messages import messages
from daybreak.send.outbox import Outbox, Waiting
from daybreak.send.people import PeopleOfLists
from daybreak.send.sample import sample
from daybreak.send.tables import Tables, read_tables
from daybreak.send.target import Answer, Target

LOOK_BACK = timedelta(days=7)
"""News that could not be sent for so long is still sent. A send that did not run for longer begins anew."""
MOST_TRIES = 96
"""After so many runs in vain, two days of two runs an hour, a message is dead."""
WAITS = (1.0, 4.0)
"""Seconds between the tries of one run, if the target does not ask for another time."""
LONGEST_WAIT = 30.0
"""Seconds. A target that asks for more is left alone until a later run."""
LONGEST_PAUSE = timedelta(days=1)
"""A target cannot ask to be left alone for longer."""
TIME_FOR_A_RUN = timedelta(minutes=10)
"""What is not delivered by then waits for the next run. Lambda ends a run after fifteen minutes."""

FindTarget = Callable[[str, Send], Target]
"""The target of a send by its name. Raises DaybreakError if there is none, such as a webhook without its secret."""


@dataclass(slots=True)
class Delivered:
    """What a run did for one send."""

    send: str
    new: int = 0
    sent: int = 0
    waiting: int = 0
    dead: int = 0
    answered: list[str] = field(default_factory=list)
    """What the target said to the tries that were in vain, each once."""
    oldest: datetime | None = None
    """Since when the oldest message that waits, or is dead, was put into the outbox."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Sending:
    """The job with everything it needs."""

    store: Store
    project: Project
    source: str
    """What the messages name as their source: daybreak.<name of the stack>."""
    target: FindTarget
    limits: Limits = Limits()
    clock: Callable[[], datetime] = _utc_now
    sleep: Callable[[float], None] = time.sleep

    def run(self, scheduled: datetime) -> list[Delivered]:
        """Send what is new as of the last project day that is over at `scheduled`, and what still waits."""
        ends = self.clock() + TIME_FOR_A_RUN
        today = scheduled.astimezone(self.project.zone).date() - timedelta(days=1)
        tables = read_tables(self.store, self.project, self.limits)
        people = PeopleOfLists(self.store)
        done = [Delivered(name) for name in self.project.sends]
        for each in done:
            self._collect(each, tables, people, today)
        for each in done:
            self._deliver(each, people, ends)
        return done

    def try_out(self, name: str, now: datetime) -> dict[str, Any]:
        """Send one sample, marked as such, and return what the target answered."""
        if name not in self.project.sends:
            raise InputError(f"unknown send {name!r}; choose from {', '.join(self.project.sends) or 'none'}")
        message = sample(name, self.project, self.source, now)
        return {"send": name, "id": message.id, **asdict(self._once(name, message))}

    def _collect(self, done: Delivered, tables: Tables, people: PeopleOfLists, today: date) -> None:
        """Put every message that this send does not know yet into its outbox."""
        send, outbox = self.project.sends[done.send], Outbox(self.store, done.send)
        since = outbox.begin(today, LOOK_BACK)
        known = outbox.known()
        found = [message for message in messages(tables, self.project, self.source, since) if send.takes(message.about)]
        for message in found:
            parts = [message]
            if message.id in known:
                continue
            if send.people == "inline" and message.kind == "ListChanged":
                # behind its batches: while it is not known, they are made again, with the same ids
                parts = [*people.batches(message), message]
            for part in parts:
                if part.id not in known:
                    outbox.put(part, self.clock())
                    done.new += 1

    def _deliver(self, done: Delivered, people: PeopleOfLists, ends: datetime) -> None:
        """Try what waits, until the target is down or the time for the run is over."""
        outbox = Outbox(self.store, done.send)
        waiting = outbox.undelivered("waiting")
        sent = outbox.sent() if waiting else set()
        paused = any(each.not_before and each.not_before > self.clock() for each in waiting)
        is_down, left = False, []
        for each in waiting:
            if each.message.id in sent:  # a run was killed behind its note
                outbox.leave(each.message.id)
            elif paused or is_down or self.clock() >= ends:
                left.append(each)
            else:
                stays, is_down = self._try(done, outbox, each, people)
                left += [each] if stays else []
        dead = outbox.undelivered("dead")
        done.waiting, done.dead = len(left), len(dead)
        done.oldest = min((each.since for each in [*left, *dead]), default=None)

    def _try(self, done: Delivered, outbox: Outbox, waiting: Waiting, people: PeopleOfLists) -> tuple[bool, bool]:
        """Try one message, a few times if that may help. Returns whether it stays, and whether the target is down."""
        message = people.with_ids(waiting.message)
        if message is None:
            answer = Answer(False, "the file of the list has been removed")
        else:
            answer = self._patiently(done.send, message)
        if answer.delivered:
            outbox.delivered(waiting, answer.said, self.clock())
            done.sent += 1
            return False, False
        pause = min(timedelta(seconds=answer.wait_seconds), LONGEST_PAUSE) if answer.wait_seconds else None
        tried = waiting.model_copy(
            update={
                "tries": waiting.tries + 1,
                "answered": answer.said,
                "not_before": self.clock() + pause if pause else None,
            }
        )
        if answer.said not in done.answered:
            done.answered.append(answer.said)
        if tried.tries >= MOST_TRIES:
            outbox.give_up(tried)
            return False, answer.is_down
        outbox.keep(tried)
        return True, answer.is_down

    def _patiently(self, name: str, message: Message) -> Answer:
        """Try again after a short time, or after the time that the target asks for, while it is down."""
        for wait in WAITS:
            answer = self._once(name, message)
            asked = answer.wait_seconds or 0.0
            if answer.delivered or not answer.is_down or asked > LONGEST_WAIT:
                return answer
            self.sleep(max(wait, asked))
        return self._once(name, message)

    def _once(self, name: str, message: Message) -> Answer:
        try:
            return self.target(name, self.project.sends[name]).deliver(message)
        except DaybreakError as error:
            return Answer(False, str(error), is_down=True)
        except Exception as error:
            # one target must not stop the others, however it fails; the error's text may repeat what was sent
            return Answer(False, type(error).__name__, is_down=True)
