"""The alert's statistics, counted a second time by scipy and numpy."""

import math
from random import Random

import numpy as np
import pytest
from scipy import stats

from daybreak.families.experiment_statistics import Arm
from daybreak.watch import chance
from support.journeys import tries


def drawn(random: Random, most: int) -> Arm:
    people = random.randint(20, most)
    return Arm(random.randint(0, people), people)


@pytest.mark.parametrize("seed", range(tries(300)))
def test_without_spread_the_test_is_scipys(seed: int) -> None:
    random = Random(seed)
    now, before = drawn(random, 400), drawn(random, 1600)
    table = [[now.reached, now.finished - now.reached], [before.reached, before.finished - before.reached]]
    if 0 in np.sum(table, axis=0):
        assert chance.of_change(now, before, 1.0) == 1.0
        return
    if stats.contingency.expected_freq(table).min() < 5:
        expected = stats.fisher_exact(table).pvalue
    else:  # the square of the pooled z is chi-square without Yates' correction
        expected = stats.chi2_contingency(table, correction=False).pvalue
    assert chance.of_change(now, before, 1.0) == pytest.approx(expected, rel=1e-6, abs=1e-290)


@pytest.mark.parametrize("seed", range(tries(100)))
def test_the_spread_divides_the_score(seed: int) -> None:
    random = Random(seed)
    now, before = Arm(random.randint(5, 100), 300), Arm(random.randint(100, 500), 1200)
    widened = 1 + random.random()
    z = stats.norm.isf(chance.of_change(now, before, 1.0) / 2)
    assert chance.of_change(now, before, widened) == pytest.approx(2 * stats.norm.sf(z / widened), rel=1e-6)


@pytest.mark.parametrize("seed", range(tries(100)))
def test_a_limit_is_likely_exactly_where_scipys_wilson_interval_holds_it(seed: int) -> None:
    random = Random(seed)
    now, limit = drawn(random, 500), random.uniform(0.01, 0.99)
    interval = stats.binomtest(now.reached, now.finished).proportion_ci(0.999, "wilson")
    assert (interval.low <= limit <= interval.high) == (chance.of_distance(now, limit) >= 0.001)


def test_the_spread_is_laneys_by_hand() -> None:
    # 100 people a week, 30, 40, 20 and 30 of whom did it: 120 of 400 are 30 %; sqrt(0.3 x 0.7 / 100) = 0.045826
    # scores 0, 2.18218, -2.18218, 0; their ranges 2.18218, 4.36436, 2.18218 have the mean 2.90957; / 1.128 = 2.57941
    weeks = [Arm(30, 100), Arm(40, 100), Arm(20, 100), Arm(30, 100)]
    assert chance.spread(weeks) == pytest.approx(2.57941, abs=1e-5)


@pytest.mark.parametrize("seed", range(tries(100)))
def test_the_spread_is_that_of_numpy(seed: int) -> None:
    random = Random(seed)
    weeks = [drawn(random, 300) for _ in range(random.randint(3, 12))]
    reached, people = (np.array([getattr(week, name) for week in weeks]) for name in ("reached", "finished"))
    rate = reached.sum() / people.sum()
    scores = (reached / people - rate) / np.sqrt(rate * (1 - rate) / people)
    assert chance.spread(weeks) == pytest.approx(max(1.0, np.abs(np.diff(scores)).mean() / 1.128))


@pytest.mark.parametrize(
    "weeks", [[], [Arm(1, 9), Arm(9, 9)], [Arm(0, 50)] * 5, [Arm(50, 50)] * 5, [Arm(30, 100)] * 12]
)
def test_too_few_weeks_and_weeks_that_are_alike_widen_nothing(weeks: list[Arm]) -> None:
    assert chance.spread(weeks) == 1.0


def test_an_impossible_change_is_no_error() -> None:
    p = chance.of_change(Arm(0, 3), Arm(1_000_000, 1_000_000), 1.0)
    assert 0 <= p < 1e-10
    assert not math.isnan(chance.of_change(Arm(0, 100_000), Arm(400_000, 400_000), 1.0))
