"""The lake in S3. Objects are replaced whole and checked by their MD5; DuckDB only ever sees local files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from daybreak.aws.clients import PARALLEL
from daybreak.errors import CloudError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_MOST_DELETED_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Object:
    """A stored object: its ETag is the MD5 of its bytes, because each is put in one part and encrypted by S3 itself."""

    key: str
    md5: str


class BucketStore:
    """`daybreak.lake.store.Store` over a bucket."""

    def __init__(self, client: S3Client, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def get(self, key: str) -> bytes | None:
        try:
            return self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        except self._client.exceptions.NoSuchKey:
            return None

    def put(self, key: str, data: bytes) -> None:
        self._client.put_object(Bucket=self._bucket, Key=key, Body=data)

    def put_files(self, files: dict[str, Path]) -> None:
        with ThreadPoolExecutor(PARALLEL) as pool:
            for _ in pool.map(lambda item: self._put_file(*item), files.items()):
                pass  # raises what a thread raised

    def list(self, prefix: str) -> list[Object]:
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
        return [Object(found["Key"], found["ETag"].strip('"')) for page in pages for found in page.get("Contents", [])]

    def delete(self, keys: Iterable[str]) -> None:
        self._delete([{"Key": key} for key in keys])

    def purge(self) -> int:
        """Every version of an object that is not its latest, and then the marks that deletions leave.

        In this order: without its mark, what was deleted would be the latest again.
        """
        pages = list(self._client.get_paginator("list_object_versions").paginate(Bucket=self._bucket))
        versions = [v for page in pages for v in page.get("Versions", []) if not v["IsLatest"]]
        marks = [mark for page in pages for mark in page.get("DeleteMarkers", [])]
        old = [{"Key": found["Key"], "VersionId": found["VersionId"]} for found in (*versions, *marks)]
        self._delete(old)
        return len(old)

    def _delete(self, doomed: Sequence[dict[str, str]]) -> None:
        for first in range(0, len(doomed), _MOST_DELETED_AT_ONCE):
            some = doomed[first : first + _MOST_DELETED_AT_ONCE]
            answer = self._client.delete_objects(Bucket=self._bucket, Delete={"Objects": some, "Quiet": True})  # type: ignore[typeddict-item]
            if failed := answer.get("Errors"):  # answered with 200 all the same
                raise CloudError(f"{len(failed)} objects could not be deleted, {failed[0].get('Key')} among them")

    def local(self, keys: Iterable[str], work: Path) -> dict[str, Path]:
        """Downloads once a run: what already lies under `work` is not fetched again."""
        paths = {key: work / "lake" / key for key in keys}
        missing = [key for key, path in paths.items() if not path.exists()]
        with ThreadPoolExecutor(PARALLEL) as pool:
            for _ in pool.map(lambda key: self._fetch(key, paths[key]), missing):
                pass
        return paths

    def _put_file(self, key: str, path: Path) -> None:
        with path.open("rb") as body:
            self._client.put_object(Bucket=self._bucket, Key=key, Body=body)

    def _fetch(self, key: str, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        body = self._client.get_object(Bucket=self._bucket, Key=key)["Body"]
        with path.open("wb") as file:
            for chunk in body.iter_chunks(1 << 20):
                file.write(chunk)
