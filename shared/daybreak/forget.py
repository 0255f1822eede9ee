"""A person's right to be forgotten, and to see what is held: every place that holds events, found and rewritten.

Their ids are their user id, the user ids an alias made of it or it of them, and the anonymous ids they were seen with
before anybody else: an id belongs to the first user it was linked with, as in every table. An event is about a person
when its user id is theirs; an anonymous one when its anonymous id is; an alias when either is. What another user did on
a device that was once theirs is that user's.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, Protocol

import orjson

from daybreak import database
from daybreak.database import Connection, Limits, workplace
from daybreak.export.arrivals import Tally
from daybreak.export.derive import drop_other_trees
from daybreak.export.job import Progress, read_manifest
from daybreak.ingest.pack import pack, unpack
from daybreak.ingest.rules import about, forgotten_digest
from daybreak.lake import keys
from daybreak.lake.store import Store, md5
from daybreak.tables import Event, duckdb_columns

_MOST_PASSES = 5
_ASKED_OF_ATHENA = "athena-results/"
_ROWS_AT_ONCE = 10_000

Named = Callable[[bytes], bool]
"""Whether an NDJSON line is about the person."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody by all their ids."""

    ids: frozenset[str]

    def in_event(self, line: bytes) -> bool:
        """Whether a line of the raw log is about them."""
        event = orjson.loads(line)
        who = event.get("user_id") or event.get("anonymous_id")
        return who in self.ids or event.get("previous_id") in self.ids

    def in_reject(self, line: bytes) -> bool:
        """Whether a line of the quarantine is about them; of an event that was cut, whether their id stands in it."""
        return self.in_body(orjson.loads(line)["body"])

    def in_body(self, body: str) -> bool:
        """As `in_reject`, of the body alone."""
        try:
            return any(own in self.ids for own in about(json.loads(body)))
        except (ValueError, RecursionError):
            return any(json.dumps(own) in body or f": {own}," in body for own in self.ids)


@dataclass(slots=True)
class Receipt:
    """What was rewritten. People are named by the digests that suppress them, so that it holds nothing of them."""

    at: str
    digests: list[str]
    table_items: int = 0
    events_removed: int = 0
    rejects_removed: int = 0
    objects: list[str] = field(default_factory=list)
    days_rebuilt: list[str] = field(default_factory=list)
    old_versions_removed: int = 0
    left: int = 0
    """Arrival days in which the last look still found them: 0, or an export that ran meanwhile puts them back."""


class KeptItems(Protocol):
    """The events table, as far as forgetting needs it."""

    def rewrite(self, strain: Callable[[bytes, bytes], tuple[bytes, bytes]]) -> int:
        """Replace the frames of every item that `strain` changes; how many it did."""


def person(store: Store, people: Iterable[str], limits: Limits = Limits()) -> Person:
    """All ids of these people, found in the lake. Reads every event's ids."""
    with workplace(limits) as (db, work):
        files = list(store.local([s.key for s in store.list("events/")], work).values())
        relation = database.read_parquet(files, duckdb_columns(Event))
        database.create(db, "asked", {"id": "VARCHAR"}, [{"id": own} for own in people])
        found = db.execute(database.statements("daybreak.export.sql", "ids_of.sql").format(events=relation)).fetchall()
    return Person(frozenset(row[0] for row in found))


def digests(somebody: Person) -> set[bytes]:
    """How their ids stand in the list of the forgotten."""
    return {forgotten_digest(own) for own in somebody.ids}


def held(store: Store, somebody: Person, limits: Limits = Limits()) -> dict[str, list[dict[str, Any]]]:
    """Everything the lake holds of a person: their events and what was rejected of theirs."""
    with workplace(limits) as (db, work):
        files = list(store.local([s.key for s in store.list("events/")], work).values())
        found = _events_of(db, somebody, files, "*")
        names = [column[0] for column in found.description]
        events = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
        events.sort(key=lambda event: (event["timestamp"], event["message_id"]))
    rejected = [
        orjson.loads(line)
        for key in _keys(store, "quarantine/")
        for line in unpack(store.get(key) or b"")
        if somebody.in_reject(line)
    ]
    return {"events": events, "rejected": rejected}


def forget(
    store: Store,
    table: KeptItems,
    somebody: Person,
    rebuild: Callable[[date], object],
    now: datetime,
    limits: Limits = Limits(),
    progress: Progress = lambda _: None,
) -> Receipt:
    """Remove a person from the events table, the raw log, the quarantine, the lake and the derived tables.

    Their ids must be suppressed before, so that nothing new arrives. The table comes first: the export makes the raw
    log from it. `rebuild` makes everything of an arrival day again from its raw log. All is done again until a look
    finds nothing, in the logs and in what is made of them: an export that ran meanwhile, or a run of this that was
    killed, may have left something.
    """
    receipt = Receipt(at=now.isoformat(), digests=sorted(d.hex() for d in digests(somebody)))

    def strain(frames: bytes, rejects: bytes) -> tuple[bytes, bytes]:
        return _strained(frames, somebody.in_event)[0], _strained(rejects, somebody.in_reject)[0]

    for _ in range(_MOST_PASSES):
        progress("the events table")
        receipt.table_items += table.rewrite(strain)
        days = _strain_logs(store, somebody, receipt, progress) | _held_on(store, somebody, limits)
        receipt.left = len(days)
        if not days:
            break
        for arrived in sorted(days):
            progress(f"{arrived}: rebuilding")
            _settle(store, arrived)
            rebuild(arrived)
            if manifest := read_manifest(store, arrived):  # no job reads tables of other definitions any more
                drop_other_trees(store, manifest.derived_version)
            receipt.days_rebuilt.append(arrived.isoformat())
    store.delete(_keys(store, _ASKED_OF_ATHENA))
    receipt.old_versions_removed = store.purge()
    store.put(keys.receipt(now), json.dumps(asdict(receipt), indent=1).encode())
    return receipt


