"""The tables of docs/conformance.md: each cell is written by the test that checks it.

A test ends with `cell(…)`, which compares the test's result with the page. With WRITE_TABLES=1 in the environment it
writes the cell instead, and adds its row and column if they are new.
"""

import fcntl
import os
from pathlib import Path

from conftest import ROOT

PAGE = ROOT / "docs" / "conformance.md"


def cell(table: str, row: str, column: str, seen: str) -> None:
    """Check or write the cell at `row` and `column` of the table under the heading `table`; `seen` is the test's result."""
    if os.environ.get("WRITE_TABLES"):
        with PAGE.open("r+") as page:
            fcntl.flock(page, fcntl.LOCK_EX)  # tests run in several processes
            text = _with(page.read(), table, row, column, seen)
            page.seek(0)
            page.truncate()
            page.write(text)
        return
    said = _read(PAGE.read_text(), table).get(row, {}).get(column)
    assert said == seen, f"{PAGE.name}, {table}, {row}, {column}: the page says {said!r}, the test saw {seen!r}"


def rows(table: str, page: Path = PAGE) -> dict[str, dict[str, str]]:
    """Row -> column -> cell."""
    return _read(page.read_text(), table)


def _read(text: str, table: str) -> dict[str, dict[str, str]]:
    lines = [line for line in _section(text, table) if line.startswith("|")]
    if not lines:
        return {}
    columns = _cells(lines[0])[1:]
    found = {}
    for line in lines[2:]:
        name, *values = _cells(line)
        found[name] = dict(zip(columns, values, strict=True))
    return found


def _with(text: str, table: str, row: str, column: str, seen: str) -> str:
    known = _read(text, table)
    known.setdefault(row, {})[column] = seen
    columns = list(dict.fromkeys(name for values in known.values() for name in values))
    corner = next((_cells(line)[0] for line in _section(text, table) if line.startswith("|")), "")
    drawn = [_line([corner, *columns]), _line(["---"] * (len(columns) + 1))]
    drawn += [_line([name, *(values.get(c, "") for c in columns)]) for name, values in known.items()]
    before, _, rest = text.partition(f"## {table}\n")
    body, mark, after = rest.partition("\n## ")
    prose = "\n".join(line for line in body.splitlines() if not line.startswith("|")).strip()
    drawing = "\n".join(drawn)
    return f"{before}## {table}\n\n{prose}\n\n{drawing}\n" + (f"{mark}{after}" if mark else "")


def _section(text: str, table: str) -> list[str]:
    return text.partition(f"## {table}\n")[2].partition("\n## ")[0].splitlines()


def _cells(line: str) -> list[str]:
    return [part.strip() for part in line.strip().strip("|").split("|")]


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"
