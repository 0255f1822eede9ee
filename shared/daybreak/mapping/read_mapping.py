"""Reads a mapping that somebody wrote, such as mapping.toml."""

import tomllib
from pathlib import Path

from pydantic import ValidationError

from daybreak.errors import InputError
from daybreak.mapping.mapping import EventMapping


def read_mapping(file: Path) -> EventMapping:
    """The mapping in a TOML file. Raises InputError, which names the file and the field in one line."""
    try:
        written = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise InputError(f"{file}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise InputError(f"{file}: is not UTF-8; save it in UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{file}: is not TOML: {error}") from None
    try:
        return EventMapping.model_validate(written)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        field = ".".join(str(part) for part in first["loc"][:1])
        why = first["msg"].removeprefix("Value error, ")
        if first["type"] == "extra_forbidden":
            known = [info.alias or name for name, info in EventMapping.model_fields.items()]
            why = f"is not a field of a mapping; there are: {', '.join(known)}"
        raise InputError(f"{file}: {f'{field}: ' if field else 'the mapping '}{why}") from None
