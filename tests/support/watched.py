"""Series for the tests of goals and alerts, from counts of each day, without a lake."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any

from daybreak.definitions.alerts import Alert
from daybreak.definitions.chosen import choose
from daybreak.definitions.goals import ChosenNumber
from daybreak.engine.calendar import DAY, Calendar
from daybreak.watch.episodes import Watched
from daybreak.watch.series import Point, Series
from support.journeys import project

FIRST_DAY = date(2026, 1, 5)
"""A Monday."""
DEFINITIONS = """
[segments.role]
trait = "role"
[activation.first]
description = "d"
start = "S"
milestone = "V"
window = "1d"
segments = ["role"]
[adoption.trailing]
description = "d"
feature = "V"
window = "14d"
[active_people.all_of_them]
description = "d"
[churn.weekly]
description = "d"
period = "week"
[conversion.monthly]
description = "d"
start = "S"
upgrade = "V"
window = "1d"
[retention.monthly]
description = "d"
start = "S"
return = "V"
period = "month"
periods = 1
"""


def watching(alert: str, name: str = "a") -> Watched:
    """The alert of these lines of TOML, as the job sees it."""
    asked = project(f"{DEFINITIONS}[alert.{name}]\n{alert}")
    found: Alert = asked.alerts[name]
    chosen = choose(asked.definitions, found.metric, found) if found.metric else None
    return Watched(name, found, chosen, "version")


def day(number: int) -> date:
    """Day 1, 2, 3 …"""
    return FIRST_DAY + timedelta(days=number - 1)


def series(metric: str, counts: Iterable[tuple[int, int]], first: date = FIRST_DAY, **fields: Any) -> Series:
    """Reached and people of each day (or week, or month) from the first, all of them complete; `fields` choose a row."""
    chosen = choose(project(DEFINITIONS).definitions, metric, ChosenNumber(**fields))
    calendar = Calendar(project(DEFINITIONS).zone, "monday")
    points, begins = {}, first
    for reached, people in counts:
        number = calendar.number(chosen.period, begins) + 1
        ends = calendar.first_day(chosen.period, number) - DAY
        value = reached / people if people else None
        points[ends] = Point(begins, ends, True, reached, people, value, people)
        begins = ends + DAY
    return Series(chosen, calendar, points)


def values(
    metric: str, column: str, numbers: Sequence[float | None], first: date = FIRST_DAY, people: int | None = None
) -> Series:
    """A number that is not a ratio, of each day; so many `people` are in each row."""
    chosen = choose(project(DEFINITIONS).definitions, metric, ChosenNumber(column=column))
    days = {first + n * DAY: number for n, number in enumerate(numbers)}
    points = {d: Point(d, d, True, None, None, number, people) for d, number in days.items()}
    return Series(chosen, Calendar(project(DEFINITIONS).zone, "monday"), points)
