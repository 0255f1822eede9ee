"""JSON lines: one event a line, or one batch of events a line."""

from collections.abc import Iterator
from typing import IO, Any

import orjson

from daybreak.errors import InputError, RequestRefused
from daybreak.ingest.body import read_json


def read(name: str, stream: IO[bytes]) -> Iterator[tuple[str, Any]]:
    """Yield the value of each line, with its position. The events of a batch share its line. Raises InputError."""
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
                why = f"{reason}; one JSON event a line is needed, or CSV in a file whose name ends in .csv"
                raise InputError(f"{position}: {why}") from None
        if isinstance(value, dict) and isinstance(value.get("batch"), list):
            yield from ((position, event) for event in value["batch"])
        else:
            yield position, value
