"""Which periods a headline adds up, worked out by hand: complete ones only, and as many before them."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from daybreak.engine.calendar import DAY
from daybreak.page.counts import Count, Series, chance, headline, next_period, runs


def series(reached: list[int], of: list[int], open_from: int, *, overlaps: bool = False, window: int = 28) -> Series:
    days = [date(2026, 9, 1) + n * DAY for n in range(len(of))]
    return Series("day", days, reached, of, open_from, overlaps, window)


def test_a_headline_adds_up_28_complete_days_and_the_28_before() -> None:
    # 60 days: 56 complete with 10 people each, of whom 2 in the first 28 and 5 in the next; then four open ones
    found = headline(series([2] * 28 + [5] * 28 + [9] * 4, [10] * 60, open_from=56))
    assert found is not None
    assert (found.now, found.before) == (Count(140, 280), Count(56, 280))
    assert (found.first, found.last, found.periods) == (date(2026, 9, 29), date(2026, 10, 26), 28)
    assert not found.is_old


def test_nothing_is_added_up_or_compared_across_a_change_of_the_definition() -> None:
    # 60 complete days with 10 people each: 1 reaches it under the first definition, 2 under the second, 5 under the newest
    for cut, now, periods, before in (
        (50, Count(50, 100), 10, None),
        (32, Count(140, 280), 28, None),
        (18, Count(140, 280), 28, Count(70, 140)),
        (19, Count(140, 280), 28, None),  # thirteen days before: fewer than half as many
    ):
        reached = [1] * 10 + [2] * (cut - 10) + [5] * (60 - cut)
        found = headline(replace(series(reached, [10] * 60, open_from=60), cuts=[10, cut]))
        assert found is not None
        assert (found.now, found.periods, found.before) == (now, periods, before)


def test_a_line_of_seven_days_begins_anew_with_a_change_of_the_definition() -> None:
    cut = replace(series([1] * 10 + [5] * 10, [10] * 20, open_from=20), cuts=[10])
    assert [cut.point(at) for at in (9, 10, 11, 19)] == [Count(7, 70), Count(5, 10), Count(10, 20), Count(35, 70)]


def test_only_older_versions_being_complete_is_nothing_complete() -> None:
    assert headline(replace(series([1] * 10, [10] * 10, open_from=8), cuts=[8])) is None


def test_a_window_that_overlaps_is_compared_with_one_that_was_counted_alike() -> None:
    for cut, before in ((31, Count(1, 10)), (32, None)):  # of 60 days, the window of 28 before ends with position 31
        found = headline(replace(series([1] * 60, [10] * 60, open_from=60, overlaps=True), cuts=[cut]))
        assert found is not None
        assert (found.now, found.before) == (Count(1, 10), before)


def test_days_without_anybody_are_days_too() -> None:
    found = headline(series([1, *[0] * 27, 5], [2, *[0] * 27, 5], open_from=29))
    assert found is not None
    assert found.now == Count(5, 5)


def test_a_young_project_says_how_many_days_it_has_and_compares_with_nothing() -> None:
    found = headline(series([1, 2, 3], [4, 5, 6], open_from=2))
    assert found is not None
    assert (found.now, found.before, found.periods) == (Count(3, 9), None, 2)


def test_fewer_than_half_as_many_days_before_are_not_compared() -> None:
    for days, before in ((41, None), (42, Count(14, 28)), (56, Count(28, 56)), (70, Count(28, 56))):
        found = headline(series([1] * days, [2] * days, open_from=days))
        assert found is not None
        assert (found.before, found.before_periods) == (before, min(28, days - 28))


def test_there_is_no_headline_before_a_day_is_complete() -> None:
    assert headline(series([1], [4], open_from=0)) is None


def test_people_of_long_ago_are_shown_with_their_own_days() -> None:
    found = headline(series([*[1] * 50, *[0] * 200], [*[2] * 50, *[0] * 200], open_from=250))
    assert found is not None
    assert found.is_old
    assert (found.now, found.before, found.last) == (Count(28, 56), Count(22, 44), date(2026, 10, 20))


def test_rows_that_overlap_are_never_added_up() -> None:
    found = headline(series(list(range(60)), [100] * 60, open_from=59, overlaps=True, window=7))
    assert found is not None
    assert (found.now, found.before, found.periods) == (Count(58, 100), Count(51, 100), 1)


def test_overlapping_days_are_compared_over_whole_weeks_once_both_windows_are_whole() -> None:
    # windows of 10 days, 14 days apart: the one before ends with row 10 of 25, and its 10 days begin with row 1
    found = headline(series(list(range(25)), [100] * 25, open_from=25, overlaps=True, window=10))
    assert found is not None
    assert (found.now, found.before) == (Count(24, 100), Count(10, 100))
    young = headline(series(list(range(23)), [100] * 23, open_from=23, overlaps=True, window=10))
    assert young is not None
    assert (young.now, young.before) == (Count(22, 100), None)  # its 10 days would begin a day before the first row


def test_a_line_shows_seven_days_together_but_overlapping_rows_as_they_are() -> None:
    assert series([1] * 10, [2] * 10, open_from=10).point(9) == Count(7, 14)
    assert series([1] * 10, [2] * 10, open_from=10, overlaps=True).point(9) == Count(1, 2)
    assert series([0] * 3, [0] * 3, open_from=3).point(2) is None


@pytest.mark.parametrize(("now", "before"), [(Count(1, 19), Count(50, 100)), (Count(50, 100), Count(1, 19)), (Count(1, 30), None)])  # fmt: skip
def test_few_people_are_not_compared(now: Count, before: Count | None) -> None:
    assert chance(now, before) is None


def test_chance_is_that_of_the_pooled_z_test() -> None:
    # 50 of 100 against 30 of 100: pooled 0.4, error sqrt(0.24 x 0.02) = 0.06928, z = 2.887, p = 0.00389
    assert chance(Count(50, 100), Count(30, 100)) == pytest.approx(0.00389, abs=5e-6)


@pytest.mark.parametrize(
    ("period", "first", "following"),
    [("day", date(2026, 12, 31), date(2027, 1, 1)), ("week", date(2026, 12, 28), date(2027, 1, 4)),
     ("month", date(2026, 12, 1), date(2027, 1, 1)), ("month", date(2026, 1, 1), date(2026, 2, 1))],
)  # fmt: skip
def test_the_period_after(period: str, first: date, following: date) -> None:
    assert next_period(period, first) == following


def test_runs_of_equal_neighbours() -> None:
    assert runs("aabccc") == [(0, 1), (2, 2), (3, 5)]
    assert runs([]) == []
    assert timedelta(days=1) == DAY
