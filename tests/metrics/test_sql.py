"""Every family's SQL is legal Trino, uses only functions both engines have, and gives exactly its row model's columns."""

from importlib import resources
from pathlib import Path

import duckdb
import pytest
import sqlglot
from sqlglot import expressions as exp

from daybreak.metrics.families import FAMILIES
from daybreak.metrics.funnel import reached_sql
from daybreak.tables import duckdb_columns
from journeys import computed, event, project

ALLOWED = {"avg", "case", "cast", "coalesce", "count", "exp", "ln", "max", "min", "row_number", "sum", "if"}
"""Functions whose name, arguments and meaning are the same in DuckDB and Trino."""

SQL = {name: resources.files("daybreak.metrics.sql").joinpath(f"{name}.sql").read_text() for name in FAMILIES}
SQL["reached"] = reached_sql(20)


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


@pytest.mark.parametrize("name", FAMILIES)
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
[adoption.a]
description = "d"
feature = "V"
window = "1d"
"""


def test_results_have_exactly_the_columns_of_their_row_models(tmp_path: Path) -> None:
    events = [event("u", "S", "2024-03-01T10:00:00Z"), event("u", "V", "2024-03-01T11:00:00Z")]
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
