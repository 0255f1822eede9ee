"""The handlers of the jobs, as Lambda calls them."""

import tempfile
from pathlib import Path

import pytest

from daybreak.aws import clients
from daybreak.aws.settings import MetricsSettings
from daybreak.definitions.project import parse
from daybreak.errors import CloudError, DayMissing
from support.endpoint import handler_module
from support.journeys import Deployment, event


@pytest.mark.parametrize("job", ["export", "metrics", "lists", "send"])
def test_a_job_first_removes_the_files_of_a_killed_run(
    job: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lambda keeps the disk for its retries. Without settings the run then ends at once."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / "daybreak-work-1").mkdir()
    (tmp_path / "daybreak-work-1" / "daybreak.duckdb").write_bytes(bytes(1000))
    (tmp_path / "daybreak-work-1.lock").touch()
    with pytest.raises(CloudError, match="environment lacks"):
        handler_module(job, tmp_path).handler({}, None)
    assert list(tmp_path.iterdir()) == []


WATCHED = """
[project]
timezone = "UTC"
[activation.first]
description = "d"
start = "Signed Up"
milestone = "Saved"
window = "1d"
[goal.half]
description = "Every second new person"
metric = "activation.first"
from = 2026-11-02
by = 2026-12-31
target = 0.5
[alert.no_saves]
event = "Saved"
when = "stops"
"""


@pytest.mark.usefixtures("aws")
def test_the_watch_runs_in_the_metrics_function_over_the_bucket(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = Deployment(tmp_path / "lake", parse(WATCHED))
    lake.receive("2026-11-03T12:00:00+00:00", [event("kim", "Signed Up", "2026-11-02T10:00:00Z")])
    lake.export("2026-11-05T12:00:00+00:00")
    bucket = clients.s3()
    bucket.create_bucket(Bucket="lake")
    for stored in lake.store.list(""):
        bucket.put_object(Bucket="lake", Key=stored.key, Body=lake.store.get(stored.key) or b"")
    (tmp_path / "daybreak.toml").write_text(WATCHED)
    for name, value in MetricsSettings(lake_bucket="lake", duckdb_memory_mb=500).environment().items():
        monkeypatch.setenv(name, value)
    handler = handler_module("metrics", tmp_path).handler
    with pytest.raises(DayMissing, match="activation has not run yet, 2026-11-04 is needed"):
        handler({"family": "watch", "date": "2026-11-04"}, None)
    handler({"family": "activation", "date": "2026-11-04"}, None)
    assert handler({"family": "watch", "time": "2026-11-05T04:46:00Z"}, None) == {
        "family": "watch",
        "as_of": "2026-11-04",
        "goals": 1,
        "open_alerts": 0,
        "refused_alerts": [],
        "spoken": 0,
    }
    written = {stored["Key"] for stored in bucket.list_objects_v2(Bucket="lake")["Contents"]}
    assert {"goals/goals.parquet", "alerts/alerts.parquet", "latest/goals.json", "latest/alerts.json"} <= written
