"""A computation: a family, a day, and the oldest days or cohorts to compute."""

from dataclasses import dataclass
from datetime import date, datetime

from daybreak.engine.calendar import EPOCH
from daybreak.families.base import Definition, Family


@dataclass(frozen=True, slots=True)
class Computation:
    """A family, the last day that it counts, and the oldest days or cohorts whose rows may have changed.

    `until` is the first instant not counted, UTC and naive; normally the end of `last_day`.
    `recompute_from`: definition -> the oldest day or cohort to compute.
    """

    family: Family
    last_day: date
    until: datetime
    recompute_from: dict[str, date]

    def first_partition(self, name: str) -> date:
        """The oldest day or cohort to compute; a goal is computed for everybody who was ever exposed."""
        return self.recompute_from.get(name, EPOCH)


def with_goals(definitions: dict[str, Definition]) -> dict[str, Definition]:
    """The definitions and their goals, which have names of their own."""
    goals = {goal_of(name): goal for name, d in definitions.items() if (goal := d.goal_counted_beside())}
    return {**definitions, **goals}


def goal_of(name: str) -> str:
    """The name of a definition's goal in the input tables."""
    return f"goal of {name}"
