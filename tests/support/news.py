"""Goals, episodes and lists for tests of sending, and a lake that holds them as the jobs write them."""

import json
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from daybreak.definitions.project import Project, parse
from daybreak.engine.database import connect, create, write_parquet
from daybreak.lake import keys
from daybreak.lake.store import Store
from daybreak.lake.tables import AlertEpisode, MadeList, MeasuredGoal, Row, duckdb_columns
from support.journeys import LIMITS

DEFINITIONS = """
[project]
timezone = "Europe/Berlin"
[activation.first]
description = "d"
start = "S"
milestone = "V"
window = "7d"
[time_to_value.wait]
description = "d"
start = "S"
value = "V"
window = "7d"
[alert.falls]
description = "New people no longer get on"
metric = "activation.first"
when = "falls"
[goal.q1]
description = "Two of five get on within a week"
metric = "activation.first"
from = 2026-11-01
target = 0.4
by = 2027-03-31
[list.stuck]
description = "Signed up and stopped"
who = { did = "S", between = ["24h", "7d"] }
"""
DAY = date(2026, 11, 25)


def project(sends: str) -> Project:
    return parse(DEFINITIONS + sends)


def episode(**changed: Any) -> AlertEpisode:
    """An episode that was opened on DAY."""
    row = {
        "alert": "falls", "description": "New people no longer get on", "subject": "activation.first", "version": "v",
        "number": "rate",
        "segment": "all", "segment_value": "all", "change": "fell", "opened": DAY, "closed": None, "ending": None, "spoken": DAY,
        "now": 0.22, "now_people": 420, "before": 0.33, "before_people": 1680, "p_value": 0.0001,
        "message": "activation.first fell from 33.0 % to 22.0 %.",
    }  # fmt: skip
    return AlertEpisode.model_validate(row | changed)


def measured(day: date, state: str, **changed: Any) -> MeasuredGoal:
    row = {
        "goal": "q1", "day": day, "description": "Two of five get on within a week", "metric": "activation.first",
        "version": "v", "goal_version": "v", "measured_to": day, "number": "rate", "segment": "all",
        "segment_value": "all", "begins": date(2026, 11, 1),
        "by": date(2027, 3, 31), "final_on": date(2027, 4, 7), "baseline": 0.33, "target": 0.4, "needed": 0.3412,
        "measured": 0.3302, "low": 0.301, "high": 0.362, "people": 1812, "state": state,
    }  # fmt: skip
    return MeasuredGoal.model_validate(row | changed)


def made(at: datetime, **changed: Any) -> MadeList:
    """The list `stuck`, made at a UTC time. Its file is named by the time."""
    row = {
        "list": "stuck", "made_at": at, "description": "Signed up and stopped", "meaning": "m", "actor": "person",
        "people": 140, "entered": 12, "left": 3, "held_out": 14, "file": f"lists/stuck/made={at:%Y-%m-%dT%H%M%S}Z/people.csv",
        "revision": 0,
    }  # fmt: skip
    return MadeList.model_validate(row | changed)


def write_tables(store: Store, work: Path, **tables: Sequence[Row]) -> None:
    """Write goals, alerts and lists as the jobs do: one Parquet object each."""
    work.mkdir(exist_ok=True)
    models: dict[str, tuple[type[Row], str]] = {
        "goals": (MeasuredGoal, keys.watched(keys.GOALS)),
        "alerts": (AlertEpisode, keys.watched(keys.ALERTS)),
        "lists": (MadeList, keys.list_counts("all")),
    }
    connection = connect(work / "news.duckdb", work / "spill", LIMITS)
    for name, rows in tables.items():
        model, key = models[name]
        create(connection, name, duckdb_columns(model), [row.model_dump() for row in rows])
        file = write_parquet(connection, f"select * from {name}", work / f"{name}.parquet")
        store.put(key, file.read_bytes())
    connection.close()


def write_people(store: Store, row: MadeList, entered: Sequence[str], left: Sequence[str] = ()) -> None:
    """Write the files of those who entered and left a list, as the lists job does; every third id is anonymous."""
    for name, ids in (("entered", entered), ("left", left)):
        rows = [
            {
                "user_id": each if n % 3 else None,
                "anonymous_id": None if n % 3 else each,
                "traits": {"role": "secret-role"},
            }
            for n, each in enumerate(ids)
        ]
        lines = b"".join(json.dumps(line).encode() + b"\n" for line in rows)
        store.put(f"{keys.folder(row.file)}{name}.ndjson", lines)


def write_latest(store: Store, day: date, found: int = 0, **days: date) -> None:
    """Say how far each family, the warnings and the page are: to `day`, or to the day that is named."""
    for name in ("activation", "time_to_value", "warnings", "page"):
        content = {"as_of": days.get(name, day).isoformat(), "rows": [[]] * found}
        store.put(keys.latest(name), json.dumps(content).encode())
