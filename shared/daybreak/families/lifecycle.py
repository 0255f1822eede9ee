"""Lifecycle: who is new, who stays, who comes back, who becomes inactive?"""

from datetime import date
from typing import Any, ClassVar

from pydantic import Field

from daybreak.families.base import ActiveByPeriod, Family, MetricRow, Number, People
from daybreak.families.selectors import label


class Lifecycle(ActiveByPeriod):
    """Everybody active in a period is new (first ever), returning (also active in the one before) or resurrected.

    Dormant people were active in the period before and are not in this one; that is certain once it has ended.
    """

    example: ClassVar[str] = (
        "An account is active on the 11th, 12th and 13th, and again on the 15th: new, returning, returning; dormant on "
        "the 14th, resurrected on the 15th."
    )
    smallest: ClassVar[dict[str, Any]] = {"period": "week"}

    def seen_roles(self) -> set[str]:
        return {"active"}

    def explain(self) -> str:
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


FAMILY = Family(
    "lifecycle",
    Lifecycle,
    LifecycleRow,
    "period_start",
    (
        Number("active_people"),
        Number("new_people"),
        Number("returning_people"),
        Number("resurrected_people"),
        Number("dormant_people", lower_is_better=True),
    ),
    people=People("active_people"),
)
