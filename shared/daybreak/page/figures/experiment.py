"""An experiment: a dot and its interval for each variant, how far the planned number is, and the verdict in a word."""

from collections.abc import Sequence
from datetime import date
from typing import Any, cast

from daybreak.engine.calendar import DAY
from daybreak.families.experiment import Experiment
from daybreak.families.experiment_statistics import MISMATCH
from daybreak.page.counts import FEW
from daybreak.page.figures import card
from daybreak.page.figures.card import Cell, Table
from daybreak.page.labels import sentence
from daybreak.page.markup import Markup, joined, name, tag
from daybreak.page.read import Measured
from daybreak.page.scale import WIDE, top_of, whole
from daybreak.page.svg import percent
from daybreak.page.texts.language import digits_of, signed
from daybreak.page.versions import counted_alike
from daybreak.page.view import View

NEWS_DAYS = 14
"""A verdict is news for two weeks."""
_SMALLEST_P = 0.005
"""Below it, two digits would say 0.00."""
STATES = {
    "collecting": "wait",
    "sample ratio mismatch": "wrong",
    "baseline": "base",
    "no difference": "same",
    "better": "higher",
    "worse": "lower",
}
"""Verdict -> the class of its word."""

_DIFFERENCES = {"difference": "difference", "low": "difference_low", "high": "difference_high"}

Row = dict[str, Any]


def experiment(measured: Measured, view: View) -> Markup | None:
    if not measured.rows_of(view.group):
        return None
    definition = cast(Experiment, measured.definition)
    rows = newest(measured, view)
    return card.card(
        view,
        measured.id,
        title=definition.description,
        sentence=sentence(definition, "experiment", view),
        number=_number(rows, definition.actor, view),
        picture=joined([_picture(rows, definition.actor, view) if rows else None, card.version_note(measured, view)]),
        table=_table(rows, view),
        kind="experiment",
        wide=True,
    )


def newest(measured: Measured, view: View) -> list[Row]:
    """The rows of the day that decided, and before it of the newest complete one, in the order of the variants."""
    rows = _complete(measured, view)
    found = _on(max((row["day"] for row in rows), default=None), rows, measured)
    return _on(found[0]["decided_on"] or found[0]["day"], rows, measured) if found else []


def is_old(rows: Sequence[Row], view: View) -> bool:
    """True if these rows decided two weeks ago or earlier, so that their verdict is not news."""
    decided_on = rows[0]["decided_on"]
    return decided_on is not None and decided_on <= view.data.last_whole_day - NEWS_DAYS * DAY


def _complete(measured: Measured, view: View) -> list[Row]:
    rows = counted_alike(measured.rows_of(view.group), "day")
    return [row for row in rows if row["status"] == "complete"]


def _on(day: date | None, rows: Sequence[Row], measured: Measured) -> list[Row]:
    order = cast(Experiment, measured.definition).variants
    return sorted((row for row in rows if row["day"] == day), key=lambda row: order.index(row["variant"]))


def is_divided_wrongly(rows: Sequence[Row]) -> bool:
    """True if people are not divided as planned: then no rate may be compared, however many there are."""
    ratio = rows[0]["sample_ratio_p"] if rows else None
    return ratio is not None and ratio < MISMATCH


def _number(rows: Sequence[Row], actor: str, view: View) -> Markup:
    """The verdict in a word; before it, only that people are still being collected."""
    say = view.language.say
    if not rows:
        return card.headline(tag("span", say("verdict.collecting"), class_="state wait"), [], kind="words")
    if is_divided_wrongly(rows):
        word = tag("span", say("verdict.sample_ratio_mismatch"), class_="state wrong")
        return card.headline(word, [say("experiment.mismatch")], kind="words")
    verdicts = [row for row in rows if row["verdict"] in ("better", "worse")]
    chosen = verdicts or list(rows[1:2])
    words = (_verdict(row, view) for row in chosen)
    decided_on = rows[0]["decided_on"]
    when = view.language.say("experiment.decided", day=view.language.day_and_year(decided_on)) if decided_on else None
    return card.headline(joined(words), [_explained(chosen[0], rows, actor, view), when], kind="words")


def _verdict(row: Row, view: View) -> Markup:
    key, state = row["verdict"].replace(" ", "_"), STATES[row["verdict"]]
    word = view.language.say(f"verdict.{key}")
    if row["verdict"] in ("better", "worse"):
        word = view.language.say("experiment.variant_is", variant=name(row["variant"]), verdict=word)
    return joined([tag("span", word, class_=f"state {state}"), " "])


