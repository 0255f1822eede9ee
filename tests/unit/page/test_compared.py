"""Each family has a number that the morning compares: a collapse is seen, and chance alone is not taken for one."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest
from scipy import stats

from daybreak.engine.calendar import DAY
from daybreak.families.experiment_statistics import Mean
from daybreak.families.registry import FAMILIES
from daybreak.page.chance import of_means, of_past
from daybreak.page.compared import Compared, compared
from daybreak.page.counts import next_period, periods_between
from daybreak.page.read import EVERYBODY, Measured, PageData
from daybreak.page.texts.languages import LANGUAGES
from daybreak.page.today import today
from daybreak.page.view import View
from support.page_data import TODAY, page_data

Row = dict[str, Any]
RateOf = Callable[[date], float]
USUAL, COLLAPSED = 0.5, 0.05
BEGINS = date(2026, 6, 1)

SINCE = {
    "activation": date(2026, 10, 17), "conversion": date(2026, 10, 10), "campaign": date(2026, 10, 21),
    "completion": date(2026, 10, 17), "time_to_value": date(2026, 10, 5), "retention": date(2026, 10, 15),
    "adoption": date(2026, 10, 24), "breadth": date(2026, 10, 24), "active_days": date(2026, 11, 7),
    "active_people": date(2026, 11, 14), "lifecycle": date(2026, 11, 9), "churn": date(2026, 11, 9),
    "survey": date(2026, 10, 1), "support_load": date(2026, 11, 9),
}  # fmt: skip
"""Family -> a day between the newest complete window and the one that it is compared with."""


class Chance:
    """Rows of every family, drawn by chance from a rate of each day."""

    def __init__(self, seed: int, rate: RateOf, people: int = 30) -> None:
        self.random = np.random.default_rng(seed)
        self.rate = rate
        self.people = people

    def hits(self, people: int, day: date) -> int:
        return int(self.random.binomial(people, self.rate(day)))

    def number(self, mean: float) -> int:
        return int(self.random.poisson(mean))

    def crowd(self, day: date) -> int:
        """So many people; from time to time they vary by more than chance, as real ones do."""
        return self.number(10 * self.people * self.rate(day) * self.random.lognormal(0, 0.1))

    def rows(self, one: Measured) -> Iterator[Row]:
        definition, partition = one.definition, one.family.partition
        period = "week" if one.family.name == "retention" else str(definition.options().get("period") or "day")
        waits = definition.days_until_complete() * (partition == "cohort")
        first = BEGINS if period != "week" else BEGINS - BEGINS.weekday() * DAY
        for day in periods_between(period, first, TODAY):
            is_open = next_period(period, day) + waits * DAY > TODAY + DAY
            for row in getattr(self, one.family.name)(day, is_open):
                yield {"status": "open" if is_open else "complete", partition: day, "version": "0", **row}

    def _entered(self, day: date, reached: str, so_far: str, of: str = "people") -> list[Row]:
        n = self.number(self.people)
        return [{of: n, "finished": n, reached: self.hits(n, day), so_far: 0, "rate": None, "only_saw": 0}]

    def activation(self, day: date, _: bool) -> list[Row]:
        return self._entered(day, "activated", "activated_so_far")

    def conversion(self, day: date, _: bool) -> list[Row]:
        return self._entered(day, "converted", "converted_so_far")

    def campaign(self, day: date, _: bool) -> list[Row]:
        return self._entered(day, "acted", "acted_so_far", "exposed")

    def completion(self, day: date, _: bool) -> list[Row]:
        n = self.number(self.people)
        reached = [n, n, self.hits(n, day)]
        return [{"step": step, "entered": n, "reached": r, "excluded": 0, "dropped": n - r, "in_progress": 0,
                 "median_seconds_from_previous": None} for step, r in enumerate(reached, 1)]  # fmt: skip

    def time_to_value(self, day: date, _: bool) -> list[Row]:
        n = self.number(5 * self.people)
        reached = self.hits(n, day)
        soon = int(self.random.binomial(reached, 0.5))
        return [{"people": n, "reached": reached, "within_24h": soon, "days_1_to_3": reached - soon, "days_3_or_more": 0,
                 "never": n - reached, "too_young": 0, "p50_seconds": None, "p75_seconds": None, "p90_seconds": None}]  # fmt: skip

    def retention(self, day: date, is_open: bool) -> list[Row]:
        n = self.number(5 * self.people)
        return [{"period": period, "first_period": period, "last_period": period, "people": n,
                 "finished": 0 if is_open else n, "retained": 0 if is_open else self.hits(n, day), "retained_so_far": 0}
                for period in (0, 1, 2)]  # fmt: skip

    def adoption(self, day: date, _: bool) -> list[Row]:
        n = self.number(10 * self.people)
        return [{"active_people": n, "users": self.hits(n, day), "rate": None}]

    def breadth(self, day: date, _: bool) -> list[Row]:
        n = self.number(10 * self.people)
        return [{"active_people": n, "features_used": self.hits(n, day) + self.hits(n, day)}]

    def churn(self, day: date, _: bool) -> list[Row]:
        n = self.number(10 * self.people)
        gone = n - self.hits(n, day)
        return [{"people": n, "back": n - gone, "not_back": gone, "churned": gone, "cancelled": None}]

    def support_load(self, day: date, _: bool) -> list[Row]:
        n = self.number(10 * self.people)
        return [{"active_people": n, "tickets": self.number(n * self.rate(day))}]

    def survey(self, day: date, _: bool) -> list[Row]:
        n = self.number(10 * self.people)
        high = self.hits(n, day)
        return [{"scale": "nps", "answers": n, "left_out": 0, "low": n - high, "middle": 0, "high": high, "mean": 7.0}]

    def active_days(self, day: date, _: bool) -> list[Row]:
        n = self.number(10 * self.people)
        days = np.bincount(np.maximum(1, self.random.binomial(14, self.rate(day), n)), minlength=15)
        return [
            {"active_days": k, "people": int(days[k]), "active_people": n, "share": days[k] / n} for k in range(1, 15)
        ]

    def active_people(self, day: date, _: bool) -> list[Row]:
        week = self.crowd(day)
        return [{"dau": week // 3, "wau": week, "mau": 20 * self.people}]

    def lifecycle(self, day: date, _: bool) -> list[Row]:
        n = self.crowd(day)
        return [{"active_people": n, "new_people": n, "returning_people": 0, "resurrected_people": 0, "not_back": 0,
                 "dormant_people": 0}]  # fmt: skip


def morning(seed: int, fallen: str = "", people: int = 30) -> PageData:
    """A page without any other news; one family's rate collapses, or that of none."""
    data = page_data()
    measured = []
    for one in data.measured:
        if one.family.name == "experiment":
            continue
        since = SINCE[one.family.name] if one.family.name == fallen else date.max
        chance = Chance(seed, lambda day, since=since: USUAL if day < since else COLLAPSED, people)  # type: ignore[misc]
        titled = one.definition.model_copy(update={"description": f"Is {one.family.name} well?"})
        measured.append(replace(one, definition=titled, rows={EVERYBODY: list(chance.rows(one))}))
    return replace(data, measured=measured, late={}, goals=[], new_goals=set(), alerts=[], lists=[])


