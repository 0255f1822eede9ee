"""The tables `goals` and `alerts`: read back, and written as Parquet and as JSON in `latest/`.

A run begins with the episodes that the table holds, also when it repeats its morning or when it was killed before
`latest/alerts.json`, which is written last: they may have been sent already, so no run takes them back.
"""

import json
from datetime import date, datetime
from typing import Any, TypeVar

from daybreak.export.rows import read_rows, write_rows
from daybreak.export.run import Run
from daybreak.lake import keys
from daybreak.lake.store import Store
from daybreak.lake.tables import AlertEpisode, MeasuredGoal, RefusedAlert, Row
from daybreak.metrics.publish import read_latest

R = TypeVar("R", bound=Row)


def newest_morning(store: Store) -> date | None:
    """The newest morning whose goals and alerts are both written."""
    latest = read_latest(store, keys.ALERTS)
    return date.fromisoformat(latest["as_of"]) if latest else None


def refused_alerts(store: Store) -> list[RefusedAlert]:
    """The alerts that the newest morning refused."""
    latest = read_latest(store, keys.ALERTS) or {}
    return [RefusedAlert(**one) for one in latest.get("refused", [])]


def episodes_written(run: Run) -> list[AlertEpisode]:
    """Every episode as the newest run has written it, perhaps a run of this same morning."""
    return read_rows(run, keys.watched(keys.ALERTS), AlertEpisode)


def goals_before(run: Run, morning: date) -> list[MeasuredGoal]:
    """The rows of all earlier mornings."""
    return [row for row in read_rows(run, keys.watched(keys.GOALS), MeasuredGoal) if row.day < morning]


def publish(
    run: Run,
    goals: list[MeasuredGoal],
    episodes: list[AlertEpisode],
    refused: list[RefusedAlert],
    morning: date,
    through: datetime,
) -> None:
    """Write both tables, with zero rows if there are none, and both JSON objects. Refused alerts stand in the JSON."""
    earlier = goals_before(run, morning)
    mornings = sorted([*earlier, *goals], key=lambda row: (row.day, row.goal))
    write_rows(run, keys.watched(keys.GOALS), MeasuredGoal, mornings)
    write_rows(run, keys.watched(keys.ALERTS), AlertEpisode, episodes)
    head = {"as_of": morning.isoformat(), "through": through.isoformat()}
    _put(run.store, keys.GOALS, {**head, **_table(MeasuredGoal, goals)})
    named = [one.model_dump(mode="json") for one in refused]
    _put(run.store, keys.ALERTS, {**head, "refused": named, **_table(AlertEpisode, episodes)})


def _table(model: type[R], rows: list[R]) -> dict[str, Any]:
    return {"columns": list(model.model_fields), "rows": [list(row.model_dump(mode="json").values()) for row in rows]}


def _put(store: Store, table: str, content: dict[str, Any]) -> None:
    store.put(keys.latest(table), json.dumps(content, ensure_ascii=False, indent=1).encode())
