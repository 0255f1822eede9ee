"""The tracking plan: which events a team means to send, with which properties, and what happens to all others.

events/plan.toml is optional. `daybreak plan push` puts it in force within a minute; the collector judges each event
with it.
"""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from daybreak.errors import DefinitionError

MOST_BREACHES = 5
"""Breaches reported for one event: enough to fix it. An event of a thousand unplanned properties costs no more."""

Mode = Literal["off", "warn", "enforce"]
PropertyType = Literal["string", "number", "integer", "boolean", "object", "list", "any"]


class PlannedProperty(BaseModel):
    """A property of an event, or a trait."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Annotated[PropertyType, Field(description="The type of its value; `any` if it varies")] = "any"
    required: Annotated[bool, Field(description="An event without it breaks the plan")] = False
    description: Annotated[str, Field(description="What it says")] = ""


class PlannedEvent(BaseModel):
    """A track event by its name."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    description: Annotated[str, Field(description="What has happened when it is sent")] = ""
    purpose: Annotated[str, Field(description="What it is collected for")] = ""
    owner: Annotated[str, Field(description="The team to ask")] = ""
    sources: Annotated[list[str], Field(description="Where it is sent from; empty for anywhere")] = []
    properties: Annotated[dict[str, PlannedProperty], Field(description="By name; others break the plan")] = {}


@dataclass(frozen=True, slots=True)
class Breach:
    """One way in which an event breaks the plan. `code` is for counting, `message` for those who send the event."""

    code: str
    message: str


class Plan(BaseModel):
    """A whole plan.toml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    mode: Annotated[
        Mode,
        Field(
            description="off: not checked; warn: breaches are counted; enforce: events that break it are quarantined"
        ),
    ] = "warn"
    sources: Annotated[dict[str, Mode], Field(description="Another mode for a source, by its name")] = {}
    events: Annotated[dict[str, PlannedEvent], Field(description="Track events by name")] = {}
    traits: Annotated[dict[str, PlannedProperty], Field(description="Traits of identify and group calls by name")] = {}

    def mode_of(self, source: str) -> Mode:
        return self.sources.get(source, self.mode)

    def breaches(self, event: dict[str, Any], source: str) -> list[Breach]:
        """The breaches of a canonical event, up to MOST_BREACHES and one more; none if its source's mode is off."""
        if self.mode_of(source) == "off":
            return []
        if event["type"] == "track":
            return self._of_track(event, source)
        if event["type"] in ("identify", "group") and self.traits:
            return list(islice(_of_values("trait", event.get("traits") or {}, self.traits), MOST_BREACHES))
        return []

    def _of_track(self, event: dict[str, Any], source: str) -> list[Breach]:
        planned = self.events.get(event["event"])
        if planned is None:
            return [Breach("unplanned_event", f"event: {event['event'][:80]!r} is not in the tracking plan")]
        found = list(islice(_of_values("property", event.get("properties") or {}, planned.properties), MOST_BREACHES))
        if planned.sources and source not in planned.sources:
            found.append(Breach("unplanned_source", f"event: {event['event'][:80]!r} is not planned from {source!r}"))
        return found


def _of_values(what: str, values: dict[str, Any], planned: dict[str, PlannedProperty]) -> Iterator[Breach]:
    for name, value in values.items():
        if value is None:  # the same as absent
            continue
        if name not in planned:
            yield Breach(f"unplanned_{what}", f"{what}: {name[:80]!r} is not in the tracking plan")
        elif not _has_type(planned[name].type, value):
            wanted = planned[name].type
            yield Breach(f"{what}_type", f"{what}: {name[:80]!r} is {type_of(value)}, planned as {wanted}")
    for name, p in planned.items():
        if p.required and values.get(name) is None:
            yield Breach(f"missing_{what}", f"{what}: {name[:80]!r} is required and missing")


def type_of(value: Any) -> PropertyType:
    """The plan's word for the type of a JSON value."""
    if isinstance(value, bool):
        return "boolean"
    for name, types in _TYPES.items():
        if isinstance(value, types):
            return name
    return "any"


def _has_type(wanted: PropertyType, value: Any) -> bool:
    found = type_of(value)
    return wanted in ("any", found) or (wanted == "number" and found == "integer")


_TYPES: dict[PropertyType, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "number": float,
    "object": dict,
    "list": list,
}


def parse_plan(text: str, name: str = "plan.toml") -> Plan:
    """A plan from TOML. Raises DefinitionError, which names the file and the field."""
    try:
        return Plan.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise DefinitionError(f"{name}: {error}") from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        raise DefinitionError(f"{name}: {field}: {first['msg']}") from None


def load_plan(file: Path) -> Plan:
    """A plan from a file. Raises DefinitionError."""
    try:
        return parse_plan(file.read_text(), file.name)
    except (OSError, UnicodeDecodeError) as error:
        raise DefinitionError(f"{file}: cannot be read: {error}") from None
