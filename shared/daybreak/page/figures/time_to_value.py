"""How long people take: those of each cohort in bands, and by when half, three quarters and nine in ten had it."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, cast

from daybreak.engine.calendar import DAY
from daybreak.families.time_to_value import TimeToValue
from daybreak.page.counts import FEW, Headline, Series, change, headline
from daybreak.page.figures import card, trend
from daybreak.page.figures.card import Cell, Table
from daybreak.page.figures.lines import Drawn, lines
from daybreak.page.labels import sentence
from daybreak.page.markup import Markup, tag
from daybreak.page.read import Measured
from daybreak.page.scale import WIDE, top_of, whole
from daybreak.page.svg import percent
from daybreak.page.versions import changes, cuts
from daybreak.page.view import View

BANDS = {
    "within_24h": "b1",
    "days_1_to_3": "b2",
    "days_3_or_more": "b3",
    "never": "b4",
    "too_young": "b5",
}
"""Column -> the class of its band."""
PERCENTILES = ("p50_seconds", "p75_seconds", "p90_seconds")
COHORTS_SHOWN = 12
READABLE = 0.07
"""A band that is narrower has no number in it; the table has all of them."""
_UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))

Row = dict[str, Any]


def time_to_value(measured: Measured, view: View) -> Markup | None:
    rows = measured.rows_of(view.group)
    if not rows:
        return None
    definition = cast(TimeToValue, measured.definition)
    cohorts = _cohorts(rows, definition, view)
    shown = dict(list(cohorts.items())[-COHORTS_SHOWN:])
    picture = [_bands(shown, definition, view), _percentiles(rows, definition, view), card.version_note(measured, view)]
    return card.card(
        view,
        measured.id,
        title=definition.description,
        sentence=sentence(definition, "time_to_value", view),
        number=_number(measured, rows, view),
        picture=tag("div", picture, class_="two"),
        table=_table(shown, rows, definition, view),
        kind="time",
        wide=True,
    )


def _period(definition: TimeToValue) -> str:
    """The period of a row of the figure: days are added up to weeks, as the bands are counts."""
    return "week" if definition.period == "day" else definition.period


def _cohorts(rows: Sequence[Row], definition: TimeToValue, view: View) -> dict[date, Row]:
    """First day -> the bands of the people who began then; of a week with two versions, those of the newer one."""
    cohorts: dict[date, Row] = {}
    for row in rows:
        first = _week_of(row["cohort"], view) if definition.period == "day" else row["cohort"]
        version = row.get("version")
        if first not in cohorts or cohorts[first]["version"] != version:
            cohorts[first] = {"version": version, "people": 0, **dict.fromkeys(BANDS, 0)}
        into = cohorts[first]
        for column in ("people", *BANDS):
            into[column] += row[column]
    return cohorts


def _week_of(day: date, view: View) -> date:
    shift = 0 if view.data.project.settings.week_start == "monday" else 1
    return day - ((day.weekday() + shift) % 7) * DAY


def shares(measured: Measured, view: View) -> dict[str, str]:
    """Column of those who had it in so long -> how long that is, in words: the window, and a day if it is longer."""
    definition = cast(TimeToValue, measured.definition)
    window = view.language.plain("time.within", window=view.language.length(definition.window))
    within_a_day = {"within_24h": view.language.plain("time.within_a_day")} if definition.window > DAY else {}
    return {"reached": window, **within_a_day}


def _number(measured: Measured, rows: Sequence[Row], view: View) -> Markup:
    """The share that had it in the window, added up over the newest complete cohorts and those before; then the median
    of the newest one alone, as medians do not add up."""
    language = view.language
    words = shares(measured, view)
    large, *others = (_share(column, measured, view) for column in words)
    if large is None:
        return card.headline(language.plain("nothing_complete"), [], kind="words")
    found, series, lines = large
    few = found.now.is_few
    rest = [
        words["reached"],
        None if few else language.interval(*found.now.interval(), found.now.of),
        None if few else view.people(found.now.of, measured.definition.actor),
        trend.when_of(found, series, lines, view),
        *_before(found, view),
        *(part for one in others if one for part in _beside(words["within_24h"], one[0], view)),
        _newest_half(rows, cast(TimeToValue, measured.definition), view),
    ]
    return card.headline(trend.value(found.now, lines, view), rest, kind="few" if few else None)


def _share(column: str, measured: Measured, view: View) -> tuple[Headline, Series, trend.Line] | None:
    """The share of the newest complete cohorts that is in a column, with the share before."""
    lines = trend.Line(column, "people", (column,), "people")
    series = trend.series_of(measured, view, lines)
    found = headline(series) if series else None
    return (found, series, lines) if series and found else None


def _beside(words: str, found: Headline, view: View) -> list[Markup | str | None]:
    """A second share, in words before its number."""
    now = trend.value(found.now, trend.LINES["activation"], view)
    return [f"{words} {now}", *_before(found, view)]


def _before(found: Headline, view: View) -> list[Markup | str | None]:
    """The share before, and whether the two differ by more than chance."""
    if found.before is None:
        return []
    before = trend.value(found.before, trend.LINES["activation"], view)
    return [view.language.plain("before", value=before), card.change(change(found.now, found.before), view)]


def _newest_half(rows: Sequence[Row], definition: TimeToValue, view: View) -> str | None:
    """By when half of the newest complete cohort had it, if they are enough people."""
    done = [row for row in rows if row["status"] == "complete" and row["people"] >= FEW]
    if not done:
        return None
    newest, language = done[-1], view.language
    when = language.plain(f"came.{definition.period}", day=language.period_name(definition.period, newest["cohort"]))
    if newest["p50_seconds"] is None:
        return language.plain("time.newest_not_half", when=when)
    return language.plain("time.newest_half", when=when, length=language.about(newest["p50_seconds"]))


def _bands(cohorts: Mapping[date, Row], definition: TimeToValue, view: View) -> Markup:
    language = view.language
    items: list[Markup] = []
    version = None
    for first, row in reversed(list(cohorts.items())):
        if items and row["version"] != version:
            items.append(card.version_row(view))
        version = row["version"]
        label = language.short_period(_period(definition), first)
        items.append(tag("li", tag("span", label), _bar(row, view), tag("span", language.count(row["people"]))))
    head = tag("h4", language.say(f"time.by.{_period(definition)}"))
    key = card.legend((mark, _band(column, definition, view)) for column, mark in BANDS.items())
    return tag("div", head, tag("ol", items, class_="bands"), key)


def _band(column: str, definition: TimeToValue, view: View) -> str:
    window = view.language.length(definition.never_after or definition.window)
    return view.language.plain(f"band.{column}", window=window)


def _bar(row: Row, view: View) -> Markup:
    parts, x = [], 0
    for column, mark in BANDS.items():
        share = row[column] / row["people"] if row["people"] else 0
        wide = whole(share * WIDE)
        if wide:
            parts.append(tag("rect", class_=mark, x=percent(x), y=0, width=percent(wide), height="100%"))
        if share >= READABLE:
            shown = view.language.count(row[column])
            middle = percent(x + wide // 2)
            parts.append(tag("text", shown, class_=f"in-{mark}", x=middle, y=17, text_anchor="middle"))
        x += wide
    return tag("svg", parts, class_="band-bar", aria_hidden="true")


def _percentiles(rows: Sequence[Row], definition: TimeToValue, view: View) -> Markup | None:
    """The Kaplan-Meier percentiles of each cohort as lines; those of cohorts that are not complete dotted."""
    if definition.period == "day":  # the bands are of weeks; a day has too few people
        return None
    language, rows = view.language, rows[-COHORTS_SHOWN:]
    highest = max((_enough(row, column) or 0 for row in rows for column in PERCENTILES), default=0)
    if not highest:
        return None
    unit, size = next(((unit, size) for unit, size in _UNITS if highest >= 2 * size), _UNITS[-1])
    top = top_of(highest / size, is_share=False)
    drawn = [
        Drawn(
            language.plain(f"time.{column.removesuffix('_seconds')}"),
            [None if (seconds := _enough(row, column)) is None else seconds / size for row in rows],
            f"l{nth}",
        )
        for nth, column in enumerate(PERCENTILES, 1)
    ]
    tops = [f"{part:g}" for part in (top, top / 2, 0)]
    labels = [language.short_period(definition.period, row["cohort"]) for row in rows]
    is_open = [row["status"] != "complete" for row in rows]
    name = language.plain("plot.percentiles", title=definition.description)
    head = tag("h4", language.say(f"time.lines.{unit}"))
    cut = cuts([row["cohort"] for row in rows], changes(rows, "cohort"))
    label = language.plain("version.changed")
    return tag("div", head, lines(drawn, labels, is_open, top, tops, name, cuts=cut, cut_label=label))


def _enough(row: Row, column: str) -> float | None:
    """A percentile of a cohort of enough people, in seconds."""
    return row[column] if row["people"] >= FEW else None


def _table(shown: Mapping[date, Row], rows: Sequence[Row], definition: TimeToValue, view: View) -> Table:
    language, plain = view.language, view.language.plain
    times = {row["cohort"]: row for row in rows} if definition.period != "day" else {}
    columns = [plain("column.cohort"), plain(f"who.{definition.actor}")]
    columns += [_band(column, definition, view) for column in BANDS]
    columns += [plain(f"time.{column.removesuffix('_seconds')}") for column in PERCENTILES] if times else []
    found = []
    for first, row in shown.items():
        cells = [Cell(language.short_period(_period(definition), first), first.isoformat())]
        cells += [Cell(language.count(row[column]), row[column]) for column in ("people", *BANDS)]
        for column in PERCENTILES if times else ():
            seconds = times[first][column]
            cells.append(Cell("–" if seconds is None else language.about(seconds), seconds))
        found.append(cells)
    return Table(columns, found)
