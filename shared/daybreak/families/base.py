"""What a definition in daybreak.toml is made of. Each family adds its own kind in its own module."""

import hashlib
import json
import re
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from daybreak.lake.tables import Row

Period = Literal["day", "week", "month"]

PERIOD_DAYS: dict[str, int] = {"hour": 1, "day": 1, "week": 7, "month": 31}
"""No period is longer than this; for deciding how far back to read, never for counting."""
FOREVER_DAYS = 100_000
"""For definitions in which any later event can still change any partition."""

_WINDOW = re.compile(r"^([1-9]\d{0,8})(s|m|h|d|w)$")
_LONGEST_WINDOW = timedelta(days=3660)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def _window(value: object) -> timedelta:
    match = _WINDOW.match(value) if isinstance(value, str) else None
    if not match:
        raise ValueError('must be a length of time such as "24h", "7d" or "4w"')
    window = timedelta(**{_UNITS[match[2]]: int(match[1])})
    if window > _LONGEST_WINDOW:
        raise ValueError(f"may be at most {_LONGEST_WINDOW.days} days")
    return window


ANY = "any"
"""The selector every track, page and screen event matches."""


def _names(value: object) -> tuple[str, ...]:
    names = [value] if isinstance(value, str) else list(value) if isinstance(value, list | tuple) else []
    if value == ANY:
        return ()
    if not names or not all(isinstance(name, str) and name for name in names):
        raise ValueError('must be an event name, a list of event names, or "any"')
    return tuple(sorted(set(names)))


def _property_name(name: str) -> str:
    if name == "*":
        raise ValueError("`*` is no property's name")
    return name


PropertyName = Annotated[str, Field(min_length=1), AfterValidator(_property_name)]
"""A property or trait at the top level of its object; DuckDB's JSON paths know `*` as a wildcard."""


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
        for value in self.value if isinstance(self.value, list) else [self.value]:
            if isinstance(value, int | float) and not abs(value) < 1e300:
                raise ValueError("numbers must be finite")
        if self.op in ("=", "!=") and (self.value is None or isinstance(self.value, list)):
            raise ValueError(f"`{self.op}` needs one value")
        return self


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


def event_selector(key: str) -> EventSelector:
    """What a selector key stands for."""
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


Window = Annotated[timedelta, BeforeValidator(_window), WithJsonSchema({"type": "string", "pattern": _WINDOW.pattern})]
"""An exact length of time: "24h", "7d"."""

Selector = Annotated[str, BeforeValidator(_selector), WithJsonSchema(selector_schema())]
"""Which events count, kept as a key (see `event_selector`): "any", a name, a list of names, or {event, where}."""


def whole_days(window: timedelta) -> timedelta:
    """Refuses a window that is no whole number of days: for kinds that count calendar days."""
    if window % timedelta(days=1):
        raise ValueError('must be whole days, such as "28d": this kind counts calendar days')
    return window


Days = Annotated[Window, AfterValidator(whole_days)]
"""A whole number of calendar days: "7d", "4w"."""


def label(key: str) -> str:
    """A selector key as people read it: Signed Up or Invited, where plan = trial."""
    chosen = event_selector(key)
    conditions = (f"{f.property} {f.op}{'' if f.value is None else f' {f.value}'}" for f in chosen.where)
    where = " and ".join(conditions)
    return " or ".join(chosen.event or ["any event"]) + (f", where {where}" if where else "")


def length(window: timedelta) -> str:
    """A window as people read it: 24 hours, 7 days."""
    for unit, size in (
        ("day", timedelta(days=1)),
        ("hour", timedelta(hours=1)),
        ("minute", timedelta(minutes=1)),
        ("second", timedelta(seconds=1)),
    ):
        if window % size == timedelta(0) and (unit != "day" or window > timedelta(days=1)):
            return f"{(count := window // size)} {unit}{'s' if count > 1 else ''}"
    return str(window)


def unique(names: list[str]) -> list[str]:
    """Refuses a list that names something twice."""
    if len(set(names)) < len(names):
        raise ValueError("names one twice")
    return names


AtLeast = Annotated[int, Field(ge=1, le=1_000_000)]
"""How many events it takes."""

Actor = Literal["person", "account"]
"""Who is counted."""


class Definition(BaseModel):
    """Common to all kinds. The name is the table's key in daybreak.toml.

    A definition gives its selectors roles: `entry` puts people into the table (by the first of these ever), the others
    are the family's own. Where `roles` has no entry, people come in by being active.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    description: Annotated[str, Field(min_length=1, description="What the number is for, in a sentence")]
    actor: Annotated[
        Actor, Field(description="Who is counted: people, or accounts, for which any member's event counts")
    ] = "person"
    segments: Annotated[list[str], AfterValidator(unique), Field(description="Names from [segments] to split by")] = []

    def roles(self) -> dict[str, list[str]]:
        """Role -> its selectors in order; the SQL joins them by role."""
        raise NotImplementedError

    def timed_roles(self) -> set[str]:
        """Roles whose exact times matter, not just the day; the export keeps each event of these."""
        return set()

    def daily_roles(self) -> set[str]:
        """Roles of which the SQL reads how often who did them on which day."""
        return set()

    def seen_roles(self) -> set[str]:
        """Roles of whose every person the first (or last) time ever matters."""
        return {"entry"} & set(self.roles())

    def values(self) -> dict[str, set[str]]:
        """Timed role -> the properties whose values its SQL reads from each event."""
        return {}

    def row(self) -> dict[str, Any]:
        """The numbers and options of the definition as the family's SQL joins them."""
        raise NotImplementedError

    def waits_days(self) -> int:
        """How many days after a partition's own day its rows can still change."""
        raise NotImplementedError

    def reads_days_before(self) -> int:
        """How many days before its own day a partition's rows are computed from."""
        return 0

    def sentence(self) -> str:
        """What is counted, in plain words."""
        raise NotImplementedError

    def counting(self) -> dict[str, Any]:
        """Everything about it that decides a number; its version is a hash of this."""
        return self.model_dump(mode="json", exclude={"description"})

    def selectors(self) -> set[str]:
        """Every selector the definition uses; the export derives activity for them."""
        return {selector for selectors in self.roles().values() for selector in selectors}

    def selectors_of(self, roles: set[str]) -> set[str]:
        """The selectors of some roles."""
        return {selector for role, selectors in self.roles().items() if role in roles for selector in selectors}

    def label_of(self, role: str, place: int) -> str:
        """What a role's selector is called in the tables."""
        return label(self.roles()[role][place - 1])

    def who(self) -> str:
        """Whom the definition counts, in the plural."""
        return "accounts" if self.actor == "account" else "people"


def microseconds(window: timedelta) -> int:
    """SQL counts time in whole microseconds since 1970: exact, and the same in DuckDB and Trino."""
    return window // timedelta(microseconds=1)


def version_of(parts: Any) -> str:
    """A short hash of anything JSON can hold: the same definition has the same version everywhere."""
    text = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


class MetricRow(Row):
    """What every result table begins with."""

    definition: str = Field(description="Name in daybreak.toml")
    version: str = Field(description="Hash of the definition: rows of equal version were counted alike")
    segment: str = Field(description="Name of the segment, or all")
    segment_value: str = Field(description="Its value; (unset) where there was none; all for all")
    status: str = Field(description="complete once the time it counts has passed for everybody in it, else open")
