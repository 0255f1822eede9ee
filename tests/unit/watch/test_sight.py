"""The smallest change that an alert can see: the nearest count that opens it, and not one nearer."""

import pytest

from daybreak.watch.looks import look
from daybreak.watch.series import EVERYBODY
from daybreak.watch.sight import Sight, sight_of_event, sights_of
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
    assert blind.is_blind
    assert blind.message == "could see nothing smaller than a total loss, with 21 people in 7 days"


def test_a_short_history_is_said_and_is_not_blindness() -> None:
    sight = of_everybody('metric = "activation.first"\nwhen = "falls"', [(40, 100)] * 20)
    assert (sight.is_blind, sight.people) == (False, None)
    assert sight.message.startswith("cannot see anything yet: needs 35 complete days")


def test_an_event_that_comes_too_seldom_cannot_stop() -> None:
    watched = watching('event = "S"\nwhen = "stops"')
    often = sight_of_event(watched, {day(n): 1 for n in range(1, 31)}, day(30))
    seldom = sight_of_event(watched, {day(n): 1 for n in range(1, 31, 2)}, day(30))
    assert often.message.startswith('sees "S" stop within 2 days: it came on 28 of 28 days')
    assert seldom.message.startswith('cannot see "S" stop: it came on 14 of 28 days')
