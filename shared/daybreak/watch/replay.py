"""An alert over all of history: on which mornings would it have spoken?

It reads the rows as they are today, and takes each as complete from the morning on which its time was over. Late events
that have changed a row since then are in it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from daybreak.engine.calendar import DAY
from daybreak.lake.tables import AlertEpisode, RefusedAlert
from daybreak.watch.episodes import Watched, next_morning
from daybreak.watch.looks import Look
from daybreak.watch.series import Group


@dataclass(frozen=True, slots=True)
class Morning:
    """A morning on which the alert would have spoken of an episode. `says`: opened, reminded or over."""

    morning: date
    says: str
    episode: AlertEpisode


@dataclass(frozen=True, slots=True)
class Replayed:
    """The mornings on which an alert would have spoken, of all until `last`; and why it is refused on the last one."""

    last: date
    mornings: list[Morning]
    refused: RefusedAlert | None


LookOn = Callable[[Sequence[AlertEpisode], date], tuple[Mapping[Group, Look], RefusedAlert | None]]
"""The look on a morning that begins with these episodes, or why there is none."""


def replay(watched: Watched, look_on: LookOn, first: date | None, last: date) -> Replayed:
    """Every morning from `first` to `last` on which it would have spoken, by its look on each morning."""
    episodes: list[AlertEpisode] = []
    spoken: list[Morning] = []
    refused = None
    for n in range((last - first).days + 1 if first else 0):
        morning = (first or last) + n * DAY
        looks, refused = look_on(episodes, morning)
        episodes = next_morning(watched, episodes, looks, morning)
        spoken += [Morning(morning, _says(e, morning), e) for e in episodes if e.spoken == morning]
    return Replayed(last, spoken, refused)


def _says(episode: AlertEpisode, morning: date) -> str:
    if episode.closed == morning:
        return "over"
    return "opened" if episode.opened == morning else "reminded"
