"""DuckDB, opened the same way everywhere, and the two things done with it: run a `.sql` file, write a partition."""

import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import duckdb

Connection = duckdb.DuckDBPyConnection


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of the machine DuckDB may use; what does not fit in memory is spilled to the work folder."""

    memory_mb: int = 1500
    threads: int = 2


@contextmanager
def database(work: Path, limits: Limits) -> Iterator[Connection]:
    """A database file under `work`, gone with it. No extension is ever downloaded."""
    connection = duckdb.connect(
        str(work / "daybreak.duckdb"),
        config={
            "threads": limits.threads,
            "memory_limit": f"{limits.memory_mb}MB",
            "temp_directory": str(work / "spill"),
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        },
    )
    connection.execute("set enable_progress_bar = false")
    try:
        yield connection
    finally:
        connection.close()


@contextmanager
def workplace(limits: Limits) -> Iterator[tuple[Connection, Path]]:
    """A database in a temporary folder, both gone afterwards: what every job works in."""
    work = Path(tempfile.mkdtemp(prefix="daybreak-"))
    try:
        with database(work, limits) as connection:
            yield connection, work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def statements(package: str, name: str) -> str:
    """The text of a `.sql` file that lies in a package."""
    return resources.files(package).joinpath(name).read_text()


def create(connection: Connection, table: str, columns: Mapping[str, str], rows: Iterable[Mapping[str, Any]]) -> None:
    """A table of these rows, given as mappings by column name; replaced where it exists."""
    typed = ", ".join(f"{name} {type_}" for name, type_ in columns.items())
    connection.execute(f"create or replace table {table} ({typed})")
    values = [list(column) for column in zip(*([row[name] for name in columns] for row in rows), strict=True)]
    if values:  # column by column: inserting row by row costs a millisecond each
        lists = ", ".join(f"unnest(cast(? as {type_}[]))" for type_ in columns.values())
        connection.execute(f"insert into {table} select {lists}", values)


def read_parquet(files: Sequence[Path], columns: Mapping[str, str], union_by_name: bool = False) -> str:
    """A relation over Parquet files as SQL text; with no files, zero rows of the same columns."""
    if files:
        by_name = ", union_by_name = true" if union_by_name else ""
        return f"read_parquet([{', '.join(quoted(file) for file in files)}], hive_partitioning = false{by_name})"
    nulls = ", ".join(f"cast(null as {type_}) as {name}" for name, type_ in columns.items())
    return f"(select {nulls} where false)"


def write_parquet(connection: Connection, query: str, path: Path) -> Path:
    """The query's rows as one Parquet file. A query that orders its rows gives the same bytes every time.

    By way of a table of its own: DuckDB encodes the same rows otherwise when the table they are taken from holds a null
    in another row.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    connection.execute(f"create or replace temp table writing as {query}")
    connection.execute(f"copy writing to {quoted(path)} (format parquet, compression zstd)")
    connection.execute("drop table writing")
    return path


def write_partitions(
    connection: Connection, table: str, by: Sequence[str], order: str, folder: Path, leaving_out: Sequence[str] = ()
) -> dict[tuple[str, ...], Path]:
    """A table's rows as one Parquet file for each value of the columns `by`, which are left out of the files.

    Each is a query of its own with its own order: DuckDB's partitioned COPY writes the rows of a partition in another
    order from time to time, even with one thread, and equal data must be equal bytes. Files by their values as text.
    """
    keys = ", ".join(f"cast({column} as varchar)" for column in by)
    values = connection.execute(f"select distinct {keys} from {table} order by all").fetchall()  # noqa: S608
    files = {}
    for value in values:
        where = " and ".join(f"{column} = {quoted(text)}" for column, text in zip(by, value, strict=True))
        rows = f"select * exclude ({', '.join([*by, *leaving_out])}) from {table} where {where} order by {order}"  # noqa: S608
        files[value] = write_parquet(connection, rows, folder.joinpath(*value).with_suffix(".parquet"))
    return files


def quoted(value: object) -> str:
    """A SQL string literal."""
    return "'" + str(value).replace("'", "''") + "'"
