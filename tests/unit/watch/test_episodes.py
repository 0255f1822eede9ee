"""Morning after morning: one message when it opens, one a week, one when it is over, and nothing twice."""

from itertools import pairwise

import pytest

from daybreak.lake.tables import AlertEpisode
from daybreak.watch.episodes import Watched, closed_unspoken, next_morning
from daybreak.watch.looks import look, look_at_event
from daybreak.watch.series import EVERYBODY, Series
from support.watched import day, series, values, watching

FALLS = watching('description = "Onboarding is broken"\nmetric = "activation.first"\nwhen = "falls"')
Told = list[tuple[int, str]]


def told(
    watched: Watched, counts: list[tuple[int, int]], group: Series | None = None
) -> tuple[Told, list[AlertEpisode]]:
    """(day, message) of every morning that speaks, and the episodes at the end. A day is seen the morning after it."""
    rows = {EVERYBODY: group or series("activation.first", counts)}
    episodes: list[AlertEpisode] = []
    said = []
    for n in range(1, len(rows[EVERYBODY].points) + 2):
        episodes = next_morning(watched, episodes, look(watched.alert, rows, day(n)), day(n))
        said += [(n, episode.message) for episode in episodes if episode.spoken == day(n)]
    return said, episodes


def test_a_fall_that_recovers_is_spoken_of_at_its_beginning_weekly_and_at_its_end() -> None:
    said, episodes = told(FALLS, [(40, 100)] * 35 + [(10, 100)] * 14 + [(40, 100)] * 20)
    # two days of 10 are the first fall by at least a fifth: (5 x 40 + 2 x 10) / 7 = 31.4, by 21 %
    # back above 36 %, half of a fifth under 40 %: (1 x 10 + 6 x 40) / 7 = 35.7 is not, all seven days are
    assert [n for n, _ in said] == [38, 45, 52, 57]
    (episode,) = episodes
    assert (episode.change, episode.opened, episode.closed, episode.spoken) == ("fell", day(38), day(57), day(57))
    assert episode.ending == "recovered"
    assert (episode.before, episode.before_people, episode.description) == (0.4, 2800, "Onboarding is broken")
    assert said[0][1] == (
        "activation.first (rate) fell by 21 %: 31.4 % (220 of 700) in the 7 days to 2026-02-10, "
        "after 40.0 % (1,120 of 2,800) in the 28 days before."
    )
    assert said[1][1].startswith("activation.first (rate) has been low since 2026-02-11: 10.0 % (70 of 700)")
    assert said[3][1].startswith("activation.first (rate) is back: 40.0 % (280 of 700) in the 7 days to 2026-03-01")


def test_the_number_of_an_open_episode_is_that_of_each_morning_without_a_word() -> None:
    counts = [(40, 100)] * 35 + [(10, 100)] * 5
    _, (opened,) = told(FALLS, counts[:37])
    _, (later,) = told(FALLS, counts)
    assert opened.now == pytest.approx(220 / 700)
    assert opened.now_people == 700
    # three mornings later, without a reminder: (2 x 40 + 5 x 10) of 700
    assert later.now == pytest.approx(130 / 700)
    assert later.now_people == 700
    assert later == opened.model_copy(update={"now": later.now})
    (unknown,) = next_morning(FALLS, [later], {}, day(42))
    assert unknown == later.model_copy(update={"now": None, "now_people": None})


def test_a_fall_that_stays_ends_after_28_days_as_the_new_level() -> None:
    said, episodes = told(FALLS, [(40, 100)] * 35 + [(10, 100)] * 80)
    assert [n for n, _ in said] == [38, 45, 52, 59, 66]
    assert "compares with the new level" in said[-1][1]
    assert [(episode.closed, episode.ending) for episode in episodes] == [(day(66), "settled")]


def test_after_a_fall_is_over_the_way_back_is_not_spoken_of_as_a_rise() -> None:
    changes = watching('metric = "activation.first"\nwhen = "changes"')
    counts = [(40, 100)] * 35 + [(10, 100)] * 20 + [(40, 100)] * 40
    _, episodes = told(changes, counts)
    assert [episode.change for episode in episodes] == ["fell"]
    _, really = told(changes, [*counts[:70], *[(60, 100)] * 20])
    assert [episode.change for episode in really] == ["fell", "rose"]


def test_hysteresis_a_number_at_the_edge_does_not_open_and_close_by_turns() -> None:
    edge = [(40, 100)] * 35 + [(31, 100), (33, 100)] * 10
    _, episodes = told(FALLS, edge)
    assert len(episodes) == 1
    assert episodes[0].closed is None


def test_few_people_neither_close_an_episode_nor_keep_it_for_ever() -> None:
    said, episodes = told(FALLS, [(40, 100)] * 35 + [(10, 100)] * 7 + [(1, 1)] * 60)
    assert (episodes[0].closed, episodes[0].ending) == (day(66), "unmeasured")
    assert "too few people" in said[-1][1]
    assert len(episodes) == 1


