"""The frame of a figure: its title, its sentence, its number, the picture, and its table with a link to its CSV."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from daybreak.engine.spreadsheet import csv_text
from daybreak.page.markup import Markup, joined, name, tag
from daybreak.page.read import Measured
from daybreak.page.versions import changed_on, is_behind
from daybreak.page.view import View


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell as people read it, and as the CSV holds it."""

    shown: str
    raw: object


@dataclass(frozen=True, slots=True)
class Table:
    """The numbers behind a picture: the first column names the rows."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]


def card(
    view: View,
    id_: str,
    *,
    title: str,
    sentence: Markup,
    number: Markup | None,
    picture: Markup,
    table: Table,
    kind: str,
    wide: bool = False,
) -> Markup:
    """A figure with all its parts. `id_` names it in links, `kind` is which figure it is."""
    caption = tag("figcaption", tag("h3", name(title)), tag("p", sentence, class_="label"), number)
    return tag(
        "figure",
        caption,
        picture,
        details(view, id_, title, table),
        id=id_,
        class_=f"card {kind}{' wide' if wide else ''}",
        data_family=id_.partition(".")[0],
    )


def details(view: View, id_: str, title: str, table: Table) -> Markup:
    """The table of a figure, closed until somebody opens it, and the same as CSV."""
    say = view.language.say
    csv = tag("a", say("csv"), href=csv_link(table), download=f"{id_}.csv")
    return tag(
        "details",
        tag("summary", say("table"), tag("span", " ", name(title), class_="unseen")),
        tag("div", html_table(table), class_="scroll", tabindex=0, role="group", aria_label=title),
        tag("p", csv, class_="csv"),
    )


def html_table(table: Table) -> Markup:
    head = tag("thead", tag("tr", (tag("th", column, scope="col") for column in table.columns)))
    rows = (
        tag("tr", tag("th", first.shown, scope="row"), (tag("td", cell.shown) for cell in rest))
        for first, *rest in table.rows
    )
    return tag("table", head, tag("tbody", rows))


def csv_link(table: Table) -> str:
    """The table as a file that is in the link itself: it needs no second request, and may be mailed with the page."""
    lines = [table.columns, *([cell.raw for cell in row] for row in table.rows)]
    text = "".join(",".join(map(_csv, line)) + "\r\n" for line in lines)
    return "data:text/csv;charset=utf-8," + quote(text, safe=",()!*'")


def ends(low: float, high: float) -> str:
    """Both ends of an interval in one cell of the CSV."""
    return " ".join(f"{math.floor(end * 1e6 + 0.5) / 1e6:.6g}" for end in (low, high))


def _csv(value: object) -> str:
    """A value in CSV. A text that a spreadsheet would run gets a ' before it; numbers are not text."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.6g}"
    text = str(value) if isinstance(value, int) else csv_text(str(value))
    return '"' + text.replace('"', '""') + '"' if any(mark in text for mark in ',"\r\n') else text


def headline(
    large: Markup | str,
    rest: Iterable[Markup | str | None],
    *,
    kind: str | None = None,
    beside: Markup | None = None,
) -> Markup:
    """The number of a figure, large, and what belongs to it: its interval, how many people, the number before.

    `kind`: few, of few people, or words, where it is not a number. `beside`: a sentence of the family's other numbers.
    """
    parts = (joined([tag("span", part), " "]) for part in rest if part)
    second = tag("p", beside, class_="beside") if beside else None
    belongs = tag("div", tag("p", parts), class_="parts")
    return tag("div", tag("b", large, class_=kind), " ", belongs, second, class_="number")


def change(state: str | None, view: View) -> Markup | None:
    """The verdict of `counts.change` in a word with a shape."""
    return tag("span", view.language.say(f"change.{state}"), class_=f"state {state}") if state else None


def version_note(measured: Measured, view: View) -> Markup | None:
    """Says in a sentence that the definition changed among the rows of a figure, or after all of them."""
    if is_behind(measured):
        return tag("p", view.language.say("version.behind"), class_="said")
    days = changed_on(measured)
    if not days:
        return None
    return tag("p", view.language.say("version.note", day=view.language.day_and_year(days[-1])), class_="said")


def version_row(view: View) -> Markup:
    """The line between two rows of bands that were counted by two versions of the definition."""
    return tag("li", tag("span", view.language.say("version.changed")), class_="change")


def legend(entries: Iterable[tuple[str, str]]) -> Markup:
    """Which mark means what: (class of the mark, words)."""
    items = (tag("li", tag("i", class_=mark), words) for mark, words in entries)
    return tag("ul", items, class_="legend")
