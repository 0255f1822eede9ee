"""Tables have exactly the columns and types of their row models: each family's results, and the inputs of its SQL."""

from datetime import date, datetime
from pathlib import Path

import duckdb
import pytest

from daybreak.engine.calendar import EPOCH
from daybreak.export.run import begin
from daybreak.families.registry import FAMILIES
from daybreak.lake import keys
from daybreak.lake.store import FolderStore
from daybreak.lake.tables import duckdb_columns
from daybreak.metrics.computation import Computation
from daybreak.metrics.inputs.build import Inputs
from daybreak.metrics.inputs.tables import INPUT_TABLES
from support.journeys import LIMITS, computed, event, project
from support.one_of_each import ONE_OF_EACH

EVENTS = [
    event("u", "Value Reached", "2024-02-20T11:00:00Z"),
    event("u", "Signed Up", "2024-03-01T10:00:00Z", variant="a"),
    event("u", "Value Reached", "2024-03-01T11:00:00Z", score=9),
]


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("lake")
    computed(root, project(ONE_OF_EACH), EVENTS, "2024-03-03")
    return root


@pytest.mark.parametrize("family", FAMILIES)
def test_results_have_exactly_the_columns_of_their_row_models(lake: Path, family: str) -> None:
    own = FAMILIES[family]
    files = (lake / keys.months_prefix(family) / "*" / "*.parquet").as_posix()
    described = duckdb.execute(
        f"describe select * from read_parquet('{files}', hive_partitioning = true, "
        "hive_types = {'definition': varchar})"
    ).fetchall()
    assert {row[0]: row[1] for row in described} == duckdb_columns(own.row)


@pytest.mark.parametrize("family", FAMILIES)
def test_inputs_have_the_columns_of_their_row_models(lake: Path, family: str) -> None:
    own = FAMILIES[family]
    with begin(FolderStore(lake), project(ONE_OF_EACH), LIMITS) as run:
        first = dict.fromkeys(run.project.of(family), EPOCH)
        computation = Computation(own, date(2024, 3, 3), datetime(2024, 3, 4), first)  # noqa: DTZ001 - naive UTC
        Inputs(run, computation).make([*INPUT_TABLES, *own.inputs])
        for name, row in {**INPUT_TABLES, **own.inputs}.items():
            described = {column[0]: column[1] for column in run.db.execute(f"describe {name}").fetchall()}
            assert duckdb_columns(row).items() <= described.items(), name
            assert name == "definitions" or set(described) == set(duckdb_columns(row)), name
