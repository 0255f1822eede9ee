"""The output of the commands: tables for people, JSON on request, progress while something takes long."""

import json
import sys
import time
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from daybreak.files.counts import EventCounts
from daybreak.lake.tables import MadeList, Warned

WARNINGS_SHOWN = 10
_NAMES_SHOWN = 8
_SKIPPED_SHOWN = 5
_LONG = 44
"""Characters; a text longer than this may be broken into lines."""

OUT = Console(highlight=False, emoji=False, width=None if sys.stdout.isatty() else 160)
ERR = Console(stderr=True, highlight=False, emoji=False)


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Print a table for people: numbers to the right, rates in percent, times in the unit that fits, null as a dot."""
    shown = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False)
    for position, column in enumerate(columns):
        numbers = all(_is_number(row[position]) for row in rows)
        heading = column.removesuffix("_seconds")
        widest = max([len(heading), *(len(str(row[position])) for row in rows)])
        # only long texts are broken into lines; a number or a name is never cut
        shown.add_column(
            heading,
            justify="right" if numbers else "left",
            no_wrap=widest <= _LONG,
            min_width=widest if widest <= _LONG and not numbers else None,
        )
    for row in rows:
        shown.add_row(*(_text(column, cell) for column, cell in zip(columns, row, strict=True)))
    if title:
        OUT.print(title, style="bold", markup=False, soft_wrap=True)
    OUT.print(shown)


def warnings(warnings: Sequence[Warned], most: int | None = None) -> None:
    """Print each warning once, with all definitions that it is about; with `most`, only so many lines and a count."""
    lines: dict[tuple[str, str], list[str]] = {}
    for warning in warnings:
        where = [f"[{warning.definition}]"] if warning.definition else []
        lines.setdefault((warning.kind, warning.message), []).extend(where)
    shown = [f"{', '.join(where)}: {message}" if where else message for (_, message), where in lines.items()]
    for line in shown[:most]:
        OUT.print(_plain(line), style="yellow", soft_wrap=True)
    if most is not None and len(shown) > most:
        OUT.print(f"and {len(shown) - most:,} more warnings; --json lists all", style="yellow")


def lines(texts: Iterable[str]) -> None:
    """Print sentences, which may hold text from clients."""
    for text in texts:
        OUT.print(_plain(text), soft_wrap=True)


def lists(made: Sequence[MadeList]) -> None:
    """Print the counts of each list."""
    columns = ("list", "people", "entered", "left", "held_out", "meaning")
    rows = [[getattr(row, column) for column in columns] for row in made]
    table("\nLists", columns, rows)


def sends(title: str, done: Sequence[Mapping[str, Any]]) -> None:
    """Print what a run did for each send."""
    counts = ("send", "new", "sent", "waiting", "dead")
    table(title, [*counts, "answered"], [[row[name] for name in counts] + ["; ".join(row["answered"])] for row in done])


def left_out(counts: EventCounts, limit: str = "now") -> None:
    """Print what does not count of files, the first of it by file and line; some events are later than the `limit`."""
    if counts.rejected:
        were = "was" if counts.rejected == 1 else "were"
        OUT.print(f"{counts.rejected:,} {were} rejected:", style="yellow")
        for code, refused in sorted(counts.refused.items(), key=lambda one: -one[1].count):
            several = f"{refused.count:,} {code}, the first: " if refused.count > 1 else f"{code}: "
            OUT.print(f"  {several}{_plain(refused.first)}", soft_wrap=True)
    if counts.after_as_of:
        are = "event is" if counts.after_as_of == 1 else "events are"
        text = f"{counts.after_as_of:,} {are} later than {limit} and left out, the first: {counts.first_after_as_of}"
        OUT.print(text, style="yellow", markup=False, soft_wrap=True)
    for name in counts.without_rows:
        OUT.print(f"{name}: no rows", style="yellow", markup=False, soft_wrap=True)
    for reason in counts.skipped[:_SKIPPED_SHOWN]:
        OUT.print(f"skipped: {_plain(reason)}", style="yellow", soft_wrap=True)
    if (more := len(counts.skipped) - _SKIPPED_SHOWN) > 0:
        OUT.print(f"skipped: {more:,} more files", style="yellow")


def understood(counts: EventCounts) -> None:
    """Print how the files were understood, what of them was left out, and the most frequent events."""
    for sentence, files in counts.understood.items():
        more = f" and {len(files) - 1:,} more" if len(files) > 1 else ""
        OUT.print(_plain(f"{files[0]}{more}: {sentence}"), soft_wrap=True)
    if counts.links:
        say = "says whose a device is" if counts.links == 1 else "say whose a device is, or what a person is like"
        OUT.print(f"{counts.links:,} more event{'s'[: counts.links != 1]}, made of these, {say}.")
    if counts.ignored:
        OUT.print(
            _plain(f"Ignored: {', '.join(f'{n:,} {what}' for what, n in counts.ignored.items())}."), soft_wrap=True
        )
    if counts.like_none:
        OUT.print(f"{counts.like_none:,} had an id that looks like none, and count for their other id.", style="yellow")
    if counts.names:
        table("", ["event", "events"], [list(one) for one in islice(counts.names.items(), _NAMES_SHOWN)])
    if (others := len(counts.names) - _NAMES_SHOWN) > 0:
        OUT.print(f"and {others:,} other names")


def objects(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> list[dict[str, Any]]:
    """The rows of a table as objects, for `as_json`."""
    return [dict(zip(columns, row, strict=True)) for row in rows]


def as_json(value: Any) -> None:
    sys.stdout.write(json.dumps(value, default=str, indent=1) + "\n")


class Stages:
    """The stages of a long command: a spinner while a stage runs, then a line with the seconds it took."""

    def __init__(self) -> None:
        self.finished: list[tuple[str, float]] = []

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        begun = time.monotonic()
        with ERR.status(f"{name} …"):
            yield
        seconds = time.monotonic() - begun
        self.finished.append((name, seconds))
        ERR.print(f"  {name:<58} {seconds:6.1f} s")


def _is_number(value: Any) -> bool:
    if value is None:
        return True
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True


def _text(column: str, value: Any) -> str:
    if value is None:
        return "·"
    if _is_share(column) and _is_number(value):
        return f"{float(value) * 100:.1f} %"
    if "seconds" in column and _is_number(value):
        return _length(float(value))
    return f"{value:.4f}" if isinstance(value, float) else _plain(str(value))


def _plain(text: str) -> str:
    """Text from clients, changed so that it can neither colour nor control the terminal."""
    return escape("".join(character if character.isprintable() else _instead(character) for character in text))


def _instead(character: str) -> str:
    """A blank for one of the many blanks, such as one that does not break a line."""
    return " " if unicodedata.category(character) == "Zs" else "\ufffd"


def _is_share(column: str) -> bool:
    """True if the column holds shares of people, which are printed in percent."""
    return column.startswith("rate") or column.endswith(("rate", "share")) or column in ("dau_per_mau", "csat")


def _length(seconds: float) -> str:
    """A length of time in the largest unit of which it has at least two."""
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s"
