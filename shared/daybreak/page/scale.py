"""Where a value stands in a figure. Positions are whole numbers of a thousand, so that a script finds the same ones."""

import math
from collections.abc import Sequence

WIDE = 1000
"""The width and height of the space that lines are drawn in; the browser stretches it."""

_STEPS = (1, 1.5, 2, 3, 4, 5, 6, 8, 10)


def whole(value: float) -> int:
    """The nearest whole number, halves upwards: as the script rounds, and not as Python does."""
    return math.floor(value + 0.5)


def across(position: int, count: int) -> int:
    """Where the nth of so many stands from left to right; a single one in the middle."""
    return whole(position * WIDE / (count - 1)) if count > 1 else WIDE // 2


def up(value: float, top: float) -> int:
    """Where a value stands from the top down."""
    return WIDE - whole(min(max(value, 0), top) * WIDE / top)


def top_of(highest: float, *, is_share: bool) -> float:
    """A round number above the highest value, of which half is easily read; a share ends at 1."""
    if is_share and highest > 0.8:
        return 1.0
    if highest <= 0:
        return 1.0 if not is_share else 0.1
    size = 10.0 ** math.floor(math.log10(highest))
    return next((step * size for step in _STEPS if step * size >= highest * 1.0000001), 10 * size)


def marks(count: int, most: int) -> list[int]:
    """Which of so many positions have a label: evenly apart, the last one among them, at most so many."""
    if count <= most:
        return list(range(count))
    apart = math.ceil((count - 1) / (most - 1))
    return list(range((count - 1) % apart, count, apart))


def points(values: Sequence[tuple[int, int]]) -> str:
    """A line through these positions as a path, relative from point to point: short, and it packs well."""
    (x, y), steps = values[0], []
    for next_x, next_y in values[1:]:
        steps.append(f"{next_x - x} {next_y - y}")
        x, y = next_x, next_y
    return f"M{values[0][0]} {values[0][1]}" + ("l" + " ".join(steps) if steps else "")
