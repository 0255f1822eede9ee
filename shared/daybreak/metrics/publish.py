"""Publish beside the result tables: a table that explains each definition, and a small JSON of the newest rows."""

import json
from datetime import date, datetime
from typing import Any

from daybreak.definitions.project import ALL, Project
from daybreak.engine.database import create, write_parquet
from daybreak.engine.sql import Sql, identifier, identifiers, literal, spliced, sql_file
from daybreak.export.rows import write_rows
from daybreak.export.run import Run
from daybreak.families.base import Family
from daybreak.lake import keys
from daybreak.lake.store import Store, put_changed
from daybreak.lake.tables import MeasuredDefinition, Warned, duckdb_columns
from daybreak.metrics.results import rows_in

LATEST_PARTITIONS = 31
"""How many of a definition's newest days or cohorts the `latest` JSON shows."""


def described(project: Project, family: str) -> list[dict[str, Any]]:
    """The definitions of a family in words, as rows of MeasuredDefinition."""
    return [
        {
            "definition": name,
            "version": project.version(family, name),
            "description": definition.description,
            "meaning": definition.explain(),
            "actor": definition.actor,
            "segments": ", ".join(definition.segments),
        }
        for name, definition in project.of(family).items()
    ]


def describe(run: Run, family: str) -> None:
    """Write the table that explains each definition of the family."""
    create(run.db, "described", duckdb_columns(MeasuredDefinition), described(run.project, family))
    path = run.work / "described" / f"{family}.parquet"
    file = write_parquet(run.db, "select * from described order by all", path)
    key = keys.definitions(family)
    put_changed(run.store, {key: file}, run.store.list(key))


def read_latest(store: Store, name: str) -> dict[str, Any] | None:
    """The JSON that the last run of a family or another job of the morning published, or None before the first."""
    data = store.get(keys.latest(name))
    return json.loads(data) if data else None


def publish_latest(run: Run, family: Family, day: date, through: datetime, seen: dict[str, str]) -> None:
    """Write the small JSON: each definition's newest days or cohorts, and how far the data reaches."""
    columns = list(duckdb_columns(family.row))
    content = {
        "family": family.name,
        "as_of": day.isoformat(),
        "timezone": run.project.settings.timezone,
        "through": through.isoformat(),
        "versions": run.project.versions(family.name),
        "seen": seen,
        "descriptions": {name: d.description for name, d in run.project.of(family.name).items()},
        "columns": columns,
        "rows": _newest_rows(run, family, columns),
    }
    run.store.put(keys.latest(family.name), json.dumps(content, default=str, indent=1).encode())


def publish_warnings(run: Run, warnings: list[Warned], day: date, through: datetime) -> None:
    """Write the table of warnings, with zero rows if there is none, and the same as a small JSON."""
    write_rows(run, keys.warnings(), Warned, warnings)
    content = {
        "as_of": day.isoformat(),
        "through": through.isoformat(),
        "columns": list(Warned.model_fields),
        "rows": [list(warning.model_dump().values()) for warning in warnings],
    }
    run.store.put(keys.latest(keys.WARNINGS), json.dumps(content, indent=1).encode())


def _newest_rows(run: Run, family: Family, columns: list[str]) -> list[tuple[Any, ...]]:
    """The rows of everybody in each definition's newest days or cohorts, read back from the tables.

    A month holds one of them at least, so the newest 31 months are enough.
    """
    months: dict[str, list[str]] = {}
    for stored in run.store.list(keys.months_prefix(family.name)):
        months.setdefault(keys.definition_of(stored.key), []).append(stored.key)
    newest = [key for of_definition in months.values() for key in of_definition[-LATEST_PARTITIONS:]]
    statement = spliced(
        sql_file("daybreak.metrics.sql", "newest_rows"),
        columns=identifiers(columns),
        rows=rows_in(list(run.store.local(newest, run.work / "newest").values()), family),
        partition=identifier(family.partition),
        most=Sql(str(LATEST_PARTITIONS)),
        everybody=literal(ALL),
    )
    return run.db.execute(statement).fetchall()
