"""Experiments: which variant brings more people to the goal, and is that more than chance?"""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, PrivateAttr, model_validator

from daybreak.families.base import (
    ENDLESS,
    FOREVER_DAYS,
    Definition,
    Family,
    MetricRow,
    People,
    Windowed,
    length,
    microseconds,
    share,
)
from daybreak.families.experiment_statistics import with_statistics
from daybreak.families.selectors import PropertyName, Selector, label
from daybreak.lake.tables import Row


class Experiment(Definition):
    """The share of each variant's exposed people who reach the goal in the goal's window after the exposure.

    The window begins at the exposure, whenever a person began the goal: steps that they had done before stay done, and
    they reach the goal when its last part happens in the window, far edge included. People are compared once their
    window has ended. A person belongs to the variant of their first exposure ever. People who are seen in two variants
    are left out of both from then on, and counted in a column; so are people who had reached the goal before the
    exposure.

    Each variant has a Wilson interval, and its difference to the first one has Newcombe's. The test is the pooled z
    test (Fisher's exact test where an expected count is under 5). Holm's method corrects the p values where there are
    more than two variants, and the sample ratio is tested. There is no verdict before the planned number of people has
    finished in every variant, and that of the first complete day on which it has stays: looking every day for two weeks
    at 5 % finds something in 22 % of experiments where there is nothing. Counts, intervals and p values go on.
    """

    example: ClassVar[str] = (
        "5 of 83 reached the goal in one variant and 12 of 99 in the other: z = -1.408, p = 0.159, no difference shown."
    )
    smallest: ClassVar[dict[str, Any]] = {
        "exposure": "Signed Up",
        "variants": ["a", "b"],
        "goal": "activation.smallest",
        "planned": 1000,
    }

    exposure: Annotated[Selector, Field(description="The event that says which variant a person got")]
    variant: Annotated[PropertyName, Field(description="Its property that names the variant")] = "variant"
    variants: Annotated[
        list[str],
        Field(min_length=2, max_length=10, description="Their names; the others are compared with the first"),
    ]
    goal: Annotated[str, Field(description='A definition, such as "activation.first_value"')]
    planned: Annotated[int, Field(ge=1, description="How many people each variant needs before there is a verdict")]
    shares: Annotated[
        list[Annotated[float, Field(gt=0)]] | None,
        Field(description="How people are meant to be divided among the variants; equally by default"),
    ] = None
    test: Annotated[
        Literal["two_proportions", "unpooled_z", "relative_lift"],
        Field(
            description="Test of the difference (pooled z, or Fisher for small counts), the same unpooled, or of the "
            "relative lift (Welch, delta method); the choice can decide the verdict"
        ),
    ] = "two_proportions"
    _goal: Windowed | None = PrivateAttr(default=None)
    """The definition that `goal` names; set when the file is read."""

    @model_validator(mode="after")
    def _fits_together(self) -> "Experiment":
        if len(set(self.variants)) < len(self.variants):
            raise ValueError("`variants` names one twice")
        if self.shares is not None and len(self.shares) != len(self.variants):
            raise ValueError("`shares` needs one number for each of `variants`")
        return self

    def goal_name(self) -> str:
        return self.goal

    def counted_by(self, goal: Definition) -> "Experiment":
        if not isinstance(goal, Windowed):
            raise TypeError(self.goal)
        if goal.actor != self.actor:
            raise ValueError(f"{self.goal!r} counts {goal.who()}, this experiment {self.who()}; make `actor` the same")
        if unfit := goal.why_no_goal():
            raise ValueError(f"{self.goal!r} cannot be a goal: {unfit}")
        experiment = self.model_copy()
        experiment._goal = goal
        return experiment

    def goal_counted_beside(self) -> Windowed:
        """The goal without a window of its own: the window begins at the exposure, whenever the goal's start was."""
        return self._resolved().model_copy(update={"window": ENDLESS})

    def _resolved(self) -> Windowed:
        """The goal's definition. Raises ValueError before `counted_by`."""
        if self._goal is None:
            raise ValueError(f"{self.goal!r} is not resolved")
        return self._goal

    def own_rows(self) -> dict[str, list[dict[str, Any]]]:
        shares = self.shares or [1.0] * len(self.variants)
        variants = enumerate(zip(self.variants, shares, strict=True), start=1)
        return {
            "variants": [{"position": number, "variant": name, "share": share} for number, (name, share) in variants]
        }

    def roles(self) -> dict[str, list[str]]:
        return {"entry": [self.exposure], "exposure": [self.exposure]}

    def timed_roles(self) -> set[str]:
        return {"exposure"}

    def values(self) -> dict[str, set[str]]:
        return {"exposure": {self.variant}}

    def choices(self) -> dict[str, list[str]]:
        return {self.variant: self.variants}

    def options(self) -> dict[str, Any]:
        return {
            "property": self.variant,
            "window_us": microseconds(self._resolved().window),
            "planned": self.planned,
            "test_name": self.test,
        }

    def days_until_final(self) -> int:
        return FOREVER_DAYS  # each day's row counts everybody exposed until then

    def counting(self) -> dict[str, Any]:
        return {**super().counting(), "goal": self._resolved().counting(), "goal_window": "from the exposure"}

    def rows_of_number(self) -> Sequence[str]:
        return self.variants

    def explain(self) -> str:
        window = length(self._resolved().window)
        return (
            f'Of the {self.who()} with "{label(self.exposure)}", by its "{self.variant}" ({", ".join(self.variants)}): '
            f"the share that reaches {self.goal} within {window} after it; a verdict once "
            f"{self.planned:,} have finished in every variant."
        )


