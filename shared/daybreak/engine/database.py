"""Open DuckDB the same way everywhere, make tables from rows, and write equal rows as equal Parquet bytes."""

import contextlib
import fcntl
import secrets
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from daybreak.engine.sql import Sql, identifier, identifiers, literal, parquet, spliced, sql_file

Connection = duckdb.DuckDBPyConnection


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of the machine DuckDB may use; what does not fit in memory is spilled to the work folder."""

    memory_mb: int = 1500
    threads: int = 2


class Workplace:
    """A folder for files, with a database in it that is opened when it is first used."""

    def __init__(self, folder: Path, limits: Limits) -> None:
        self.folder = folder
        self._limits = limits
        self._opened: Connection | None = None

    @property
    def db(self) -> Connection:
        if self._opened is None:
            self._opened = connect(self.folder / "daybreak.duckdb", self.folder / "spill", self._limits)
        return self._opened

    def close(self) -> None:
        if self._opened is not None:
            self._opened.close()

    def seal(self) -> None:
        """From now on the database only answers: it cannot be written, reads no file and keeps its settings."""
        self.db.execute("checkpoint")
        self.close()
        self._opened = connect_sealed(self.folder / "daybreak.duckdb", self._limits)


def settings(limits: Limits) -> dict[str, Any]:
    """What every database is opened with: its share of the machine, and no extension from the network."""
    return {
        "threads": limits.threads,
        "memory_limit": f"{limits.memory_mb}MB",
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }


def connect(file: Path, spill: Path, limits: Limits) -> Connection:
    """A database file; what does not fit in memory goes to `spill`. No extension is ever downloaded."""
    connection = duckdb.connect(str(file), config={**settings(limits), "temp_directory": str(spill)})
    connection.execute("set enable_progress_bar = false")
    connection.execute("pragma disable_checkpoint_on_shutdown")  # the file is thrown away
    connection.execute(sql_file("daybreak.engine", "folded"))
    return connection


def connect_sealed(file: Path, limits: Limits) -> Connection:
    """A database file for questions from anybody: read only, no other file, no network, no extension, no spilling."""
    connection = duckdb.connect(str(file), read_only=True, config=settings(limits))
    for statement in _SEALED:
        connection.execute(statement)
    return connection


def is_alive(connection: Connection) -> bool:
    """False once an internal error of DuckDB has ended the database: from then on it answers nothing."""
    try:
        connection.execute("select 1").fetchall()
    except duckdb.Error:
        return False
    return True


_SEALED = (
    "set enable_progress_bar = false",
    "set python_enable_replacements = false",  # a Python variable is not a table
    "set temp_directory = ''",
    "set max_expression_depth = 200",
    "set enable_external_access = false",
    "set lock_configuration = true",
)


@contextmanager
def workplace(limits: Limits) -> Iterator[Workplace]:
    """A temporary workplace, removed afterwards: every job works in one.

    While its process lives it holds a lock beside the folder, so that `clear_left_workplaces` leaves it alone.
    """
    with _locked_folder() as folder:
        place = Workplace(folder, limits)
        try:
            yield place
        finally:
            place.close()


def clear_left_workplaces() -> int:
    """Remove the workplaces that killed runs have left in the temporary folder. Returns how many there were.

    A Lambda keeps its disk from one run to the next: without this, the retries of a run that filled it fail as well.
    The system releases the lock of a process that ends, however it ends; a workplace with a lock is in use.
    """
    cleared = 0
    for lock in Path(tempfile.gettempdir()).glob(f"{_WORKPLACE}*{_LOCK}"):
        with contextlib.suppress(OSError), lock.open("r+") as held:  # it is in use, or its own process removes it now
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(lock.with_suffix(""), ignore_errors=True)
            lock.unlink()
            cleared += 1
    return cleared


_WORKPLACE, _LOCK = "daybreak-work-", ".lock"


@contextmanager
def _locked_folder() -> Iterator[Path]:
    """A new folder. Its lock is taken before the folder is there, and given back after it is gone."""
    while True:
        folder = Path(tempfile.gettempdir(), f"{_WORKPLACE}{secrets.token_hex(8)}")
        lock = folder.with_suffix(_LOCK)
        with lock.open("x") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            if not lock.exists():  # it was taken for a left one, in the instant before it was locked
                continue
            folder.mkdir(mode=0o700)
            try:
                yield folder
            finally:
                shutil.rmtree(folder, ignore_errors=True)
                lock.unlink(missing_ok=True)
            return


def create(connection: Connection, table: str, columns: Mapping[str, str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Create a table with these rows (mappings by column name), or replace it."""
    typed = Sql(", ".join(f"{identifier(name)} {type_}" for name, type_ in columns.items()))
    named = identifier(table)
    connection.execute(spliced("create or replace table {table} ({columns})", table=named, columns=typed))
    values = [list(column) for column in zip(*([row[name] for name in columns] for row in rows), strict=True)]
    if values:  # column by column: inserting row by row costs a millisecond each
        lists = Sql(", ".join(f"unnest(cast(? as {type_}[]))" for type_ in columns.values()))
        connection.execute(spliced("insert into {table} select {lists}", table=named, lists=lists), values)


