"""The format of a file is known by its first bytes: its name says nothing, and what cannot be read is named."""

import bz2
import contextlib
import gzip
import io
import json
import lzma
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from daybreak.errors import InputError
from daybreak.files.readers.read import read_events, read_with_positions
from daybreak.ingest.frames import zstd
from support.event_files import written

EVENTS: list[dict[str, Any]] = [
    {"type": "track", "userId": who, "event": what, "timestamp": "2026-10-05T09:00:00Z", "properties": {"note": note}}
    for who, what, note in (("kim", "Joined", "a, b"), ("lee", "가입", "ü\u2028é"), ("kim", "Report Made", "'x'"))
]


def zipped(data: bytes, name: str = "events.json") -> bytes:
    """A zip file with a folder and one file."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("export/", b"")
        archive.writestr("__MACOSX/._" + name, b"\x00\x05")
        archive.writestr("export/" + name, data)
    return file.getvalue()


def workbook(first: str = "[Content_Types].xml") -> bytes:
    """A zip file with the parts of an Excel workbook."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in (first, "xl/workbook.xml", "xl/worksheets/sheet1.xml"):
            archive.writestr(name, "<x/>")
    return file.getvalue()


def tarred(data: bytes) -> bytes:
    """A tar file with one file."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        member = tarfile.TarInfo("events.json")
        member.size = len(data)
        archive.addfile(member, io.BytesIO(data))
    return file.getvalue()


def csv_of(events: list[dict[str, Any]], separator: str = ",") -> str:
    """Events as CSV, each cell in quotes."""
    rows = [["user_id", "event", "timestamp", "note"]]
    rows += [[e["userId"], e["event"], e["timestamp"], e["properties"]["note"]] for e in events]
    return "".join(separator.join(f'"{cell}"' for cell in row) + "\r\n" for row in rows)


FORMATS: dict[str, Callable[[list[dict[str, Any]]], str]] = {
    "JSON lines": lambda events: "".join(json.dumps(event, ensure_ascii=False) + "\n" for event in events),
    "a list in one line": lambda events: json.dumps(events),
    "a list in many lines": lambda events: json.dumps(events, indent=2, ensure_ascii=False),
    "objects in many lines": lambda events: "\n".join(json.dumps(event, indent=1) for event in events),
    **{
        f"under {key}, indent {indent}": lambda events, key=key, indent=indent: json.dumps(  # type: ignore[misc]
            {"count": len(events), "next": None, key: events, "more": [{}, []]}, indent=indent
        )
        for key in ("data", "events", "results", "batch")
        for indent in (None, 2)
    },
    "CSV": csv_of,
    "CSV with semicolons": lambda events: csv_of(events, ";"),
    "TSV": lambda events: csv_of(events, "\t"),
}
ENCODINGS = [
    "utf-8",
    "utf-8-sig",
    "utf-16",
    "utf-32",
    "utf-16-le with a mark",
    "utf-16-be with a mark",
    "utf-16-le",
    "utf-16-be",
]
COMPRESSIONS: dict[str, Callable[[bytes], bytes]] = {
    "none": bytes,
    "gzip": gzip.compress,
    "two gzip members": lambda data: gzip.compress(data[:5]) + gzip.compress(data[5:]),
    "zstd": zstd.compress,
    "zstd after a frame to be skipped": lambda data: b"\x50\x2a\x4d\x18\x02\x00\x00\x00ab" + zstd.compress(data),
    "gzip in zstd": lambda data: zstd.compress(gzip.compress(data)),
    "zip": zipped,
    "zip of gzip": lambda data: zipped(gzip.compress(data), "events.json.gz"),
}  # fmt: skip
ENDINGS = ["", ".csv", ".json", ".jsonl", ".tsv", ".txt", ".gz", ".csv.gz", ".zst", ".zip", ".xlsx", ".parquet", ".CSV"]


def encoded(text: str, encoding: str) -> bytes:
    mark = "\ufeff" if encoding.endswith(" with a mark") else ""
    return (mark + text).encode(encoding.removesuffix(" with a mark"))


@given(*map(some.sampled_from, (list(FORMATS), ENCODINGS, list(COMPRESSIONS), ENDINGS)))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=100)
def test_the_same_events_come_from_every_format_encoding_compression_and_name(
    tmp_path: Path, kind: str, encoding: str, compression: str, ending: str
) -> None:
    data = COMPRESSIONS[compression](encoded(FORMATS[kind](EVENTS), encoding))
    assert list(read_events([written(tmp_path, data, f"file{ending}")])) == EVENTS


@given(
    *map(some.sampled_from, (list(FORMATS), ["utf-8", "utf-16"], list(COMPRESSIONS))),
    some.floats(0, 1, exclude_max=True),
    some.sampled_from(["cut", "changed", "zeros"]),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=100)
def test_a_damaged_file_is_refused_or_costs_its_own_rows_and_is_never_a_traceback(
    tmp_path: Path, kind: str, encoding: str, compression: str, where: float, damage: str
) -> None:
    data = COMPRESSIONS[compression](FORMATS[kind](EVENTS).encode(encoding))
    at = int(where * len(data))
    rest = {"cut": b"", "changed": bytes([data[at] ^ 0x5A]) + data[at + 1 :], "zeros": b"\x00" * 4 + data[at + 4 :]}
    with contextlib.suppress(InputError):
        list(read_events([written(tmp_path, data[:at] + rest[damage], "file")]))


@pytest.mark.parametrize("kind", ["JSON lines", "CSV"])
@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_standard_input_is_read_as_a_file_is(monkeypatch: pytest.MonkeyPatch, kind: str, compression: str) -> None:
    class Pipe(io.RawIOBase):
        """A pipe gives a few bytes at a time and cannot go back."""

        def __init__(self, data: bytes) -> None:
            self._data = io.BytesIO(data)

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
            piece = self._data.read(min(len(buffer), 7))
            buffer[: len(piece)] = piece
            return len(piece)

    data = COMPRESSIONS[compression](FORMATS[kind](EVENTS).encode("utf-16"))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(Pipe(data))))
    read = list(read_with_positions(["-"]))
    assert [event for _, event in read] == EVENTS
    assert all(position.startswith("standard input") for position, _ in read)


def test_a_folder_is_its_files_in_order_without_hidden_ones(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    written(tmp_path, FORMATS["CSV"](EVENTS[:1]), "a")
    written(tmp_path, gzip.compress(FORMATS["JSON lines"](EVENTS[1:]).encode()), "b/1.csv")
    written(tmp_path, b"\x00\x00\x00\x01Bud1", ".DS_Store")
    assert list(read_events([str(tmp_path)])) == EVENTS
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="empty: there are no files in this folder"):
        list(read_events([str(tmp_path / "empty")]))


LINES = FORMATS["JSON lines"](EVENTS).encode() * 3
SIGNED = {
    "bzip2": bz2.compress(LINES),
    "xz": lzma.compress(LINES),
    "lz4": b"\x04\x22M\x18" + LINES,
    "7z": b"7z\xbc\xaf'\x1c" + LINES,
    "RAR": b"Rar!\x1a\x07\x00" + LINES,
    "tar": tarred(LINES),
    "Parquet that cannot be read": b"PAR1\x15\x04PAR1",
    "Parquet that is encrypted": b"PARE\x15\x04PARE",
    "ORC": b"ORC\x08\x01",
    "Avro": b"Obj\x01\x02",
    "Arrow": b"ARROW1\x00\x00",
    "SQLite": b"SQLite format 3\x00",
    "Excel workbook": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600,
    "PDF": b"%PDF-1.7\n",
    "HTML or XML": b"\n<!DOCTYPE html><html><body>Sign in</body></html>",
    "RTF": b"{\\rtf1 user_id,event,timestamp}",
    "access log": b'192.0.2.1 - - [05/Oct/2026:09:00:00 +0000] "GET /join HTTP/1.1" 200 5\n',
    ", line 2: is not UTF-8;": b"user_id,event,timestamp\nren\xe9,Joined,2026-10-05\n",
    "a binary file": b"\xff\x00\x00\x01\x02user_id,event",
    "damaged gzip": gzip.compress(LINES)[:-9],
    "damaged gzip: Error": gzip.compress(LINES)[:20] + b"\x00\xff\x00\xff" * 9 + gzip.compress(LINES)[40:],
    "damaged zstd": zstd.compress(LINES)[:-3],
    "damaged zip": zipped(LINES)[:-30],
    "a damaged Excel workbook (.xlsx)": workbook(),
    "Excel workbook (.xlsx) (": workbook("docProps/core.xml"),
    "a damaged Excel workbook": workbook()[:-9],
    "OpenDocument file (.ods)": b"PK\x03\x04" + b"\x00" * 22 + b"\x08\x00\x00\x00mimetypeapplication/vnd.oasis.opendocument.spreadsheet",
}  # fmt: skip


@pytest.mark.parametrize("said", SIGNED)
@pytest.mark.parametrize(
    ("wrap", "ending"), [(bytes, ".csv"), (bytes, ".jsonl"), (gzip.compress, ".gz"), (zipped, ".zip")]
)
def test_what_cannot_be_read_is_refused_in_one_line_that_names_it(
    tmp_path: Path, said: str, wrap: Callable[[bytes], bytes], ending: str
) -> None:
    file = written(tmp_path, wrap(SIGNED[said]), f"export{ending}")
    with pytest.raises(InputError) as refused:
        list(read_events([file]))
    assert f"export{ending}" in str(refused.value)
    assert said.replace(": Error", "") in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "name", ["ORCID", "PAR1", "PARENT", "ARROW1", "FEA1", "LZIP", "BZh9", "Obj", "PK", "7z", "Rar!"]
)
def test_a_column_whose_name_begins_like_a_format_is_a_column(tmp_path: Path, name: str) -> None:
    [event] = read_events([written(tmp_path, f"{name},user_id,event,time\n1,kim,Joined,2026-10-05\n")])
    assert event["properties"] == {name: 1}


def test_an_event_that_quotes_a_request_or_html_is_an_event(tmp_path: Path) -> None:
    events = [{"type": "track", "note": '"GET / HTTP/1.1"'}, {"type": "track", "note": "<html>"}]
    assert list(read_events([written(tmp_path, "\n".join(map(json.dumps, events)), "e.log")])) == events


def test_a_zip_with_a_password_is_named(tmp_path: Path) -> None:
    data = bytearray(zipped(LINES))
    for header, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.rindex(header)
        data[at + flags] |= 1
    with pytest.raises(InputError, match=r"export\.zip: export/events\.json cannot be unpacked: .*password"):
        list(read_events([written(tmp_path, bytes(data), "export.zip")]))


@pytest.mark.parametrize(
    "begins",
    ["", "user_id,event,time\nkim,", 'user_id,event,time\n"', '{"event": "', '{"type": "track"}\n{"event": "', '[{"event": "',
     '{"data": [{"a": "', '{"a": [', "[" * 500, '{"data": {"a": 1}, "b": {"c": "'],
)  # fmt: skip
def test_a_row_without_an_end_is_refused_and_never_held(monkeypatch: pytest.MonkeyPatch, begins: str) -> None:
    class Endless(io.RawIOBase):
        """After its beginning, as many x as anybody reads."""

        given = 0

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
            piece = begins.encode()[self.given : self.given + len(buffer)] or b"x" * len(buffer)
            buffer[: len(piece)] = piece
            self.given += len(piece)
            return len(piece)

    endless = Endless()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(endless)))
    with pytest.raises(InputError, match=r"standard input.*(longer than 16 MB|field limit|not JSON)"):
        list(read_events(["-"]))
    assert endless.given < 40 * 1024 * 1024
