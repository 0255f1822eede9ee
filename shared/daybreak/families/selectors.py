"""Which events count: a name, a list of names, any event, narrowed by filters on their properties.

daybreak.toml holds a selector in one of these forms. In code it is a key: text that is the same for equal selectors.
`event_selector` reads a key.
"""

import json
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

ANY = "any"
"""The selector that every track, page and screen event matches."""


def _names(value: object) -> tuple[str, ...]:
    names = [value] if isinstance(value, str) else list(value) if isinstance(value, list | tuple) else []
    if value == ANY:
        return ()
    if not names or not all(isinstance(name, str) and name for name in names):
        raise ValueError('must be an event name, a list of event names, or "any"')
    return tuple(sorted(set(names)))


def _property_name(name: str) -> str:
    if name == "*":
        raise ValueError("`*` is not the name of a property")
    return name


PropertyName = Annotated[str, Field(min_length=1), AfterValidator(_property_name)]
"""A property or trait at the top level of its object; not `*`, which is a wildcard in DuckDB's JSON paths."""


class Filter(BaseModel):
    """One condition on a property of an event; an event of another shape simply does not match."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    property: PropertyName
    op: Literal["=", "!=", ">", ">=", "<", "<=", "in", "exists"]
    value: str | int | float | bool | list[str | int | float] | None = None

    @model_validator(mode="after")
    def _value_fits(self) -> "Filter":
        if self.op == "exists" and self.value is not None:
            raise ValueError("`exists` takes no value")
        if self.op == "in" and not (isinstance(self.value, list) and self.value):
            raise ValueError("`in` needs a list as its value")
        if self.op in (">", ">=", "<", "<=") and (
            isinstance(self.value, bool) or not isinstance(self.value, int | float)
        ):
            raise ValueError(f"`{self.op}` needs a number as its value")
        for value in self.values():
            if isinstance(value, int | float) and not abs(value) < 1e300:
                raise ValueError("numbers must be finite")
        if self.op in ("=", "!=") and (self.value is None or isinstance(self.value, list)):
            raise ValueError(f"`{self.op}` needs one value")
        return self

    def values(self) -> list[str | int | float | bool]:
        """The values it names; none for `exists`."""
        values = self.value if isinstance(self.value, list) else [self.value]
        return [value for value in values if value is not None]


class EventSelector(BaseModel):
    """Which events count: these names (none: any track, page or screen), narrowed by filters."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    event: Annotated[tuple[str, ...], BeforeValidator(_names)]
    where: list[Filter] = []


def _selector(value: object) -> str:
    """A name, a list of names, "any", or a table {event, where}, as a key that is the same for equal selectors."""
    selector = EventSelector.model_validate(value if isinstance(value, dict) else {"event": value})
    if not selector.where:
        return json.dumps(selector.event, ensure_ascii=False) if selector.event else ANY
    return json.dumps({**selector.model_dump(), "event": selector.event or ANY}, ensure_ascii=False, sort_keys=True)


@cache
def event_selector(key: str) -> EventSelector:
    """The selector that a key stands for. Every step of a funnel is compared with all others, so it is read once."""
    value = ANY if key == ANY else json.loads(key)
    return EventSelector.model_validate(value if isinstance(value, dict) else {"event": value})


def selector_schema(**beside: Any) -> dict[str, Any]:
    """JSON Schema of a selector; `beside` are further fields its table may have."""
    names = {"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1}
    table = {
        "type": "object",
        "additionalProperties": False,
        "required": ["event"],
        "properties": {
            "event": {"anyOf": [{"type": "string"}, names]},
            "where": {"type": "array", "items": Filter.model_json_schema()},
            **beside,
        },
    }
    return {
        "description": 'Which events count: a name, a list of names, "any", or { event = …, where = [ … ] }',
        "anyOf": [{"type": "string", "minLength": 1}, names, table],
    }


Selector = Annotated[str, BeforeValidator(_selector), WithJsonSchema(selector_schema())]
"""Which events count, kept as a key (see `event_selector`): "any", a name, a list of names, or {event, where}."""


def label(key: str) -> str:
    """A selector key as people read it: Signed Up or Invited, where plan = trial."""
    chosen = event_selector(key)
    conditions = (f"{f.property} {f.op}{'' if f.value is None else f' {f.value}'}" for f in chosen.where)
    where = " and ".join(conditions)
    return " or ".join(chosen.event or ["any event"]) + (f", where {where}" if where else "")
