"""A store that fails half-way, as a killed process or a refusing S3 would."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from daybreak.lake.store import FolderStore


class Cut(BaseException):
    """The job was killed here."""


class CutStore(FolderStore):
    """A folder that fails at the n-th change."""

    def __init__(self, root: Path, left: int) -> None:
        super().__init__(root)
        self.left = left

    def put(self, key: str, data: bytes) -> None:
        self._count()
        super().put(key, data)

    def put_files(self, files: dict[str, Path], before: Mapping[str, str] | None = None) -> None:
        for key, file in files.items():
            self._count()
            super().put_files({key: file}, before)

    def delete(self, keys: Iterable[str]) -> None:
        for key in keys:
            self._count()
            super().delete([key])

    def _count(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise Cut
