"""Who comes back: the pooled curve with its band, a few periods over time, and the triangle with its numbers."""

from collections.abc import Sequence
from datetime import date
from itertools import groupby
from typing import Any, cast

from daybreak.engine.calendar import DAY
from daybreak.families.retention import Retention
from daybreak.page.counts import FEW, Count, next_period
from daybreak.page.figures import card
from daybreak.page.figures.card import Cell, Table
from daybreak.page.figures.lines import Drawn, lines
from daybreak.page.labels import sentence
from daybreak.page.markup import Markup, joined, tag
from daybreak.page.read import Measured
from daybreak.page.scale import across, marks, top_of, up
from daybreak.page.svg import band, dot, grid, line, percent, plot, stretched, under
from daybreak.page.texts.language import rounded
from daybreak.page.versions import changed_on, counted_alike, cuts
from daybreak.page.view import View

COHORTS_SHOWN = 12
COLUMNS_SHOWN = 14
OVER_TIME = (1, 7, 30)
"""The periods that are followed over time: the first, the seventh, the thirtieth, or the last one before it."""
HEAT_STEPS = 8
ALL_SMALL = 0.1
"""Where every share of a triangle is smaller, each has a digit after the point."""
NARROW = 7
"""A triangle of so few columns does not take the whole width."""

Row = dict[str, Any]


def retention(measured: Measured, view: View) -> Markup | None:
    rows = measured.rows_of(view.group)
    if not rows:
        return None
    definition = cast(Retention, measured.definition)
    counts, changed = pooled(counted_alike(rows, "cohort")), changed_on(measured)
    pictures = [_curve(counts, definition, view), _over_time(rows, changed, definition, view)]
    return card.card(
        view,
        measured.id,
        title=definition.description,
        sentence=sentence(definition, "retention", view),
        number=_number(counts, definition, view),
        picture=joined(
            [
                tag("div", pictures, class_="two"),
                _triangle(rows, changed, definition, view),
                card.version_note(measured, view),
            ]
        ),
        table=_table(counts, definition, view),
        kind="retention",
        wide=True,
    )


def pooled(rows: Sequence[Row]) -> dict[int, Count]:
    """Period -> those who came back, of all who are old enough, every cohort added up."""
    found: dict[int, Count] = {}
    for row in rows:
        known = found.get(row["period"], Count(0, 0))
        found[row["period"]] = Count(known.reached + int(row["retained"]), known.of + int(row["finished"]))
    return {period: count for period, count in sorted(found.items()) if period > 0 and count.of}


def _span(period: int, definition: Retention, view: View) -> str:
    """The name of a period, or of a bracket of them: day 7, days 4 to 7."""
    first, last = definition.spans()[period - 1]
    if first == last:
        return view.language.plain(f"nth.{definition.period}", at=str(first))
    return view.language.plain(f"nths.{definition.period}", first=str(first), last=str(last))


def _followed(periods: Sequence[int]) -> list[int]:
    """The periods that stand for all others."""
    if len(periods) <= len(OVER_TIME):
        return list(periods)
    wanted = {max((p for p in periods if p <= most), default=periods[0]) for most in OVER_TIME}
    return sorted(wanted)


def first_followed(rows: Sequence[Row]) -> int | None:
    """The period of the headline; None before the first is complete."""
    periods = list(pooled(rows))
    return _followed(periods)[0] if periods else None


def name_of(period: int, definition: Retention, view: View) -> str:
    """The name of a period: day 7, days 4 to 7."""
    return _span(period, definition, view)


def bucket_of(definition: Retention) -> str:
    """The period of a row of `Measured.rows`: cohorts of days are added up to weeks."""
    return _bucket(definition)


def _number(counts: dict[int, Count], definition: Retention, view: View) -> Markup:
    language = view.language
    if not counts:
        return card.headline(language.plain("nothing_complete"), [], kind="words")
    first, *others = _followed(list(counts))
    count = counts[first]
    large = _rate(count, definition, view)
    rest = [
        _span(first, definition, view),
        None if count.is_few else language.interval(*count.interval(), count.of),
        None if count.is_few else view.people(count.of, definition.actor),
        *(f"{_span(p, definition, view)} {_rate(counts[p], definition, view)}" for p in others),
    ]
    return card.headline(large, rest, kind="few" if count.is_few else None)


def _rate(count: Count, definition: Retention, view: View) -> str:
    if count.is_few:
        return view.few(count.reached, count.of, definition.actor)
    return view.language.percent(count.rate, count.of)


