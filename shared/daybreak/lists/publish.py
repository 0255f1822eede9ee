"""The table of lists, one row each time a list was made, and the newest rows as JSON. Both hold counts only."""

import json

from daybreak.definitions.project import Project
from daybreak.engine.database import create, write_parquet
from daybreak.engine.sql import parquet, spliced
from daybreak.export.run import Run
from daybreak.lake import keys
from daybreak.lake.store import Store, put_changed
from daybreak.lake.tables import MadeList, duckdb_columns
from daybreak.lists.state import read_state


def publish_made(run: Run, made: MadeList) -> None:
    """Put a row into the table, in place of that of the same instant. Each list has an object of its own."""
    columns, key = duckdb_columns(MadeList), keys.list_counts(made.list)
    before = run.work / f"{made.list}-before.parquet"
    before.parent.mkdir(parents=True, exist_ok=True)
    before.write_bytes(known := run.store.get(key) or b"")
    create(run.db, "made", columns, [made.model_dump()])
    rows = spliced(
        "select * from made union all select * from {before} where made_at not in (select made_at from made) "
        "order by made_at",
        before=parquet([before] if known else [], columns),
    )
    file = write_parquet(run.db, rows, run.work / f"{made.list}.parquet")
    put_changed(run.store, {key: file}, run.store.list(key))


def publish_latest(store: Store, project: Project) -> None:
    """Write the newest row of each list as JSON; without any list, remove it."""
    if not project.lists:
        store.delete([keys.latest(keys.LISTS)])
        return
    states = (read_state(store, name) for name in sorted(project.lists))
    columns = list(duckdb_columns(MadeList))
    content = {"columns": columns, "rows": [[state.row[name] for name in columns] for state in states if state]}
    store.put(keys.latest(keys.LISTS), json.dumps(content, indent=1).encode())
