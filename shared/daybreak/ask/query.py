"""One select over the result tables, with what its tables counted and which of their rows are open."""

from collections.abc import Iterator

from pydantic import Field

from daybreak.ask.answers import NONE_OPEN, Answer, Asked, carried, unfinished_of
from daybreak.ask.results import Results
from daybreak.engine.one_select import LONGEST_SQL, Bounds, Cell, Checked, Selected, check, select
from daybreak.lake import keys
from daybreak.metrics.views import SUFFIX
from daybreak.watch.goals import MET, MISSED

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
    metrics = _metrics(results, checked)
    about = carried(results, metrics, NONE_OPEN)
    for metric in metrics:
        family, name, _ = results.metric(metric)
        if family.name in checked.tables:  # the view of what is final holds none of these rows
            about["unfinished"] += unfinished_of(results, family, name)
    if keys.GOALS in checked.tables:
        about["unfinished"].append(f"a goal is decided once its state is {MET} or {MISSED}")
    return Queried(
        **about,
        columns=found.columns,
        rows=found.rows,
        has_more=found.has_more,
        notes=[*_notes(results, checked, found)],
    )


def _metrics(results: Results, checked: Checked) -> list[str]:
    """The metrics whose rows a select can hold: those of its tables, or only those that it names."""
    families = {table.removesuffix(SUFFIX) for table in checked.tables}
    possible = [metric for metric in results.metrics if metric.partition(".")[0] in families]
    named = [metric for metric in possible if metric.partition(".")[2] in checked.texts]
    return [metric for metric in named or possible if results.is_computed(metric)]


def _notes(results: Results, checked: Checked, found: Selected) -> Iterator[str]:
    if checked.tables & set(results.project.measured):
        yield "rows of `status` open were read too, unless the select leaves them out"
    if checked.tables:
        yield from results.not_computed
    if found.has_more:
        yield f"only the first {len(found.rows)} rows are shown: add them up, or choose fewer"
