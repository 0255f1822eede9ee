"""Results by month in S3: a month that is read, and then replaced, and two runs at the same time."""

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import boto3
import pytest

from daybreak.aws.bucket import BucketStore
from daybreak.errors import Overtaken
from daybreak.metrics.job import Metrics
from support.journeys import LIMITS, Deployment, event, project

ASKED = project('[activation.a]\ndescription="d"\nstart="Signed Up"\nmilestone="Workflow Run"\nwindow="2d"\n')
NOVEMBER = "metrics/activation/by_month/definition=a/2026-11.parquet"


class Interrupted(BucketStore):
    """A bucket in which something else happens before results are written."""

    def __init__(self, client: Any, bucket: str, meanwhile: Callable[[], object]) -> None:
        super().__init__(client, bucket)
        self._meanwhile = meanwhile

    def put_files(self, files: dict[str, Path], before: Mapping[str, str] | None = None) -> None:
        if NOVEMBER in files:
            self._meanwhile()
        super().put_files(files, before)


def signed_up(day: int, who: str) -> dict[str, Any]:
    return event(who, "Signed Up", f"2026-11-{day:02}T08:00:00Z")


def exported(root: Path, last: int) -> Deployment:
    """The days from the 1st to this one, with somebody new on each. Nothing is computed yet."""
    deployment = Deployment(root, ASKED)
    for day in range(1, last + 1):
        deployment.receive(f"2026-11-{day:02}T12:00:00+00:00", [signed_up(day, f"u{day}")])
    deployment.export(f"2026-11-{last + 1}T04:30:00+00:00")
    return deployment


def upload(deployment: Deployment, bucket: BucketStore, prefix: str = "") -> None:
    bucket.put_files({s.key: deployment.store.root / s.key for s in deployment.store.list(prefix)})


@pytest.fixture
def bucket(aws: None) -> BucketStore:
    client = boto3.client("s3")
    client.create_bucket(Bucket="lake")
    return BucketStore(client, "lake")


def morning(bucket: BucketStore, day: int) -> list[str]:
    done = Metrics(bucket, ASKED, LIMITS).run("activation", date(2026, 11, day))
    assert done
    return done.written


def test_a_month_that_gains_a_day_in_a_bucket_is_as_in_a_folder(tmp_path: Path, bucket: BucketStore) -> None:
    deployment = exported(tmp_path, 20)
    upload(deployment, bucket)
    assert morning(bucket, 20) == [NOVEMBER]
    deployment.compute("2026-11-20")
    deployment.receive("2026-11-21T12:00:00+00:00", [signed_up(21, "u21")])
    deployment.export("2026-11-22T04:30:00+00:00")
    for prefix in ("derived/", "exports/"):
        upload(deployment, bucket, prefix)
    assert morning(bucket, 21) == [NOVEMBER]
    deployment.compute("2026-11-21")
    for prefix in ("metrics/", "latest/activation.json"):
        assert {s.key: s.md5 for s in bucket.list(prefix)} == deployment.bytes(prefix)
    assert len(deployment.latest("activation")["rows"]) == 21


def test_a_run_never_brings_back_rows_that_another_run_has_replaced_meanwhile(
    tmp_path: Path, bucket: BucketStore
) -> None:
    """The one begins before a late event is exported, and ends after another run has counted it."""
    deployment = exported(tmp_path, 20)
    upload(deployment, bucket)
    morning(bucket, 19)

    def meanwhile() -> None:
        deployment.receive("2026-11-21T04:40:00+00:00", [signed_up(3, "late")])
        deployment.export("2026-11-21T05:30:00+00:00")
        for prefix in ("derived/", "exports/"):
            upload(deployment, bucket, prefix)
        assert morning(bucket, 20) == [NOVEMBER]

    slow = Metrics(Interrupted(boto3.client("s3"), "lake", meanwhile), ASKED, LIMITS)
    with pytest.raises(Overtaken, match="run this again"):
        slow.run("activation", date(2026, 11, 20))
    deployment.compute("2026-11-20")
    assert {s.key: s.md5 for s in bucket.list("metrics/")} == deployment.bytes()
    assert [row["people"] for row in deployment.table("activation")][:4] == [1, 1, 2, 1]
    assert morning(bucket, 20) == []
