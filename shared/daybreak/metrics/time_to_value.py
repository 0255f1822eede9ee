"""Time to value: how long until people get what they came for, those who have not yet included?"""

from datetime import date, timedelta
from typing import Annotated, Any

from pydantic import Field

from daybreak.metrics.definition import PERIOD_DAYS, Definition, Period, Selector, Window, microseconds
from daybreak.tables import Row


class TimeToValue(Definition):
    """From the first start to the first value event at or after it, watched for `window`."""

    start: Annotated[Selector, Field(description="The first of these starts the clock")]
    value: Annotated[Selector, Field(description="The first of these at or after the start stops it")]
    window: Annotated[Window, Field(description="How long a person is watched; after it they count as never")]
    period: Annotated[Period, Field(description="People are put together by the day, week or month they start")] = "day"

    def selectors(self) -> set[str]:
        return {self.start, self.value}

    def timed_selectors(self) -> set[str]:
        return {self.value}

    def row(self) -> dict[str, Any]:
        return {
            "start_selector": self.start,
            "value_selector": self.value,
            "window_us": microseconds(self.window),
            "period": self.period,
        }

    def waits_days(self) -> int:
        return self.window // timedelta(days=1) + 2 + PERIOD_DAYS[self.period]


class TimeToValueRow(Row):
    """One row per definition, cohort and segment. All times are seconds."""

    definition: str = Field(description="Name in daybreak.toml")
    version: str = Field(description="Hash of the definition: rows of equal version were counted alike")
    cohort: date = Field(description="First day of the period the person's first start fell in, project's timezone")
    segment: str = Field(description="Name of the segment, or all")
    segment_value: str = Field(description="Its value at the start; (unset) where there was none; all for all")
    status: str = Field(description="complete once everybody's window has ended, else open")
    people: int = Field(description="People who started")
    reached: int = Field(description="Those who reached the value event within their window, so far")
    within_24h: int = Field(description="Reached it within 24 hours, far edge included")
    days_1_to_3: int = Field(description="Reached it after more than 24 and less than 72 hours")
    days_3_or_more: int = Field(description="Reached it after 72 hours or more")
    never: int = Field(description="Window ended without it")
    too_young: int = Field(description="Not there yet, window still open")
    p50_seconds: float | None = Field(
        description="Kaplan-Meier: half have reached it by then, those not there yet censored; null is not reached"
    )
    p75_seconds: float | None = Field(description="Kaplan-Meier: three quarters have reached it by then")
    p90_seconds: float | None = Field(description="Kaplan-Meier: nine in ten have reached it by then")
    median_of_reached_seconds: float | None = Field(
        description="Plain median of those who reached it; flatters, because the slow are still missing"
    )
