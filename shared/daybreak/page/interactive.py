"""The data that the script needs beyond the page: the counts of each trend, other figures drawn for each segment.

It is JSON, packed by gzip and written as base64: two years of 360 lines are some 600 KB.
"""

import gzip
import json
from base64 import b64encode
from datetime import date
from typing import Any

from daybreak.engine.calendar import DAY
from daybreak.page.counts import Series, headline
from daybreak.page.figures import trend
from daybreak.page.markup import Markup, tag
from daybreak.page.read import EVERYBODY, TRENDS, Group, Measured
from daybreak.page.sections import figure_of
from daybreak.page.view import View


def packed(view: View) -> Markup:
    """The data of the script as an element that no browser runs."""
    groups = [Group(segment, value) for segment, values in view.data.values.items() for value in values]
    content = {
        "trends": {m.id: found for m in view.data.measured if (found := _trend(m, groups, view))},
        "figures": {_key(group): _figures(group, view) for group in groups},
        "texts": _texts(view),
        "notes": [(day.isoformat(), text) for day, text in view.notes(date.min, date.max)],
    }
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    data = b64encode(gzip.compress(text.encode(), mtime=0)).decode()
    return tag("script", Markup(data), type="application/gzip", id="packed")


def _key(group: Group) -> str:
    """The name of a group in the script and in the address of the page."""
    return "" if group == EVERYBODY else f"{group.segment}={group.value}"


def _trend(measured: Measured, groups: list[Group], view: View) -> dict[str, Any] | None:
    """The counts of a trend for each group: reached, of, the first that is open, and the headline as markup."""
    if measured.family.name not in TRENDS:
        return None
    lines = trend.LINES[measured.family.name]
    everybody = trend.series_of(measured, view, lines)
    if everybody is None:
        return None
    found = {}
    for group in [EVERYBODY, *groups]:
        seen = View(view.data, view.language, group)
        series = trend.series_of(measured, seen, lines)
        if series is not None:
            number = trend.number(headline(series), series, lines, measured, seen)
            found[_key(group)] = [*_aligned(series, everybody), everybody.open_from, number]
    first = everybody.days[0].isoformat()
    return {
        "first": first,
        "share": lines.is_share,
        "line": everybody.line_window,
        "last": everybody.end,
        "cuts": everybody.cuts,
        "n": view.language.texts[f"n.{measured.definition.actor}"],
        "groups": found,
    }


def _aligned(series: Series, everybody: Series) -> tuple[list[int], list[int]]:
    """The counts of a group on everybody's days."""
    before = (series.days[0] - everybody.days[0]) // DAY
    size = len(everybody.days)
    reached, of = ([*[0] * before, *counts][:size] for counts in (series.reached, series.of))
    rest = [0] * (size - len(of))
    return reached + rest, of + rest


def _figures(group: Group, view: View) -> dict[str, Markup]:
    """Every figure that is not a trend, drawn for a group that it has."""
    seen = View(view.data, view.language, group)
    return {
        measured.id: figure
        for measured in view.data.measured
        if measured.family.name not in TRENDS and measured.rows_of(group)
        if (figure := figure_of(measured, seen))
    }


def _texts(view: View) -> dict[str, Any]:
    texts = view.language.texts
    words = {key: texts[key] for key in ("few", "few.each", "interval", "percent_sign", "everybody", "version.changed")}
    states = {state: texts[f"status.{state}"] for state in ("open", "complete")}
    return {**words, **states, "short_day": texts["date.short_day"], "months": texts["short_months"].split(" ")}