def said(data: PageData, language: str = "en") -> list[str]:
    return [re.sub("<[^>]+>", "", str(one.text)) for one in today(View(data, LANGUAGES[language]))]


def test_every_family_is_in_the_test() -> None:
    assert set(SINCE) == set(FAMILIES) - {"experiment"}


@pytest.mark.parametrize("family", SINCE)
def test_a_collapse_in_any_family_is_the_first_sentence(family: str) -> None:
    first, *rest = said(morning(7, family))
    assert first.startswith(f"Is {family} well?")
    assert "up from" in first if family == "churn" else "down from" in first
    assert "That is beyond chance, even among 15 compared numbers." in first
    assert not any("Nothing changed" in text for text in rest)


def test_of_many_changes_two_have_a_sentence_and_the_others_are_named() -> None:
    """Everything collapses at once; of each definition one number, so that none hides another one."""
    quiet, families = morning(7), list(SINCE)
    fallen = [next(one for one in morning(7, family).measured if one.family.name == family) for family in families]
    first, second, third, *_ = said(replace(quiet, measured=fallen))
    assert first.split("?")[0] != second.split("?")[0]
    assert third.startswith("12 more changed beyond chance: Is ")
    assert third.count(" well?") == 4


@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_morning_without_a_change_says_how_many_numbers_were_compared(language: str) -> None:
    nothing = {"en": "Nothing changed beyond chance: 15 numbers were compared with the time before.",
               "ko": "우연의 범위를 넘어 달라진 것이 없습니다. 수치 15개를 이전 기간과 비교했습니다."}  # fmt: skip
    assert said(morning(7), language)[0] == nothing[language]


