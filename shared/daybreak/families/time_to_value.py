"""Time to value: how long does it take people to reach the value, those who have not yet included?"""

from datetime import date
from typing import Annotated, Any, ClassVar

from pydantic import Field, model_validator

from daybreak.families.base import (
    PERIOD_DAYS,
    Family,
    MetricRow,
    Number,
    People,
    Period,
    Window,
    Windowed,
    length,
    microseconds,
)
from daybreak.families.selectors import Selector, label


class TimeToValue(Windowed):
    """The time from a person's first start ever to their first value event at or after it, watched for `window`.

    The percentiles are Kaplan-Meier estimates: people who have not reached the value count as still waiting, for as
    long as they were watched. The median of only those who reached it is in a column whose name says so, because it
    flatters.
    """

    example: ClassVar[str] = (
        "Ten accounts: five run a first workflow within 24 hours, two on the second day, one on the fourth; one never "
        "did in its 7 days, one is two days old. Bands: 5, 2, 1, never 1, too young 1. Half had it by the time the "
        "fifth did."
    )
    smallest: ClassVar[dict[str, Any]] = {"start": "Signed Up", "value": "Value Reached", "window": "7d"}

    start: Annotated[Selector, Field(description="The first of these starts the clock")]
    value: Annotated[Selector, Field(description="The first of these at or after the start stops it")]
    window: Annotated[Window, Field(description="How long a person is watched")]
    never_after: Annotated[
        Window | None,
        Field(description="Who has not reached it by this age counts as never; by default the window"),
    ] = None
    period: Annotated[Period, Field(description="Groups people by the day, week or month in which they start")] = "day"

    @model_validator(mode="after")
    def _never_within_the_window(self) -> "TimeToValue":
        if self.never_after and self.never_after > self.window:
            raise ValueError("`never_after` is longer than `window`: nobody is watched that long; lengthen `window`")
        return self

    def roles(self) -> dict[str, list[str]]:
        return {"entry": [self.start], "value": [self.value]}

    def timed_roles(self) -> set[str]:
        return {"value"}

    def options(self) -> dict[str, Any]:
        return {
            "window_us": microseconds(self.window),
            "never_after_us": microseconds(self.never_after or self.window),
            "period": self.period,
        }

    def days_until_final(self) -> int:
        return super().days_until_final() + PERIOD_DAYS[self.period]

    def explain(self) -> str:
        return (
            f'For the {self.who()} whose first "{label(self.start)}" ever falls in a {self.period}: the time from it '
            f'to the first "{label(self.value)}", watched for {length(self.window)}; who has not got there yet counts '
            "as still waiting."
        )


class TimeToValueRow(MetricRow):
    """One row per definition, cohort and segment. All times are seconds."""

    cohort: date = Field(description="First day of the period of the people's first start ever, project's timezone")
    people: int = Field(description="People who started")
    reached: int = Field(description="Those who reached the value event within their window, so far")
    within_24h: int = Field(description="Reached it within 24 hours, far edge included")
    days_1_to_3: int = Field(description="Reached it after more than 24 and less than 72 hours")
    days_3_or_more: int = Field(description="Reached it after 72 hours or more")
    never: int = Field(description="Have not reached it, and are older than never_after")
    too_young: int = Field(description="Have not reached it yet, and are not older than never_after")
    p50_seconds: float | None = Field(
        description="Kaplan-Meier, those still waiting censored: half have reached it by then; null if not reached"
    )
    p75_seconds: float | None = Field(description="Kaplan-Meier: three quarters have reached it by then")
    p90_seconds: float | None = Field(description="Kaplan-Meier: nine in ten have reached it by then")
    median_of_reached_seconds: float | None = Field(
        description="Plain median of those who reached it; it flatters, because the slow are still missing"
    )


FAMILY = Family(
    "time_to_value",
    TimeToValue,
    TimeToValueRow,
    "cohort",
    (
        Number("p50_seconds", lower_is_better=True),
        Number("p75_seconds", lower_is_better=True),
        Number("p90_seconds", lower_is_better=True),
        Number("median_of_reached_seconds", lower_is_better=True),
    ),
    people=People("people", are_once=True),
)
