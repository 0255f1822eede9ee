"""The raw log of an arrival day into `events`: one Parquet file per event date, each message id once over all history.

A duplicate is looked for where it can lie: among the events of the date its client named (the same each time the
event is sent), among those that were moved away from that date, and among the last days' events whatever they named.
"""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from daybreak.engine import database
from daybreak.engine.database import Connection
from daybreak.export.arrivals import HourLog
from daybreak.export.reconcile import hours_from_log, reconcile
from daybreak.lake import keys
from daybreak.lake.store import Store, Stored, md5, put_changed
from daybreak.lake.tables import Event, RejectedEvent, duckdb_columns

RESTAMPED_DAYS = 2
"""A client that stamps a message anew each time it retries is recognised for this many days."""

_ARRIVAL_HOUR = "cast(regexp_extract(filename, '(\\d\\d)[.]ndjson[.]zst$', 1) as bigint) as arrival_hour"
_JSON = {"properties", "traits", "context", "integrations"}


@dataclass(frozen=True, slots=True)
class Taken:
    """What an arrival day added: the dates its clients named, its objects with their checksums, how its log lines were
    counted."""

    originals: list[str]
    objects: dict[str, str]
    events: int
    duplicates: int
    rejected: int
    hours: list[HourLog]
    unreconciled: int


def take_day(
    db: Connection, store: Store, work: Path, arrived: date, hours: list[HourLog] | None, before: Iterable[str]
) -> Taken:
    """Rebuild everything `events`, `moved`, `rejected` and `reconciliation` hold of one arrival day from its raw log.

    `hours` are what the raw log was made from, None where only the log itself can tell. `before` are the objects an
    earlier run of the same day left: those that no longer have rows are removed.
    """
    _load(db, store, work, arrived)
    _earlier_ids(db, store, work, arrived)
    db.execute(database.statements("daybreak.export.sql", "dropped.sql"))
    chosen = "from arrived where rowid in (select line from dropped)"
    db.execute(f"create or replace table duplicates as select arrival_hour, source {chosen}")
    db.execute(f"delete {chosen}")
    events = _event_files(db, work, arrived)
    files = events | _moved_files(db, work, arrived)
    files[keys.rejected(arrived)] = _rejected_file(db, store, work, arrived)
    hours = hours_from_log(db, store, arrived) if hours is None else hours
    files[keys.reconciliation(arrived)], unreconciled = reconcile(db, work, hours, events.values())
    existing = list_all(store, map(keys.folder, files))
    put_changed(store, files, existing)
    store.delete(key for key in before if key not in files)
    originals = db.execute("select distinct original_date from arrived").fetchall()
    return Taken(
        originals=sorted(str(row[0] or keys.UNDATED) for row in originals),
        objects={key: md5(path.read_bytes()) for key, path in sorted(files.items())},
        events=_count(db, "arrived"),
        duplicates=_count(db, "dropped"),
        rejected=_count(db, "rejected"),
        hours=hours,
        unreconciled=unreconciled,
    )


def _load(db: Connection, store: Store, work: Path, arrived: date) -> None:
    types = duckdb_columns(Event)
    raw = [s.key for s in store.list(keys.raw_prefix(arrived)) if s.md5 != _MD5_OF_NOTHING]
    files = store.local(raw, work)
    columns = ", ".join(f"cast({name} as {type_}) as {name}" for name, type_ in types.items())
    read_as = {name: "JSON" if name in _JSON else type_ for name, type_ in types.items()}
    if not files:
        none = database.read_parquet([], {**types, "dt": "DATE", "original_date": "DATE", "arrival_hour": "BIGINT"})
        db.execute(f"create or replace table arrived as select * from {none}")  # noqa: S608
        return
    query = database.statements("daybreak.export.sql", "arrived.sql").format(
        columns=columns,
        arrival_hour=_ARRIVAL_HOUR,
        frames=_list_literal(files.values()),
        types=_struct_literal(read_as),
    )
    db.execute(query)