class ExperimentRow(MetricRow):
    """One row per definition, day, segment and variant: everything known by the end of the day."""

    day: date = Field(description="The row counts everything until the end of this day, in the project's timezone")
    variant: str = Field(description="Name of the variant")
    exposed: int = Field(description="People first exposed to it by then, and seen in no other variant")
    finished: int = Field(description="Those whose window after the exposure has ended: the denominator")
    reached: int = Field(description="Those of finished who reached the goal in that window: the numerator")
    in_several: int = Field(description="People of the whole experiment who were seen in two variants: left out")
    reached_before: int = Field(description="People first exposed to it after they had reached the goal: left out")
    rate: float | None = Field(description="reached / finished; null while nobody has finished")
    rate_low: float | None = Field(description="Wilson's 95 % interval of the rate, lower end")
    rate_high: float | None = Field(description="Wilson's 95 % interval of the rate, upper end")
    difference: float | None = Field(description="rate minus the first variant's; null for the first variant")
    difference_low: float | None = Field(description="95 % interval of the difference or lift, lower end")
    difference_high: float | None = Field(description="95 % interval of the difference or lift, upper end")
    lift: float | None = Field(description="difference / the first variant's rate")
    test: str | None = Field(description="pooled z, fisher, unpooled z or relative lift")
    p_value: float | None = Field(description="Two-sided p of that test against the first variant")
    p_adjusted: float | None = Field(description="The same corrected by Holm for the number of variants")
    sample_ratio_p: float | None = Field(description="Chi-square p of exposed against the planned shares")
    planned: int = Field(description="People each variant needs before there is a verdict")
    verdict: str = Field(
        description="That of decided_on, before it collecting: sample ratio mismatch (p under 0.001: people are not "
        "divided as planned); else at 5 %: better, worse, no difference; baseline for the first variant"
    )
    decided_on: date | None = Field(
        description="First complete day on which every variant had `planned` finished; null before it"
    )


class Variant(Row):
    """Input table `variants`, one row per experiment and variant."""

    definition: str = Field(description="Name in daybreak.toml")
    position: int = Field(description="Its number, from 1; the others are compared with the first")
    variant: str = Field(description="Its name")
    share: float = Field(description="How many people it is meant to get, relative to the other variants")


FAMILY = Family(
    "experiment",
    Experiment,
    ExperimentRow,
    "day",
    (share("rate", "reached", "finished", by="variant"),),
    trailing=True,
    inputs={"variants": Variant},
    finish=with_statistics,
    people=People("exposed"),
)
