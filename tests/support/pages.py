"""Reads the pages of the documentation for tests: links, commands, text, headings."""

import re
from pathlib import Path

from conftest import ROOT

DOCS = ROOT / "docs"
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.S | re.M)
_LINK = re.compile(r"\]\(([^)\s]+)\)")


def pages() -> list[Path]:
    """The README, the index, the pages in the order of the index, then all other pages of docs/."""
    index = DOCS / "index.md"
    named = [DOCS / link for link in links(index) if not link.startswith("..")]
    found = [page for page in named if page.suffix == ".md" and page.is_file()]
    return list(dict.fromkeys([ROOT / "README.md", index, *found, *sorted(DOCS.rglob("*.md"))]))


def blocks(page: Path, language: str) -> list[str]:
    """The lines of every fenced block in this language, without empty lines."""
    text = page.read_text(encoding="utf-8")
    return [line for kind, body in _BLOCK.findall(text) if kind == language for line in body.splitlines() if line]


def commands() -> list[str]:
    """Each distinct line of the `sh` blocks of all pages, in the order of the pages."""
    return list(dict.fromkeys(line for page in pages() for line in blocks(page, "sh")))


def shown() -> set[str]:
    """Every line of the blocks that show output, with single spaces."""
    return {" ".join(line.split()) for page in pages() for line in blocks(page, "")}


def links(page: Path) -> list[str]:
    """The targets of a page's links, as written."""
    return _LINK.findall(prose(page))


def prose(page: Path) -> str:
    """A page's text without its fenced blocks."""
    return _BLOCK.sub("", page.read_text(encoding="utf-8"))


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives a page's headings."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
