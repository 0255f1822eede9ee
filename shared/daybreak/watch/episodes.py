"""Looks, morning after morning -> episodes: a change is spoken of once when it opens, weekly while it lasts, and once
when it is over.

An episode belongs to the morning on which it was first seen, with the number before it as it was then. While it lasts,
`now` is the number of each morning, and its message stays that of the morning that spoke of it. Nothing that
late events change later opens it again, moves it or removes it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from daybreak.definitions.alerts import Alert
from daybreak.definitions.chosen import Chosen
from daybreak.families.base import FEWEST_PEOPLE
from daybreak.families.registry import FAMILIES
from daybreak.families.selectors import label
from daybreak.lake.tables import AlertEpisode
from daybreak.watch import sentences
from daybreak.watch.looks import ABOVE, BELOW, FELL, ROSE, STOPPED, Look, enough_to_name, relative_change
from daybreak.watch.series import EVERYBODY, Group, Series

REMINDED_EVERY = timedelta(days=7)
SETTLED_AFTER = timedelta(days=28)
"""A change that has lasted so long is the new level: by then the 28 days before are of it, too."""
REMEMBERED = timedelta(days=35)
"""So long after an episode, the days that an alert compares with may hold days of it."""
RECOVERED, SETTLED, UNMEASURED, DROPPED = "recovered", "settled", "unmeasured", "dropped"
"""How an episode ends. Nothing is said of one that was dropped."""
MARGIN = 0.05
"""A number that has no test is back when it is on the right side of its limit by so much of it."""


@dataclass(frozen=True, slots=True)
class Watched:
    """An alert as its episodes name it. `version` is a hash of what it watches and how."""

    name: str
    alert: Alert
    chosen: Chosen | None
    version: str

    @property
    def subject(self) -> str:
        return self.chosen.metric if self.chosen else label(self.alert.event or "")


def next_morning(
    watched: Watched, was: Sequence[AlertEpisode], looks: Mapping[Group, Look], morning: date
) -> list[AlertEpisode]:
    """The episodes of one alert after this morning: those that were, and those that open.

    A morning that is repeated begins with its own episodes: one that it has opened stays open, one that it has closed
    stays closed, and nothing opens in place of it. Only the numbers of those that last are new.
    """
    mine = [episode for episode in was if episode.version == watched.version]
    taken = {_group(episode) for episode in mine if episode.closed in (None, morning)}
    kept = [_kept(watched, episode, looks.get(_group(episode)), morning) for episode in was]
    new = [
        _opened(watched, group, one, morning)
        for group, one in sorted(looks.items())
        if one.change and group not in taken and not _is_return(watched.alert, mine, group, one, morning)
    ]
    return [*kept, *new]


def may_be_named(episode: AlertEpisode, watched: Watched | None, groups: Mapping[Group, Series]) -> bool:
    """False for an episode of a value that today's rule would not have named on the morning on which it opened.

    An older version may have written it, and the table is kept. If the alert is gone or watches something else, nothing
    else counts the people than the episode itself, and its denominators only where nobody is in two rows.
    """
    group = _group(episode)
    if group == EVERYBODY:
        return True
    if watched and watched.version == episode.version and group in groups:
        return group in enough_to_name(watched.alert, {group: groups[group]}, episode.opened)
    family = FAMILIES.get(episode.subject.partition(".")[0])
    counts = [episode.now_people] if episode.change in (BELOW, ABOVE) else [episode.now_people, episode.before_people]
    are_once = family is not None and family.people is not None and family.people.are_once
    return are_once and all(count is not None and count >= FEWEST_PEOPLE for count in counts)


def closed_unspoken(was: Sequence[AlertEpisode], morning: date) -> list[AlertEpisode]:
    """The episodes of an alert that daybreak.toml no longer has: over, and nothing is said."""
    return [e if e.closed else _dropped(e, morning) for e in was]


def _dropped(episode: AlertEpisode, morning: date) -> AlertEpisode:
    return episode.model_copy(update={"closed": morning, "ending": DROPPED})


def _kept(watched: Watched, episode: AlertEpisode, one: Look | None, morning: date) -> AlertEpisode:
    """The episode after this morning: as it was, reminded of, or over."""
    if episode.closed is not None:
        return episode
    if episode.version != watched.version:  # it watches something else now
        return _dropped(episode, morning)
    alert, chosen, group = watched.alert, watched.chosen, _group(episode)
    is_old = morning - episode.opened >= SETTLED_AFTER
    if one is None:
        if not is_old:
            return episode.model_copy(update={"now": None, "now_people": None})
        message = sentences.unmeasured(alert, chosen, group, episode)
        over = {"closed": morning, "ending": UNMEASURED, "spoken": morning, "message": message}
        return episode.model_copy(update=over)
    numbers = {"now": one.now.value, "now_people": one.now.people}
    seen = {"spoken": morning, **numbers}
    if episode.opened == morning:  # this morning is repeated
        return episode.model_copy(update=numbers)
    if _is_back(alert, episode, one):
        message = sentences.recovered(alert, chosen, group, episode, one)
        return episode.model_copy(update={**seen, "closed": morning, "ending": RECOVERED, "message": message})
    if is_old and episode.change not in (BELOW, ABOVE):  # a limit stays a limit
        message = sentences.settled(alert, chosen, group, episode, one)
        return episode.model_copy(update={**seen, "closed": morning, "ending": SETTLED, "message": message})
    if morning - episode.spoken >= REMINDED_EVERY:
        message = sentences.still(alert, chosen, group, episode, one)
        return episode.model_copy(update={**seen, "message": message})
    return episode.model_copy(update=numbers)


def _is_back(alert: Alert, episode: AlertEpisode, one: Look) -> bool:
    """True once the number is back. Of a fall or a rise: within half of the smallest change to speak of, so that an
    alert does not open and close by turns. Of a limit: on its right side. Of an event: as soon as it comes.
    """
    now, before = one.now.value, episode.before or 0.0
    if episode.change == STOPPED:
        return now > 0
    if episode.change in (BELOW, ABOVE):
        limit = one.before.value
        margin = 0.0 if one.p is not None else MARGIN * abs(limit)
        return now >= limit + margin if episode.change == BELOW else now <= limit - margin
    change = relative_change(now, before)
    near = alert.smallest_change / 2
    return change > -near if episode.change == FELL else change < near


def _is_return(alert: Alert, mine: Sequence[AlertEpisode], group: Group, one: Look, morning: date) -> bool:
    """True if the change only undoes an episode: after a fall that is over, the 28 days before are still low."""
    opposite = {FELL: ROSE, ROSE: FELL}.get(one.change or "")
    return any(
        episode.change == opposite
        and _group(episode) == group
        and episode.closed is not None
        and morning - episode.closed < REMEMBERED
        and abs(relative_change(one.now.value, episode.before or 0.0)) < alert.smallest_change
        for episode in mine
    )


def _opened(watched: Watched, group: Group, one: Look, morning: date) -> AlertEpisode:
    return AlertEpisode(
        alert=watched.name,
        description=watched.alert.description,
        subject=watched.subject,
        version=watched.version,
        number=watched.chosen.label if watched.chosen else None,
        segment=group[0],
        segment_value=group[1],
        change=one.change or "",
        opened=morning,
        closed=None,
        ending=None,
        spoken=morning,
        now=one.now.value,
        now_people=one.now.people,
        before=one.before.value,
        before_people=one.before.people,
        p_value=one.p,
        message=sentences.opened(watched.alert, watched.chosen, group, one),
    )


def _group(episode: AlertEpisode) -> Group:
    return (episode.segment, episode.segment_value) if episode.segment else EVERYBODY
