"""Files that are generated from the models are up to date with them."""

import json
import tomllib

import jsonschema
import pytest

from conftest import ROOT
from daybreak.definitions import json_schema, reference_page
from daybreak.definitions.project import load
from daybreak.families.registry import FAMILIES

PACKAGE = ROOT / "shared" / "daybreak"
FILES = [ROOT / "daybreak.toml", ROOT / "events" / "example.toml", PACKAGE / "example" / "product.toml"]


def test_the_page_of_metrics_is_in_step() -> None:
    page = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
    assert page == reference_page.text(), "write it again: daybreak definitions docs --out docs/metrics.md"


def test_the_schema_is_in_step() -> None:
    found = (ROOT / "docs" / "daybreak.schema.json").read_text(encoding="utf-8")
    assert found == json_schema.text(), "write it again: daybreak definitions schema --out docs/daybreak.schema.json"


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_has_a_rule_an_example_and_a_sentence(family: str) -> None:
    section = reference_page.text().partition(f"\n## {family}\n")[2].partition("\n## ")[0]
    assert "*Example.*" in section
    assert all(f"| `{column}` |" in section for column in ("description", "actor"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_the_schema_accepts_the_projects_own_files(file: object) -> None:
    path = ROOT / str(file)
    assert load(path)
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    jsonschema.validate(json.loads(json.dumps(tables, default=str)), json_schema.json_schema())


@pytest.mark.parametrize(
    "wrong",
    [
        {"activaton": {}},
        {"activation": {"a": {"description": "d", "start": "S", "milestone": "V"}}},
        {"activation": {"a": {"description": "d", "start": "S", "milestone": "V", "window": "soon"}}},
        {"activation": {"a": {"description": "d", "start": 7, "milestone": "V", "window": "1d"}}},
        {"activation": {"A b": {}}},
        {"retention": {"r": {"description": "d", "start": "S", "return": "V", "period": "fortnight"}}},
    ],
)
def test_the_schema_refuses_what_the_checker_refuses(wrong: dict[str, object]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"project": {"timezone": "UTC"}, **wrong}, json_schema.json_schema())
