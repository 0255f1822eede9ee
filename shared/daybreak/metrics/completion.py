"""Onboarding completion: how far do new people get through the steps, and where do they stop?"""

from datetime import date, timedelta
from typing import Annotated, Any, ClassVar

from pydantic import Field

from daybreak.metrics.definition import Definition, Selector, Window, microseconds
from daybreak.tables import Row


class Completion(Definition):
    """Ordered steps from the person's first first-step event, each at or after the one before, within the window."""

    people_start: ClassVar[str | None] = "steps"

    steps: Annotated[list[Selector], Field(min_length=2, max_length=20, description="In order; the first one enters")]
    window: Annotated[Window, Field(description="How long a person has for all steps, far edge included")]

    def selectors(self) -> set[str]:
        return set(self.steps)

    def timed_selectors(self) -> set[str]:
        return set(self.steps)

    def row(self) -> dict[str, Any]:
        return {
            "start_selector": self.steps[0],
            "steps": len(self.steps),
            "window_us": microseconds(self.window),
        }

    def waits_days(self) -> int:
        return self.window // timedelta(days=1) + 2

    def start_selector(self) -> str | None:
        return self.steps[0]


class CompletionRow(Row):
    """One row per definition, cohort day, segment and funnel step."""

    definition: str = Field(description="Name in daybreak.toml")
    version: str = Field(description="Hash of the definition: rows of equal version were counted alike")
    cohort: date = Field(description="Day of the person's first step, in the project's timezone")
    segment: str = Field(description="Name of the segment, or all")
    segment_value: str = Field(description="Its value at the start; (unset) where there was none; all for all")
    step: int = Field(description="1 is the entry")
    event: str = Field(description="What counts as this step")
    status: str = Field(description="complete once everybody's window has ended, else open")
    entered: int = Field(description="People who entered at step 1")
    reached: int = Field(description="Those who reached this step, so far")
    dropped: int = Field(description="Reached the step before, not this one, and their window has ended")
    in_progress: int = Field(description="Reached the step before, not this one, and still have time")
    rate_of_start: float | None = Field(description="reached / entered; null while open")
    rate_of_previous: float | None = Field(description="reached / reached of the step before; null while open")
    median_seconds_from_previous: float | None = Field(description="Median time from the step before, of who reached")
