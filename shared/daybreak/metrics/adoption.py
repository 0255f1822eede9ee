"""Adoption: of the people who are active, which share uses the feature?"""

from datetime import date, timedelta
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, Field

from daybreak.metrics.definition import ANY, AtLeast, Definition, Selector, Window
from daybreak.tables import Row


def _whole_days(window: timedelta) -> timedelta:
    if window % timedelta(days=1):
        raise ValueError('must be whole days, such as "28d": adoption counts calendar days')
    return window


class Adoption(Definition):
    """Of the people active in the calendar days of the window, those who used the feature `at_least` times in it."""

    people_start: ClassVar[str | None] = None

    feature: Annotated[Selector, Field(description="What counts as using the feature")]
    active: Annotated[Selector, Field(description="What counts as being active at all")] = ANY
    window: Annotated[Window, AfterValidator(_whole_days), Field(description="Trailing days, the row's day included")]
    at_least: Annotated[AtLeast, Field(description="How many uses in the window it takes")] = 1

    def selectors(self) -> set[str]:
        return {self.feature, self.active}

    def row(self) -> dict[str, Any]:
        return {
            "active_selector": self.active,
            "feature_selector": self.feature,
            "window_days": self.window // timedelta(days=1),
            "at_least": self.at_least,
        }

    def day_tables(self) -> set[str]:
        return {"activity"}

    def waits_days(self) -> int:
        return 0

    def reads_days_before(self) -> int:
        return self.window // timedelta(days=1)


class AdoptionRow(Row):
    """One row per definition, day and segment, for days with anybody active in the window."""

    definition: str = Field(description="Name in daybreak.toml")
    version: str = Field(description="Hash of the definition: rows of equal version were counted alike")
    day: date = Field(description="Last day of the trailing window, in the project's timezone")
    segment: str = Field(description="Name of the segment, or all")
    segment_value: str = Field(description="Its latest value; (unset) where there is none; all for all")
    status: str = Field(description="complete once the day has ended, else open")
    active_people: int = Field(description="People active in the window: the denominator")
    users: int = Field(description="Those of them who used the feature often enough: the numerator")
    rate: float | None = Field(description="users / active_people; null while open")
