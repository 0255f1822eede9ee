"""A selector as a SQL condition on an event's columns `type`, `event` and `properties` (JSON text).

A property of another type, or one that is missing, does not match; no condition ever fails. Text in a definition also
matches a number that JSON writes in the same way ("10" matches 10, not 10.0) and a truth value ("true", "TRUE" and
"True" match true): nothing in a CSV file tells the digits of a code from those of a number. All of it is DuckDB only.
"""

from collections.abc import Iterable, Sequence

from daybreak.engine.sql import Sql, literal, literals

NUMBERS = "('BIGINT', 'UBIGINT', 'DOUBLE', 'HUGEINT')"
"""The names that `json_type` gives to numbers."""
_TEXT_OR_NUMBERS = "('VARCHAR', 'BIGINT', 'UBIGINT', 'DOUBLE', 'HUGEINT')"

Condition = tuple[str, str, object]
"""A property, an operator (=, !=, >, >=, <, <=, in, exists) and a value: a list for `in`, none for `exists`."""


def matches(names: Sequence[str], conditions: Iterable[Condition]) -> Sql:
    """True for track events with one of these names that meet all conditions.

    No names: any track, page or screen event that somebody did.
    """
    anything = "type in ('track', 'page', 'screen') and not is_own"
    named = f"type = 'track' and event in ({literals(names)})" if names else anything
    return Sql(" and ".join([named, *map(_holds, conditions)]))


def json_path(name: str) -> Sql:
    """The JSON path of a top-level key, whatever is in its name, as a SQL literal."""
    return literal(path_of(name))


def path_of(name: str) -> str:
    """The JSON path of a top-level key as plain text."""
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'$."{escaped}"'


def text_of(column: str, name: str) -> Sql:
    """A string or number in a JSON column as text; null for anything else and for blank text."""
    path = json_path(name)
    text = f"nullif(trim(json_extract_string({column}, {path})), '')"
    return Sql(f"case when json_type({column}, {path}) in {_TEXT_OR_NUMBERS} then {text} end")


def object_of(names: Sequence[str]) -> Sql:
    """The named properties of an event as JSON text, or null where no name is given."""
    if not names:
        return Sql("null")
    pairs = ", ".join(f"{literal(name)}, json_extract(properties, {json_path(name)})" for name in names)
    return Sql(f"cast(json_object({pairs}) as varchar)")


def _holds(condition: Condition) -> str:
    name, operator, value = condition
    path = json_path(name)
    text, kind = f"json_extract_string(properties, {path})", f"json_type(properties, {path})"
    if operator == "exists":
        return f"coalesce({kind} <> 'NULL', false)"
    if isinstance(value, int | float) and operator in (">", ">=", "<", "<="):
        return f"coalesce({_number(text, kind)} {operator} {float(value)!r}, false)"
    alike = [f"coalesce({_equal(text, kind, one)}, false)" for one in (value if isinstance(value, list) else [value])]
    if operator == "!=":
        return f"(coalesce({kind} <> 'NULL', false) and not {alike[0]})"
    return "(" + " or ".join(alike) + ")"


def _equal(text: str, kind: str, value: object) -> str:
    if isinstance(value, bool):
        return f"{kind} = 'BOOLEAN' and {text} = '{str(value).lower()}'"
    if isinstance(value, int | float):
        return f"{_number(text, kind)} = {float(value)!r}"
    same_text = f"{kind} in {_TEXT_OR_NUMBERS} and {text} = {literal(value)}"
    truth = str(value).lower()
    return f"{same_text} or {kind} = 'BOOLEAN' and {text} = '{truth}'" if truth in ("true", "false") else same_text


def _number(text: str, kind: str) -> str:
    return f"case when {kind} in {NUMBERS} then try_cast({text} as double) end"
