"""A family is whole: its three files, a second count in plain Python, and a place in the example product."""

from importlib import resources

import pytest

from conftest import ROOT
from daybreak.definitions.project import load
from daybreak.families.registry import FAMILIES
from daybreak.page.read import PEOPLE
from laws import test_against_reference as second_count

FILES = {file.name for file in resources.files("daybreak.families").iterdir()}


@pytest.mark.parametrize("family", FAMILIES)
def test_its_three_files_stand_side_by_side(family: str) -> None:
    assert {f"{family}.py", f"{family}.sql", f"{family}.summary.sql"} <= FILES


def test_every_family_is_counted_a_second_time() -> None:
    assert {name for name, *_ in (*second_count.PEOPLE, *second_count.RETENTION, *second_count.FUNNELS)} == set(
        FAMILIES
    )


def test_the_example_product_defines_something_of_every_family() -> None:
    project = load(ROOT / "shared" / "daybreak" / "example" / "product.toml")
    assert project.measured == list(FAMILIES)


def test_no_family_imports_another() -> None:
    for family in FAMILIES:
        text = resources.files("daybreak.families").joinpath(f"{family}.py").read_text(encoding="utf-8")
        others = [other for other in FAMILIES if other != family and f"daybreak.families.{other} " in text]
        assert others == []


def test_alerts_and_the_page_count_the_people_of_a_value_alike() -> None:
    said = {name: family.people for name, family in FAMILIES.items() if family.people}
    assert set(said) == set(PEOPLE)
    for name, people in said.items():
        assert people.column in FAMILIES[name].row.model_fields
        assert f"{'sum' if people.are_once else 'max'}({people.column})" in PEOPLE[name]
