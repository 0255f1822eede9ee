"""Every family's SQL is legal Trino, uses only functions both engines have, and gives exactly its row model's columns."""

from importlib import resources
from pathlib import Path

import duckdb
import pytest
import sqlglot
from sqlglot import expressions as exp

from daybreak.families.completion import Completion
from daybreak.families.completion_attempts import attempts_sql, entrants_sql, reached_sql
from daybreak.families.registry import FAMILIES
from daybreak.lake.tables import duckdb_columns
from support.journeys import computed, event, project

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

PORTABLE_INPUTS = ("days", "outcomes", "outcome_counts", "goals")
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


def sql(package: str, name: str) -> str:
    return resources.files(package).joinpath(f"{name}.sql").read_text()


SQL = {name: sql("daybreak.families", name) for name in FAMILIES}
SQL |= {name: sql("daybreak.metrics.inputs", name) for name in PORTABLE_INPUTS}


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


@pytest.mark.parametrize("name", [*FAMILIES, *PORTABLE_INPUTS])
def test_it_opens_with_its_question_grain_inputs_and_lag(name: str) -> None:
    comment = [line for line in SQL[name].splitlines() if line.startswith("--")]
    assert comment[0].endswith("?")
    assert all(any(line.startswith(f"-- {word}:") for line in comment) for word in ("Grain", "Inputs", "Lag"))


ONE_OF_EACH = """
[activation.a]
description = "d"
start = "S"
milestone = "V"
window = "1d"
[time_to_value.t]
description = "d"
start = "S"
value = "V"
window = "1d"
[completion.c]
description = "d"
steps = ["S", "V"]
window = "1d"
[retention.r]
description = "d"
start = "S"
return = "V"
period = "day"
periods = 1
[churn.c]
description = "d"
period = "day"
[adoption.a]
description = "d"
feature = "V"
window = "1d"
[breadth.b]
description = "d"
features = ["S", "V"]
window = "1d"
[active_people.p]
description = "d"
[active_days.d]
description = "d"
window = "2d"
[lifecycle.l]
description = "d"
period = "day"
[conversion.c]
description = "d"
start = "S"
upgrade = "V"
window = "1d"
[survey.s]
description = "d"
answer = "V"
scale = "nps"
[support_load.s]
description = "d"
ticket = "V"
start = "S"
onboarding = "1d"
[campaign.c]
description = "d"
exposure = "S"
action = "V"
window = "1d"
[experiment.e]
description = "d"
exposure = "S"
variants = ["a", "b"]
goal = "activation.a"
planned = 1
"""


def test_results_have_exactly_the_columns_of_their_row_models(tmp_path: Path) -> None:
    events = [event("u", "S", "2024-03-01T10:00:00Z", variant="a"), event("u", "V", "2024-03-01T11:00:00Z", score=9)]
    computed(tmp_path, project(ONE_OF_EACH), events, "2024-03-03")
    for family in FAMILIES.values():
        files = (tmp_path / "metrics" / family.name / "*" / "*" / "*.parquet").as_posix()
        described = duckdb.execute(
            f"describe select * from read_parquet('{files}', hive_partitioning = true, "
            f"hive_types = {{'definition': varchar, '{family.partition}': date}})"
        ).fetchall()
        assert {row[0]: row[1] for row in described} == duckdb_columns(family.row)


def test_every_column_says_what_it_is() -> None:
    for family in FAMILIES.values():
        assert all(info.description for info in family.row.model_fields.values())
        assert (family.row.__doc__ or "").startswith("One row per")
