"""Which clients' clocks were corrected, counted in the lake."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from daybreak.aws.stack import QueryResult
from daybreak.cli.check import _corrected_clocks
from daybreak.errors import CloudError
from daybreak.lake.store import FolderStore
from support.endpoint import Endpoint
from support.todays_lake import export


class Deployed:
    """A stack whose queries run on the lake in a folder."""

    def __init__(self, lake: FolderStore) -> None:
        self._lake = lake

    def query(self, sql: str) -> QueryResult:
        with duckdb.connect() as db:
            db.execute(
                f"create view events as from read_parquet('{self._lake.root}/events/*/*.parquet', "
                "hive_partitioning = true, hive_types = {'dt': date}, union_by_name = true)"
            )
            found = db.execute(sql)
            columns = [column[0] for column in found.description]
            return QueryResult(columns, [[str(cell) for cell in row] for row in found.fetchall()], 0)


def _sent(endpoint: Endpoint, ahead: timedelta, clients: dict[str | None, int]) -> None:
    """Send events at a time that is so far ahead: for each library, so many."""
    now = datetime.now(UTC) + ahead
    for name, count in clients.items():
        event: dict[str, Any] = {"type": "track", "userId": "u", "event": "E", "timestamp": now.isoformat()}
        event |= {"context": {"library": {"name": name}}} if name else {}
        batch = [{**event, "messageId": f"{name}-{ahead}-{n}"} for n in range(count)]
        for _ in range(2):  # sent again: counted once
            assert endpoint.post({"batch": batch, "sentAt": now.isoformat()}).body["accepted"] == count


def test_the_doctor_counts_each_corrected_event_once_by_its_clients_library(endpoint: Endpoint, tmp_path: Path) -> None:
    lake = FolderStore(tmp_path / "lake")
    _sent(endpoint, timedelta(0), {"analytics.js": 4, "analytics-kotlin": 3})
    _sent(endpoint, timedelta(hours=-2), {"analytics.js": 3, "analytics-kotlin": 5})  # the second waited for two hours
    _sent(endpoint, timedelta(hours=2), {"analytics-kotlin": 2, None: 1})
    export(endpoint, lake)
    result = _corrected_clocks(Deployed(lake))  # type: ignore[arg-type]
    assert result.good
    assert result.answered == "3 of analytics.js (skew), 2 of analytics-kotlin (skew), 1 of no library (skew)"


def test_many_libraries_are_cut_and_their_number_is_said(endpoint: Endpoint, tmp_path: Path) -> None:
    lake = FolderStore(tmp_path / "lake")
    _sent(endpoint, timedelta(hours=2), {f"home-made-{n}": 1 for n in range(7)})
    export(endpoint, lake)
    assert _corrected_clocks(Deployed(lake)).answered.endswith("home-made-4 (skew), 2 more")  # type: ignore[arg-type]


def test_without_corrections_the_doctor_says_none(endpoint: Endpoint, tmp_path: Path) -> None:
    lake = FolderStore(tmp_path / "lake")
    _sent(endpoint, timedelta(0), {"analytics.js": 1})
    export(endpoint, lake)
    assert _corrected_clocks(Deployed(lake)).answered == "none"  # type: ignore[arg-type]


def test_an_account_without_athena_still_gets_the_other_checks() -> None:
    class Locked:
        def query(self, _: str) -> QueryResult:
            raise CloudError("Athena cannot be queried: denied")

    result = _corrected_clocks(Locked())  # type: ignore[arg-type]
    assert (result.good, result.answered) == (True, "not counted: Athena cannot be queried: denied")
