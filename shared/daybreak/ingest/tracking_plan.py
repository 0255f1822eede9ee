"""The tracking plan: which events a team means to send, with which properties, and what becomes of the others.

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
"""Said of one event: enough to mend it, and an event of a thousand unplanned properties costs no more than another."""

Mode = Literal["off", "warn", "enforce"]
Kind = Literal["string", "number", "integer", "boolean", "object", "list", "any"]


class PlannedProperty(BaseModel):
    """A property of an event, or a trait."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Annotated[Kind, Field(description="What its value must be; `any` for what varies")] = "any"
    required: Annotated[bool, Field(description="Whether an event without it breaks the plan")] = False
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
    """One way in which an event is not what the plan says. `code` is for counting, `message` for who sends it."""

    code: str
    message: str


class Plan(BaseModel):
    """A whole plan.toml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    mode: Annotated[
        Mode,
        Field(description="off: not looked at; warn: taken and counted; enforce: what breaks the plan is quarantined"),
    ] = "warn"
    sources: Annotated[dict[str, Mode], Field(description="Another mode for a source, by its name")] = {}
    events: Annotated[dict[str, PlannedEvent], Field(description="Track events by name")] = {}
    traits: Annotated[dict[str, PlannedProperty], Field(description="Traits of identify and group calls by name")] = {}

    def mode_of(self, source: str) -> Mode:
        return self.sources.get(source, self.mode)

    def breaches(self, event: dict[str, Any], source: str) -> list[Breach]:
        """What is not as planned in a canonical event, MOST_BREACHES or so; nothing where the plan is off."""
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
        elif not _is(planned[name].type, value):
            wanted = planned[name].type
            yield Breach(f"{what}_type", f"{what}: {name[:80]!r} is {kind_of(value)}, planned as {wanted}")
    for name, p in planned.items():
        if p.required and values.get(name) is None:
            yield Breach(f"missing_{what}", f"{what}: {name[:80]!r} is required and missing")


def kind_of(value: Any) -> Kind:
    """The plan's word for the type of a JSON value."""
    if isinstance(value, bool):
        return "boolean"
    for kind, types in _TYPES.items():
        if isinstance(value, types):
            return kind
    return "any"


def _is(kind: Kind, value: Any) -> bool:
    found = kind_of(value)
    return kind in ("any", found) or (kind == "number" and found == "integer")


_TYPES: dict[Kind, type | tuple[type, ...]] = {
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
        place = ".".join(str(part) for part in first["loc"])
        raise DefinitionError(f"{name}: {place}: {first['msg']}") from None


def load_plan(file: Path) -> Plan:
    """A plan from a file. Raises DefinitionError."""
    try:
        return parse_plan(file.read_text(), file.name)
    except (OSError, UnicodeDecodeError) as error:
        raise DefinitionError(f"{file}: cannot be read: {error}") from None