def test_chance_alone_is_news_on_at_most_one_morning_in_a_hundred() -> None:
    """Holm's method at 1 %: of 150 mornings 1.5 are expected; 6 or more come once in two hundred times."""
    mornings = [said(morning(seed))[0] for seed in range(150)]
    assert sum("beyond chance" in text and not text.startswith("Nothing") for text in mornings) <= 5


def numbers(data: PageData) -> dict[str, Compared]:
    """Definition -> its first number."""
    found: dict[str, Compared] = {}
    for one in compared(View(data, LANGUAGES["en"])):
        found.setdefault(one.measured.id, one)
    return found


def changed(data: PageData, family: str, rows: Callable[[Row], bool] = lambda _: True, **fields: Any) -> PageData:
    """Only one family, with some of its rows, and other fields of its definition."""
    one = next(one for one in data.measured if one.family.name == family)
    definition = one.definition.model_copy(update=fields)
    return replace(
        data, measured=[replace(one, definition=definition, rows={EVERYBODY: [*filter(rows, one.rows_of(EVERYBODY))]})]
    )


@pytest.mark.parametrize(("last", "is_compared"), [(55, True), (54, False)])
def test_a_trailing_window_is_compared_once_the_window_before_it_is_whole(last: int, is_compared: bool) -> None:
    data = changed(morning(7), "adoption", lambda row: row["day"] >= TODAY - last * DAY)
    one = numbers(data)["adoption.some"]
    assert (one.reason, one.p is not None) == ((None, True) if is_compared else ("alone", False))


def test_a_window_that_is_not_whole_weeks_is_compared_with_the_same_days_of_the_week() -> None:
    data = changed(morning(7), "adoption", window=10 * DAY)
    rows = {row["day"]: row for row in data.measured[0].rows_of(EVERYBODY)}
    found = numbers(data)["adoption.some"]
    then = rows[TODAY - 14 * DAY]
    before = (found.before or "").replace("\u00a0", " ")
    assert before == f"{100 * then['users'] / then['active_people']:.0f} %"
    assert found.earlier == "in the 10 days until 6 November"


def test_a_day_of_churn_is_compared_with_the_same_day_of_the_week_before() -> None:
    """Every Monday 80 of 100 are gone, on other days 20: no day is news."""

    def row(back: int) -> Row:
        day = TODAY - back * DAY
        gone = 80 if day.weekday() == 0 else 20
        return {"period_start": day, "status": "complete", "people": 100, "back": 100 - gone, "not_back": gone,
                "churned": gone, "cancelled": None}  # fmt: skip

    data = changed(morning(7), "churn", period="day")
    for ends in range(7):
        rows = [row(back) for back in range(40, ends - 1, -1)]
        one = replace(data.measured[0], rows={EVERYBODY: rows})
        found = numbers(replace(data, measured=[one], day=TODAY - ends * DAY, until=data.until - ends * DAY))
        assert found["churn.some"].change == "same"
        assert found["churn.some"].earlier == "on the day a week before"


@pytest.mark.parametrize(
    "fields",
    [{"mode": "on_or_after"},  # older cohorts have had longer
     {"cohorts": "recurring", "brackets": [3, 4], "periods": None}],  # one return counts in several cohorts
)  # fmt: skip
def test_a_retention_whose_cohorts_are_not_alike_or_not_apart_is_not_compared(fields: dict[str, Any]) -> None:
    data = changed(morning(7, "retention"), "retention", **fields)
    assert numbers(data) == {}
    assert said(data) == ["This page has no number that is compared with the time before."]


