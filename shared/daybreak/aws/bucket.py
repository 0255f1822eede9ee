"""The lake in S3. Objects are replaced whole and checked by their MD5; DuckDB only ever sees local files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from daybreak.aws.clients import PARALLEL
from daybreak.errors import CloudError, Overtaken

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_MOST_DELETED_PER_CALL = 1000
_OVERTAKEN = {"PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey"}
"""S3's answers to a conditional put: the object is another one, is being written now, or is gone."""


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
        is_page = key.endswith(".html")  # a browser shows it only if it knows what it is
        kind = "text/html; charset=utf-8" if is_page else "application/octet-stream"
        self._client.put_object(Bucket=self._bucket, Key=key, Body=data, ContentType=kind)

    def put_files(self, files: dict[str, Path], before: Mapping[str, str] | None = None) -> None:
        put = self._put_file if before is None else partial(self._replace_file, before)
        with ThreadPoolExecutor(PARALLEL) as pool:
            for _ in pool.map(lambda item: put(*item), files.items()):
                pass  # raises the error of a thread

    def list(self, prefix: str) -> list[Object]:
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
        return [Object(found["Key"], found["ETag"].strip('"')) for page in pages for found in page.get("Contents", [])]

    def delete(self, keys: Iterable[str]) -> None:
        self._delete([{"Key": key} for key in keys])

    def purge(self) -> int:
        """Delete every version of an object that is not its latest, then the markers of deletions. Returns how many.

        The order matters: without its marker, the deleted version would be the latest again.
        """
        pages = list(self._client.get_paginator("list_object_versions").paginate(Bucket=self._bucket))
        versions = [v for page in pages for v in page.get("Versions", []) if not v["IsLatest"]]
        markers = [marker for page in pages for marker in page.get("DeleteMarkers", [])]
        old = [{"Key": found["Key"], "VersionId": found["VersionId"]} for found in (*versions, *markers)]
        self._delete(old)
        return len(old)

    def _delete(self, versions: Sequence[dict[str, str]]) -> None:
        for first in range(0, len(versions), _MOST_DELETED_PER_CALL):
            some = versions[first : first + _MOST_DELETED_PER_CALL]
            response = self._client.delete_objects(Bucket=self._bucket, Delete={"Objects": some, "Quiet": True})  # type: ignore[typeddict-item]
            if failed := response.get("Errors"):  # S3 answers 200 even then
                raise CloudError(f"{len(failed)} objects could not be deleted, {failed[0].get('Key')} among them")

    def local(self, keys: Iterable[str], work: Path) -> dict[str, Path]:
        """Each key as a downloaded file. A file that is already under `work` is not fetched again."""
        paths = {key: work / "lake" / key for key in keys}
        missing = [key for key, path in paths.items() if not path.exists()]
        with ThreadPoolExecutor(PARALLEL) as pool:
            for _ in pool.map(lambda key: self._fetch(key, paths[key]), missing):
                pass
        return paths

    def _put_file(self, key: str, path: Path) -> None:
        """Upload a file as it is read, in one part: the ETag of an object of several parts is not its MD5.

        S3 takes 5 GB in one part: more than 100 million packed events.
        """
        with path.open("rb") as body:
            self._client.put_object(Bucket=self._bucket, Key=key, Body=body)

    def _replace_file(self, before: Mapping[str, str], key: str, path: Path) -> None:
        """The same if the object is still the one in `before`, or none as there. Raises Overtaken."""
        with path.open("rb") as body:
            try:
                if key in before:
                    self._client.put_object(Bucket=self._bucket, Key=key, Body=body, IfMatch=f'"{before[key]}"')
                else:
                    self._client.put_object(Bucket=self._bucket, Key=key, Body=body, IfNoneMatch="*")
            except ClientError as error:
                if error.response["Error"]["Code"] in _OVERTAKEN:
                    raise Overtaken(f"another run has written {key} meanwhile; run this again") from error
                raise

    def _fetch(self, key: str, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        body = self._client.get_object(Bucket=self._bucket, Key=key)["Body"]
        with path.open("wb") as file:
            for chunk in body.iter_chunks(1 << 20):
                file.write(chunk)
