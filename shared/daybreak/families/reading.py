"""Which properties the definitions of a project read, and in which events they look for them."""

import json
from dataclasses import dataclass
from typing import Literal

Asked = Literal["where", "value", "trait"]


@dataclass(frozen=True, slots=True, order=True)
class Reading:
    """A property that is read from the events of a selector.

    `asked`: by the selector's own filter, so it is looked for in all events of these names (`where`); as a value, so
    only in the events that the selector matches (`value`); or as a trait in identify and group calls, which have no
    selector (`trait`).
    """

    selector: str
    property: str
    asked: Asked


def written(value: str | int | float | bool) -> str:
    """A value that a definition names, as JSON text in an event holds it, without quotes."""
    return value if isinstance(value, str) else json.dumps(value)


def kind_of(value: str | int | float | bool) -> str:
    """The kind of a value in words, as the table observed_values names it."""
    if isinstance(value, str):
        return "text"
    return "truth value" if isinstance(value, bool) else "number"
