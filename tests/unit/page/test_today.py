"""The sentences at the top: at most five, the urgent ones first, and nothing that is old."""

from dataclasses import replace

from daybreak.page.read import PageData
from daybreak.page.texts.languages import LANGUAGES
from daybreak.page.today import today
from daybreak.page.view import View
from support.page_data import page_data


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
    assert found[0] == "Nothing changed beyond chance."
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
    assert old[0] == "Nothing changed beyond chance."
    assert "this is final" in old[-1]
    group, rows = next(iter(experiment.rows.items()))
    young = replace(experiment, rows={group: rows[-6:]})
    assert "this is final" in said(replace(data, measured=[*data.measured, young]))[0]


def test_a_project_without_a_complete_day_says_that() -> None:
    data = quiet(page_data(days=1))
    assert said(data) == ["There is not a complete day yet. The first numbers stand here as soon as the time that they count has "
                          "passed."]  # fmt: skip
