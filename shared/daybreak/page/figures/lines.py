"""Several lines in one plot, each named at its end, the unfinished part dotted."""

from collections.abc import Sequence
from dataclasses import dataclass

from daybreak.page.markup import Markup, joined, tag
from daybreak.page.scale import WIDE, across, marks, up, whole
from daybreak.page.svg import cut_marks, dot, grid, line, percent, plot, stretched, under

LABELS = 4
APART = 110
"""Names of lines stand at least so far apart, of a thousand of the height."""
NAMES = 0.86
"""The lines take so much of the width; their names stand in the rest."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """One line: its name, a value for each position or None, and its class."""

    name: str
    values: Sequence[float | None]
    class_: str
    open_from: int | None = None
    """The first position whose value is not final, where that is earlier than the first period that is not over."""

    def first_open(self, of_all: int) -> int:
        return of_all if self.open_from is None else min(self.open_from, of_all)


def lines(
    drawn: Sequence[Drawn],
    labels: Sequence[str],
    is_open: Sequence[bool],
    top: float,
    tops: Sequence[str],
    name: str,
    tips: Sequence[str] | None = None,
    cuts: Sequence[int] = (),
    cut_label: str = "",
) -> Markup:
    """The plot. `labels` are those of the positions, `tops` those of the three lines of the grid.

    `tips` is what is said of each position, if the figure's table has no row for it. `cuts` are the positions with
    which another version of the definition begins: there the lines are cut, and a mark stands with this label.
    """
    count = len(labels)
    xs = [whole(across(n, count) * NAMES) for n in range(count)]
    first_open = next((n for n, opened in enumerate(is_open) if opened), count)
    hatch = None
    if first_open < count:
        x = xs[max(first_open - 1, 0)]
        hatch = tag("rect", class_="hatch", x=percent(x), y=0, width=percent(xs[-1] - x or 10), height="100%")
    inner = [piece for one in drawn for piece in _pieces(one, xs, one.first_open(first_open), top, cuts)]
    marked = cut_marks([(xs[n - 1] + xs[n]) // 2 for n in cuts], cut_label)
    dots = [
        dot(xs[n], up(v, top), f"dot {one.class_}") for one in drawn for n, v in _last(one, one.first_open(first_open))
    ]
    below = (under(xs[n], labels[n]) for n in marks(count, LABELS))
    named = plot(
        tops,
        [hatch, *marked, stretched(grid(), *inner), *dots, *_names(drawn, first_open, top), *below],
        name=name,
        wide=NAMES,
        tips="\n".join(tips) if tips else None,
    )
    key = tag(
        "ul", (tag("li", tag("i", class_=f"key-{one.class_}"), one.name) for one in drawn), class_="legend narrow"
    )
    return joined([named, key])


def _pieces(one: Drawn, xs: Sequence[int], first_open: int, top: float, cuts: Sequence[int]) -> list[Markup]:
    """The complete part of a line in one piece for each gap and cut, and the rest dotted."""
    found = []
    for first, last, class_ in ((0, first_open - 1, ""), (max(first_open - 1, 0), len(xs) - 1, " open")):
        piece: list[tuple[int, int]] = []
        for n in range(first, last + 2):
            value = one.values[n] if n <= last else None
            if value is None or n in cuts:
                if len(piece) > 1:
                    found.append(line(piece, f"line {one.class_}{class_}"))
                piece = []
            if value is not None:
                piece.append((xs[n], up(value, top)))
    return found


def _last(one: Drawn, first_open: int) -> list[tuple[int, float]]:
    known = [(n, v) for n, v in enumerate(one.values[:first_open]) if v is not None]
    return known[-1:]


def _names(drawn: Sequence[Drawn], first_open: int, top: float) -> list[Markup]:
    """The name of each line at its end, moved apart where two would touch."""
    ends: list[tuple[int, Drawn]] = []
    for one in drawn:
        known = [v for v in one.values if v is not None]
        if known:
            complete = _last(one, one.first_open(first_open))
            ends.append((up(complete[-1][1] if complete else known[-1], top), one))
    ends.sort(key=lambda end: end[0])
    found: list[tuple[int, Drawn]] = []
    lowest = -APART
    for y, one in ends:
        lowest = max(y, lowest + APART)
        found.append((lowest, one))
    over = max([lowest - WIDE, 0]) if found else 0
    x = percent(whole(WIDE * NAMES))
    return [
        tag("text", one.name, class_=f"name {one.class_}", x=x, y=percent(y - over), dx=8, dy=4) for y, one in found
    ]
