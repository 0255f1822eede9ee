"""Drafts a mapping for files of events."""

from collections.abc import Iterable

from daybreak.errors import InputError, MappingNeeded
from daybreak.files.readers.read import read_events
from daybreak.files.readers.reading import Reading


def draft(files: Iterable[str]) -> str:
    """The text of a mapping.toml for the first of these files that holds a row: each part with its candidates, and the
    values of two rows; for an export that is known, the mapping that comes next to how it is read without one.

    Raises InputError for a file that cannot be read, or without rows.
    """
    try:
        for _ in read_events(files, Reading(drafting=True)):
            pass
    except MappingNeeded as needed:
        if needed.draft:
            return needed.draft
        raise
    raise InputError("no mapping can be drafted: the files hold no rows")
