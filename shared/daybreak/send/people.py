"""The ids of people in messages: batches of those who entered or left a list, read from its files on delivery."""

import csv
import hashlib
import io
import json
from collections.abc import Callable, Iterator
from functools import cache

from daybreak.lake.store import Store
from daybreak.lake.tables import MadeList
from daybreak.send.message import Batch, Kind, Message, event_bytes, message_id

BATCH = 100
"""How many ids are in one message."""
_ABOVE_ALL = "g"
"""Sorts behind every digest."""


class PeopleOfLists:
    """The files of lists in a lake, each read once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._ids = cache(self._read)

    def batches(self, changed: Message, row: MadeList, before: MadeList | None) -> Iterator[Message]:
        """The messages that hold the people who entered or left a list, behind the message that it changed."""
        kinds: dict[Kind, str] = {"PeopleEntered": "who entered", "PeopleLeft": "who left"}
        for kind, said in kinds.items():
            ranges = list(_ranges(self._changed(kind, row.file, before.file if before else None)))
            for number, (first, below) in enumerate(ranges, start=1):
                yield changed.model_copy(
                    update={
                        "kind": kind,
                        "id": message_id(changed.id, kind, first, below),
                        "title": f"{changed.title}: {said}, batch {number} of {len(ranges)}",
                        "data": {**changed.data, "batch": number, "batches": len(ranges)},
                        "batch": Batch(file=row.file, before=before.file if before else None, first=first, below=below),
                    }
                )

    def with_ids(self, message: Message) -> Message | None:
        """The message with the ids of its batch; None if the list's file has been removed."""
        if message.batch is None:
            return message
        batch = message.batch
        if self._ids(batch.file) is None:
            return None
        changed = self._changed(message.kind, batch.file, batch.before)
        ids = [each for each in changed if batch.first <= _digest(each) < batch.below]
        return message.model_copy(update={"data": {**message.data, "ids": ids}})

    def _changed(self, kind: Kind, file: str, before: str | None) -> list[str]:
        """Those who entered or left between two files, by their digests; without the older one, all have entered."""
        now, then = set(self._ids(file) or ()), set((before and self._ids(before)) or ())
        return sorted(now - then if kind == "PeopleEntered" else then - now, key=_digest)

    def _read(self, key: str) -> tuple[str, ...] | None:
        """The first column of a CSV file with a header; None if there is no such file."""
        data = self._store.get(key)
        if data is None:
            return None
        rows = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""))
        next(rows, None)
        return tuple(row[0] for row in rows if row)


def without_people(cloud_event: bytes, is_forgotten: Callable[[str], bool]) -> bytes:
    """A message as it lies under `messages/`, without the ids of people who are to be forgotten."""
    event = json.loads(cloud_event)
    ids = event["data"].get("ids", [])
    kept = [each for each in ids if not is_forgotten(each)]
    if len(kept) == len(ids):
        return cloud_event
    return event_bytes({**event, "data": {**event["data"], "ids": kept}})


def _ranges(ids: list[str]) -> Iterator[tuple[str, str]]:
    """The bounds of each batch of ids that are ordered by their digests: together they hold every digest."""
    firsts = [_digest(first) for first in ids[::BATCH]]
    yield from zip(["", *firsts[1:]], [*firsts[1:], _ABOVE_ALL], strict=True) if firsts else ()


def _digest(person: str) -> str:
    return hashlib.sha256(person.encode()).hexdigest()
