"""How many people are here on a day, in a week and in a month."""

from collections.abc import Sequence
from typing import Any

from daybreak.engine.calendar import DAY
from daybreak.page.counts import Count
from daybreak.page.figures import card
from daybreak.page.figures.beside import count_of
from daybreak.page.figures.card import Cell, Table
from daybreak.page.figures.lines import Drawn, lines
from daybreak.page.labels import sentence
from daybreak.page.markup import Markup, joined
from daybreak.page.read import Measured
from daybreak.page.scale import top_of
from daybreak.page.versions import changed_on, counted_alike, cuts
from daybreak.page.view import View

COLUMNS = {"mau": "l3", "wau": "l2", "dau": "l1"}
"""Column -> the class of its line."""
DAYS_SHOWN = 56
WINDOW = 30
"""The days of the largest column: as many before, nobody is counted for the same days."""

Row = dict[str, Any]


def active_people(measured: Measured, view: View) -> Markup | None:
    rows = measured.rows_of(view.group)
    if not rows:
        return None
    language, definition = view.language, measured.definition
    shown = rows[-DAYS_SHOWN:]
    top = top_of(max(row["mau"] for row in shown), is_share=False)
    drawn = [
        Drawn(language.plain(f"active.{column}"), [row[column] for row in shown], mark)
        for column, mark in COLUMNS.items()
    ]
    tops = [language.count(int(part)) if part == int(part) else f"{part:g}" for part in (top, top / 2, 0)]
    labels = [language.short_day(row["day"]) for row in shown]
    name = language.plain("plot.active_people", title=definition.description)
    cut, label = cuts([row["day"] for row in shown], changed_on(measured)), language.plain("version.changed")
    is_open = [row["status"] != "complete" for row in shown]
    picture = lines(drawn, labels, is_open, top, tops, name, cuts=cut, cut_label=label)
    return card.card(
        view,
        measured.id,
        title=definition.description,
        sentence=sentence(definition, "active_people", view),
        number=_number(counted_alike(rows, "day"), definition.actor, view),
        picture=joined([picture, card.version_note(measured, view)]),
        table=_table(shown, view),
        kind="people",
    )


def _number(rows: Sequence[Row], actor: str, view: View) -> Markup:
    """The month's people on the newest complete day, and 30 days before."""
    language = view.language
    done = {row["day"]: row for row in rows if row["status"] == "complete"}
    if not done:
        return card.headline(language.plain("nothing_complete"), [], kind="words")
    newest = done[max(done)]
    before = done.get(newest["day"] - WINDOW * DAY)
    rest = [
        language.plain("active.month"),
        language.plain("on", day=newest["day"]),
        language.plain(
            "active.week_and_day", week=view.counted(newest["wau"], actor), day=view.counted(newest["dau"], actor)
        ),
        language.plain("before", value=view.counted(before["mau"], actor)) if before else None,
    ]
    on_the_day = Count(newest["dau"], newest["mau"])
    second = language.say("beside.on_the_day", share=count_of(on_the_day, view, actor)) if on_the_day.of else None
    return card.headline(view.counted(newest["mau"], actor), rest, beside=second)


def _table(rows: Sequence[Row], view: View) -> Table:
    language, plain = view.language, view.language.plain
    columns = [plain("column.day"), *(plain(f"active.{column}") for column in ("dau", "wau", "mau")),
               plain("column.state")]  # fmt: skip
    found = []
    for row in rows:
        state = row["status"]
        counts = (Cell(language.count(row[column]), row[column]) for column in ("dau", "wau", "mau"))
        day = Cell(language.short_day(row["day"]), row["day"].isoformat())
        found.append([day, *counts, Cell(plain(f"status.{state}"), state)])
    return Table(columns, found)
