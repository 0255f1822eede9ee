"""A person's right to be forgotten, and to see what is held: every place that holds events, found and rewritten.

Their ids are their user id, the user ids an alias made of it or it of them, and the anonymous ids they were seen with.
An event is about a person when its user id is theirs; an anonymous one when its anonymous id is; an alias when either
is. What another user did on a device that was once theirs is that user's.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from typing import Any, Protocol

import orjson

from daybreak import database
from daybreak.database import Connection, Limits, workplace
from daybreak.definitions import Project
from daybreak.export.arrivals import NothingArrives
from daybreak.export.job import Export, Progress, read_manifest
from daybreak.ingest.pack import pack, unpack
from daybreak.ingest.rules import forgotten_digest
from daybreak.lake import keys
from daybreak.lake.store import Store, md5
from daybreak.tables import Event, duckdb_columns

_MOST_PASSES = 5
_ASKED_OF_ATHENA = "athena-results/"

Named = Callable[[bytes], bool]
"""Whether an NDJSON line is about the person."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody by all their ids."""

    ids: frozenset[str]

    def in_event(self, line: bytes) -> bool:
        """Whether a line of the raw log is about them."""
        if not any(needle in line for needle in self._needles()):
            return False
        event = orjson.loads(line)
        return self._is(event.get("user_id"), event.get("anonymous_id"), event.get("previous_id"))

    def in_reject(self, line: bytes) -> bool:
        """Whether a line of the quarantine is about them; of an event that was cut, whether their id stands in it."""
        body = orjson.loads(line)["body"]
        try:
            raw = json.loads(body)
        except ValueError:
            return any(json.dumps(own) in body for own in self.ids)
        if not isinstance(raw, dict):
            return False
        return self._is(*(_text(raw.get(name)) for name in ("userId", "anonymousId", "previousId")))

    def _is(self, user: str | None, anonymous: str | None, previous: str | None) -> bool:
        return (user or anonymous) in self.ids or previous in self.ids

    def _needles(self) -> list[bytes]:
        return [orjson.dumps(own) for own in self.ids]


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
    """Lines about them that the last look still found: 0, or arrivals were faster than this."""


class KeptItems(Protocol):
    """The events table, as far as forgetting needs it."""

    def rewrite(self, strain: Callable[[bytes, bytes], tuple[bytes, bytes]], until: datetime) -> int:
        """Replace the frames of every item that `strain` changes; how many it did."""


def person(store: Store, people: Iterable[str], limits: Limits = Limits()) -> Person:
    """All ids of these people, found in the lake. Reads every event's ids."""
    with workplace(limits) as (db, work):
        files = list(store.local([s.key for s in store.list("events/")], work).values())
        relation = database.read_parquet(files, duckdb_columns(Event))
        database.create(db, "asked", {"id": "VARCHAR"}, [{"id": own} for own in people])
        found = db.execute(
            "with recursive renamed as ("  # noqa: S608
            f"select distinct user_id as a, previous_id as b from {relation} where type = 'alias'), "
            "linked as (select a, b from renamed union select b, a from renamed), "
            "users as (select id from asked union select l.b from linked as l inner join users as u on l.a = u.id) "
            "select id from users union "
            f"select distinct anonymous_id from {relation} where anonymous_id is not null "
            "and user_id in (select id from users)"
        ).fetchall()
    return Person(frozenset(row[0] for row in found))


def digests(somebody: Person) -> set[bytes]:
    """How their ids stand in the list of the forgotten."""
    return {forgotten_digest(own) for own in somebody.ids}


