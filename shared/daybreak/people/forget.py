"""A person's right to be forgotten, and to see what is held: every place that holds events, found and rewritten.

Their ids are their user id, the user ids an alias made of it or it of them, and the anonymous ids they were seen with
before anybody else: an id belongs to the first user it was linked with, as in every table. An event is about a person
when its user id is theirs; an anonymous one when its anonymous id is; an alias when either is. What another user did on
a device that was once theirs is that user's.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, Protocol

import orjson

from daybreak.engine import database
from daybreak.engine.database import Connection, Limits, workplace
from daybreak.export.arrivals import Tally
from daybreak.export.derive import drop_other_trees
from daybreak.export.job import Progress
from daybreak.export.manifest import last_manifest, read_manifest, read_manifests
from daybreak.ingest.frames import pack, unpack
from daybreak.ingest.rules import about, forgotten_digest
from daybreak.lake import keys
from daybreak.lake.store import Store, md5
from daybreak.lake.tables import Event, duckdb_columns

_MOST_PASSES = 5
_ASKED_OF_ATHENA = "athena-results/"
_BODIES_AT_ONCE = 200
"""Each may have 200,000 characters."""

Named = Callable[[bytes], bool]
"""Whether an NDJSON line is about the people."""

_IN_A_CUT_BODY = re.compile(r'[{ ,]+"(userId|anonymousId|previousId)": ("(?:[^"\\]|\\.)*"|[^",]+)')
"""A person as they stand at the beginning of a quarantined body, also of one that was cut."""


@dataclass(frozen=True, slots=True)
class People:
    """People by the digests of all their ids, as the list of the forgotten knows them."""

    digests: frozenset[bytes]

    def in_event(self, line: bytes) -> bool:
        """Whether a line of the raw log is about them."""
        event = orjson.loads(line)
        return self._any([event.get("user_id") or event.get("anonymous_id"), event.get("previous_id")])

    def in_reject(self, line: bytes) -> bool:
        """Whether a line of the quarantine is about them."""
        return self.in_body(orjson.loads(line)["body"])

    def in_body(self, body: str) -> bool:
        """As `in_reject`, of the body alone."""
        try:
            raw = json.loads(body)
        except (ValueError, RecursionError):
            raw, at = {}, 0
            while found := _IN_A_CUT_BODY.match(body, at):
                with suppress(ValueError):
                    raw[found[1]] = json.loads(found[2])
                at = found.end()
        return self._any(about(raw))

    def _any(self, ids: Iterable[str | None]) -> bool:
        return any(own is not None and forgotten_digest(own) in self.digests for own in ids)


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


@dataclass(frozen=True, slots=True)
class Ids:
    """All ids of people, and of those who were asked for the ones that no event names: perhaps a slip of the pen."""

    own: frozenset[str]
    unknown: frozenset[str]


def ids_of(store: Store, people: Iterable[str], limits: Limits = Limits()) -> Ids:
    """All ids of these people, found in the lake. Reads every event's ids."""
    with workplace(limits) as (db, work):
        files = list(store.local([s.key for s in store.list("events/")], work).values())
        relation = database.read_parquet(files, duckdb_columns(Event))
        database.create(db, "asked", {"id": "VARCHAR"}, [{"id": own} for own in people])
        found = db.execute(database.statements("daybreak.people.sql", "ids_of.sql").format(events=relation)).fetchall()
    return Ids(frozenset(own for own, _ in found), frozenset(own for own, named in found if not named))


def digests(ids: Iterable[str]) -> frozenset[bytes]:
    """How these ids stand in the list of the forgotten."""
    return frozenset(map(forgotten_digest, ids))


def held(store: Store, somebody: People, limits: Limits = Limits()) -> dict[str, list[dict[str, Any]]]:
    """Everything the lake holds of these people: their events and what was rejected of theirs."""
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
    people: People,
    rebuild: Callable[[date], object],
    now: datetime,
    limits: Limits = Limits(),
    progress: Progress = lambda _: None,
) -> Receipt:
    """Remove people from the events table, the raw log, the quarantine, the lake and the derived tables.

    They must be suppressed before, so that nothing new arrives; `people` are all who ever were, so that what a killed
    run had still to do is done too. The table comes first: the export makes the raw log from it. `rebuild` makes
    everything of an arrival day again from its raw log. All is done again until a look finds nothing, in the logs and
    in what is made of them: an export that ran meanwhile may have left something.
    """
    receipt = Receipt(at=now.isoformat(), digests=sorted(d.hex() for d in people.digests))

    def strain(frames: bytes, rejects: bytes) -> tuple[bytes, bytes]:
        return _strained(frames, people.in_event)[0], _strained(rejects, people.in_reject)[0]

    for _ in range(_MOST_PASSES):
        progress("the events table")
        receipt.table_items += table.rewrite(strain)
        days = _strain_logs(store, people, receipt, progress) | _held_on(store, people, limits) | _fallen(store)
        receipt.left = len(days)
        if not days:
            break
        for arrived in sorted(days):
            progress(f"{arrived}: rebuilding")
            rebuild(arrived)
            if manifest := read_manifest(store, arrived):  # no job reads tables of other definitions any more
                drop_other_trees(store, manifest.derived_version)
            receipt.days_rebuilt.append(arrived.isoformat())
    _count_all_again(store, now)
    store.delete(_keys(store, _ASKED_OF_ATHENA))
    receipt.old_versions_removed = store.purge()
    store.put(keys.receipt(now), json.dumps(asdict(receipt), indent=1).encode())
    return receipt


