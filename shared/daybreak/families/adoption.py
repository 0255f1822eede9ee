"""Adoption: of the people who are active, which share uses the feature?"""

from datetime import date, timedelta
from typing import Annotated, Any, ClassVar

from pydantic import Field

from daybreak.families.base import AtLeast, Days, Definition, Family, MetricRow, Number, People, length, share
from daybreak.families.selectors import ANY, Selector, label


class Adoption(Definition):
    """Of the people active in the trailing window of calendar days, those who used the feature in it.

    Regular use takes `at_least` uses, or use on `at_least_days` different days, or both. Other columns count the people
    who used it for the first time ever on the row's day, and how long that took from their first `start`.
    """

    example: ClassVar[str] = (
        "100 people were active in the last 28 days and 40 of them used the feature: adoption is 40 %."
    )
    smallest: ClassVar[dict[str, Any]] = {"feature": "Value Reached", "window": "28d"}

    feature: Annotated[Selector, Field(description="What counts as using the feature")]
    active: Annotated[Selector, Field(description="What counts as being active at all")] = ANY
    window: Annotated[Days, Field(description="Length of the trailing window in days, the row's day included")]
    at_least: Annotated[AtLeast, Field(description="How many uses in the window it takes")] = 1
    at_least_days: Annotated[int, Field(ge=1, le=3660, description="On how many days of the window it takes")] = 1
    start: Annotated[
        Selector | None,
        Field(description="A person's first of these events ever starts the clock to first use; else `active`"),
    ] = None

    def roles(self) -> dict[str, list[str]]:
        return {"active": [self.active], "feature": [self.feature], "start": [self.start or self.active]}

    def daily_roles(self) -> set[str]:
        return {"active", "feature"}

    def seen_roles(self) -> set[str]:
        return {"feature", "start"}

    def options(self) -> dict[str, Any]:
        return {
            "window_days": self.window // timedelta(days=1),
            "at_least": self.at_least,
            "at_least_days": self.at_least_days,
        }

    def days_until_final(self) -> int:
        return 0

    def days_read_before(self) -> int:
        return self.window // timedelta(days=1)

    def explain(self) -> str:
        often = f" at least {self.at_least} times" if self.at_least > 1 else ""
        often += f" on at least {self.at_least_days} days" if self.at_least_days > 1 else ""
        return (
            f'Of the {self.who()} with "{label(self.active)}" in the last {length(self.window)}, the share with '
            f'"{label(self.feature)}"{often} in the same days.'
        )


class AdoptionRow(MetricRow):
    """One row per definition, day and segment, for days with anybody active in the window."""

    day: date = Field(description="Last day of the trailing window, in the project's timezone")
    active_people: int = Field(description="People active in the window: the denominator")
    users: int = Field(description="Those of them who used the feature often enough: the numerator")
    rate: float | None = Field(description="users / active_people; null while open")
    first_users: int = Field(description="Those of active_people whose first use ever falls on this day")
    median_seconds_to_first_use: float | None = Field(
        description="Of first_users who started before or at their first use: plain median time from their first start"
    )


FAMILY = Family(
    "adoption",
    Adoption,
    AdoptionRow,
    "day",
    (share("rate", "users", "active_people"), Number("median_seconds_to_first_use", lower_is_better=True)),
    trailing=True,
    people=People("active_people"),
)
