"""Support load: how many tickets does an active person open, and how many while onboarding?"""

from datetime import date, timedelta
from typing import Annotated, Any, ClassVar

from pydantic import Field

from daybreak.families.base import Definition, Family, MetricRow, Number, People, Period, Window, length, microseconds
from daybreak.families.selectors import ANY, Selector, label


class SupportLoad(Definition):
    """Tickets of a period per person active in the same period, and separately for people who are onboarding in it.

    A person is onboarding in a period if any instant of it is within `onboarding` after their first start ever.
    """

    example: ClassVar[str] = (
        "In a week 50 people were active and opened 10 tickets: 0.2 each. 10 of them had signed up in the 14 days "
        "before and opened 6: 0.6 each, against 0.1 for the other 40."
    )
    smallest: ClassVar[dict[str, Any]] = {"ticket": "Value Reached", "start": "Signed Up", "onboarding": "14d"}

    ticket: Annotated[Selector, Field(description="What counts as a ticket")]
    active: Annotated[Selector, Field(description="What counts as being active")] = ANY
    start: Annotated[Selector, Field(description="A person's first of these events ever begins their onboarding")]
    onboarding: Annotated[Window, Field(description="How long a person is onboarding")]
    period: Annotated[Period, Field(description="Calendar day, week or month in the project's timezone")] = "week"

    def roles(self) -> dict[str, list[str]]:
        return {"active": [self.active], "ticket": [self.ticket], "start": [self.start]}

    def daily_roles(self) -> set[str]:
        return {"active", "ticket"}

    def seen_roles(self) -> set[str]:
        return {"start"}

    def options(self) -> dict[str, Any]:
        return {"period": self.period, "onboarding_us": microseconds(self.onboarding)}

    def days_until_final(self) -> int:
        return self.onboarding // timedelta(days=1) + 1

    def explain(self) -> str:
        return (
            f'"{label(self.ticket)}" per each of the {self.who()} with "{label(self.active)}" in the same '
            f'{self.period}, apart for those within {length(self.onboarding)} after their first "{label(self.start)}".'
        )


class SupportLoadRow(MetricRow):
    """One row per definition, period and segment, for periods with anybody active or any ticket."""

    period_start: date = Field(description="First day of the period, in the project's timezone")
    active_people: int = Field(description="People active in the period: the denominator")
    tickets: int = Field(description="Tickets opened in it, by anybody: the numerator")
    tickets_per_person: float | None = Field(description="tickets / active_people; null while open")
    onboarding_people: int = Field(description="Those of active_people who were onboarding")
    onboarding_tickets: int = Field(description="Tickets of people who were onboarding")
    onboarding_tickets_per_person: float | None = Field(
        description="onboarding_tickets / onboarding_people; null while open"
    )
    other_people: int = Field(description="Those of active_people who were not onboarding")
    other_tickets: int = Field(description="Tickets of people who were not onboarding")
    other_tickets_per_person: float | None = Field(description="other_tickets / other_people; null while open")


FAMILY = Family(
    "support_load",
    SupportLoad,
    SupportLoadRow,
    "period_start",
    (
        Number("tickets_per_person", "tickets", "active_people", lower_is_better=True),
        Number("onboarding_tickets_per_person", "onboarding_tickets", "onboarding_people", lower_is_better=True),
        Number("other_tickets_per_person", "other_tickets", "other_people", lower_is_better=True),
    ),
    recurring=True,
    people=People("active_people"),
)