def write_parquet(connection: Connection, query: str, path: Path) -> Path:
    """Write the query's rows as one Parquet file. A query that orders its rows gives the same bytes every time.

    The rows are first copied to a table of their own: DuckDB encodes the same rows differently if the table they come
    from holds a null in another row.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    connection.execute(spliced("create or replace temp table writing as {query}", query=Sql(query)))
    connection.execute(spliced("copy writing to {path} (format parquet, compression zstd)", path=literal(path)))
    connection.execute("drop table writing")
    return path


def write_partitions(
    connection: Connection,
    table: str,
    by: Sequence[str],
    order: Sequence[str],
    folder: Path,
    leaving_out: Sequence[str] = (),
) -> dict[tuple[str, ...], Path]:
    """Write a table's rows as one Parquet file for each value of the columns `by`, which the files leave out.

    Each file is written by itself: DuckDB's partitioned COPY sometimes writes the rows of a partition in another order,
    even with one thread, and equal data must give equal bytes. The table is sorted once, so that a partition is a range
    of rows. Returns the files by their values as text.
    """
    sort = spliced(
        "create or replace temp table sorted as select * from {table} order by {order}",
        table=identifier(table),
        order=identifiers([*by, *order]),
    )
    connection.execute(sort)
    keys = Sql(", ".join(f"cast({identifier(column)} as varchar)" for column in by))
    ranges = spliced("select {keys}, min(rowid), max(rowid) from sorted group by all order by all", keys=keys)
    files = {}
    for *value, first, last in connection.execute(ranges).fetchall():
        rows = spliced(
            "select * exclude ({left_out}) from sorted where rowid between {first} and {last} order by rowid",
            left_out=identifiers([*by, *leaving_out]),
            first=Sql(str(int(first))),
            last=Sql(str(int(last))),
        )
        files[tuple(value)] = write_parquet(connection, rows, folder.joinpath(*value).with_suffix(".parquet"))
    connection.execute("drop table sorted")
    return files


def write_no_rows(columns: Mapping[str, str], path: Path) -> Path:
    """Write a Parquet file with these columns and zero rows, byte for byte as `write_parquet` writes it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_no_rows(tuple(columns.items())))
    return path


@cache
def _no_rows(columns: tuple[tuple[str, str], ...]) -> bytes:
    """Cached for the process: days without events often follow each other."""
    with _locked_folder() as folder, duckdb.connect() as connection:
        query = spliced("select * from {nothing}", nothing=parquet([], dict(columns)))
        return write_parquet(connection, query, folder / "no-rows.parquet").read_bytes()
