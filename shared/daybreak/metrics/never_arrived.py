"""Names in the definitions that no event ever held: a typing error, or tracking that was never built."""

import difflib
from collections.abc import Iterator

from daybreak.definitions.project import Project
from daybreak.engine.conditions import json_path
from daybreak.engine.database import Connection, Limits, workplace
from daybreak.engine.sql import Sql, literals, parquet, spliced
from daybreak.families.base import ENTRY_ROLES
from daybreak.families.selectors import event_selector
from daybreak.lake.store import Store
from daybreak.lake.tables import Event, duckdb_columns

_NAMES_SHOWN = 8


def never_arrived(store: Store, project: Project, limits: Limits | None = None) -> list[str]:
    """A line for each event name, trait and property that is measured but in no event, with the nearest known one."""
    with workplace(limits or Limits()) as place:
        files = list(store.local((s.key for s in store.list("events/")), place.folder).values())
        events = parquet(files, duckdb_columns(Event))
        place.db.execute(spliced("create view events as select * from {events}", events=events))
        return [*_events(place.db, project), *_traits(place.db, project), *_properties(place.db, project)]


def _events(db: Connection, project: Project) -> Iterator[str]:
    known = _names(db, "select distinct event from events where type = 'track' and event is not null")
    named = {(name, where) for where, selector in _used(project) for name in event_selector(selector).event}
    for name in sorted({name for name, _ in named} - known):
        places = ", ".join(sorted(where for other, where in named if other == name))
        yield f"{places}: no event {name!r} ever arrived{_nearest(name, known)}"


def _traits(db: Connection, project: Project) -> Iterator[str]:
    known = _names(
        db,
        "select distinct unnest(json_keys(traits)) from events "
        "where type in ('identify', 'group') and traits is not null",
    )
    for name, segment in project.segments.items():
        if segment.trait and segment.trait not in known:
            near = _nearest(segment.trait, known)
            yield f"[segments.{name}] trait {segment.trait!r} was never set, so everybody is (unset){near}"


def _properties(db: Connection, project: Project) -> Iterator[str]:
    """The properties that split people, hold a score, name a variant or narrow an event."""
    for where, selector, name in dict.fromkeys(_read(project)):
        chosen = event_selector(selector)
        named = Sql(f"event in ({literals(chosen.event)})") if chosen.event else Sql("event is not null")
        found = db.execute(
            spliced(
                "select count(*), count(*) filter (json_exists(properties, {path})) from events where {named}",
                path=json_path(name),
                named=named,
            )
        ).fetchone()
        if found and found[0] and not found[1]:
            keys = spliced("select distinct unnest(json_keys(properties)) from events where {named}", named=named)
            yield f"{where}: property {name!r} is in none of its {found[0]:,} events{_nearest(name, _names(db, keys))}"


def _read(project: Project) -> Iterator[tuple[str, str, str]]:
    """(where, selector, property) of every property that is read."""
    for family, named in project.definitions.items():
        for own, definition in named.items():
            where = f"[{family}.{own}]"
            for selector in sorted(definition.selectors_of(ENTRY_ROLES)):
                for segment in definition.segments:
                    if split := project.segments[segment].property:
                        yield where, selector, split
            for selector in sorted(definition.selectors()):
                for condition in event_selector(selector).where:
                    yield where, selector, condition.property
            for role, properties in definition.values().items():
                for selector in definition.roles()[role]:
                    yield from ((where, selector, name) for name in sorted(properties))


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
    names = ", ".join(sorted(known)[:_NAMES_SHOWN]) + (", …" if len(known) > _NAMES_SHOWN else "")
    return f"; the events hold {names}" if known else ""
