"""`daybreak demo --example --language`: the page of the example product in another language."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from daybreak import example
from daybreak.cli.main import APP
from daybreak.definitions.page import PageLanguage
from daybreak.definitions.project import load
from daybreak.errors import InputError
from daybreak.example.demonstrate import product_definitions

PRODUCT = Path(example.__file__).with_name("product.toml")


def test_the_page_of_the_example_is_in_the_language_that_is_asked_for(tmp_path: Path) -> None:
    done = CliRunner().invoke(APP, ["demo", "--example", "--language", "ko", "--out", str(tmp_path)])
    assert done.exit_code == 0, done.output
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert '<html lang="ko">' in page
    assert "오늘 아침" in page
    assert load(tmp_path / "example.toml").page.language == "ko"  # so `compute` with these definitions gives the same


@pytest.mark.parametrize("language", ["en", "ko"])
def test_only_the_language_differs_from_the_definitions_of_the_product(tmp_path: Path, language: PageLanguage) -> None:
    file = tmp_path / "example.toml"
    file.write_text(product_definitions(language), encoding="utf-8")
    found, product = load(file), load(PRODUCT)
    assert found.page == product.page.model_copy(update={"language": language})
    assert (found.definitions, found.goals, found.alerts, found.lists) == (
        product.definitions, product.goals, product.alerts, product.lists)  # fmt: skip


def test_the_page_of_the_purchases_has_the_language_of_daybreak_toml() -> None:
    done = CliRunner().invoke(APP, ["demo", "--language", "ko"])
    assert isinstance(done.exception, InputError)
    assert "[page] language" in str(done.exception)
