"""The ids of people in messages: batches of those who entered or left a list, read from its files on delivery."""

import hashlib
import json
from collections.abc import Callable, Iterator
from functools import cache
from itertools import pairwise
from typing import Any

from daybreak.definitions.lists import id_in
from daybreak.lake import keys
from daybreak.lake.store import Store
from daybreak.send.message import Batch, Kind, Message, event_bytes, message_id

BATCH = 100
"""About so many ids are in one message."""
_FILES: dict[Kind, str] = {"PeopleEntered": "entered.ndjson", "PeopleLeft": "left.ndjson"}
"""The files of a list beside that of everybody, by the kind of the messages that hold their ids."""
_SAID: dict[Kind, str] = {"PeopleEntered": "who entered", "PeopleLeft": "who left"}
_COUNTS: dict[Kind, str] = {"PeopleEntered": "entered", "PeopleLeft": "left"}
"""The count in the row of a list that says how many people a file held when it was made."""
_ABOVE_ALL = "g"
"""Sorts behind every digest."""


class PeopleOfLists:
    """The files of lists in a lake, each read once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._ids = cache(self._read)

    def batches(self, changed: Message) -> Iterator[Message]:
        """The messages that hold the people who entered or left a list, behind the message that it changed.

        Neither the ranges nor the ids depend on who is in the file, so they stay when somebody is forgotten.
        """
        for kind, file in _FILES.items():
            key = f"{keys.folder(changed.data['file'])}{file}"
            if not self._ids(key):
                continue
            bounds = _bounds(changed.data[_COUNTS[kind]])
            for number, (first, below) in enumerate(pairwise(bounds), start=1):
                yield changed.model_copy(
                    update={
                        "kind": kind,
                        "id": message_id(changed.id, kind, first, below),
                        "title": f"{changed.title}: {_SAID[kind]}, batch {number} of {len(bounds) - 1}",
                        "data": {**changed.data, "batch": number, "batches": len(bounds) - 1},
                        "batch": Batch(file=key, first=first, below=below),
                    }
                )

    def with_ids(self, message: Message) -> Message | None:
        """The message with the ids of its batch; None if the list's file has been removed."""
        batch = message.batch
        if batch is None:
            return message
        ids = self._ids(batch.file)
        if ids is None:
            return None
        chosen = [each for each in ids if batch.first <= _digest(each) < batch.below]
        return message.model_copy(update={"data": {**message.data, "ids": chosen}})

    def _read(self, key: str) -> tuple[str, ...] | None:
        """The ids in a file of JSON lines, by their digests; None if there is no such file."""
        data = self._store.get(key)
        if data is None:
            return None
        ids = {id_in(json.loads(line)) for line in data.splitlines()}
        return tuple(sorted(ids, key=_digest))


def without_people(cloud_event: bytes, is_forgotten: Callable[[str], bool]) -> bytes:
    """A message as it lies under `messages/`, without the ids of people who are to be forgotten."""
    event = json.loads(cloud_event)
    named = _people_in(event)
    kept = [each for each in named if not is_forgotten(each)]
    return cloud_event if len(kept) == len(named) else event_bytes(_with(event, kept))


def about_people(cloud_event: bytes, is_theirs: Callable[[str], bool]) -> dict[str, Any] | None:
    """A message as it lies under `messages/`, with the ids of these people alone; None if it names none of them."""
    event = json.loads(cloud_event)
    theirs = [each for each in _people_in(event) if is_theirs(each)]
    return _with(event, theirs) if theirs else None


def _people_in(event: dict[str, Any]) -> list[str]:
    """The ids of people in a message. An account is nobody, whatever its id."""
    data = event["data"]
    return [] if data.get("actor") == "account" else list(data.get("ids", []))


def _with(event: dict[str, Any], ids: list[str]) -> dict[str, Any]:
    return {**event, "data": {**event["data"], "ids": ids}}


def _bounds(people: int) -> list[str]:
    """The bounds of ranges that divide all digests evenly, one range for each hundred people or part of it."""
    parts = max(1, -(-people // BATCH))
    return ["", *(f"{part * 2**64 // parts:016x}" for part in range(1, parts)), _ABOVE_ALL]


def _digest(person: str) -> str:
    return hashlib.sha256(person.encode()).hexdigest()
