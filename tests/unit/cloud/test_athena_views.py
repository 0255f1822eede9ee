"""The local cloud's Athena reads a view by the query that Glue holds for it."""

import base64
import json
from typing import Any

import duckdb
import pytest

from daybreak.cloud.athena_views import expanded

VIEW = '-- Which numbers?\nwith few as (select n from "numbers" as r where n < 3)\nselect n, 2 * n as twice from few'


def stored(sql: str) -> dict[str, Any]:
    return {
        "ViewOriginalText": f"/* Presto View: {base64.b64encode(json.dumps({'originalSql': sql}).encode()).decode()} */"
    }


TABLES = {
    "shop/twice": stored(VIEW),
    "shop/numbers": {"ViewOriginalText": None},
    "other/numbers": stored("select 9 as n"),
}


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("select twice from twice order by 1", [(2,), (4,)]),
        ("select twice.twice from twice order by 1", [(2,), (4,)]),
        ("select t.n from shop.twice as t where t.twice = 4", [(2,)]),
        ('select t.n from "twice" t order by t.n desc limit 1', [(2,)]),
        ("select a.n from twice as a join twice as b on a.twice = b.n", [(1,)]),
        ("select count(*) from numbers", [(3,)]),
        ("select n from other.numbers", [(9,)]),
        ("with twice as (select 5 as n) select n from twice", [(5,)]),
        ("select 'from twice' as text", [("from twice",)]),
        ("select n from (select * from twice) where n = 1 -- from twice", [(1,)]),
    ],
)
def test_a_view_is_read_as_its_query(query: str, rows: list[tuple[Any, ...]]) -> None:
    with duckdb.connect() as db:
        db.execute("create table numbers as select unnest([1, 2, 3]) as n")
        assert db.execute(expanded(query, "shop", TABLES)).fetchall() == rows


def test_a_query_without_views_is_not_changed() -> None:
    query = "select n from numbers -- twice\nwhere n > 1"
    assert expanded(query, "shop", TABLES) == query
