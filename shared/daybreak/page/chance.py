"""How likely chance alone gives a change of a number that is not a share. `counts.chance` says it of shares."""

import math
from collections.abc import Sequence
from statistics import fmean, variance

from daybreak.families.experiment_statistics import Mean, t_two_sided

FEWEST_PERIODS = 4
"""Before so many earlier periods, nobody knows how much a number varies by itself."""
MOST_PERIODS = 12


def of_means(now: Mean, before: Mean) -> float:
    """p of the difference of two means, from the spread of the averaged values: the z test."""
    error = math.sqrt(now.variance / now.count + before.variance / before.count)
    if error == 0:
        return 1.0 if now.mean == before.mean else 0.0
    return math.erfc(abs(now.mean - before.mean) / error / math.sqrt(2))


def of_past(now: float, past: Sequence[float], least_variance: float) -> float | None:
    """p of a number beside those of the periods before it: Student's t of one more draw from the same normal law.

    `least_variance`: the periods vary by so much if each person comes or not by chance alone, so never by less. None
    where there are too few periods.
    """
    past = past[:MOST_PERIODS]
    if len(past) < FEWEST_PERIODS:
        return None
    error = math.sqrt(max(variance(past), least_variance) * (1 + 1 / len(past)))
    if error == 0:
        return 1.0 if now == past[0] else 0.0
    return t_two_sided((now - fmean(past)) / error, len(past) - 1)
