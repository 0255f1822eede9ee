"""Rows of a Parquet file that somebody brings, whatever its types are, as values that JSON can hold."""

import math
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import orjson

from daybreak.engine.database import Limits, settings
from daybreak.engine.sql import Sql, literal, spliced

_LIMITS = Limits(memory_mb=1000)
_ROWS_AT_ONCE = 1_000
_LARGEST_WHOLE = 2**53
_AS_TEXT = ("TIMESTAMP", "DATE", "TIME", "INTERVAL", "UUID", "ENUM", "BIT", "HUGEINT", "UHUGEINT", "BIGNUM")
"""Types whose values are read as DuckDB writes them; a TIMESTAMP WITH TIME ZONE in UTC."""
_NESTED = ("STRUCT", "MAP", "UNION", "JSON", "VARIANT")


class NotParquet(Exception):
    """The file is damaged, encrypted, or holds what DuckDB cannot read; `str()` says why in one line."""


def parquet_rows(file: Path) -> tuple[list[str], Iterator[dict[str, Any]]]:
    """The columns of a Parquet file, and its rows without their empty values, held some at a time.

    Blanks at the ends of texts do not count. Times, dates, UUIDs and intervals are text; decimals are numbers where a
    number can hold them; structs and maps are objects; binary values that are not UTF-8 are left out, as are infinite
    numbers. Raises NotParquet.
    """
    connection = duckdb.connect(config=settings(_LIMITS))
    try:
        connection.execute("set timezone = 'UTC'")
        source = Sql(f"read_parquet({literal(file)}, hive_partitioning = false)")
        described = connection.execute(spliced("describe select * from {source}", source=source)).fetchall()
        columns = {str(name): str(type_) for name, type_, *_ in described}
        parts = Sql(", ".join(_expression(_quoted(name), type_) for name, type_ in columns.items()))
        found = connection.execute(spliced("select {parts} from {source}", parts=parts, source=source))
    except duckdb.Error as error:
        connection.close()
        raise NotParquet(_first_line(error)) from None
    return list(columns), _rows(connection, found, columns)


def _rows(
    connection: duckdb.DuckDBPyConnection, found: duckdb.DuckDBPyConnection, columns: dict[str, str]
) -> Iterator[dict[str, Any]]:
    readers = [(name, _reader(type_)) for name, type_ in columns.items()]
    try:
        while some := found.fetchmany(_ROWS_AT_ONCE):
            for values in some:
                row = {}
                for (name, read), value in zip(readers, values, strict=True):
                    if value is not None and (held := read(value)) is not None:
                        row[name] = held
                yield row
    except duckdb.Error as error:
        raise NotParquet(_first_line(error)) from None
    finally:
        connection.close()


def _quoted(name: str) -> Sql:
    return Sql('"' + name.replace('"', '""') + '"')


def _is_nested(type_: str) -> bool:
    return type_.startswith(_NESTED) or type_.endswith("]")


def _expression(column: Sql, type_: str) -> str:
    if _is_nested(type_):
        return f"cast(to_json({column}) as varchar)"
    return f"cast({column} as varchar)" if type_.startswith(_AS_TEXT) else column


def _reader(type_: str) -> Callable[[Any], Any]:
    if _is_nested(type_):
        return _json
    if type_ == "BLOB":
        return _text
    if type_.startswith("DECIMAL"):
        return _number
    return _finite if type_ in ("FLOAT", "DOUBLE") else _same


def _same(value: Any) -> Any:
    return value.strip() or None if isinstance(value, str) else value


def _json(value: str) -> Any:
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        return value


def _text(value: bytes) -> str | None:
    """Older writers mark text as binary; None for what is not text."""
    try:
        return bytes(value).decode()
    except UnicodeDecodeError:
        return None


def _number(value: Decimal) -> int | float | str | None:
    if not value.is_finite():
        return None
    if value == value.to_integral_value():
        return int(value) if abs(value) <= _LARGEST_WHOLE else str(int(value))
    return float(value) if Decimal(repr(float(value))) == value else str(value)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _first_line(error: duckdb.Error) -> str:
    return str(error).splitlines()[0][:300]
