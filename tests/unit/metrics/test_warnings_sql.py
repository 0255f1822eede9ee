"""The SQL of the warnings: each file says what it asks, and reads exactly the tables that it names."""

from importlib import resources

import pytest
import sqlglot
from sqlglot import exp

from daybreak.engine.sql import inputs_of
from daybreak.metrics.warnings.registry import WARNINGS

FILES = {
    file.name.removesuffix(".sql"): file.read_text()
    for file in resources.files("daybreak.metrics.warnings").iterdir()
    if file.name.endswith(".sql")
}


def test_each_kind_has_a_file_of_its_name() -> None:
    assert WARNINGS.keys() <= FILES.keys()


@pytest.mark.parametrize("name", sorted(FILES))
def test_it_opens_with_its_question_grain_inputs_and_lag(name: str) -> None:
    head = " ".join(line.removeprefix("-- ") for line in FILES[name].splitlines() if line.startswith("--"))
    assert "?" in head.partition("Grain:")[0]
    assert all(word in head for word in ("Grain:", "Inputs:", "Lag:"))


@pytest.mark.parametrize("name", sorted(FILES))
def test_its_header_names_exactly_the_tables_it_reads(name: str) -> None:
    (tree,) = sqlglot.parse(FILES[name], read="duckdb", error_level=sqlglot.ErrorLevel.RAISE)
    assert tree
    own = {cte.alias for cte in tree.find_all(exp.CTE)}
    read = {table.name for table in tree.find_all(exp.Table)} - own
    assert sorted(inputs_of(FILES[name])) == sorted(read)
