"""What a definition in daybreak.toml is made of. Each family adds its own kind in its own module."""

import hashlib
import json
import re
from datetime import timedelta
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

Period = Literal["day", "week", "month"]

PERIOD_DAYS: dict[str, int] = {"day": 1, "week": 7, "month": 31}
"""No period is longer than this; for deciding how far back to read, never for counting."""

_WINDOW = re.compile(r"^([1-9]\d{0,4})(m|h|d|w)$")
_LONGEST_WINDOW = timedelta(days=3660)
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def _window(value: object) -> timedelta:
    match = _WINDOW.match(value) if isinstance(value, str) else None
    if not match:
        raise ValueError('must be a length of time such as "24h", "7d" or "4w"')
    length = timedelta(**{_UNITS[match[2]]: int(match[1])})
    if length > _LONGEST_WINDOW:
        raise ValueError(f"may be at most {_LONGEST_WINDOW.days} days")
    return length


ANY = "any"
"""The selector every track, page and screen event matches."""


def _names(value: object) -> tuple[str, ...]:
    names = [value] if isinstance(value, str) else list(value) if isinstance(value, list | tuple) else []
    if value == ANY:
        return ()
    if not names or not all(isinstance(name, str) and name for name in names):
        raise ValueError('must be an event name, a list of event names, or "any"')
    return tuple(sorted(set(names)))


class Filter(BaseModel):
    """One condition on a property of an event; an event of another shape simply does not match."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    property: Annotated[str, Field(min_length=1)]
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
        if self.property == "*":
            raise ValueError("`*` is no property's name")
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


Window = Annotated[timedelta, BeforeValidator(_window)]
"""An exact length of time: "24h", "7d"."""

Selector = Annotated[str, BeforeValidator(_selector)]
"""Which events count, kept as a key (see `event_selector`): "any", a name, a list of names, or {event, where}."""


def label(key: str) -> str:
    """A selector key as people read it: Signed Up or Invited, where plan = trial."""
    chosen = event_selector(key)
    conditions = (f"{f.property} {f.op}{'' if f.value is None else f' {f.value}'}" for f in chosen.where)
    where = " and ".join(conditions)
    return " or ".join(chosen.event or ["any event"]) + (f", where {where}" if where else "")


def _unique(names: list[str]) -> list[str]:
    if len(set(names)) < len(names):
        raise ValueError("names one twice")
    return names


AtLeast = Annotated[int, Field(ge=1, le=1_000_000)]
"""How many events it takes."""


class Definition(BaseModel):
    """Common to all kinds. The name is the table's key in daybreak.toml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    people_start: ClassVar[str | None] = "start"
    """The field whose first event puts a person into the table; None where people come in by being active."""

    description: Annotated[str, Field(min_length=1, description="What the number is for, in a sentence")]
    segments: Annotated[list[str], AfterValidator(_unique), Field(description="Names from [segments] to split by")] = []

    def selectors(self) -> set[str]:
        """Every selector the definition uses; the export derives activity for them."""
        raise NotImplementedError

    def seen_selectors(self) -> set[str]:
        """Those of whose every person the first (or last) time ever matters."""
        start = self.start_selector()
        return {start} if start else set()

    def timed_selectors(self) -> set[str]:
        """Those whose exact times matter, not just the day; the export keeps each event of these."""
        return set()

    def row(self) -> dict[str, Any]:
        """The definition as the family's SQL joins it, without name, version and first partition."""
        raise NotImplementedError

    def waits_days(self) -> int:
        """How many days after a partition's own day its rows can still change."""
        raise NotImplementedError

    def day_tables(self) -> set[str]:
        """Which of the day tables `activity` and `matches` its SQL reads."""
        return {"matches"}

    def reads_days_before(self) -> int:
        """How many days before its own day a partition's rows are computed from."""
        return 0

    def start_selector(self) -> str | None:
        """The selector that puts people into the table, or None."""
        return getattr(self, self.people_start) if self.people_start else None


def microseconds(length: timedelta) -> int:
    """SQL counts time in whole microseconds since 1970: exact, and the same in DuckDB and Trino."""
    return length // timedelta(microseconds=1)


def version_of(parts: Any) -> str:
    """A short hash of anything JSON can hold: the same definition has the same version everywhere."""
    text = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
