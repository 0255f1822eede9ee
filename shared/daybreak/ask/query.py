"""One select over the result tables, with what its tables counted and which of their rows are open."""

from pydantic import Field

from daybreak.ask.answers import Answer, Asked, carried
from daybreak.ask.results import Results
from daybreak.engine.one_select import LONGEST_SQL, Bounds, Cell, check, select
from daybreak.metrics.views import SUFFIX

BOUNDS = Bounds(rows=200, seconds=10.0)


class AskedQuery(Asked):
    sql: str = Field(
        description=f"One select in DuckDB's SQL, at most {LONGEST_SQL:,} characters, on the tables that "
        "list_definitions names; no file, no other function than usual ones, no clock"
    )


class Queried(Answer):
    columns: list[str]
    rows: list[list[Cell]] = Field(
        description=f"The first rows, at most {BOUNDS.rows} and {BOUNDS.characters:,} characters"
    )
    has_more: bool = Field(description="True if there are more rows, which were left out")


def query(results: Results, asked: AskedQuery) -> Queried:
    checked = check(results.db, asked.sql, results.tables)
    found = select(results.db, checked, BOUNDS)
    metrics = _read(results, checked.tables, checked.texts)
    notes = ["rows of `status` open were read too, unless the select leaves them out"] if metrics else []
    notes += results.not_computed if checked.tables else []
    more = [f"only the first {len(found.rows)} rows are shown: add them up, or choose fewer"] if found.has_more else []
    return Queried(
        **carried(results, metrics),
        columns=found.columns,
        rows=found.rows,
        has_more=found.has_more,
        notes=[*notes, *more],
    )


def _read(results: Results, tables: set[str], texts: set[str]) -> list[str]:
    """The metrics whose rows a select can hold: those of its tables, or only those that it names."""
    families = {table.removesuffix(SUFFIX) for table in tables}
    possible = [metric for metric in results.metrics if metric.partition(".")[0] in families]
    named = [metric for metric in possible if metric.partition(".")[2] in texts]
    return [metric for metric in named or possible if results.is_computed(metric)]
