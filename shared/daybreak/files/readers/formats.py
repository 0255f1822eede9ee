"""Formats that are recognised by a file's first bytes and cannot be read: each with its name and the way out."""

import codecs
import re
from typing import NamedTuple

from daybreak.errors import InputError, NoEvents

TO_CSV = "save it as CSV in UTF-8"
_LOG = "a log of requests names no person, because an address is not a person; collect events with an SDK"


class _Format(NamedTuple):
    name: str
    way_out: str
    begins: re.Pattern[bytes]
    holds_events: bool


def _format(name: str, way_out: str, begins: bytes, *, holds_events: bool = True) -> _Format:
    return _Format(name, way_out, re.compile(begins, re.DOTALL), holds_events)


_BINARY = (
    _format("bzip2", "decompress it first: bunzip2 FILE", rb"BZh[1-9](1AY&SY|\x17rE8P\x90)"),
    _format("xz", "decompress it first: unxz FILE", rb"\xfd7zXZ\x00"),
    _format("lz4", "decompress it first: unlz4 FILE", rb"\x04\x22M\x18"),
    _format("lzip", "decompress it first: lzip -d FILE", rb"LZIP\x01"),
    _format("Unix compress (.Z)", "decompress it first: uncompress FILE", rb"\x1f[\x9d\xa0]"),
    _format("7z", "unpack it first", rb"7z\xbc\xaf'\x1c"),
    _format("RAR", "unpack it first", rb"Rar!\x1a\x07"),
    _format("tar", "unpack it first: tar xf FILE", rb".{257}ustar[\x00 ]"),
    _format("Parquet that is encrypted", "write it without a key", rb"PARE[^ -~]"),
    _format("ORC", "write it as CSV", rb"ORC[^ -~]"),
    _format("Avro", "write it as CSV or JSON lines", rb"Obj\x01"),
    _format("Arrow", "write it as CSV", rb"ARROW1\x00"),
    _format("SQLite", "write a table as CSV: sqlite3 -csv -header FILE 'select …'", rb"SQLite format 3\x00"),
    _format("an Excel workbook (.xls, or .xlsx with a password)", TO_CSV, rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
    _format("PDF", "export the rows behind it as CSV", rb"%PDF-", holds_events=False),
    _format("a picture", "give the data behind it", rb"\x89PNG\r|\xff\xd8\xff|GIF8[79]a", holds_events=False),
)  # fmt: skip
_TEXT = (
    _format(
        "HTML or XML",
        "export the rows as CSV; a page in their place is often a log-in page",
        rb"\s*<[!?a-zA-Z]",
        holds_events=False,
    ),
    _format("RTF", "save it as plain text", rb"\{\\rtf", holds_events=False),
    _format("an access log", _LOG, rb"(#[^\n]*\n)*#Fields:"),
    _format(
        "an access log", _LOG, rb"(?![{\[])[^\n\"]*\"[^\n]*(GET|POST|PUT|HEAD|DELETE|OPTIONS|PATCH|CONNECT) \S+ HTTP/\d"
    ),
)
_XLSX = "Excel workbook (.xlsx)"
_WORKBOOKS = {
    "binary Excel workbook (.xlsb)": (b"xl/workbook.bin",),
    _XLSX: (b"[Content_Types].xml", b"xl/workbook", b"docProps/app.xml"),
    "OpenDocument file (.ods)": (b"mimetypeapplication/vnd.oasis.opendocument",),
}
_PARQUET = re.compile(rb"PAR1[^ -~]", re.DOTALL)
_UTF_32 = {codecs.BOM_UTF32_LE: "utf-32", codecs.BOM_UTF32_BE: "utf-32"}
_UTF_16 = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_ENCODINGS = {**_UTF_32, **_UTF_16, codecs.BOM_UTF8: "utf-8-sig"}
"""By the mark at a file's beginning; UTF-32's little-endian mark begins with UTF-16's."""


def refuse_bytes(name: str, head: bytes) -> None:
    """Raise InputError if these first bytes are those of a format that is not text and cannot be read."""
    _refuse(name, head, _BINARY)


def refuse_text(name: str, head: bytes) -> None:
    """Raise InputError if this first text, in UTF-8, is of a format that cannot be read."""
    _refuse(name, head, _TEXT)


def is_parquet(head: bytes) -> bool:
    """Whether a file with these first bytes is Parquet."""
    return bool(_PARQUET.match(head))


def is_workbook(name: str, of_zip: bytes, *, damaged: str = "") -> bool:
    """Whether these bytes of a zip file are those of a workbook that can be read. Raises InputError for one that cannot
    be; `damaged` says how it is, if it is.
    """
    for kind, marks in _WORKBOOKS.items():
        if any(mark in of_zip for mark in marks):
            if kind == _XLSX and not damaged:
                return True
            article = "an" if kind[0] in "EO" else "a"
            what = f"is a damaged {kind} ({damaged})" if damaged else f"is {article} {kind}, which is not read"
            raise InputError(f"{name}: {what}; open it and {TO_CSV}")
    return False


def encoding_of(name: str, head: bytes) -> str:
    """The encoding of a text that begins with these bytes: UTF-8, UTF-16 or UTF-32. Raises InputError for others.

    JSON is not looked at further: in JSON lines, a line that is not UTF-8 costs only itself.
    """
    for mark, encoding in _ENCODINGS.items():
        if head.startswith(mark):
            return encoding
    if re.match(rb"[^\x00]\x00[^\x00]\x00", head):
        return "utf-16-le"
    if re.match(rb"\x00[^\x00]\x00[^\x00]", head):
        return "utf-16-be"
    if head.lstrip().startswith((b"{", b"[")):
        return "utf-8"
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError as error:
        if is_korean(head):
            return "utf-8"  # it is recoded when its first letter beyond ASCII comes
        line = head.count(b"\n", 0, error.start) + 1
        why = f"{name}, line {line}: {not_utf8(head)}"
        raise (NoEvents(why, draft="") if b"\x00" in head else InputError(why)) from None
    return "utf-8"


def is_korean(text: bytes) -> bool:
    """Whether bytes that are not UTF-8 are Korean text in cp949 for certain: but for a fifth, all letters beyond ASCII
    are syllables of its oldest and most usual part. A single letter with an accent is none of them.
    """
    try:
        codecs.getincrementaldecoder("utf-8")().decode(text)
    except UnicodeDecodeError:
        pass
    else:
        return False
    try:
        letters = codecs.getincrementaldecoder("cp949")().decode(text)
    except UnicodeDecodeError:
        return False
    others = [letter for letter in letters if not letter.isascii()]
    syllables = sum("\uac00" <= letter <= "\ud7a3" and min(letter.encode("cp949")) > 0xA0 for letter in others)
    return syllables >= 2 and syllables * 5 >= len(others) * 4


def not_utf8(text: bytes) -> str:
    """Why a text cannot be read that is not UTF-8, with what it looks like if anything can be said, and the way out."""
    return f"is not UTF-8{_looks(text)}; save it in UTF-8, or convert it: iconv -f ENCODING -t UTF-8"


def _looks(head: bytes) -> str:
    """What these bytes, which are not UTF-8, look like, as the rest of a sentence; empty if nothing can be said."""
    if b"\x00" in head:
        return " and looks like a binary file"
    try:
        text = codecs.getincrementaldecoder("cp949")().decode(head)
    except UnicodeDecodeError:
        return ""
    others = [letter for letter in text if not letter.isascii()]
    korean = sum("\uac00" <= letter <= "\ud7a3" for letter in others)
    return " and looks like Korean text in cp949 (EUC-KR)" if korean * 2 > len(others) else ""


def _refuse(name: str, head: bytes, formats: tuple[_Format, ...]) -> None:
    for known in formats:
        if known.begins.match(head):
            why = f"{name}: is {known.name}, which is not read; {known.way_out}"
            raise InputError(why) if known.holds_events else NoEvents(why, draft="")
