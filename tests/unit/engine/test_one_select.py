"""One select from anybody: it reads the tables it may read and nothing else, within bounds, whatever it says."""

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import pytest

from daybreak.engine.database import Connection, Limits, create, workplace
from daybreak.engine.one_select import LONGEST_CELL, LONGEST_SQL, Bounds, Selected, check, select
from daybreak.errors import InputError

TABLES = {"activation", "goals"}
BOUNDS = Bounds(rows=5, seconds=2.0)
SECRET = "nobody may read this"


@pytest.fixture(scope="module")
def sealed() -> Iterator[Connection]:
    """A sealed database: two tables that may be read, and one that may not."""
    with workplace(Limits(memory_mb=256)) as place:
        rows = [{"day": date(2026, 11, 1), "people": n, "segment_value": f"v{n}"} for n in range(1000)]
        create(place.db, "activation", {"day": "DATE", "people": "BIGINT", "segment_value": "VARCHAR"}, rows)
        create(place.db, "goals", {"goal": "VARCHAR"}, [{"goal": "more"}])
        create(place.db, "hidden", {"text": "VARCHAR"}, [{"text": SECRET}])
        place.seal()
        yield place.db


def asked(db: Connection, sql: str) -> Selected:
    return select(db, check(db, sql, TABLES), BOUNDS)


def refusal(db: Connection, sql: str) -> str | None:
    """The line with which a select is refused; None if it is answered."""
    try:
        asked(db, sql)
    except InputError as error:
        return str(error)
    return None


@pytest.mark.parametrize(
    ("sql", "first"),
    [
        ("select count(*), sum(people) from activation", [1000, 499_500]),
        ("SELECT a.people FROM Activation AS a WHERE people >= 3 ORDER BY 1 LIMIT 1;", [3]),
        (
            "with a as (select people + 1 as n from activation), b as (select max(n) as n from a) select n from b",
            [1000],
        ),
        ("with goals as (select * from goals) select goal from goals", ["more"]),
        (
            "select sum(people) over (order by people) from activation qualify row_number() over (order by people) = 3",
            [3],
        ),
        ("select date_trunc('month', day), day from activation limit 1", ["2026-11-01T00:00:00", "2026-11-01"]),
        (
            "select cast(1 as double) / 4, 7 // 2, 1 in (1, 2), case when true then 'a' end -- and a remark",
            [0.25, 3, True, "a"],
        ),
        ("select goal from goals union all select segment_value from activation where people = 1 order by 1", ["more"]),
        ("select exists (select 1 from goals) /* ; drop table goals */", [True]),
        ("values (1)", [1]),
        ("from goals", ["more"]),
        ("select unnest from unnest([7, 8])", [7]),
        ("select people from activation semi join goals on people = 4", [4]),
    ],
)
def test_a_plain_select_on_the_tables_is_answered(sealed: Connection, sql: str, first: list[object]) -> None:
    assert asked(sealed, sql).rows[0] == first


