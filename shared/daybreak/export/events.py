"""Write the raw log of an arrival day to `events`: one Parquet file per event date, each message id once, ever.

A duplicate is looked for wherever it can be: among the events of the date its client named (the same each time the
event is sent), among those that were moved away from that date, and among all events of the last days.
"""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from daybreak.engine import database
from daybreak.engine.database import Connection
from daybreak.engine.sql import Sql, casts, identifiers, literal, ndjson, parquet, spliced, sql_file
from daybreak.export.arrivals import HourLog, Hours
from daybreak.export.reconcile import hours_from_log, reconcile
from daybreak.export.run import Run
from daybreak.lake import keys
from daybreak.lake.store import Store, Stored, md5, md5_of_files, put_changed
from daybreak.lake.tables import Event, Reconciled, RejectedEvent, Row, duckdb_columns

RESTAMPED_DAYS = 2
"""For so many days a duplicate is found even if its client gave it a new timestamp with each retry."""

_ARRIVAL_HOUR = Sql("cast(regexp_extract(filename, '(\\d\\d)[^/]*[.]ndjson[.]zst$', 1) as bigint) as arrival_hour")
_JSON = {"properties", "traits", "context", "integrations"}


@dataclass(frozen=True, slots=True)
class DayResult:
    """The result of exporting an arrival day: the dates its clients named, its objects with their checksums, and the
    counts of its log lines."""

    originals: list[str]
    objects: dict[str, str]
    events: int
    duplicates: int
    other_events: int
    """Those of the duplicates whose person or event name differs from that of the event whose message id they have."""
    rejected: int
    hours: dict[str, dict[str, Any]]
    """As in the manifest."""
    unreconciled: int


def rebuild_day(run: Run, arrived: date, hours: Hours | None, before: Iterable[str]) -> DayResult:
    """Rebuild everything `events`, `moved`, `rejected` and `reconciliation` hold of one arrival day from its raw log.

    `hours` are the counts of what the raw log was made from, None if only the log itself can give them. A log of an
    import that they lack is left for a later run, which has found its note. `before` are the objects that an earlier
    run of the same day left: those that no longer have rows are removed. Leaves the table `arrived`, unless the log is
    empty.
    """
    found = _not_empty(run.store, keys.raw_prefix(arrived))
    logs = [key for key in found if hours is None or not keys.is_imported(key) or keys.log_in(key) in hours]
    quarantined = _not_empty(run.store, keys.quarantine_prefix(arrived))
    tallied = any(log["sources"] for log in (hours or {}).values())
    if logs or quarantined or tallied:
        files, result = _from_logs(run, arrived, hours, logs, quarantined)
    else:
        files, result = _of_empty_day(run, arrived, hours)
    put_changed(run.store, files, list_all(run.store, map(keys.folder, files)))
    run.store.delete(key for key in before if key not in files)
    return result


def _from_logs(
    run: Run, arrived: date, hours: Hours | None, logs: list[str], quarantined: list[str]
) -> tuple[dict[str, Path], DayResult]:
    db = run.db
    _load(run, logs)
    earlier = _earlier_ids(run, arrived)
    db.execute(_sql("dropped"))
    db.execute("create or replace table duplicates as "
               "select * from arrived where rowid in (select line from dropped)")  # fmt: skip
    db.execute("delete from arrived where rowid in (select line from dropped)")
    other_events = _other_events(run, earlier)
    events = _event_files(run, arrived)
    files = events | _moved_files(run, arrived)
    files[keys.rejected(arrived)] = _rejected_file(run, quarantined)
    hours = hours_from_log(db, run.store, arrived) if hours is None else hours
    files[keys.reconciliation(arrived)], unreconciled = reconcile(db, run.work, hours, events.values())
    originals = db.execute("select distinct original_date from arrived").fetchall()
    return files, DayResult(
        originals=sorted(str(row[0] or keys.UNDATED) for row in originals),
        objects=_checksums(files),
        events=_count(db, "arrived"),
        duplicates=_count(db, "dropped"),
        other_events=other_events,
        rejected=_count(db, "rejected"),
        hours={name: dict(log) for name, log in hours.items()},
        unreconciled=unreconciled,
    )


def _of_empty_day(run: Run, arrived: date, hours: Hours | None) -> tuple[dict[str, Path], DayResult]:
    """An arrival day without events: the same files as for any day, with zero rows, made without a database."""
    if hours is None:
        logged = [keys.log_in(stored.key) for stored in run.store.list(keys.raw_prefix(arrived))]
        hours = {log: asdict(HourLog(keys.hour_of_log(log), {}, md5(b""))) for log in logged}
    tables: dict[str, type[Row]] = {
        keys.events(arrived, arrived): Event,
        keys.rejected(arrived): RejectedEvent,
        keys.reconciliation(arrived): Reconciled,
    }
    files = {
        key: database.write_no_rows(duckdb_columns(row), run.work / f"{row.__name__}.parquet")
        for key, row in tables.items()
    }
    unchanged = {name: dict(log) for name, log in hours.items()}
    return files, DayResult([], _checksums(files), 0, 0, 0, 0, unchanged, 0)


