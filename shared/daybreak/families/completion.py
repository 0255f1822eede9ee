"""Onboarding completion: how far do new people get through the steps, and where do they stop?"""

from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from daybreak.families.base import (
    FOREVER_DAYS,
    PERIOD_DAYS,
    Family,
    FunnelQueries,
    MetricRow,
    Number,
    People,
    Period,
    Window,
    Windowed,
    length,
    microseconds,
    share,
)
from daybreak.families.competing_steps import contests_in_any_order, contests_in_order
from daybreak.families.completion_attempts import funnel_queries
from daybreak.families.funnel import Exclusion, Step
from daybreak.families.selectors import ANY, label, selector_schema


def _beside(*names: str) -> Any:
    """Splits a table {event, where, <names>} into its selector and the rest; anything else is a selector alone."""

    def split(value: object) -> object:
        if not isinstance(value, dict):
            return {"selector": value}
        rest = {name: value[name] for name in names if name in value}
        return {**rest, "selector": {name: part for name, part in value.items() if name not in names}}

    return BeforeValidator(split)


FunnelStep = Annotated[Step, _beside("optional"), WithJsonSchema(selector_schema(optional={"type": "boolean"}))]
FunnelExclusion = Annotated[
    Exclusion,
    _beside("after", "before"),
    WithJsonSchema(selector_schema(after={"type": "integer"}, before={"type": "integer"})),
]


