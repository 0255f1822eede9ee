"""The rows of one metric, newest first, with the interval of each share."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from pydantic import Field

from daybreak.ask.answers import Answer, Asked, Row, carried
from daybreak.ask.results import Results
from daybreak.definitions.chosen import ROW_FIELDS
from daybreak.definitions.project import ALL
from daybreak.engine.one_select import cell
from daybreak.engine.sql import Sql, identifier, literal, spliced
from daybreak.errors import InputError
from daybreak.families.base import Family, Number
from daybreak.families.experiment_statistics import Arm, wilson

MOST_ROWS = 200
FIRST_DAY, LAST_DAY = date(1971, 1, 1), date(2199, 12, 31)


class AskedRows(Asked):
    metric: str = Field(description='Such as "activation.first_value"; list_definitions names them')
    segment: str = Field(ALL, description="A segment of the metric; all is everybody together")
    segment_value: str | None = Field(None, description="One value of the segment; without it, all of them")
    from_day: date | None = Field(None, ge=FIRST_DAY, le=LAST_DAY, description="The first day, week or month to show")
    to_day: date | None = Field(None, ge=FIRST_DAY, le=LAST_DAY, description="The last")
    step: int | None = Field(None, description="Only this step of a completion")
    period: int | None = Field(None, description="Only this period of a retention")
    active_days: int | None = Field(None, description="Only this number of active days")
    variant: str | None = Field(None, description="Only this variant of an experiment")
    limit: int = Field(31, ge=1, le=MOST_ROWS, description="At most so many rows, the newest")


class Rows(Answer):
    metric: str
    rows: list[Row] = Field(
        description="Newest first. Where a share has a 95 % interval (Wilson), `_low` and `_high` end its columns. "
        "A row whose status is open is unfinished, and its rates are null"
    )
    left_out: int = Field(description="How many older rows were left out by `limit`")


def read_rows(results: Results, asked: AskedRows) -> Rows:
    family, name, definition = results.metric(asked.metric)
    value = results.segment_value(definition, asked.metric, asked.segment, asked.segment_value)
    if asked.from_day and asked.to_day and asked.to_day < asked.from_day:
        raise InputError(f"to_day {asked.to_day} is before from_day {asked.from_day}")
    where = Sql(" and ".join(_conditions(family, name, asked, value)))
    parts = {"table": identifier(family.name), "where": where}
    apart = list(dict.fromkeys(number.by for number in family.numbers if number.by))
    counted = results.db.execute(spliced("select count(*) from {table} where {where}", **parts)).fetchone()
    found = results.db.execute(
        spliced(
            "select * exclude (definition, version) from {table} where {where} order by {order} limit {limit}",
            **parts,
            order=Sql(", ".join([f"{identifier(family.partition)} desc", *map(identifier, ["segment_value", *apart])])),
            limit=Sql(str(asked.limit)),
        )
    )
    names = [column[0] for column in found.description]
    read = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    days = [row[family.partition] for row in read]
    rows = [_shown(family, row) for row in read]
    total = int(counted[0]) if counted else 0
    notes = [] if total else ["no row matches: nobody is in the table for these days and this segment"]
    return Rows(
        **carried(results, [asked.metric], (min(days), max(days)) if days else None),
        metric=asked.metric,
        rows=rows,
        left_out=total - len(rows),
        notes=notes,
    )


def _conditions(family: Family, name: str, asked: AskedRows, segment_value: str | None) -> Iterator[str]:
    yield f"definition = {literal(name)}"
    yield f"segment = {literal(asked.segment)}"
    if segment_value is not None:
        yield f"segment_value = {literal(segment_value)}"
    if asked.from_day:
        yield f"{identifier(family.partition)} >= date {literal(asked.from_day)}"
    if asked.to_day:
        yield f"{identifier(family.partition)} <= date {literal(asked.to_day)}"
    by = {number.by for number in family.numbers if number.by}
    for field in ROW_FIELDS:
        if (value := getattr(asked, field)) is not None:
            if field not in by:
                raise InputError(f"{asked.metric} has no rows by {field.replace('_', ' ')}; leave `{field}` out")
            yield f"{identifier(field)} = {literal(value)}"


def _shown(family: Family, row: dict[str, Any]) -> Row:
    """A row as JSON, with the intervals of its shares."""
    shown = {name: cell(value) for name, value in row.items()}
    for number in family.numbers:
        low, high = f"{number.column}_low", f"{number.column}_high"
        if low not in row and (arm := _arm(number, row)) is not None:
            shown[low], shown[high] = wilson(arm)
    return shown


def _arm(number: Number, row: dict[str, Any]) -> Arm | None:
    """The people behind a share that is final."""
    if not (number.is_share and number.numerator and number.denominator) or row[number.column] is None:
        return None
    return Arm(row[number.numerator], row[number.denominator])
