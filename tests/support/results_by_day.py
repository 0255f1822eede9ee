"""Results as an older version wrote them: one object for each day or cohort, which only its path names."""

import duckdb

from daybreak.engine.sql import literal, spliced
from daybreak.families.registry import FAMILIES
from daybreak.lake import keys
from daybreak.lake.store import FolderStore


def put_by_day(store: FolderStore) -> None:
    """Replace the results by month with the same rows by day."""
    for name, family in FAMILIES.items():
        for stored in list(store.list(keys.months_prefix(name))):
            definition, day = keys.definition_of(stored.key), family.partition
            with duckdb.connect() as db:
                db.execute(spliced("create table month as from {file}", file=literal(store.root / stored.key)))
                for (value,) in db.execute(f"select distinct {day} from month").fetchall():
                    folder = store.root / f"metrics/{name}/definition={definition}/{day}={value}"
                    folder.mkdir(parents=True, exist_ok=True)
                    db.execute(
                        f"copy (select * exclude ({day}) from month where {day} = '{value}') "
                        f"to '{folder}/{name}.parquet' (format parquet, compression zstd)"
                    )
            store.delete([stored.key])