def held(store: Store, somebody: Person, limits: Limits = Limits()) -> dict[str, list[dict[str, Any]]]:
    """Everything the lake holds of a person: their events and what was rejected of theirs."""
    with workplace(limits) as (db, work):
        files = list(store.local([s.key for s in store.list("events/")], work).values())
        relation = database.read_parquet(files, duckdb_columns(Event))
        database.create(db, "own", {"id": "VARCHAR"}, [{"id": own} for own in somebody.ids])
        events = _rows(
            db,
            f"select * from {relation} where coalesce(user_id, anonymous_id) in (select id from own) "  # noqa: S608
            "or previous_id in (select id from own) order by timestamp, message_id",
        )
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
    project: Project,
    somebody: Person,
    now: datetime,
    limits: Limits = Limits(),
    progress: Progress = lambda _: None,
) -> Receipt:
    """Remove a person from the events table, the raw log, the quarantine, the lake and the derived tables.

    Their ids must be suppressed before, so that nothing new arrives. The table comes first: the export makes the raw
    log from it. Done again until a look finds nothing, because an export that ran meanwhile may have put it back.
    """
    receipt = Receipt(at=now.isoformat(), digests=sorted(d.hex() for d in digests(somebody)))

    def strain(frames: bytes, rejects: bytes) -> tuple[bytes, bytes]:
        return _strained(frames, somebody.in_event)[0], _strained(rejects, somebody.in_reject)[0]

    for _ in range(_MOST_PASSES):
        progress("the events table")
        receipt.table_items += table.rewrite(strain, now)
        days = _strain_logs(store, somebody, receipt, progress)
        receipt.left = 0
        for arrived in sorted(days):
            progress(f"{arrived}: rebuilding")
            Export(store, NothingArrives(), project, limits).replay(arrived, now)
            receipt.days_rebuilt.append(arrived.isoformat())
        if not days:
            break
        receipt.left = sum(days.values())
    store.delete(_keys(store, _ASKED_OF_ATHENA))
    receipt.old_versions_removed = store.purge()
    store.put(keys.receipt(now), json.dumps(asdict(receipt), indent=1).encode())
    return receipt


def _strain_logs(store: Store, somebody: Person, receipt: Receipt, progress: Progress) -> Counter[date]:
    """Rewrite every hour of the raw log and the quarantine that holds the person; arrival day -> lines removed."""
    touched: Counter[date] = Counter()
    for prefix, named in (("raw/", somebody.in_event), ("quarantine/", somebody.in_reject)):
        for key in _keys(store, prefix):
            progress(key)
            data, gone = _strained(store.get(key) or b"", named)
            if not gone:
                continue
            store.put(key, data)
            receipt.objects.append(key)
            if prefix == "raw/":
                receipt.events_removed += gone.total()
            else:
                receipt.rejects_removed += gone.total()
            arrived = keys.arrived_of(key)
            _strike(store, arrived, keys.hour_in(key), gone, events=prefix == "raw/")
            touched[arrived] += gone.total()
    return touched


def _strike(store: Store, arrived: date, hour: int, gone: Counter[str], *, events: bool) -> None:
    """Take what was removed off the manifest's tallies, so that the day's books still balance."""
    manifest = read_manifest(store, arrived)
    log = manifest.hours.get(f"{hour:02}") if manifest else None
    if manifest is None or log is None or "sources" not in log:
        return
    names = ("accepted", "stored") if events else ("rejected", "quarantined")
    sources = {
        source: {name: count - (gone[source] if name in names else 0) for name, count in tally.items()}
        for source, tally in log["sources"].items()
    }
    frames, rejects = (store.get(key(arrived, hour)) or b"" for key in (keys.raw, keys.quarantine))
    log = {
        **log,
        "sources": {s: tally for s, tally in sources.items() if any(tally.values())},
        "md5": md5(frames + rejects),
    }
    changed = replace(manifest, hours={**manifest.hours, f"{hour:02}": log})
    store.put(keys.export(arrived), changed.dump())


def _strained(frames: bytes, named: Named) -> tuple[bytes, Counter[str]]:
    """Frames without the lines that name the person, and how many were removed by source; untouched where none does."""
    lines = list(unpack(frames))
    gone = [line for line in lines if named(line)]
    if not gone:
        return frames, Counter()
    removed = set(gone)
    kept = [line for line in lines if line not in removed]
    return b"".join(frame.data for frame in pack(kept)), Counter(orjson.loads(line)["source"] for line in gone)


def _keys(store: Store, prefix: str) -> list[str]:
    return [stored.key for stored in store.list(prefix)]


def _rows(db: Connection, query: str) -> list[dict[str, Any]]:
    found = db.execute(query)
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def _text(value: Any) -> str | None:
    """A client's id as the canonical event holds it."""
    return str(value) if isinstance(value, str | int) and value != "" else None
