"""One number of one definition, as a goal or an alert names it: found, or refused with the field that is wrong."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from daybreak.definitions.goals import ChosenNumber
from daybreak.definitions.nearest import nearest
from daybreak.families.base import Definition, Family, Number
from daybreak.families.registry import FAMILIES

ROW_FIELDS = ("step", "period", "active_days", "variant")
"""The fields of ChosenNumber that choose a row: `Number.by` has the same names."""


class Misfit(ValueError):
    """A field names something that is not there, or does not fit the others."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class Chosen:
    """One number: the column of a definition's result table, and which rows of it."""

    family: Family
    name: str
    definition: Definition
    number: Number
    row: int | str | None
    """The value of the column `number.by`, where there is one."""

    @property
    def metric(self) -> str:
        return f"{self.family.name}.{self.name}"

    @property
    def label(self) -> str:
        """The column, and which row of it: rate, rate_of_start of step 3."""
        if self.row is None:
            return self.number.column
        return f"{self.number.column} of {str(self.number.by).replace('_', ' ')} {self.row}"

    @property
    def value_range(self) -> tuple[float, float]:
        """The lowest and the highest value that it can have."""
        return self.definition.value_range(self.number)

    @property
    def period(self) -> str:
        """How long the people of one row are collected: day, week or month. The hours of a day are read together."""
        period = self.definition.options().get("period", "day")
        return "day" if period == "hour" else str(period)

    @property
    def days_until_complete(self) -> int:
        """How many days after the end of a period its row is complete."""
        if self.family.trailing:
            return 0
        return self.definition.days_until_complete(self.row if isinstance(self.row, int) else None)

    @property
    def window_days(self) -> int | None:
        """How many days a trailing row counts; None where it counts everything until its day, or does not trail."""
        days = self.definition.options().get("window_days") if self.family.trailing else None
        return int(days) if days else None


def choose(definitions: Mapping[str, Mapping[str, Definition]], metric: str, asked: ChosenNumber) -> Chosen:
    """The number that a goal or an alert is about. Raises Misfit."""
    named = [f"{family}.{name}" for family, of_family in definitions.items() for name in of_family]
    if metric not in named:
        raise Misfit("metric", f"{metric!r} is not defined{nearest(metric, named)}")
    family_name, _, name = metric.partition(".")
    family, definition = FAMILIES[family_name], definitions[family_name][name]
    missing = definition.numbers_missing()
    if asked.column in missing:
        raise Misfit("column", f"{asked.column!r} {missing[asked.column]}")
    columns = [number.column for number in family.numbers if number.column not in missing]
    number = family.number(asked.column or columns[0])
    if number is None:
        raise Misfit("column", f"{asked.column!r} is not a number of {metric}{nearest(str(asked.column), columns)}")
    return Chosen(family, name, definition, number, _row(metric, definition, number, asked))


def _row(metric: str, definition: Definition, number: Number, asked: ChosenNumber) -> int | str | None:
    """Which rows: the last step by default; a period, a number of active days or a variant must be named."""
    for field in ROW_FIELDS:
        if field != number.by and getattr(asked, field) is not None:
            needs = f"; choose by `{number.by}`" if number.by else ""
            raise Misfit(field, f"{metric} has no number by {field.replace('_', ' ')}{needs}")
    if number.by is None:
        return None
    rows, wanted = definition.rows_of_number(), getattr(asked, number.by)
    if wanted is None:
        if number.by == "step":
            return rows[-1]
        raise Misfit(number.by, f"{metric} has a number for each: name one{_which(rows)}")
    if wanted not in rows:
        at = nearest(wanted, map(str, rows)) if isinstance(wanted, str) else _which(rows)
        raise Misfit(number.by, f"{metric} has no {number.by.replace('_', ' ')} {wanted!r}{at}")
    return rows[rows.index(wanted)]


def _which(rows: Sequence[int | str]) -> str:
    return f", from {rows[0]} to {rows[-1]}" if isinstance(rows, range) else f": {', '.join(map(str, rows))}"