def _not_empty(store: Store, prefix: str) -> list[str]:
    """The logs under a prefix that hold something: an hour without events is an empty object, not a zstd file."""
    return [stored.key for stored in store.list(prefix) if stored.md5 != _MD5_OF_NOTHING]


def _load(run: Run, logs: list[str]) -> None:
    """Make the table arrived, with zero rows where only rejected events arrived."""
    types = duckdb_columns(Event)
    if not logs:
        none = parquet([], {**types, "dt": "DATE", "original_date": "DATE", "arrival_hour": "BIGINT"})
        run.db.execute(spliced("create or replace table arrived as select * from {none}", none=none))
        return
    read_as = {name: "JSON" if name in _JSON else type_ for name, type_ in types.items()}
    lines = ndjson(run.store.local(logs, run.work).values(), read_as)
    run.db.execute(spliced(_sql("arrived"), columns=casts(types), arrival_hour=_ARRIVAL_HOUR, lines=lines))


def _earlier_ids(run: Run, arrived: date) -> list[Path]:
    """Make the table earlier_ids: ids of earlier arrival days, from every file that can hold a duplicate.

    Returns those of the files that hold the events themselves.
    """
    rows = run.db.execute("select distinct original_date from arrived").fetchall()
    originals: list[date | str] = [row[0] or keys.UNDATED for row in rows]
    recent = [arrived - timedelta(days=n) for n in range(RESTAMPED_DAYS + 1)] if rows else []
    prefixes = [keys.moved_prefix(original) for original in originals]
    prefixes += [keys.events_prefix(day) for day in {*originals, *recent} if isinstance(day, date)]
    earlier = sorted(s.key for s in list_all(run.store, prefixes) if keys.arrived_of(s.key) < arrived)
    files = run.store.local(earlier, run.work)
    run.db.execute(spliced(_sql("earlier_ids"), ids=parquet(list(files.values()), {"message_id": "VARCHAR"})))
    return [path for key, path in files.items() if key.startswith("events/")]


def _other_events(run: Run, earlier: list[Path]) -> int:
    """How many duplicates are other events than the one that has their message id. `earlier`: files of earlier days."""
    if not _count(run.db, "duplicates"):
        return 0
    files = earlier if _count(run.db, "earlier_ids") else []
    earlier_events = parquet(files, duckdb_columns(Event))
    found = run.db.execute(spliced(_sql("other_events"), earlier_events=earlier_events)).fetchone()
    return int(found[0]) if found else 0


def _event_files(run: Run, arrived: date) -> dict[str, Path]:
    """One file per event date, and always one for the arrival day itself: an empty day is a file without rows."""
    run.db.execute(
        "create or replace view kept as select * exclude (original_date, arrival_hour), rowid as line from arrived"
    )
    order = ["timestamp", "line"]
    written = database.write_partitions(run.db, "kept", ["dt"], order, run.work / "events", leaving_out=["line"])
    files = {keys.events(date.fromisoformat(day), arrived): file for (day,), file in written.items()}
    if keys.events(arrived, arrived) not in files:
        empty = database.write_no_rows(duckdb_columns(Event), run.work / "empty.parquet")
        files[keys.events(arrived, arrived)] = empty
    return files


def _moved_files(run: Run, arrived: date) -> dict[str, Path]:
    """The ids of events whose date differs from the one their client named."""
    run.db.execute(spliced(_sql("moved"), undated=literal(keys.UNDATED)))
    written = database.write_partitions(run.db, "moved", ["original"], ["message_id"], run.work / "moved")
    return {keys.moved(original, arrived): file for (original,), file in written.items()}


def _rejected_file(run: Run, quarantined: list[str]) -> Path:
    """Make the table rejected, and its file."""
    types = duckdb_columns(RejectedEvent)
    files = run.store.local(quarantined, run.work)
    lines = ndjson(files.values(), types) if files else parquet([], {**types, "filename": "VARCHAR"})
    columns = identifiers(types)
    run.db.execute(spliced(_sql("rejected"), columns=columns, arrival_hour=_ARRIVAL_HOUR, lines=lines))
    rows = spliced("select {columns} from rejected order by all", columns=columns)
    return database.write_parquet(run.db, rows, run.work / "rejected.parquet")


def _checksums(files: dict[str, Path]) -> dict[str, str]:
    return {key: md5_of_files(path) for key, path in sorted(files.items())}


def list_all(store: Store, prefixes: Iterable[str]) -> list[Stored]:
    """All objects under these prefixes; an import of history touches hundreds, so they are asked for in parallel."""
    with ThreadPoolExecutor(16) as pool:
        return [stored for found in pool.map(store.list, sorted(set(prefixes))) for stored in found]


def _count(db: Connection, table: str) -> int:
    row = db.execute(spliced("select count(*) from {table}", table=identifiers([table]))).fetchone()
    return int(row[0]) if row else 0


def _sql(name: str) -> str:
    return sql_file("daybreak.export.sql", name)


_MD5_OF_NOTHING = md5(b"")
