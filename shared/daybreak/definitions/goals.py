"""[goal.NAME]: a number that a team wants to reach by a day."""

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

_FIRST, _LAST = date(1971, 1, 1), date(2199, 12, 31)


class ChosenNumber(BaseModel):
    """Which number of which definition: the fields that goals and alerts share."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    column: Annotated[
        str | None, Field(description="The column of the number; the main one of its family by default")
    ] = None
    step: Annotated[int | None, Field(ge=1, description="Which step of a completion; the last one by default")] = None
    period: Annotated[int | None, Field(ge=1, description="Which period of a retention")] = None
    active_days: Annotated[int | None, Field(ge=1, description="How many active days, of active_days")] = None
    variant: Annotated[str | None, Field(description="Which variant of an experiment")] = None


class Goal(ChosenNumber):
    """[goal.NAME]: a number that a team wants to reach by a day."""

    description: Annotated[str, Field(min_length=1, description="The goal, in a sentence")]
    metric: Annotated[str, Field(description='The definition it is about, such as "activation.first_value"')]
    segment: Annotated[str | None, Field(description="A segment of the definition, to aim for one of its values")] = (
        None
    )
    segment_value: Annotated[str | None, Field(description="The value of the segment")] = None
    from_: Annotated[date, Field(alias="from", description="The day on which the work towards it begins")]
    baseline: Annotated[
        float | None,
        Field(
            allow_inf_nan=False,
            description="The number at the beginning; by default that of the 28 complete days before",
        ),
    ] = None
    target: Annotated[
        float, Field(allow_inf_nan=False, description="The number to reach, in the unit of its column: 0.40 is 40 %")
    ]
    direction: Annotated[
        Literal["up", "down"] | None,
        Field(
            description="Whether the number is meant to rise or to fall; by default as `baseline` says if it is given, "
            "else down for churn, times, tickets and dormant people, and up for the others"
        ),
    ] = None
    by: Annotated[date, Field(description="The last day on which people can still count for it")]

    @model_validator(mode="after")
    def _fits_together(self) -> "Goal":
        if self.by <= self.from_:
            raise ValueError(f"`by` must be later than `from`, {self.from_}")
        if not (self.from_ >= _FIRST and self.by <= _LAST):
            raise ValueError(f"`from` and `by` must be from {_FIRST} to {_LAST}; correct the year")
        if (self.segment is None) != (self.segment_value is None):
            raise ValueError("`segment` and `segment_value` need each other")
        return self
