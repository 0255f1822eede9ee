"""The lake in S3 behaves like the lake in a folder."""

import shutil
from pathlib import Path
from typing import Any

import boto3
import pytest

from daybreak.aws.bucket import BucketStore
from daybreak.errors import Overtaken
from daybreak.lake.store import FolderStore, Store, md5, put_changed


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    if request.param == "folder":
        return FolderStore(tmp_path / "lake")
    request.getfixturevalue("aws")
    client = boto3.client("s3")
    client.create_bucket(Bucket="lake")
    return BucketStore(client, "lake")


def test_an_object_is_put_read_listed_and_deleted(store: Store) -> None:
    store.put("a/1", b"one")
    store.put("a/2", b"two")
    store.put("b/1", b"")
    assert (store.get("a/1"), store.get("b/1"), store.get("a/3")) == (b"one", b"", None)
    assert [(s.key, s.md5) for s in store.list("a/")] == [("a/1", md5(b"one")), ("a/2", md5(b"two"))]
    assert [s.key for s in store.list("")] == ["a/1", "a/2", "b/1"]
    assert [s.key for s in store.list("a/2")] == ["a/2"]
    store.delete(["a/1", "never/there"])
    assert [s.key for s in store.list("a/")] == ["a/2"]


def test_files_go_up_and_come_down(store: Store, tmp_path: Path) -> None:
    files = {}
    for number in range(40):
        path = tmp_path / f"up{number}"
        path.write_bytes(bytes([number]) * 3)
        files[f"up/{number:02}"] = path
    store.put_files(files)
    down = store.local(files, tmp_path / "work")
    assert {key: path.read_bytes() for key, path in down.items()} == {
        key: path.read_bytes() for key, path in files.items()
    }


def test_only_changed_files_are_written(store: Store, tmp_path: Path) -> None:
    for name in ("same", "other"):
        (tmp_path / name).write_bytes(b"x")
        store.put(f"p/{name}", b"x" if name == "same" else b"y")
    (tmp_path / "new").write_bytes(b"x")
    files = {f"p/{name}": tmp_path / name for name in ("same", "other", "new")}
    assert put_changed(store, files, store.list("p/")) == ["p/new", "p/other"]


def test_old_versions_of_objects_are_removed_too(aws: None) -> None:
    client = boto3.client("s3")
    client.create_bucket(Bucket="lake")
    client.put_bucket_versioning(Bucket="lake", VersioningConfiguration={"Status": "Enabled"})
    store = BucketStore(client, "lake")
    for data in (b"ada", b"bob"):
        store.put("raw/a", data)
    store.put("raw/b", b"ada")
    store.delete(["raw/b"])
    assert store.purge() == 3
    found = client.list_object_versions(Bucket="lake")
    assert [version["Key"] for version in found["Versions"]] == ["raw/a"]
    assert store.get("raw/a") == b"bob"


def test_nobody_sees_half_an_object_in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A write that breaks off leaves the old object, and nothing else that is listed."""
    store = FolderStore(tmp_path / "lake")
    store.put("raw/07", b"old")
    (tmp_path / "new").write_bytes(b"newer")

    def half(source: Path, to: Path) -> None:
        to.write_bytes(source.read_bytes()[:2])
        assert store.get("raw/07") == b"old"
        assert [(s.key, s.md5) for s in store.list("")] == [("raw/07", md5(b"old"))]
        raise InterruptedError

    monkeypatch.setattr(shutil, "copyfile", half)
    with pytest.raises(InterruptedError):
        store.put_files({"raw/07": tmp_path / "new"})
    assert store.get("raw/07") == b"old"
    assert [path.name for path in (tmp_path / "lake/raw").iterdir()] == ["07"]


def test_a_file_in_the_bucket_has_its_md5_for_an_etag_whatever_its_size(aws: None, tmp_path: Path) -> None:
    """A managed upload would cut it at 8 MB, and the ETag of an object of several parts is another."""
    client = boto3.client("s3")
    client.create_bucket(Bucket="lake")
    store = BucketStore(client, "lake")
    (tmp_path / "large").write_bytes(bytes(20_000_001))
    store.put_files({"raw/07": tmp_path / "large"})
    assert [(s.key, s.md5) for s in store.list("")] == [("raw/07", md5(bytes(20_000_001)))]
    assert put_changed(store, {"raw/07": tmp_path / "large"}, store.list("raw/")) == []


@pytest.mark.parametrize("then", [b"theirs", None])
def test_an_object_that_another_run_has_written_or_removed_meanwhile_is_not_replaced(
    aws: None, tmp_path: Path, then: bytes | None
) -> None:
    client = boto3.client("s3")
    client.create_bucket(Bucket="lake")
    store = BucketStore(client, "lake")
    store.put("m/11", b"before")
    existing = store.list("m/")
    if then:
        store.put("m/11", then)
    else:
        store.delete(["m/11"])
    (tmp_path / "ours").write_bytes(b"ours")
    with pytest.raises(Overtaken, match="another run has written m/11 meanwhile; run this again"):
        put_changed(store, {"m/11": tmp_path / "ours"}, existing, made_from_existing=True)
    assert store.get("m/11") == then
    assert put_changed(store, {"m/11": tmp_path / "ours"}, store.list("m/"), made_from_existing=True) == ["m/11"]


def test_an_object_that_another_run_has_added_meanwhile_is_not_replaced(aws: None, tmp_path: Path) -> None:
    client = boto3.client("s3")
    client.create_bucket(Bucket="lake")
    store = BucketStore(client, "lake")
    existing = store.list("m/")
    store.put("m/11", b"theirs")
    (tmp_path / "ours").write_bytes(b"ours")
    with pytest.raises(Overtaken):
        put_changed(store, {"m/11": tmp_path / "ours"}, existing, made_from_existing=True)
    assert store.get("m/11") == b"theirs"
