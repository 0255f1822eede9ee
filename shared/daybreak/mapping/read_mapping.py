"""Reads a mapping that somebody wrote, such as mapping.toml."""

import tomllib
from pathlib import Path
from typing import Any, get_args

from pydantic import ValidationError

from daybreak.errors import InputError
from daybreak.mapping.export_mapping import ExportMapping, FileMapping
from daybreak.mapping.mapping import EventMapping

_TOOLS = get_args(ExportMapping.model_fields["export"].annotation)


def read_mapping(file: Path) -> FileMapping:
    """The mapping in a TOML file. Raises InputError, which names the file and the field in one line."""
    try:
        written = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise InputError(f"{file}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise InputError(f"{file}: is not UTF-8; save it in UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{file}: is not TOML: {error}") from None
    if written.keys() == {"timezone"}:
        tools = " or ".join(f'export = "{tool}"' for tool in _TOOLS)
        raise InputError(f"{file}: needs person, event and time; or {tools}, if the files are that tool's export")
    try:
        return ExportMapping.model_validate(written) if "export" in written else EventMapping.model_validate(written)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        field = ".".join(str(part) for part in first["loc"][:1])
        why = first["msg"].removeprefix("Value error, ")
        if "export" in written:
            why = _why_not_of_export(first["type"], first["input"]) or why
        elif first["type"] == "extra_forbidden":
            known = [info.alias or name for name, info in EventMapping.model_fields.items()]
            why = f"is not a field of a mapping; there are: {', '.join(known)}"
        raise InputError(f"{file}: {f'{field}: ' if field else 'the mapping '}{why}") from None


def _why_not_of_export(kind: str, value: Any) -> str:
    """Why a field beside `export` is refused, by the kind of the error; empty where the error itself says it."""
    if kind == "extra_forbidden":
        known = "cannot stand beside export, whose reader knows its columns"
        return f"{known}; keep only export and timezone, or remove export"
    if kind == "missing":
        return 'is missing; add the zone of the project, such as timezone = "Asia/Seoul"'
    if kind == "literal_error":
        return f"{value!r} does not take a time zone; choose from: {', '.join(_TOOLS)}"
    return ""
