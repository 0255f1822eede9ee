"""The handlers of the jobs, as Lambda calls them."""

import tempfile
from pathlib import Path

import pytest

from daybreak.errors import CloudError
from support.endpoint import handler_module


@pytest.mark.parametrize("job", ["export", "metrics"])
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
