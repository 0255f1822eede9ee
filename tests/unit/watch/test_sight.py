"""The smallest change that an alert can see: the nearest count that opens it, and not one nearer."""

import pytest

from daybreak.lake.tables import AlertEpisode
from daybreak.watch.episodes import next_morning
from daybreak.watch.looks import look
from daybreak.watch.series import EVERYBODY
from daybreak.watch.sight import Sight, look_or_refuse, refused_of, sight_of_event, sights_of
from support.watched import day, series, watching


def of_everybody(alert: str, counts: list[tuple[int, int]]) -> Sight:
    watched = watching(alert)
    return sights_of(watched, {EVERYBODY: series("activation.first", counts)}, day(len(counts) + 1))[0]


@pytest.mark.parametrize(
    ("people", "when"), [(10, "falls"), (50, "falls"), (1000, "falls"), (50, "rises"), (50, "changes")]
)
def test_one_person_nearer_would_not_be_seen(people: int, when: str) -> None:
    """The count that the sight names opens the alert in the look itself, and the next one does not."""
    alert = f'metric = "activation.first"\nwhen = "{when}"'
    before = [(people * 4 // 10, people)] * 28
    sight = of_everybody(alert, [*before, *before[:7]])
    for to, step in ((sight.falls_to, 1), (sight.rises_to, -1)):
        if to is not None:
            reached = round(to * 7 * people)
            opens = [
                look(watching(alert).alert, {EVERYBODY: series("activation.first", [*before, *week])}, day(36))
                for week in (spread_out(reached, people), spread_out(reached + step, people))
            ]
            assert [found[EVERYBODY].change is not None for found in opens] == [True, False]


def spread_out(reached: int, people: int) -> list[tuple[int, int]]:
    """A week in which so many of all its people reached it."""
    days = [(reached // 7, people)] * 7
    return [(days[0][0] + reached % 7, people), *days[1:]]


def test_a_sentence_says_from_where_to_where() -> None:
    sight = of_everybody('metric = "activation.first"\nwhen = "falls"', [(400, 1000)] * 35)
    # certain from far less on, so it is the 20 % of by_at_least: 40 % to 32 %
    assert sight.message == "sees a fall from 40.0 % to 32.0 % (by 20 %), with 7,000 people in 7 days"
    below = of_everybody('metric = "activation.first"\nwhen = "below"\nlimit = 0.3', [(400, 1000)] * 35)
    # 3.2905 x sqrt(0.3 x 0.7 / 7000) = 1.80 points under 30 %: 28.198 %, so 1,973 of 7,000
    assert below.message == "sees 28.2 % and lower, with 7,000 people in 7 days"


def test_three_people_a_day_could_see_a_total_loss_at_most() -> None:
    # 0 of 21 against 7 of 84 is p = 0.17
    blind = of_everybody('metric = "activation.first"\nwhen = "falls"', [(1, 3)] * 7 + [(0, 3)] * 21 + [(1, 3)] * 7)
    assert blind.refused
    assert blind.message == "could see nothing smaller than a total loss, with 21 people in 7 days"


def test_a_short_history_is_said_and_is_not_blindness() -> None:
    sight = of_everybody('metric = "activation.first"\nwhen = "falls"', [(40, 100)] * 20)
    assert (sight.refused, sight.people) == (None, None)
    assert sight.message.startswith("cannot see anything yet: needs 35 complete days")


FALLS, RISES = (f'metric = "activation.first"\nwhen = "{when}"' for when in ("falls", "rises"))
BELOW, ABOVE = (f'metric = "activation.first"\nwhen = "{when}"\nlimit = ' for when in ("below", "above"))


@pytest.mark.parametrize(
    ("alert", "counts", "expected"),
    [
        # 0 of 21 against 28 of 84: Fisher's p = 0.0017
        (FALLS, [(1, 3)] * 35, "metric: could see nothing smaller than a total loss, with 21 people in 7 days; "
         'watch a number of more people, or an event with when = "stops"'),
        # 80 % and a fifth of it are 96 %; 21 of 21 against 80 % has p = 0.02
        (RISES, [(4, 5)] * 35, "metric: could see no rise, not even to 100 %, with 35 people in 7 days; "
         "watch a number of more people"),
        # 90 % and a fifth of it are 108 %, however many people there are
        (RISES, [(900, 1000)] * 35, "by_at_least: could see no rise, because 20% more than 90.0 % is over 100 %; "
         "choose a smaller one"),
        # 0 of 70 against 10 %: z = 2.8; 99.9 % certainty takes 3.29
        (BELOW + "0.1", [(2, 10)] * 35, "limit: could see nothing smaller than a total loss, with 70 people in 7 days; "
         "watch a number of more people, or choose a limit further from 0 %"),
        (ABOVE + "0.9", [(2, 10)] * 35, "limit: could not even see 100 %, with 70 people in 7 days; "
         "watch a number of more people, or choose a limit further from 100 %"),
    ],
)  # fmt: skip
def test_an_alert_that_could_see_nothing_is_refused_in_a_sentence_with_the_field_and_the_way_out(
    alert: str, counts: list[tuple[int, int]], expected: str
) -> None:
    watched, groups = watching(alert), {EVERYBODY: series("activation.first", counts)}
    looks, refused = look_or_refuse(watched, groups, [], day(len(counts) + 1))
    assert refused
    assert (looks, refused.message) == ({}, f"[alert.a] {expected}")
    assert refused.message.startswith(f"[alert.a] {refused.field}: ")
    assert refused_of(sights_of(watched, groups, day(len(counts) + 1))) == [refused]


@pytest.mark.parametrize(
    ("alert", "counts"),
    [
        (FALLS, [(1, 3)] * 34),  # not five weeks yet
        (FALLS, [(0, 1)] * 30 + [(0, 2)] * 5),  # 12 people in 7 days: too few to be looked at, and more may come
        (BELOW + "0.1", [(2, 10)] * 34),
        (ABOVE + "0.9", [(2, 10)] * 8),
        (BELOW + "0.1", [(2, 2)] * 8),
        (FALLS, [(0, 100)] * 35),  # nothing is there to fall, so the people are not too few
        (RISES, [(100, 100)] * 35),
    ],
)
def test_a_young_product_and_a_number_at_its_end_are_not_refused(alert: str, counts: list[tuple[int, int]]) -> None:
    watched, groups = watching(alert), {EVERYBODY: series("activation.first", counts)}
    assert look_or_refuse(watched, groups, [], day(len(counts) + 1))[1] is None
    assert sights_of(watched, groups, day(len(counts) + 1))[0].message.startswith("cannot see")


def test_an_alert_in_both_directions_is_refused_only_if_it_sees_neither() -> None:
    changes = FALLS.replace("falls", "changes")
    # 2 of 140 before: nobody at all would not be certain, and a rise is
    one = of_everybody(changes, [(1, 50)] * 35)
    assert one.refused is None
    assert one.message.startswith("sees a rise from 2.0 % to ")
    assert one.message.endswith(" and no fall that is smaller than a total loss, with 350 people in 7 days")


def test_an_alert_is_refused_only_if_it_is_blind_for_every_value_it_looks_at_too() -> None:
    watched = watching(FALLS + '\nsegments = ["role"]')
    few, some = series("activation.first", [(1, 50)] * 35), series("activation.first", [(24, 25)] * 35)
    assert look_or_refuse(watched, {EVERYBODY: few, ("role", "a"): few}, [], day(36))[1]
    looks, refused = look_or_refuse(watched, {EVERYBODY: few, ("role", "a"): some}, [], day(36))
    assert (set(looks), refused) == ({EVERYBODY, ("role", "a")}, None)


def test_an_alert_looks_again_by_itself_once_more_people_come() -> None:
    watched, counts = watching(FALLS), [(1, 3)] * 40 + [(40, 100)] * 60 + [(5, 100)] * 7
    groups = {EVERYBODY: series("activation.first", counts)}
    refused = [look_or_refuse(watched, groups, [], day(n))[1] is not None for n in range(36, len(counts) + 2)]
    assert refused[0]
    assert refused == sorted(refused, reverse=True)  # until one morning, and never after it
    assert not refused[12]
    looks, _ = look_or_refuse(watched, groups, [], day(len(counts) + 1))
    assert looks[EVERYBODY].change == "fell"


def test_an_episode_that_lasts_is_looked_at_until_it_is_over_however_few_people_come() -> None:
    watched, counts = watching(FALLS), [(4, 10)] * 40 + [(0, 10)] * 9 + [(0, 3)] * 18 + [(2, 3)] * 7
    groups, episodes = {EVERYBODY: series("activation.first", counts)}, list[AlertEpisode]()
    for n in range(36, len(counts) + 2):
        looks, refused = look_or_refuse(watched, groups, episodes, day(n))
        episodes = next_morning(watched, episodes, looks, day(n))
        again, same = look_or_refuse(watched, groups, episodes, day(n))
        assert (next_morning(watched, episodes, again, day(n)), same) == (episodes, refused)
    assert [(episode.change, episode.ending) for episode in episodes] == [("fell", "recovered")]


def test_a_total_loss_that_has_become_the_new_level_is_no_want_of_people() -> None:
    watched, counts = watching(FALLS), [(40, 100)] * 35 + [(0, 100)] * 80
    groups, episodes = {EVERYBODY: series("activation.first", counts)}, list[AlertEpisode]()
    for n in range(36, len(counts) + 2):
        looks, refused = look_or_refuse(watched, groups, episodes, day(n))
        assert refused is None
        episodes = next_morning(watched, episodes, looks, day(n))
    assert [(episode.change, episode.ending) for episode in episodes] == [("fell", "settled")]


def test_an_event_that_comes_too_seldom_cannot_stop() -> None:
    watched = watching('event = "S"\nwhen = "stops"')
    often = sight_of_event(watched, {day(n): 1 for n in range(1, 31)}, day(30))
    seldom = sight_of_event(watched, {day(n): 1 for n in range(1, 31, 2)}, day(30))
    assert often.message.startswith('sees "S" stop within 2 days: it came on 28 of 28 days')
    assert seldom.message.startswith('cannot see "S" stop: it came on 14 of 28 days')
