"""Files that unpack to far more than they are: each is read or refused in little memory, with a limit on the process."""

import gzip
import io
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import openpyxl
import pytest

MB = 1024**2
MEMORY_MB = 320
"""Of the process, with Python, DuckDB and the libraries, which take some 100 MB before any file is read."""
READ = f"""
import resource, sys
from pathlib import Path
resource.setrlimit(resource.RLIMIT_AS, (3 * 1024**3, 3 * 1024**3))
from daybreak.errors import InputError
from daybreak.files.readers.read import read_events
try:
    print("read", sum(1 for _ in read_events(sys.argv[1:])))
except InputError as refused:
    print(refused)
status = Path("/proc/self/status").read_text() if sys.platform == "linux" else "VmHWM: 0 kB"
# ru_maxrss would be that of the process that started this one, if that is larger
peak = int(status.partition("VmHWM:")[2].split()[0])
assert peak < {MEMORY_MB} * 1024, peak
"""
HEADER = b"user_id,event,timestamp\n"


def gzipped(file: Path, pieces: Iterator[bytes]) -> None:
    with gzip.open(file, "wb", compresslevel=1) as out:
        out.writelines(pieces)


def zipped(file: Path, pieces: Iterator[bytes]) -> None:
    with (
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("a.csv", "w") as out,
    ):
        out.writelines(pieces)


def workbook(file: Path, pieces: Iterator[bytes]) -> None:
    """A workbook with a cell that never ends."""
    made, empty = io.BytesIO(), openpyxl.Workbook()
    empty.save(made)
    with zipfile.ZipFile(made) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as new:
        for name in old.namelist():
            with new.open(name, "w") as out:
                out.write(old.read(name) if "sheet1" not in name else b"<worksheet><sheetData><row><c><is><t>")
                out.writelines(pieces if "sheet1" in name else [])


def plain(file: Path, pieces: Iterator[bytes]) -> None:
    with file.open("wb") as out:
        out.writelines(pieces)


def repeated(begins: bytes, piece: bytes, size: int) -> Iterator[bytes]:
    yield begins
    for _ in range(size // len(piece)):
        yield piece


def wide(begins: bytes, separator: bytes, rows: int) -> Iterator[bytes]:
    """A table of a hundred thousand columns."""
    yield begins + separator + separator.join(b"c%d" % nth for nth in range(100_000)) + b"\n"
    for _ in range(rows):
        yield b"kim,Joined,2026-10-05" + b",x" * 100_000 + b"\n"


X = b"x" * MB
FILES: dict[str, tuple[Callable[[Path, Iterator[bytes]], None], Iterator[bytes], str]] = {
    "a first line without an end": (gzipped, repeated(b"", X, 300 * MB), "longer than 16 MB"),
    "a row without an end": (gzipped, repeated(HEADER, X, 300 * MB), "longer than 16 MB"),
    "zeros": (zipped, repeated(b"", b"\0" * MB, 300 * MB), "longer than 16 MB"),
    "a quote without an end": (zipped, repeated(HEADER + b'"', b"x,y\n" * (MB // 4), 300 * MB), "field limit"),
    "a JSON event without an end": (gzipped, repeated(b'{"a": "', X, 300 * MB), "longer than 16 MB"),
    "a JSON list in one line": (gzipped, repeated(b"[", b'{"type": "track"},' * 50_000, 10 * MB), "read 550001"),
    "a hundred thousand columns": (plain, wide(b"user_id,event,timestamp", b",", 2), "read 2"),
    "as many, none of them clear": (plain, wide(b"a,b,c", b",", 2), "no column is clearly the person"),
    "many large rows ahead": (gzipped, repeated(b"uid,action,when,note\n", b"k,J,2026-10-05," + b"n" * 100_000 + b"\n", 300 * MB), "read 3145"),
    "a cell without an end": (workbook, repeated(b"", X, 300 * MB), "unpacks to more than a workbook can hold"),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_unpacks_to_far_more_is_read_or_refused_in_little_memory(tmp_path: Path, name: str) -> None:
    write, pieces, said = FILES[name]
    file = tmp_path / "file"
    write(file, pieces)
    done = subprocess.run([sys.executable, "-c", READ, str(file)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert said in done.stdout
    assert done.stdout.count("\n") == 1