# The pictures


def _curve(counts: dict[int, Count], definition: Retention, view: View) -> Markup | None:
    if len(counts) < 2:
        return None
    periods = list(counts)
    top = top_of(max(c.rate if c.is_few else c.interval()[1] for c in counts.values()), is_share=True)
    xs = [across(n, len(periods)) for n in range(len(periods))]
    places = [(x, up(counts[p].rate, top)) for x, p in zip(xs, periods, strict=True)]
    ends = [counts[p].interval() for p in periods]
    high = [(x, up(end[1], top)) for x, end in zip(xs, ends, strict=True)]
    low = [(x, up(end[0], top)) for x, end in zip(xs, ends, strict=True)]
    said = [n for n, p in enumerate(periods) if p in _followed(periods)]
    below = [under(xs[n], _short_span(periods[n], definition)) for n in marks(len(periods), 7)]
    labels = [_said(places[n], _rate(counts[periods[n]], definition, view)) for n in said]
    inner = [
        stretched(grid(), band(high, low), line(places, "line")),
        *(dot(*places[n]) for n in said),
        *labels,
        *below,
    ]
    name = view.language.plain("plot.curve", title=definition.description)
    head = tag("h4", view.language.say(f"retention.curve.{definition.period}"))
    return tag("div", head, plot(_tops(top, view), inner, name=name))


def _short_span(period: int, definition: Retention) -> str:
    first, last = definition.spans()[period - 1]
    return str(first) if first == last else f"{first}–{last}"


def _said(place: tuple[int, int], text: str) -> Markup:
    """A number beside its dot, kept inside the plot."""
    x, y = place
    anchor = "start" if x < 60 else "end" if x > 940 else "middle"
    above = y > 130
    return tag("text", text, class_="value", x=percent(x), y=percent(y), dy=-10 if above else 20, text_anchor=anchor)


def _tops(top: float, view: View) -> list[str]:
    sign = view.language.plain("percent_sign")
    return [f"{part * 100:.3g}{sign if part else ''}" for part in (top, top / 2, 0)]


def _over_time(rows: Sequence[Row], changed: Sequence[date], definition: Retention, view: View) -> Markup | None:
    """A line for each of a few periods: is day 1 getting better?"""
    cohorts = sorted({row["cohort"] for row in rows})[-26:]
    by_place = {(row["cohort"], row["period"]): row for row in rows}
    periods = _followed(sorted({row["period"] for row in rows if row["period"] > 0 and row["finished"]}))
    if len(cohorts) < 2 or not periods:
        return None
    values = {p: [_enough(by_place.get((cohort, p))) for cohort in cohorts] for p in periods}
    if not any(value is not None for found in values.values() for value in found):
        return None
    top = top_of(max(v for found in values.values() for v in found if v is not None), is_share=True)
    unfinished = {
        p: next((n for n, cohort in enumerate(cohorts) if _is_unfinished(by_place.get((cohort, p)))), None)
        for p in periods
    }
    drawn = [Drawn(_span(p, definition, view), values[p], f"l{nth}", unfinished[p]) for nth, p in enumerate(periods, 1)]
    is_open = [next_period(_bucket(definition), cohort) - DAY > view.data.last_whole_day for cohort in cohorts]
    labels = [view.language.short_period(_bucket(definition), cohort) for cohort in cohorts]
    name = view.language.plain("plot.over_time", title=definition.description)
    head = tag("h4", view.language.say(f"retention.over_time.{_bucket(definition)}"))
    tips = [_tip(n, labels[n], drawn, view) for n in range(len(cohorts))]
    cut, label = cuts(cohorts, changed), view.language.plain("version.changed")
    plotted = lines(drawn, labels, is_open, top, _tops(top, view), name, tips, cuts=cut, cut_label=label)
    return tag("div", head, plotted)


def _tip(nth: int, label: str, drawn: Sequence[Drawn], view: View) -> str:
    """A cohort and its rates, for the script."""
    rates = ((one.name, one.values[nth]) for one in drawn)
    return "\t".join(
        [label, *(f"{name}: {'–' if rate is None else view.language.percent(rate)}" for name, rate in rates)]
    )


def _enough(row: Row | None) -> float | None:
    """The rate of a cohort's complete people, if they are enough to draw."""
    return row["retained"] / row["finished"] if row and row["finished"] >= FEW else None


def _is_unfinished(row: Row | None) -> bool:
    """True if somebody of a cohort still has time, so that its rate is that of the others."""
    return row is not None and row["finished"] < row["people"]


