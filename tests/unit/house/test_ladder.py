"""The ladder of rooms is one list: in the docstring of the package, and in the lint contract that checks it."""

import tomllib

import daybreak
from conftest import ROOT

LADDER = (daybreak.__doc__ or "").partition("The ladder, low to high:")[2]


def test_the_docstring_and_the_lint_contract_say_the_same_ladder() -> None:
    said = [{room.strip() for room in step.split("|")} for step in LADDER.replace("\n", " ").split("<")]
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (layers,) = [c["layers"] for c in contracts if c["type"] == "layers" and c["containers"] == ["daybreak"]]
    assert said == [{room.strip() for room in layer.split("|")} for layer in reversed(layers)]


def test_every_room_has_a_line_that_says_what_it_is() -> None:
    package = ROOT / "shared" / "daybreak"
    rooms = {path.name for path in package.iterdir() if path.is_dir() and path.name != "__pycache__"}
    described = (daybreak.__doc__ or "").partition("The ladder")[0].splitlines()
    assert {line.split()[0] for line in described if line.startswith("    ")} == {*rooms, "errors"}


def test_no_module_lies_flat_in_the_package_but_errors() -> None:
    modules = {path.name for path in (ROOT / "shared" / "daybreak").glob("*.py")}
    assert modules == {"__init__.py", "errors.py"}
