"""What is said of an episode: one sentence in English, with the numbers and without the id of any person."""

import json
from datetime import date

from daybreak.definitions.alerts import Alert
from daybreak.definitions.chosen import Chosen
from daybreak.engine.calendar import DAY
from daybreak.families.selectors import label
from daybreak.lake.tables import AlertEpisode
from daybreak.watch.looks import ABOVE, BEFORE_DAYS, BELOW, FELL, NOW_DAYS, STOPPED_FOR, Look, relative_change
from daybreak.watch.series import EVERYBODY, Group, Measured

_UNITS = (("days", 86_400), ("hours", 3_600), ("minutes", 60))


def written(chosen: Chosen, value: float) -> str:
    """A number as people read it: 33.4 %, 2.5 hours, 1,240, 0.62."""
    if chosen.number.is_share:
        return f"{100 * value:.1f} %"
    if chosen.number.column.endswith("_seconds"):
        unit, size = next(((unit, size) for unit, size in _UNITS if abs(value) >= 2 * size), ("seconds", 1))
        return f"{value / size:.1f} {unit}"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.2f}".rstrip("0").rstrip(".")


def subject_of(alert: Alert, chosen: Chosen | None, group: Group) -> str:
    """The subject of the sentence: a number of a definition, with the group if it is not everybody, or an event."""
    if chosen is None:
        return f'"{label(alert.event or "")}"'
    which = "" if group == EVERYBODY else f" of {group[0]} {json.dumps(group[1], ensure_ascii=False)}"
    return f"{chosen.metric} ({chosen.label}){which}"


def opened(alert: Alert, chosen: Chosen | None, group: Group, one: Look) -> str:
    subject = subject_of(alert, chosen, group)
    if chosen is None:
        came = f"before, it came {one.before.value:,.1f} times a day"
        return f"{subject} has stopped: none came in the {_stopped_days(alert)} days to {one.end}; {came}."
    now = f"{_counted(chosen, one.now)} {_span(chosen, one.end)}"
    if one.change in (BELOW, ABOVE):
        return f"{subject} is {one.change} {written(chosen, one.before.value)}: {now}."
    change = relative_change(one.now.value, one.before.value)
    by = "" if change == float("inf") else f" by {abs(change):.0%}".replace("%", " %")
    return f"{subject} {one.change}{by}: {now}, after {_counted(chosen, one.before)} in {_before(chosen)}."


def still(alert: Alert, chosen: Chosen | None, group: Group, episode: AlertEpisode, one: Look) -> str:
    subject = subject_of(alert, chosen, group)
    if chosen is None:
        return f"{subject} still does not come; this was first seen on {episode.opened}."
    return (
        f"{subject} {_has(episode)} since {episode.opened}: {_counted(chosen, one.now)} {_span(chosen, one.end)}; "
        f"{_against(chosen, episode)}."
    )


def recovered(alert: Alert, chosen: Chosen | None, group: Group, episode: AlertEpisode, one: Look) -> str:
    subject = subject_of(alert, chosen, group)
    if chosen is None:
        return f"{subject} comes again: {one.now.value:,.0f} in the {_stopped_days(alert)} days to {one.end}."
    now = f"{_counted(chosen, one.now)} {_span(chosen, one.end)}"
    if episode.change in (BELOW, ABOVE):
        limit = written(chosen, one.before.value)
        return f"{subject} is no longer {episode.change} {limit}: {now}; it was since {episode.opened}."
    return f"{subject} is back: {now}; it had {_verb(episode)} from {_before_of(chosen, episode)} ({episode.opened})."


def settled(alert: Alert, chosen: Chosen | None, group: Group, episode: AlertEpisode, one: Look) -> str:
    subject = subject_of(alert, chosen, group)
    if chosen is None:
        return f"{subject} has not come since {episode.opened}; the alert ends and waits until it comes daily again."
    return (
        f"{subject} has stayed at {_counted(chosen, one.now)} since {episode.opened}; {_against(chosen, episode)}. The "
        "alert ends and from now on compares with the new level."
    )


def unmeasured(alert: Alert, chosen: Chosen | None, group: Group, episode: AlertEpisode) -> str:
    subject = subject_of(alert, chosen, group)
    return f"{subject} can no longer be measured: too few people. The alert of {episode.opened} ends."


def _counted(chosen: Chosen, measured: Measured) -> str:
    number = written(chosen, measured.value)
    return f"{number} ({measured.arm.reached:,} of {measured.arm.finished:,})" if measured.arm else number


def _span(chosen: Chosen, end: date) -> str:
    if chosen.family.trailing and chosen.number.numerator:
        return f"as of {end}"
    if chosen.period == "month":
        return f"in the month to {end}"
    return f"in the {NOW_DAYS} days to {end}"


def _before(chosen: Chosen) -> str:
    days = chosen.window_days
    return f"the row {days} days earlier" if days else f"the {BEFORE_DAYS} days before"


def _has(episode: AlertEpisode) -> str:
    if episode.change in (BELOW, ABOVE):
        return f"has been {episode.change} its limit"
    return "has been low" if episode.change == FELL else "has been high"


def _against(chosen: Chosen, episode: AlertEpisode) -> str:
    return f"{'the limit is' if episode.change in (BELOW, ABOVE) else 'before, it was'} {_before_of(chosen, episode)}"


def _before_of(chosen: Chosen, episode: AlertEpisode) -> str:
    return written(chosen, episode.before or 0.0)


def _verb(episode: AlertEpisode) -> str:
    return "fallen" if episode.change == FELL else "risen"


def _stopped_days(alert: Alert) -> int:
    return (alert.for_ or STOPPED_FOR) // DAY
