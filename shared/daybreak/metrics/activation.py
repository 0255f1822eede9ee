"""Activation: which share of new people reaches the milestone in time?"""

from datetime import date, timedelta
from typing import Annotated, Any

from pydantic import Field

from daybreak.metrics.definition import AtLeast, Definition, Selector, Window, microseconds
from daybreak.tables import Row


class Activation(Definition):
    """A person's first start event opens one window; activated when the milestone happens in it, far edge included."""

    start: Annotated[Selector, Field(description="The first of these puts a person into the cohort of its day")]
    milestone: Annotated[Selector, Field(description="What counts as activated")]
    window: Annotated[Window, Field(description="How long a person has, from the exact second of the start")]
    at_least: Annotated[AtLeast, Field(description="How many milestone events it takes")] = 1

    def selectors(self) -> set[str]:
        return {self.start, self.milestone}

    def timed_selectors(self) -> set[str]:
        return {self.milestone}

    def row(self) -> dict[str, Any]:
        return {
            "start_selector": self.start,
            "milestone_selector": self.milestone,
            "window_us": microseconds(self.window),
            "at_least": self.at_least,
        }

    def waits_days(self) -> int:
        return self.window // timedelta(days=1) + 2


class ActivationRow(Row):
    """One row per definition, cohort day and segment."""

    definition: str = Field(description="Name in daybreak.toml")
    version: str = Field(description="Hash of the definition: rows of equal version were counted alike")
    cohort: date = Field(description="Day of the first start, in the project's timezone")
    segment: str = Field(description="Name of the segment, or all")
    segment_value: str = Field(description="Its value at the start; (unset) where there was none; all for all")
    status: str = Field(description="complete once everybody's window has ended, else open")
    people: int = Field(description="People whose first start fell on this day")
    finished: int = Field(description="Those whose window has ended: the denominator")
    activated: int = Field(description="Those of finished who were activated in their window: the numerator")
    activated_so_far: int = Field(description="Activated among those whose window is still open")
    rate: float | None = Field(description="activated / finished; null while open")
