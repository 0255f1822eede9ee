"""A share or a mean over time: its line and band, the unfinished part apart, the period before in grey, notes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from daybreak.engine.calendar import DAY
from daybreak.page.counts import WINDOWS, Count, Headline, Series, change, headline, next_period, periods_between, runs
from daybreak.page.figures import card
from daybreak.page.figures.beside import beside, count_of
from daybreak.page.figures.card import Cell, Table
from daybreak.page.labels import sentence
from daybreak.page.markup import Markup, joined, name, tag
from daybreak.page.read import Measured
from daybreak.page.scale import across, marks, top_of, up
from daybreak.page.svg import (
    BEFORE,
    FEW,
    HEAVY,
    OPEN,
    band,
    cut_marks,
    dot,
    grid,
    line,
    percent,
    plot,
    stretched,
    under,
)
from daybreak.page.versions import changed_on, cuts
from daybreak.page.view import View

DAYS_SHOWN = 56
"""A trend begins with eight weeks; the switch shows more."""
PERIODS_SHOWN = 26
LABELS = 4

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """The columns of a line: of complete rows, and of those that are not, so far."""

    reached: str
    of: str
    reached_so_far: tuple[str, ...]
    of_so_far: str
    is_share: bool = True
    same_people: bool = False
    """True if each period counts the same people again, so that two of them never add up to more people."""


LINES = {
    "activation": Line("activated", "finished", ("activated", "activated_so_far"), "people"),
    "conversion": Line("converted", "finished", ("converted", "converted_so_far"), "people"),
    "campaign": Line("acted", "finished", ("acted", "acted_so_far"), "exposed"),
    "adoption": Line("users", "active_people", ("users",), "active_people"),
    "breadth": Line("features_used", "active_people", ("features_used",), "active_people", is_share=False),
    "churn": Line("churned", "people", ("not_back",), "people", same_people=True),
    "support_load": Line("tickets", "active_people", ("tickets",), "active_people", is_share=False, same_people=True),
}
"""The families that are drawn as a line. `Family.numbers` says the same of complete rows."""


def trend(measured: Measured, view: View) -> Markup | None:
    """The figure of one definition; None while it has no row."""
    lines = LINES[measured.family.name]
    series = series_of(measured, view, lines)
    if series is None:
        return None
    shown = positions_shown(series)
    found = headline(series)
    picture = joined(
        [
            _plot(series, shown, lines, measured, view),
            _notes(series, shown, view),
            card.version_note(measured, view),
        ]
    )
    return card.card(
        view,
        measured.id,
        title=measured.definition.description,
        sentence=sentence(measured.definition, measured.family.name, view),
        number=number(found, series, lines, measured, view),
        picture=picture,
        table=table(series, shown, lines, measured, view),
        kind="trend",
    )


def series_of(measured: Measured, view: View, lines: Line) -> Series | None:
    """The counts of a definition for the view's group, period by period; None without a row."""
    partition = measured.family.partition
    rows = {row[partition]: row for row in measured.rows_of(view.group)}
    if not rows:
        return None
    options = measured.definition.options()
    period = str(options.get("period") or "day")
    end = max(max(rows), view.data.day if period == "day" else max(rows))
    days = list(periods_between(period, min(rows), end))
    counts = [_counted(rows.get(day), lines) for day in days]
    if measured.family.trailing:
        window = int(options.get("window_days", WINDOWS["day"]))
    else:
        window = 1 if lines.same_people else WINDOWS[period]
    return Series(
        period,
        days,
        [reached for reached, _ in counts],
        [of for _, of in counts],
        _open_from(rows, days, period, view.data.last_whole_day),
        measured.family.trailing or lines.same_people,
        window,
        cuts(days, changed_on(measured)),
    )


def _counted(row: Row | None, lines: Line) -> tuple[int, int]:
    if row is None:
        return 0, 0
    if row["status"] == "complete":
        return int(row[lines.reached] or 0), int(row[lines.of] or 0)
    return sum(int(row[column] or 0) for column in lines.reached_so_far), int(row[lines.of_so_far] or 0)


def _open_from(rows: dict[date, Row], days: Sequence[date], period: str, last_whole_day: date) -> int:
    """The position of the first period that is not complete: it has an open row, or it is not over yet."""
    for position, day in enumerate(days):
        row = rows.get(day)
        is_over = next_period(period, day) - DAY <= last_whole_day
        if (row is not None and row["status"] != "complete") or not is_over:
            return position
    return len(days)


def positions_shown(series: Series) -> range:
    """The newest periods; where everybody came long ago, those that end with them."""
    count = DAYS_SHOWN if series.period == "day" else PERIODS_SHOWN
    return range(max(0, series.end - count + 1), series.end + 1)


# The number


