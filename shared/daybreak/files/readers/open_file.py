"""Open files of events. The first bytes say how a file is compressed and encoded; its name says nothing.

Every stream that is opened here raises InputError, with the file's name, if it cannot be read to its end.
"""

import codecs
import gzip
import io
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import chain
from pathlib import Path
from typing import IO, Any, NamedTuple, Protocol
from zipfile import ZipFile

from daybreak.errors import DaybreakError, InputError, NoEvents
from daybreak.files.readers.formats import encoding_of, is_korean, is_parquet, is_workbook, refuse_bytes, refuse_text
from daybreak.files.readers.reading import Reading
from daybreak.ingest.frames import zstd


class _Readable(Protocol):
    """A stream of bytes, of which only this is needed."""

    def read(self, size: int, /) -> bytes: ...


HEAD_BYTES = 64 * 1024
"""So much of a file is looked at to see what it is."""
_MOST_LAYERS = 3
"""A file may be compressed this many times, one inside the other."""
_COMPRESSED: tuple[tuple[str, tuple[bytes, ...], Callable[[IO[bytes]], _Readable]], ...] = (
    ("gzip", (b"\x1f\x8b",), lambda stream: gzip.GzipFile(fileobj=stream)),
    ("zstd", (b"\x28\xb5\x2f\xfd", *(bytes([n]) + b"\x2a\x4d\x18" for n in range(0x50, 0x60))), zstd.ZstdFile),
)
"""The compressions that are read: name, first bytes, and how to inflate. zstd may begin with a frame to be skipped."""
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")


class Part(NamedTuple):
    """A text of events: a file, or one of those in a folder or a zip file."""

    name: str
    head: bytes
    """Its beginning, of which nothing is missing in the stream."""
    stream: IO[bytes]
    """The whole text in UTF-8, without a mark at its beginning."""
    is_one_of_several: bool = False


class Workbook(NamedTuple):
    """An Excel workbook, opened so that it can be read in any order."""

    name: str
    file: IO[bytes]
    is_one_of_several: bool = False


class Parquet(NamedTuple):
    """A Parquet file on disk."""

    name: str
    path: Path
    is_one_of_several: bool = False


def parts_of(name: str, reading: Reading) -> Iterator[Part | Workbook | Parquet]:
    """The texts and tables in a file, in a folder, in a zip file or on standard input (`-`). Raises InputError."""
    if name == "-":
        yield from _parts("standard input", sys.stdin.buffer, reading)
        return
    path = Path(name)
    if path.is_dir():
        files = sorted(file for file in path.rglob("*") if file.is_file() and not _hidden(file.relative_to(path)))
        if not files:
            raise InputError(f"{name}: there are no files in this folder")
        for file in files:
            yield from _skipping(parts_of(str(file), reading), reading)
        return
    try:
        opened = path.open("rb")
    except OSError as error:
        raise InputError(f"{name}: cannot be read: {error.strerror}") from None
    with opened:
        yield from _parts(name, opened, reading, path)


def _parts(
    name: str, source: IO[bytes], reading: Reading, path: Path | None = None, depth: int = 0
) -> Iterator[Part | Workbook | Parquet]:
    """The texts and tables of an opened file, which is at this path if it is a file of its own."""
    head, stream = _ahead(_pieces(f"{name}: cannot be read", source))
    for _ in range(_MOST_LAYERS):
        found = next((known for known in _COMPRESSED if head.startswith(known[1])), None)
        if found is None:
            break
        compression, _, inflated = found
        head, stream, path = *_ahead(_pieces(f"{name}: is damaged {compression}", inflated(stream))), None
    if head.startswith(_ZIP):
        yield from _zip_parts(name, head, stream, reading, depth)
        return
    if is_parquet(head):
        yield from _parquet(name, stream, path)
        return
    refuse_bytes(name, head)
    encoding = encoding_of(name, head)
    recoded = _recoded(name, stream, encoding) if encoding != "utf-8" else _utf8_or_korean(name, stream, reading)
    head, stream = _ahead(recoded)
    refuse_text(name, head)
    yield Part(name, head, stream)


def _parquet(name: str, stream: IO[bytes], path: Path | None) -> Iterator[Parquet]:
    """A Parquet file; it is copied if it is not a file of its own, because its table of contents is at its end."""
    if path:
        yield Parquet(name, path)
        return
    with tempfile.NamedTemporaryFile(prefix="daybreak-parquet-") as copy:
        shutil.copyfileobj(stream, copy)
        copy.flush()
        yield Parquet(name, Path(copy.name))


