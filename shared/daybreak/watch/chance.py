"""How likely chance alone gives a change, when weeks differ by more than chance.

A test of two shares takes everybody's decision for a coin of its own. Real weeks differ by more than that: campaigns,
holidays, who happens to come. So a change is widened by the spread that past weeks have had, as in Laney's p' chart
(Laney, "Improved control charts for attributes", Quality Engineering 14 (2002), 531-537).
"""

import math
from collections.abc import Sequence
from itertools import pairwise
from statistics import NormalDist

from daybreak.families.experiment_statistics import Arm, fisher, is_small, pooled_z

FEWEST_WEEKS = 3
"""The spread of fewer past weeks is not known; their shares then count as chance alone."""
_MEAN_RANGE_OF_TWO = 1.128
"""The mean difference of two draws of a normal distribution, in standard deviations."""


def spread(weeks: Sequence[Arm]) -> float:
    """Laney's sigma of past weeks, oldest first: 1 if they differ as by chance, more if by more; never less than 1."""
    people = sum(week.finished for week in weeks)
    rate = sum(week.reached for week in weeks) / people if people else 0.0
    if len(weeks) < FEWEST_WEEKS or not 0 < rate < 1:
        return 1.0
    scores = [(week.rate - rate) / math.sqrt(rate * (1 - rate) / week.finished) for week in weeks]
    ranges = [abs(later - earlier) for earlier, later in pairwise(scores)]
    return max(1.0, sum(ranges) / len(ranges) / _MEAN_RANGE_OF_TWO)


def of_change(now: Arm, before: Arm, widened: float) -> float:
    """p of the difference of two shares: the pooled z test, Fisher's for small counts; z is divided by the spread."""
    if is_small(now, before):
        return _two_sided(_score(fisher(now, before)) / widened)
    z = pooled_z(now, before)
    return _two_sided(z[0] / widened) if z else 1.0


def of_distance(now: Arm, limit: float) -> float:
    """p of a share against a limit (between 0 and 1): the score test. Wilson's interval holds the limits it allows.

    Past weeks do not widen it. A limit is a promise about these days, and weeks that drift or jump towards it would
    widen the test most when it is broken.
    """
    return _two_sided((now.rate - limit) / math.sqrt(limit * (1 - limit) / now.finished))


def _two_sided(z: float) -> float:
    return math.erfc(abs(z) / math.sqrt(2))


def _score(p: float) -> float:
    """The z that has this two-sided p."""
    return -NormalDist().inv_cdf(max(p / 2, 1e-300)) if p < 1 else 0.0
