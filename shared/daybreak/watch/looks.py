"""One morning's look at what an alert watches: is there a change to speak of?

falls, rises, changes: the last 7 complete days against the 28 before them, so whole weeks on both sides. below, above:
the last 7 complete days against the limit. stops: the last days of an event against the 28 before them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from daybreak.definitions.alerts import COMPARED, Alert
from daybreak.engine.calendar import DAY
from daybreak.families.base import FEWEST_PEOPLE
from daybreak.families.experiment_statistics import Arm, holm
from daybreak.watch import chance
from daybreak.watch.series import EVERYBODY, Group, Measured, Series, share_of

NOW_DAYS, BEFORE_DAYS = 7, 28
PAST_WEEKS = 12
"""The spread is that of so many weeks before the last 7 days, or of as many as there are."""
CAME_ON = 25
"""An event can stop that came on so many of 28 days."""
STOPPED_FOR = timedelta(days=2)

FELL, ROSE, BELOW, ABOVE, STOPPED = "fell", "rose", "below", "above", "stopped"
_SPOKEN_OF = {"falls": {FELL}, "rises": {ROSE}, "changes": {FELL, ROSE}}


@dataclass(frozen=True, slots=True)
class Look:
    """Of one group: the number, that before it (or the limit), and the change, if there is one to speak of."""

    end: date
    """The last day of `now`."""
    now: Measured
    before: Measured
    p: float | None = None
    change: str | None = None
    """fell, rose, below, above or stopped; None if there is nothing to speak of."""


@dataclass(frozen=True, slots=True)
class Sides:
    """What a test compares: two times, and how far past weeks were spread."""

    now: Arm
    before: Arm
    spread: float


def look(alert: Alert, groups: Mapping[Group, Series], known: date) -> dict[Group, Look]:
    """The look at each group that may be named and has enough people, when all until the end of `known` is known.

    Everybody is tested by itself; the p values of the values of segments are corrected together by Holm's method.
    """
    groups = enough_to_name(alert, groups, known)
    if alert.when not in COMPARED:
        looks = {group: found for group, one in groups.items() if (found := _against_limit(alert, one, known))}
    else:
        looks = {group: found for group, one in groups.items() if (found := _against_before(one, known))}
    parts = [group for group in looks if group != EVERYBODY]
    corrected = dict(zip(parts, holm([looks[group].p for group in parts]), strict=True))
    looks = {group: replace(one, p=corrected.get(group, one.p)) for group, one in looks.items()}
    return {group: replace(one, change=change_of(alert, one)) for group, one in looks.items()}


def enough_to_name(alert: Alert, groups: Mapping[Group, Series], known: date) -> dict[Group, Series]:
    """Everybody, and the values of segments that are known to be of enough different people on each side.

    An e-mail address, a name or an id belongs to one person. An alert goes into mail, chat and a table that is kept, so
    it must not name one; neither days nor answers count for people.
    """
    return {group: one for group, one in groups.items() if group == EVERYBODY or _has_enough(alert, one, known)}


def look_at_event(alert: Alert, counts: Mapping[date, int], known: date) -> dict[Group, Look]:
    """The look at an event's number of each day: `now` is how many came lately, `before` the mean of the 28 days."""
    days = (alert.for_ or STOPPED_FOR) // DAY
    lately = sum(counts.get(known - n * DAY, 0) for n in range(days))
    earlier = [counts.get(known - n * DAY, 0) for n in range(days, days + BEFORE_DAYS)]
    change = STOPPED if not lately and sum(map(bool, earlier)) >= CAME_ON else None
    return {EVERYBODY: Look(known, Measured(lately), Measured(sum(earlier) / BEFORE_DAYS), change=change)}


def change_of(alert: Alert, one: Look) -> str | None:
    """The change to speak of: unlikely by chance, and at least as large as the alert asks for."""
    if one.p is not None and one.p >= alert.likelihood:
        return None
    if alert.limit is not None:
        return _beyond(alert.when, one.now.value, alert.limit)
    change = relative_change(one.now.value, one.before.value)
    which = FELL if change < 0 else ROSE
    return which if abs(change) >= alert.smallest_change and which in _SPOKEN_OF[alert.when] else None


def relative_change(now: float, before: float) -> float:
    """By how much of the number before it has changed: -0.2 is a fall by a fifth."""
    if not before:
        return float("inf") if now else 0.0
    return now / before - 1


def compared_days(one: Series) -> tuple[int, int]:
    """How many days a comparison reads, and how many before them."""
    window = one.chosen.window_days
    return (window, window) if window else (NOW_DAYS, BEFORE_DAYS)


def sides(one: Series, known: date) -> Sides | None:
    """The two times that a comparison is about; None where the history is too short or either has too few people."""
    end, (days, before_days) = one.last_complete(known), compared_days(one)
    if not one.has_days(end, days + before_days):
        return None
    now, before = one.over(end, days), one.over(end - days * DAY, before_days)
    if not (now and now.arm and before and before.arm):
        return None
    if min(now.arm.finished, before.arm.finished) < FEWEST_PEOPLE:
        return None
    return Sides(now.arm, before.arm, spread_before(one, end))


def enough_now(one: Series, known: date) -> Measured | None:
    """The last 7 complete days, if there are so many and they have enough people; a number without people counts as it
    is.
    """
    end = one.last_complete(known)
    if not one.has_days(end, NOW_DAYS):
        return None
    now = one.over(end, NOW_DAYS)
    return now if now and (now.people is None or now.people >= FEWEST_PEOPLE) else None


def _has_enough(alert: Alert, one: Series, known: date) -> bool:
    end = one.last_complete(known)
    if alert.when not in COMPARED:
        return one.different_people(end, NOW_DAYS) >= FEWEST_PEOPLE
    days, before_days = compared_days(one)
    counts = one.different_people(end, days), one.different_people(end - days * DAY, before_days)
    return min(counts) >= FEWEST_PEOPLE


def _against_before(one: Series, known: date) -> Look | None:
    found = sides(one, known)
    if found is None:
        return None
    p = chance.of_change(found.now, found.before, found.spread)
    return Look(one.last_complete(known), share_of(found.now), share_of(found.before), p)


def _against_limit(alert: Alert, one: Series, known: date) -> Look | None:
    now, limit, end = enough_now(one, known), alert.limit, one.last_complete(known)
    if now is None or limit is None:
        return None
    p = chance.of_distance(now.arm, limit) if now.arm else None
    return Look(end, now, Measured(limit), p)


def spread_before(one: Series, end: date) -> float:
    """The spread of the past weeks, or past windows, before the last one."""
    days = one.chosen.window_days or NOW_DAYS
    past = [one.over(end - n * days * DAY, days) for n in range(PAST_WEEKS, 0, -1)]
    return chance.spread([week.arm for week in past if week and week.arm])


def _beyond(when: str, value: float, limit: float) -> str | None:
    if when == "below":
        return BELOW if value < limit else None
    return ABOVE if value > limit else None
