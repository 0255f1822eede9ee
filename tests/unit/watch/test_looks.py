"""One morning's look, rule by rule: which days are compared, how many people it takes, and when it speaks."""

from datetime import date

import pytest
from scipy import stats

from daybreak.families.experiment_statistics import Arm, holm, two_proportions
from daybreak.watch import chance
from daybreak.watch.looks import Look, look, look_at_event
from daybreak.watch.series import EVERYBODY, Point, Series
from support.watched import day, series, values, watching

FALLS = watching('metric = "activation.first"\nwhen = "falls"').alert
BELOW = watching('metric = "activation.first"\nwhen = "below"\nlimit = 0.3').alert
STOPS = watching('event = "S"\nwhen = "stops"').alert


def seen(counts: list[tuple[int, int]], alert: object = FALLS) -> Look | None:
    """The look on the morning on which the last day of the counts is complete: a day after it."""
    group = {EVERYBODY: series("activation.first", counts)}
    return look(alert, group, day(len(counts) + 1)).get(EVERYBODY)  # type: ignore[arg-type]


def test_the_last_7_complete_days_are_compared_with_the_28_before_them() -> None:
    found = seen([(9, 9)] * 10 + [(40, 100)] * 28 + [(20, 100)] * 7)
    assert found
    assert found.now.arm == Arm(140, 700)
    assert found.before.arm == Arm(1120, 2800)
    assert (found.end, found.change) == (day(45), "fell")


