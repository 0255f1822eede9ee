"""Active people: how many are there each day, in 7 days and in 30, and how regularly do they come?"""

from datetime import date
from typing import Annotated, Any, ClassVar

from pydantic import Field

from daybreak.families.base import Definition, Family, MetricRow, Number, People, share
from daybreak.families.selectors import ANY, Selector, label

MONTH_DAYS = 30
"""Days of the longest trailing window: monthly active people are those of 30 days."""


class ActivePeople(Definition):
    """Different people active on the day, in the 7 and in the 30 calendar days that end with it."""

    example: ClassVar[str] = "20 people were here today and 100 in the last 30 days, today included: DAU / MAU is 20 %."
    smallest: ClassVar[dict[str, Any]] = {}

    active: Annotated[Selector, Field(description="What counts as being active")] = ANY

    def roles(self) -> dict[str, list[str]]:
        return {"active": [self.active]}

    def daily_roles(self) -> set[str]:
        return {"active"}

    def options(self) -> dict[str, Any]:
        return {"window_days": MONTH_DAYS}

    def days_until_final(self) -> int:
        return 0

    def days_read_before(self) -> int:
        return MONTH_DAYS

    def explain(self) -> str:
        what = label(self.active)
        return f'How many different {self.who()} did "{what}" on the day, in the 7 and in the 30 days that end with it.'


class ActivePeopleRow(MetricRow):
    """One row per definition, day and segment, for days with anybody active in the 30 days."""

    day: date = Field(description="Last day of the trailing windows, in the project's timezone")
    dau: int = Field(description="People active on the day")
    wau: int = Field(description="People active in the 7 days that end with it")
    mau: int = Field(description="People active in the 30 days that end with it")
    dau_per_mau: float | None = Field(description="dau / mau; null while open")


FAMILY = Family(
    "active_people",
    ActivePeople,
    ActivePeopleRow,
    "day",
    (Number("dau", window_days=1), Number("wau", window_days=7), Number("mau"), share("dau_per_mau", "dau", "mau")),
    trailing=True,
    people=People("mau"),
)
