"""Which figure stands in which section, and in which order: the order of the page."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from daybreak.page.figures.active_days import active_days
from daybreak.page.figures.active_people import active_people
from daybreak.page.figures.experiment import experiment
from daybreak.page.figures.funnel import funnel
from daybreak.page.figures.lifecycle import lifecycle
from daybreak.page.figures.plain import plain
from daybreak.page.figures.retention import retention
from daybreak.page.figures.survey import survey
from daybreak.page.figures.time_to_value import time_to_value
from daybreak.page.figures.trend import trend
from daybreak.page.markup import Markup
from daybreak.page.read import Measured
from daybreak.page.view import View

Figure = Callable[[Measured, View], Markup | None]

FIGURES: dict[str, Figure] = {
    "activation": trend,
    "active_days": active_days,
    "active_people": active_people,
    "adoption": trend,
    "breadth": trend,
    "campaign": trend,
    "churn": trend,
    "completion": funnel,
    "conversion": trend,
    "experiment": experiment,
    "lifecycle": lifecycle,
    "retention": retention,
    "support_load": trend,
    "survey": survey,
    "time_to_value": time_to_value,
}
"""Family -> its figure, where it has one of its own."""

SECTIONS = {
    "start": ("activation",),
    "stop": ("completion",),
    "long": ("time_to_value",),
    "stay": ("retention",),
    "here": ("active_people", "lifecycle", "active_days", "churn"),
    "use": ("adoption", "breadth"),
    "pay": ("conversion",),
    "helped": ("experiment", "campaign"),
    "accounts": (),
    "say": ("survey",),
    "support": ("support_load",),
    "other": (),
}
"""Section -> its families, of people. Whatever is counted of accounts stands in the section of accounts,
and a family that stands nowhere here in the last one."""
WIDE = ("completion", "time_to_value", "retention", "experiment")
"""The families whose figures take the whole width."""


@dataclass(frozen=True, slots=True)
class Section:
    name: str
    figures: list[Markup]


def figure_of(measured: Measured, view: View) -> Markup | None:
    """The figure of a definition; None while it has no row."""
    return FIGURES.get(measured.family.name, plain)(measured, view)


def sections(view: View) -> Iterator[Section]:
    """Every section that has a figure."""
    for name, families in SECTIONS.items():
        if name == "accounts":
            accounts = [m for m in view.data.measured if m.definition.actor == "account"]
            chosen = sorted(accounts, key=lambda m: m.family.name in WIDE)  # so that no hole is left beside one
        else:
            named = (
                families if name != "other" else sorted({m.family.name for m in view.data.measured} - FIGURES.keys())
            )
            mine = [m for family in named for m in view.data.measured if m.family.name == family]
            chosen = [m for m in mine if m.definition.actor == "person"]
        figures = [figure for m in chosen if (figure := figure_of(m, view))]
        if figures:
            yield Section(name, figures)
