"""On how many days people come: a column for each number of days, the window before as an outline."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any, cast

from daybreak.families.active_days import ActiveDays
from daybreak.page.counts import FEW, Count
from daybreak.page.figures import card
from daybreak.page.figures.card import Cell, Table
from daybreak.page.labels import sentence
from daybreak.page.markup import Markup, joined, tag
from daybreak.page.read import Measured
from daybreak.page.scale import WIDE, marks, top_of, up, whole
from daybreak.page.svg import percent, plot
from daybreak.page.versions import counted_alike
from daybreak.page.view import View

GAP = 0.2
LABELS = 10

Row = dict[str, Any]


def active_days(measured: Measured, view: View) -> Markup | None:
    rows = measured.rows_of(view.group)
    done = [row for row in counted_alike(rows, "day") if row["status"] == "complete"]
    if not rows:
        return None
    definition = cast(ActiveDays, measured.definition)
    newest = max((row["day"] for row in done), default=None)
    now = sorted((row for row in done if row["day"] == newest), key=lambda row: row["active_days"])
    earlier = {row["active_days"]: row for row in done if newest and row["day"] == newest - definition.window}
    return card.card(
        view,
        measured.id,
        title=definition.description,
        sentence=sentence(definition, "active_days", view),
        number=_number(now, earlier, definition, view),
        picture=joined([_picture(now, earlier, definition, view) if now else None, card.version_note(measured, view)]),
        table=_table(now, earlier, definition, view),
        kind="days",
    )


def _mean(rows: Iterable[Row]) -> Count | None:
    """All their days together, over how many people they are; None of nobody."""
    days, people = 0, 0
    for row in rows:
        days, people = days + row["people"] * row["active_days"], people + row["people"]
    return Count(days, people) if people else None


def _shown(mean: Count, definition: ActiveDays, view: View) -> str:
    """A mean as people read it; of few people the two counts that it is made of."""
    if mean.is_few:
        return view.few_each(mean.reached, mean.of, definition.actor)
    return view.language.number(mean.rate)


def _unit(definition: ActiveDays) -> str:
    """The word for what is counted: days, weeks, or groups of days."""
    return {timedelta(days=1): "day", timedelta(days=7): "week"}.get(definition.bucket, "group")


def _number(now: Sequence[Row], earlier: dict[int, Row], definition: ActiveDays, view: View) -> Markup:
    language, mean = view.language, _mean(now)
    if mean is None:
        return card.headline(language.plain("nothing_complete"), [], kind="words")
    before = _mean(earlier.values())
    rest = [
        language.plain(f"days.mean.{_unit(definition)}"),
        view.people(now[0]["active_people"], definition.actor),
        language.plain("trailing", window=language.length(definition.window), day=now[0]["day"]),
        None if before is None else language.plain("before", value=_shown(before, definition, view)),
    ]
    return card.headline(_shown(mean, definition, view), rest, kind="few" if mean.is_few else None)


def _picture(now: Sequence[Row], earlier: dict[int, Row], definition: ActiveDays, view: View) -> Markup:
    language = view.language
    shares = [row["share"] for row in (*now, *earlier.values())]
    top = top_of(max(shares), is_share=True)
    step = WIDE / len(now)
    columns = [_column(row, earlier.get(row["active_days"]), n, step, top) for n, row in enumerate(now)]
    below = [
        tag("text", now[n]["active_days"], class_="axis", x=percent(whole((n + 0.5) * step)), y="100%", dy=18,
            text_anchor="middle")
        for n in marks(len(now), LABELS)
    ]  # fmt: skip
    lines = [tag("line", class_="grid", x1=0, x2="100%", y1=percent(y), y2=percent(y)) for y in (0, 500, 1000)]
    sign = language.plain("percent_sign")
    tops = [f"{part * 100:.3g}{sign if part else ''}" for part in (top, top / 2, 0)]
    name = language.plain("plot.active_days", title=definition.description)
    key = [("solid", language.plain("days.now"))]
    key += [("outline", language.plain("days.before"))] if earlier else []
    return joined([plot(tops, [*lines, *columns, *below], name=name, columns="yes"), card.legend(key)])


def _column(row: Row, before: Row | None, nth: int, step: float, top: float) -> Markup:
    x, wide = percent(whole((nth + GAP / 2) * step)), percent(whole(step * (1 - GAP)))
    y = up(row["share"], top)
    bar = tag("rect", class_="solid", x=x, y=percent(y), width=wide, height=percent(WIDE - y))
    outline: list[Markup] = []
    if before is not None:
        at = up(before["share"], top)
        high = percent(WIDE - at)
        outline = [
            tag("rect", class_=kind, x=x, y=percent(at), width=wide, height=high) for kind in ("halo", "outline")
        ]
    return tag("g", bar, outline)


def _table(now: Sequence[Row], earlier: dict[int, Row], definition: ActiveDays, view: View) -> Table:
    language, plain = view.language, view.language.plain
    columns = [plain(f"column.active_{_unit(definition)}"), plain(f"who.{definition.actor}"), plain("column.share"),
               plain("column.before")]  # fmt: skip
    rows = []
    for row in now:
        share = "–" if row["active_people"] < FEW else language.percent(row["share"], row["active_people"])
        before = earlier.get(row["active_days"])
        was = (
            "–"
            if before is None or before["active_people"] < FEW
            else language.percent(before["share"], before["active_people"])
        )
        rows.append(
            [
                Cell(str(row["active_days"]), row["active_days"]),
                Cell(language.count(row["people"]), row["people"]),
                Cell(share, row["share"]),
                Cell(was, before["share"] if before else None),
            ]
        )
    return Table(columns, rows)
