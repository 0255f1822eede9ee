"""Churn: who was active in the period before and is not in this one, and who cancelled?"""

from datetime import date
from typing import Annotated, Any, ClassVar

from pydantic import Field

from daybreak.families.base import ActiveByPeriod, Family, MetricRow, People, share
from daybreak.families.selectors import Selector, label


class Churn(ActiveByPeriod):
    """Of the people active in the period before, those who are not active in this one: provisional until it has ended.

    With `cancel`, those of them who cancelled in this period are counted separately, active or not.
    """

    example: ClassVar[str] = "100 were active in January and 80 of them in February: February's churn is 20 %."
    smallest: ClassVar[dict[str, Any]] = {"period": "week"}

    cancel: Annotated[Selector | None, Field(description="What counts as cancelling")] = None

    def roles(self) -> dict[str, list[str]]:
        return {**super().roles(), "cancel": [self.cancel]} if self.cancel else super().roles()

    def daily_roles(self) -> set[str]:
        return {"active", "cancel"}

    def options(self) -> dict[str, Any]:
        return {**super().options(), "cancels": int(self.cancel is not None)}

    def numbers_missing(self) -> dict[str, str]:
        return {} if self.cancel else {"cancel_rate": "needs a definition with `cancel`"}

    def explain(self) -> str:
        return (
            f'Of the {self.who()} with "{label(self.active)}" in the {self.period} before, the share without it in '
            f"this {self.period}" + (f', and separately the share with "{label(self.cancel)}".' if self.cancel else ".")
        )


class ChurnRow(MetricRow):
    """One row per definition, period and segment, for periods after one in which anybody was active."""

    period_start: date = Field(description="First day of the period, in the project's timezone")
    people: int = Field(description="People active in the period before: the denominator")
    back: int = Field(description="Those of them active in this period, so far")
    not_back: int = Field(description="people - back: provisional until the period ends")
    churned: int | None = Field(description="Those of people not active in this period; null while open")
    churn_rate: float | None = Field(description="churned / people; null while open")
    cancelled: int | None = Field(
        description="Those of people who cancelled in this period, so far; null without cancel"
    )
    cancel_rate: float | None = Field(description="cancelled / people; null while open or without cancel")


FAMILY = Family(
    "churn",
    Churn,
    ChurnRow,
    "period_start",
    (
        share("churn_rate", "churned", "people", lower_is_better=True),
        share("cancel_rate", "cancelled", "people", lower_is_better=True),
    ),
    recurring=True,
    people=People("people"),
)