def _strain_logs(store: Store, people: People, receipt: Receipt, progress: Progress) -> set[date]:
    """Rewrite every hour of the raw log and the quarantine that holds the people; the arrival days to be made again."""
    hours: dict[date, set[int]] = {}
    for key in [*_keys(store, "raw/"), *_keys(store, "quarantine/")]:
        hours.setdefault(keys.arrived_of(key), set()).add(keys.hour_in(key))
    touched = set()
    for arrived, of_day in sorted(hours.items()):
        progress(f"{arrived}: reading")
        if _strain_day(store, people, arrived, sorted(of_day), receipt):
            touched.add(arrived)
    return touched


def _strain_day(store: Store, people: People, arrived: date, hours: Sequence[int], receipt: Receipt) -> bool:
    """Rewrite the logs of a day; whether anything of it must be made again.

    What is gone from the logs goes off the manifest's tallies, so that the day's books still balance. That comes first,
    and is told by what the logs will hold: killed in between, it is done again and takes nothing off twice; and an
    export finds in the table what the tallies say, and not less, which it would take for a loss.
    """
    manifest = read_manifest(store, arrived)
    settled = dict(manifest.hours) if manifest else {}
    written: dict[str, bytes] = {}
    for hour in hours:
        frames, gone = _strained(store.get(keys.raw(arrived, hour)) or b"", people.in_event)
        rejects, rejects_gone = _strained(store.get(keys.quarantine(arrived, hour)) or b"", people.in_reject)
        written |= {keys.raw(arrived, hour): frames} if gone else {}
        written |= {keys.quarantine(arrived, hour): rejects} if rejects_gone else {}
        receipt.events_removed += gone
        receipt.rejects_removed += rejects_gone
        log = settled.get(f"{hour:02}")
        if log and log["md5"] != md5(frames + rejects):
            tallies = _settled(log["sources"], _by_source(frames), _by_source(rejects))
            settled[f"{hour:02}"] = {**log, "sources": tallies, "md5": md5(frames + rejects)}
    if manifest and settled != manifest.hours:
        store.put(keys.export(arrived), replace(manifest, hours=settled).dump())
    for key, data in written.items():
        store.put(key, data)
    receipt.objects += written
    return bool(written) or (manifest is not None and settled != manifest.hours)


def _held_on(store: Store, somebody: People, limits: Limits) -> set[date]:
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
            while some := bodies.fetchmany(_BODIES_AT_ONCE):
                holding |= {rejected[path] for path, body in some if body and somebody.in_body(body)}
    return {keys.arrived_of(key) for key in holding}


def _events_of(db: Connection, somebody: People, files: Sequence[Path], chosen: str) -> Connection:
    """What is `chosen` of the events about the person."""
    relation = database.read_parquet(files, duckdb_columns(Event))
    database.create(db, "own", {"digest": "VARCHAR"}, [{"digest": digest.hex()} for digest in somebody.digests])
    told = "left(sha256({id}), 32) in (select digest from own)"  # as forgotten_digest
    who, renamed = told.format(id="coalesce(user_id, anonymous_id)"), told.format(id="previous_id")
    return db.execute(f"select {chosen} from {relation} where {who} or {renamed}")  # noqa: S608


def _fallen(store: Store) -> set[date]:
    """The arrival days whose objects are not what their manifest says: a rebuilding was killed."""
    prefixes = ("events/", "moved/", "rejected/", "reconciliation/")
    found = {stored.key: stored.md5 for prefix in prefixes for stored in store.list(prefix)}
    return {m.arrived for m in read_manifests(store) if any(found.get(key) != md5 for key, md5 in m.objects.items())}


def _count_all_again(store: Store, now: datetime) -> None:
    """Let every metric job count everything anew: who is gone may have told an account's trait, or linked somebody."""
    newest = last_manifest(store)
    ready = keys.derived_ready(newest.derived_version) if newest else ""
    if ready and store.get(ready) is not None:
        store.put(ready, json.dumps({"at": now.isoformat()}).encode())


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
