"""Where the result tables stand: a folder that `daybreak compute` wrote, or the lake of a deployment."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from daybreak.definitions.project import Project, load
from daybreak.engine.sql import Sql, identifiers, parquet, spliced
from daybreak.errors import InputError
from daybreak.export.rows import read_rows
from daybreak.export.run import Run
from daybreak.families.base import Family
from daybreak.lake import keys
from daybreak.lake.store import FolderStore, Store
from daybreak.lake.tables import AlertEpisode, MadeList, MeasuredGoal, Row, duckdb_columns
from daybreak.metrics.results import rows_of

R = TypeVar("R", bound=Row)
_KEPT = {keys.GOALS: keys.watched(keys.GOALS), keys.ALERTS: keys.watched(keys.ALERTS), keys.LISTS: keys.list_counts()}
"""Small table -> where the lake keeps all of it."""


class Source(Protocol):
    """Result tables of a project, and the small JSON objects that say how far they reach."""

    @property
    def store(self) -> Store:
        """Holds the objects of `keys.LATEST`."""

    def stamp(self) -> object:
        """Another value as soon as other results, or other definitions, are there. Raises InputError without any."""

    def project(self) -> Project: ...

    def rows(self, run: Run, family: Family) -> Sql:
        """All rows of a family that was computed, as a relation with the columns of its row model."""

    def small(self, run: Run, table: str, model: type[R]) -> list[R]:
        """The rows of `goals`, `alerts` or `lists`; none if there are none."""


@dataclass(frozen=True, slots=True)
class ComputedFolder:
    """The folder of a `daybreak compute`, which holds the newest morning of the small tables."""

    out: Path
    definitions: Path

    @property
    def store(self) -> FolderStore:
        return FolderStore(self.out)

    def stamp(self) -> object:
        way_out = f"{self.out}: no results; write some with `daybreak compute EVENTS --out {self.out}`"
        return _stamp(self.store, self.definitions, way_out)

    def project(self) -> Project:
        return load(self.definitions)

    def rows(self, run: Run, family: Family) -> Sql:  # noqa: ARG002 - nothing to download
        file, columns = self.out / f"{family.name}.parquet", duckdb_columns(family.row)
        if not file.is_file():
            raise InputError(f"{file} is missing; compute the results again")
        return spliced("(select {columns} from {rows})", columns=identifiers(columns), rows=parquet([file], columns))

    def small(self, run: Run, table: str, model: type[R]) -> list[R]:  # noqa: ARG002 - nothing to download
        return read_small(self.store, table, model)


@dataclass(frozen=True, slots=True)
class DeployedLake:
    """The lake of a deployment, with the definitions of its checkout."""

    store: Store
    definitions: Path

    def stamp(self) -> object:
        return _stamp(self.store, self.definitions, "the deployment has no results yet; `daybreak run` computes some")

    def project(self) -> Project:
        return load(self.definitions)

    def rows(self, run: Run, family: Family) -> Sql:
        return rows_of(run, family)

    def small(self, run: Run, table: str, model: type[R]) -> list[R]:
        return read_rows(run, _KEPT[table], model)


SMALL: dict[str, type[Row]] = {keys.GOALS: MeasuredGoal, keys.ALERTS: AlertEpisode, keys.LISTS: MadeList}
"""The small tables, which stand beside those of the families."""


def read_json(store: Store, key: str) -> dict[str, Any] | None:
    """An object of `keys.LATEST`, or None. Raises InputError if it cannot be read."""
    data = store.get(key)
    try:
        return json.loads(data) if data else None
    except ValueError:
        raise InputError(f"{key} is not JSON; compute the results again") from None


def read_small(store: Store, table: str, model: type[R]) -> list[R]:
    """The rows of a small table in its object of `keys.LATEST`; none without one. Raises InputError."""
    latest = read_json(store, keys.latest(table)) or {"columns": [], "rows": []}
    return [model(**dict(zip(latest["columns"], row, strict=True))) for row in latest["rows"]]


def _stamp(store: Store, definitions: Path, way_out: str) -> object:
    """Another value as soon as results or definitions change. Raises InputError (`way_out`) if there are no results."""
    latest = store.list(keys.LATEST)
    if not latest:
        raise InputError(way_out)
    return _changed(definitions), tuple((stored.key, stored.md5) for stored in latest)


def _changed(file: Path) -> tuple[int, int] | None:
    """When a file was written and its size; None if it is not there."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