def number(found: Headline | None, series: Series, lines: Line, measured: Measured, view: View) -> Markup:
    """The headline: the number with its interval, of whom it is, and what it was before."""
    language = view.language
    if found is None:
        return card.headline(language.plain("nothing_complete"), [], kind="words")
    few = found.now.is_few
    low_high = language.interval(*found.now.interval(), found.now.of) if lines.is_share and not few else None
    people = view.people(found.now.of, measured.definition.actor)
    actor = measured.definition.actor
    before = language.plain("before", value=value(found.before, lines, view, actor)) if found.before else None
    rest = [
        low_high,
        None if few and lines.is_share else people,
        when_of(found, series, lines, view),
        before,
        _verdict(found, lines, view),
    ]
    second = beside(measured, found, view)
    return card.headline(value(found.now, lines, view, actor), rest, kind="few" if few else None, beside=second)


def value(count: Count, lines: Line, view: View, actor: str = "person") -> str:
    """A number as people read it; of few people the two counts that it is made of."""
    return count_of(count, view, actor, is_share=lines.is_share)


def when_of(found: Headline, series: Series, lines: Line, view: View) -> str:
    language = view.language
    if lines.same_people and not found.is_old:
        return language.plain(f"in.{series.period}", day=language.period_name(series.period, found.last))
    if series.overlaps and not lines.same_people:
        return language.plain("trailing", window=language.plain("length.day", n=series.window), day=found.last)
    when = language.plain(f"complete.{series.period}", n=found.periods)
    if found.is_old:
        return language.plain("until", when=when, day=language.day_and_year(found.last))
    return when


def _verdict(found: Headline, lines: Line, view: View) -> Markup | None:
    """Whether the number differs from the one before by more than chance, in a word with a shape."""
    if not lines.is_share or found.before is None:
        return None
    return card.change(change(found.now, found.before), view)


# The picture


def _plot(series: Series, shown: range, lines: Line, measured: Measured, view: View) -> Markup:
    top = _top(series, shown, lines)
    named = view.language.plain("plot.trend", title=measured.definition.description)
    return plot(tops(top, lines, view), drawn(series, shown, top, lines, view), name=named)


def tops(top: float, lines: Line, view: View) -> list[str]:
    """The labels of the three lines, from the top down."""
    return [axis_value(part, lines, view) for part in (top, top / 2, 0)]


def axis_value(number: float, lines: Line, view: View) -> str:
    if not lines.is_share:
        return f"{number:g}"
    return f"{number * 100:.3g}" + (view.language.plain("percent_sign") if number else "")


