"""Is the difference between two shares more than chance? Intervals and tests for experiments, from counts alone.

Everything is two-sided at 95 %. The distributions come from the standard library and mpmath, which is imported where it
is used: it takes a third of a second that every other job and command would wait for. The tests compare all of it with
scipy and published tables.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from statistics import NormalDist
from typing import Any

Z = NormalDist().inv_cdf(0.975)
"""The normal quantile of the 95 % interval: 1.96."""
ALPHA = 0.05
SMALL = 5
"""A z test needs this many expected in every cell; under it Fisher's exact test is used."""
MISMATCH = 0.001
"""A sample ratio less likely than this is not an accident."""

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Arm:
    """`reached` of `finished` people."""

    reached: int
    finished: int

    @property
    def rate(self) -> float:
        return self.reached / self.finished


@dataclass(frozen=True, slots=True)
class Comparison:
    """A variant against the first one. `interval` is of the difference, or of the lift in a test of the lift."""

    test: str
    p: float | None
    interval: Interval


def wilson(arm: Arm) -> Interval:
    """Score interval of a share: Wilson, J. Am. Stat. Assoc. 22 (1927), 209-212, without continuity correction."""
    n, rate = arm.finished, arm.rate
    middle = (rate + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z / (1 + Z**2 / n) * math.sqrt(rate * (1 - rate) / n + Z**2 / (4 * n**2))
    return max(0.0, middle - half), min(1.0, middle + half)


def newcombe(arm: Arm, other: Arm) -> Interval:
    """Interval of arm - other from both Wilson intervals: Newcombe, Statist. Med. 17 (1998), 873-890, method 10."""
    (low, high), (other_low, other_high) = wilson(arm), wilson(other)
    difference = arm.rate - other.rate
    below = math.hypot(arm.rate - low, other_high - other.rate)
    above = math.hypot(high - arm.rate, other.rate - other_low)
    return difference - below, difference + above


def pooled_z(arm: Arm, other: Arm) -> tuple[float, float] | None:
    """z and p of the pooled two-proportion test; None where nobody or everybody reached, which leaves z undefined."""
    pooled = (arm.reached + other.reached) / (arm.finished + other.finished)
    if pooled in (0, 1):
        return None
    error = math.sqrt(pooled * (1 - pooled) * (1 / arm.finished + 1 / other.finished))
    z = (arm.rate - other.rate) / error
    return z, math.erfc(abs(z) / math.sqrt(2))


def unpooled_z(arm: Arm, other: Arm) -> tuple[float, float] | None:
    """z and p with each arm's own variance; None where neither arm has any variance."""
    error = math.sqrt(sum(a.rate * (1 - a.rate) / a.finished for a in (arm, other)))
    if error == 0:
        return None
    z = (arm.rate - other.rate) / error
    return z, math.erfc(abs(z) / math.sqrt(2))


def fisher(arm: Arm, other: Arm) -> float:
    """p of Fisher's exact test: the sum of all tables with these margins that are no likelier than this one."""
    reached, total = arm.reached + other.reached, arm.finished + other.finished

    def likelihood(x: int) -> float:
        ways = _log_choose(arm.finished, x) + _log_choose(other.finished, reached - x)
        return math.exp(ways - _log_choose(total, reached))

    possible = range(max(0, reached - other.finished), min(reached, arm.finished) + 1)
    seen = likelihood(arm.reached) * (1 + 1e-7)  # equal ones differ in the last digits
    return min(1.0, math.fsum(p for p in map(likelihood, possible) if p <= seen))


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def is_small(arm: Arm, other: Arm) -> bool:
    """True if any cell of the two-by-two table has an expected count under 5."""
    reached, total = arm.reached + other.reached, arm.finished + other.finished
    return any(
        n * share / total < SMALL for n in (arm.finished, other.finished) for share in (reached, total - reached)
    )


def two_proportions(arm: Arm, other: Arm) -> Comparison:
    """The difference of two shares: pooled z, or Fisher's exact test for small counts; Newcombe's interval."""
    if is_small(arm, other):
        return Comparison("fisher", fisher(arm, other), newcombe(arm, other))
    z = pooled_z(arm, other)
    return Comparison("pooled z", z[1] if z else None, newcombe(arm, other))


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean, with the variance and the number of the averaged values."""

    mean: float
    variance: float
    count: int


def relative_lift(mean: Mean, other: Mean) -> Comparison | None:
    """(mean - other) / other: variance by the delta method, Welch's t with Satterthwaite's degrees of freedom.

    None where it is undefined: nothing to divide by, or no variance at all.
    """
    if other.mean == 0 or min(mean.count, other.count) < 2 or mean.variance + other.variance == 0:
        return None
    lift = (mean.mean - other.mean) / other.mean
    error = math.sqrt(
        mean.variance / (mean.count * other.mean**2) + mean.mean**2 * other.variance / (other.count * other.mean**4)
    )
    parts = [(m.variance / m.count, m.count - 1) for m in (mean, other)]
    freedom = sum(part for part, _ in parts) ** 2 / sum(part**2 / n for part, n in parts)
    half = _t_quantile(freedom) * error
    return Comparison("relative lift", t_two_sided(lift / error, freedom), (lift - half, lift + half))


def t_two_sided(t: float, freedom: float) -> float:
    """How likely Student's t is at least this far from zero."""
    import mpmath

    return float(mpmath.betainc(freedom / 2, 0.5, 0, freedom / (freedom + t * t), regularized=True))


def _t_quantile(freedom: float) -> float:
    """The t that 95 % are within."""
    import mpmath

    return float(mpmath.findroot(lambda t: t_two_sided(float(t), freedom) - ALPHA, Z, tol=1e-12, solver="secant"))


def holm(p_values: list[float | None]) -> list[float | None]:
    """p values corrected for several tests: Holm, Scand. J. Statist. 6 (1979), 65-70. None stays None, uncounted."""
    known = sorted((p, index) for index, p in enumerate(p_values) if p is not None)
    corrected: list[float | None] = [None] * len(p_values)
    highest = 0.0
    for nth, (p, index) in enumerate(known):
        highest = max(highest, min(1.0, p * (len(known) - nth)))
        corrected[index] = highest
    return corrected


def sample_ratio(exposed: list[int], shares: list[float]) -> float | None:
    """Chi-square p of how people were divided against how they were meant to be; None if nobody was exposed."""
    import mpmath

    total, whole = sum(exposed), sum(shares)
    if total == 0:
        return None
    wanted = [total * share / whole for share in shares]
    chi_square = math.fsum((n - want) ** 2 / want for n, want in zip(exposed, wanted, strict=True))
    return float(mpmath.gammainc((len(exposed) - 1) / 2, chi_square / 2, mpmath.inf, regularized=True))


# Rows of the table


def with_statistics(rows: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The counts of `experiment.sql`, one row per day and variant, with intervals, tests and a verdict added.

    The verdict is that of the first complete day on which every variant has its planned number, and stays: looking
    again each day after it finds something sooner or later where there is nothing. So `rows` must hold every day from
    the first exposure on, as each run computes them.
    """

    def one_question(row: dict[str, Any]) -> tuple[Any, ...]:
        return row["definition"], row["segment"], row["segment_value"]

    def in_order(row: dict[str, Any]) -> tuple[Any, ...]:
        return *one_question(row), row["day"], row["position"]

    for _, days in groupby(sorted(rows, key=in_order), key=one_question):
        decided: dict[str, Any] | None = None
        for day, found in groupby(days, key=itemgetter("day")):
            compared = list(_compared(list(found)))
            if decided is None and _is_decided(compared):
                decided = {"decided_on": day, "verdicts": [row["verdict"] for row in compared]}
            verdicts = decided["verdicts"] if decided else ["collecting"] * len(compared)
            for row, verdict in zip(compared, verdicts, strict=True):
                yield {**row, "verdict": verdict, "decided_on": decided["decided_on"] if decided else None}


def _is_decided(rows: list[dict[str, Any]]) -> bool:
    """True if the day of these rows is complete and has the planned number of people in every variant."""
    return all(row["status"] == "complete" and row["finished"] >= row["planned"] for row in rows)


def _compared(rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    first = _arm(rows[0])
    compared = [None, *(_compare(row, first) for row in rows[1:])]
    corrected = holm([comparison.p if comparison else None for comparison in compared])
    ratio = sample_ratio([row["exposed"] for row in rows], [row["share"] for row in rows])
    for row, comparison, p in zip(rows, compared, corrected, strict=True):
        arm = _arm(row)
        interval = wilson(arm) if arm else (None, None)
        difference = arm.rate - first.rate if arm and first and row["position"] > 1 else None
        yield {
            **row,
            "rate_low": interval[0],
            "rate_high": interval[1],
            "difference": difference,
            "difference_low": comparison.interval[0] if comparison else None,
            "difference_high": comparison.interval[1] if comparison else None,
            "lift": difference / first.rate if difference is not None and first and first.rate else None,
            "test": comparison.test if comparison else None,
            "p_value": comparison.p if comparison else None,
            "p_adjusted": p,
            "sample_ratio_p": ratio,
            "verdict": _verdict(row, p, difference, ratio),
        }


def _arm(row: dict[str, Any]) -> Arm | None:
    return Arm(row["reached"], row["finished"]) if row["finished"] else None


def _compare(row: dict[str, Any], first: Arm | None) -> Comparison | None:
    arm = _arm(row)
    if arm is None or first is None:
        return None
    if row["test_name"] == "two_proportions":
        return two_proportions(arm, first)
    if row["test_name"] == "unpooled_z":
        z = unpooled_z(arm, first)
        return Comparison("unpooled z", z[1] if z else None, newcombe(arm, first))
    means = [Mean(a.rate, a.rate * (1 - a.rate), a.finished) for a in (arm, first)]
    return relative_lift(*means)


def _verdict(row: dict[str, Any], p: float | None, difference: float | None, ratio: float | None) -> str:
    """The verdict if the day of this row is the one that decides."""
    if ratio is not None and ratio < MISMATCH:
        return "sample ratio mismatch"
    if row["position"] == 1:
        return "baseline"
    if p is None or difference is None or p >= ALPHA:
        return "no difference"
    return "better" if difference > 0 else "worse"