class Completion(Windowed):
    """A funnel: each step happens at or after the one before, all within the window of the first, far edge included.

    One event serves one step. Steps at the same instant count in the order of the steps; where steps overlap (the same
    event with and without `where`, say), its events are given to the steps so that people get furthest. A cohort is the
    people whose first entry ever falls in its period.

    `entry = "first"`: only that entry opens a window. `entry = "any"`: every event of the first step opens one, and the
    attempt that got furthest counts (of equal attempts, the earliest); a new attempt can change even complete rows.

    `order = "strict"`: nothing else may happen between two steps; what happens at the instant of a step is not between.
    `"strict_allow_repeats"`: nothing but the same step again. `"any"`: any step may enter, and row n counts the people
    who did n of the steps.

    People who do an exclusion between its steps are left out of the funnel and counted in a column of their own.
    """

    example: ClassVar[str] = (
        "100 sign up, 90 verify their email, 70 of these run a workflow: completion is 70 %, and 70 of the 90 who "
        "verified went on. Sign-up at 13:00 and 13:30, next step at 14:10, one hour: the first entry reaches step 1, "
        "the best attempt step 2."
    )
    smallest: ClassVar[dict[str, Any]] = {"steps": ["Signed Up", "Value Reached"], "window": "7d"}

    can_be_goal: ClassVar[bool] = True

    steps: Annotated[
        list[FunnelStep], Field(min_length=2, max_length=20, description="The steps in order; the first is the entry")
    ]
    window: Annotated[Window, Field(description="How long a person has for all steps, far edge included")]
    period: Annotated[Period, Field(description="Groups people by the day, week or month in which they enter")] = "day"
    order: Annotated[
        Literal["ordered", "strict", "strict_allow_repeats", "any"],
        Field(description="The order in which steps count, and what may happen between them"),
    ] = "ordered"
    entry: Annotated[
        Literal["first", "any"], Field(description="Which entries open a window: only the first, or any")
    ] = "first"
    equal_timestamps: Annotated[
        Literal["in_step_order", "never"],
        Field(description="Two steps at the same instant count in the order of the steps, or never"),
    ] = "in_step_order"
    exclusions: Annotated[
        list[FunnelExclusion],
        Field(
            default_factory=list,
            description="People who do this between two steps (by number, `after` and `before`) are left out",
        ),
    ]

    @model_validator(mode="after")
    def _fits_together(self) -> "Completion":
        if self.steps[0].optional:
            raise ValueError("the first step is the entry, so it cannot be optional")
        if self.order != "ordered" and any(step.optional for step in self.steps):
            raise ValueError('optional steps go with order = "ordered"')
        selectors = [step.selector for step in self.steps]
        # raises ValueError where too many steps could be the same event
        (contests_in_any_order if self.order == "any" else contests_in_order)(selectors)
        if self.order == "strict_allow_repeats" and any(a == b for a, b in pairwise(selectors)):
            raise ValueError('order = "strict_allow_repeats" skips repeats, so a step cannot follow itself')
        for exclusion in self.exclusions:
            before = exclusion.before or len(self.steps)
            if not exclusion.after < before <= len(self.steps):
                raise ValueError(f"an exclusion must be after one step and before a later one, of {len(self.steps)}")
            if self.steps[exclusion.after - 1].optional:
                raise ValueError(
                    "an exclusion cannot be after a step that may be skipped; name the required one before it"
                )
            if self.order == "any" and (exclusion.after, before) != (1, len(self.steps)):
                raise ValueError('with order = "any" an exclusion has no `after` and `before`')
            if exclusion.selector in selectors[exclusion.after - 1 : before]:
                raise ValueError(
                    f'"{label(exclusion.selector)}" is a step and an exclusion between the same steps: nobody could '
                    "do it; narrow one of them with `where`, or move the exclusion with `after` and `before`"
                )
        return self

    def roles(self) -> dict[str, list[str]]:
        steps = [step.selector for step in self.steps]
        roles = {
            "entry": sorted(set(steps)) if self.order == "any" else steps[:1],
            "step": steps,
            "exclusion": [exclusion.selector for exclusion in self.exclusions],
        }
        return {**roles, "between": [ANY]} if self.order.startswith("strict") else roles

    def timed_roles(self) -> set[str]:
        return {"step", "exclusion", "between"}

    def options(self) -> dict[str, Any]:
        return {"window_us": microseconds(self.window), "period": self.period}

    def days_until_final(self) -> int:
        # with any entry, somebody may try again after any time, so every cohort can still change
        if self.entry == "any":
            return FOREVER_DAYS
        return super().days_until_final() + PERIOD_DAYS[self.period]

    def rows_of_number(self) -> Sequence[int]:
        return range(2, len(self.steps) + 1)  # everybody is at step 1

    def why_no_goal(self) -> str | None:
        if self.entry == "any" or not (self.exclusions or self.order.startswith("strict")):
            return None
        return (
            "people whose first entry was cut off before they saw a variant could never reach it, and would still be "
            'counted; give it entry = "any", or leave out `exclusions` and strict order'
        )

    def funnel_queries(self, name: str) -> FunnelQueries:
        return funnel_queries(name, self)

    def is_optional(self, role: str, position: int) -> bool:
        return role == "step" and self.steps[position - 1].optional

    def label_of(self, role: str, position: int) -> str:
        if self.order == "any" and role == "step":
            return f"any {position} of {len(self.steps)} steps"
        return super().label_of(role, position)

    def explain(self) -> str:
        steps = ", then ".join(
            f'"{label(step.selector)}"{" (may be skipped)" if step.optional else ""}' for step in self.steps
        )
        order = {
            "ordered": "in this order, other things may come between",
            "strict": "with nothing else between",
            "strict_allow_repeats": "with nothing between but the same step again",
            "any": "in any order",
        }[self.order]
        entry = "the first entry" if self.entry == "first" else "the attempt that got furthest"
        without = " or ".join(f'"{label(exclusion.selector)}"' for exclusion in self.exclusions)
        return f"How many {self.who()} do {steps}: {order}, all within {length(self.window)}; {entry} counts." + (
            f" Who does {without} on the way is left out." if without else ""
        )


class CompletionRow(MetricRow):
    """One row per definition, cohort, segment and funnel step."""

    cohort: date = Field(description="First day of the period of the people's first entry ever, project's timezone")
    step: int = Field(description="Number of the step, 1 is the entry; with order any, how many steps were done")
    event: str = Field(description="What counts as this step")
    entered: int = Field(description="People who entered at step 1")
    reached: int = Field(description="Those who reached this step, so far")
    excluded: int = Field(description="People left out of the funnel because they did an exclusion between its steps")
    dropped: int = Field(description="Reached the required step before but not this one, and their window has ended")
    in_progress: int = Field(description="Reached the required step before but not this one, and still have time")
    rate_of_start: float | None = Field(description="reached / entered; null while open")
    rate_of_previous: float | None = Field(description="reached / reached of the required step before; null while open")
    median_seconds_from_previous: float | None = Field(
        description="Median time since the last step reached before this one, of those who reached it"
    )
    average_seconds_from_previous: float | None = Field(description="Average of the same times")


FAMILY = Family(
    "completion",
    Completion,
    CompletionRow,
    "cohort",
    (
        share("rate_of_start", "reached", "entered", by="step"),
        Number("rate_of_previous", by="step"),
        Number("median_seconds_from_previous", by="step", lower_is_better=True),
    ),
    people=People("entered", are_once=True),
)
