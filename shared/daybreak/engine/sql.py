"""SQL as text: read from `.sql` files, with the few parts that must be put into it, quoted.

DuckDB takes values as parameters, but not names, files or lists of literals. These are `Sql`: text that this module
has quoted or checked. `spliced` puts nothing else into a statement.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from typing import NewType

Sql = NewType("Sql", str)
"""Text that may go into a statement as it is."""

_REMARK = re.compile(r"\([^)]*\)")
_IDENTIFIER = re.compile(r"^[a-z_][a-z0-9_]*$")


@cache
def sql_file(package: str, name: str) -> str:
    """The text of `<name>.sql` in a package; it may hold `{parts}` for `spliced`. Each is read once in a process."""
    return resources.files(package).joinpath(f"{name}.sql").read_text(encoding="utf-8")


def spliced(statement: str, **parts: Sql) -> Sql:
    """The statement with each `{part}` replaced. Raises KeyError for a part that is not given."""
    return Sql(statement.format_map(parts))


def inputs_of(statement: str) -> list[str]:
    """The tables that a statement's header names after `-- Inputs:`, in order; brackets hold remarks."""
    comments = " ".join(line.removeprefix("--").strip() for line in statement.splitlines() if line.startswith("--"))
    named = _REMARK.sub("", comments.partition("Inputs:")[2].partition(".")[0])
    return [name for part in named.split(",") if (name := part.strip())]


def literal(value: object) -> Sql:
    """A string literal."""
    return Sql("'" + str(value).replace("'", "''") + "'")


def literals(values: Iterable[object]) -> Sql:
    """String literals with commas between them, for `in (…)` or `[…]`."""
    return Sql(", ".join(map(literal, values)))


def identifier(name: str) -> Sql:
    """The name of a table or column of ours: small letters, digits and `_`. Raises ValueError."""
    if not _IDENTIFIER.match(name):
        raise ValueError(f"{name!r} is not a name for a table or column")
    return Sql(f'"{name}"')


def identifiers(names: Iterable[str]) -> Sql:
    """Names with commas between them."""
    return Sql(", ".join(map(identifier, names)))


def casts(columns: Mapping[str, str]) -> Sql:
    """Every column cast to its type, for a `select`; `columns` is name -> DuckDB type."""
    return Sql(
        ", ".join(f"cast({identifier(name)} as {type_}) as {identifier(name)}" for name, type_ in columns.items())
    )


def struct_of_types(columns: Mapping[str, str]) -> Sql:
    """Column types as `read_json` takes them."""
    return Sql("{" + ", ".join(f"{name}: '{type_}'" for name, type_ in columns.items()) + "}")


def parquet(files: Sequence[Path], columns: Mapping[str, str], *, union_by_name: bool = False) -> Sql:
    """A relation over Parquet files; with no files, zero rows of these columns."""
    if files:
        by_name = ", union_by_name = true" if union_by_name else ""
        return Sql(f"read_parquet([{literals(files)}], hive_partitioning = false{by_name})")
    nulls = ", ".join(f"cast(null as {type_}) as {identifier(name)}" for name, type_ in columns.items())
    return spliced("(select {nulls} where false)", nulls=Sql(nulls))


def ndjson(files: Iterable[Path], columns: Mapping[str, str]) -> Sql:
    """A relation over zstd files of JSON lines, with the extra column `filename`."""
    return Sql(
        f"read_json([{literals(files)}], format = 'newline_delimited', compression = 'zstd', filename = true, "
        f"maximum_object_size = 16777216, columns = {struct_of_types(columns)})"
    )