def _zip_parts(
    name: str, head: bytes, stream: IO[bytes], reading: Reading, depth: int
) -> Iterator[Part | Workbook | Parquet]:
    """The texts in a zip file. It is copied, because its table of contents is at its end."""
    if depth == _MOST_LAYERS:
        raise InputError(f"{name}: holds zip files in zip files, more than {_MOST_LAYERS} deep; unpack it first")
    with tempfile.TemporaryFile(prefix="daybreak-zip-") as copy:
        shutil.copyfileobj(stream, copy)
        try:
            archive = ZipFile(copy)
        except Exception as error:  # as in `_named`
            is_workbook(name, head, damaged=str(error))
            raise InputError(f"{name}: is damaged zip: {error}") from None
        with archive:
            if is_workbook(name, head + "\n".join(archive.namelist()).encode()):
                yield Workbook(name, copy)
                return
            for member in archive.infolist():
                if not member.filename.endswith("/") and not _hidden(Path(member.filename)):
                    with _named(f"{name}: {member.filename} cannot be unpacked"):
                        opened = archive.open(member)
                    with opened:
                        inside = _parts(f"{name}/{member.filename}", opened, reading, depth=depth + 1)
                        yield from _skipping(inside, reading)


def _hidden(path: Path) -> bool:
    """Whether a file is one that systems add: its name, or a folder's, begins with a dot, or is __MACOSX."""
    return any(part.startswith((".", "__MACOSX")) for part in path.parts)


def _ahead(pieces: Iterable[bytes]) -> tuple[bytes, IO[bytes]]:
    """The first HEAD_BYTES, or all bytes if there are fewer, and a stream of everything, with them."""
    rest, head = iter(pieces), bytearray()
    for piece in rest:
        head += piece
        if len(head) >= HEAD_BYTES:
            break
    return bytes(head[:HEAD_BYTES]), io.BufferedReader(_Pieces(chain([bytes(head)], rest)), HEAD_BYTES)


def _pieces(trouble: str, source: _Readable) -> Iterator[bytes]:
    """The bytes of a stream, piece by piece. Raises InputError, which begins with `trouble`."""
    with _named(trouble):
        yield from iter(partial(source.read, HEAD_BYTES), b"")


@contextmanager
def _named(trouble: str) -> Iterator[None]:
    """Raise InputError, which begins with `trouble`, for any error: for damaged data, libraries raise a dozen kinds."""
    try:
        yield
    except DaybreakError:
        raise
    except Exception as error:
        raise InputError(f"{trouble}: {error}") from None


def _recoded(name: str, stream: IO[bytes], encoding: str) -> Iterator[bytes]:
    """A text in another encoding as UTF-8. If its last character is cut off, it is left out."""
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for piece in iter(partial(stream.read, HEAD_BYTES), b""):
            yield decoder.decode(piece).encode()
    except (UnicodeDecodeError, UnicodeEncodeError) as error:
        raise InputError(f"{name}: is not valid {encoding.upper()}: {error.reason}; save it in UTF-8") from None


def _utf8_or_korean(name: str, stream: IO[bytes], reading: Reading) -> Iterator[bytes]:
    """A text in UTF-8 as it is; one in cp949 as UTF-8. Its first letters beyond ASCII say which it is."""
    pieces = iter(partial(stream.read, HEAD_BYTES), b"")
    for piece in pieces:
        if piece.isascii():
            yield piece
            continue
        some = piece + next(pieces, b"")
        if not is_korean(some):
            yield some
            yield from pieces
            return
        reading.say(name, "Korean text in cp949 (EUC-KR)")
        yield from _recoded(name, io.BufferedReader(_Pieces(chain([some], pieces)), HEAD_BYTES), "cp949")
        return


def _skipping(parts: Iterator[Part | Workbook | Parquet], reading: Reading) -> Iterator[Part | Workbook | Parquet]:
    """The parts of one of several files, or none and a note if it is not a file of events."""
    try:
        for part in parts:
            yield part._replace(is_one_of_several=True)
    except NoEvents as reason:
        reading.skipped.append(str(reason))


class _Pieces(io.RawIOBase):
    """Pieces of bytes as one stream."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._piece = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._piece:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._piece = memoryview(piece)
        size = min(len(buffer), len(self._piece))
        buffer[:size] = self._piece[:size]
        self._piece = self._piece[size:]
        return size
