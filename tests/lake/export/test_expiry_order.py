"""The order of a copy: note, raw log, expiry, no note. And the bytes of an hour in parts."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from daybreak.export import expiry
from daybreak.export.arrivals import log_hours
from daybreak.export.expiry import Expiry
from daybreak.ingest.frames import StoredItem, pack
from daybreak.lake import keys
from daybreak.lake.store import FolderStore

HOUR = datetime(2026, 11, 20, 12, tzinfo=UTC)
RAW = keys.raw(HOUR.date(), HOUR.hour)


class _Table:
    """Three parts with items that have no expiry, and a record of what happens in the table and in the lake."""

    def __init__(self, root: Path) -> None:
        self.done: list[str] = []
        self.expiries: dict[str, datetime] = {}
        self.frames = [pack([b'{"n":%d}' % n])[0] for n in range(6)]
        self.lake = _Lake(root, self.done)

    def hour(self, _hour: datetime) -> Sequence[Iterable[StoredItem]]:
        items = [
            StoredItem("web", frame.data, 1, without_expiry="" if f"i{n}" in self.expiries else f"i{n}")
            for n, frame in enumerate(self.frames)
        ]
        return [items[:2], items[2:4], items[4:]]

    def first_hour(self, _before: datetime) -> datetime | None:
        return HOUR

    def expire(self, items: Sequence[str], at: datetime) -> None:
        self.done.append("expire")
        self.expiries |= dict.fromkeys(items, at)


class _Lake(FolderStore):
    def __init__(self, root: Path, done: list[str]) -> None:
        super().__init__(root)
        self._done = done

    def put(self, key: str, data: bytes) -> None:
        self._done.append(f"put {key.partition('/')[0]}")
        super().put(key, data)

    def put_files(self, files: dict[str, Path], before: Mapping[str, str] | None = None) -> None:
        self._done.extend(f"put {key.partition('/')[0]}" for key in files)
        super().put_files(files, before)

    def delete(self, keys: Iterable[str]) -> None:
        for key in keys:
            self._done.append(f"delete {key.partition('/')[0]}")
            super().delete([key])


def copy(table: _Table, now: datetime, work: Path) -> None:
    waiting = Expiry(table.lake, work / "expiry", now)
    log_hours(table.lake, table, [HOUR], {}, waiting, work)
    waiting.give(table)


def test_an_hour_is_noted_before_its_log_is_written_until_its_items_expire(tmp_path: Path) -> None:
    table = _Table(tmp_path / "lake")
    copy(table, HOUR, tmp_path)
    assert table.done == ["put expiry", "put raw", "expire", "delete expiry"]
    copy(table, HOUR, tmp_path)
    assert table.done[4:] == []


def test_the_parts_of_an_hour_are_laid_end_to_end_in_their_order(tmp_path: Path) -> None:
    table = _Table(tmp_path / "lake")
    copy(table, HOUR, tmp_path)
    assert table.lake.get(RAW) == b"".join(frame.data for frame in table.frames)


@pytest.mark.parametrize(("copied", "days"), [(1, 30 * 24 + 1), (24 * 24 - 1, 31 * 24 - 1), (2400, 2568)])
def test_an_expiry_is_thirty_days_after_the_hour_and_a_week_after_the_copy(
    copied: int, days: int, tmp_path: Path
) -> None:
    """In hours after the hour began."""
    table = _Table(tmp_path / "lake")
    copy(table, HOUR + timedelta(hours=copied), tmp_path)
    assert table.expiries == dict.fromkeys([f"i{n}" for n in range(6)], HOUR + timedelta(hours=days))


def test_a_note_stays_while_an_item_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expiry, "MOST_A_RUN", 4)
    table = _Table(tmp_path / "lake")
    copy(table, HOUR, tmp_path)
    assert (len(table.expiries), len(table.lake.list(keys.EXPIRY))) == (4, 1)
    copy(table, HOUR, tmp_path)
    assert (len(table.expiries), len(table.lake.list(keys.EXPIRY))) == (6, 0)
