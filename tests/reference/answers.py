"""Surveys: NPS, CES and CSAT."""

import re
from collections.abc import Iterable
from datetime import date
from typing import Any, Literal

from reference.clock import Clock, Event, Period, Row, Selector, known, matches, rate, status

Scale = Literal["nps", "ces", "csat"]
BANDS = {
    "nps": (range(7), range(7, 9), range(9, 11)),
    "ces": (range(1, 4), range(4, 5), range(5, 8)),
    "csat": (range(1, 3), range(3, 4), range(4, 6)),
}
"""NPS 9-10 / 7-8 / 0-6; CES 5-7 / 4 / 1-3; CSAT 4-5 / 3 / 1-2: low, middle and high answers."""


def survey(
    events: Iterable[Event],
    clock: Clock,
    *,
    answer: Selector,
    score: str = "score",
    scale: Scale,
    period: Period = "month",
) -> list[Row]:
    """Count answers that are whole numbers on the scale; all others are only counted as `left_out`."""
    given: dict[date, list[int | None]] = {}
    for event in known(events, clock):
        if matches(event, answer):
            first_day = clock.first_day(clock.day(event.at), period)
            given.setdefault(first_day, []).append(_on_scale(event.properties.get(score), scale))
    rows = []
    for first_day, scores in sorted(given.items()):
        complete = clock.has_passed(clock.next_period(first_day, period))
        answers = [number for number in scores if number is not None]
        low, middle, high = (sum(number in band for number in answers) for band in BANDS[scale])
        net = rate(100 * (high - low), len(answers), complete)
        rows.append(
            {
                "period_start": first_day,
                "status": status(complete),
                "scale": scale,
                "answers": len(answers),
                "left_out": len(scores) - len(answers),
                "low": low,
                "middle": middle,
                "high": high,
                "mean": rate(sum(answers), len(answers)),
                "high_share": rate(high, len(answers)),
                "nps": net if scale == "nps" else None,
                "ces_net": net if scale == "ces" else None,
                "csat": rate(high, len(answers), complete) if scale == "csat" else None,
            }
        )
    return rows


def _on_scale(value: Any, scale: Scale) -> int | None:
    """The answer as a whole number on the scale, read from a number or from a string of digits; else None."""
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", value):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    whole = [number for band in BANDS[scale] for number in band if number == value]
    return whole[0] if whole else None
