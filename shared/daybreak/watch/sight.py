"""The smallest change that an alert can see, with the people that come: on few people it sees only large ones."""

from bisect import bisect_left
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from daybreak.definitions.alerts import Alert
from daybreak.definitions.chosen import Chosen
from daybreak.engine.calendar import DAY
from daybreak.families.experiment_statistics import Arm
from daybreak.watch import chance
from daybreak.watch.episodes import Watched
from daybreak.watch.looks import (
    BEFORE_DAYS,
    CAME_ON,
    FEWEST_PEOPLE,
    NOW_DAYS,
    STOPPED_FOR,
    Look,
    change_of,
    enough_now,
    enough_to_name,
    sides,
)
from daybreak.watch.sentences import subject_of, written
from daybreak.watch.series import EVERYBODY, Group, Measured, Series, share_of


@dataclass(frozen=True, slots=True)
class Sight:
    """Of one alert and group: the people of 7 days, and the numbers nearest to the present one that would open it."""

    alert: str
    segment: str
    segment_value: str
    message: str
    people: int | None = None
    falls_to: float | None = None
    rises_to: float | None = None
    is_blind: bool = False
    """True if it could see nothing smaller than a total loss."""


@dataclass(frozen=True, slots=True)
class Nearest:
    """Of the people of the 7 days: the numbers of them that are nearest to the number before, and open the alert."""

    people: int
    before: float
    falls: int | None
    rises: int | None


def sights_of(watched: Watched, groups: Mapping[Group, Series], known: date) -> list[Sight]:
    """The sight of one alert on everybody, and on each value of its segments that has enough people."""
    groups = enough_to_name(watched.alert, groups, known)
    values = len(groups) - 1  # Holm's first step multiplies the smallest p of the values by their number
    found = {group: _sight(watched, group, one, known, values) for group, one in groups.items()}
    return [sight for group, sight in found.items() if group == EVERYBODY or sight.people is not None]


def sight_of_event(watched: Watched, counts: Mapping[date, int], known: date) -> Sight:
    """Whether an event comes often enough to be missed."""
    days = (watched.alert.for_ or STOPPED_FOR) // DAY
    came = sum(counts.get(known - n * DAY, 0) > 0 for n in range(days, days + BEFORE_DAYS))
    subject = subject_of(watched.alert, None, EVERYBODY)
    rule = f"it came on {came} of {BEFORE_DAYS} days, and an event can stop that came on {CAME_ON}"
    message = f"sees {subject} stop within {days} days: {rule}"
    if came < CAME_ON:
        message = f"cannot see {subject} stop: {rule}"
    return Sight(watched.name, *EVERYBODY, message)


def _sight(watched: Watched, group: Group, one: Series, known: date, values: int) -> Sight:
    alert, times = watched.alert, 1 if group == EVERYBODY else max(1, values)
    if alert.limit is not None:
        return _of_limit(watched, group, one, known, times)
    found = sides(one, known)
    if found is None:
        window = one.chosen.window_days
        days, lately = (2 * window, window) if window else (NOW_DAYS + BEFORE_DAYS, NOW_DAYS)
        needs = f"needs {days} complete days, with {FEWEST_PEOPLE} people in the last {lately} of them"
        return Sight(watched.name, *group, f"cannot see anything yet: {needs}")
    people, before, widened = found.now.finished, found.before, found.spread

    def opens(reached: int) -> bool:
        now = Arm(reached, people)
        p = min(1.0, times * chance.of_change(now, before, widened))
        return change_of(alert, Look(known, share_of(now), share_of(before), p)) is not None

    start = int(before.rate * people)
    falls = _first(opens, range(start, -1, -1)) if alert.when != "rises" else None
    rises = _first(opens, range(start, people + 1)) if alert.when != "falls" else None
    return _said(watched, one.chosen, group, Nearest(people, before.rate, falls, rises))


def _of_limit(watched: Watched, group: Group, one: Series, known: date, times: int) -> Sight:
    alert, now, limit = watched.alert, enough_now(one, known), watched.alert.limit or 0.0
    if now is None:
        return Sight(watched.name, *group, f"cannot see anything yet: needs {FEWEST_PEOPLE} people in {NOW_DAYS} days")
    if now.arm is None:
        message = f"sees every number {alert.when} {written(one.chosen, limit)}"
        return Sight(watched.name, *group, message, now.people)
    people = now.arm.finished

    def opens(reached: int) -> bool:
        p = min(1.0, times * chance.of_distance(Arm(reached, people), limit))
        return change_of(alert, Look(known, Measured(reached / people), Measured(limit), p)) is not None

    start = int(limit * people)
    falls = _first(opens, range(start, -1, -1)) if alert.when == "below" else None
    rises = _first(opens, range(start, people + 1)) if alert.when == "above" else None
    return _said(watched, one.chosen, group, Nearest(people, limit, falls, rises))


def _said(watched: Watched, chosen: Chosen, group: Group, near: Nearest) -> Sight:
    """The sight in words. A fall to nobody is a total loss."""
    downward = watched.alert.when in ("falls", "changes", "below")
    with_people = f"with {near.people:,} people in {chosen.window_days or NOW_DAYS} days"
    if not near.falls if downward else near.rises is None:
        message = f"could see nothing smaller than a total loss, {with_people}"
        return Sight(watched.name, *group, message, near.people, is_blind=True)
    counts = {"fall": near.falls, "rise": near.rises}
    shares = {verb: count / near.people for verb, count in counts.items() if count is not None}
    seen = [_move(watched.alert, chosen, near.before, to, verb) for verb, to in shares.items()]
    message = f"sees {' and '.join(seen)}, {with_people}"
    return Sight(watched.name, *group, message, near.people, shares.get("fall"), shares.get("rise"))


def _move(alert: Alert, chosen: Chosen, before: float, to: float, verb: str) -> str:
    if alert.limit is not None:
        return f"{written(chosen, to)} and {'lower' if verb == 'fall' else 'higher'}"
    by = f" (by {abs(to / before - 1):.0%})".replace("%", " %") if before else ""
    return f"a {verb} from {written(chosen, before)} to {written(chosen, to)}{by}"


def _first(opens: Callable[[int], bool], counts: range) -> int | None:
    """The first of these counts that opens the alert; each count further away opens it, too."""
    nth = bisect_left(counts, True, key=opens)
    return counts[nth] if nth < len(counts) else None