def _explained(row: Row, rows: Sequence[Row], actor: str, view: View) -> Markup:
    """The numbers that the verdict rests on."""
    language = view.language
    least = min(other["finished"] for other in rows)
    if row["verdict"] == "collecting":
        return language.say(
            "experiment.collecting", finished=view.counted(least, actor), planned=view.counted(row["planned"], actor)
        )
    values = {
        **{key: _points(row[column], least) for key, column in _DIFFERENCES.items()},
        "p": chance_of(row, view),
    }
    return language.say("experiment.difference", **values)


def chance_of(row: Row, view: View) -> str:
    """How likely chance alone gives such a difference: p = 0.04; a very small one is not 0."""
    p = row["p_adjusted"]
    if p is None:
        return "p –"
    return "p < 0.01" if p < _SMALLEST_P else f"p = {view.language.number(p)}"


def _points(share: float | None, people: int) -> str:
    """A difference of shares in percentage points, with as many digits as a share of so many people has."""
    return "–" if share is None else signed(share * 100, digits_of(people))


def _picture(rows: Sequence[Row], actor: str, view: View) -> Markup:
    language = view.language
    top = top_of(max((row["rate_high"] or 0 for row in rows), default=0), is_share=True)
    items = [_variant(row, top, rows, actor, view) for row in rows]
    ticks = (
        tag(
            "text",
            f"{part * 100:.3g}{language.plain('percent_sign')}",
            class_="axis",
            x=percent(x),
            y=14,
            text_anchor=a,
        )
        for part, x, a in ((0, 0, "start"), (top / 2, 500, "middle"), (top, 1000, "end"))
    )
    axis = tag("li", tag("span"), tag("svg", ticks, class_="dots axis-row"), tag("span"), aria_hidden="true")
    return tag("ol", items, axis, class_="variants")


def _variant(row: Row, top: float, rows: Sequence[Row], actor: str, view: View) -> Markup:
    language = view.language
    reached = view.few(row["reached"], row["finished"], actor)
    counts = {key: view.counted(row[key], actor) for key in ("finished", "planned")}
    title = tag("div", tag("b", name(row["variant"])), tag("span", reached), class_="step")
    is_final = row["verdict"] not in ("collecting", "sample ratio mismatch") and not is_divided_wrongly(rows)
    state = STATES[row["verdict"]] if is_final else "wait"
    planned = min(1.0, row["finished"] / row["planned"])
    beside = tag(
        "div",
        tag("span", language.plain("experiment.planned", **counts)),
        tag(
            "svg",
            tag("rect", class_="stopped", x=0, y=0, width="100%", height=6, rx=3),
            tag("rect", class_="solid", x=0, y=0, width=percent(whole(planned * WIDE)), height=6, rx=3),
            class_="planned",
            aria_hidden="true",
        ),
        class_="facts",
    )
    return tag("li", title, _dot(row, top, state, view), beside)


def _dot(row: Row, top: float, state: str, view: View) -> Markup:
    lines = (tag("line", class_="grid", x1=x, x2=x, y1=0, y2="100%") for x in ("0%", "50%", "100%"))
    if row["rate"] is None or row["finished"] < FEW:
        return tag("svg", lines, class_="dots", aria_hidden="true")
    low, high, at = (whole(row[column] * WIDE / top) for column in ("rate_low", "rate_high", "rate"))
    shown = view.language.percent(row["rate"], row["finished"])
    return tag(
        "svg",
        lines,
        tag("line", class_="whisker", x1=percent(low), x2=percent(high), y1=26, y2=26),
        tag("circle", class_=f"dot {state}", cx=percent(at), cy=26, r=6),
        tag("text", shown, class_="value", x=percent(at), y=13, text_anchor="middle"),
        class_="dots",
        aria_hidden="true",
    )


def _table(rows: Sequence[Row], view: View) -> Table:
    language, plain = view.language, view.language.plain
    keys = ("variant", "exposed", "finished", "reached", "share", "interval", "p_adjusted", "in_several", "verdict")
    found = []
    for row in rows:
        rate, low, high = row["rate"], row["rate_low"], row["rate_high"]
        known = rate is not None
        p = row["p_adjusted"]
        found.append(
            [
                Cell(row["variant"], row["variant"]),
                *(Cell(language.count(row[c]), row[c]) for c in ("exposed", "finished", "reached")),
                Cell(language.percent(rate, row["finished"]) if known else "–", rate),
                Cell(
                    language.interval(low, high, row["finished"]) if known else "–",
                    card.ends(low, high) if known else None,
                ),
                Cell("–" if p is None else f"{p:.3f}", p),
                Cell(language.count(row["in_several"]), row["in_several"]),
                Cell(plain(f"verdict.{row['verdict'].replace(' ', '_')}"), row["verdict"]),
            ]
        )
    return Table([plain(f"column.{key}") for key in keys], found)
