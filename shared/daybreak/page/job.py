"""The job that writes the page of a day, after every table is there.

Running it again changes nothing. The tables do not go back, so neither does the page: run for an older day it draws the
newest one again, and the page of the older day stays as it was written.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from daybreak.definitions.project import Project
from daybreak.engine.database import Limits
from daybreak.export.run import begin
from daybreak.lake import keys
from daybreak.lake.store import Store, md5
from daybreak.metrics.publish import read_latest
from daybreak.page.draw import draw
from daybreak.page.read import PageData, read


@dataclass(frozen=True, slots=True)
class WrittenPage:
    """The page of a day: its text, and the keys of the objects that changed."""

    day: date
    text: str
    written: list[str]


def write_page(
    store: Store, project: Project, day: date, until: datetime | None = None, limits: Limits = Limits()
) -> WrittenPage:
    """Write `page/<day>.html` and `page/index.html`.

    `until` is the first instant that the numbers do not know, aware; normally the end of the day.
    An older day than that of the newest page writes the newest one again: see `WrittenPage.day`.
    """
    record = read_latest(store, keys.PAGE)
    newest = date.fromisoformat(record["as_of"]) if record else day
    if day < newest:
        day, until = newest, None
    with begin(store, project, limits) as run:
        data = read(run, day, until or run.calendar.ends_at(day).replace(tzinfo=UTC))
    since = _since(record, data)
    text = draw(data, {name: first for name, first in since.items() if first})
    html = text.encode()
    objects = {keys.page(day): html, keys.newest_page(): html, keys.latest(keys.PAGE): _recorded(data, since)}
    changed = [key for key, content in objects.items() if not _is_there(store, key, content)]
    for key in changed:
        store.put(key, objects[key])
    return WrittenPage(day, text, changed)


def _since(record: Mapping[str, Any] | None, data: PageData) -> dict[str, date | None]:
    """The day from which each definition has counted as it does; None if it did so on the first page already."""
    known = record["definitions"] if record else {}
    since: dict[str, date | None] = {}
    for one in data.measured:
        noted = known.get(one.id)
        if noted and noted["version"] == one.version:
            since[one.id] = date.fromisoformat(noted["since"]) if noted["since"] else None
        else:
            since[one.id] = data.day if record else None
    return since


def _recorded(data: PageData, since: Mapping[str, date | None]) -> bytes:
    definitions = {
        one.id: {"version": one.version, "since": first.isoformat() if (first := since[one.id]) else None}
        for one in data.measured
    }
    return json.dumps({"as_of": data.day.isoformat(), "definitions": definitions}, indent=1).encode()


def _is_there(store: Store, key: str, content: bytes) -> bool:
    return any(stored.key == key and stored.md5 == md5(content) for stored in store.list(key))
