"""Activation: which share of new people reaches the milestone in time?"""

from datetime import date
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from daybreak.families.base import AtLeast, Family, MetricRow, People, ReachesMilestone, length, share
from daybreak.families.selectors import Selector, label


class Activation(ReachesMilestone):
    """Activated people reach the milestone in the window that their first start event ever opens, far edge included.

    The rate counts only people whose window has ended. The others have a column of their own and are in neither number
    of the rate.
    """

    example: ClassVar[str] = "60 of 100 who signed up on Monday ran a workflow within 7 days: activation is 60 %."
    smallest: ClassVar[dict[str, Any]] = {"start": "Signed Up", "milestone": "Value Reached", "window": "7d"}

    can_be_goal: ClassVar[bool] = True

    start: Annotated[
        Selector, Field(description="A person's first of these events ever puts them into the cohort of its day")
    ]
    milestone: Annotated[Selector | None, Field(description="What counts as activated")] = None
    milestones: Annotated[
        list[Selector] | None, Field(min_length=2, max_length=20, description="Several, instead of `milestone`")
    ] = None
    need: Annotated[
        Literal["all", "any"], Field(description="How many of the milestones it takes: all, or any one")
    ] = "all"
    before: Annotated[
        Selector | None, Field(description="Only milestones before the first of these at or after the start count")
    ] = None
    at_least: Annotated[AtLeast, Field(description="How many events of a milestone it takes")] = 1

    @model_validator(mode="after")
    def _one_of_both(self) -> "Activation":
        if (self.milestone is None) == (self.milestones is None):
            raise ValueError("needs either `milestone` or `milestones`")
        if self.before and self.before in [self.start, self.milestone, *(self.milestones or [])]:
            raise ValueError("`before` names the start or a milestone itself, so nothing could ever count")
        return self

    def roles(self) -> dict[str, list[str]]:
        roles = {"entry": [self.start], "milestone": self.milestones or [str(self.milestone)]}
        return {**roles, "before": [self.before]} if self.before else roles

    def options(self) -> dict[str, Any]:
        milestones = len(self.milestones or [self.milestone])
        needed = milestones if self.need == "all" else 1
        return {**super().options(), "at_least": self.at_least, "needed": needed}

    def explain(self) -> str:
        joint = " and " if self.need == "all" else " or "
        what = joint.join(f'"{label(selector)}"' for selector in self.roles()["milestone"])
        before = f' and before "{label(self.before)}"' if self.before else ""
        times = f" at least {self.at_least} times" if self.at_least > 1 else ""
        return (
            f'Of the {self.who()} whose first "{label(self.start)}" ever falls on a day, the share that does {what}'
            f"{times} within {length(self.window)} of it{before}, counted once that time has passed for them."
        )


class ActivationRow(MetricRow):
    """One row per definition, cohort day and segment."""

    cohort: date = Field(description="Day of the first start, in the project's timezone")
    people: int = Field(description="People whose first start fell on this day")
    finished: int = Field(description="Those whose window has ended: the denominator")
    activated: int = Field(description="Those of finished who were activated in their window: the numerator")
    activated_so_far: int = Field(description="Activated among those whose window is still open")
    rate: float | None = Field(description="activated / finished; null while open")


FAMILY = Family(
    "activation",
    Activation,
    ActivationRow,
    "cohort",
    (share("rate", "activated", "finished"),),
    people=People("people", are_once=True),
)
