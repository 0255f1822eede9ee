"""The documentation names nothing that is not there: pages, headings, files, commands, options, make targets."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from conftest import ROOT
from daybreak.cli.main import APP
from support import cli_page
from support.pages import DOCS, anchors, blocks, commands, links, pages, prose

ROOT_PAGES = [ROOT / name for name in ("README.ko.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")]
FOLDER_PAGES = [
    ROOT / "events" / "README.md",
    ROOT / "tests" / "bench" / "README.md",
    ROOT / "tests" / "data" / "README.md",
]
PAGES = [*pages(), *ROOT_PAGES, *FOLDER_PAGES]
PACKAGE = ROOT / "shared" / "daybreak"
ROOMS = sorted(folder.name for folder in PACKAGE.iterdir() if (folder / "__init__.py").is_file())
TOP_FOLDERS = ("docs", "events", "functions", "infra", "shared", "tests")
DAYBREAK = ".venv/bin/daybreak"

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 150


def test_the_page_of_commands_is_in_step() -> None:
    assert (DOCS / "cli.md").read_text(encoding="utf-8") == cli_page.text(), "write it again: make docs"


@each_page
def test_every_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    for link in links(page):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{page.name} links to {link}"
        assert not anchor or anchor in anchors(target), f"{page.name} links to {link}: no such heading"


def test_every_page_can_be_reached_from_the_index() -> None:
    found: set[Path] = set()
    waiting = [DOCS / "index.md"]
    while waiting:
        page = waiting.pop()
        if page in found:
            continue
        found.add(page)
        targets = [(page.parent / link.partition("#")[0]).resolve() for link in links(page)]
        waiting += [target for target in targets if target.suffix == ".md" and target.exists()]
    assert {page.resolve() for page in DOCS.rglob("*.md")} <= found


@each_page
def test_every_path_in_backquotes_exists(page: Path) -> None:
    """From the root, or as people say it, from the package: `ingest/event.py`. A path with a placeholder is not one."""
    for name in re.findall(r"`([\w.-]+/[\w./-]+)`", prose(page)):
        first = name.partition("/")[0]
        if first in TOP_FOLDERS:
            assert (ROOT / name).exists(), f"{page.name} names {name}"
        elif first in ROOMS:
            assert (PACKAGE / name).exists(), f"{page.name} names {name}"


def test_what_looks_like_a_command_is_in_a_block_that_is_run() -> None:
    """`sh` blocks are run end to end. A `console` block holds what asks or takes long; some other test runs it."""
    tests = "\n".join(file.read_text(encoding="utf-8") for file in (ROOT / "tests").rglob("test_*.py"))
    for page in pages():
        for language in ("", "bash", "shell", "text", "console"):
            for line in blocks(page, language):
                if re.match(r"(\$ |\.venv/bin/|make |curl |daybreak )", line):
                    assert language == "console", f"{page.name}: {line} is not in a `sh` block"
                    assert line in tests, f"{page.name}: no test runs {line}"
    assert len(commands()) > 10


def test_the_page_has_exactly_the_alarms_of_the_stack() -> None:
    """Names only: the texts in infra/alarms.py are for the person who is woken."""
    of_the_stack = re.findall(r'\byield Alarm\(\s*"(\w+)"', (ROOT / "infra" / "alarms.py").read_text(encoding="utf-8"))
    section = (DOCS / "operating.md").read_text(encoding="utf-8").partition("\n## Alarms\n")[2].partition("\n## ")[0]
    assert of_the_stack
    assert sorted(re.findall(r"^\| `(\w+)`", section, re.M)) == sorted(of_the_stack)


def _named() -> Iterator[tuple[str, str]]:
    """Page and command line: every `daybreak …` of a block or in backquotes."""
    for page in PAGES:
        for line in [*blocks(page, "sh"), *blocks(page, "console")]:
            if line.startswith(DAYBREAK):
                yield page.name, line.removeprefix(".venv/bin/")
        for line in re.findall(r"`(daybreak [^`]+)`", prose(page)):
            yield page.name, line


@pytest.mark.parametrize(("page", "line"), sorted(set(_named())))
def test_every_command_and_option_that_is_named_exists(page: str, line: str) -> None:
    words = shlex.split(line, comments=True)[1:]
    command: Any = get_command(APP)
    while words and hasattr(command, "commands") and not words[0].isupper():
        assert words[0] in command.commands, f"{page} names {line}"
        command = command.commands[words.pop(0)]
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    unknown = {word for word in words if word.startswith("--")} - known - {"--help"}
    assert not unknown, f"{page} names {line}"


@each_page
def test_every_make_target_that_is_named_exists(page: Path) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.M))
    inline = re.findall(r"`make ([a-z]+)", prose(page))
    in_blocks = [line.split()[1] for line in blocks(page, "sh") if line.startswith("make ")]
    assert {*inline, *in_blocks} <= targets, f"{page.name} names a target that the Makefile does not have"