def test_a_slower_time_to_value_is_seen_though_as_many_get_there() -> None:
    data = changed(morning(7), "time_to_value")
    one = data.measured[0]
    rows = [{**row, "within_24h": row["within_24h"] // (1 if row["cohort"] < SINCE["time_to_value"] else 10)}
            for row in one.rows_of(EVERYBODY)]  # fmt: skip
    slower = said(replace(data, measured=[replace(one, rows={EVERYBODY: rows})]))[0]
    assert "(had it within a day), down from" in slower
    assert "even among 2 compared numbers" in slower


def test_a_rise_of_a_number_that_should_be_low_is_marked_as_wrong() -> None:
    marks = {family: today(View(changed(morning(7, family), family), LANGUAGES["en"]))[0].mark
             for family in ("churn", "support_load", "adoption")}  # fmt: skip
    assert marks == {"churn": "wrong", "support_load": "same", "adoption": "lower"}


# Why nothing is compared


def test_few_people_are_said_with_their_number() -> None:
    """One person on each day that 7 divides: 21 and 28 October and 7 November now, one more in the 28 days before."""
    data = changed(morning(7), "activation")
    rows = [
        {**row, "finished": int(row["cohort"].day % 7 == 0), "activated": 0}
        for row in data.measured[0].rows_of(EVERYBODY)
    ]
    few = replace(data, measured=[replace(data.measured[0], rows={EVERYBODY: rows})])
    assert said(few) == ["Too few have come for a comparison: it takes 20 on each side, and the largest number has 3 people on its "
                         "smaller side."]  # fmt: skip
    assert said(few, "ko") == [
        "비교하기에는 인원이 너무 적습니다. 양쪽에 20 이상이 필요하지만, 가장 큰 수치도 적은 쪽이 3명입니다."
    ]


def test_numbers_without_a_time_before_them_are_shown_and_not_said_to_be_unchanged() -> None:
    data = changed(morning(7), "activation", lambda row: row["cohort"] >= TODAY - 15 * DAY)
    first, second = said(data)
    assert first == "Nothing can be compared yet: the numbers have no time before them that is long enough."
    assert ", 9 complete days (" in second


def test_a_window_that_nobody_has_finished_is_not_complete_and_no_row_is_nobody() -> None:
    data = changed(morning(7), "activation", lambda row: row["status"] == "open")
    assert said(data)[0].startswith("Nothing that is counted is complete yet.")
    assert said(changed(data, "activation", lambda _: False))[0].startswith("Nobody is counted yet:")


def test_people_of_long_ago_are_not_compared() -> None:
    data = changed(morning(7), "activation", lambda row: row["cohort"] < TODAY - 60 * DAY)
    assert said(data) == ["Nothing is compared: nobody came lately, so the newest numbers are those of long ago."]


def test_a_page_of_experiments_alone_has_nothing_to_compare() -> None:
    data = page_data(days=1)
    alone = replace(morning(7), measured=[one for one in data.measured if one.family.name == "experiment"])
    assert said(replace(alone, measured=[replace(alone.measured[0], rows={})]))[0].startswith("This page has no number")


# The statistics, beside scipy


def test_two_means_are_compared_by_the_z_test() -> None:
    now, before = Mean(2.1, 1.3, 220), Mean(1.8, 1.1, 180)
    z = (2.1 - 1.8) / (1.3 / 220 + 1.1 / 180) ** 0.5
    assert of_means(now, before) == pytest.approx(2 * stats.norm.sf(z), rel=1e-9)
    assert of_means(Mean(1, 0, 30), Mean(1, 0, 30)) == 1.0


def test_a_number_is_compared_with_how_the_periods_before_it_varied() -> None:
    past = [100.0, 120.0, 90.0, 130.0, 110.0]
    mean, sd = 110.0, stats.tstd(past)
    t = (60 - mean) / (sd * (1 + 1 / 5) ** 0.5)
    assert of_past(60, past, 0.0) == pytest.approx(2 * stats.t.sf(abs(t), 4), rel=1e-9)
    t = (60 - mean) / (400 * (1 + 1 / 5)) ** 0.5
    assert of_past(60, past, 400.0) == pytest.approx(2 * stats.t.sf(abs(t), 4), rel=1e-9)
    assert of_past(60, past[:3], 0.0) is None
