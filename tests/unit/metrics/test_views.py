"""The view of each family: legal in both engines, with the columns it promises, and nothing that is not final."""

from datetime import date
from typing import Any

import duckdb
import pytest
import sqlglot
from sqlglot import expressions as exp

from daybreak.definitions.project import Project
from daybreak.engine.sql import inputs_of
from daybreak.families.base import Family, MetricRow
from daybreak.families.registry import FAMILIES
from daybreak.lake.tables import DUCKDB_TYPES, duckdb_columns
from daybreak.metrics.views import view_of, views
from support.journeys import project
from support.one_of_each import ONE_OF_EACH

Row = dict[str, Any]
EVERY = project(ONE_OF_EACH)
ONE = '[lifecycle.weekly]\ndescription = "d"\nperiod = "week"'
"""A project without a definition of the other families."""
ALLOWED = {"case", "cast", "count", "date_trunc", "if", "max", "nullif", "sum"}
"""Functions whose name, arguments and meaning are the same in DuckDB and Trino."""
EVERYBODY = {"version": "v", "segment": "all", "segment_value": "all", "status": "complete"}
MONDAY = date(2026, 11, 2)

each_family = pytest.mark.parametrize("family", FAMILIES.values(), ids=list(FAMILIES))
each_project = pytest.mark.parametrize(
    "measured", [EVERY, project(ONE), project(ONE, week_start="sunday")], ids=["one of each", "one", "from Sunday"]
)


def rows_of_view(family: str, measured: Project, rows: list[Row]) -> list[Row]:
    """What the view shows of a result table with these rows; columns that are not given are null."""
    types = duckdb_columns(FAMILIES[family].row)
    with duckdb.connect() as db:
        db.execute(f"create table {family} ({', '.join(f'{name} {type_}' for name, type_ in types.items())})")
        for row in rows:
            names = list(row)
            db.execute(
                f"insert into {family} ({', '.join(names)}) values ({', '.join('?' for _ in names)})",
                list(row.values()),
            )
        found = db.execute(f"select * from ({view_of(FAMILIES[family], measured).sql}) order by all")
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


@each_family
@each_project
def test_it_is_legal_trino_with_functions_both_engines_have(family: Family, measured: Project) -> None:
    (tree,) = sqlglot.parse(view_of(family, measured).sql, read="trino", error_level=sqlglot.ErrorLevel.RAISE)
    assert tree
    used = {
        function.name.lower() if isinstance(function, exp.Anonymous) else function.sql_name().lower()
        for function in tree.find_all(exp.Func)
        if not isinstance(function, exp.And | exp.Or)
    }
    assert used - {"timestamp_trunc"} <= ALLOWED
    for division in tree.find_all(exp.Div):
        for side in (division.this, division.expression):
            assert isinstance(side, exp.Cast), division.sql("trino")
            assert side.to.this == exp.DataType.Type.DOUBLE, division.sql("trino")


@each_family
@each_project
def test_its_columns_have_the_names_and_types_that_glue_is_told(family: Family, measured: Project) -> None:
    types = duckdb_columns(family.row)
    view = view_of(family, measured)
    with duckdb.connect() as db:
        db.execute(f"create table {family.name} ({', '.join(f'{name} {type_}' for name, type_ in types.items())})")
        described = db.execute(f"describe {view.sql}").fetchall()
    assert [(name, type_) for name, type_, *_ in described] == [(c.name, DUCKDB_TYPES[c.type]) for c in view.columns]
    assert all(column.comment for column in view.columns)
    assert inputs_of(view.sql) == [family.name]


@each_family
def test_it_has_every_number_that_a_definition_of_the_family_could_show(family: Family) -> None:
    names = [column.name for column in view_of(family, EVERY).columns]
    assert set(MetricRow.model_fields) - {"status"} <= set(names)
    assert family.partition in names
    assert "status" not in names
    for number in family.numbers:
        if number.numerator or family.trailing or "period" in family.definition.model_fields:
            wanted = {number.column, number.numerator, number.denominator, number.by} - {None}
            assert wanted <= set(names), number


def test_there_is_one_for_each_family_and_its_name_is_no_table() -> None:
    names = [view.name for view in views(project(ONE))]
    assert names == [f"{family}_complete" for family in FAMILIES]
    assert not set(names) & set(FAMILIES)


# Which weeks are final

ACTIVATION = project('[activation.a]\ndescription = "d"\nstart = "S"\nmilestone = "M"\nwindow = "24h"')
FROM_SUNDAY = project(
    '[activation.a]\ndescription = "d"\nstart = "S"\nmilestone = "M"\nwindow = "24h"', week_start="sunday"
)


def cohort(day: int, finished: int, activated: int, **other: Any) -> Row:
    """A row of activation; days count from Monday, 2 November 2026."""
    rate = activated / finished if finished else None
    own = {"cohort": date.fromordinal(MONDAY.toordinal() + day), "finished": finished, "activated": activated}
    return {"definition": "a", **EVERYBODY, **own, "rate": rate, **other}


def test_the_days_of_a_week_are_added_up_and_the_rate_is_that_of_the_sums() -> None:
    (week,) = rows_of_view("activation", ACTIVATION, [cohort(0, 10, 1), cohort(3, 2, 2), cohort(6, 4, 1)])
    assert (week["cohort"], week["grain"]) == (MONDAY, "week")
    assert (week["activated"], week["finished"], week["rate"]) == (4, 16, 0.25)


