"""Retention: of the people who came in a period, who comes back, period by period?"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from daybreak.families.base import (
    FOREVER_DAYS,
    PERIOD_DAYS,
    AtLeast,
    Definition,
    Family,
    MetricRow,
    People,
    Window,
    microseconds,
    share,
)
from daybreak.families.selectors import Selector, label
from daybreak.lake.tables import Row

MOST_PERIODS = 400
EXACT = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(weeks=1)}
"""How long a period is in exact time, counted from a person's own start. A month has no such length."""


class Retention(Definition):
    """A cohort is the people whose first start ever falls in a period; period 0 is the whole cohort.

    `cohorts = "recurring"`: a person is in the cohort of every period in which they have a start event.

    `clock = "24h"`: periods are counted from each person's own start, in exact time: 23 hours and 1 minute later is
    still day 0. `"24h_by_hour"`: the same after both times were cut to the full hour, as some tools do.

    `mode = "on_or_after"`: a person counts in a period if they come back in it or in any later one, so a late return
    can change even complete rows. `brackets = [3, 4]`: days 1 to 3, then days 4 to 7. `at_least`: only periods with
    that many return events count.
    """

    example: ClassVar[str] = (
        "100 start in January and 80 of them are there in February: retention of month 1 is 80 %. A person who signs "
        "up at 23:59 and returns at 00:01 is back on day 1 by the calendar, and on day 0 by the 24h clock."
    )
    smallest: ClassVar[dict[str, Any]] = {
        "start": "Signed Up",
        "return": "Value Reached",
        "period": "day",
        "periods": 7,
    }

    start: Annotated[Selector, Field(description="Puts a person into the cohort")]
    return_: Annotated[Selector, Field(alias="return", description="What counts as coming back")]
    period: Annotated[
        Literal["hour", "day", "week", "month"], Field(description="Calendar period in the project's timezone")
    ]
    periods: Annotated[
        int | None, Field(ge=1, le=MOST_PERIODS, description="How many periods after period 0 to follow a cohort")
    ] = None
    window: Annotated[Window | None, Field(description="The same as a length of time, instead of `periods`")] = None
    brackets: Annotated[
        list[Annotated[int, Field(ge=1, le=MOST_PERIODS)]] | None,
        Field(min_length=1, description="Sizes of groups of periods after period 0, instead of `periods`"),
    ] = None
    cohorts: Annotated[
        Literal["first_time", "recurring"], Field(description="By the first start ever, or by every start")
    ] = "first_time"
    clock: Annotated[
        Literal["calendar", "24h", "24h_by_hour"],
        Field(description="Calendar periods, or exact time from each person's own start"),
    ] = "calendar"
    mode: Annotated[
        Literal["on", "on_or_after"], Field(description="Back in exactly this period, or in it or any later one")
    ] = "on"
    at_least: Annotated[AtLeast, Field(description="How many return events in a period make it count")] = 1
    average: Annotated[
        Literal["pooled", "weighted_by_size", "with_open"],
        Field(
            description="How summaries combine cohorts: sums of complete cohorts; their rates weighted by size once "
            "more, as some tools do; or sums that include periods that have not ended"
        ),
    ] = "pooled"

    @model_validator(mode="after")
    def _fits_together(self) -> "Retention":
        if sum(value is not None for value in (self.periods, self.window, self.brackets)) != 1:
            raise ValueError("needs one of `periods`, `window` and `brackets`")
        if self.brackets and sum(self.brackets) > MOST_PERIODS:
            raise ValueError(f"`brackets` reach further than {MOST_PERIODS} periods")
        if self.window and (self.period == "month" or self.window % EXACT[self.period]):
            raise ValueError(f"`window` must be a whole number of {self.period}s, at least one; or use `periods`")
        if self.clock != "calendar" and self.period == "month":
            raise ValueError(f'a month has no exact length; use clock = "calendar" with it, not "{self.clock}"')
        if self.clock != "calendar" and self.cohorts == "recurring":
            raise ValueError(f'clock = "{self.clock}" counts from the first start; use cohorts = "first_time" with it')
        return self

    def own_rows(self) -> dict[str, list[dict[str, Any]]]:
        spans = enumerate(self.spans(), start=1)
        rows = [{"period": number, "first_period": first, "last_period": last} for number, (first, last) in spans]
        return {"spans": rows}

    def spans(self) -> list[tuple[int, int]]:
        """The periods after period 0 that each row stands for, first and last."""
        if not self.brackets:
            count = self.periods or (self.window or timedelta()) // EXACT[self.period]
            return [(number, number) for number in range(1, count + 1)]
        lasts = [sum(self.brackets[: number + 1]) for number in range(len(self.brackets))]
        return [(last - size + 1, last) for last, size in zip(lasts, self.brackets, strict=True)]

    def roles(self) -> dict[str, list[str]]:
        entry = "entry" if self.cohorts == "first_time" else "again"
        return {entry: [self.start], "return": [self.return_]}

    def timed_roles(self) -> set[str]:
        if self.clock != "calendar":
            return {"return"}
        return {"again", "return"} if self.period == "hour" else set()

    def daily_roles(self) -> set[str]:
        if self.timed_roles():
            return {"again"}
        return {"again", "return"} if not self._asks_when_last_seen() else {"again"}

    def seen_roles(self) -> set[str]:
        return {"entry", "return"} if self._asks_when_last_seen() else {"entry"}

    def _asks_when_last_seen(self) -> bool:
        """True if the last return date alone answers every earlier period."""
        plain = self.mode == "on_or_after" and self.at_least == 1
        return plain and self.clock == "calendar" and self.period != "hour"

    def options(self) -> dict[str, Any]:
        return {
            "period": self.period,
            "hourly": int(self.period == "hour" or self.clock == "24h_by_hour"),
            "cohorts": self.cohorts,
            "clock": self.clock,
            "mode": self.mode,
            "at_least": self.at_least,
            "by_last_seen": int(self._asks_when_last_seen()),
            "interval_us": 0 if self.clock == "calendar" else microseconds(EXACT[self.period]),
            "average": self.average,
            "last_period": self.spans()[-1][1],
        }

    def days_until_final(self) -> int:
        if self.mode == "on_or_after":  # somebody may come back after any time, so every cohort can still change
            return FOREVER_DAYS
        periods = self.spans()[-1][1] + 2
        return periods // 24 + 2 if self.period == "hour" else periods * PERIOD_DAYS[self.period]

    def days_until_complete(self, period: int | None = None) -> int:
        _, last = self.spans()[(period or len(self.spans())) - 1]
        periods = last if self.clock == "calendar" else last + 1
        return -(-periods // 24) if self.period == "hour" else periods * PERIOD_DAYS[self.period]

    def rows_of_number(self) -> Sequence[int]:
        return range(1, len(self.spans()) + 1)

    def explain(self) -> str:
        whose = "first ever falls" if self.cohorts == "first_time" else "falls"
        back = f'does "{label(self.return_)}"' + (f" at least {self.at_least} times" if self.at_least > 1 else "")
        when = f"each {self.period} after" + (" or later" if self.mode == "on_or_after" else "")
        spans = [f"{first} to {last}" if first < last else str(last) for first, last in self.spans()]
        until = f", {self.period}s {', '.join(spans)}" if self.brackets else f", up to {self.period} {spans[-1]}"
        clock = {
            "calendar": "",
            "24h": ", counted in exact time from each one's own start",
            "24h_by_hour": ", counted from the full hour of each one's own start",
        }[self.clock]
        return (
            f'Of the {self.who()} whose "{label(self.start)}" {whose} in a {self.period}, the share that {back} in '
            f"{when}{until}{clock}."
        )


class RetentionRow(MetricRow):
    """One row per definition, cohort, segment and period (or bracket) that has begun."""

    cohort: date = Field(description="First day of the cohort's period, in the project's timezone")
    cohort_starts_at: datetime = Field(
        description="When the cohort's period begins, UTC; a day has many cohorts by hour"
    )
    period: int = Field(description="Periods since the cohort's own, which is 0; with brackets, the bracket's number")
    first_period: int = Field(description="The first period of the bracket; the same as period without brackets")
    last_period: int = Field(description="The last period of the bracket; the same as period without brackets")
    people: int = Field(description="People in the cohort: the denominator")
    retained: int | None = Field(description="Those who came back in it (on_or_after: in it or later); null while open")
    retained_so_far: int = Field(description="The same count so far; equals retained once complete")
    rate: float | None = Field(description="retained / people; null while open")


class Span(Row):
    """Input table `spans`, one row per definition and row of its cohorts: a period, or a bracket of them."""

    definition: str = Field(description="Name in daybreak.toml")
    period: int = Field(description="Number of the period or bracket, from 1")
    first_period: int = Field(description="Its first period after period 0")
    last_period: int = Field(description="Its last period")


FAMILY = Family(
    "retention",
    Retention,
    RetentionRow,
    "cohort",
    (share("rate", "retained", "people", by="period"),),
    inputs={"spans": Span},
    people=People("people"),
)
