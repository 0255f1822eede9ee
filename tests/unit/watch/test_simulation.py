"""Days of a product whose truth is known: how often does an alert speak for nothing, and how soon of a real fall?

A third of the people reach it, the rate moves by a tenth of itself from day to day, weekends bring half the people.
Everything is drawn with fixed seeds.
"""

from random import Random
from statistics import median

import pytest

from conftest import ROOT
from daybreak.definitions.alerts import Alert
from daybreak.engine.calendar import DAY
from daybreak.lake.tables import AlertEpisode
from daybreak.watch.episodes import next_morning
from daybreak.watch.looks import PAST_WEEKS, look
from daybreak.watch.series import EVERYBODY
from support.journeys import stride
from support.watched import FIRST_DAY, series, watching

RATE, FALLEN = 0.33, 0.22
BEGINS = (PAST_WEEKS + 5) * 7
"""From this day on, the past weeks are full."""
YEAR, YEARS = 365, 20
FALLS, NOT_SEEN = 100, 99
CERTAINTIES = ["high", "usual"] if stride(2) == 1 else ["high"]
"""Both in `make laws`."""


def drawn(random: Random, people_a_day: int, days: int, falls_on: int | None = None) -> list[tuple[int, int]]:
    """Reached and people of each day."""
    counts = []
    for day in range(days):
        mean = people_a_day * (0.5 if day % 7 >= 5 else 1)
        people = max(0, round(random.gauss(mean, mean**0.5)))
        rate = (FALLEN if falls_on is not None and day >= falls_on else RATE) * (1 + random.gauss(0, 0.1))
        counts.append((sum(random.random() < rate for _ in range(people)), people))
    return counts


def mornings(alert: Alert, counts: list[tuple[int, int]], first: int) -> list[str | None]:
    """What the alert sees on each day from `first` on, by itself: a change, or nothing."""
    group = {EVERYBODY: series("activation.first", counts)}
    days = range(first, len(counts))
    return [found[EVERYBODY].change for n in days if (found := look(alert, group, FIRST_DAY + (n + 1) * DAY))]


def page(certainty: str, people_a_day: int) -> list[str]:
    """What docs/alerts.md says about so many people: false-alarm days, how soon a fall is seen, how many are missed."""
    lines = (ROOT / "docs" / "alerts.md").read_text(encoding="utf-8").splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    return next(row[2:] for row in rows if row[:2] == [certainty, str(people_a_day)])


@pytest.mark.parametrize("certainty", CERTAINTIES)
@pytest.mark.parametrize("people_a_day", [15, 60, 300])
def test_false_alarms_are_as_rare_as_the_page_says_and_at_most_two_days_a_year(
    certainty: str, people_a_day: int
) -> None:
    alert = watching(f'metric = "activation.first"\nwhen = "changes"\ncertainty = "{certainty}"').alert
    false = 0
    for year in range(YEARS):
        seen = mornings(alert, drawn(Random(year), people_a_day, BEGINS + YEAR), BEGINS)
        false += sum(change is not None for change in seen)
    assert f"{false / YEARS:.2f}" == page(certainty, people_a_day)[0]
    if certainty == "high":
        assert false / YEARS <= 2


@pytest.mark.parametrize("certainty", CERTAINTIES)
@pytest.mark.parametrize("people_a_day", [15, 60, 300])
def test_a_fall_by_a_third_is_seen_as_soon_as_the_page_says(certainty: str, people_a_day: int) -> None:
    alert = watching(f'metric = "activation.first"\nwhen = "falls"\ncertainty = "{certainty}"').alert
    seen = []
    for seed in range(FALLS):
        found = mornings(alert, drawn(Random(seed), people_a_day, BEGINS + 28, falls_on=BEGINS), BEGINS)
        seen.append(next((n + 1 for n, change in enumerate(found) if change), NOT_SEEN))
    said = "not" if median(seen) == NOT_SEEN else f"{median(seen):g} days"
    assert [said, str(seen.count(NOT_SEEN))] == page(certainty, people_a_day)[1:]
    if (certainty, people_a_day) == ("high", 60):
        assert median(seen) <= 8


def test_a_year_without_a_change_is_spoken_of_at_most_twice() -> None:
    watched = watching('metric = "activation.first"\nwhen = "changes"')
    spoken = 0
    for year in range(YEARS):
        group = {EVERYBODY: series("activation.first", drawn(Random(year), 60, BEGINS + YEAR))}
        episodes: list[AlertEpisode] = []
        for n in range(BEGINS, BEGINS + YEAR):
            morning = FIRST_DAY + (n + 1) * DAY
            episodes = next_morning(watched, episodes, look(watched.alert, group, morning), morning)
            spoken += sum(episode.spoken == morning for episode in episodes)
    assert spoken / YEARS <= 2
