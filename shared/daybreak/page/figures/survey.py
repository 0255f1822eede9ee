"""A survey: the score of each period with the number of answers, and how the answers divide."""

from collections.abc import Sequence
from typing import Any, cast

from daybreak.families.survey import Survey
from daybreak.page.counts import FEW, one_before
from daybreak.page.figures import card
from daybreak.page.figures.card import Cell, Table
from daybreak.page.labels import sentence
from daybreak.page.markup import Markup, joined, tag
from daybreak.page.read import Measured
from daybreak.page.scale import WIDE, whole
from daybreak.page.svg import percent
from daybreak.page.texts.language import signed
from daybreak.page.versions import changed_on, counted_alike, cuts
from daybreak.page.view import View

PARTS = {"low": "b4", "middle": "b3", "high": "b1"}
PERIODS_SHOWN = 12
BARS_SHOWN = 6
READABLE = 0.07

Row = dict[str, Any]


def survey(measured: Measured, view: View) -> Markup | None:
    rows = measured.rows_of(view.group)
    if not rows:
        return None
    definition = cast(Survey, measured.definition)
    shown = rows[-PERIODS_SHOWN:]
    key = card.legend((mark, view.language.plain(f"survey.{definition.scale}.{part}")) for part, mark in PARTS.items())
    bars = shown[-BARS_SHOWN:]
    cut = cuts([row["period_start"] for row in bars], changed_on(measured))
    items = [
        [_period(row, definition, view), card.version_row(view) if nth in cut else None]
        for nth, row in reversed(list(enumerate(bars)))
    ]
    return card.card(
        view,
        measured.id,
        title=definition.description,
        sentence=sentence(definition, "survey", view),
        number=_number(counted_alike(rows, "period_start"), definition, view),
        picture=joined([tag("ol", items, class_="bands scored"), key, card.version_note(measured, view)]),
        table=_table(shown, definition, view),
        kind="survey",
    )


def score(row: Row, scale: str) -> float:
    """The figure of a scale, whether or not the period is complete; -100 to 100, or a share of content answers."""
    if scale == "csat":
        return float(row["high"] / row["answers"])
    return float(100 * (row["high"] - row["low"]) / row["answers"])


def _shown(row: Row, scale: str, view: View) -> str:
    """The score as people read it; of few answers how many of them were high."""
    language = view.language
    if not row["answers"]:
        return "–"
    if row["answers"] < FEW:
        return view.few(row["high"], row["answers"], "answer")
    if scale == "csat":
        return language.percent(score(row, scale), row["answers"])
    return signed(score(row, scale), 0)


def _number(rows: Sequence[Row], definition: Survey, view: View) -> Markup:
    """The newest complete period with answers, and the one right before it."""
    language = view.language
    done = [row for row in rows if row["status"] == "complete" and row["answers"]]
    if not done:
        return card.headline(language.plain("nothing_complete"), [], kind="words")
    newest = done[-1]
    earlier = one_before(done, newest, "period_start", definition.period)
    before = earlier if earlier and earlier["answers"] >= FEW else None
    few = newest["answers"] < FEW
    rest = [
        language.plain(f"survey.{definition.scale}.{'few' if few else 'name'}"),
        None if few else language.plain("survey.answers", n=newest["answers"]),
        language.plain(f"in.{definition.period}", day=language.period_name(definition.period, newest["period_start"])),
        language.plain("before", value=_shown(before, definition.scale, view)) if before else None,
    ]
    mean = None if few or newest["mean"] is None else language.say("beside.mean", mean=language.number(newest["mean"]))
    return card.headline(_shown(newest, definition.scale, view), rest, kind="few" if few else None, beside=mean)


def _period(row: Row, definition: Survey, view: View) -> Markup:
    language = view.language
    label = language.short_period(definition.period, row["period_start"])
    is_open = row["status"] != "complete"
    shown = tag("span", _shown(row, definition.scale, view), class_="few" if row["answers"] < FEW else None)
    state = tag("span", language.say("status.open"), class_="still") if is_open else None
    return tag("li", tag("span", label), _bar(row, is_open, view), tag("div", shown, state))


def _bar(row: Row, is_open: bool, view: View) -> Markup:
    parts, x = [], 0
    for column, mark in PARTS.items():
        share = row[column] / row["answers"] if row["answers"] else 0
        wide = whole(share * WIDE)
        if wide:
            parts.append(tag("rect", class_=mark, x=percent(x), y=0, width=percent(wide), height="100%"))
        if share >= READABLE and not is_open:
            middle = percent(x + wide // 2)
            parts.append(tag("text", view.language.count(row[column]), class_=f"in-{mark}", x=middle, y=17,
                             text_anchor="middle"))  # fmt: skip
        x += wide
    if is_open:
        parts.append(tag("rect", class_="veil", x=0, y=0, width="100%", height="100%"))
    return tag("svg", parts, class_="band-bar", aria_hidden="true")


def _table(rows: Sequence[Row], definition: Survey, view: View) -> Table:
    language, plain = view.language, view.language.plain
    columns = [plain("column.period"), plain(f"survey.{definition.scale}.name"), plain("column.answers")]
    columns += [plain(f"survey.{definition.scale}.{part}") for part in PARTS]
    columns += [plain("column.mean"), plain("column.left_out"), plain("column.state")]
    found = []
    for row in rows:
        first, state = row["period_start"], row["status"]
        raw = score(row, definition.scale) if row["answers"] else None
        mean = row["mean"]
        found.append(
            [
                Cell(language.short_period(definition.period, first), first.isoformat()),
                Cell(_shown(row, definition.scale, view), raw),
                *(Cell(language.count(row[c]), row[c]) for c in ("answers", *PARTS)),
                Cell("–" if mean is None else language.number(mean), mean),
                Cell(language.count(row["left_out"]), row["left_out"]),
                Cell(plain(f"status.{state}"), state),
            ]
        )
    return Table(columns, found)
