"""The number of a figure in words, worked out by hand from rows of its table."""

import re
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from daybreak.engine.calendar import DAY
from daybreak.families.base import Definition, Number
from daybreak.families.experiment_statistics import with_statistics
from daybreak.lake.tables import MeasuredGoal
from daybreak.page.counts import Count
from daybreak.page.draw import draw
from daybreak.page.figures import goals, trend
from daybreak.page.read import EVERYBODY, PageData
from daybreak.page.texts.language import signed
from daybreak.page.texts.languages import LANGUAGES
from daybreak.page.view import View
from support.page_data import TODAY, page_data

NBSP = "\u00a0"


def with_rows(id_: str, rows: list[dict[str, Any]], definition: Definition | None = None) -> PageData:
    """A page with one definition, another one if it is given, and these rows of it."""
    one = next(one for one in page_data().measured if one.id == id_)
    changed = replace(one, rows={EVERYBODY: rows}, definition=definition or one.definition)
    return replace(page_data(), measured=[changed])


def number(id_: str, rows: list[dict[str, Any]], definition: Definition | None = None) -> str:
    """The number of a figure as people read it."""
    text = draw(with_rows(id_, rows, definition), {})
    found = re.search(rf'<figure id="{re.escape(id_)}".*?<div class="number">(.*?)</figcaption>', text)
    assert found
    return " ".join(re.sub(r"<[^>]+>", " ", found[1]).replace(NBSP, " ").split())


def test_a_small_difference_of_many_people_has_a_digit_after_the_point() -> None:
    rows = [
        {"definition": "some", "day": TODAY, "segment": "all", "segment_value": "all", "position": position,
         "variant": variant, "exposed": 20_000, "finished": 20_000, "reached": reached, "in_several": 0,
         "reached_before": 0, "planned": 20_000, "rate": reached / 20_000, "share": 1.0, "status": "complete",
         "test_name": "two_proportions"}
        for position, variant, reached in ((1, "plain", 400), (2, "Signed Up", 480))
    ]  # fmt: skip
    assert "+0.4 points (+0.1 to +0.7), p = 0.01" in number("experiment.some", list(with_statistics(rows)))


@pytest.mark.parametrize(
    ("value", "digits", "shown"),
    [
        (0.04, 1, "0.0"),
        (-0.04, 1, "0.0"),
        (0.4, 0, "0"),
        (-0.4, 0, "0"),
        (1.25, 1, "+1.3"),
        (-12, 0, "−12"),
        (0, 0, "0"),
    ],
)
def test_a_difference_of_nothing_has_no_sign(value: float, digits: int, shown: str) -> None:
    assert signed(value, digits) == shown


@pytest.mark.parametrize(
    ("target", "people", "shown"),
    [(0.125, 135, "12.5 %"), (0.4, 135, "40 %"), (0.4, 2_000, "40.0 %"), (0.0625, 135, "6.25 %"), (0.29, 30, "29 %")],
)
def test_a_target_is_shown_as_it_was_set(target: float, people: int, shown: str) -> None:
    data = page_data()
    goal: MeasuredGoal = data.goals[0].model_copy(update={"target": target, "people": people})
    assert goals.shown(goal.target, goal, View(data, LANGUAGES["en"])).replace(NBSP, " ") == shown


@pytest.mark.parametrize(("target", "shown"), [(60.0, "60"), (12.5, "12.5"), (1500.0, "1,500")])
def test_a_target_that_was_set_as_a_whole_number_is_shown_as_one(target: float, shown: str) -> None:
    data = page_data()
    goal = data.goals[0].model_copy(update={"target": target, "metric": "active_people.some", "number": "dau"})
    assert goals.shown(goal.target, goal, View(data, LANGUAGES["en"])) == shown


def cohort(first: date, people: int, half: float) -> dict[str, Any]:
    return {"cohort": first, "status": "complete", "people": people, "reached": people, "within_24h": people,
            "days_1_to_3": 0, "days_3_or_more": 0, "never": 0, "too_young": 0, "p50_seconds": half, "p75_seconds": half,
            "p90_seconds": half}  # fmt: skip


