"""The view of each family: its rows that are final, added up where they add up. It is what a BI tool should read.

The family's row model and its numbers decide the view, so a new family has one at once. The SQL is the same in Trino
and DuckDB. `infra/lake.py` deploys it to Athena.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from daybreak.definitions.project import Project
from daybreak.engine.sql import Sql, casts, identifier, identifiers, literals, spliced, sql_file
from daybreak.families.base import Family, Number
from daybreak.families.registry import FAMILIES
from daybreak.lake.tables import DUCKDB_TYPES, Column, columns

SUFFIX = "_complete"
"""Ends the name of every view, and of nothing else."""
GRAIN = Column("grain", str, "What the row counts: a day, a week or a month")
_LONGER = ("week", "month")
"""Periods that are not cut into weeks."""
_WEEK_OF = {
    "monday": "cast(date_trunc('week', r.{day}) as date)",
    "sunday": "cast(date_trunc('week', r.{day} + interval '1' day) - interval '1' day as date)",
}
"""First day of a week -> an expression for the first day of the week that holds a day."""


@dataclass(frozen=True, slots=True)
class View:
    """A view in Athena: its name, its description, its columns in order, and its query."""

    name: str
    description: str
    columns: tuple[Column, ...]
    sql: Sql


def views(project: Project) -> list[View]:
    """A view for each family, also for those without a definition in this project."""
    return [view_of(family, project) for family in FAMILIES.values()]


def name_of(family: Family) -> str:
    """The name of the family's view."""
    return f"{family.name}{SUFFIX}"


def view_of(family: Family, project: Project) -> View:
    """The view of a family's result table: complete days, weeks and months, for all segments at once.

    Definitions that count by day are added up to calendar weeks, if the family has a number that adds up.
    """
    if family.trailing or family.recurring or not _ratios(family):
        return _complete_rows(family, project)
    return _complete_weeks(family, project)


def _complete_rows(family: Family, project: Project) -> View:
    """Rows as they are, with every column: their people overlap, or they hold percentiles, so they never add up."""
    shown = [column for column in columns(family.row) if column.name != "status"]
    if not family.trailing:
        shown.insert([column.name for column in shown].index(family.partition), GRAIN)
    counts = "a span that ends with its day" if family.trailing else "a day, a week or a month"
    return View(
        name=name_of(family),
        description=f"Rows of {family.name} that are final. Each counts {counts}, and they do not add up",
        columns=tuple(shown),
        sql=spliced(
            sql_file("daybreak.metrics.sql", "complete_rows"),
            family=Sql(family.name),
            table=identifier(family.name),
            partition=identifier(family.partition),
            together=identifiers(["definition", "version", family.partition]),
            grain=_grain(family, project, of_days="day"),
            columns=_cast(shown),
        ),
    )


def _complete_weeks(family: Family, project: Project) -> View:
    """Days added up to weeks. A definition by week or month keeps its own rows, and with them all of its numbers."""
    named = {column.name: column for column in columns(family.row)}
    ratios = _ratios(family)
    counts = list(dict.fromkeys(name for ratio in ratios for name in (ratio.numerator, ratio.denominator) if name))
    # a percentile, say: it is right where the row is one row of the table, and nowhere else
    alone = [n.column for n in family.numbers if n not in ratios] if _has_period(family) else []
    shown = [
        *(named[name] for name in _keys(family)),
        GRAIN,
        Column(family.partition, named[family.partition].type, "First day of the week or month"),
        *(named[name] for name in counts),
        *(Column(ratio.column, float, f"{ratio.numerator} / {ratio.denominator}") for ratio in ratios),
        *(named[name]._replace(comment=f"{named[name].comment}; null where days were added up") for name in alone),
    ]
    numbers = [
        *(f"sum({identifier(name)}) as {identifier(name)}" for name in counts),
        *(_pooled(ratio) for ratio in ratios),
        *(f"max(case when is_own_period then {identifier(name)} end) as {identifier(name)}" for name in alone),
    ]
    longer = [name for name, period in _periods(family, project).items() if period in _LONGER]
    return View(
        name=name_of(family),
        description=f"Weeks and months of {family.name} that are final. Definitions by day are added up to weeks",
        columns=tuple(shown),
        sql=spliced(
            sql_file("daybreak.metrics.sql", "complete_weeks"),
            family=Sql(family.name),
            table=identifier(family.name),
            partition=identifier(family.partition),
            keys=identifiers(_keys(family)),
            together=identifiers(["definition", "version", *_apart(family)]),
            is_own_period=_is_one_of(longer),
            grain=_grain(family, project, of_days="week"),
            week=Sql(_WEEK_OF[project.settings.week_start].format(day=identifier(family.partition))),
            numbers=Sql(",\n        ".join(numbers)),
            columns=_cast(shown),
        ),
    )


def _ratios(family: Family) -> list[Number]:
    """The numbers that are a ratio of two columns, which add up."""
    return [number for number in family.numbers if number.numerator and number.denominator]


def _apart(family: Family) -> list[str]:
    """The columns that tell the rows of a partition and segment apart, such as a funnel's step."""
    return list(dict.fromkeys(number.by for number in family.numbers if number.by))


def _keys(family: Family) -> list[str]:
    """The columns that say what a row is about: those of every family, its texts, and those of `_apart`."""
    texts = [column.name for column in columns(family.row) if column.type is str and column.name != "status"]
    return list(dict.fromkeys([*texts, *_apart(family)]))


def _has_period(family: Family) -> bool:
    """True if a definition of the family says by which period it counts."""
    return "period" in family.definition.model_fields


def _periods(family: Family, project: Project) -> dict[str, str]:
    """Definition -> the period of its rows; cohorts by the hour stand in the table under their day."""
    periods = {name: d.options().get("period") or "day" for name, d in project.of(family.name).items()}
    return {name: "day" if period == "hour" else period for name, period in periods.items()}


def _grain(family: Family, project: Project, of_days: str) -> Sql:
    """An expression for the column `grain`, which is `of_days` for definitions by day."""
    periods = _periods(family, project)
    cases = "".join(
        f"when {_is_one_of([name for name, own in periods.items() if own == period])} then '{period}' "
        for period in _LONGER
        if period in periods.values() and period != of_days
    )
    return Sql(f"case {cases}else '{of_days}' end" if cases else f"'{of_days}'")


def _is_one_of(definitions: list[str]) -> Sql:
    """A condition on `r.definition`."""
    return Sql(f"(r.definition in ({literals(definitions)}))" if definitions else "false")


def _pooled(ratio: Number) -> str:
    """The ratio of the sums; null where no row has one, as a survey's on another scale."""
    top, bottom = identifier(str(ratio.numerator)), identifier(str(ratio.denominator))
    pooled = f"cast(sum({top}) as double) / cast(nullif(sum({bottom}), 0) as double)"
    return f"case when count({identifier(ratio.column)}) > 0 then {pooled} end as {identifier(ratio.column)}"


def _cast(shown: Iterable[Column]) -> Sql:
    return casts({column.name: DUCKDB_TYPES[column.type] for column in shown})
