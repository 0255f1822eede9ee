"""What the events of a day were like, where definitions look at them: names, ids and values, counted.

The warnings are found in these counts, so nothing has to read every event a second time.
"""

from collections.abc import Sequence

from daybreak.definitions.project import Project
from daybreak.engine import database
from daybreak.engine.conditions import json_path, matches
from daybreak.engine.database import Connection
from daybreak.engine.sql import Sql, literal, spliced, sql_file
from daybreak.families.reading import Reading, written
from daybreak.families.selectors import Filter, event_selector

OBSERVED = {
    "observed_on": "DATE",
    "asked": "VARCHAR",
    "selector": "VARCHAR",
    "property": "VARCHAR",
    "kind": "VARCHAR",
    "value": "VARCHAR",
    "events": "BIGINT",
    "met": "BIGINT",
    "ids": "BIGINT",
    "lowest": "DOUBLE",
    "highest": "DOUBLE",
}
"""The columns of the day table `observed` besides the day itself. `asked` is `name`, `id`, or that of a Reading."""


def observe_days(db: Connection, project: Project) -> None:
    """Make the table observed from the table day_events."""
    names = sorted({name for selector in project.selectors for name in event_selector(selector).event})
    database.create(db, "counted_names", {"name": "VARCHAR"}, [{"name": name} for name in names])
    database.create(db, "observed", {"day": "DATE", **OBSERVED}, [])
    db.execute(_sql("observed_names"))
    db.execute(_sql("observed_ids"))
    for reading in project.readings:
        parts = _parts(reading)
        for statement in ("observed_values", "observed_beside"):
            db.execute(spliced(_sql(statement), **parts))


def _parts(reading: Reading) -> dict[str, Sql]:
    """The parts of the statements that count the values of a property."""
    parts = {
        "selector": literal(reading.selector),
        "property": literal(reading.property),
        "asked": literal(reading.asked),
        "path": json_path(reading.property),
    }
    if reading.asked == "trait":
        of_people = Sql("type in ('identify', 'group')")
        return {**parts, "column": Sql("traits"), "condition": of_people, "met": Sql("true"), "named": Sql("''")}
    chosen = event_selector(reading.selector)
    own = [f for f in chosen.where if f.property == reading.property] if reading.asked == "where" else []
    narrowing = [] if reading.asked == "where" else chosen.where
    named = [f"folded({literal(written(value))})" for f in own for value in f.values()]
    return {
        **parts,
        "column": Sql("properties"),
        "condition": _matching(chosen.event, narrowing),
        "met": _matching(chosen.event, own),
        "named": Sql(", ".join(named) or "''"),
    }


def _matching(names: Sequence[str], filters: Sequence[Filter]) -> Sql:
    return matches(names, [(f.property, f.op, f.value) for f in filters])


def _sql(name: str) -> str:
    return sql_file("daybreak.export.sql", name)
