"""The page for BI tools: its queries run on the views, its table names each of them, its costs are added up here."""

import re
import tomllib

import duckdb
import pytest
import sqlglot

from conftest import ROOT
from daybreak.definitions.project import load
from daybreak.families.registry import FAMILIES
from daybreak.lake.tables import duckdb_columns
from daybreak.metrics.views import view_of, views
from support.pages import DOCS, blocks

PAGE = DOCS / "bi.md"
TEXT = PAGE.read_text(encoding="utf-8")
DEMO = load(ROOT / "daybreak.toml")
QUERIES = [line.split('"')[1] for line in blocks(PAGE, "sh")]
COSTS = tomllib.loads((ROOT / "tests/data/costs.toml").read_text(encoding="utf-8"))
PRICES: dict[str, float] = COSTS["prices"]


@pytest.fixture(scope="module")
def tables() -> duckdb.DuckDBPyConnection:
    """Every result table without a row, and the views over them."""
    db = duckdb.connect()
    for family in FAMILIES.values():
        types = duckdb_columns(family.row)
        db.execute(f"create table {family.name} ({', '.join(f'{name} {type_}' for name, type_ in types.items())})")
        view = view_of(family, DEMO)
        db.execute(f"create view {view.name} as {view.sql}")
    return db


@pytest.mark.parametrize("query", QUERIES)
def test_each_query_is_legal_in_both_engines_and_reads_views_only(
    tables: duckdb.DuckDBPyConnection, query: str
) -> None:
    (tree,) = sqlglot.parse(query, read="trino", error_level=sqlglot.ErrorLevel.RAISE)
    assert tree
    own = {cte.alias for cte in tree.find_all(sqlglot.exp.CTE)}
    assert {table.name for table in tree.find_all(sqlglot.exp.Table)} - own <= {view.name for view in views(DEMO)}
    tables.execute(query)


def test_there_are_two_queries_for_each_tool() -> None:
    for tool in ("Metabase", "Grafana", "QuickSight"):
        section = TEXT.partition(f"\n## In {tool}\n")[2].partition("\n## ")[0]
        assert section.count("daybreak query") == 2


def test_the_table_names_each_view_and_tells_which_overlap() -> None:
    table = TEXT.partition("\n## Which view")[2].partition("\n## ")[0]
    assert set(re.findall(r"`(\w+_complete)`", table)) == {view.name for view in views(DEMO)}
    rule = next(line for line in table.split("\n- ") if "overlap" in line)
    assert {name for name in re.findall(r"`(\w+)`", rule) if name in FAMILIES} == {
        name for name, family in FAMILIES.items() if family.trailing
    }


def test_the_costs_are_what_the_prices_give() -> None:
    """A query of one definition over two years: the least that Athena bills, one listing, 24 monthly objects."""
    gets = 24 * COSTS["query"]["gets_of_a_month"]
    billed = COSTS["query"]["least_bytes"] * PRICES["athena_byte"]
    query = billed + PRICES["s3_put_or_list"] + gets * PRICES["s3_get"]
    section = TEXT.partition("\n## What a query costs\n")[2]
    assert re.findall(r"\$([\d.]+\d)", section) == [
        f"{query:.5f}", f"{20 * 24 * 30 * query:.2f}", f"{20 * 30 * query:.2f}"
    ]  # fmt: skip