def _top(series: Series, shown: range, lines: Line) -> float:
    counts = [count for at in shown if (count := series.point(at))]
    highest = max((count.rate for count in counts), default=0) * 1.15
    highs = sorted(count.interval()[1] for count in counts if lines.is_share and not count.is_few)
    return top_of(max([highest, *highs[: len(highs) * 3 // 4][-1:]]), is_share=lines.is_share)


def drawn(series: Series, shown: range, top: float, lines: Line, view: View) -> list[Markup | None]:
    """Everything inside the plot."""
    count = len(shown)
    xs = [across(n, count) for n in range(count)]
    counts = [series.point(at) for at in shown]
    kinds = [_kind(series, at, point) for at, point in zip(shown, counts, strict=True)]
    parts = [series.begins(at) for at in shown]
    ys = [up(point.rate, top) if point else 0 for point in counts]
    inner = [grid()]
    inner += _bands(counts, kinds, parts, xs, top) if lines.is_share else []
    inner += _before(series, shown, xs, top)
    inner += _lines(kinds, parts, xs, ys)
    ends = [n for n, kind in enumerate(kinds) if kind in (HEAVY, FEW)]
    return [
        _hatched(series, shown, xs),
        *_marks(series, shown, xs, view),
        *cut_marks(_between(parts, xs), view.language.plain("version.changed")),
        stretched(*inner),
        *([dot(xs[ends[-1]], ys[ends[-1]])] if ends else []),
        *(under(xs[n], view.language.short_period(series.period, series.days[shown[n]])) for n in marks(count, LABELS)),
    ]


def _kind(series: Series, position: int, point: Count | None) -> str | None:
    """Which line a point is on; None where nobody is in it."""
    if point is None:
        return None
    if position >= series.open_from:
        return OPEN
    return FEW if point.is_few else HEAVY


def _between(parts: Sequence[int], xs: Sequence[int]) -> list[int]:
    """Where the line is cut: half-way between the last point of one version and the first of the next."""
    return [(xs[last] + xs[last + 1]) // 2 for _, last in runs(parts)[:-1]]


def _lines(kinds: Sequence[str | None], parts: Sequence[int], xs: Sequence[int], ys: Sequence[int]) -> list[Markup]:
    """A path for each run of one kind. It begins where the run before ended, so that the line is whole, but for the cut
    where the definition is another one."""
    found = []
    for first, last in runs(list(zip(kinds, parts, strict=True))):
        kind = kinds[first]
        if kind is None:
            continue
        begin = first - 1 if first and kinds[first - 1] and parts[first - 1] == parts[first] else first
        if begin < last:
            found.append(line([(xs[n], ys[n]) for n in range(begin, last + 1)], kind))
        else:
            found.append(line([(xs[first], ys[first]), (xs[first], ys[first])], kind))
    return found


def _bands(
    counts: Sequence[Count | None], kinds: Sequence[str | None], parts: Sequence[int], xs: Sequence[int], top: float
) -> list[Markup]:
    """The 95 % interval of each complete point."""
    found = []
    for first, last in runs([(kind in (HEAVY, FEW), part) for kind, part in zip(kinds, parts, strict=True)]):
        if kinds[first] not in (HEAVY, FEW) or first == last:
            continue
        ends = [(xs[n], count.interval()) for n in range(first, last + 1) if (count := counts[n])]
        found.append(band([(x, up(high, top)) for x, (_, high) in ends], [(x, up(low, top)) for x, (low, _) in ends]))
    return found


def _before(series: Series, shown: range, xs: Sequence[int], top: float) -> list[Markup]:
    """The line of as many periods before, in grey, where they were counted alike."""
    apart = len(shown)
    is_alike = [at >= apart and series.begins(at) == series.begins(at - apart) for at in shown]
    earlier = [series.point(at - apart) if alike else None for at, alike in zip(shown, is_alike, strict=True)]
    found = []
    for first, last in runs([count is not None for count in earlier]):
        places = [(xs[n], up(count.rate, top)) for n in range(first, last + 1) if (count := earlier[n])]
        if len(places) > 1:
            found.append(line(places, BEFORE))
    return found


def _hatched(series: Series, shown: range, xs: Sequence[int]) -> Markup | None:
    """The ground of the periods that are not complete."""
    first = next((n for n, at in enumerate(shown) if at >= series.open_from), None)
    if first is None:
        return None
    x = xs[max(first - 1, 0)]
    return tag("rect", class_="hatch", x=percent(x), y=0, width=percent(1000 - x), height="100%")


def _marks(series: Series, shown: range, xs: Sequence[int], view: View) -> list[Markup]:
    """A vertical line with a number for each note."""
    return [
        tag(
            "g",
            tag("line", x1=x, x2=x, y1=0, y2="100%"),
            tag("text", nth, x=x, y=-4, text_anchor="middle"),
            class_="note",
        )
        for nth, (x, _, _) in enumerate(_noted(series, shown, xs, view), 1)
    ]


def _noted(series: Series, shown: range, xs: Sequence[int], view: View) -> list[tuple[str, date, str]]:
    days = [series.days[at] for at in shown]
    last = next_period(series.period, days[-1])
    found = []
    for day, text in view.notes(days[0], last):
        nth = max(n for n, first in enumerate(days) if first <= day)
        found.append((percent(xs[nth]), day, text))
    return found


def _notes(series: Series, shown: range, view: View) -> Markup:
    """The texts of the numbered lines."""
    xs = [across(n, len(shown)) for n in range(len(shown))]
    items = (tag("li", name(text)) for _, _, text in _noted(series, shown, xs, view))
    return tag("ol", items, class_="notes")


# The table


def table(series: Series, shown: range, lines: Line, measured: Measured, view: View) -> Table:
    """A row for each point of the line."""
    plain = view.language.plain
    over = "pooled" if series.line_window > 1 else "period"
    share = [plain("column.share"), plain("column.interval")] if lines.is_share else [plain("column.each")]
    columns = [plain(f"column.{over}"), *share, plain("column.reached"), plain(f"who.{measured.definition.actor}"),
               plain("column.state")]  # fmt: skip
    return Table(columns, [row for at in shown if (row := _row(series, at, lines, measured, view))])


def _row(series: Series, at: int, lines: Line, measured: Measured, view: View) -> list[Cell] | None:
    language, count = view.language, series.point(at)
    day = Cell(language.short_period(series.period, series.days[at]), series.days[at].isoformat())
    if count is None:
        nothing = Cell("–", None)
        return [day, nothing, *([nothing] if lines.is_share else []), Cell("0", 0), Cell("0", 0), Cell("–", None)]
    shown = [Cell(value(count, lines, view, measured.definition.actor), count.rate)]
    if lines.is_share:
        low, high = count.interval()
        shown.append(Cell(language.interval(low, high, count.of), card.ends(low, high)))
    state = "open" if at >= series.open_from else "complete"
    counts = [Cell(language.count(count.reached), count.reached), Cell(language.count(count.of), count.of)]
    return [day, *shown, *counts, Cell(language.plain(f"status.{state}"), state)]
