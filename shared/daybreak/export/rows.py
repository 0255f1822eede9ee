"""Small tables that are read and written whole: goals, alerts, counts of lists, warnings. One row model each.

A table is one object, or a folder of them.
"""

from collections.abc import Iterable
from typing import TypeVar

from daybreak.engine.database import create, write_parquet
from daybreak.engine.sql import identifiers, parquet, spliced
from daybreak.export.run import Run
from daybreak.lake.store import put_changed
from daybreak.lake.tables import Row, duckdb_columns

R = TypeVar("R", bound=Row)


def read_rows(run: Run, where: str, model: type[R]) -> list[R]:
    """The rows of an object, or of all objects under a prefix, in order; none if there is no object.

    The bytes are read each time: a run may read a table again after it has written it.
    """
    files = []
    for number, stored in enumerate(run.store.list(where)):
        file = run.work / "rows" / f"{number}.parquet"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(run.store.get(stored.key) or b"")
        files.append(file)
    columns = duckdb_columns(model)
    rows = spliced("select {columns} from {rows}", columns=identifiers(columns), rows=parquet(files, columns))
    return [model(**dict(zip(columns, row, strict=True))) for row in run.db.execute(rows).fetchall()]


def write_rows(run: Run, key: str, model: type[R], rows: Iterable[R]) -> None:
    """Write these rows as the object, in this order, unless it holds the same bytes already."""
    create(run.db, "rows_to_write", duckdb_columns(model), [row.model_dump() for row in rows])
    file = write_parquet(run.db, "select * from rows_to_write order by rowid", run.work / "rows" / "written.parquet")
    put_changed(run.store, {key: file}, run.store.list(key))
