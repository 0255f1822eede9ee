"""Read the bytes of a request into plain Python values, and enforce every limit on the way.

No header is trusted, because gateways alter bodies (see events/README.md); one explains why a body cannot be read.
Gzip is recognised by its first bytes, also inside base64 that no header announces.
"""

import base64
import json
import math
import re
import zlib
from typing import Any, NoReturn

import orjson

from daybreak.errors import RequestRefused

MAX_BODY_BYTES = 6 * 1024 * 1024
"""The largest body that Lambda accepts, before inflating."""
MAX_INFLATED_BYTES = 10 * 1024 * 1024
"""The largest body after inflating. It is measured while inflating, so a zip bomb costs no more memory than this."""

MAX_CONTAINERS = 1_000_000
"""Lists and objects in one body. Each costs some hundred bytes of memory and as few as two bytes of text, so 20 MB of
brackets would need more memory than the function has. A body of events as clients send them holds a fifth of this."""

_GZIP_MAGIC = b"\x1f\x8b"
_GZIP_IN_BASE64 = b"H4sI"
"""The beginning, in base64, of every gzip body with the usual method. No JSON begins like this."""
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_MOST_MEMBERS = 100
"""Gzip members of one body. Clients send one; each further member costs a copy of the rest."""
_DAMAGED_GZIP = (b"\x1f\xef\xbf\xbd", b"\x1f\xc2\x8b")
"""Gzip's first bytes after a gateway decoded the body as text (with a replacement character, or as Latin-1)."""


_ENCODINGS_READ = frozenset({"", "identity", "gzip", "x-gzip", "utf-8", "utf8"})
"""Values of Content-Encoding that name nothing but gzip. Some clients put the charset there."""
_OTHER_COMPRESSION = re.compile(
    rb"(?P<deflate>x[\x01^\x9c\xda]|x\xef\xbf\xbd|x\xc2\x9c|x\xc3\x9a)"
    rb"|(?P<zstd>\(\xb5/\xfd|\(\xef\xbf\xbd/\xef\xbf\xbd|\(\xc2\xb5/\xc3\xbd)"
    rb"|(?P<compress>\x1f\x9d)|(?P<bzip2>BZh[1-9])|(?P<xz>\xfd7zXZ\x00)|(?P<lz4>\x04\x22M\x18)|(?P<zip>PK\x03\x04)"
)
"""The first bytes of other compressions, as sent or decoded as text. No JSON begins like this. Brotli has none."""


def read_json(body: bytes, most: int = MAX_INFLATED_BYTES, encoding: str = "") -> Any:
    """The value of a body; see `read_sized`."""
    return read_sized(body, most, encoding)[0]


def read_sized(body: bytes, most: int, encoding: str) -> tuple[Any, int]:
    """Parse a body, gzipped or not, of at most `most` bytes after inflating: its value, and its bytes after inflating.

    `encoding` is its Content-Encoding. It only explains why a body cannot be read. Raises RequestRefused (400 or 413).
    """
    if len(body) > MAX_BODY_BYTES:
        _too_large(f"the body is {len(body):,} bytes; the limit is {MAX_BODY_BYTES:,}: send smaller batches")
    if body.startswith(_GZIP_IN_BASE64):
        body = _from_base64(body)
    if body.startswith(_GZIP_MAGIC):
        body = _inflate(body, most)
    elif body.startswith(_DAMAGED_GZIP):
        raise RequestRefused(
            400,
            "body_damaged",
            "the gateway turned a gzipped body into text; send it to the stack's CollectorUrlForGzip, or without gzip",
        )
    require_size(len(body), most)
    if body.count(b"[") + body.count(b"{") > MAX_CONTAINERS:
        _too_large(f"the body holds over {MAX_CONTAINERS:,} lists and objects: send smaller batches")
    try:
        return _parse(body.removeprefix(_BYTE_ORDER_MARK)), len(body)
    except RequestRefused as refused:
        if other := _other_compression(body, encoding):
            raise RequestRefused(
                400, "unsupported_encoding", f"{other}: only gzip is read; send the body gzipped or as it is"
            ) from refused
        raise


def require_size(size: int, most: int) -> None:
    """Raise RequestRefused (413) for a body of more than `most` bytes."""
    if size > most:
        _too_large(f"the body is over {most:,} bytes: send smaller batches")


def _other_compression(body: bytes, encoding: str) -> str | None:
    """The compression of a body that is not JSON, by its header or else by its first bytes; None if it has none."""
    named = [name.strip() for name in encoding.lower().split(",")]
    others = [name[:40] for name in named if name not in _ENCODINGS_READ]
    if others:
        return f"Content-Encoding {', '.join(others[:3])}"
    looks = _OTHER_COMPRESSION.match(body)
    return f"the body looks like {looks.lastgroup}" if looks else None


def _from_base64(body: bytes) -> bytes:
    try:
        return base64.b64decode(body, validate=True)
    except ValueError as error:
        raise RequestRefused(
            400, "body_damaged", "the body looks like gzip in base64, but is cut or altered"
        ) from error


def _inflate(body: bytes, most: int) -> bytes:
    """Inflate every gzip member of `body`, and stop when the limit is passed."""
    inflated = bytearray()
    rest = body
    members = 0
    try:
        while rest:
            members += 1
            if members > _MOST_MEMBERS:
                raise zlib.error("it has too many members")
            decompressor = zlib.decompressobj(wbits=31)
            inflated += decompressor.decompress(rest, most + 1 - len(inflated))
            if len(inflated) > most:
                _too_large(f"the inflated body is over {most:,} bytes: send smaller batches")
            if not decompressor.eof:
                raise zlib.error("it ends in the middle")
            rest = decompressor.unused_data
    except zlib.error as error:
        raise RequestRefused(400, "invalid_gzip", f"the gzipped body cannot be inflated: {error}") from error
    return bytes(inflated)


def _parse(body: bytes) -> Any:
    """Parse with orjson, then leniently: clients do send values that orjson refuses (NaN, 1e999, a lone surrogate).

    With the lenient parser, one odd value costs one event and not its whole batch. Text that is not UTF-8 is refused,
    because it would be read as other letters than were sent; orjson takes nothing else.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as strict:
        try:
            text = _utf8(body)
            return json.loads(text, parse_constant=lambda _: None, parse_int=_number, parse_float=_number)
        except (ValueError, RecursionError):
            raise RequestRefused(400, "invalid_json", f"the body is not JSON: {_short(strict)}") from strict


def _utf8(body: bytes) -> str:
    """The body as text. Raises RequestRefused for another encoding, also if a gateway has decoded it as UTF-8.

    UTF-16 and UTF-32 have a NUL beside each of JSON's brackets, and JSON itself holds none.
    """
    if b"\x00" in body:
        raise RequestRefused(
            400, "invalid_encoding", "the body holds a NUL character, as UTF-16 text does: send JSON as UTF-8"
        )
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise RequestRefused(
            400, "invalid_encoding", f"the body is not UTF-8 at byte {error.start + 1:,}: send JSON as UTF-8"
        ) from None


def _number(text: str) -> int | float | str:
    """A JSON number as orjson reads it: a float beyond 64 bits. A number beyond a float stays text."""
    if text.lstrip("-").isdigit() and len(text) <= 20 and -(2**63) <= int(text) < 2**64:
        return int(text)
    value = float(text)
    return value if math.isfinite(value) else text


def _short(error: Exception) -> str:
    return str(error)[:200]


def _too_large(message: str) -> NoReturn:
    raise RequestRefused(413, "too_large", message)
