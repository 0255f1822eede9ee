"""The reconciliation of an arrival day: accepted = stored = exported = in the lake + duplicates, by hour and source."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from daybreak.engine import database
from daybreak.engine.database import Connection
from daybreak.engine.sql import casts, parquet, spliced, sql_file
from daybreak.export.arrivals import HourLog, Hours, hour_logs
from daybreak.ingest.frames import TALLY, Tally, added, lines_by_source
from daybreak.lake import keys
from daybreak.lake.store import Store, md5
from daybreak.lake.tables import Reconciled, duckdb_columns


def hours_from_log(db: Connection, store: Store, arrived: date) -> dict[str, dict[str, Any]]:
    """Count the logs of an arrival day from its raw log alone, if it has no manifest: every event there was accepted.

    Needs the tables `arrived`, `duplicates` and `rejected` of `rebuild_day`.
    """
    found = db.execute(sql_file("daybreak.export.sql", "counted_lines")).fetchall()
    names = [keys.log_in(stored.key) for stored in store.list(keys.raw_prefix(arrived))]
    imported = {name: _lines(store, arrived, name) for name in names if keys.is_imported(name)}
    logs = {}
    for name in names:
        hour = keys.hour_of_log(name)
        frames, rejects = (store.get(key(arrived, name)) or b"" for key in (keys.raw_log, keys.quarantine_log))
        if name in imported:
            sources = {source: _all_accepted(events) for source, events in imported[name].items()}
        else:
            others = sum((lines for log, lines in imported.items() if keys.hour_of_log(log) == hour), Counter[str]())
            counts = [(source, events - others[source], rejected) for h, source, events, rejected in found if h == hour]
            sources = {source: _all_accepted(*count) for source, *count in counts if any(count)}
        logs[name] = asdict(HourLog(hour, sources, md5(frames + rejects)))
    return logs


def _lines(store: Store, arrived: date, log: str) -> Counter[str]:
    return lines_by_source(store.get(keys.raw_log(arrived, log)) or b"")


def _all_accepted(events: int, rejected: int = 0) -> Tally:
    return dict(zip(TALLY, map(int, (events, events, rejected, rejected)), strict=True))


def reconcile(db: Connection, work: Path, hours: Hours, event_files: Iterable[Path]) -> tuple[Path, int]:
    """Return the day's reconciliation as a file, and how many events are missing or too many.

    Needs the tables `arrived`, `duplicates` and `rejected` of `rebuild_day`; `event_files` are read back.
    """
    by_hour: dict[int, dict[str, Tally]] = {}
    for log in hour_logs(hours):
        by_hour[log.hour] = added(by_hour.get(log.hour, {}), log.sources)
    tallies: list[dict[str, Any]] = [
        {"hour": hour, "source": source, **tally}
        for hour, sources in by_hour.items()
        for source, tally in sources.items()
    ]
    columns = {"hour": "BIGINT", "source": "VARCHAR", **dict.fromkeys(TALLY, "BIGINT")}
    database.create(db, "tallies", columns, tallies)
    files = parquet(list(event_files), {"source": "VARCHAR"})
    db.execute(spliced("create or replace view written as select source from {files}", files=files))
    db.execute(sql_file("daybreak.export.sql", "reconciliation"))
    # a sum is wider than any column of the table
    rows = spliced("select {casts} from reconciliation order by hour, source", casts=casts(duckdb_columns(Reconciled)))
    file = database.write_parquet(db, rows, work / "reconciliation.parquet")
    found = db.execute("select coalesce(sum(difference), 0) from reconciliation").fetchone()
    return file, int(found[0]) if found else 0
