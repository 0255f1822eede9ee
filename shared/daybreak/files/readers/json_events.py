"""JSON lines: one event a line, or one batch of events a line."""

import json
from collections.abc import Iterator
from typing import IO, Any

import orjson

from daybreak.errors import EventRejected, InputError, RequestRefused
from daybreak.files.readers.ids import IDS, with_whole_ids
from daybreak.ingest.body import read_json


def read(name: str, stream: IO[bytes]) -> Iterator[tuple[str, Any]]:
    """Yield the value of each line, with its position. The events of a batch share its line. Raises InputError.

    A last line without an end is one that was being written: if it cannot be read, only this line is lost.
    """
    any_before = False
    for number, line in enumerate(stream, start=1):
        position = f"{name}, line {number}"
        if not line.strip():
            continue
        try:
            value = orjson.loads(line)
        except orjson.JSONDecodeError:
            try:
                value = read_json(line)  # the collector's parser accepts more than orjson
            except RequestRefused as reason:
                if any_before and not line.endswith(b"\n"):
                    yield position, EventRejected("cut_off", "the line is cut off; export its event again")
                    return
                why = f"{reason}; one JSON event a line is needed, or CSV in a file whose name ends in .csv"
                raise InputError(f"{position}: {why}") from None
        any_before = True
        for event, written in zip(_events(value), _as_written(value, line), strict=True):
            yield position, _with_whole_ids(event, written)


def _events(value: Any) -> list[Any]:
    """The events of a line."""
    batch = value.get("batch") if isinstance(value, dict) else None
    return batch if isinstance(batch, list) else [value]


def _as_written(value: Any, line: bytes) -> list[Any]:
    """The events of a line with decimal numbers as their text, if an id is one: 5.4e+08 and 540000000.0 are equal."""
    events = _events(value)
    if any(isinstance(event.get(field), float) for event in events if isinstance(event, dict) for field in IDS):
        return _events(json.loads(line, parse_float=str))
    return events


def _with_whole_ids(event: Any, written: Any) -> Any:
    """The event with its ids as they were before they became decimal numbers, or why it cannot be right."""
    if not isinstance(event, dict):
        return event
    decimals = [field for field in IDS if isinstance(event.get(field), float)]
    texts = {field: written[field] for field in decimals if isinstance(written[field], str)}
    return with_whole_ids(event, texts, numbers=True)
