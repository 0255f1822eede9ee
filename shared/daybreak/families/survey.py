"""Surveys: what do people answer when they are asked, as NPS, CES or CSAT?"""

from datetime import date
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from daybreak.families.base import Definition, Family, MetricRow, Number, Period, Scale, share
from daybreak.families.selectors import PropertyName, Selector, label

SCALES = {"nps": (0, 10, 6, 9), "ces": (1, 7, 3, 5), "csat": (1, 5, 2, 4)}
"""Scale -> lowest and highest answer, the highest that counts as low and the lowest that counts as high."""


class Survey(Definition):
    """Every answer that is a whole number on the scale counts; all others are left out and counted in `left_out`.

    NPS, 0 to 10: 100 x (share of 9 and 10 - share of 0 to 6). CES, 1 to 7, in three ways that are in use: the mean, the
    share of 5 to 7, and 100 x (share of 5 to 7 - share of 1 to 3). CSAT, 1 to 5: the share of 4 and 5.
    """

    example: ClassVar[str] = (
        "CES answers 7, 6, 5, 4, 3, 2, 7, 5: the mean is 4.875, the share of 5 to 7 is 5 / 8, net is "
        "100 x (5 - 2) / 8 = 37.5."
    )
    smallest: ClassVar[dict[str, Any]] = {"answer": "Value Reached", "scale": "nps"}

    answer: Annotated[Selector, Field(description="The event that carries an answer")]
    score: Annotated[PropertyName, Field(description="The property that holds the score")] = "score"
    scale: Annotated[Literal["nps", "ces", "csat"], Field(description="The scale, which decides the figures")]
    period: Annotated[Period, Field(description="Groups answers by day, week or month")] = "month"

    def roles(self) -> dict[str, list[str]]:
        return {"answer": [self.answer]}

    def timed_roles(self) -> set[str]:
        return {"answer"}

    def daily_roles(self) -> set[str]:
        return {"answer"}

    def values(self) -> dict[str, set[str]]:
        return {"answer": {self.score}}

    def scales(self) -> dict[str, Scale]:
        lowest, highest, low, _ = SCALES[self.scale]
        return {self.score: Scale(self.scale.upper(), lowest, highest, low)}

    def options(self) -> dict[str, Any]:
        lowest, highest, low, high = SCALES[self.scale]
        return {
            "period": self.period,
            "property": self.score,
            "scale": self.scale,
            "lowest": lowest,
            "highest": highest,
            "low_to": low,
            "high_from": high,
        }

    def days_until_final(self) -> int:
        return 0

    def value_range(self, number: Number) -> tuple[float, float]:
        lowest, highest, *_ = SCALES[self.scale]
        return {"nps": (-100, 100), "ces_net": (-100, 100), "mean": (lowest, highest)}.get(number.column, (0, 1))

    def numbers_missing(self) -> dict[str, str]:
        others = {"nps": "nps", "ces_net": "ces", "csat": "csat"}
        return {
            column: f"is for surveys on the scale {scale}, this one is on {self.scale}"
            for column, scale in others.items()
            if scale != self.scale
        }

    def explain(self) -> str:
        lowest, highest, *_ = SCALES[self.scale]
        return (
            f'{self.scale.upper()} of the answers in "{label(self.answer)}", property "{self.score}", '
            f"{lowest} to {highest}, by {self.period}."
        )


class SurveyRow(MetricRow):
    """One row per definition, period and segment, for periods with any answer event."""

    period_start: date = Field(description="First day of the period, in the project's timezone")
    scale: str = Field(description="nps, ces or csat")
    answers: int = Field(description="Answers that count: the denominator")
    left_out: int = Field(description="Answer events without a whole number on the scale")
    low: int = Field(description="nps: detractors, 0 to 6; ces: 1 to 3; csat: 1 and 2")
    middle: int = Field(description="nps: passives, 7 and 8; ces: 4; csat: 3")
    high: int = Field(description="nps: promoters, 9 and 10; ces: 5 to 7; csat: 4 and 5")
    mean: float | None = Field(description="Mean answer, so far (the first of the three ways to state CES)")
    high_share: float | None = Field(description="high / answers, so far (CSAT; the second way to state CES)")
    nps: float | None = Field(description="100 x (high - low) / answers; null while open and on other scales")
    ces_net: float | None = Field(description="100 x (high - low) / answers; null while open and on other scales")
    csat: float | None = Field(description="high / answers; null while open and on other scales")


FAMILY = Family(
    "survey",
    Survey,
    SurveyRow,
    "period_start",
    (Number("nps"), Number("ces_net"), share("csat", "high", "answers"), Number("mean")),
)
