"""Lifecycle: who is new, who stays, who comes back, who falls silent?"""

from datetime import date
from typing import Annotated, Any, ClassVar

from pydantic import Field

from daybreak.families.base import ANY, PERIOD_DAYS, Definition, MetricRow, Period, Selector, label


class Lifecycle(Definition):
    """Everybody active in a period is new (first ever), returning (active in the one before too) or resurrected.

    Dormant are those active in the period before and not in this one, known for sure once it has ended.
    """

    example: ClassVar[str] = (
        "An account is active on the 11th, 12th and 13th, and again on the 15th: new, returning, returning; dormant on "
        "the 14th, resurrected on the 15th."
    )

    active: Annotated[Selector, Field(description="What counts as being active")] = ANY
    period: Annotated[Period, Field(description="Calendar day, week or month in the project's timezone")]

    def roles(self) -> dict[str, list[str]]:
        return {"active": [self.active]}

    def daily_roles(self) -> set[str]:
        return {"active"}

    def seen_roles(self) -> set[str]:
        return {"active"}

    def row(self) -> dict[str, Any]:
        return {"period": self.period}

    def waits_days(self) -> int:
        return 0

    def reads_days_before(self) -> int:
        return PERIOD_DAYS[self.period]

    def sentence(self) -> str:
        return (
            f'{self.who().capitalize()} with "{label(self.active)}" in a {self.period}: new if it is their first ever, '
            f"returning if they had it in the {self.period} before, else resurrected; dormant if they had it only then."
        )


class LifecycleRow(MetricRow):
    """One row per definition, period and segment, for periods with anybody active in them or the one before."""

    period_start: date = Field(description="First day of the period, in the project's timezone")
    active_people: int = Field(description="new_people + returning_people + resurrected_people")
    new_people: int = Field(description="Active in this period for the first time ever")
    returning_people: int = Field(description="Active in this period and in the one before")
    resurrected_people: int = Field(description="Active in this period, not in the one before, and some time earlier")
    not_back: int = Field(description="Active in the period before, not in this one: provisional until it ends")
    dormant_people: int | None = Field(description="The same once the period has ended; null while open")