def test_p_is_that_of_the_two_shares_divided_by_the_spread_of_the_weeks_before() -> None:
    weeks = [(300, 700), (260, 700), (310, 700), (250, 700)]
    counts = [(reached // 7, people // 7) for reached, people in weeks for _ in range(7)] + [(20, 100)] * 7
    found = seen(counts)
    assert found
    past = [Arm(reached // 7 * 7, people) for reached, people in weeks]
    before = Arm(sum(week.reached for week in past), 2800)
    assert chance.spread(past) > 1
    assert found.p == chance.of_change(Arm(140, 700), before, chance.spread(past))
    assert found.p > (two_proportions(Arm(140, 700), before).p or 0)


@pytest.mark.parametrize(
    ("when", "now", "expected"),
    [
        ("falls", 20, "fell"), ("falls", 60, None), ("rises", 60, "rose"), ("rises", 20, None),
        ("changes", 20, "fell"), ("changes", 60, "rose"), ("changes", 41, None),
    ],
)  # fmt: skip
def test_each_direction_is_its_own(when: str, now: int, expected: str | None) -> None:
    alert = watching(f'metric = "activation.first"\nwhen = "{when}"').alert
    found = seen([(40, 100)] * 28 + [(now, 100)] * 7, alert)
    assert found
    assert found.change == expected


def test_a_change_that_is_certain_but_small_is_not_spoken_of() -> None:
    counts = [(40_000, 100_000)] * 28 + [(36_000, 100_000)] * 7
    found = seen(counts)
    assert found
    assert found.change is None
    assert found.p is not None
    assert found.p < 1e-100
    tenth = watching('metric = "activation.first"\nwhen = "falls"\nby_at_least = "10%"').alert
    assert (seen(counts, tenth) or found).change == "fell"


def test_a_change_that_is_large_but_may_be_chance_is_not_spoken_of() -> None:
    # 28 of 70 against 112 of 280 -> 17 of 70: a fall by 39 %, p = 0.0148
    counts = [(4, 10)] * 28 + [(2, 10)] * 4 + [(3, 10)] * 3
    found = seen(counts)
    assert found
    assert found.p == pytest.approx(0.0148, abs=1e-4)
    assert found.change is None


def test_usual_certainty_speaks_sooner() -> None:
    usual = watching('metric = "activation.first"\nwhen = "falls"\ncertainty = "usual"').alert
    counts = [(4, 10)] * 28 + [(2, 10)] * 5 + [(3, 10)] * 2  # 16 of 70: p = 0.0077
    assert [one.change for one in (seen(counts), seen(counts, usual)) if one] == [None, "fell"]


def test_a_history_of_34_days_or_19_people_is_not_looked_at() -> None:
    assert seen([(40, 100)] * 34) is None
    assert seen([(40, 100)] * 35) is not None
    assert seen([(40, 100)] * 28 + [(1, 3)] * 5 + [(1, 2)] * 2) is None  # 19 people
    assert seen([(40, 100)] * 28 + [(1, 3)] * 6 + [(1, 2)]) is not None  # 20


def test_open_rows_are_left_out() -> None:
    rows = series("activation.first", [(40, 100)] * 28 + [(20, 100)] * 7)
    last = rows.points[day(35)]
    points = {**rows.points, day(35): Point(last.first, last.last, False, 20, 100, None)}
    found = look(FALLS, {EVERYBODY: Series(rows.chosen, rows.calendar, points)}, day(36))[EVERYBODY]
    assert found.now.arm == Arm(120, 600)


def test_the_values_of_segments_are_corrected_by_holm_and_everybody_is_not() -> None:
    falling = [(4, 10)] * 28 + [(1, 10)] * 7
    steady = [(4, 10)] * 35
    groups = {
        EVERYBODY: series("activation.first", falling),
        ("role", "a"): series("activation.first", falling),
        ("role", "b"): series("activation.first", steady),
        ("role", "c"): series("activation.first", steady),
    }
    found = look(watching('metric = "activation.first"\nwhen = "falls"\nsegments = ["role"]').alert, groups, day(36))
    alone = chance.of_change(Arm(7, 70), Arm(112, 280), 1.0)
    assert found[EVERYBODY].p == alone
    assert [found["role", value].p for value in "abc"] == holm([alone, 1.0, 1.0])
    assert found["role", "a"].p == pytest.approx(3 * alone)
    assert {group: one.change for group, one in found.items() if one.change} == {
        EVERYBODY: "fell",
        ("role", "a"): "fell",
    }


def test_many_values_make_a_change_of_one_of_them_less_certain() -> None:
    falling = [(4, 10)] * 28 + [(1, 10)] * 4 + [(2, 10)] * 3  # 10 of 70: p = 0.00006
    steady = series("activation.first", [(4, 10)] * 35)
    for others, expected in ((3, "fell"), (30, None)):
        groups = {EVERYBODY: steady, ("role", "a"): series("activation.first", falling)}
        groups |= {("role", f"other{n}"): steady for n in range(others)}
        assert look(FALLS, groups, day(36))["role", "a"].change == expected


def test_below_speaks_when_chance_alone_does_not_give_it() -> None:
    # 20 of 100 a day against 30 %: sure; 200 of 700 (28.6 %): z = -0.82, not sure
    assert [one.change for one in (seen([(20, 100)] * 7, BELOW), seen([(28, 100)] * 7, BELOW)) if one] == [
        "below",
        None,
    ]
    above = watching('metric = "activation.first"\nwhen = "above"\nlimit = 0.3').alert
    assert [one.change for one in (seen([(40, 100)] * 7, above), seen([(20, 100)] * 7, above)) if one] == [
        "above",
        None,
    ]


def drifting(first: int, last: int, weeks: int) -> list[tuple[int, int]]:
    """Days of 1,000 people, of whom so many reach it in the first week, as many in the last, and evenly between."""
    means = [first + (last - first) * n / (weeks - 1) for n in range(weeks)]
    return [(round(mean), 1000) for mean in means for _ in range(7)]


@pytest.mark.parametrize(("when", "first", "last"), [("below", 420, 275), ("above", 180, 325)])
def test_a_slow_drift_across_a_limit_is_spoken_of_on_the_first_morning_beyond_chance(
    when: str, first: int, last: int
) -> None:
    alert = watching(f'metric = "activation.first"\nwhen = "{when}"\nlimit = 0.3').alert
    counts = drifting(first, last, 13)
    found = {n: seen(counts[:n], alert) for n in range(7, len(counts) + 1)}
    sure = {}
    for n, one in found.items():
        week = counts[n - 7 : n]
        reached, people = sum(day[0] for day in week), sum(day[1] for day in week)
        interval = stats.binomtest(reached, people).proportion_ci(0.999, "wilson")
        sure[n] = interval.high < 0.3 if when == "below" else interval.low > 0.3
        assert (one is not None and one.change == when) == sure[n]
    # 3.2905 x sqrt(0.3 x 0.7 / 7000) = 1.80 points from the limit. The last two weeks are 28.7 and 27.5 % (and 31.3 and
    # 32.5 %), so it takes three days of the last: (4 x 287 + 3 x 275) / 7 = 281.9
    assert [n for n, is_sure in sure.items() if is_sure] == list(range(87, 92))


def test_a_blatant_breach_is_spoken_of_however_far_the_weeks_before_were_spread() -> None:
    # weeks of 90 and of 60 % by turns have a spread of 32; then nearly nobody, far below 30 %
    weeks = [(900, 1000), (600, 1000)] * 6
    found = seen([day for day in weeks for _ in range(7)] + [(50, 1000)] * 7, BELOW)
    assert found
    assert found.change == "below"
    assert found.p == pytest.approx(stats.norm.sf((0.3 - 0.05) / (0.3 * 0.7 / 7000) ** 0.5) * 2, abs=1e-300)


def test_a_limit_is_not_looked_at_before_seven_days_are_complete() -> None:
    assert seen([(5, 100)] * 6, BELOW) is None
    assert seen([(5, 100)] * 7, BELOW) is not None


def test_a_number_without_people_is_compared_with_its_limit_as_it_is() -> None:
    below = watching('metric = "active_people.all_of_them"\ncolumn = "dau"\nwhen = "below"\nlimit = 100.0').alert
    for dau, expected in ((99.0, "below"), (100.0, None)):
        group = {EVERYBODY: values("active_people.all_of_them", "dau", [dau] * 7)}
        found = look(below, group, day(7))[EVERYBODY]
        assert (found.now.value, found.p, found.change) == (dau, None, expected)


def test_a_weekly_number_compares_the_last_week_with_the_four_before() -> None:
    alert = watching('metric = "churn.weekly"\nwhen = "rises"').alert
    group = {EVERYBODY: series("churn.weekly", [(20, 100)] * 4 + [(60, 100)])}
    found = look(alert, group, day(38))[EVERYBODY]  # a Wednesday
    assert (found.end, found.now.arm, found.before.arm) == (day(35), Arm(60, 100), Arm(80, 400))
    assert found.change == "rose"


def test_a_trailing_row_is_compared_with_the_row_one_window_earlier() -> None:
    alert = watching('metric = "adoption.trailing"\nwhen = "falls"').alert
    rows = [(400, 1000)] * 14 + [(390, 1000)] * 13 + [(200, 1000)]
    found = look(alert, {EVERYBODY: series("adoption.trailing", rows)}, day(28))[EVERYBODY]
    assert (found.end, found.now.arm, found.before.arm) == (day(28), Arm(200, 1000), Arm(400, 1000))
    assert found.change == "fell"
    assert look(alert, {EVERYBODY: series("adoption.trailing", rows[:27])}, day(27)) == {}  # 14 days and 14 days


def counts(came: str) -> dict[date, int]:
    """How many came on each day, from the first: a digit each."""
    return {day(n + 1): int(digit) for n, digit in enumerate(came) if digit != "0"}


@pytest.mark.parametrize(
    ("came", "expected"),
    [
        ("9" * 28 + "00", "stopped"),
        ("9" * 28 + "0", None),  # one day is not two
        ("9" * 25 + "000" + "00", "stopped"),  # 25 of the 28 days
        ("9" * 24 + "0000" + "00", None),
        ("9" * 28 + "01", None),
        ("99999" + "00" + "9999900" * 3 + "00", None),  # never at weekends
        ("", None),
    ],
)
def test_an_event_stops_that_came_on_25_of_28_days_and_not_for_two(came: str, expected: str | None) -> None:
    assert look_at_event(STOPS, counts(came), day(len(came) or 30))[EVERYBODY].change == expected


def test_for_says_how_long_an_event_must_not_have_come() -> None:
    patient = watching('event = "S"\nwhen = "stops"\nfor = "4d"').alert
    assert look_at_event(patient, counts("9" * 28 + "000"), day(31))[EVERYBODY].change is None
    assert look_at_event(patient, counts("9" * 28 + "0000"), day(32))[EVERYBODY].change == "stopped"


NAMED = ("mail", "ann@example.com")


@pytest.mark.parametrize(("people", "looked"), [(None, False), (1, False), (19, False), (20, True)])
def test_a_number_without_people_of_a_value_that_fewer_than_20_have_is_not_looked_at(
    people: int | None, looked: bool
) -> None:
    below = watching('metric = "active_people.all_of_them"\ncolumn = "mau"\nwhen = "below"\nlimit = 5.0').alert
    everybody = values("active_people.all_of_them", "mau", [1.0] * 7)  # nobody's name: it needs no people
    named = values("active_people.all_of_them", "mau", [1.0] * 7, people=people)
    found = look(below, {EVERYBODY: everybody, NAMED: named}, day(7))
    assert set(found) == ({EVERYBODY, NAMED} if looked else {EVERYBODY})


@pytest.mark.parametrize(("metric", "looked"), [("churn.weekly", False), ("activation.first", True)])
def test_the_same_people_week_after_week_are_not_more_people(metric: str, looked: bool) -> None:
    # churn: 10 people in each of five weeks may be 10 people; activation: each person starts once, so they add up
    of_one = series(metric, [(9, 10)] * 40)
    below = watching(f'metric = "{metric}"\nwhen = "above"\nlimit = 0.1').alert
    assert (NAMED in look(below, {EVERYBODY: of_one, NAMED: of_one}, of_one.last_complete(day(41)))) == looked
    assert of_one.different_people(day(35), 28) == (280 if looked else 10)
