"""Active days: on how many days of the window do people come?"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Annotated, Any, ClassVar

from pydantic import Field, model_validator

from daybreak.families.base import Days, Definition, Family, MetricRow, People, length, share
from daybreak.families.selectors import ANY, Selector, label


class ActiveDays(Definition):
    """How many people were active on exactly k days of the trailing window; `bucket` counts groups of days instead.

    The first bucket begins with the first day of the window.
    """

    example: ClassVar[str] = "In the last 10 days one person came on 5 days and one on 9: k = 5 has 1, k = 9 has 1."
    smallest: ClassVar[dict[str, Any]] = {"window": "28d"}

    active: Annotated[Selector, Field(description="What counts as being active")] = ANY
    window: Annotated[Days, Field(description="Length of the trailing window in days, the row's day included")]
    bucket: Annotated[Days, Field(description="Length of a group of days that is counted as one")] = timedelta(days=1)

    @model_validator(mode="after")
    def _whole_buckets(self) -> "ActiveDays":
        if self.window % self.bucket:
            raise ValueError("`window` must be a whole number of buckets, at least one")
        if self.window > timedelta(days=400):
            raise ValueError("`window` may be at most 400 days")
        return self

    def roles(self) -> dict[str, list[str]]:
        return {"active": [self.active]}

    def daily_roles(self) -> set[str]:
        return {"active"}

    def options(self) -> dict[str, Any]:
        days = timedelta(days=1)
        return {
            "window_days": self.window // days,
            "bucket_days": self.bucket // days,
            "buckets": self.window // self.bucket,
        }

    def days_until_final(self) -> int:
        return 0

    def days_read_before(self) -> int:
        return self.window // timedelta(days=1)

    def rows_of_number(self) -> Sequence[int]:
        return range(1, self.window // self.bucket + 1)

    def explain(self) -> str:
        groups = "days" if self.bucket == timedelta(days=1) else f"groups of {length(self.bucket)}"
        return (
            f'How many {self.who()} did "{label(self.active)}" on exactly 1, 2, 3 … {groups} of the last '
            f"{length(self.window)}."
        )


class ActiveDaysRow(MetricRow):
    """One row per definition, day, segment and k, for days with anybody active in the window."""

    day: date = Field(description="Last day of the trailing window, in the project's timezone")
    active_days: int = Field(description="k: exactly this many days (or buckets of days) of the window")
    people: int = Field(description="People active on exactly k of them")
    active_people: int = Field(description="People active at all in the window: the denominator")
    share: float | None = Field(description="people / active_people; null while open")


FAMILY = Family(
    "active_days",
    ActiveDays,
    ActiveDaysRow,
    "day",
    (share("share", "people", "active_people", by="active_days"),),
    trailing=True,
    people=People("active_people"),
)
