"""An alert over all of history: on which mornings would it have spoken?

It reads the rows as they are today, and takes each as complete from the morning on which its time was over. Late events
that have changed a row since then are in it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from daybreak.engine.calendar import DAY
from daybreak.lake.tables import AlertEpisode
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
    """The mornings on which an alert would have spoken, of all until `last`."""

    last: date
    mornings: list[Morning]


def replay(
    watched: Watched, look_on: Callable[[date], Mapping[Group, Look]], first: date | None, last: date
) -> Replayed:
    """Every morning from `first` to `last` on which it would have spoken, by its look on each morning."""
    episodes: list[AlertEpisode] = []
    spoken: list[Morning] = []
    for n in range((last - first).days + 1 if first else 0):
        morning = (first or last) + n * DAY
        episodes = next_morning(watched, episodes, look_on(morning), morning)
        spoken += [Morning(morning, _says(e, morning), e) for e in episodes if e.spoken == morning]
    return Replayed(last, spoken)


def _says(episode: AlertEpisode, morning: date) -> str:
    if episode.closed == morning:
        return "over"
    return "opened" if episode.opened == morning else "reminded"