def answers(first: date, count: int, high: int) -> dict[str, Any]:
    return {"period_start": first, "status": "complete", "scale": "nps", "answers": count, "left_out": 0,
            "low": count - high, "middle": 0, "high": high, "mean": 7.5}  # fmt: skip


def test_a_time_to_value_adds_up_four_weeks_and_names_the_median_of_the_newest() -> None:
    """160 of 400 people against 240 of 400 in the four weeks before: z = -5.66."""
    weeks = [date(2026, 9, 7) + 7 * n * DAY for n in range(8)]
    rows = [{**cohort(week, 100, 90_000.0), "reached": 60 if n < 4 else 40, "within_24h": 20}
            for n, week in enumerate(weeks)]  # fmt: skip
    assert number("time_to_value.some", rows) == (
        "40 % had it within 14 days 35 to 45 400 people 4 complete weeks before 60 % ▼ lower, beyond chance "
        "had it within a day 20 % before 20 % ● within chance of those who started in the week from 26 October, half had it after 25 hours"
    )


@pytest.mark.parametrize(
    ("people", "shown"),
    [(4, "2 of 4 had it within 14 days 1 complete week had it within a day 2 of 4"),
     (20, "50 % had it within 14 days 30 to 70 20 people 1 complete week had it within a day 50 % "
          "of those who started in the week from 26 October, fewer than half had it")],
)  # fmt: skip
def test_a_time_to_value_of_few_people_or_nothing_before_has_no_verdict(people: int, shown: str) -> None:
    half = {"reached": people // 2, "within_24h": people // 2, "p50_seconds": None}
    assert number("time_to_value.some", [{**cohort(date(2026, 10, 26), people, 1.0), **half}]) == shown


def test_a_time_to_value_of_months_compares_one_with_the_one_before() -> None:
    one = next(one for one in page_data().measured if one.id == "time_to_value.some")
    monthly = one.definition.model_copy(update={"period": "month"})
    rows = [{**cohort(first, 100, 90_000.0), "reached": reached}
            for first, reached in ((date(2026, 8, 1), 10), (date(2026, 9, 1), 60), (date(2026, 10, 1), 40))]  # fmt: skip
    assert "1 complete month before 60 % ▼ lower, beyond chance" in number("time_to_value.some", rows, monthly)


@pytest.mark.parametrize(
    ("first", "count", "before"),
    [
        (date(2026, 9, 1), 20, "before 0"),
        (date(2026, 9, 1), 19, None),
        (date(2026, 8, 1), 200, None),
        (date(2025, 10, 1), 200, None),
    ],
)
def test_the_answers_before_are_those_of_the_period_right_before_and_enough(
    first: date, count: int, before: str | None
) -> None:
    found = number("survey.some", [answers(first, count, count // 2), answers(date(2026, 10, 1), 40, 30)])
    assert found.startswith("+50")
    assert before in found if before else "before" not in found


def test_people_of_30_days_are_compared_with_the_30_days_before() -> None:
    rows = [
        {"day": TODAY - back * DAY, "status": "complete", "dau": 1, "wau": 2, "mau": 100 + back}
        for back in range(40, -1, -1)
    ]
    assert "before 130" in number("active_people.some", rows)


@pytest.mark.parametrize(
    ("people", "shown"), [(3, "42 / 3 days on average 3 people"), (20, "14.0 days on average 20 people")]
)
def test_a_mean_of_few_people_is_two_counts_in_grey(people: int, shown: str) -> None:
    rows = [
        {"day": TODAY, "status": "complete", "active_days": days, "people": people if days == 14 else 0,
         "active_people": people, "share": float(days == 14)}
        for days in range(1, 15)
    ]  # fmt: skip
    assert number("active_days.some", rows).startswith(shown)
    assert ('<b class="few">42 / 3</b>' in draw(with_rows("active_days.some", rows), {})) == (people == 3)


@pytest.mark.parametrize(("people", "shown"), [(1, "2 / 1 1 person"), (20, "2.00 20 people")])
def test_features_of_few_people_are_two_counts_in_grey(people: int, shown: str) -> None:
    rows = [{"day": TODAY, "status": "complete", "active_people": people, "features_used": 2 * people}]
    assert number("breadth.some", rows).startswith(shown)
    assert ('<b class="few">2 / 1</b>' in draw(with_rows("breadth.some", rows), {})) == (people == 1)


@pytest.mark.parametrize(
    ("id_", "row", "shown"),
    [("churn.some", {"people": 100, "back": 70, "not_back": 30, "churned": 30, "cancelled": None},
      "30 % 22 to 40 100 people in the week from 9 November before 30 % ● within chance"),
     ("support_load.some", {"active_people": 100, "tickets": 25}, "0.25 100 people in the week from 9 November before 0.25")],
)  # fmt: skip
def test_weeks_that_hold_the_same_people_are_not_added_up(id_: str, row: dict[str, Any], shown: str) -> None:
    rows = [{"period_start": date(2026, 8, 31) + 7 * n * DAY, "status": "complete", **row} for n in range(11)]
    one = next(one for one in page_data().measured if one.id == id_)
    weekly = one.definition.model_copy(update={"period": "week"})
    assert number(id_, rows, weekly) == shown


def test_days_that_hold_the_same_people_are_not_added_up_in_a_line_either() -> None:
    one = next(one for one in page_data().measured if one.id == "churn.some")
    daily = one.definition.model_copy(update={"period": "day"})
    rows = [
        {"period_start": TODAY - back * DAY, "status": "complete", "people": 100, "not_back": 30, "churned": 30}
        for back in range(20)
    ]
    measured = replace(one, definition=daily, rows={EVERYBODY: rows})
    view = View(page_data(), LANGUAGES["en"])
    series = trend.series_of(measured, view, trend.LINES["churn"])
    assert series is not None
    assert series.point(15) == Count(30, 100)


def in_weeks(id_: str, fields: dict[str, Any], row: dict[str, Any]) -> str:
    """The number of a definition with these fields, by week, whose newest week has this row."""
    one = next(one for one in page_data().measured if one.id == id_)
    weekly = one.definition.model_copy(update={"period": "week", **fields})
    return number(id_, [{"period_start": date(2026, 11, 9), "status": "complete", **row}], weekly)


@pytest.mark.parametrize(
    ("cancel", "people", "cancelled", "said"),
    [('{"event":"Cancelled"}', 200, 30, "15 % (11 to 21) cancelled."), ('{"event":"Cancelled"}', 12, 1, "1 of 12 cancelled."), (None, 200, None, None)],
)  # fmt: skip
def test_churn_says_who_cancelled_beside_who_is_gone(
    cancel: str | None, people: int, cancelled: int | None, said: str | None
) -> None:
    row = {"people": people, "not_back": 3, "churned": 3, "cancelled": cancelled}
    found = in_weeks("churn.some", {"cancel": cancel}, row)
    assert found.endswith(said) if said else "cancelled" not in found


def test_conversion_says_how_long_it_typically_took() -> None:
    # 3 people took 1 day on one day, 5 took 4 days on another, none on a third: of 8 people the fourth took 4 days
    rows = [
        {"cohort": TODAY - back * DAY, "status": "complete", "people": 30, "finished": 30, "converted": converted,
         "median_seconds_to_upgrade": seconds}
        for back, converted, seconds in ((22, 3, 86_400.0), (21, 5, 345_600.0), (20, 0, None))
    ]  # fmt: skip
    assert number("conversion.some", rows).endswith("8 people did it, typically 4.0 days after they started.")
    nobody = [{**row, "converted": 0, "median_seconds_to_upgrade": None} for row in rows]
    assert "typically" not in number("conversion.some", nobody)


def test_adoption_says_who_used_it_first_in_its_window_and_how_long_that_took() -> None:
    # the window of 28 days: of the first users, those of the 28 newest days only
    def rows(seconds: float | None) -> list[dict[str, Any]]:
        return [
            {"day": TODAY - back * DAY, "status": "complete", "active_people": 50, "users": 20, "first_users": 2,
             "median_seconds_to_first_use": seconds}
            for back in range(60)
        ]  # fmt: skip

    assert number("adoption.some", rows(7200.0)).endswith(
        "56 people used it for the first time in these days, typically 2.0 hours after they started."
    )
    assert number("adoption.some", rows(None)).endswith("56 people used it for the first time in these days.")


def test_support_load_tells_onboarding_from_the_others() -> None:
    row = {"active_people": 60, "tickets": 30, "onboarding_people": 20, "onboarding_tickets": 25, "other_people": 40,
           "other_tickets": 5}  # fmt: skip
    found = in_weeks("support_load.some", {}, row)
    assert found.endswith("While onboarding 1.25 (20 people), after it 0.13 (40 people).")
    few = in_weeks("support_load.some", {}, {**row, "onboarding_people": 4, "onboarding_tickets": 3})
    assert "While onboarding 3 / 4 (4 people)" in few


def test_active_people_say_how_many_of_the_months_were_here_on_the_day() -> None:
    assert number(
        "active_people.some", [{"day": TODAY, "status": "complete", "dau": 25, "wau": 60, "mau": 100}]
    ).endswith("25 % of those here in the 30 days came on the day.")


def test_a_survey_of_enough_answers_says_its_mean() -> None:
    assert number("survey.some", [answers(date(2026, 10, 1), 40, 30)]).endswith("The mean answer is 7.50 .")
    assert "mean" not in number("survey.some", [answers(date(2026, 10, 1), 19, 3)])


def test_a_family_that_the_page_does_not_know_says_its_other_numbers() -> None:
    data = page_data()
    one = next(one for one in data.measured if one.id == "breadth.some")
    family = replace(one.family, name="new", numbers=(Number("features_used"), Number("used_all")))
    rows = [{"day": TODAY, "status": "complete", "active_people": 30, "features_used": 60, "used_all": 7}]
    text = draw(replace(data, measured=[replace(one, family=family, rows={EVERYBODY: rows})]), {})
    assert '<p class="beside">used all <b>7</b></p>' in text


def over_time(rows: list[dict[str, Any]]) -> list[str]:
    """The classes of the lines of a retention over time, and of the hatched ground."""
    figure = draw(with_rows("retention.some", rows), {}).partition("Is it getting better?")[2].partition("<table")[0]
    return re.findall(r'class="(line [^"]*|hatch)"', figure)


def returned(cohort: date, finished: int) -> list[dict[str, Any]]:
    """A week's cohort of 100 people, of whom so many had their first day after."""
    return [
        {"cohort": cohort, "period": period, "first_period": period, "last_period": period, "people": 100,
         "finished": finished if period else 100, "retained": finished // 2, "retained_so_far": finished // 2}
        for period in (0, 1)
    ]  # fmt: skip


def test_a_week_that_is_not_over_is_drawn_as_open() -> None:
    weeks = [TODAY - (4 + 7 * n) * DAY for n in range(3, -1, -1)]  # the last one begins on Monday; today is Friday
    running = [row for week in weeks for row in returned(week, 100)]
    assert over_time(running) == ["hatch", "line l1", "line l1 open"]
    over = [row for week in weeks[:-1] for row in returned(week, 100)]
    assert over_time(over) == ["line l1"]


def test_a_week_in_which_somebody_still_has_time_is_drawn_as_open() -> None:
    weeks = [TODAY - (11 + 7 * n) * DAY for n in range(2, -1, -1)]
    rows = [row for week in weeks for row in returned(week, 60 if week == weeks[-1] else 100)]
    assert over_time(rows) == ["line l1", "line l1 open"]


def test_a_mean_of_few_people_in_a_family_that_the_page_does_not_know_is_two_counts_too() -> None:
    data = page_data()
    one = next(one for one in data.measured if one.id == "breadth.some")
    ratio = Number("mean", "features_used", "active_people")
    family = replace(one.family, name="new", numbers=(ratio,))
    rows = [{"day": TODAY, "status": "complete", "active_people": 1, "features_used": 2, "mean": 2.0}]
    text = draw(replace(data, measured=[replace(one, family=family, rows={EVERYBODY: rows})]), {})
    assert '<b class="few">2 / 1</b>' in text
