"""The sentences at the top: at most five, the urgent ones first, and nothing that is old."""

import re
from dataclasses import replace

import pytest

from daybreak.engine.calendar import DAY
from daybreak.page.draw import draw
from daybreak.page.read import EVERYBODY, Measured, PageData
from daybreak.page.texts.languages import LANGUAGES
from daybreak.page.today import today
from daybreak.page.view import View
from support.page_data import TODAY, page_data


def said(data: PageData) -> list[str]:
    return [str(one.text) for one in today(View(data, LANGUAGES["en"]))]


def quiet(data: PageData) -> PageData:
    """The same data with nothing to say."""
    return replace(data, late={}, goals=[], new_goals=set(), alerts=[], lists=[],
                   measured=[one for one in data.measured if one.family.name != "experiment"])  # fmt: skip


def test_there_are_at_most_five_and_a_list_has_a_place() -> None:
    found = said(page_data())
    assert len(found) == 5
    assert found[0].startswith("Some of these numbers are older")
    assert "are on the list" in found[-1]


def test_lost_events_are_said_before_anything_else() -> None:
    assert "lost or doubled" in said(replace(page_data(), difference=3))[0]


def test_a_morning_without_news_says_so_and_shows_the_first_number() -> None:
    found = said(quiet(page_data(days=200)))
    assert found[0] == "Nothing changed beyond chance: 15 numbers were compared with the time before."
    assert "Not beyond chance." in found[1]
    assert len(found) == 2


def test_a_goal_that_has_been_in_its_state_for_long_is_not_news() -> None:
    data = replace(page_data(), late={}, alerts=[])
    assert any(": met." in text for text in said(data))
    assert not any(": met." in text for text in said(replace(data, new_goals=set())))


def test_the_verdict_of_an_experiment_is_news_for_two_weeks() -> None:
    data = quiet(page_data(days=40))
    experiment = next(one for one in page_data(days=40).measured if one.family.name == "experiment")
    old = said(replace(data, measured=[*data.measured, experiment]))
    assert old[0].startswith(
        "Nothing changed beyond chance: 4 numbers were compared with the time before; 11 more have too few"
    )
    assert "The planned number was reached on 12 October." in old[-1]
    young = next(one for one in page_data(days=14).measured if one.family.name == "experiment")
    news = said(replace(data, measured=[*data.measured, young]))[0]
    assert "The planned number was reached on 7 November." in news


def activation(now: int, before: int, of: int) -> Measured:
    """28 complete days with so many of so many people each, and 28 such days before; then seven that are open."""
    one = next(one for one in page_data().measured if one.family.name == "activation")
    rows = [
        {"cohort": TODAY - back * DAY, "status": "open" if back < 7 else "complete", "people": of, "finished": of,
         "activated": now if back < 35 else before, "activated_so_far": 0, "rate": None}
        for back in range(62, -1, -1)
    ]  # fmt: skip
    return replace(one, rows={EVERYBODY: rows})


def card(data: PageData, id_: str) -> str:
    """The number of a card as people read it."""
    found = re.search(rf'<figure id="{re.escape(id_)}".*?</figcaption>', draw(data, {}), re.S)
    assert found
    return re.sub(r"<[^>]+>", "", found[0])


@pytest.mark.parametrize(
    ("now", "before", "top", "on_card"),
    [(20, 18, "Not beyond chance", "● within chance"),  # 560 and 504 of 1,400: p = 0.029
     (22, 18, "up from", "▲ higher, beyond chance"),
     (14, 18, "down from", "▼ lower, beyond chance")],
)  # fmt: skip
def test_the_sentence_and_the_card_of_a_number_say_the_same(now: int, before: int, top: str, on_card: str) -> None:
    data = replace(quiet(page_data()), measured=[activation(now, before, 50)])
    assert top in said(data)[-1]
    assert on_card in card(data, "activation.first")


def test_a_number_that_only_its_card_calls_different_is_neither_a_change_nor_denied() -> None:
    changed, same = activation(41, 37, 100), activation(37, 37, 100)  # p = 0.0023; among five, not below 0.01
    data = replace(quiet(page_data()), measured=[changed, *(replace(same, name=f"other_{n}") for n in range(4))])
    assert "▲ higher, beyond chance" in card(data, "activation.first")
    first, second = said(data)
    assert "Nothing changed for certain: 1 of 5 compared numbers is beyond chance by itself" in first
    assert "chance" not in second


def funnel(ends: int) -> Measured:
    """A funnel of 60 cohorts of 50 people, the last of them so many days ago, half as many through in the newest 28."""
    one = next(one for one in page_data().measured if one.family.name == "completion")
    rows = [
        {"cohort": TODAY - (ends + back) * DAY, "status": "complete", "step": step, "entered": 50, "reached": reached,
         "excluded": 0, "dropped": dropped, "in_progress": 0, "median_seconds_from_previous": 10.0}
        for back in range(59, -1, -1)
        for step, reached, dropped in ((1, 50, 0), (2, 40, 10), (3, 10 if back < 28 else 25, 15))
    ]  # fmt: skip
    return replace(one, rows={EVERYBODY: rows})


def test_a_funnel_of_long_ago_is_not_news() -> None:
    data = replace(quiet(page_data()), measured=[funnel(0)])
    assert "down from" in said(data)[0]
    assert "▼ lower, beyond chance" in card(data, "completion.some")
    old = replace(data, measured=[funnel(40)])
    assert "down from" not in said(old)[0]
    assert "until" in card(old, "completion.some")
