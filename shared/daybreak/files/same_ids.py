"""Names the events that were left out because of a message id that came before, although they are other events."""

import json
from pathlib import Path

from daybreak.engine.database import Limits, workplace
from daybreak.engine.sql import ndjson, spliced, sql_file
from daybreak.lake.tables import Event, Warned, duckdb_columns

_READ = ("message_id", "type", "event", "user_id", "anonymous_id")


def with_examples(warnings: list[Warned], log: Path, limits: Limits) -> list[Warned]:
    """The warnings; that about message ids with examples from the raw log of the files."""
    return [
        w.model_copy(update={"message": f"{w.message}; {_examples(log, limits)}"}) if w.kind == "same_message_id" else w
        for w in warnings
    ]


def _examples(log: Path, limits: Limits) -> str:
    types = duckdb_columns(Event)
    statement = sql_file("daybreak.files.sql", "other_events")
    with workplace(limits) as place:
        lines = ndjson([log], {name: types[name] for name in _READ})
        found = place.db.execute(spliced(statement, lines=lines)).fetchall()
    return "; ".join(
        f"{_text(message_id)} is {_text(event)} of {_text(person)}, then {_text(other)} of {_text(somebody)}"
        for message_id, event, person, other, somebody in found
    )


def _text(value: str | None) -> str:
    return json.dumps(value, ensure_ascii=False) if value is not None else "nobody"
