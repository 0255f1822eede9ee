"""A funnel: its steps, what may not happen between them, and the options that its SQL depends on."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Protocol

from pydantic import BaseModel, ConfigDict, Field

from daybreak.families.selectors import Selector


class Step(BaseModel):
    """One step: which events count, and whether it may be skipped."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    selector: Selector
    optional: bool = False


class Exclusion(BaseModel):
    """Whoever does this after one step and before another leaves the funnel."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    selector: Selector
    after: Annotated[int, Field(ge=1)] = 1
    before: int | None = None


class Funnel(Protocol):
    """What the SQL depends on; `Completion` explains each of these."""

    @property
    def steps(self) -> Sequence[Step]: ...
    @property
    def window(self) -> timedelta: ...
    @property
    def order(self) -> str: ...
    @property
    def entry(self) -> str: ...
    @property
    def equal_timestamps(self) -> str: ...
    @property
    def exclusions(self) -> Sequence[Exclusion]: ...


def selectors_of(funnel: Funnel) -> list[str]:
    """The selector of each step, in order."""
    return [step.selector for step in funnel.steps]


def numbers_of(funnel: Funnel) -> range:
    """The numbers of the steps, from 1."""
    return range(1, len(funnel.steps) + 1)


def entered(name: str, entry: str) -> str:
    """A join that keeps an attempt's first event `e` if the person's first entry ever is in the days that are read."""
    first = " and e.at_us = s.started_us" if entry == "first" else ""
    return f"inner join starts as s on s.definition = '{name}' and s.person = e.person{first}"
