"""Find people in the lake: their ids, the records about them, and the arrival days whose tables hold them.

The ids of a person are: their user id; the user ids that an alias call joined with it, in either direction; and the
anonymous ids that they were the first to use. An id belongs to the first user it was linked with, as in every table.
An event is about a person if its user id is theirs. An event without a user id is about them if its anonymous id is
theirs. An alias call is about both of its ids. Events of another user on a device that was once theirs are not about
them.
"""

import json
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import orjson

from daybreak.engine import database
from daybreak.engine.database import Connection, Limits, workplace
from daybreak.engine.sql import sql_file
from daybreak.ingest.frames import unpack
from daybreak.ingest.rules import forgotten_digest, person_ids
from daybreak.lake import keys
from daybreak.lake.store import Store
from daybreak.lists.files import lines_about
from daybreak.metrics.persons import make_person_of
from daybreak.send.people import about_people

_SQL = "daybreak.people.sql"
_BODIES_AT_ONCE = 200
"""A body may have 200,000 characters, so a batch of bodies stays below 40 MB."""

_IN_A_CUT_BODY = re.compile(r'[{ ,]+"(userId|anonymousId|previousId)": ("(?:[^"\\]|\\.)*"|[^",]+)')
"""A person's id at the beginning of a quarantined body, which may have been cut at its end."""


@dataclass(frozen=True, slots=True)
class Ids:
    """All ids of the people who were asked for."""

    own: frozenset[str]
    unknown: frozenset[str]
    """The ids among them that no event names, perhaps because of a spelling mistake."""


@dataclass(frozen=True, slots=True)
class People:
    """People, known by the digests of all their ids, as in the list of the forgotten."""

    digests: frozenset[bytes]

    def named(self, own: str) -> bool:
        """True if this is one of their ids."""
        return self._any([own])

    def in_event(self, line: bytes) -> bool:
        """True if a line of the raw log is about them."""
        event = orjson.loads(line)
        return self._any([event.get("user_id") or event.get("anonymous_id"), event.get("previous_id")])

    def in_reject(self, line: bytes) -> bool:
        """True if a line of the quarantine is about them."""
        return self.in_body(orjson.loads(line)["body"])

    def in_body(self, body: str) -> bool:
        """True if the body of a quarantined event is about them. The body may be cut."""
        try:
            raw = json.loads(body)
        except (ValueError, RecursionError):
            raw, at = {}, 0
            while found := _IN_A_CUT_BODY.match(body, at):
                with suppress(ValueError):
                    raw[found[1]] = json.loads(found[2])
                at = found.end()
        return self._any(person_ids(raw))

    def in_list(self, row: Mapping[str, Any]) -> bool:
        """True if a line of a list's file is about them. An account is nobody, whatever its id."""
        return "account" not in row and self._any(row.get(name) for name in ("user_id", "anonymous_id", "key"))

    def _any(self, ids: Iterable[str | None]) -> bool:
        return any(own is not None and forgotten_digest(own) in self.digests for own in ids)


def digests(ids: Iterable[str]) -> frozenset[bytes]:
    """The digests of these ids, as in the list of the forgotten."""
    return frozenset(map(forgotten_digest, ids))


def ids_of(store: Store, people: Iterable[str], *, merge_signed_in: bool, limits: Limits = Limits()) -> Ids:
    """All ids of these people, found in the lake. Reads the ids of every event.

    `merge_signed_in`: as the project says, so that a person has the same ids as in the numbers.
    """
    asked = frozenset(people)
    with workplace(limits) as place:
        db, work = place.db, place.folder
        events = store.local(list_keys(store, "events/"), work)
        if not events:
            return Ids(asked, asked)
        _view(db, "events", events.values())
        database.create(db, "asked", {"id": "VARCHAR"}, [{"id": own} for own in asked])
        db.execute(sql_file(_SQL, "links"))
        make_person_of(db, merge_signed_in=merge_signed_in)
        found = db.execute(sql_file(_SQL, "ids_of")).fetchall()
    return Ids(frozenset(own for own, _ in found), frozenset(own for own, named in found if not named))


def records_of(store: Store, people: People, limits: Limits = Limits()) -> dict[str, list[dict[str, Any]]]:
    """Everything that the lake stores about these people.

    {"events": rows in order of time, "rejected": records, "lists": lines of the files of lists, "messages": files of
    messages, with the ids of these people alone}
    """
    with workplace(limits) as place:
        db, work = place.db, place.folder
        events = _events_of(db, people, store.local(list_keys(store, "events/"), work))
    rejected = [
        orjson.loads(line)
        for key in list_keys(store, "quarantine/")
        for line in unpack(store.get(key) or b"")
        if people.in_reject(line)
    ]
    messages = [
        {"file": key, **message}
        for key in list_keys(store, keys.MESSAGES)
        if (stored := store.get(key)) and (message := about_people(stored, people.named))
    ]
    return {
        "events": events,
        "rejected": rejected,
        "lists": list(lines_about(store, people.in_list)),
        "messages": messages,
    }


def arrival_days_of(store: Store, people: People, limits: Limits = Limits()) -> set[date]:
    """The arrival days whose tables `events` and `rejected` hold a row about these people."""
    with workplace(limits) as place:
        db, work = place.db, place.folder
        events = store.local(list_keys(store, "events/"), work)
        rejected = store.local(list_keys(store, "rejected/"), work)
        files = _event_files_of(db, people, events) | _reject_files_of(db, people, rejected)
    key_of = {str(path): key for key, path in (events | rejected).items()}
    return {keys.arrived_of(key_of[file]) for file in files}


def list_keys(store: Store, prefix: str) -> list[str]:
    """The keys of all objects under a prefix, in order."""
    return [stored.key for stored in store.list(prefix)]


def _events_of(db: Connection, people: People, events: Mapping[str, Path]) -> list[dict[str, Any]]:
    if not events:
        return []
    _view_events_of(db, people, events)
    found = db.execute("select * exclude (filename) from events_of_people")
    names = [column[0] for column in found.description]
    rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    return sorted(rows, key=lambda event: (event["timestamp"], event["message_id"]))


def _event_files_of(db: Connection, people: People, events: Mapping[str, Path]) -> set[str]:
    if not events:
        return set()
    _view_events_of(db, people, events)
    return {file for (file,) in db.execute("select distinct filename from events_of_people").fetchall()}


def _reject_files_of(db: Connection, people: People, rejected: Mapping[str, Path]) -> set[str]:
    if not rejected:
        return set()
    _view(db, "rejected", rejected.values())
    bodies, files = db.execute("select filename, body from rejected"), set[str]()
    while some := bodies.fetchmany(_BODIES_AT_ONCE):
        files |= {file for file, body in some if body and people.in_body(body)}
    return files


def _view_events_of(db: Connection, people: People, events: Mapping[str, Path]) -> None:
    """Make the view events_of_people: the rows about these people, with the `filename` of each."""
    _view(db, "events", events.values())
    database.create(db, "own", {"digest": "VARCHAR"}, [{"digest": digest.hex()} for digest in people.digests])
    db.execute(sql_file(_SQL, "events_of"))


def _view(db: Connection, name: str, files: Iterable[Path]) -> None:
    """Make a view of the rows of these Parquet files, at least one, with the `filename` of each row."""
    db.read_parquet([str(file) for file in files], hive_partitioning=False, filename=True).create_view(name)