def test_a_week_with_an_open_day_is_left_out_for_everybody() -> None:
    """Also for a segment value all of whose own rows are complete: the values of a segment must add up to all."""
    role = {"segment": "role", "segment_value": "analyst"}
    rows = [cohort(0, 10, 1), cohort(0, 3, 1, **role), cohort(6, 4, 1, status="open", rate=None)]
    assert rows_of_view("activation", ACTIVATION, rows) == []


def test_a_week_that_is_not_over_is_left_out_though_all_its_rows_are_complete() -> None:
    assert rows_of_view("activation", ACTIVATION, [cohort(0, 10, 1), cohort(5, 4, 1)]) == []


@pytest.mark.parametrize("later", [cohort(6, 1, 1), cohort(9, 0, 0, status="open", rate=None)])
def test_a_row_of_its_last_day_or_of_a_later_one_shows_that_it_is_over(later: Row) -> None:
    weeks = rows_of_view("activation", ACTIVATION, [cohort(0, 10, 1), cohort(5, 4, 1), later])
    assert [week["cohort"] for week in weeks] == [MONDAY]


def test_weeks_begin_where_the_projects_do() -> None:
    rows = [cohort(day, 1, 0) for day in range(-1, 7)]  # a Sunday, a whole week from Monday to Sunday
    assert [(w["cohort"].isoformat(), w["finished"]) for w in rows_of_view("activation", ACTIVATION, rows)] == [
        ("2026-10-26", 1), ("2026-11-02", 7)]  # fmt: skip
    assert [(w["cohort"].isoformat(), w["finished"]) for w in rows_of_view("activation", FROM_SUNDAY, rows)] == [
        ("2026-11-01", 7)]  # fmt: skip


def test_rows_of_two_versions_of_a_definition_are_never_added_up() -> None:
    rows = [cohort(0, 10, 1, version="old"), cohort(6, 1, 1, version="old"), cohort(1, 5, 5), cohort(6, 1, 1)]
    assert [(w["version"], w["finished"]) for w in rows_of_view("activation", ACTIVATION, rows)] == [
        ("old", 11), ("v", 6)]  # fmt: skip


def test_a_week_in_which_nobody_counts_has_no_rate() -> None:
    (week,) = rows_of_view("activation", ACTIVATION, [cohort(6, 0, 0)])
    assert (week["finished"], week["rate"]) == (0, None)


def test_each_period_of_a_cohorts_week_waits_for_itself() -> None:
    """Period 1 of Sunday's cohort has not begun, so it has no row: those of the other days are not the whole week."""
    daily = project('[retention.r]\ndescription = "d"\nstart = "S"\nreturn = "R"\nperiod = "day"\nperiods = 2')
    rows = [
        {"definition": "r", **EVERYBODY, "cohort": date.fromordinal(MONDAY.toordinal() + day), "period": period,
         "people": 10, "retained": 10 if period == 0 else day, "rate": 1.0}
        for day in range(7) for period in range(2) if day < 6 or period == 0
    ]  # fmt: skip
    assert [(w["period"], w["people"], w["retained"]) for w in rows_of_view("retention", daily, rows)] == [(0, 70, 70)]


SURVEYS = project(
    "\n".join(
        f'[survey.{period}_{scale}]\ndescription = "d"\nanswer = "A"\nscale = "{scale}"\nperiod = "{period}"'
        for period in ("day", "month")
        for scale in ("nps", "csat")
    )
)


def test_a_number_that_does_not_add_up_is_shown_only_where_nothing_was_added_up() -> None:
    first, last = date(2026, 11, 1), date(2026, 11, 8)  # a Sunday that begins a month; the Sunday after
    answers = {**EVERYBODY, "answers": 4, "high": 2, "low": 1, "mean": 7.5}
    nps, csat = {**answers, "scale": "nps", "nps": 25.0}, {**answers, "scale": "csat", "csat": 0.5}
    rows = [
        {"definition": f"{period}_{row['scale']}", "period_start": day, **row}
        for period, day in (("day", last), ("month", first))
        for row in (nps, csat)
    ]
    found = {row["definition"]: row for row in rows_of_view("survey", SURVEYS, rows)}
    shown = {name: (row["grain"], row["nps"], row["csat"], row["mean"]) for name, row in found.items()}
    assert shown == {
        "day_nps": ("week", None, None, None),  # and no CSAT, which an NPS survey does not have
        "day_csat": ("week", None, 0.5, None),
        "month_nps": ("month", 25.0, None, 7.5),
        "month_csat": ("month", None, 0.5, 7.5),
    }
    assert [found[f"{period}_nps"]["period_start"] for period in ("day", "month")] == [date(2026, 11, 2), first]


def test_rows_that_overlap_stay_as_they_are_without_those_of_a_day_that_is_open() -> None:
    adoption = project('[adoption.f]\ndescription = "d"\nfeature = "F"\nwindow = "28d"')
    rows = [
        {"definition": "f", **EVERYBODY, "day": MONDAY, "active_people": 5, "users": 2, "rate": 0.4},
        {"definition": "f", **EVERYBODY, "day": date(2026, 11, 3), "active_people": 6, "users": 3, "rate": 0.5},
        {"definition": "f", **EVERYBODY, "day": date(2026, 11, 4), "active_people": 7, "users": 3, "status": "open"},
    ]
    found = rows_of_view("adoption", adoption, rows)
    assert [(row["day"], row["users"], row["rate"]) for row in found] == [(MONDAY, 2, 0.4), (date(2026, 11, 3), 3, 0.5)]
