"""Lines, bands and labels of a plot. Lines are drawn in a space of 1,000 by 1,000 that the browser stretches; texts and
dots are placed in percent beside it, so that they keep their size on every screen."""

from collections.abc import Iterable, Sequence

from daybreak.page.markup import Markup, tag
from daybreak.page.scale import WIDE, points

HEAVY, FEW, OPEN, BEFORE = "line", "line few", "line open", "line before"


def percent(position: int) -> str:
    """A position of a thousand as SVG places it."""
    return f"{position / 10:g}%"


def line(positions: Sequence[tuple[int, int]], class_: str) -> Markup:
    return tag("path", class_=class_, d=points(positions))


def band(high: Sequence[tuple[int, int]], low: Sequence[tuple[int, int]]) -> Markup:
    return tag("path", class_="band", d=points([*high, *reversed(low)]) + "z")


def stretched(*inner: object) -> Markup:
    """The space that the browser stretches to the size of the plot."""
    return tag("svg", *inner, viewBox=f"0 0 {WIDE} {WIDE}", preserveAspectRatio="none", width="100%", height="100%")


def grid() -> Markup:
    """The three lines of every plot."""
    return tag("path", class_="grid", d=f"M0 0h{WIDE}M0 {WIDE // 2}h{WIDE}M0 {WIDE}h{WIDE}")


def dot(x: int, y: int, class_: str = "dot") -> Markup:
    return tag("circle", class_=class_, cx=percent(x), cy=percent(y), r=4)


def under(x: int, label: str) -> Markup:
    """A label under the plot; at its edges it ends or begins there, so that nothing is cut."""
    anchor = "start" if x < 60 else "end" if x > 940 else "middle"
    return tag("text", label, class_="axis", x=percent(x), y="100%", dy=18, text_anchor=anchor)


def cut_marks(places: Iterable[int], label: str) -> list[Markup]:
    """A labelled vertical line at each of these places, the labels one under another, so that none touches the next."""
    return [
        tag(
            "g",
            tag("line", x1=percent(x), x2=percent(x), y1=0, y2="100%"),
            tag("text", label, x=percent(x), y=12 + 14 * (nth % 4), dx=5 if x <= WIDE // 2 else -5,
                text_anchor="start" if x <= WIDE // 2 else "end"),
            class_="cut",
        )
        for nth, x in enumerate(places)
    ]  # fmt: skip


def plot(
    tops: Iterable[str], inner: Iterable[object], *, name: str, height: str = "", **facts: str | float | None
) -> Markup:
    """A plot with three labels on its left, from the top down, for keys and for readers of its name.

    `facts` tell the script where its positions are, and what to say of them if the figure's table does not.
    """
    shown = [tag("span", top) for top in tops]
    labels = tag("div", shown, class_="tops", aria_hidden="true") if shown else None
    picture = tag("svg", inner, class_="lines", aria_hidden="true")
    about = {f"data_{key}": value for key, value in facts.items()}
    kind = f"plot {height}".strip()
    return tag("div", labels, picture, class_=kind, tabindex=0, role="img", aria_label=name, **about)
