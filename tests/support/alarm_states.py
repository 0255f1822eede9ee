"""When is a CloudWatch alarm red? Computed from its properties in the template and from readings of its metric."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

_STATISTICS: dict[str, Callable[[Sequence[float]], float]] = {"Sum": sum, "Maximum": max}
_COMPARED: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": lambda value, threshold: value >= threshold,
    "LessThanThreshold": lambda value, threshold: value < threshold,
}


def is_red(alarm: Mapping[str, Any], readings: Mapping[int, float], minute: int, *, by_the_clock: bool = False) -> bool:
    """Whether the alarm is red at a minute, of `readings` by minute.

    The periods end with this minute, or `by_the_clock` at full periods. An alarm without data stays as it was, if it
    says so.
    """
    length = alarm["Period"] // 60
    end = -(-minute // length) * length if by_the_clock else minute
    bad = known = 0
    for nth in range(alarm["EvaluationPeriods"]):
        last = end - nth * length
        found = [value for at, value in readings.items() if last - length < at <= min(last, minute)]
        known += bool(found)
        if found:
            value = _STATISTICS[alarm["Statistic"]](found)
            bad += _COMPARED[alarm["ComparisonOperator"]](value, alarm["Threshold"])
        else:
            bad += alarm["TreatMissingData"] == "breaching"
    if alarm["TreatMissingData"] == "ignore" and not known:
        before = [at for at in readings if at < minute]
        return bool(before) and is_red(alarm, readings, max(before), by_the_clock=by_the_clock)
    return bool(bad >= alarm["DatapointsToAlarm"])
