"""Definitions in words: what there is, and what one of them counts."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from pydantic import BaseModel, Field

from daybreak.ask.answers import LONGEST_TEXT, Answer, Asked, carried
from daybreak.ask.results import LIST_FILE, Results, unknown
from daybreak.ask.source import SMALL
from daybreak.definitions.project import ALL
from daybreak.engine.one_select import cell, shortened
from daybreak.engine.sql import identifier, literal, spliced
from daybreak.errors import InputError
from daybreak.families.base import Definition, Family, Number, length
from daybreak.families.registry import FAMILIES
from daybreak.families.selectors import label
from daybreak.lake.tables import MeasuredDefinition, Row, columns
from daybreak.metrics.views import view_of

NAMED = ("goal", "alert", "list")
VALUES_SHOWN = 100


class Nothing(Asked):
    """No argument."""


class Metric(BaseModel):
    metric: str = Field(description="Its full name, which the other tools take")
    question: str = Field(description="The question it answers, as daybreak.toml says it")
    counts: str = Field(description="people, accounts")
    numbers: list[str] = Field(description="The columns that a number can be read from, the main one first")
    segments: list[str] = Field(description="By these it can be split")


class Named(BaseModel):
    name: str
    description: str
    about: str = Field(description="The metric or the event it is about, or who is on the list")


class Definitions(Answer):
    metrics: list[Metric]
    goals: list[Named]
    alerts: list[Named]
    lists: list[Named]
    tables: dict[str, str] = Field(description="Tables that a query can read, with what a row of each is")


def list_definitions(results: Results, asked: Nothing) -> Definitions:
    del asked
    project = results.project
    metrics = []
    for metric in results.metrics:
        family, _, definition = results.metric(metric)
        metrics.append(
            Metric(
                metric=metric,
                question=shortened(definition.description, LONGEST_TEXT),
                counts=definition.who(),
                numbers=[number.column for number in numbers_of(family, definition)],
                segments=definition.segments,
            )
        )
    return Definitions(
        **carried(results),
        metrics=metrics,
        goals=[_named(name, goal.description, goal.metric) for name, goal in project.goals.items()],
        alerts=[_named(n, a.description, a.metric or label(a.event or "any")) for n, a in project.alerts.items()],
        lists=[_named(name, listed.description, listed.explain()) for name, listed in project.lists.items()],
        tables=results.tables,
        notes=results.not_computed,
    )


class AskedDefinition(Asked):
    name: str = Field(description='A metric such as "activation.first_value", or "goal.x", "alert.x", "list.x"')


class AskedNumber(BaseModel):
    column: str
    means: str
    is_share: bool = Field(description="True if it is a share of people: it then has an interval, and can be tested")
    adds_up: str = Field(description="Whether rows may be added up, and how")
    rows: list[int | str] = Field(description="The rows to choose from: steps, periods, active days or variants")


class Explained(Answer):
    name: str
    question: str
    rule: str = Field(description="The rule of its family")
    example: str
    definition: dict[str, Any] = Field(description="What daybreak.toml says")
    numbers: list[AskedNumber]
    columns: dict[str, str] = Field(description="Column of its table -> its meaning")
    segments: dict[str, list[str]] = Field(description="Segment -> its values that enough people have")
    first: date | None = Field(description="The first day, week or month with a row")
    last: date | None = Field(description="The newest")


def explain_definition(results: Results, asked: AskedDefinition) -> Explained:
    kind, _, name = asked.name.partition(".")
    if kind in NAMED:
        return _explain_named(results, kind, name)
    family, name, definition = results.metric(asked.name)
    first, last = _first_and_last(results, family, name)
    sentence = {asked.name: shortened(definition.explain(), LONGEST_TEXT)}
    about = carried(results, [asked.name] if results.is_computed(asked.name) else [])
    values = {segment: results.values.get(segment, ()) for segment in definition.segments}
    return Explained(
        **{**about, "counted": sentence},
        name=asked.name,
        question=shortened(definition.description, LONGEST_TEXT),
        rule=" ".join((type(definition).__doc__ or "").split()),
        example=definition.example,
        definition=_as_written(definition.model_dump(by_alias=True), definition.selectors()),
        numbers=[_number(family, definition, number) for number in numbers_of(family, definition)],
        columns=meanings(family.row),
        segments={segment: list(map(shortened, some[:VALUES_SHOWN])) for segment, some in values.items()},
        first=first,
        last=last,
        notes=[*_left_out(results, values), *results.not_computed],
    )


def _left_out(results: Results, values: Mapping[str, Sequence[str]]) -> Iterator[str]:
    for segment, some in values.items():
        if few := results.left_out.get(segment):
            yield f"segment {segment}: {few:,} values are left out, because few people have them"
        if len(some) > VALUES_SHOWN:
            yield f"segment {segment}: {len(some) - VALUES_SHOWN:,} more values can be asked for; query lists them"


class AskedTable(Asked):
    table: str = Field(description="One of the tables that list_definitions names")


class ExplainedTable(Answer):
    table: str
    row: str = Field(description="What a row of it is")
    columns: dict[str, str] = Field(description="Column -> its meaning")


def explain_table(results: Results, asked: AskedTable) -> ExplainedTable:
    name, tables = asked.table, results.tables
    if name not in tables:
        raise InputError(unknown(name, list(tables), "a table"))
    views = {v.name: v for v in (view_of(FAMILIES[f], results.project) for f in results.project.measured)}
    if name in views:
        found = {column.name: column.comment for column in views[name].columns}
    else:
        models: Mapping[str, type[Row]] = {**SMALL, "definitions": MeasuredDefinition}
        found = meanings(models[name] if name in models else FAMILIES[name].row)
    return ExplainedTable(**carried(results), table=name, row=tables[name], columns=found)


def meanings(model: type[Row]) -> dict[str, str]:
    """The columns of a table with their meanings."""
    return {column.name: column.comment for column in columns(model) if column.name != LIST_FILE}


def numbers_of(family: Family, definition: Definition) -> list[Number]:
    """The numbers that a definition has."""
    missing = definition.numbers_missing()
    return [number for number in family.numbers if number.column not in missing]


def _number(family: Family, definition: Definition, number: Number) -> AskedNumber:
    means = next(column.comment for column in columns(family.row) if column.name == number.column)
    rows = list(definition.rows_of_number()) if number.by else []
    return AskedNumber(
        column=number.column, means=means, is_share=number.is_share, adds_up=adds_up(family, number), rows=rows
    )


def adds_up(family: Family, number: Number) -> str:
    """Whether rows of a number may be added up."""
    if family.trailing:
        return "never: each row counts everything in the days that end with its own, so rows hold the same people"
    if family.recurring:
        return "never: the same people come again from period to period"
    if number.numerator and number.denominator:
        return f"add up {number.numerator} and {number.denominator} of complete rows, then divide; never average rates"
    return "never: read one row"


def _explain_named(results: Results, kind: str, name: str) -> Explained:
    project = results.project
    tables: Mapping[str, Mapping[str, Any]] = {"goal": project.goals, "alert": project.alerts, "list": project.lists}
    if name not in tables[kind]:
        raise InputError(unknown(f"{kind}.{name}", [f"{kind}.{known}" for known in tables[kind]]))
    model = tables[kind][name]
    metric = getattr(model, "metric", None)
    sentence = {f"list.{name}": shortened(model.explain(), LONGEST_TEXT)} if kind == "list" else {}
    about = carried(results, [metric] if metric and results.is_computed(metric) else [])
    selectors = set(model.selectors()) if kind == "list" else {s for s in [getattr(model, "event", None)] if s}
    written = model.model_dump(by_alias=True)
    return Explained(
        **{**about, "counted": {**about["counted"], **sentence}},
        name=f"{kind}.{name}",
        question=shortened(model.description, LONGEST_TEXT),
        rule=" ".join((type(model).__doc__ or "").split()),
        example="",
        definition=_as_written(written, selectors),
        numbers=[],
        columns=meanings(SMALL[f"{kind}s"]),
        segments={},
        first=None,
        last=None,
    )


def _named(name: str, description: str, about: str) -> Named:
    return Named(name=name, description=shortened(description, LONGEST_TEXT), about=shortened(about, LONGEST_TEXT))


def _as_written(value: Any, selectors: set[str]) -> Any:
    """A definition as people read it: events by their names, texts of bounded length."""
    if isinstance(value, dict):
        return {key: _as_written(one, selectors) for key, one in value.items() if one not in (None, [], (), "")}
    if isinstance(value, list | tuple):
        return [_as_written(one, selectors) for one in value]
    if isinstance(value, str):
        return shortened(label(value) if value in selectors else value, LONGEST_TEXT)
    return length(value) if isinstance(value, timedelta) else cell(value)


def _first_and_last(results: Results, family: Family, name: str) -> tuple[date | None, date | None]:
    statement = spliced(
        "select min({day}), max({day}) from {table} where definition = {name} and segment = {all}",
        day=identifier(family.partition),
        table=identifier(family.name),
        name=literal(name),
        all=literal(ALL),
    )
    return results.db.execute(statement).fetchone() or (None, None)
