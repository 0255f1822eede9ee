"""JSON in any arrangement: one event or one batch a line, a list of events, or an object that holds such a list."""

import contextlib
import itertools
import json
from collections.abc import Iterator
from typing import IO, Any

import orjson

from daybreak.errors import EventRejected, InputError, RequestRefused
from daybreak.files.readers.formats import not_utf8
from daybreak.files.readers.ids import IDS, with_whole_ids
from daybreak.files.readers.json_document import WRAPPERS, CutOff, values
from daybreak.files.readers.lines import MAX_ROW, Lines
from daybreak.files.readers.meaning import Read, events_of_json
from daybreak.files.readers.names_of_columns import ANONYMOUS, PERSON, named
from daybreak.files.readers.reading import Reading
from daybreak.files.readers.rows import Rows
from daybreak.ingest.body import MAX_CONTAINERS, read_json
from daybreak.ingest.event import TYPES
from daybreak.mapping.mapping import EventMapping

Wrappers = tuple[str, ...]
_IDS = PERSON | ANONYMOUS
_PIECE = 1024 * 1024


def read(name: str, stream: IO[bytes], reading: Reading) -> Read:
    """Yield each event with its position. The events of a batch on a line of its own share its position.

    A line that is not JSON costs only itself, as does the last line or event of a file that is cut off. Raises
    InputError if the file is not JSON, or its keys do not say what they mean.
    """
    wrapper = reading.mapping.rows if isinstance(reading.mapping, EventMapping) else None
    return events_of_json(Rows(name, [], _rows(name, stream, WRAPPERS + ((wrapper,) if wrapper else ()))), reading)


def _rows(name: str, stream: IO[bytes], wrappers: Wrappers) -> Iterator[tuple[str, Any]]:
    blank, first = 0, stream.readline(MAX_ROW + 1)
    while first and not first.strip():
        blank, first = blank + 1, stream.readline(MAX_ROW + 1)
    one_a_line = first.startswith(b"{") and first.rstrip().endswith(b"}") and len(first) <= MAX_ROW
    yield from (_lines if one_a_line else _document)(name, first, stream, blank + 1, wrappers)


def _lines(name: str, begun: bytes, stream: IO[bytes], first: int, wrappers: Wrappers) -> Iterator[tuple[str, Any]]:
    """The events of JSON lines. The line that `begun` holds is the first that is not blank."""
    lines = Lines(name, stream, first + 1)
    for line in itertools.chain([begun], lines):
        position = f"{name}, line {lines.next_line - 1}"
        lines.begin_row()
        if line.strip():
            try:
                value = _value(line)
            except ValueError as error:
                yield position, _not_json(line, error)
            else:
                yield from ((position, event) for event in _events(value, line, wrappers))


def _not_json(line: bytes, error: ValueError) -> EventRejected:
    """Why a line is refused. One without an end was being written."""
    if line.endswith(b"\n") or line.rstrip().endswith(b"}"):
        return EventRejected("invalid_json", str(error))
    return EventRejected("cut_off", "the line is cut off; export its event again")


def _document(name: str, begun: bytes, stream: IO[bytes], first: int, wrappers: Wrappers) -> Iterator[tuple[str, Any]]:
    """The events of JSON that is not one value a line."""
    position, nth = name, 0
    parts = (begun[at : at + _PIECE] for at in range(0, len(begun), _PIECE))
    pieces = itertools.chain(parts, iter(lambda: stream.read(_PIECE), b""))
    try:
        for line, text in values(name, pieces, first, wrappers):
            position = f"{name}, line {line}"
            for event in _events(_value(text.encode()), text, wrappers):
                nth += 1
                yield f"{position}, event {nth}", event
    except CutOff:
        if not nth:
            raise InputError(f"{name}: is JSON that is cut off before its first event ends; export it again") from None
        yield f"{name}, event {nth + 1}", EventRejected("cut_off", "the file is cut off; export it again")
    except UnicodeDecodeError as error:
        raise InputError(f"{name}, after event {nth}: {not_utf8(error.object)}") from None
    except ValueError as error:
        raise InputError(f"{position}: {error}") from None


def _value(text: bytes) -> Any:
    """A JSON value. Raises ValueError with a reason."""
    if len(text) > MAX_CONTAINERS and text.count(b"[") + text.count(b"{") > MAX_CONTAINERS:
        raise ValueError(f"holds over {MAX_CONTAINERS:,} lists and objects; write one event a line")
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        try:
            return read_json(text)  # the collector's parser accepts more than orjson
        except RequestRefused as refused:
            reason = not_utf8(text) if refused.code == "invalid_encoding" else f"is not JSON: {error}"
            raise ValueError(reason) from None


def _events(value: Any, text: bytes | str, wrappers: Wrappers) -> Iterator[Any]:
    """The events of a value, whose text in the file is given, with whole ids."""
    for event, written in zip(_listed(value, wrappers), _as_written(value, text, wrappers), strict=True):
        yield _with_whole_ids(event, written)


def _listed(value: Any, wrappers: Wrappers) -> list[Any]:
    """The events that a value holds: those of a list or of a wrapper, or itself."""
    if isinstance(value, dict) and value.get("type") not in TYPES:
        value = next((value[key] for key in wrappers if isinstance(value.get(key), list)), value)
        if isinstance(value, dict) and _is_page_of_responses(value.get("items")):
            value = value["items"]
    return value if isinstance(value, list) else [value]


def _is_page_of_responses(items: Any) -> bool:
    """Whether a list of items is Typeform's: an order has items as well, and is one event."""
    return isinstance(items, list) and all(isinstance(item, dict) and "response_id" in item for item in items[:1])


def _as_written(value: Any, text: bytes | str, wrappers: Wrappers) -> list[Any]:
    """The events of a value with decimal numbers as text, if an id is one: 5.4e+08 and 540000000.0 are equal."""
    events = _listed(value, wrappers)
    if any(_decimal_ids(event) for event in events if isinstance(event, dict)):
        with contextlib.suppress(RecursionError):  # so deep that the event is refused later
            return _listed(json.loads(text, parse_float=str), wrappers)
    return events


def _decimal_ids(event: dict[str, Any]) -> list[str]:
    """The keys of ids that are decimal numbers, by Segment's names or those of people's own."""
    decimals = [key for key, value in event.items() if isinstance(value, float)]
    return [key for key in decimals if key in IDS or named([key], _IDS)]


def _with_whole_ids(event: Any, written: Any) -> Any:
    """The event with its ids as they were before they became decimal numbers, or why it cannot be right."""
    if not isinstance(event, dict):
        return event
    decimals = _decimal_ids(event)
    if long := {field: str(written[field]) for field in decimals if type(written[field]) is int}:
        event = {**event, **long}  # a whole number of twenty digits
    texts = {field: written[field] for field in decimals if isinstance(written[field], str)}
    return with_whole_ids(event, texts, numbers=True) if texts else event
