"""Conversion: which share of those who start, a trial for instance, upgrades in time?"""

from datetime import date
from typing import Annotated, Any, ClassVar

from pydantic import Field

from daybreak.families.base import Family, MetricRow, Number, People, ReachesMilestone, length, share
from daybreak.families.selectors import Selector, label


class Conversion(ReachesMilestone):
    """People whose first start event ever, a trial for instance, is followed by an upgrade within the window.

    The far edge belongs to the window. The rate counts only people whose window has ended; the others have a column of
    their own.
    """

    example: ClassVar[str] = "40 trials began on a day, 10 of them upgraded within 30 days: conversion is 25 %."
    smallest: ClassVar[dict[str, Any]] = {"start": "Signed Up", "upgrade": "Value Reached", "window": "7d"}

    can_be_goal: ClassVar[bool] = True

    start: Annotated[
        Selector, Field(description="A person's first of these events ever puts them into the cohort of its day")
    ]
    upgrade: Annotated[Selector, Field(description="What counts as converted")]

    def roles(self) -> dict[str, list[str]]:
        return {"entry": [self.start], "milestone": [self.upgrade]}

    def explain(self) -> str:
        return (
            f'Of the {self.who()} whose first "{label(self.start)}" ever falls on a day, the share that does '
            f'"{label(self.upgrade)}" within {length(self.window)} of it, counted once that time has passed for them.'
        )


class ConversionRow(MetricRow):
    """One row per definition, cohort day and segment."""

    cohort: date = Field(description="Day of the first start, in the project's timezone")
    people: int = Field(description="People whose first start fell on this day")
    finished: int = Field(description="Those whose window has ended: the denominator")
    converted: int = Field(description="Those of finished who upgraded in their window: the numerator")
    converted_so_far: int = Field(description="Upgraded among those whose window is still open")
    rate: float | None = Field(description="converted / finished; null while open")
    median_seconds_to_upgrade: float | None = Field(description="Plain median of those who upgraded, so far")


FAMILY = Family(
    "conversion",
    Conversion,
    ConversionRow,
    "cohort",
    (share("rate", "converted", "finished"), Number("median_seconds_to_upgrade", lower_is_better=True)),
    people=People("people", are_once=True),
)
