"""Each state of a goal, counted by hand: 28 days of counts, a straight line, Wilson's interval."""

from datetime import date
from typing import Any

import pytest

from daybreak.definitions.goals import Goal
from daybreak.lake.tables import MeasuredGoal
from daybreak.watch.goals import measure_goal
from support.watched import day, series, values

UP = {"from": day(29), "by": day(129), "target": 0.40}
"""100 days from the baseline's last day but one: the line rises by a hundredth of the way each day."""


def measured(
    counts: list[tuple[int, int]], known: date, before: list[MeasuredGoal] | None = None, **fields: Any
) -> MeasuredGoal:
    goal = Goal.model_validate({"description": "d", "metric": "activation.first", **UP, **fields})
    return measure_goal("g", goal, "v", series("activation.first", counts), before or [], known)


def days(*parts: tuple[int, int, int]) -> list[tuple[int, int]]:
    """(how many days, reached, people) one after the other."""
    return [(reached, people) for count, reached, people in parts for _ in range(count)]


def test_a_row_by_hand() -> None:
    # baseline: 28 days of 3 in 10; 28 days of 4 in 10 are 112 / 280
    # they are the 23rd to the 50th of 100 days, 36.5 in the mean, so 33.65 % are needed
    row = measured(days((28, 3, 10), (51, 4, 10)), day(80))
    assert (row.baseline, row.people, row.measured) == (0.3, 280, 0.4)
    assert row.needed == pytest.approx(0.3365)
    assert (row.measured_to, row.final_on) == (day(79), day(130))
    # Wilson by hand: 1.96^2 = 3.8415; middle (0.4 + 3.8415 / 560) / (1 + 3.8415 / 280) = 0.40135; half 0.05704
    assert row.low == pytest.approx(0.34431, abs=1e-4)
    assert row.high == pytest.approx(0.45840, abs=1e-4)
    assert row.state == "on track"


def test_a_number_that_is_on_its_line_each_day_is_never_behind() -> None:
    on_its_line = [300] * 28 + [300 + n for n in range(101)]  # 30 to 40 % of 1,000 people a day
    counts = [(reached, 1000) for reached in on_its_line]
    for n in range(30, 130):  # every morning before the final one
        row = measured(counts[: n - 1], day(n))
        assert row.needed == pytest.approx(row.measured)
        assert row.state == "too close to call"
    goal = Goal.model_validate(
        {"description": "d", "metric": "active_people.all_of_them", "column": "dau", **UP, "target": 400}
    )
    for n in range(29, 129):
        rows = values("active_people.all_of_them", "dau", [float(number) for number in on_its_line[:n]])
        assert measure_goal("g", goal, "v", rows, [], day(n)).state == "on track"
    # on its line to the end: days 73 to 100 of 100 are 86.5 in the mean, so 38.65 %
    final = measured(counts, day(130))
    assert final.needed == pytest.approx(0.3865)
    assert final.measured == pytest.approx(0.3865)
    assert final.state == "met"
    counts[128] = (399, 1000)  # one person fewer on the last day
    assert measured(counts, day(130)).state == "missed"


@pytest.mark.parametrize("target", [n / 100 for n in range(1, 100)])
def test_a_final_number_that_is_just_at_its_line_is_met_whatever_floating_point_loses(target: float) -> None:
    # the mean of 28 numbers and the mean of the line lose different digits; -1 to 1 crosses zero on the way
    for baseline in (0.0, 1.0, -1.0):
        goal = Goal.model_validate(
            {"description": "d", "metric": "active_people.all_of_them", **UP, "target": target, "baseline": baseline}
        )
        way = [baseline + (target - baseline) * n / 100 for n in range(101)]
        toward = 1 if target > baseline else -1
        for off, state in ((0.0, "met"), (toward * 1e-6, "met"), (-toward * 1e-6, "missed")):
            rows = values("active_people.all_of_them", "dau", [baseline] * 28 + [number + off for number in way])
            assert measure_goal("g", goal, "v", rows, [], day(129)).state == state


