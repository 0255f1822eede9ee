"""Experiments: people by variant, those who reached the goal, and scipy's statistics of the difference."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import sqrt
from typing import Literal

from scipy import stats

from reference.clock import DAY, Clock, Event, Row, Selector, known, matches, rate, status

Test = Literal["two_proportions", "relative_lift"]
Interval = tuple[float, float]
Z = float(stats.norm.ppf(0.975))


@dataclass
class Arm:
    """The counts of one variant, as known by the end of a day."""

    exposed: int = 0
    finished: int = 0
    reached: int = 0
    reached_before: int = 0

    @property
    def rate(self) -> float | None:
        return rate(self.reached, self.finished)


@dataclass
class Comparison:
    """One variant compared with the first; every field is None if there is nothing to compare."""

    difference: float | None = None
    interval: Interval | None = None
    lift: float | None = None
    test: str | None = None
    p_value: float | None = None
    p_adjusted: float | None = None


def experiment(
    events: Iterable[Event],
    clock: Clock,
    *,
    exposure: Selector,
    variant: str = "variant",
    variants: list[str],
    goal: Mapping[str, datetime],
    window: timedelta,
    planned: int,
    shares: list[float] | None = None,
    test: Test = "two_proportions",
) -> list[Row]:
    """Count exposed people by variant, as known by the end of each day from the first exposure on.

    `goal`: person -> the instant at which they reached the goal, by the goal's own rule. A goal counts in the window
    after the exposure. People seen in two variants are only counted as such, and so are people who had reached the goal
    before their exposure. The verdict is given once: on the first day at whose end at least `planned` people of every
    variant have had their whole window, from exactly these people.
    """
    goals = {person: at.astimezone(UTC) for person, at in goal.items()}
    exposures = [event for event in known(events, clock) if matches(event, exposure)]
    exposures = [event for event in exposures if _named(event, variant, variants)]
    rows: list[Row] = []
    verdicts: dict[str, str] = {}
    decided_on = None
    day = clock.day(exposures[0].at) if exposures else None
    while day and clock.has_begun(day):
        end = min(clock.first_instant(day + DAY), clock.end)
        until_then = [event for event in exposures if event.at < end]
        arms, in_several = _arms(until_then, variant, variants, goals, window, end)
        is_over = clock.has_passed(day + DAY)
        of_day = _rows(arms, shares, test)
        # one look: on the first day that is over with enough people everywhere; what comes after it changes nothing
        if is_over and not verdicts and min(arm.finished for arm in arms.values()) >= planned:
            verdicts, decided_on = {row["variant"]: row["verdict"] for row in of_day}, day
        for row in of_day:
            verdict = {"verdict": verdicts.get(row["variant"], "collecting"), "decided_on": decided_on}
            beside = {"day": day, "status": status(is_over), "in_several": in_several, "planned": planned}
            rows.append({**row, **beside, **verdict})
        day = clock.days_after(day, 1)
    return rows


def _named(event: Event, variant: str, variants: list[str]) -> str | None:
    """The variant that an exposure names, or None if the experiment does not have it."""
    value = event.properties.get(variant)
    return value if isinstance(value, str) and value in variants else None


def _arms(
    exposures: list[Event],
    variant: str,
    variants: list[str],
    goals: dict[str, datetime],
    window: timedelta,
    end: datetime,
) -> tuple[dict[str, Arm], int]:
    """The variants' counts as of the instant `end`, and how many people were seen in several variants."""
    arms = {name: Arm() for name in variants}
    seen: dict[str, list[Event]] = {}
    for event in exposures:
        seen.setdefault(event.person, []).append(event)
    in_several = 0
    for person, exposures_of_person in seen.items():
        if len({_named(event, variant, variants) for event in exposures_of_person}) > 1:
            in_several += 1
            continue
        arm, exposed_at = arms[exposures_of_person[0].properties[variant]], exposures_of_person[0].at
        if person in goals and goals[person] < exposed_at:
            arm.reached_before += 1
            continue
        arm.exposed += 1
        if exposed_at + window < end:
            arm.finished += 1
            arm.reached += person in goals and goals[person] <= exposed_at + window
    return arms, in_several


def _rows(arms: dict[str, Arm], shares: list[float] | None, test: Test) -> list[Row]:
    """One row for each variant, in order, with the verdict of this day; all others are compared with the first."""
    first, *others = arms.values()
    comparisons = [Comparison(), *(_compare(arm, first, test) for arm in others)]
    _correct_by_holm(comparisons)
    ratio_p = sample_ratio_p([arm.exposed for arm in arms.values()], shares)
    rows = []
    for (name, arm), comparison in zip(arms.items(), comparisons, strict=True):
        low, high = wilson(arm.reached, arm.finished) if arm.finished else (None, None)
        difference_low, difference_high = comparison.interval or (None, None)
        verdict = _verdict(comparison)
        if arm is first:
            verdict = "baseline"
        if ratio_p is not None and ratio_p < 0.001:
            verdict = "sample ratio mismatch"
        rows.append(
            {
                "variant": name,
                "exposed": arm.exposed,
                "finished": arm.finished,
                "reached": arm.reached,
                "reached_before": arm.reached_before,
                "rate": arm.rate,
                "rate_low": low,
                "rate_high": high,
                "difference": comparison.difference,
                "difference_low": difference_low,
                "difference_high": difference_high,
                "lift": comparison.lift,
                "test": comparison.test,
                "p_value": comparison.p_value,
                "p_adjusted": comparison.p_adjusted,
                "sample_ratio_p": ratio_p,
                "verdict": verdict,
            }
        )
    return rows


