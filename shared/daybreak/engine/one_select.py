"""One select over known tables, from somebody who is not trusted: checked against an allow-list, run within bounds.

DuckDB's own parser reads the text: `json_serialize_sql` accepts select statements and nothing else. Each piece of the
tree it gives is then looked up here: whatever is not named is refused, also a piece that a later DuckDB invents. The
database is sealed besides (`Workplace.seal`): it reads no file and cannot be written, whatever passes here.
"""

import json
import math
import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import duckdb

from daybreak.engine.database import Connection
from daybreak.errors import InputError

Cell = None | bool | int | float | str

LONGEST_SQL = 10_000
"""Characters. The parser needs far more memory than the text."""
LONGEST_CELL = 200
"""Characters of a text in an answer; the rest is cut off."""

_EXPRESSIONS = {
    "BETWEEN",
    "CASE",
    "CAST",
    "COLUMN_REF",
    "COMPARISON",
    "CONJUNCTION",
    "CONSTANT",
    "FUNCTION",
    "OPERATOR",
    "POSITIONAL_REFERENCE",
    "STAR",
    "SUBQUERY",
    "TYPE",
    "WINDOW",
}
"""The classes of expressions. Parameters and lambdas are not among them."""
_PARTS = {
    "BASE_TABLE",
    "EMPTY",
    "EXPRESSION_LIST",
    "JOIN",
    "SELECT_NODE",
    "SET_OPERATION_NODE",
    "SUBQUERY",
    "TABLE_FUNCTION",
    "DISTINCT_MODIFIER",
    "LIMIT_MODIFIER",
    "LIMIT_PERCENT_MODIFIER",
    "ORDER_MODIFIER",
    "ASCENDING",
    "DESCENDING",
    "ORDER_DEFAULT",
}
"""The other typed parts of a tree: nodes, relations, modifiers. Recursion, SHOW and PIVOT are not among them."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_TABLE_FUNCTIONS = _words("unnest")
"""Not `range`: it makes a list of any size at once, whose memory DuckDB does not count."""
_NUMBERS = _words("""
    + - * / // % ** ^ || ~~ !~~ ~~* !~~* abs ceil ceiling exp floor greatest isfinite isinf isnan least ln log
    log10 log2 mod nullif pow power round sign sqrt trunc row list_value
""")
_AGGREGATES = _words("""
    any_value arg_max arg_min avg bool_and bool_or corr count count_if count_star countif covar_pop covar_samp cume_dist
    dense_rank first first_value lag last last_value lead list max max_by mean median min min_by mode nth_value ntile
    percent_rank quantile quantile_cont quantile_disc rank regr_intercept regr_r2 regr_slope row_number stddev
    stddev_pop stddev_samp string_agg sum var_pop var_samp variance
""")
_TEXTS = _words("""
    concat concat_ws contains ends_with ilike_escape instr left length like_escape lower ltrim not_ilike_escape
    not_like_escape position prefix right rtrim split_part starts_with strpos substr substring suffix trim upper
""")
"""None of them makes a long text of a short one."""
_DAYS = _words("""
    age date_add date_diff date_part date_sub date_trunc datediff datepart datesub datetrunc day dayname dayofmonth
    dayofweek dayofyear epoch isodow last_day make_date month monthname quarter strftime to_days to_hours to_minutes
    to_months to_seconds to_weeks to_years week weekday weekofyear year yearweek
""")
"""None of them reads the clock: tables end with the day they were computed as of."""
_FUNCTIONS = _NUMBERS | _AGGREGATES | _TEXTS | _DAYS | _words("unnest")
_CLOCK_AND_USER = _words("""
    current_catalog current_date current_role current_schema current_time current_timestamp current_user localtime
    localtimestamp session_user user
""")
"""Words that look like columns to the parser, and are functions where no column has their name."""
_TYPES = _words("""
    bigint boolean date decimal double float hugeint int integer interval numeric real smallint text time timestamp
    tinyint varchar
""")


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much one select may take."""

    rows: int
    seconds: float
    characters: int = 100_000
    """Of all cells together."""


@dataclass(frozen=True, slots=True)
class Selected:
    """The first rows of a select, and whether there are more."""

    columns: list[str]
    rows: list[list[Cell]]
    has_more: bool


@dataclass(frozen=True, slots=True)
class Checked:
    """A select that may run, the tables that it reads, and the texts that it names."""

    sql: str
    tables: set[str]
    texts: set[str]


def check(connection: Connection, sql: str, tables: Collection[str]) -> Checked:
    """The select, if it reads nothing but these tables, whose names are in small letters. Raises InputError."""
    if len(sql) > LONGEST_SQL:
        raise InputError(f"the query has {len(sql):,} characters; at most {LONGEST_SQL:,} are read")
    try:
        row = connection.execute("select json_serialize_sql(cast(? as varchar))", [sql]).fetchone()
        tree = json.loads(row[0] if row else "{}")
        if tree.get("error"):
            raise InputError(_not_a_select(tree))
        statements = tree["statements"]
        if len(statements) != 1:
            raise InputError(f"one select at a time: the query holds {len(statements)} statements")
        found = Checked(sql, set(), set())
        _Walk(tables, found).walk(statements[0], frozenset())
    except (RecursionError, duckdb.Error, UnicodeError) as error:
        raise InputError(f"the query cannot be read: {_first_line(error)}") from None
    return found


