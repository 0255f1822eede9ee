"""Retention: of the people who first came in a period, who comes back, period by period?"""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from daybreak.metrics.definition import PERIOD_DAYS, AtLeast, Definition, Period, Selector
from daybreak.tables import Row


class Retention(Definition):
    """First-time cohorts: a person belongs to the calendar period of the first start ever. Period 0 is the cohort."""

    start: Annotated[Selector, Field(description="The first of these ever puts a person into its cohort")]
    return_: Annotated[Selector, Field(alias="return", description="What counts as coming back")]
    period: Annotated[Period, Field(description="Calendar day, week or month in the project's timezone")]
    periods: Annotated[int, Field(ge=1, le=400, description="How many periods after period 0 to follow a cohort")]
    mode: Annotated[
        Literal["on", "on_or_after"], Field(description="Back in exactly this period, or in it or any later one")
    ] = "on"
    at_least: Annotated[AtLeast, Field(description="How many return events in the period it takes (mode on)")] = 1

    @model_validator(mode="after")
    def _counts_only_on(self) -> "Retention":
        if self.mode == "on_or_after" and self.at_least > 1:
            raise ValueError('`at_least` goes with mode = "on"')
        return self

    def selectors(self) -> set[str]:
        return {self.start, self.return_}

    def row(self) -> dict[str, Any]:
        return {
            "start_selector": self.start,
            "return_selector": self.return_,
            "period": self.period,
            "periods": self.periods,
            "mode": self.mode,
            "at_least": self.at_least,
        }

    def seen_selectors(self) -> set[str]:
        return {self.start} if self.mode == "on" else {self.start, self.return_}

    def day_tables(self) -> set[str]:
        return {"activity"} if self.mode == "on" else set()  # on_or_after asks only when a person was last seen

    def waits_days(self) -> int:
        if self.mode == "on_or_after":  # somebody may come back after any time: every cohort stays in play
            return 100_000
        return (self.periods + 1) * PERIOD_DAYS[self.period]


class RetentionRow(Row):
    """One row per definition, cohort, segment and period number, for periods that have begun."""

    definition: str = Field(description="Name in daybreak.toml")
    version: str = Field(description="Hash of the definition: rows of equal version were counted alike")
    cohort: date = Field(description="First day of the period of the first start, in the project's timezone")
    segment: str = Field(description="Name of the segment, or all")
    segment_value: str = Field(description="Its value at the start; (unset) where there was none; all for all")
    period: int = Field(description="Periods since the cohort's own, which is 0")
    status: str = Field(description="complete once the period has ended, else open")
    people: int = Field(description="People in the cohort: the denominator")
    retained: int | None = Field(
        description="Those who came back in (or, on_or_after: in or after) it; null while open"
    )
    retained_so_far: int = Field(description="The same as known so far; equals retained once complete")
    rate: float | None = Field(description="retained / people; null while open")
