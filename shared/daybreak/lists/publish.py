"""The table of lists: one row each time a list was made, counts only."""

import json
from collections.abc import Collection

from daybreak.engine.database import create, write_parquet
from daybreak.engine.sql import parquet, spliced
from daybreak.export.run import Run
from daybreak.lake import keys
from daybreak.lake.store import put_changed
from daybreak.lake.tables import MadeList, duckdb_columns


def publish_made(run: Run, made: Collection[MadeList]) -> None:
    """Put rows into the table, in place of those of the same list and instant, and write the newest of each as JSON.

    The rows of lists that are no longer in daybreak.toml are removed; without any list, so is the table.
    """
    columns, key = duckdb_columns(MadeList), keys.list_counts()
    latest = keys.latest(keys.LISTS)
    if not run.project.lists:
        run.store.delete([key, latest])
        return
    files = []
    if before := run.store.get(key):  # read each time: the list before this one has changed it in the same run
        files = [run.work / "counts-before.parquet"]
        files[0].parent.mkdir(parents=True, exist_ok=True)
        files[0].write_bytes(before)
    create(run.db, "made", columns, [row.model_dump() for row in made])
    create(run.db, "known_lists", {"name": "VARCHAR"}, [{"name": name} for name in run.project.lists])
    merged = spliced(
        "create or replace table merged_counts as select * from made union all select b.* from {before} as b "
        "anti join made as m on m.list = b.list and m.made_at = b.made_at "
        "semi join known_lists as k on k.name = b.list",
        before=parquet(files, columns),
    )
    run.db.execute(merged)
    file = write_parquet(run.db, "select * from merged_counts order by list, made_at", run.work / "lists.parquet")
    put_changed(run.store, {key: file}, run.store.list(key))
    newest = run.db.execute("select * from merged_counts qualify row_number() over "
                            "(partition by list order by made_at desc) = 1 order by list").fetchall()  # fmt: skip
    content = {"columns": list(columns), "rows": newest}
    run.store.put(latest, json.dumps(content, default=str, indent=1).encode())
