"""The SQL of every family is legal Trino, uses functions both engines have, and names the tables it reads."""

from importlib import resources

import pytest
import sqlglot
from sqlglot import expressions as exp

from daybreak.engine.sql import inputs_of, sql_file
from daybreak.families.completion import Completion
from daybreak.families.completion_attempts import attempts_sql, entrants_sql, reached_sql
from daybreak.families.registry import FAMILIES
from support.journeys import project

ALLOWED = {
    "avg",
    "case",
    "cast",
    "coalesce",
    "count",
    "exp",
    "floor",
    "if",
    "lag",
    "ln",
    "max",
    "min",
    "row_number",
    "sum",
}
"""Functions whose name, arguments and meaning are the same in DuckDB and Trino."""

PORTABLE_INPUTS = ("days", "periods", "active_in_window", "outcomes", "outcome_counts", "goals")
FUNNELS = [
    f"steps = {steps}\norder = '{order}'\nentry = '{entry}'\nequal_timestamps = '{equal}'\n{exclusions}"
    for order, steps in (
        ("ordered", '["A", { event = "B", optional = true }, "C", { event = "D", optional = true }, "E"]'),
        ("strict", '["A", "B", "A"]'),
        ("strict_allow_repeats", '["A", "B", "A"]'),
        ("any", '["A", "B", "A"]'),
    )
    for entry in ("first", "any")
    for equal in ("in_step_order", "never")
    for exclusions in ("", 'exclusions = ["X", "Y"]')
]
"""Every shape a funnel's SQL can take."""


SQL = {name: sql_file("daybreak.families", name) for name in FAMILIES}
SQL |= {name: sql_file("daybreak.metrics.inputs", name) for name in PORTABLE_INPUTS}
SUMMARIES = {name: sql_file("daybreak.families", f"{name}.summary") for name in FAMILIES}
INPUTS = {
    file.name.removesuffix(".sql"): file.read_text()
    for file in resources.files("daybreak.metrics.inputs").iterdir()
    if file.name.endswith(".sql")
}
TEMPLATES = ("by_person", "by_person_and_account")
"""Inputs that are made once for each of three tables; `{table}` stands for its name."""


def funnel(options: str) -> Completion:
    defined = project(f'[completion.c]\ndescription = "d"\nwindow = "1d"\n{options}').of("completion")["c"]
    assert isinstance(defined, Completion)
    return defined


for number, options in enumerate(FUNNELS):
    SQL[f"attempts {number}"] = attempts_sql("c", funnel(options))
    SQL[f"reached {number}"] = reached_sql("c", funnel(options), "attempts")
SQL["entrants"] = entrants_sql("c", "attempts")


@pytest.mark.parametrize("name", SQL)
def test_it_is_legal_trino_with_functions_both_engines_have(name: str) -> None:
    (tree,) = sqlglot.parse(SQL[name], read="trino", error_level=sqlglot.ErrorLevel.RAISE)
    assert tree
    used = {
        function.name.lower() if isinstance(function, exp.Anonymous) else function.sql_name().lower()
        for function in tree.find_all(exp.Func)
        if not isinstance(function, exp.And | exp.Or)
    }
    assert used <= ALLOWED


@pytest.mark.parametrize("name", SQL)
def test_every_division_is_of_doubles(name: str) -> None:
    """1/2 is 0.5 in DuckDB and 0 in Trino: both sides say that they are doubles."""
    (tree,) = sqlglot.parse(SQL[name], read="trino")
    assert tree
    for division in tree.find_all(exp.Div):
        for side in (division.this, division.expression):
            double = isinstance(side, exp.Cast) and side.to.this == exp.DataType.Type.DOUBLE
            scientific = isinstance(side, exp.Literal) and "e" in side.this.lower()
            assert double or scientific, division.sql("trino")


EVERY = [*SQL.items(), *SUMMARIES.items(), *INPUTS.items()]


@pytest.mark.parametrize(
    "statement", [text for name, text in EVERY if name[:8] not in ("attempts", "reached ", "entrants")]
)
def test_it_opens_with_its_question_grain_inputs_and_lag(statement: str) -> None:
    comment = [line for line in statement.splitlines() if line.startswith("--")]
    assert comment[0].endswith(("?", "apart."))
    for word in ("Grain", "Inputs", "Lag"):
        assert any(f"{word}:" in line for line in comment), word


@pytest.mark.parametrize("name", [*FAMILIES, *sorted(INPUTS)])
def test_its_header_names_exactly_the_tables_it_reads(name: str) -> None:
    statement = (SQL[name] if name in FAMILIES else INPUTS[name]).replace("{table}", "t").replace("{at}", "at")
    (tree,) = sqlglot.parse(statement, read="duckdb", error_level=sqlglot.ErrorLevel.RAISE)
    assert tree
    own = {cte.alias for cte in tree.find_all(exp.CTE)}
    read = {table.name for table in tree.find_all(exp.Table)} - own
    assert sorted(inputs_of(statement)) == sorted(read)


def test_every_column_says_what_it_is() -> None:
    for family in FAMILIES.values():
        assert all(info.description for info in family.row.model_fields.values())
        assert (family.row.__doc__ or "").startswith("One row per")
