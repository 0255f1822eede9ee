"""Who is new, returning or back again in each period, and below the line, who is gone."""

from collections.abc import Sequence
from typing import Any, cast

from daybreak.families.lifecycle import Lifecycle
from daybreak.page.figures import card
from daybreak.page.figures.card import Cell, Table
from daybreak.page.labels import sentence
from daybreak.page.markup import Markup, joined, tag
from daybreak.page.read import Measured
from daybreak.page.scale import WIDE, marks, top_of, whole
from daybreak.page.svg import cut_marks, percent, plot
from daybreak.page.versions import changed_on, counted_alike, cuts
from daybreak.page.view import View

PARTS = {"returning_people": "b1", "resurrected_people": "b2", "new_people": "b3"}
"""Column -> the class of its part of a column, from the line up."""
GONE = "not_back"
PERIODS_SHOWN = {"day": 28, "week": 26, "month": 18}
LABELS = 4
GAP = 0.22

Row = dict[str, Any]


def lifecycle(measured: Measured, view: View) -> Markup | None:
    definition = cast(Lifecycle, measured.definition)
    rows = measured.rows_of(view.group)[-PERIODS_SHOWN[definition.period] :]
    if not rows:
        return None
    cut = cuts([row["period_start"] for row in rows], changed_on(measured))
    name = view.language.plain("plot.lifecycle", title=definition.description)
    key = [(mark, view.language.plain(f"lifecycle.{column}")) for column, mark in reversed(PARTS.items())]
    key += [("b4", view.language.plain("lifecycle.gone")), ("hatched", view.language.plain("status.open"))]
    return card.card(
        view,
        measured.id,
        title=definition.description,
        sentence=sentence(definition, "lifecycle", view),
        number=_number(counted_alike(rows, "period_start"), definition, view),
        picture=joined([_plot(rows, cut, definition, name, view), card.legend(key), card.version_note(measured, view)]),
        table=_table(rows, definition, view),
        kind="lifecycle",
    )


def _number(rows: Sequence[Row], definition: Lifecycle, view: View) -> Markup:
    """The newest complete period in words: how many, and who they were."""
    language = view.language
    done = [row for row in rows if row["status"] == "complete"]
    if not done:
        return card.headline(language.plain("nothing_complete"), [], kind="words")
    newest = done[-1]
    parts = [
        language.plain(f"lifecycle.n.{column}", n=view.counted(newest[column], definition.actor))
        for column in ("new_people", "returning_people", "resurrected_people")
    ]
    gone = language.plain("lifecycle.n.gone", n=view.counted(newest["dormant_people"] or 0, definition.actor))
    when = language.plain(
        f"in.{definition.period}", day=language.period_name(definition.period, newest["period_start"])
    )
    large = view.counted(newest["active_people"], definition.actor)
    return card.headline(large, [language.plain(f"active.{definition.actor}"), when, *parts, gone])


def _plot(rows: Sequence[Row], cut: Sequence[int], definition: Lifecycle, name: str, view: View) -> Markup:
    up = max(sum(row[column] for column in PARTS) for row in rows)
    down = max(row[GONE] for row in rows)
    top = top_of(up, is_share=False)
    zero = whole(WIDE * top / (top + max(down, 0)))
    step = WIDE / len(rows)
    unit = zero / top
    columns = [_column(row, n, step, zero, unit) for n, row in enumerate(rows)]
    lines = [tag("line", class_="grid", x1=0, x2="100%", y1=percent(y), y2=percent(y)) for y in (0, zero // 2)] + [
        tag("line", class_="zero", x1=0, x2="100%", y1=percent(zero), y2=percent(zero))
    ]
    labels = [
        tag("text", f"{value:g}", class_="axis", x=0, y=percent(y), dx=-6, dy=4, text_anchor="end")
        for value, y in ((top, 0), (top / 2, zero // 2), (0, zero))
    ]
    below = [
        _under(whole((n + 0.5) * step), view.language.short_period(definition.period, rows[n]["period_start"]))
        for n in marks(len(rows), LABELS)
    ]
    marked = cut_marks([whole(n * step) for n in cut], view.language.plain("version.changed"))
    return plot([], [*lines, *columns, *marked, *labels, *below], name=name, height="tall own", columns="yes")


def _under(x: int, label: str) -> Markup:
    anchor = "start" if x < 80 else "end" if x > 920 else "middle"
    return tag("text", label, class_="axis", x=percent(x), y="100%", dy=18, text_anchor=anchor)


def _column(row: Row, nth: int, step: float, zero: int, unit: float) -> Markup:
    x, wide = whole((nth + GAP / 2) * step), whole(step * (1 - GAP))
    parts, y = [], zero
    for column, mark in PARTS.items():
        high = whole(row[column] * unit)
        y -= high
        if high:
            parts.append(_rect(mark, x, y, wide, high))
    gone = whole(row[GONE] * unit)
    if gone:
        parts.append(_rect("b4", x, zero, wide, gone))
    if row["status"] != "complete":
        parts.append(_rect("veil", x, y, wide, zero - y + gone))
    return tag("g", parts)


def _rect(class_: str, x: int, y: int, wide: int, high: int) -> Markup:
    return tag("rect", class_=class_, x=percent(x), y=percent(y), width=percent(wide), height=percent(high))


def _table(rows: Sequence[Row], definition: Lifecycle, view: View) -> Table:
    language, plain = view.language, view.language.plain
    named = ("active_people", "new_people", "returning_people", "resurrected_people", GONE)
    columns = [plain("column.period"), plain(f"who.{definition.actor}")]
    columns += [plain(f"lifecycle.{name}") for name in named[1:4]] + [plain("lifecycle.gone"), plain("column.state")]
    found = []
    for row in rows:
        first, state = row["period_start"], row["status"]
        label = Cell(language.short_period(definition.period, first), first.isoformat())
        counts = (Cell(language.count(row[name]), row[name]) for name in named)
        found.append([label, *counts, Cell(plain(f"status.{state}"), state)])
    return Table(columns, found)