def _verdict(comparison: Comparison) -> str:
    """The result of the test at 5 %, by the sign of the difference."""
    if comparison.p_adjusted is None or comparison.difference is None or comparison.p_adjusted >= 0.05:
        return "no difference"
    return "better" if comparison.difference > 0 else "worse"


def _compare(arm: Arm, first: Arm, test: Test) -> Comparison:
    """The difference to the first variant, its interval, and a test of the difference or of the lift."""
    if arm.rate is None or first.rate is None:
        return Comparison()
    difference = arm.rate - first.rate
    lift = difference / first.rate if first.rate else None
    if test == "two_proportions":
        interval = newcombe(arm.reached, arm.finished, first.reached, first.finished)
        name, p_value = two_proportions(arm.reached, arm.finished, first.reached, first.finished)
        return Comparison(difference, interval, lift, name, p_value)
    welch = relative_lift(arm.reached, arm.finished, first.reached, first.finished)
    if welch is None:
        return Comparison(difference, None, lift)
    return Comparison(difference, welch[0], lift, "relative lift", welch[1])


def _correct_by_holm(comparisons: list[Comparison]) -> None:
    """Set the corrected p values by Holm: the smallest p times their number, the next times one fewer, and so on.

    A corrected value is never below the one before it, and at most 1.
    """
    tested = [(comparison.p_value, comparison) for comparison in comparisons if comparison.p_value is not None]
    at_least = 0.0
    for position, (p_value, comparison) in enumerate(sorted(tested, key=lambda pair: pair[0])):
        at_least = max(at_least, min(1.0, p_value * (len(tested) - position)))
        comparison.p_adjusted = at_least


# The statistics: x people of n


def wilson(x: int, n: int) -> Interval:
    """Wilson's 95 % interval of a rate, without continuity correction."""
    interval = stats.binomtest(x, n).proportion_ci(confidence_level=0.95, method="wilson")
    return float(interval.low), float(interval.high)


def newcombe(x1: int, n1: int, x2: int, n2: int) -> Interval:
    """Newcombe's 95 % interval of the first rate minus the second: Wilson's distances, squared and added."""
    p1, p2 = x1 / n1, x2 / n2
    (low1, high1), (low2, high2) = wilson(x1, n1), wilson(x2, n2)
    down, up = sqrt((p1 - low1) ** 2 + (high2 - p2) ** 2), sqrt((high1 - p1) ** 2 + (p2 - low2) ** 2)
    return p1 - p2 - down, p1 - p2 + up


def two_proportions(x1: int, n1: int, x2: int, n2: int) -> tuple[str, float]:
    """Fisher's exact test if an expected count is below 5 (as at a pooled rate of 0 or 1), else pooled z."""
    reached = x1 + x2
    totals = [column * n / (n1 + n2) for column in (reached, n1 + n2 - reached) for n in (n1, n2)]
    if min(totals) < 5:
        return "fisher", min(1.0, float(stats.fisher_exact([[x1, n1 - x1], [x2, n2 - x2]])[1]))
    return "pooled z", 2 * float(stats.norm.sf(abs(pooled_z(x1, n1, x2, n2))))


def pooled_z(x1: int, n1: int, x2: int, n2: int) -> float:
    """The difference in standard errors, which come from the common rate of both arms."""
    pooled = (x1 + x2) / (n1 + n2)
    return (x1 / n1 - x2 / n2) / sqrt(pooled * (1 - pooled) * (1 / n1 + 1 / n2))


def relative_lift(x1: int, n1: int, x2: int, n2: int) -> tuple[Interval, float] | None:
    """95 % interval and p of the lift over the second rate: delta method, Welch-Satterthwaite t.

    None if that is undefined: a second rate of 0, fewer than two people in an arm, or no variance.
    """
    if x2 == 0 or min(n1, n2) < 2:
        return None
    p1, p2 = x1 / n1, x2 / n2
    variance = p1 * (1 - p1) / (n1 * p2**2) + p1**2 * p2 * (1 - p2) / (n2 * p2**4)
    if variance == 0:
        return None
    error1, error2 = p1 * (1 - p1) / n1, p2 * (1 - p2) / n2
    freedom = (error1 + error2) ** 2 / (error1**2 / (n1 - 1) + error2**2 / (n2 - 1))
    lift, error = (p1 - p2) / p2, sqrt(variance)
    reach = float(stats.t.ppf(0.975, freedom)) * error
    return (lift - reach, lift + reach), 2 * float(stats.t.sf(abs(lift) / error, freedom))


def sample_ratio_p(exposed: list[int], shares: list[float] | None) -> float | None:
    """Chi-square p of the people in each arm against the planned shares, by default equal ones."""
    if not sum(exposed):
        return None
    meant = shares or [1.0] * len(exposed)
    expected = [share / sum(meant) * sum(exposed) for share in meant]
    return float(stats.chisquare(exposed, expected, sum_check=False).pvalue)
