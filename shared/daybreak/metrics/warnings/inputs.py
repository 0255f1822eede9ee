"""The tables that the SQL of warnings reads: what the definitions look for, and what the events were like.

A table is made from the definitions, from the lake, or by the `.sql` file of its name beside this module.
"""

import json
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

from daybreak.definitions.project import Project
from daybreak.engine import database
from daybreak.engine.sql import Sql, identifier, inputs_of, spliced, sql_file
from daybreak.export.manifest import read_manifests
from daybreak.export.merge import merged_rows
from daybreak.export.pending import read_pending_days
from daybreak.export.run import Run
from daybreak.families.base import Definition
from daybreak.families.reading import kind_of, written
from daybreak.families.selectors import ANY, event_selector, label
from daybreak.metrics.persons import make_person_of

Rows = Iterator[dict[str, Any]]


class Inputs:
    """The tables of one run as of the end of a project day, each made when it is first asked for."""

    def __init__(self, run: Run, day: date) -> None:
        self._run, self._day = run, day
        self._made: set[str] = set()

    def make(self, names: list[str]) -> None:
        """Make these tables, each after the tables it is made from. Raises FileNotFoundError for an unknown name."""
        for name in names:
            if name not in self._made:
                self._made.add(name)
                self._make(name)

    def _make(self, name: str) -> None:
        run, db = self._run, self._run.db
        if name in _FROM_DEFINITIONS:
            columns, rows_of_project = _FROM_DEFINITIONS[name]
            database.create(db, name, columns, rows_of_project(run.project))
        elif name in _FROM_LAKE:
            rows_of_lake = _FROM_LAKE[name](run, self._day)
            db.execute(spliced("create or replace table {name} as {rows}", name=identifier(name), rows=rows_of_lake))
        elif name in ("person_of", "links_not_followed"):
            self._made |= {"person_of", "links_not_followed"}
            self.make(["links"])
            make_person_of(db, merge_signed_in=run.project.settings.merge_signed_in)
        elif name in _FROM_EXPORTS:
            columns, rows = _FROM_EXPORTS[name]
            database.create(db, name, columns, rows(run))
        else:
            statement = Sql(sql_file("daybreak.metrics.warnings", name))
            self.make(inputs_of(statement))
            db.execute(spliced("create or replace table {name} as {rows}", name=identifier(name), rows=statement))


def _named(project: Project) -> Iterator[tuple[str, Definition]]:
    """Every definition by the name that daybreak.toml writes."""
    return ((f"{family}.{name}", d) for family, named in project.definitions.items() for name, d in named.items())


def _selectors(project: Project) -> Iterator[tuple[str, str]]:
    """Every definition, list and alert on an event with each of its selectors."""
    lists = ((f"list.{name}", listed.selectors()) for name, listed in project.lists.items())
    alerts = ((f"alert.{name}", {alert.event}) for name, alert in project.alerts.items() if alert.event)
    for name, selectors in (*((name, d.selectors()) for name, d in _named(project)), *lists, *alerts):
        yield from ((name, selector) for selector in sorted(selectors))


def _values(definition: Definition) -> list[tuple[str, str]]:
    """(selector, property) of each property whose values the SQL of its family reads."""
    read = definition.values().items()
    return sorted({(s, own) for role, names in read for s in definition.selectors_of({role}) for own in names})


def _counted_events(project: Project) -> Rows:
    """The event names that a definition or list counts or an alert watches, and the selector that names them."""
    for name, selector in _selectors(project):
        for event in event_selector(selector).event:
            yield {"definition": name, "selector": selector, "event": event}


def _segment_traits(project: Project) -> Rows:
    """The traits that split people."""
    for name, segment in project.segments.items():
        if segment.trait:
            yield {"definition": f"segments.{name}", "trait": segment.trait}


def _readings(project: Project) -> Rows:
    """The properties that a definition or list reads, by a filter (`where`) or as a value (`value`)."""
    for name, selector in _selectors(project):
        for own in sorted({f.property for f in event_selector(selector).where}):
            yield {"definition": name, "selector": selector, "property": own, "asked": "where"}
    for name, definition in _named(project):
        for selector in sorted(definition.selectors()):
            for own in sorted(project.read_by(definition, selector)):
                yield {"definition": name, "selector": selector, "property": own, "asked": "value"}


def _conditions(project: Project) -> Rows:
    """What a property must be for an event to count: each filter, and each of the texts that a definition lists."""
    for name, selector in _selectors(project):
        names = event_selector(selector).event
        for f in event_selector(selector).where:
            yield {
                "definition": name,
                "selector": selector,
                "asked": "where",
                "named_events": label(json.dumps(names) if names else ANY),
                "property": f.property,
                "condition": f"{f.property} {f.op} {_json(f.value)}" if f.values() else f"{f.property} {f.op}",
                "op": f.op,
                "wanted": [written(value) for value in f.values()],
                "wanted_kinds": [kind_of(value) for value in f.values()],
            }
    for name, definition in _named(project):
        for selector, own in _values(definition):
            for text in definition.choices().get(own, []):
                yield {
                    "definition": name,
                    "selector": selector,
                    "asked": "value",
                    "named_events": label(selector),
                    "property": own,
                    "condition": f"{own} = {_json(text)}",
                    "op": "one of",
                    "wanted": [text],
                    "wanted_kinds": ["text"],
                }


def _scales(project: Project) -> Rows:
    """The scale on which a definition takes the answers of a property."""
    for name, definition in _named(project):
        for selector, own in _values(definition):
            if scale := definition.scales().get(own):
                yield {"definition": name, "selector": selector, "property": own, **scale._asdict()}


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _exported_days(run: Run) -> Rows:
    """The counts of the manifests: events that came before, and those of them that were other events."""
    for manifest in read_manifests(run.store):
        yield {"duplicates": manifest.duplicates, "other_events": manifest.other_events}


def _waiting_days(run: Run) -> Rows:
    """The arrival days that wait for their rebuild, and how many runs have tried it."""
    for arrived, day in read_pending_days(run.store).items():
        yield {"arrived": arrived.isoformat(), "tries": day.tries}


def _merged(table: str) -> Callable[[Run, date], Sql]:
    return lambda run, day: merged_rows(run, table, day)


def _texts(*names: str) -> dict[str, str]:
    return dict.fromkeys(names, "VARCHAR")


def _integers(*names: str) -> dict[str, str]:
    return dict.fromkeys(names, "BIGINT")


_CONDITION = _texts("definition", "selector", "asked", "named_events", "property", "condition", "op")
_FROM_DEFINITIONS: dict[str, tuple[dict[str, str], Callable[[Project], Rows]]] = {
    "counted_events": (_texts("definition", "selector", "event"), _counted_events),
    "segment_traits": (_texts("definition", "trait"), _segment_traits),
    "readings": (_texts("definition", "selector", "property", "asked"), _readings),
    "conditions": ({**_CONDITION, "wanted": "VARCHAR[]", "wanted_kinds": "VARCHAR[]"}, _conditions),
    "scales": (
        {**_texts("definition", "selector", "property", "name"), **_integers("lowest", "highest", "low_to")},
        _scales,
    ),
}
_FROM_EXPORTS: dict[str, tuple[dict[str, str], Callable[[Run], Rows]]] = {
    "exported_days": (_integers("duplicates", "other_events"), _exported_days),
    "waiting_days": ({**_texts("arrived"), **_integers("tries")}, _waiting_days),
}
_FROM_LAKE: dict[str, Callable[[Run, date], Sql]] = {
    "observed": _merged("observed"),
    "seen": _merged("seen"),
    "links": _merged("identities"),
}