@pytest.mark.parametrize(
    "sql",
    [
        # other tables, under every name
        "select * from hidden",
        'select * from "hidden"',
        "select * from main.hidden",
        "select * from daybreak.main.hidden",
        "select * from main.activation",
        "select (select text from hidden) from goals",
        "select * from goals where goal in (select text from hidden)",
        "with activation as (select * from hidden) select * from activation",
        "with hidden as (select * from hidden) select * from hidden",
        "with a as (select * from b), b as (select 1) select * from a",
        "select * from (with hidden as (select 1) select * from hidden), hidden",
        "select * from goals union all select * from hidden",
        "select * from goals, lateral (select * from hidden)",
        "select * from goals order by (select text from hidden)",
        "select * from goals limit (select length(text) from hidden)",
        "select count(*) filter (where exists (from hidden)) from goals",
        "select sum(1) over (order by (select text from hidden)) from goals",
        "select * from activation asof join hidden on people > text",
        # the catalogue and the settings
        "select * from duckdb_secrets()",
        "select * from duckdb_settings()",
        "select * from duckdb_tables",
        "select * from information_schema.tables",
        "select * from pg_catalog.pg_class",
        "select * from sqlite_master",
        "select current_setting('memory_limit')",
        "select getenv('HOME')",
        "select getvariable('x')",
        "select version()",
        "select current_database()",
        "describe hidden",
        "summarize hidden",
        "show tables",
        "select * from (describe hidden)",
        "select * from (show tables)",
        # files and networks
        "select * from 'activation.parquet'",
        'select * from "/etc/passwd"',
        "from '/etc/passwd'",
        "select * from read_text('/etc/passwd')",
        "select * from read_csv('/etc/passwd')",
        "select * from read_parquet('https://example.com/x.parquet')",
        "select * from parquet_scan('x.parquet')",
        "select * from glob('/*')",
        "select * from sniff_csv('/etc/passwd')",
        "select * from query('select * from hidden')",
        "select * from query_table('hidden')",
        "select query_table('hidden')",
        "select * from json_execute_serialized_sql('{}')",
        # anything but one select
        "select 1; select 2",
        "select 1; drop table goals",
        "insert into goals values ('x')",
        "update goals set goal = 'x'",
        "delete from goals",
        "create table x as select 1",
        "create macro m() as table select * from hidden",
        "drop table goals",
        "copy goals to '/tmp/x.csv'",
        "copy (select 1) to '/tmp/x.csv'",
        "export database '/tmp/x'",
        "import database '/tmp/x'",
        "attach '/tmp/x.db' as x",
        "detach x",
        "use x",
        "install httpfs",
        "load httpfs",
        "pragma database_list",
        "pragma threads=4",
        "set memory_limit = '10GB'",
        "reset memory_limit",
        "call duckdb_settings()",
        "checkpoint",
        "vacuum",
        "explain select 1",
        "explain analyze select 1",
        "prepare p as select 1",
        "execute p",
        "begin",
        "select 1 into x",
        "pivot activation on day using sum(people)",
        "unpivot activation on people",
        "select * from (pivot activation on day using sum(people))",
        # pieces that a question about numbers does not need
        "with recursive r as (select 1 as n union all select n + 1 from r) select * from r",
        "with recursive hidden as (select * from hidden union all select * from hidden) select * from hidden",
        "select $1",
        "select ?",
        "select list_transform([1], lambda x: x + 1)",
        "select [x for x in [1, 2]]",
        "select main.abs(1)",
        "select repeat('x', 1000000000)",
        "select lpad('x', 1000000000, 'y')",
        "select printf('%1000000000d', 1)",
        "select current_date",
        "select now()",
        "select CURRENT_TIMESTAMP",
        "select localtime from goals",
        "select current_user",
        "select user",
        "select current_schema",
        "select random()",
        "select nextval('s')",
        "select cast('goals' as regclass)",
        "select folded('A')",
        "select unnest(range(1000000000))",
        "select * from range(1000000000)",
        "select * from generate_series(1, 1000000000)",
        "select * from goals, unnest(range(1000000000))",
        "select * from activation at (version => 1)",
        # what is not SQL
        "",
        ";",
        "   ",
        "-- only a remark",
        "select",
        "how many people were activated?",
        "\x00",
        "select '\ud800'",
        "select " + "(" * 4000 + "1" + ")" * 4000,
        "select * from (" * 600 + "select 1" + ")" * 600,
        "select " + "not " * 2000 + "true",
        "select 1" + " + 1" * 2000,
        "[" * 9000,
        "x" * (LONGEST_SQL + 1),
        "select '" + "x" * 1_000_000 + "'",
        "select count(*) from activation tablesample 10%",
        "select count(*) from activation using sample 1",
    ],
    ids=lambda sql: re.sub(r"\W+", "_", sql)[:50],
)
def test_anything_else_is_refused_in_one_line_that_shows_nothing(sealed: Connection, sql: str) -> None:
    message = refusal(sealed, sql)
    assert message is not None
    assert "\n" not in message
    assert len(message) < 400
    assert SECRET not in message
    assert "root:" not in message


@pytest.mark.parametrize(
    "sql",
    [
        "select count(*) from activation a, activation b, activation c, activation d",
        "select count(distinct a.people + b.people * c.people) from activation a, activation b, activation c",
        "select a.people from activation a, activation b, activation c order by a.people * b.people + c.people",
        "select string_agg(a.segment_value, '') from activation a, activation b, activation c",
        "select list(a.people) from activation a, activation b, activation c",
        "select length(s) from (" + f"select concat({'s, ' * 9} s) as s from (" * 9 + "select 'x' as s" + ")" * 10,
        "select length(s) from (" + "select s || s as s from (" * 28 + "select 'xxxxxxxxxxxxxxxx' as s" + ")" * 29,
        "select min(n) from (select sum(people) over (order by random) as n from (select a.people, b.people * c.people "
        "as random from activation a, activation b, activation c))",
    ],
)
def test_a_select_without_end_is_ended_by_time_or_memory(sealed: Connection, sql: str) -> None:
    with pytest.raises(InputError, match=r"too much memory|took longer than 2 s|the query failed"):
        asked(sealed, sql)
    assert asked(sealed, "select goal from goals").rows == [["more"]]


