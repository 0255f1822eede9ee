"""Conversion: which share of those who start, a trial for instance, upgrades in time?"""

from datetime import date, timedelta
from typing import Annotated, Any, ClassVar

from pydantic import Field

from daybreak.families.base import Definition, MetricRow, Selector, Window, label, length, microseconds


class Conversion(Definition):
    """From the first start event ever, a trial for instance, to the first upgrade within the window, edge included.

    The rate is over those whose window has ended; the others are shown beside it.
    """

    example: ClassVar[str] = "40 trials began on a day, 10 of them upgraded within 30 days: conversion is 25 %."

    start: Annotated[Selector, Field(description="The first of these ever puts a person into the cohort of its day")]
    upgrade: Annotated[Selector, Field(description="What counts as converted")]
    window: Annotated[Window, Field(description="How long a person has, from the exact second of the start")]

    def roles(self) -> dict[str, list[str]]:
        return {"entry": [self.start], "milestone": [self.upgrade]}

    def timed_roles(self) -> set[str]:
        return {"milestone"}

    def row(self) -> dict[str, Any]:
        return {"window_us": microseconds(self.window), "at_least": 1, "needed": 1}

    def waits_days(self) -> int:
        return self.window // timedelta(days=1) + 2

    def sentence(self) -> str:
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
