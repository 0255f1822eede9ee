"""What definitions name and no event ever held: a typing error, or tracking that was never built."""

import difflib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from daybreak.definitions.project import Project
from daybreak.engine import database
from daybreak.engine.database import Connection, Limits, workplace
from daybreak.export.derive import json_path
from daybreak.families.base import event_selector
from daybreak.families.experiment import Experiment
from daybreak.families.survey import Survey
from daybreak.lake.store import Store
from daybreak.lake.tables import Event, duckdb_columns

_NAMES_TOLD = 8


def unseen(store: Store, project: Project, limits: Limits | None = None) -> list[str]:
    """A line for each event name, trait and property that is measured and never came, with the nearest that did."""
    with workplace(limits or Limits()) as (db, _), tempfile.TemporaryDirectory() as folder:
        files = list(store.local((s.key for s in store.list("events/")), Path(folder)).values())
        db.execute(f"create view events as select * from {database.read_parquet(files, duckdb_columns(Event))}")  # noqa: S608
        return [*_events(db, project), *_traits(db, project), *_properties(db, project)]


def _events(db: Connection, project: Project) -> Iterator[str]:
    came = _names(db, "select distinct event from events where type = 'track' and event is not null")
    named = {(name, where) for where, selector in _used(project) for name in event_selector(selector).event}
    for name in sorted({name for name, _ in named} - came):
        places = ", ".join(sorted(where for other, where in named if other == name))
        yield f"{places}: no event {name!r} ever came{_nearest(name, came)}"


def _traits(db: Connection, project: Project) -> Iterator[str]:
    came = _names(
        db,
        "select distinct unnest(json_keys(traits)) from events "
        "where type in ('identify', 'group') and traits is not null",
    )
    for name, segment in project.segments.items():
        if segment.trait and segment.trait not in came:
            near = _nearest(segment.trait, came)
            yield f"[segments.{name}] trait {segment.trait!r} was never set, so everybody is (unset){near}"


def _properties(db: Connection, project: Project) -> Iterator[str]:
    """The properties that split people, hold a score, name a variant or narrow an event."""
    for where, selector, name in dict.fromkeys(_read(project)):
        chosen = event_selector(selector)
        names = ", ".join(map(database.quoted, chosen.event)) or "event"
        path = database.quoted(json_path(name))
        found = db.execute(
            f"select count(*), count(*) filter (json_exists(properties, {path})) from events where event in ({names})"  # noqa: S608
        ).fetchone()
        if found and found[0] and not found[1]:
            keys = f"select distinct unnest(json_keys(properties)) from events where event in ({names})"  # noqa: S608
            yield f"{where}: property {name!r} is in none of its {found[0]:,} events{_nearest(name, _names(db, keys))}"


def _read(project: Project) -> Iterator[tuple[str, str, str]]:
    """(where, selector, property) of every property that is read."""
    for family, named in project.definitions.items():
        for name, definition in named.items():
            where = f"[{family}.{name}]"
            for selector in sorted(definition.selectors_of({"entry", "again"})):
                for segment in definition.segments:
                    if split := project.segments[segment].property:
                        yield where, selector, split
            for selector in sorted(definition.selectors()):
                for condition in event_selector(selector).where:
                    yield where, selector, condition.property
            if isinstance(definition, Survey):
                yield where, definition.answer, definition.score
            if isinstance(definition, Experiment):
                yield where, definition.exposure, definition.variant


def _used(project: Project) -> Iterator[tuple[str, str]]:
    """(where, selector) of every selector."""
    for family, named in project.definitions.items():
        for name, definition in named.items():
            for selector in sorted(definition.selectors()):
                yield f"[{family}.{name}]", selector


def _names(db: Connection, query: str) -> set[str]:
    return {row[0] for row in db.execute(query).fetchall()}


def _nearest(word: str, known: set[str]) -> str:
    near = difflib.get_close_matches(word, sorted(known), n=1)
    if near:
        return f"; did you mean {near[0]!r}?"
    came = ", ".join(sorted(known)[:_NAMES_TOLD]) + (", …" if len(known) > _NAMES_TOLD else "")
    return f"; what came is {came}" if known else ""