def _bucket(definition: Retention) -> str:
    """The period of a row of the triangle: cohorts of days are added up to weeks."""
    return "week" if definition.period in ("day", "hour") else definition.period


def _triangle(rows: Sequence[Row], changed: Sequence[date], definition: Retention, view: View) -> Markup:
    language = view.language
    periods = _columns(sorted({row["period"] for row in rows if row["period"] > 0}))
    newest = sorted({row["cohort"] for row in rows})[-COHORTS_SHOWN:]
    cohorts = [
        (cohort, list(found)) for cohort, found in groupby(rows, key=lambda row: row["cohort"]) if cohort in newest
    ]
    shares = [
        r["retained"] / r["finished"] for _, found in cohorts for r in found if r["period"] and r["finished"] >= FEW
    ]
    top = max(shares, default=1.0) or 1.0
    head = tag("tr", tag("th", language.say(f"came_in.{_bucket(definition)}"), scope="col"),
               tag("th", language.say(f"who.{definition.actor}"), scope="col", class_="n"),
               (tag("th", _span(p, definition, view), scope="col") for p in periods))  # fmt: skip
    across = len(periods) + 2
    body = [
        [
            _change(across, view) if nth in cuts([first for first, _ in cohorts], changed) else None,
            _cohort(cohort, found, periods, top, definition, view),
        ]
        for nth, (cohort, found) in enumerate(cohorts)
    ]
    table = tag(
        "table",
        tag("thead", head),
        tag("tbody", body),
        class_="triangle" if len(periods) > NARROW else "triangle narrow",
    )
    label = language.plain("plot.triangle", title=definition.description)
    note = tag("p", language.say("retention.key"), class_="said")
    return joined([tag("div", table, class_="scroll", tabindex=0, role="group", aria_label=label), note])


def _change(across: int, view: View) -> Markup:
    """The row between the cohorts of two versions of the definition."""
    return tag("tr", tag("th", view.language.say("version.changed"), colspan=across, scope="rowgroup"), class_="change")


def _columns(periods: list[int]) -> list[int]:
    """All periods, or the first seven and others evenly apart until the last."""
    if len(periods) <= COLUMNS_SHOWN:
        return periods
    rest = periods[7:]
    apart = (len(rest) - 1) / (COLUMNS_SHOWN - 8)
    return periods[:7] + [rest[int(n * apart + 0.5)] for n in range(COLUMNS_SHOWN - 7)]


def _cohort(
    cohort: date, rows: Sequence[Row], periods: Sequence[int], top: float, definition: Retention, view: View
) -> Markup:
    by_period = {row["period"]: row for row in rows}
    people = max(row["people"] for row in rows)
    label = view.language.short_period(_bucket(definition), cohort)
    cells = (_cell(by_period.get(p), top, view) for p in periods)
    return tag("tr", tag("th", label, scope="row"), tag("td", view.language.count(people), class_="n"), cells)


def _cell(row: Row | None, top: float, view: View) -> Markup:
    """A share on its heat; of few people two counts; what is not complete for everybody has a dotted edge."""
    if row is None:
        return tag("td", tag("span", view.language.say("not_yet"), class_="unseen"))
    finished, is_open = int(row["finished"]), row["finished"] < row["people"]
    if not finished:
        return tag("td", f"{row['retained_so_far']}/{row['people']}", class_="few open")
    if finished < FEW:
        return tag("td", f"{row['retained']}/{finished}", class_=f"few{' open' if is_open else ''}")
    share = row["retained"] / finished
    heat = min(HEAT_STEPS, 1 + int(share / top * (HEAT_STEPS - 0.001)))
    digits = int(top < ALL_SMALL)
    return tag("td", rounded(share * 100, digits), class_=f"h{heat}{' open' if is_open else ''}")


def _table(counts: dict[int, Count], definition: Retention, view: View) -> Table:
    language, plain = view.language, view.language.plain
    keys = ("column.period", "column.share", "column.interval", "column.back", f"who.{definition.actor}")
    rows = []
    for period, count in counts.items():
        low, high = count.interval()
        name = _span(period, definition, view)
        rows.append(
            [
                Cell(name, name),
                Cell(_rate(count, definition, view), count.rate),
                Cell(language.interval(low, high, count.of), card.ends(low, high)),
                Cell(language.count(count.reached), count.reached),
                Cell(language.count(count.of), count.of),
            ]
        )
    return Table([plain(key) for key in keys], rows)
