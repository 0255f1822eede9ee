"""Count which events arrived, from which sources and with which properties, and draft a tracking plan from that."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import orjson

from daybreak.engine.database import Limits, workplace
from daybreak.ingest.event import OWN_SOURCE
from daybreak.ingest.tracking_plan import Plan, PlannedEvent, PlannedProperty, PropertyType, type_of
from daybreak.lake import keys
from daybreak.lake.store import Store

_ROWS_AT_ONCE = 10_000


@dataclass(slots=True)
class ObservedProperty:
    """How often a property arrived, and with which types."""

    count: int = 0
    types: Counter[PropertyType] = field(default_factory=Counter)


@dataclass(slots=True)
class ObservedEvent:
    """How often an event arrived, from which sources and with which properties."""

    count: int = 0
    sources: Counter[str] = field(default_factory=Counter)
    properties: dict[str, ObservedProperty] = field(default_factory=dict)

    def add(self, source: Any, values: Any) -> None:
        """Count one more event. A source that is not text is ignored, and so are properties that are not an object."""
        self.count += 1
        self.sources.update([source] if isinstance(source, str) and source else [])
        for name, value in values.items() if isinstance(values, dict) else ():
            if value is not None:
                seen = self.properties.setdefault(name, ObservedProperty())
                seen.count += 1
                seen.types[type_of(value)] += 1


@dataclass(slots=True)
class Observed:
    """All track events by name, and all traits together."""

    events: dict[str, ObservedEvent] = field(default_factory=dict)
    traits: ObservedEvent = field(default_factory=ObservedEvent)


def observe(events: Iterable[dict[str, Any]]) -> Observed:
    """Count events, given as {type, event, source, properties, traits}; every field but the type may be missing."""
    observed = Observed()
    for event in events:
        source = event.get("source")
        if event.get("type") == "track" and isinstance(event.get("event"), str):
            observed.events.setdefault(event["event"], ObservedEvent()).add(source, event.get("properties"))
        elif event.get("type") in ("identify", "group"):
            observed.traits.add(source, event.get("traits"))
    return observed


def lake_events(store: Store, days: Collection[date], limits: Limits = Limits()) -> Iterator[dict[str, Any]]:
    """The events that arrived on these days (UTC), whenever they happened, in the form that `observe` counts.

    Those that Daybreak itself stored are not among them: they need no plan.
    """
    stored = [s.key for s in store.list("events/") if keys.arrived_of(s.key) in days]
    if not stored:
        return
    with workplace(limits) as place:
        db, work = place.db, place.folder
        files = [str(path) for path in store.local(stored, work).values()]
        db.read_parquet(files, hive_partitioning=False).create_view("events")
        rows = db.execute("select type, event, source, properties, traits from events where source <> ?", [OWN_SOURCE])
        while some := rows.fetchmany(_ROWS_AT_ONCE):
            for type_, event, source, properties, traits in some:
                yield {
                    "type": type_,
                    "event": event,
                    "source": source,
                    "properties": orjson.loads(properties) if properties else None,
                    "traits": orjson.loads(traits) if traits else None,
                }


def learn(observed: Observed) -> Plan:
    """Draft a plan of everything that arrived. A property is required if it was always there; traits never are.

    People add to it what each event is for and who owns it.
    """
    events = {
        name: PlannedEvent(sources=sorted(seen.sources), properties=_planned_properties(seen))
        for name, seen in sorted(observed.events.items())
    }
    traits = _planned_properties(observed.traits)
    return Plan(events=events, traits={name: p.model_copy(update={"required": False}) for name, p in traits.items()})


def _planned_properties(seen: ObservedEvent) -> dict[str, PlannedProperty]:
    return {
        name: PlannedProperty(type=_common_type(found.types), required=found.count == seen.count)
        for name, found in sorted(seen.properties.items())
    }


def _common_type(types: Counter[PropertyType]) -> PropertyType:
    """The narrowest type that fits all values."""
    found = set(types)
    if found == {"integer", "number"}:
        return "number"
    return found.pop() if len(found) == 1 else "any"