def select(connection: Connection, checked: Checked, bounds: Bounds) -> Selected:
    """The first rows of a checked select. Raises InputError if it fails or needs too long."""
    too_late = threading.Timer(bounds.seconds, connection.interrupt)
    too_late.start()
    try:
        found = connection.execute(checked.sql)
        columns = [column[0] for column in found.description]
        rows = found.fetchmany(bounds.rows + 1)
    except duckdb.InterruptException:
        raise InputError(f"the query took longer than {bounds.seconds:g} s; read fewer rows, or add them up") from None
    except duckdb.OutOfMemoryException:
        raise InputError("the query needs too much memory; read fewer rows, or add them up") from None
    except (duckdb.Error, UnicodeError, OverflowError, ValueError) as error:
        raise InputError(f"the query failed: {_first_line(error)}") from None
    finally:
        too_late.cancel()
    names = [shortened(name) for name in columns]
    kept: list[list[Cell]] = []
    room = bounds.characters - sum(map(len, names))
    for row in rows[: bounds.rows]:
        cells = [cell(value) for value in row]
        room -= sum(len(str(one)) + 2 for one in cells)
        if room < 0:
            break
        kept.append(cells)
    if rows and not kept:
        raise InputError(f"one row has more than {bounds.characters:,} characters; choose fewer columns")
    return Selected(names, kept, len(rows) > len(kept))


def cell(value: Any) -> Cell:
    """A value as JSON can hold it, of bounded length: no infinity, no binary, no control character."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float | Decimal):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    return shortened(str(value))


def shortened(text: str, most: int = LONGEST_CELL) -> str:
    """A text on one line and of bounded length. What it holds is data: it may come from anybody who sends events."""
    cut = text if len(text) <= most else f"{text[: most - 1]}…"
    return "".join(character if character.isprintable() else " " for character in cut)


class _Walk:
    """Goes through a tree, and refuses the first piece that is not on a list."""

    def __init__(self, tables: Collection[str], found: Checked) -> None:
        self._tables = tables
        self._found = found

    def walk(self, part: Any, named: frozenset[str]) -> None:
        """Check a part of the tree and everything in it; `named` are the `with` names that it can see."""
        if isinstance(part, list):
            for one in part:
                self.walk(one, named)
        if not isinstance(part, Mapping):
            return
        self._check(part, named)
        for name in part.get("cte_map", {}).get("map", []):
            # a name sees those before it and not itself: `with goals as (select * from goals)` reads the table
            self.walk(name["value"], named)
            named |= {name["key"].lower()}
        for key, one in part.items():
            if key != "cte_map":
                self.walk(one, named)

    def _check(self, part: Mapping[str, Any], named: frozenset[str]) -> None:
        kind, expression = part.get("type"), part.get("class")
        if part.get("sample"):
            raise InputError("a query here reads every row, so that its numbers are those of the table: no sample")
        if expression is not None:
            if expression not in _EXPRESSIONS:
                raise InputError(f"{_said(expression)} are not allowed in a query here")
        elif isinstance(kind, str) and kind not in _PARTS:
            raise InputError(f"only a plain select is allowed here, without {_said(kind)}")
        if expression in ("FUNCTION", "WINDOW"):
            self._function(part, _FUNCTIONS)
        elif expression == "COLUMN_REF" and str(part.get("column_names", [""])[-1]).lower() in _CLOCK_AND_USER:
            raise InputError("a query here has no clock and no user: tables end with the day they were computed as of")
        elif expression == "TYPE":
            self._one_of(part, "type_name", _TYPES, "type")
        elif expression == "CONSTANT" and isinstance(text := part.get("literal", {}).get("text"), str):
            self._found.texts.add(text)
        elif expression is None and kind == "TABLE_FUNCTION":
            self._function(part.get("function", {}), _TABLE_FUNCTIONS)
        elif expression is None and kind == "BASE_TABLE":
            self._table(part, named)

    def _function(self, part: Mapping[str, Any], allowed: frozenset[str]) -> None:
        self._one_of(part, "function_name", allowed, "function")

    def _one_of(self, part: Mapping[str, Any], field: str, allowed: frozenset[str], word: str) -> None:
        name = str(part.get(field, ""))
        if name.lower() not in allowed or len(part.get("qualified_name", {}).get("path", [])) > 1:
            raise InputError(f"the {word} {shortened(name, 60)!r} is not allowed in a query here")

    def _table(self, part: Mapping[str, Any], named: frozenset[str]) -> None:
        name = str(part.get("table_name", ""))
        is_plain = not any(part.get(field) for field in ("schema_name", "catalog_name", "at_clause"))
        is_plain = is_plain and len(part.get("qualified_name", {}).get("path", [name])) == 1
        if is_plain and name.lower() in named:
            return
        if not is_plain or name.lower() not in self._tables:
            tables = ", ".join(sorted(self._tables))
            raise InputError(f"{shortened(name, 60)!r} is not a table here; choose from {tables}")
        self._found.tables.add(name.lower())


def _not_a_select(tree: Mapping[str, Any]) -> str:
    if tree.get("error_type") == "not implemented":
        return "only a select is allowed here"
    return f"the query cannot be read: {shortened(str(tree.get('error_message', '')).partition(chr(10))[0])}"


def _first_line(error: BaseException) -> str:
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    return shortened(str(error).partition("\n")[0])


def _said(name: object) -> str:
    """A word of the tree as people read it."""
    return shortened(str(name), 60).lower().replace("_", " ")
