"""Breadth: how many of the features does an active person use?"""

from datetime import date, timedelta
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, Field

from daybreak.families.base import Days, Definition, Family, MetricRow, Number, People, length, unique
from daybreak.families.selectors import ANY, Selector, label


class Breadth(Definition):
    """How many different features each person uses who is active in the trailing window of calendar days."""

    example: ClassVar[str] = (
        "Of 10 active people 5 used none of three features, 3 used one and 2 all three: 9 / 10 = 0.9 features each."
    )
    smallest: ClassVar[dict[str, Any]] = {"features": ["Signed Up", "Value Reached"], "window": "28d"}

    features: Annotated[
        list[Selector],
        AfterValidator(unique),
        Field(min_length=2, max_length=100, description="One selector for each feature"),
    ]
    active: Annotated[Selector, Field(description="What counts as being active at all")] = ANY
    window: Annotated[Days, Field(description="Length of the trailing window in days, the row's day included")]

    def roles(self) -> dict[str, list[str]]:
        return {"active": [self.active], "feature": self.features}

    def daily_roles(self) -> set[str]:
        return {"active", "feature"}

    def options(self) -> dict[str, Any]:
        return {"window_days": self.window // timedelta(days=1), "features": len(self.features)}

    def days_until_final(self) -> int:
        return 0

    def days_read_before(self) -> int:
        return self.window // timedelta(days=1)

    def explain(self) -> str:
        features = ", ".join(f'"{label(feature)}"' for feature in self.features)
        return (
            f'How many of {features} each of the {self.who()} with "{label(self.active)}" in the last '
            f"{length(self.window)} used in the same days."
        )


class BreadthRow(MetricRow):
    """One row per definition, day and segment, for days with anybody active in the window."""

    day: date = Field(description="Last day of the trailing window, in the project's timezone")
    features: int = Field(description="How many features there are")
    active_people: int = Field(description="People active in the window: the denominator")
    features_used: int = Field(description="Different features each of them used, added up: the numerator")
    features_per_person: float | None = Field(description="features_used / active_people; null while open")
    used_none: int = Field(description="Those of active_people who used no feature")
    used_all: int = Field(description="Those of active_people who used every feature")


FAMILY = Family(
    "breadth",
    Breadth,
    BreadthRow,
    "day",
    (Number("features_per_person", "features_used", "active_people"),),
    trailing=True,
    people=People("active_people"),
)
