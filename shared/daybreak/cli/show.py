"""How answers look: tables for people, JSON on request, progress for what takes long."""

import json
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.table import Table

OUT = Console(highlight=False, soft_wrap=True)
ERR = Console(stderr=True, highlight=False)


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """A table; numbers to the right, null as a dot."""
    shown = Table(title=title or None, title_justify="left", title_style="bold")
    for position, column in enumerate(columns):
        numbers = all(_is_number(row[position]) for row in rows)
        shown.add_column(column, justify="right" if numbers else "left", overflow="fold")
    for row in rows:
        shown.add_row(*(_text(cell) for cell in row))
    OUT.print(shown)


def as_json(value: Any) -> None:
    sys.stdout.write(json.dumps(value, default=str, indent=1) + "\n")


class Stages:
    """What is being done, with the time each stage took: a spinner while it runs, a line when it is done."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, float]] = []

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        begun = time.monotonic()
        with ERR.status(f"{name} …"):
            yield
        seconds = time.monotonic() - begun
        self.taken.append((name, seconds))
        ERR.print(f"  {name:<58} {seconds:6.1f} s")


def _is_number(value: Any) -> bool:
    if value is None:
        return True
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True


def _text(value: Any) -> str:
    if value is None:
        return "·"
    if isinstance(value, float):
        return f"{value:.4f}"
    return str(value)
