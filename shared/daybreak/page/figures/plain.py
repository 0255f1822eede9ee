"""A family that has no figure of its own: its main number as a line, its newest complete value, and a table."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from daybreak.families.base import Number
from daybreak.page.counts import FEW
from daybreak.page.figures import card
from daybreak.page.figures.card import Cell, Table
from daybreak.page.figures.lines import Drawn, lines
from daybreak.page.labels import sentence
from daybreak.page.markup import Markup, joined, tag
from daybreak.page.read import Measured
from daybreak.page.scale import top_of
from daybreak.page.versions import changed_on, cuts
from daybreak.page.view import View

PERIODS_SHOWN = 56
MOST_LINES = 3
"""Of a number with several rows in each period, so many are drawn; the table has the same ones."""

Row = dict[str, Any]


def plain(measured: Measured, view: View) -> Markup | None:
    """The figure; None while it has no row."""
    rows = measured.rows_of(view.group)
    if not rows:
        return None
    number, partition = measured.family.numbers[0], measured.family.partition
    names = list(dict.fromkeys(_name(row, number) for row in rows))[:MOST_LINES]
    days = sorted({row[partition] for row in rows})[-PERIODS_SHOWN:]
    by_place = {(row[partition], _name(row, number)): row for row in rows}
    found = {name: [by_place.get((day, name)) for day in days] for name in names}
    is_open = [any((row := found[name][n]) and row["status"] != "complete" for name in names) for n in range(len(days))]
    labels = [view.language.short_period(_period(measured), day) for day in days]
    cut = cuts(days, changed_on(measured))
    return card.card(
        view,
        measured.id,
        title=measured.definition.description,
        sentence=sentence(measured.definition, measured.family.name, view),
        number=_number(found[names[0]], names[0], cut, measured, view),
        picture=joined([_picture(found, labels, is_open, cut, measured, view), card.version_note(measured, view)]),
        table=_table(found, labels, days, is_open, measured, view),
        kind="plain",
    )


def _period(measured: Measured) -> str:
    return str(measured.definition.options().get("period") or "day")


def _name(row: Row, number: Number) -> str:
    """The name of the line that a row is on: the column, or the value that tells the rows of a period apart."""
    return str(row[number.by]) if number.by else _in_words(number)


def _value(row: Row | None, number: Number) -> float | None:
    """The number as a line draws it; a share of few people is not drawn."""
    return None if row is None or row.get(number.column) is None or _is_few(row, number) else row[number.column]


def _is_few(row: Row, number: Number) -> bool:
    return number.denominator is not None and (row[number.denominator] or 0) < FEW


def _shown(row: Row | None, number: Number, measured: Measured, view: View) -> str:
    if row is None or row.get(number.column) is None:
        return "–"
    if number.numerator and number.denominator and _is_few(row, number):
        few = view.few if number.is_share else view.few_each
        return few(row[number.numerator], row[number.denominator], measured.definition.actor)
    value = row[number.column]
    if number.is_share:
        return view.language.percent(value, row[number.denominator] if number.denominator else 0)
    return view.language.count(value) if isinstance(value, int) else view.language.number(value)


def _number(rows: Sequence[Row | None], name: str, cut: Sequence[int], measured: Measured, view: View) -> Markup:
    """The newest complete value, if it was counted as the newest row was."""
    language, number = view.language, measured.family.numbers[0]
    done = [
        row
        for row in rows[max(cut, default=0) :]
        if row and row["status"] == "complete" and row.get(number.column) is not None
    ]
    if not done:
        return card.headline(language.plain("nothing_complete"), [], kind="words")
    period, newest = _period(measured), done[-1]
    when = language.plain(f"in.{period}", day=language.period_name(period, newest[measured.family.partition]))
    others = [other for other in measured.family.numbers[1:] if newest.get(other.column) is not None]
    second = [joined([" · " if n else "", _in_words(other), " ", tag("b", _shown(newest, other, measured, view))])
              for n, other in enumerate(others)]  # fmt: skip
    few = "few" if _is_few(newest, number) else None
    return card.headline(_shown(newest, number, measured, view), [name, when], kind=few, beside=joined(second) or None)


def _in_words(number: Number) -> str:
    return number.column.replace("_", " ")


def _picture(
    found: dict[str, list[Row | None]],
    labels: Sequence[str],
    is_open: Sequence[bool],
    cut: Sequence[int],
    measured: Measured,
    view: View,
) -> Markup:
    number = measured.family.numbers[0]
    drawn = [
        Drawn(name, [_value(row, number) for row in rows], f"l{nth}")
        for nth, (name, rows) in enumerate(found.items(), 1)
    ]
    top = top_of(max((v for one in drawn for v in one.values if v is not None), default=0), is_share=number.is_share)
    sign = view.language.plain("percent_sign")
    tops = [f"{part * 100:.3g}{sign if part else ''}" if number.is_share else f"{part:g}" for part in (top, top / 2, 0)]
    title, label = measured.definition.description, view.language.plain("version.changed")
    named = view.language.plain("plot.trend", title=title)
    return lines(drawn, labels, is_open, top, tops, named, cuts=cut, cut_label=label)


def _table(
    found: dict[str, list[Row | None]],
    labels: Sequence[str],
    days: Sequence[date],
    is_open: Sequence[bool],
    measured: Measured,
    view: View,
) -> Table:
    """A row for each position of the line."""
    language, number = view.language, measured.family.numbers[0]
    rows = []
    for n, day in enumerate(days):
        state = "open" if is_open[n] else "complete"
        values = [found[name][n] for name in found]
        cells = [Cell(_shown(row, number, measured, view), row.get(number.column) if row else None) for row in values]
        rows.append([Cell(labels[n], day.isoformat()), *cells, Cell(language.plain(f"status.{state}"), state)])
    return Table([language.plain("column.period"), *found, language.plain("column.state")], rows)
