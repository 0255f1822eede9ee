"""The smallest change that an alert can see, with the people that come: on few people it sees only large ones.

An alert that could see nothing smaller than a total loss is refused: it is not looked at until it can see again.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from daybreak.definitions.alerts import Alert
from daybreak.definitions.chosen import Chosen
from daybreak.engine.calendar import DAY
from daybreak.families.base import FEWEST_PEOPLE
from daybreak.families.experiment_statistics import Arm
from daybreak.lake.tables import AlertEpisode, RefusedAlert
from daybreak.watch import chance
from daybreak.watch.episodes import REMEMBERED, Watched
from daybreak.watch.looks import (
    BEFORE_DAYS,
    CAME_ON,
    NOW_DAYS,
    STOPPED_FOR,
    Look,
    change_of,
    enough_now,
    enough_to_name,
    look,
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
    refused: RefusedAlert | None = None
    """Set if it could see nothing smaller than a total loss."""


@dataclass(frozen=True, slots=True)
class Nearest:
    """Of the people of the 7 days: the numbers of them that are nearest to the number before, and open the alert."""

    people: int
    days: int
    before: float
    """The number before, or the limit."""
    falls: int | None
    rises: int | None


def sights_of(watched: Watched, groups: Mapping[Group, Series], known: date) -> list[Sight]:
    """The sight of one alert on everybody, and on each value of its segments that has enough people."""
    groups = enough_to_name(watched.alert, groups, known)
    values = len(groups) - 1  # Holm's first step multiplies the smallest p of the values by their number
    found = {group: _sight(watched, group, one, known, values) for group, one in groups.items()}
    return [sight for group, sight in found.items() if group == EVERYBODY or sight.people is not None]


def refused_of(sights: Iterable[Sight]) -> list[RefusedAlert]:
    """The alerts that are refused: those that are blind for everybody and for each value that they look at."""
    of_alerts = [list(found) for _, found in groupby(sights, key=lambda sight: sight.alert)]
    blind = [found for found in of_alerts if all(sight.refused for sight in found)]
    return [s.refused for found in blind for s in found if s.refused and (s.segment, s.segment_value) == EVERYBODY]


def look_or_refuse(
    watched: Watched, groups: Mapping[Group, Series], was: Sequence[AlertEpisode], known: date
) -> tuple[dict[Group, Look], RefusedAlert | None]:
    """This morning's look, or why there is none.

    An episode that lasts is looked at until it is over, because the people or the number that have become small may be
    its doing. So is the time after it, while the 28 days before still hold it.
    """
    mine = [episode.closed for episode in was if episode.version == watched.version]
    is_recent = any(closed is None or known - closed < REMEMBERED for closed in mine)
    refused = [] if is_recent else refused_of(sights_of(watched, groups, known))
    return ({}, refused[0]) if refused else (look(watched.alert, groups, known), None)


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
    days = one.chosen.window_days or NOW_DAYS
    return _said(watched, one.chosen, group, Nearest(people, days, before.rate, falls, rises))


def _of_limit(watched: Watched, group: Group, one: Series, known: date, times: int) -> Sight:
    alert, now, limit = watched.alert, enough_now(one, known), watched.alert.limit or 0.0
    end = one.last_complete(known)
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
    sight = _said(watched, one.chosen, group, Nearest(people, len(one.days_of(end, NOW_DAYS)), limit, falls, rises))
    if sight.refused and not one.has_days(end, NOW_DAYS + BEFORE_DAYS):  # its people may still be on their way
        return Sight(watched.name, *group, f"cannot see anything yet: {people:,} people are too few for its limit")
    return sight


def _said(watched: Watched, chosen: Chosen, group: Group, near: Nearest) -> Sight:
    """The sight in words. A fall to nobody is a total loss."""
    alert, with_people = watched.alert, f"with {near.people:,} people in {near.days} days"
    counts = {"fall": near.falls or None, "rise": near.rises}
    shares = {verb: count / near.people for verb, count in counts.items() if count is not None}
    if not shares:
        return _blind(watched, chosen, group, near, with_people)
    seen = [_move(alert, chosen, near.before, to, verb) for verb, to in shares.items()]
    if alert.when == "changes" and "fall" not in shares:
        seen.append("no fall that is smaller than a total loss")
    message = f"sees {' and '.join(seen)}, {with_people}"
    return Sight(watched.name, *group, message, near.people, shares.get("fall"), shares.get("rise"))


def _blind(watched: Watched, chosen: Chosen, group: Group, near: Nearest, with_people: str) -> Sight:
    """The sight of an alert that sees nothing: for want of people, or because nothing is there to fall or to rise."""
    alert, when = watched.alert, watched.alert.when
    if (when, near.before) in (("falls", 0.0), ("rises", 1.0)):
        fully = written(chosen, near.before)
        return Sight(watched.name, *group, f"cannot see more than the {fully} that it already is", near.people)
    nothing = "could see nothing smaller than a total loss"
    more_people = "watch a number of more people"
    field, why, way_out = "metric", f"{nothing}, {with_people}", f'{more_people}, or an event with when = "stops"'
    if when == "rises" and near.before * (1 + alert.smallest_change) > 1:
        field, way_out = "by_at_least", "choose a smaller one"
        why = f"could see no rise, because {alert.by_at_least} more than {written(chosen, near.before)} is over 100 %"
    elif when == "rises":
        why, way_out = f"could see no rise, not even to 100 %, {with_people}", more_people
    elif when == "below":
        field, way_out = "limit", f"{more_people}, or choose a limit further from 0 %"
    elif when == "above":
        field, way_out = "limit", f"{more_people}, or choose a limit further from 100 %"
        why = f"could not even see 100 %, {with_people}"
    sentence = f"[alert.{watched.name}] {field}: {why}; {way_out}"
    refused = RefusedAlert(alert=watched.name, field=field, people=near.people, days=near.days, message=sentence)
    return Sight(watched.name, *group, why, near.people, refused=refused)


def _move(alert: Alert, chosen: Chosen, before: float, to: float, verb: str) -> str:
    if alert.limit is not None:
        return f"{written(chosen, to)} and {'lower' if verb == 'fall' else 'higher'}"
    by = f" (by {abs(to / before - 1):.0%})".replace("%", " %") if before else ""
    return f"a {verb} from {written(chosen, before)} to {written(chosen, to)}{by}"


def _first(opens: Callable[[int], bool], counts: range) -> int | None:
    """The first of these counts that opens the alert; each count further away opens it, too."""
    nth = bisect_left(counts, True, key=opens)
    return counts[nth] if nth < len(counts) else None