def _strain_logs(store: Store, somebody: Person, receipt: Receipt, progress: Progress) -> set[date]:
    """Rewrite every hour of the raw log and the quarantine that holds the person; the arrival days of these."""
    touched = set()
    for prefix, named in (("raw/", somebody.in_event), ("quarantine/", somebody.in_reject)):
        for key in _keys(store, prefix):
            progress(key)
            data, gone = _strained(store.get(key) or b"", named)
            if not gone:
                continue
            store.put(key, data)
            receipt.objects.append(key)
            if prefix == "raw/":
                receipt.events_removed += gone
            else:
                receipt.rejects_removed += gone
            touched.add(keys.arrived_of(key))
    return touched


def _held_on(store: Store, somebody: Person, limits: Limits) -> set[date]:
    """The arrival days whose tables `events` and `rejected` hold the person."""
    holding: set[str] = set()
    with workplace(limits) as (db, work):
        files = {str(path): key for key, path in store.local(_keys(store, "events/"), work).items()}
        rejected = {str(path): key for key, path in store.local(_keys(store, "rejected/"), work).items()}
        if files:
            found = _events_of(db, somebody, [Path(path) for path in files], "distinct filename").fetchall()
            holding |= {files[path] for (path,) in found}
        if rejected:
            relation = database.read_parquet([Path(path) for path in rejected], {})
            bodies = db.execute(f"select filename, body from {relation}")  # noqa: S608
            while some := bodies.fetchmany(_ROWS_AT_ONCE):
                holding |= {rejected[path] for path, body in some if body and somebody.in_body(body)}
    return {keys.arrived_of(key) for key in holding}


def _events_of(db: Connection, somebody: Person, files: Sequence[Path], chosen: str) -> Connection:
    """What is `chosen` of the events about the person."""
    relation = database.read_parquet(files, duckdb_columns(Event))
    database.create(db, "own", {"id": "VARCHAR"}, [{"id": own} for own in somebody.ids])
    return db.execute(
        f"select {chosen} from {relation} where coalesce(user_id, anonymous_id) in (select id from own) "  # noqa: S608
        "or previous_id in (select id from own)"
    )


def _settle(store: Store, arrived: date) -> None:
    """Take what was removed from the logs off the manifest's tallies, so that the day's books still balance.

    Told by what the logs hold now, so that it may be done twice, and again after an export put old tallies back.
    """
    manifest = read_manifest(store, arrived)
    if manifest is None:
        return
    hours = dict(manifest.hours)
    for hour, log in manifest.hours.items():
        frames, rejects = (store.get(key(arrived, int(hour))) or b"" for key in (keys.raw, keys.quarantine))
        if log["md5"] != md5(frames + rejects):
            tallies = _settled(log["sources"], _by_source(frames), _by_source(rejects))
            hours[hour] = {**log, "sources": tallies, "md5": md5(frames + rejects)}
    store.put(keys.export(arrived), replace(manifest, hours=hours).dump())


def _settled(sources: dict[str, Tally], events: Counter[str], rejects: Counter[str]) -> dict[str, Tally]:
    """The tallies of an hour whose logs now hold these lines: what is gone from them was never accepted either."""
    settled = {}
    for source, tally in sources.items():
        gone, rejects_gone = tally["stored"] - events[source], tally["quarantined"] - rejects[source]
        settled[source] = {
            "accepted": tally["accepted"] - gone,
            "stored": tally["stored"] - gone,
            "rejected": tally["rejected"] - rejects_gone,
            "quarantined": tally["quarantined"] - rejects_gone,
        }
    return {source: tally for source, tally in settled.items() if any(tally.values())}


def _by_source(frames: bytes) -> Counter[str]:
    return Counter(orjson.loads(line)["source"] for line in unpack(frames))


def _strained(frames: bytes, named: Named) -> tuple[bytes, int]:
    """Frames without the lines that name the person, and how many were removed; untouched where none does."""
    lines = list(unpack(frames))
    kept = [line for line in lines if not named(line)]
    if len(kept) == len(lines):
        return frames, 0
    return b"".join(frame.data for frame in pack(kept)), len(lines) - len(kept)


def _keys(store: Store, prefix: str) -> list[str]:
    return [stored.key for stored in store.list(prefix)]
