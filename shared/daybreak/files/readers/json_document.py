"""JSON that is not one value a line: lists, wrappers and objects, in one line or many, read a value at a time."""

import codecs
import json
import re
from collections.abc import Collection, Iterable, Iterator

from daybreak.errors import InputError
from daybreak.files.readers.lines import MAX_ROW, too_long
from daybreak.ingest.body import MAX_CONTAINERS
from daybreak.ingest.event import TYPES

WRAPPERS = ("batch", "data", "events", "results", "tickets", "conversations")
"""The keys under which an object that is not an event may hold a list of events."""

_EVENT_TYPES = frozenset(f'"type":"{name}"' for name in TYPES)
"""The member of an object that says that it is an event, and no wrapper."""
_BLANKS = re.compile(r"[ \t\r\n]*")
_NEAR_THE_END = 16
"""An error, or the end of a number, so close to the end of what is held may come from its being cut there."""
_decode = json.JSONDecoder().raw_decode


class CutOff(Exception):
    """The text ends in the middle of a value, list or object."""


def values(
    name: str, pieces: Iterable[bytes], first_line: int, wrappers: Collection[str] = WRAPPERS
) -> Iterator[tuple[int, str]]:
    """Each value with the line on which it begins, as its text: the elements of lists, and of lists in wrappers.

    Not more than one value is held. Raises CutOff, UnicodeDecodeError, or InputError for what is not JSON or too long.
    """
    text = _Text(name, pieces, first_line)
    while begins := text.peek():
        yield from _list(text) if begins == "[" else _object(text, wrappers)


class _Text:
    """A text of which only as much is held as the value that is being read needs."""

    def __init__(self, name: str, pieces: Iterable[bytes], first_line: int) -> None:
        self.name = name
        self.line = first_line
        self._pieces = iter(pieces)
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._held = ""
        self._at = 0

    def peek(self) -> str:
        """The next character that is not blank; empty at the end of the text."""
        while True:
            blanks = _BLANKS.match(self._held, self._at)
            self._forward(blanks.end() if blanks else self._at)
            if self._at < len(self._held):
                return self._held[self._at]
            if not self._read_on():
                return ""

    def take(self, allowed: str) -> str:
        """The next character that is not blank, which must be one of these."""
        found = self.peek()
        if not found:
            raise CutOff
        if found not in allowed:
            raise self.wrong(f"{' or '.join(allowed)} is expected, not {found}")
        self._at += 1
        return found

    def value(self) -> str:
        """The text of the next value."""
        if not self.peek():
            raise CutOff
        while True:
            try:
                _, end = _decode(self._held, self._at)
            except RecursionError:
                raise self.wrong("its lists and objects are nested too deeply") from None
            except json.JSONDecodeError as error:
                unfinished = error.msg.startswith("Unterminated") or error.pos > len(self._held) - _NEAR_THE_END
                if not unfinished:
                    raise self.wrong(error.msg) from None
                if not self._read_on():
                    raise CutOff from None
            else:
                size = end - self._at
                if size > MAX_ROW:
                    raise too_long(self.name, self.line)
                if end + _NEAR_THE_END < len(self._held) or not self._read_on():
                    found = self._held[self._at : self._at + size]
                    self._forward(self._at + size)
                    return found

    def wrong(self, why: str) -> InputError:
        return InputError(f"{self.name}, line {self.line}: is not JSON: {why}")

    def _forward(self, end: int) -> None:
        self.line += self._held.count("\n", self._at, end)
        self._at = end

    def _read_on(self) -> bool:
        """Hold at least twice as much, so that a long value is not decoded often; false at the end of the text."""
        parts, more = [self._held[self._at :]], 0
        held = len(parts[0])
        if held > MAX_ROW or parts[0].count("[") + parts[0].count("{") > MAX_CONTAINERS:
            raise too_long(self.name, self.line)
        for piece in self._pieces:
            parts.append(self._decoder.decode(piece))
            more += len(parts[-1])
            if more > held:
                break
        self._held, self._at = "".join(parts), 0
        return more > 0


def _list(text: _Text) -> Iterator[tuple[int, str]]:
    """The elements of a list."""
    text.take("[")
    if text.peek() == "]":
        text.take("]")
        return
    ended = False
    while not ended:
        text.peek()
        line = text.line
        yield line, text.value()
        ended = text.take(",]") == "]"


def _object(text: _Text, wrappers: Collection[str]) -> Iterator[tuple[int, str]]:
    """An object, or the elements of the lists in it if it is a wrapper."""
    line, members, size, wraps = text.line, list[str](), 0, False
    text.take("{")
    ended = text.peek() == "}" and text.take("}") == "}"
    while not ended:
        if text.peek() not in ('"', ""):
            raise text.wrong("the name of a key is expected")
        key = json.loads(text.value())
        text.take(":")
        if text.peek() == "[" and key in wrappers and not _EVENT_TYPES.intersection(members):
            wraps = True
            yield from _list(text)
        else:
            members.append(f"{json.dumps(key)}:{text.value()}")
            size += len(members[-1])
            if size > MAX_ROW:
                raise too_long(text.name, line)
        ended = text.take(",}") == "}"
    if not wraps:
        yield line, f"{{{','.join(members)}}}"
