"""A mapping as the text of a mapping.toml, to correct and to save."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from daybreak.files.readers.own_columns import Guess, guess
from daybreak.files.readers.rows import Row
from daybreak.mapping.mapping import EventMapping

_COLUMNS_SHOWN, _VALUE_SHOWN = 60, 40
_FILL_IN = "?"
"""It stands where no column fits; no file has such a column, so a draft that is not filled in is refused."""
_REMARKS = {
    "person": "the id of the person",
    "anonymous": "the id of a device or browser before anybody signed in",
    "event": 'the name of the event; or constant = "Order Placed", one name for all rows, in place of it',
    "time": "when it happened",
}


def drafted(file: str, columns: Iterable[str], sample: Sequence[Row], known: Guess | None = None) -> str:
    """The draft of a mapping for a table of one's own: each part with its candidates, and the values of two rows."""
    listed = list(columns)
    found = known or guess(listed, sample)
    lines = [f"# How the rows of {_plain(file)} become events. Correct it, save it as mapping.toml, and add"]
    lines += ["# --mapping mapping.toml to the command.", ""]
    for part, remark in _REMARKS.items():
        candidates = found.candidates[part] or (found.times if part == "time" else [])
        if part == "time" and found.clock:
            candidates, remark = [], f"{remark}: one column with the day and the time of day ({found.clock})"
        lines.append(_part(part, candidates, remark))
    lines += _times(found)
    lines.append('# id = "COLUMN"  # tells one event from another; without it, the row and its equals do')
    lines += [f"json = {_text(column)}  # its keys become properties" for column in found.json[:1]]
    lines += ["", "# Every other column is a property. The columns, with the values of the first two rows:"]
    lines += [f"#   {_plain(column)}: {_two(column, sample)}" for column in listed[:_COLUMNS_SHOWN]]
    if len(listed) > _COLUMNS_SHOWN:
        lines.append(f"#   and {len(listed) - _COLUMNS_SHOWN:,} more columns")
    return "\n".join(lines) + "\n"


def written(mapping: EventMapping, remark: str) -> str:
    """A mapping as TOML, below a remark."""
    given = mapping.model_dump(by_alias=True, exclude_defaults=True, mode="json")
    fields = {name: value[0] if isinstance(value, list) and len(value) == 1 else value for name, value in given.items()}
    return "\n".join([f"# {_plain(remark)}", *(f"{name} = {_text(value)}" for name, value in fields.items())]) + "\n"


def with_zone(file: str, export: str, tool: str) -> str:
    """The mapping that gives the times of a known export a zone."""
    return (
        f"# {_plain(file)} is a {export}; it is read so without this mapping, with its times in UTC.\n"
        "# If they are local time, write the zone of the project, save this as mapping.toml, and add\n"
        f'# --mapping mapping.toml to the command.\nexport = {_text(tool)}\ntimezone = "UTC"  # such as "Asia/Seoul"\n'
    )


def _part(part: str, columns: list[str], remark: str) -> str:
    if part == "anonymous" and not columns:
        return f'# anonymous = "COLUMN"  # {remark}'
    taken, *others = columns or [_FILL_IN]
    also = f"; or {', '.join(map(_text, others))}" if others else ""
    return f"{part} = {_text(taken)}  # {remark}{also}"


def _times(found: Guess) -> list[str]:
    zone = '# timezone = "Asia/Seoul"  # of times without an offset; UTC, if nothing is said'
    if found.unit:
        return [f'unit = "{found.unit}"', zone]
    if not found.formats:
        return ['# format = "%d/%m/%Y %H:%M:%S"  # of times that are not ISO 8601', '# unit = "s"', zone]
    first, *others = found.formats
    if others:  # a format that is taken without a look may make May of October
        return [f"# format = {_text(first)}  # or {', '.join(map(_text, others))}: say which number is the month", zone]
    return [f"format = {_text(first)}", zone]


def _two(column: str, sample: Sequence[Mapping[str, Any]]) -> str:
    """The values of a column in the first two rows."""
    return " | ".join(_plain(_shown(row.get(column, ""))) for row in sample[:2]) or "no rows"


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _VALUE_SHOWN else f"{text[:_VALUE_SHOWN]}…"


def _text(value: Any) -> str:
    """A value as TOML: text, or a list of texts."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _plain(text: str) -> str:
    """Text that can stand in a comment."""
    return "".join(character if character.isprintable() else " " for character in text)
