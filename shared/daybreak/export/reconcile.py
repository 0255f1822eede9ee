"""The reconciliation of an arrival day: accepted = stored = exported = in the lake + duplicates, by hour and source."""

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

from daybreak.engine import database
from daybreak.engine.database import Connection
from daybreak.engine.sql import casts, parquet, spliced, sql_file
from daybreak.export.arrivals import HourLog
from daybreak.ingest.frames import TALLY
from daybreak.lake import keys
from daybreak.lake.store import Store, md5
from daybreak.lake.tables import Reconciled, duckdb_columns


def hours_from_log(db: Connection, store: Store, arrived: date) -> list[HourLog]:
    """Count the hours of an arrival day from its raw log alone, if it has no manifest: every event there was accepted.

    Needs the tables `arrived`, `duplicates` and `rejected` of `rebuild_day`.
    """
    found = db.execute(sql_file("daybreak.export.sql", "counted_lines")).fetchall()
    logs = []
    for hour in (keys.hour_in(stored.key) for stored in store.list(keys.raw_prefix(arrived))):
        frames, rejects = (store.get(key(arrived, hour)) or b"" for key in (keys.raw, keys.quarantine))
        counts = {source: (events, events, rejected, rejected) for h, source, events, rejected in found if h == hour}
        sources = {source: dict(zip(TALLY, map(int, count), strict=True)) for source, count in counts.items()}
        logs.append(HourLog(hour, sources, md5(frames + rejects)))
    return logs


def reconcile(db: Connection, work: Path, hours: Iterable[HourLog], event_files: Iterable[Path]) -> tuple[Path, int]:
    """Return the day's reconciliation as a file, and how many events are missing or too many.

    Needs the tables `arrived`, `duplicates` and `rejected` of `rebuild_day`; `event_files` are read back.
    """
    tallies: list[dict[str, Any]] = [
        {"hour": log.hour, "source": source, **tally} for log in hours for source, tally in log.sources.items()
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