def _earlier_ids(db: Connection, store: Store, work: Path, arrived: date) -> None:
    """Table earlier_ids: ids taken on earlier arrival days, from every place a duplicate of today's can lie."""
    rows = db.execute("select distinct original_date from arrived").fetchall()
    originals: list[date | str] = [row[0] or keys.UNDATED for row in rows]
    recent = [arrived - timedelta(days=n) for n in range(RESTAMPED_DAYS + 1)] if rows else []
    prefixes = [keys.moved_prefix(original) for original in originals]
    prefixes += [keys.events_prefix(day) for day in {*originals, *recent} if isinstance(day, date)]
    earlier = sorted(s.key for s in list_all(store, prefixes) if keys.arrived_of(s.key) < arrived)
    files = list(store.local(earlier, work).values())
    ids = database.read_parquet(files, {"message_id": "VARCHAR"})
    db.execute(f"create or replace table earlier_ids as select message_id from {ids} "  # noqa: S608
               "semi join arrived using (message_id)")  # fmt: skip


def _event_files(db: Connection, work: Path, arrived: date) -> dict[str, Path]:
    """One file per event date, and always one for the arrival day itself: an empty day is a file without rows."""
    db.execute(
        "create or replace view taken as select * exclude (original_date, arrival_hour), rowid as line from arrived"
    )
    written = database.write_partitions(db, "taken", ["dt"], "timestamp, line", work / "events", leaving_out=["line"])
    files = {keys.events(date.fromisoformat(day), arrived): file for (day,), file in written.items()}
    if keys.events(arrived, arrived) not in files:
        empty = "select * exclude (original_date, arrival_hour, dt) from arrived limit 0"
        files[keys.events(arrived, arrived)] = database.write_parquet(db, empty, work / "empty.parquet")
    return files


def _moved_files(db: Connection, work: Path, arrived: date) -> dict[str, Path]:
    """The ids of events that do not lie under the date their client named."""
    db.execute(
        "create or replace view moved as "  # noqa: S608
        f"select coalesce(cast(original_date as varchar), '{keys.UNDATED}') as original, message_id "
        "from arrived where clock <> 'client'"
    )
    written = database.write_partitions(db, "moved", ["original"], "message_id", work / "moved")
    return {keys.moved(original, arrived): file for (original,), file in written.items()}


def _rejected_file(db: Connection, store: Store, work: Path, arrived: date) -> Path:
    types = duckdb_columns(RejectedEvent)
    held = [s.key for s in store.list(keys.quarantine_prefix(arrived)) if s.md5 != _MD5_OF_NOTHING]
    files = store.local(held, work)
    source = (
        f"read_json({_list_literal(files.values())}, format = 'newline_delimited', compression = 'zstd', "
        f"columns = {_struct_literal(types)}, filename = true)"
        if files
        else database.read_parquet([], {**types, "filename": "VARCHAR"})
    )
    names = ", ".join(types)
    db.execute(f"create or replace table rejected as select {names}, {_ARRIVAL_HOUR} from {source}")  # noqa: S608
    return database.write_parquet(db, f"select {names} from rejected order by all", work / "rejected.parquet")  # noqa: S608


def list_all(store: Store, prefixes: Iterable[str]) -> list[Stored]:
    """All objects under these prefixes; an import of history touches hundreds, so they are asked for in parallel."""
    with ThreadPoolExecutor(16) as pool:
        return [stored for found in pool.map(store.list, sorted(set(prefixes))) for stored in found]


def _list_literal(files: Iterable[Path]) -> str:
    return "[" + ", ".join(database.quoted(file) for file in files) + "]"


def _struct_literal(types: dict[str, str]) -> str:
    return "{" + ", ".join(f"{name}: '{type_}'" for name, type_ in types.items()) + "}"


def _count(db: Connection, table: str) -> int:
    row = db.execute(f"select count(*) from {table}").fetchone()  # noqa: S608
    return int(row[0]) if row else 0


_MD5_OF_NOTHING = "d41d8cd98f00b204e9800998ecf8427e"
"""An hour without events is an empty object, which is no zstd file."""