@pytest.mark.parametrize(
    ("reached", "expected"),
    [
        (440, "on track"),  # 44.0 %, at least 41.1 %
        (370, "on track"),  # 37.0 %, 34.2 to 39.9 %
        (360, "too close to call"),  # 36.0 %, 33.2 to 38.9 %
        (350, "too close to call"),
        (300, "behind"),  # 30.0 %, at most 32.8 %
    ],
)
def test_over_the_days_measured_33_65_percent_are_needed_and_the_interval_decides(reached: int, expected: str) -> None:
    # of 40 people a day, 1,120 in 28 days, `reached` per mille
    counts = days((28, 12, 40), (23, 12, 40), (28, 0, 40))
    for n in range(reached * 1120 // 1000):
        at = 51 + n % 28
        counts[at] = (counts[at][0] + 1, 40)
    assert measured(counts, day(80)).state == expected


@pytest.mark.parametrize(("reached", "expected"), [(11, "behind"), (7, "on track"), (9, "too close to call")])
def test_a_goal_downward_is_on_track_below_the_line(reached: int, expected: str) -> None:
    # from 24 of 40 (60 %) to 20 %: 36.5 of 100 days on the way, 45.4 % are needed
    row = measured(days((51, 12, 20), (28, reached, 20)), day(80), target=0.2, direction="down")
    given = measured(days((51, 12, 20), (28, reached, 20)), day(80), target=0.2, baseline=0.6)
    assert (given.needed, given.state) == (row.needed, row.state)
    assert row.needed == pytest.approx(0.454)
    assert row.state == expected


def test_a_number_that_was_past_its_target_has_to_stay_there() -> None:
    # 60 % before it began, and the goal is 40 %: nobody wants it to fall
    assert measured(days((51, 12, 20), (28, 12, 20)), day(80)).needed == 0.4
    assert measured(days((51, 12, 20), (28, 12, 20)), day(80)).state == "on track"
    assert measured(days((51, 12, 20), (28, 4, 20)), day(80)).state == "behind"


def test_churn_times_and_tickets_are_meant_to_fall() -> None:
    goal = Goal.model_validate(
        {"description": "d", "metric": "churn.weekly", "from": day(29), "by": day(85), "target": 0.1}
    )
    for churned, expected in ((10, "on track"), (25, "too close to call"), (40, "behind")):
        rows = series("churn.weekly", [(30, 100)] * 4 + [(churned, 100)] * 4)
        row = measure_goal("g", goal, "v", rows, [], day(56))  # days 0 to 27 of 56 on the way down
        assert row.needed == pytest.approx(0.3 - 0.2 * 13.5 / 56)
        assert row.state == expected


def test_before_anybody_who_started_since_from_is_complete_it_waits() -> None:
    assert measured(days((29, 3, 10)), day(29)).state == "waiting"  # day 28 is the last complete one
    assert measured(days((29, 3, 10)), day(30)).state != "waiting"


def test_a_given_baseline_counts_instead_of_the_days_before() -> None:
    row = measured(days((79, 3, 10)), day(80), baseline=0.2)
    assert (row.baseline, row.state) == (0.2, "too close to call")
    assert row.needed == pytest.approx(0.2 + 0.2 * 0.365)


def test_the_baseline_is_shown_as_soon_as_its_days_are_complete() -> None:
    assert measured(days((28, 3, 10)), day(28)).baseline is None
    assert measured(days((28, 3, 10)), day(29)).baseline == 0.3


def test_nineteen_people_are_not_enough_and_twenty_are() -> None:
    counts = days((28, 3, 10), (28, 0, 0))
    counts[40], counts[45] = (5, 10), (4, 9)
    assert measured(counts, day(57)).state == "not enough people"
    counts[45] = (4, 10)
    assert (measured(counts, day(57)).people, measured(counts, day(57)).state) == (20, "too close to call")


def test_a_product_without_people_before_from_needs_a_baseline() -> None:
    counts = days((28, 0, 0), (40, 3, 10))
    assert measured(counts, day(69)).state == "not enough people"
    assert measured(counts, day(69), baseline=0.1).state == "on track"


@pytest.mark.parametrize(("reached", "expected"), [(4, "met"), (3, "missed")])
def test_the_answer_is_final_when_by_is_complete(reached: int, expected: str) -> None:
    counts = days((28, 3, 10), (73, 3, 10), (28, reached, 10), (30, 9, 10))
    assert measured(counts, day(129)).state not in ("met", "missed")  # day 129 itself is still open
    final = measured(counts, day(130))
    assert (final.state, final.measured, final.measured_to) == (expected, reached / 10, day(129))
    # weeks later it is still about the 28 days until `by`
    assert measured(counts, day(150)).measured == reached / 10


def test_a_final_answer_and_a_baseline_are_kept_whatever_late_events_change() -> None:
    counts = days((101, 3, 10), (28, 4, 10), (10, 4, 10))
    final = measured(counts, day(130))
    restated = days((28, 1, 10), (110, 1, 10))
    later = measured(restated, day(131), [final])
    assert later == final.model_copy(update={"day": day(131)})
    running = measured(counts, day(100))
    assert measured(restated, day(101), [running]).baseline == running.baseline == 0.3
    assert measured(restated, day(101)).baseline == 0.1


def test_a_changed_goal_or_definition_is_measured_anew() -> None:
    counts = days((101, 3, 10), (28, 4, 10), (10, 4, 10))
    final = measured(counts, day(130))
    assert measured(counts, day(131), [final], target=0.5).state == "missed"
    other = final.model_copy(update={"version": "another", "state": "missed"})
    assert measured(counts, day(131), [other]).state == "met"


def test_a_number_without_an_interval_is_never_too_close_to_call() -> None:
    goal = Goal.model_validate(
        {"description": "d", "metric": "active_people.all_of_them", "column": "dau", "from": day(29), "by": day(129),
         "target": 200}
    )  # fmt: skip
    for now, expected in ((138, "on track"), (137, "on track"), (136, "behind")):
        rows = values("active_people.all_of_them", "dau", [100.0] * 51 + [float(now)] * 28)
        row = measure_goal("g", goal, "v", rows, [], day(79))
        assert (row.low, row.people, row.state) == (None, None, expected)
        assert row.needed == pytest.approx(136.5)


def test_a_mean_needs_a_number_on_each_day_that_has_a_row() -> None:
    rows = values("active_people.all_of_them", "dau", [100.0] * 51 + [None] + [300.0] * 27)
    goal = Goal.model_validate(
        {"description": "d", "metric": "active_people.all_of_them", "from": day(29), "by": day(129), "target": 200}
    )
    assert measure_goal("g", goal, "v", rows, [], day(79)).state == "not enough people"


def test_weeks_are_read_whole_and_a_month_stands_for_itself() -> None:
    weekly = Goal.model_validate(
        {"description": "d", "metric": "churn.weekly", "from": day(31), "by": day(130), "target": 0.1}
    )
    rows = series("churn.weekly", [(30, 100)] * 4 + [(20, 100)] * 4 + [(90, 100)])
    row = measure_goal("g", weekly, "v", rows, [], day(60))  # a Friday: eight weeks are over
    assert (row.measured_to, row.people, row.measured) == (day(56), 400, 0.2)
    assert row.baseline == 0.3
    monthly = Goal.model_validate(
        {"description": "d", "metric": "retention.monthly", "period": 1, "from": date(2026, 3, 1),
         "by": date(2026, 9, 30), "target": 0.9}
    )  # fmt: skip
    months = series("retention.monthly", [(30, 100), (30, 100), (60, 100), (20, 20)], date(2026, 1, 1), period=1)
    row = measure_goal("g", monthly, "v", months, [], date(2026, 5, 1))  # March is complete 31 days after its end
    assert (row.measured_to, row.measured, row.people) == (date(2026, 3, 31), 0.6, 100)
    assert (row.baseline, row.number) == (0.3, "rate of period 1")
    assert row.needed == pytest.approx(0.3 + 0.6 * 15 / 213)  # March: days 0 to 30 of the way
