"""The store that the export and the metric jobs read and write, and a plain folder as such a store."""

import hashlib
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

_HIDDEN = "."
_READ_AT_ONCE = 1 << 20


class Stored(Protocol):
    """An object's key and the MD5 of its bytes (S3's ETag), which shows whether a write would change it."""

    @property
    def key(self) -> str: ...

    @property
    def md5(self) -> str: ...


class Store(Protocol):
    """Objects by key. Each object has one writer and is replaced whole, so readers never see half of one."""

    def get(self, key: str) -> bytes | None:
        """The object's bytes, or None."""

    def put(self, key: str, data: bytes) -> None: ...

    def put_files(self, files: dict[str, Path], before: Mapping[str, str] | None = None) -> None:
        """Upload each local file under its key, in parallel where that helps. No file is ever held in memory whole.

        `before`: the MD5 of each object that was there when the caller read it. Raises Overtaken rather than replace
        an object that another run has written since.
        """

    def list(self, prefix: str) -> Sequence[Stored]:
        """All objects whose key starts with `prefix`, by key."""

    def delete(self, keys: Iterable[str]) -> None: ...

    def purge(self) -> int:
        """Delete the old versions of objects that were replaced or deleted. Returns how many there were."""

    def local(self, keys: Iterable[str], work: Path) -> dict[str, Path]:
        """Each key as a file that DuckDB can read, downloaded to `work` if needed."""


@dataclass(frozen=True, slots=True)
class _File:
    """A file as Stored. Its checksum is computed when it is read."""

    key: str
    path: Path

    @property
    def md5(self) -> str:
        return md5_of_files(self.path)


class FolderStore:
    """A lake in a folder, for `daybreak compute`, the tests and the benchmarks.

    An object is written to a hidden file beside it and then renamed: nobody sees half of it, and a killed run leaves
    a hidden file that nobody reads.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def get(self, key: str) -> bytes | None:
        path = self.root / key
        return path.read_bytes() if path.is_file() else None

    def put(self, key: str, data: bytes) -> None:
        with self._written(key) as hidden:
            hidden.write_bytes(data)

    def put_files(self, files: dict[str, Path], before: Mapping[str, str] | None = None) -> None:  # noqa: ARG002 - one run
        for key, file in files.items():
            with self._written(key) as hidden:
                shutil.copyfile(file, hidden)

    def list(self, prefix: str) -> Sequence[Stored]:
        root = self.root.as_posix()
        keys = (
            f"{folder}/{name}"[len(root) + 1 :]
            for folder, _, names in os.walk(f"{root}/{prefix.rpartition('/')[0]}".rstrip("/"))
            for name in names
            if not name.startswith(_HIDDEN)
        )
        return [_File(key, Path(root, key)) for key in sorted(keys) if key.startswith(prefix)]

    def delete(self, keys: Iterable[str]) -> None:
        for key in keys:
            (self.root / key).unlink(missing_ok=True)

    def purge(self) -> int:
        return 0  # a folder keeps no old versions

    def local(self, keys: Iterable[str], work: Path) -> dict[str, Path]:  # noqa: ARG002 - nothing to download
        return {key: self.root / key for key in keys}

    @contextmanager
    def _written(self, key: str) -> Iterator[Path]:
        """A hidden file to write the object to. It becomes the object at the end."""
        path = self.root / key
        path.parent.mkdir(parents=True, exist_ok=True)
        hidden = path.with_name(f"{_HIDDEN}{path.name}.{secrets.token_hex(4)}")
        try:
            yield hidden
            hidden.replace(path)
        finally:
            hidden.unlink(missing_ok=True)


def md5(data: bytes) -> str:
    """S3's checksum of an object; for comparing bytes, not for security."""
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def md5_of_files(*paths: Path) -> str:
    """The same of files laid end to end, of any size."""
    checksum = hashlib.md5(usedforsecurity=False)
    for path in paths:
        with path.open("rb") as file:
            while data := file.read(_READ_AT_ONCE):
                checksum.update(data)
    return checksum.hexdigest()


def put_changed(
    store: Store, files: dict[str, Path], existing: Iterable[Stored], *, made_from_existing: bool = False
) -> list[str]:
    """Upload only the files whose bytes differ from the existing objects. Returns the keys that were written.

    `made_from_existing`: the files hold a part of what the existing objects held. Raises Overtaken if another run has
    written one of them since.
    """
    known = {stored.key: stored.md5 for stored in existing if stored.key in files}
    changed = {key: path for key, path in files.items() if known.get(key) != md5_of_files(path)}
    store.put_files(changed, known if made_from_existing else None)
    return sorted(changed)