def test_of_all_functions_that_duckdb_has_only_harmless_ones_are_called(sealed: Connection) -> None:
    with duckdb.connect() as other:
        found = other.execute("select distinct function_name from duckdb_functions()").fetchall()
    names = sorted(name for (name,) in found if re.fullmatch(r"\w+", name))
    assert len(names) > 500
    as_function = {name for name in names if is_called(sealed, f'select "{name}"(1) from goals')}
    as_table = {name for name in names if is_called(sealed, f'select * from "{name}"(1)')}
    assert as_table == {"unnest"}
    assert {"sum", "median", "lower", "date_trunc"} <= as_function
    reaches_out = "read|scan|glob|file|sett|secret|env|exec|query|attach|copy|pg_|duckdb|version|current|random|now|uuid|hash|json"
    makes_long_texts = "pad|repeat|printf|format|bar|range|series|resize|replace|regexp"
    assert not [name for name in as_function if re.search(f"{reaches_out}|{makes_long_texts}", name)]


def is_called(db: Connection, sql: str) -> bool:
    """True if a select may run, whether or not its arguments fit."""
    try:
        check(db, sql, TABLES)
    except InputError:
        return False
    return True


def test_only_so_many_rows_are_read_and_it_is_said_that_there_are_more(sealed: Connection) -> None:
    found = asked(sealed, "select 1 as n from activation, activation as b, activation as c, activation as d")
    assert (found.columns, found.rows, found.has_more) == (["n"], [[1]] * 5, True)
    assert not asked(sealed, "select * from unnest([1, 2, 3, 4, 5])").has_more


def test_an_answer_has_so_many_characters_at_most(sealed: Connection) -> None:
    checked = check(
        sealed, "select 'xxxxxxxx' as a from activation limit 5", TABLES
    )  # ten characters a row, with its comma
    found = select(sealed, checked, Bounds(rows=5, seconds=2.0, characters=31))
    assert (len(found.rows), found.has_more) == (3, True)
    with pytest.raises(InputError, match="one row has more than 5 characters; choose fewer columns"):
        select(sealed, checked, Bounds(rows=5, seconds=2.0, characters=5))
    none = select(sealed, check(sealed, "select 1 as a where false", TABLES), BOUNDS)
    assert (none.rows, none.has_more) == ([], False)


def test_cells_are_values_of_json_and_texts_are_short_and_on_one_line(sealed: Connection) -> None:
    sql = (
        "select cast('nan' as double), cast('inf' as double), 0.5, 'a' || chr, cast(1 as hugeint), null, [1, 2], day from "
        + ("(select segment_value as chr, day from activation where people = 7)")
    )
    assert asked(sealed, sql).rows == [[None, None, 0.5, "av7", 1, None, "[1, 2]", "2026-11-01"]]
    long = asked(sealed, f"select '{'x' * 5000}' as a, 'one\ntwo\t\x1b[31m' as b").rows[0]
    assert (len(str(long[0])), long[1]) == (LONGEST_CELL, "one two  [31m")


def test_a_check_says_which_tables_and_texts_a_select_names(sealed: Connection) -> None:
    checked = check(sealed, "with a as (select * from Activation) select * from a, goals where goal = 'more'", TABLES)
    assert (checked.tables, checked.texts) == ({"activation", "goals"}, {"more"})


def test_a_sealed_database_refuses_files_writes_and_settings_by_itself(sealed: Connection, tmp_path: Path) -> None:
    for statement in (
        "select * from read_text('/etc/passwd')",
        "select * from 'pyproject.toml'",
        f"copy goals to '{tmp_path}/x.csv'",
        f"attach '{tmp_path}/x.db'",
        "create table x as select 1",
        "insert into goals values ('x')",
        "set memory_limit = '10GB'",
        "set enable_external_access = true",
        "install httpfs",
    ):
        with pytest.raises(duckdb.Error):
            sealed.execute(statement)
    assert not list(tmp_path.iterdir())
