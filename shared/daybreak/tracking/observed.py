"""What arrived, set against the tracking plan: a first plan drafted from it, what differs, and the page about it."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import orjson

from daybreak.engine import database
from daybreak.engine.database import Limits, workplace
from daybreak.ingest.tracking_plan import Kind, Plan, PlannedEvent, PlannedProperty, kind_of
from daybreak.lake import keys
from daybreak.lake.store import Store

_ROWS_AT_ONCE = 10_000


@dataclass(slots=True)
class ObservedProperty:
    """How often a property came, with which types."""

    count: int = 0
    kinds: Counter[Kind] = field(default_factory=Counter)


@dataclass(slots=True)
class ObservedEvent:
    """How often an event came, from where, with which properties."""

    count: int = 0
    sources: Counter[str] = field(default_factory=Counter)
    properties: dict[str, ObservedProperty] = field(default_factory=dict)

    def add(self, source: Any, values: Any) -> None:
        self.count += 1
        self.sources.update([source] if isinstance(source, str) and source else [])
        for name, value in values.items() if isinstance(values, dict) else ():
            if value is not None:
                seen = self.properties.setdefault(name, ObservedProperty())
                seen.count += 1
                seen.kinds[kind_of(value)] += 1


@dataclass(slots=True)
class Observed:
    """All track events by name, and all traits together."""

    events: dict[str, ObservedEvent] = field(default_factory=dict)
    traits: ObservedEvent = field(default_factory=ObservedEvent)


@dataclass(frozen=True, slots=True)
class Difference:
    """One way in which what arrived and what is planned are not the same."""

    what: str
    event: str
    property: str
    came: str


def observe(events: Iterable[dict[str, Any]]) -> Observed:
    """Events as {type, event, source, properties, traits}, of which all but the type may be missing."""
    observed = Observed()
    for event in events:
        source = event.get("source")
        if event.get("type") == "track" and isinstance(event.get("event"), str):
            observed.events.setdefault(event["event"], ObservedEvent()).add(source, event.get("properties"))
        elif event.get("type") in ("identify", "group"):
            observed.traits.add(source, event.get("traits"))
    return observed


def lake_events(store: Store, days: Collection[date]) -> Iterator[dict[str, Any]]:
    """The events that arrived on these days (UTC), whenever they happened, as `observe` takes them."""
    stored = [s.key for s in store.list("events/") if keys.arrived_of(s.key) in days]
    with workplace(Limits()) as (db, work):
        files = list(store.local(stored, work).values())
        columns = ("type", "event", "source", "properties", "traits")
        relation = database.read_parquet(files, dict.fromkeys(columns, "VARCHAR"))
        rows = db.execute(f"select {', '.join(columns)} from {relation}")  # noqa: S608
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
    """A first plan: everything that came, required where it always came. People add purpose and owner."""
    return Plan(
        events={
            name: PlannedEvent(sources=sorted(seen.sources), properties=_planned(seen))
            for name, seen in sorted(observed.events.items())
        },
        traits={name: p.model_copy(update={"required": False}) for name, p in _planned(observed.traits).items()},
    )


def _planned(seen: ObservedEvent) -> dict[str, PlannedProperty]:
    return {
        name: PlannedProperty(type=_kind(found.kinds), required=found.count == seen.count)
        for name, found in sorted(seen.properties.items())
    }


def _kind(kinds: Counter[Kind]) -> Kind:
    """The one type that fits all values."""
    found = set(kinds)
    if found == {"integer", "number"}:
        return "number"
    return found.pop() if len(found) == 1 else "any"


def compare(plan: Plan, observed: Observed) -> list[Difference]:
    """What arrived and is not planned, and what is planned and never came."""
    found = []
    for name, seen in sorted(observed.events.items()):
        planned = plan.events.get(name)
        if planned is None:
            found.append(Difference("not planned", name, "", _came(seen)))
            continue
        found += _compared(name, planned.properties, seen)
        strangers = sorted(set(seen.sources) - set(planned.sources)) if planned.sources else []
        found += [Difference("not planned from", name, "", f"{seen.sources[s]:,} from {s}") for s in strangers]
    found += [Difference("never came", name, "", "") for name in sorted(plan.events.keys() - observed.events.keys())]
    return found + (_compared("traits", plan.traits, observed.traits) if plan.traits else [])


def _compared(event: str, planned: dict[str, PlannedProperty], seen: ObservedEvent) -> list[Difference]:
    found = []
    for name, observed in sorted(seen.properties.items()):
        if name not in planned:
            found.append(Difference("not planned", event, name, f"{observed.count:,} times"))
            continue
        wanted = planned[name].type
        fits = {wanted} | ({"integer"} if wanted == "number" else set())
        others = [f"{count:,} as {kind}" for kind, count in sorted(observed.kinds.items()) if kind not in fits]
        if others and wanted != "any":
            found.append(Difference(f"planned as {wanted}", event, name, ", ".join(others)))
    for name, property_ in sorted(planned.items()):
        came = seen.properties[name].count if name in seen.properties else 0
        if not came:
            found.append(Difference("never came", event, name, ""))
        elif property_.required and came < seen.count:
            found.append(Difference("required and missing", event, name, f"{seen.count - came:,} times"))
    return found


def _came(seen: ObservedEvent) -> str:
    return f"{seen.count:,}" + (f" from {', '.join(sorted(seen.sources))}" if seen.sources else " times")


def plan_toml(plan: Plan) -> str:
    """The plan as plan.toml, with a place for what only people know."""
    lines = [f'mode = "{plan.mode}"                 # off, warn or enforce; of one source: sources.web = "enforce"']
    for name, event in plan.events.items():
        lines += ["", f"[events.{_text(name)}]"]
        told = {"description": event.description, "purpose": event.purpose, "owner": event.owner}
        lines += [f"{key} = {_text(value)}" for key, value in told.items()]
        lines.append(f"sources = [{', '.join(map(_text, event.sources))}]")
        lines += [f"properties.{_text(key)} = {_property(value)}" for key, value in event.properties.items()]
    if plan.traits:
        lines += ["", "[traits]", *(f"{_text(key)} = {_property(value)}" for key, value in plan.traits.items())]
    return "\n".join(lines) + "\n"


def _property(planned: PlannedProperty) -> str:
    required = ", required = true" if planned.required else ""
    return f"{{ type = {_text(planned.type)}{required} }}"


def _text(value: str) -> str:
    """A string as TOML writes it: as JSON does, but for the one character JSON leaves as it is."""
    return orjson.dumps(value).decode().replace("\x7f", "\\u007f")


def plan_page(plan: Plan) -> str:
    """What is collected, where from and what for, as Markdown."""
    lines = [
        "# What is collected",
        "",
        "| event | what happened | what for | sent from | owner |",
        "|---|---|---|---|---|",
    ]
    for name, event in plan.events.items():
        cells = (name, event.description, event.purpose, ", ".join(event.sources) or "anywhere", event.owner)
        lines.append(_row(cells))
    for name, event in plan.events.items():
        if event.properties:
            lines += ["", f"## {_cell(name)}", "", *_properties(event.properties)]
    if plan.traits:
        lines += ["", "## Traits of people and accounts", "", *_properties(plan.traits)]
    return "\n".join(lines) + "\n"


def _properties(planned: dict[str, PlannedProperty]) -> list[str]:
    rows = [_row((name, p.type, "always" if p.required else "", p.description)) for name, p in planned.items()]
    return ["| property | type | sent | what it says |", "|---|---|---|---|", *rows]


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(map(_cell, cells)) + " |"


def _cell(text: str) -> str:
    """Text that can neither end the cell nor be taken for HTML."""
    plain = "".join(character if character.isprintable() else " " for character in text)
    return plain.replace("&", "&amp;").replace("<", "&lt;").replace("|", "\\|")