@pytest.mark.parametrize(("when", "counts"), [("below", 20), ("above", 60)])
def test_a_limit_stays_a_limit_and_reminds_until_the_number_is_back(when: str, counts: int) -> None:
    limit = 0.3 if when == "below" else 0.5
    watched = watching(f'metric = "activation.first"\nwhen = "{when}"\nlimit = {limit}')
    said, episodes = told(watched, [(40, 100)] * 10 + [(counts, 100)] * 70 + [(40, 100)] * 10)
    (episode,) = episodes
    assert episode.closed
    assert episode.closed > day(80)
    assert all(later - sooner == 7 for (sooner, _), (later, _) in pairwise(said[:-1]))
    assert f"is {when} {100 * limit:.1f} %" in said[0][1]
    assert f"is no longer {when}" in said[-1][1]
    assert episode.ending == "recovered"


def test_a_number_without_a_test_is_back_by_a_twentieth_of_its_limit() -> None:
    watched = watching('metric = "active_people.all_of_them"\ncolumn = "dau"\nwhen = "below"\nlimit = 100.0')
    for after, closed in ((104.0, None), (105.0, day(15))):
        rows = values("active_people.all_of_them", "dau", [90.0] * 8 + [after] * 7)
        _, episodes = told(watched, [], rows)
        assert [episode.closed for episode in episodes] == [closed]


def test_an_event_that_stops_and_comes_again() -> None:
    watched = watching('event = "Signed Up"\nwhen = "stops"', "no_sign_ups")
    came = {day(n): 5 for n in [*range(1, 31), *range(41, 50)]}
    episodes: list[AlertEpisode] = []
    said = []
    for n in range(1, 50):
        episodes = next_morning(watched, episodes, look_at_event(watched.alert, came, day(n)), day(n))
        said += [(n, episode.message) for episode in episodes if episode.spoken == day(n)]
    assert said == [
        (32, '"Signed Up" has stopped: none came in the 2 days to 2026-02-05; before, it came 5.0 times a day.'),
        (39, '"Signed Up" still does not come; this was first seen on 2026-02-05.'),
        (41, '"Signed Up" comes again: 5 in the 2 days to 2026-02-14.'),
    ]
    (episode,) = episodes
    assert (episode.subject, episode.number, episode.change, episode.p_value) == ("Signed Up", None, "stopped", None)


def test_restated_history_opens_nothing_again_and_moves_nothing() -> None:
    _, episodes = told(FALLS, [(40, 100)] * 35 + [(10, 100)] * 14 + [(40, 100)] * 20)
    restated = {EVERYBODY: series("activation.first", [(40, 100)] * 35 + [(5, 100)] * 14 + [(40, 100)] * 21)}
    assert next_morning(FALLS, episodes, look(FALLS.alert, restated, day(71)), day(71)) == episodes
    never_fell = {EVERYBODY: series("activation.first", [(40, 100)] * 70)}
    assert next_morning(FALLS, episodes, look(FALLS.alert, never_fell, day(71)), day(71)) == episodes


def test_a_repeated_morning_takes_back_nothing_that_it_has_opened_or_ended() -> None:
    fallen = [(40, 100)] * 35 + [(10, 100)] * 2
    _, opened = told(FALLS, fallen)
    never_fell = look(FALLS.alert, {EVERYBODY: series("activation.first", [(40, 100)] * 37)}, day(38))
    (again,) = next_morning(FALLS, opened, never_fell, day(38))
    assert again == opened[0].model_copy(update={"now": 0.4})
    (over,) = next_morning(FALLS, [again], never_fell, day(39))
    assert (over.closed, over.ending) == (day(39), "recovered")
    # and the other way: what has ended this morning does not begin again on it
    fell = look(FALLS.alert, {EVERYBODY: series("activation.first", fallen)}, day(38))
    ended = opened[0].model_copy(update={"opened": day(31), "closed": day(38), "ending": "recovered"})
    assert next_morning(FALLS, [ended], fell, day(38)) == [ended]


def test_an_alert_that_watches_something_else_or_is_gone_ends_without_a_word() -> None:
    _, (episode,) = told(FALLS, [(40, 100)] * 35 + [(10, 100)] * 7)
    assert (episode.closed, episode.ending) == (None, None)
    gone = episode.model_copy(update={"closed": day(50), "ending": "dropped"})
    assert closed_unspoken([episode], day(50)) == [gone]
    other = Watched(FALLS.name, FALLS.alert, FALLS.chosen, "another version")
    assert next_morning(other, [episode], {}, day(50)) == [gone]
    assert next_morning(other, [gone], {}, day(51)) == [gone]


def test_each_value_of_a_segment_has_an_episode_of_its_own() -> None:
    watched = watching('metric = "activation.first"\nwhen = "falls"\nsegments = ["role"]')
    falling, steady = [(40, 100)] * 28 + [(10, 100)] * 7, [(40, 100)] * 35
    name = 'a "b"\n'
    groups = {
        EVERYBODY: series("activation.first", steady),
        ("role", name): series("activation.first", falling),
        ("role", "c"): series("activation.first", steady),
    }
    (episode,) = next_morning(watched, [], look(watched.alert, groups, day(36)), day(36))
    assert (episode.segment, episode.segment_value) == ("role", name)
    assert episode.message.startswith(r'activation.first (rate) of role "a \"b\"\n" fell by 75 %')
