"""The pages about other tools: each command gives what its page shows, and their tables are those of the code."""

import re
import shlex
from pathlib import Path
from typing import get_args

import pytest
from typer.testing import CliRunner

from conftest import ROOT
from daybreak.cli.main import APP
from daybreak.files.readers.exports.known import EXPORTS
from daybreak.mapping.export_mapping import ExportMapping
from daybreak.mapping.mapping import EventMapping
from daybreak.mapping.read_mapping import read_mapping
from support.pages import DOCS, blocks

PAGES = sorted((DOCS / "coming-from").glob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_command_of_a_page_gives_what_the_page_shows(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    [command] = blocks(page, "sh")
    done = CliRunner().invoke(APP, [*shlex.split(command)[1:-1], str(tmp_path / "out")])
    assert done.exception is None
    given = {" ".join(line.split()) for line in done.stdout.splitlines()}
    assert {" ".join(line.split()) for line in blocks(page, "")} <= given


def test_the_mapping_of_a_page_can_be_read(tmp_path: Path) -> None:
    pages = [DOCS / "importing.md", DOCS / "coming-from" / "mixpanel.md"]
    texts = [text for page in pages for text in re.findall(r"^```toml\n(.*?)^```", page.read_text(), re.S | re.M)]
    for text in texts:
        (tmp_path / "mapping.toml").write_text(text)
        assert read_mapping(tmp_path / "mapping.toml").timezone == "Asia/Seoul"
    assert len(texts) == 3


def test_a_mapping_can_name_the_exports_that_take_a_zone() -> None:
    named = set(get_args(ExportMapping.model_fields["export"].annotation))
    assert {export.tool for export in EXPORTS if export.in_zone} == named


def test_the_page_of_formats_has_each_export_and_each_field_of_a_mapping() -> None:
    lines = (DOCS / "importing.md").read_text(encoding="utf-8").splitlines()
    exports = [f"| {e.name} | {e.said} | {', '.join(f'`{name}`' for name in sorted(e.known_by))} |" for e in EXPORTS]
    fields = [f"| `{f.alias or name}` | {f.description} |" for name, f in EventMapping.model_fields.items()]
    for expected in (exports, fields):
        at = lines.index(expected[0])
        assert lines[at : at + len(expected)] == expected
        assert not lines[at + len(expected)]
