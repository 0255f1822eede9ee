"""The lines of a file, held one row at a time, so that no file needs more memory than its longest row may have."""

from collections import deque
from collections.abc import Iterator
from typing import IO, AnyStr, Generic

from daybreak.errors import InputError
from daybreak.ingest.body import MAX_CONTAINERS

MAX_ROW = 16 * 1024 * 1024
"""Characters, or bytes, that one row of a file may have: one event, or one batch as clients send it."""

_AHEAD = 1024 * 1024
"""Once so much is held, no further line is looked at ahead of its turn."""


class Lines(Generic[AnyStr]):
    """The lines of a stream of bytes or text. Raises InputError for a row that is longer than MAX_ROW."""

    def __init__(self, name: str, stream: IO[AnyStr], first: int = 1) -> None:
        self._name = name
        self._stream: IO[AnyStr] = stream
        self.next_line = first
        """The number of the line that comes next."""
        self._ahead: deque[AnyStr] = deque()
        self.begin_row()

    def ahead(self, count: int) -> list[AnyStr]:
        """The next lines, which still come: so many, or fewer if they are long or the stream ends."""
        held = sum(map(len, self._ahead))
        while len(self._ahead) < count and held < _AHEAD:
            line: AnyStr = self._stream.readline(MAX_ROW + 1)
            if not line:
                break
            self._ahead.append(line)
            held += len(line)
        return list(self._ahead)

    def begin_row(self) -> None:
        """The next line is the first of a row."""
        self._begun, self._left = self.next_line, MAX_ROW

    def __iter__(self) -> Iterator[AnyStr]:
        return self

    def __next__(self) -> AnyStr:
        line: AnyStr = self._ahead.popleft() if self._ahead else self._stream.readline(self._left + 1)
        if not line:
            raise StopIteration
        self._left -= len(line)
        if self._left < 0:
            raise too_long(self._name, self._begun)
        self.next_line += 1
        return line


def too_long(name: str, line: int) -> InputError:
    """The refusal of a file with a row that needs too much memory; the row begins on this line."""
    limit = f"longer than {MAX_ROW // 1024**2} MB, or holds over {MAX_CONTAINERS:,} lists and objects"
    return InputError(
        f"{name}: the row that begins on line {line} is {limit}; write one event a line, or check its quotes"
    )
