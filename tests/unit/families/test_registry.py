"""A family is whole: its three files, a second count in plain Python, and a place in the example product."""

from importlib import resources

import pytest

from conftest import ROOT
from daybreak.definitions.project import load
from daybreak.families.registry import FAMILIES
from daybreak.page.read import different_people
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


PEOPLE = {
    "activation": "sum(people)",
    "active_days": "max(active_people)",
    "active_people": "max(mau)",
    "adoption": "max(active_people)",
    "breadth": "max(active_people)",
    "campaign": "sum(exposed)",
    "churn": "max(people)",
    "completion": "coalesce(sum(entered) filter (where step = 1), 0)",
    "conversion": "sum(people)",
    "experiment": "max(exposed)",
    "lifecycle": "max(active_people)",
    "retention": "max(people)",
    "support_load": "max(active_people)",
    "time_to_value": "sum(people)",
}
"""Family -> how many different people its rows hold, in SQL. The answers of a survey may all be one person's."""


def test_alerts_and_the_page_count_the_people_of_a_value_alike() -> None:
    said = {name: sql for name, family in FAMILIES.items() if (sql := different_people(family))}
    assert {name: sql.replace('"', "") for name, sql in said.items()} == PEOPLE
    for family in FAMILIES.values():
        assert family.people is None or family.people.column in family.row.model_fields
