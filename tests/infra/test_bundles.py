"""The bundles of the functions, as they are deployed: their contents and their sizes, and that they start."""

import importlib.metadata
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from infra.bundling import bundle, imported

from conftest import ROOT

LAMBDA_LIMIT_BYTES = 250 * 1024 * 1024
GROUPS = {"collector": "collector", **dict.fromkeys(("export", "metrics", "lists", "send"), "jobs")}
MOST_BYTES = {"collector": 12_000_000, **dict.fromkeys(("export", "metrics", "lists", "send"), 80_000_000)}
"""For Amazon's machines. Measured: 11.2 million bytes, and 77.3 for each job; DuckDB is most of it."""
_OF_JOBS = ("aws", "definitions", "engine", "export", "families", "ingest", "lake", "mapping")
ROOMS = {
    "collector": {"aws", "definitions", "ingest", "lake", "mapping", "webhooks"},
    "export": {*_OF_JOBS},
    "metrics": {*_OF_JOBS, "metrics", "page", "watch"},
    "lists": {*_OF_JOBS, "lists", "metrics"},
    "send": {*_OF_JOBS, "send"},
}
"""The folders of the package that each function needs: none for documents, the example, the command line or the cloud."""
IN_AMAZONS_RUNTIME = ("boto3", "botocore", "s3transfer", "jmespath", "python-dateutil", "six", "urllib3")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This checkout with a `.daybreak` of its own, so that a deploy at the same time keeps its own bundles."""
    folder = tmp_path_factory.mktemp("checkout")
    for name in ("daybreak.toml", "functions", "pyproject.toml", "shared", "uv.lock"):
        (folder / name).symlink_to(ROOT / name)
    return folder


@pytest.fixture(scope="module")
def for_amazon(checkout: Path) -> dict[str, Path]:
    return {function: bundle(checkout, function, group, local=False) for function, group in GROUPS.items()}


@pytest.fixture(scope="module")
def for_this_machine(checkout: Path) -> dict[str, Path]:
    return {function: bundle(checkout, function, group, local=True) for function, group in GROUPS.items()}


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages that Amazon's Python runtime brings along, and nothing else of this environment."""
    folder = tmp_path_factory.mktemp("runtime")
    for package in IN_AMAZONS_RUNTIME:
        for file in importlib.metadata.files(package) or []:
            top = file.parts[0]
            if not top.startswith((".", "_")) and not (folder / top).exists():
                (folder / top).symlink_to(Path(str(file.locate())).parents[len(file.parts) - 1] / top)
    return folder


def modules(folder: Path) -> Iterator[str]:
    """The names of our modules in a bundle."""
    for file in (folder / "daybreak").rglob("*.py"):
        yield ".".join(file.relative_to(folder).with_suffix("").parts).removesuffix(".__init__")


def size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("function", GROUPS)
def test_a_bundle_fits_into_a_lambda(for_amazon: dict[str, Path], function: str) -> None:
    assert size(for_amazon[function]) < MOST_BYTES[function] < LAMBDA_LIMIT_BYTES


@pytest.mark.parametrize("function", GROUPS)
def test_a_bundle_holds_the_rooms_that_its_function_needs_and_no_other(
    for_amazon: dict[str, Path], function: str
) -> None:
    ours = for_amazon[function] / "daybreak"
    assert {path.name for path in ours.iterdir() if path.is_dir()} == ROOMS[function]
    assert {path.name for path in ours.iterdir() if path.is_file()} == {"__init__.py", "errors.py"}
    assert {path.suffix for path in ours.rglob("*") if path.is_file()} <= {".py", ".sql", ".css", ".js"}
    assert not (ours / "aws" / "stack.py").exists()
    assert {"handler.py", "daybreak.toml"} <= {path.name for path in for_amazon[function].iterdir()}


def test_the_collectors_bundle_has_no_engine(for_amazon: dict[str, Path]) -> None:
    assert not list(for_amazon["collector"].glob("duckdb*"))
    assert not list(for_amazon["collector"].rglob("*.sql"))
    assert list(for_amazon["export"].glob("duckdb*"))


@pytest.mark.parametrize("function", GROUPS)
def test_a_function_starts_from_its_bundle_alone(
    for_this_machine: dict[str, Path], runtime: Path, function: str
) -> None:
    program = "import handler, sys; print(*(name for name in sys.modules if name.split('.')[0] == 'daybreak'))"
    done = subprocess.run(
        [sys.executable, "-S", "-B", "-c", program],  # -S: without the packages that are installed here
        cwd=for_this_machine[function],
        env={"PYTHONPATH": os.pathsep.join([str(for_this_machine[function]), str(runtime)])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    never_imported = set(modules(for_this_machine[function])) - set(done.stdout.split())
    # the registry imports families by their names, so a bundle carries their whole room
    assert not [name for name in never_imported if not name.startswith("daybreak.families.")]


@pytest.mark.parametrize(
    ("handler", "found"),
    [
        ("from ours.room.one import anything", {"one.py"}),
        ("from ours.room import one", {"one.py"}),
        ("def late():\n    import ours.room.one", {"one.py"}),
        ("if TYPE_CHECKING:\n    from ours.room import one\nelse:\n    import ours.room.two", {"two.py"}),
        ("for name in NAMES:\n    import_module(f'ours.room.{name}')", {"one.py", "two.py", "three.py"}),
        ("import ours.room.three", {"three.py", "two.py"}),
    ],
)
def test_a_bundle_follows_every_way_to_import_but_not_those_for_the_type_checker(
    tmp_path: Path, handler: str, found: set[str]
) -> None:
    room = tmp_path / "ours" / "room"
    (room / "sql").mkdir(parents=True)
    for file in ("../__init__.py", "__init__.py", "one.py", "two.py", "rows.sql", "sql/more.sql", "notes.md"):
        (room / file).touch()
    (room / "three.py").write_text("from ours.room.two import anything\nimport json")
    (tmp_path / "handler.py").write_text(handler)
    names = [file.relative_to(tmp_path / "ours").as_posix() for file in imported(tmp_path, [tmp_path / "handler.py"])]
    shipped = {"__init__.py", "room/__init__.py", "room/rows.sql", "room/sql/more.sql"}
    assert set(names) == shipped | {f"room/{name}" for name in found}
