"""Input tables made from the definitions alone: their selectors, roles, options and segments."""

from collections.abc import Callable
from typing import Any

from daybreak.engine import database
from daybreak.engine.calendar import micros
from daybreak.engine.conditions import path_of
from daybreak.export.run import Run
from daybreak.families.base import Definition
from daybreak.lake.tables import DUCKDB_TYPES, duckdb_columns
from daybreak.metrics.computation import Computation, goal_of
from daybreak.metrics.inputs.tables import DefinitionRow, NumberRow, RunRow, SelectorRow

MOST_NUMBERS = 400

Counted = dict[str, Definition]
"""The definitions of a computation and their goals, by the names they have in the tables."""


def counted_as(definition: Definition, selector: str) -> str:
    """The selector's key in the tables: it may be counted for people by one definition, for accounts by another."""
    return selector if definition.actor == "person" else f"account: {selector}"


def own_table(run: Run, computation: Computation, counted: Counted, name: str) -> None:
    """A table that only this family has."""
    rows = [{"definition": own, **row} for own, d in counted.items() for row in d.own_rows().get(name, [])]
    database.create(run.db, name, duckdb_columns(computation.family.inputs[name]), rows)


def _run(run: Run, computation: Computation, counted: Counted) -> None:
    del counted
    database.create(run.db, "run", duckdb_columns(RunRow), [{"until_us": micros(computation.until)}])


def _numbers(run: Run, computation: Computation, counted: Counted) -> None:
    del computation, counted
    database.create(run.db, "numbers", duckdb_columns(NumberRow), [{"number": n} for n in range(1, MOST_NUMBERS + 1)])


def _definitions(run: Run, computation: Computation, counted: Counted) -> None:
    family = computation.family.name
    rows: list[dict[str, Any]] = [
        {
            "definition": name,
            "version": run.project.version(family, name) if name in computation.recompute_from else "",
            "first_partition": computation.first_partition(name),
            "actor": definition.actor,
            "period": None,
            "hourly": 0,
            "by_activity": int(not definition.has_entry()),
            "goal": goal_of(name),
            "property_path": path_of(str(definition.options().get("property", ""))),
            "window_us": 0,
            "window_days": 0,
            "at_least": 1,
            "needed": 1,
            **definition.options(),
        }
        for name, definition in counted.items()
    ]
    options = {name: DUCKDB_TYPES[type(value)] for row in rows for name, value in row.items() if value is not None}
    columns = {**options, **duckdb_columns(DefinitionRow)}
    database.create(run.db, "definitions", columns, [{name: row.get(name) for name in columns} for row in rows])


def _definition_segments(run: Run, computation: Computation, counted: Counted) -> None:
    del counted
    segments = [
        {
            "definition": name,
            "segment": segment,
            "trait": (chosen := run.project.segments[segment]).trait,
            "property_path": path_of(chosen.property) if chosen.property else None,
            "at": chosen.at,
        }
        for name, definition in run.project.of(computation.family.name).items()
        for segment in definition.segments
    ]
    columns = dict.fromkeys(("definition", "segment", "trait", "property_path", "at"), "VARCHAR")
    database.create(run.db, "definition_segments", columns, segments)


def _selectors(run: Run, computation: Computation, counted: Counted) -> None:
    del computation
    rows = [
        {
            "definition": name,
            "role": role,
            "position": position,
            "selector": counted_as(definition, selector),
            "event": definition.label_of(role, position),
            "optional": int(definition.is_optional(role, position)),
        }
        for name, definition in counted.items()
        for role, chosen in definition.roles().items()
        for position, selector in enumerate(chosen, start=1)
    ]
    database.create(run.db, "selectors", duckdb_columns(SelectorRow), rows)


def _wanted(run: Run, computation: Computation, counted: Counted) -> None:
    """For each selector of the lake: whose events count, and under which key."""
    del computation
    wanted = {(selector, d.actor, counted_as(d, selector)) for d in counted.values() for selector in d.selectors()}
    names = ("selector", "actor", "counted_as")
    rows = [dict(zip(names, row, strict=True)) for row in sorted(wanted)]
    database.create(run.db, "wanted", dict.fromkeys(names, "VARCHAR"), rows)


TABLES: dict[str, Callable[[Run, Computation, Counted], None]] = {
    "run": _run,
    "numbers": _numbers,
    "definitions": _definitions,
    "definition_segments": _definition_segments,
    "selectors": _selectors,
    "wanted": _wanted,
}
