"""Every exception that Daybreak raises on purpose, as one tree.

DaybreakError
├── RequestRefused    the request as a whole is refused: becomes a 4xx or 503 response
├── EventRejected     one event is rejected and quarantined; the other events of its request are not affected
├── DefinitionError   daybreak.toml says something that cannot be measured
├── InputError        a file or value given on the command line, or a payload given to a job, cannot be used
│   └── MappingNeeded a file does not say which column is which part of an event; holds a drafted mapping
│       └── NoEvents  a file is not one of events at all; in a folder it is skipped, and named
├── DayMissing        a job ran before the data it needs was exported: retry after the export
├── DayStuck          an arrival day could not be rebuilt; its raw log is safe, and the other days are exported
├── Overtaken         another run has written the same objects meanwhile; nothing of theirs was overwritten
└── CloudError        the local cloud or the deployed stack cannot be reached or failed
"""


class DaybreakError(Exception):
    """Base of all; `str()` is one line that says what is wrong and what to do."""


class RequestRefused(DaybreakError):
    """The whole request is refused with `status`, `code` and `message`; nothing of it was stored.

    `retry_after` is whole seconds, set if the client should send again (429, 503).
    """

    def __init__(self, status: int, code: str, message: str, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.retry_after = retry_after


class EventRejected(DaybreakError):
    """Quarantine one event. `code` is for counting, `message` for the person who sent it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class DefinitionError(DaybreakError):
    """`daybreak.toml` is refused; the line names the file, the table and the field."""


class InputError(DaybreakError):
    """Something given on the command line or to a job cannot be used; the line names it."""


class MappingNeeded(InputError):
    """A file does not say which column is which part of an event. `draft` is a mapping to correct and to save."""

    def __init__(self, message: str, draft: str) -> None:
        super().__init__(message)
        self.draft = draft


class NoEvents(MappingNeeded):
    """A file is not one of events at all, such as a page of text: among other files it is skipped, and named."""


class DayMissing(DaybreakError):
    """A job needs data that is not exported yet. Run it again after the export."""


class DayStuck(DaybreakError):
    """Some arrival days could not be rebuilt; their raw log is safe, and every other day is exported."""


class Overtaken(DaybreakError):
    """Another run has written an object since this run read it. Nothing was overwritten: run this one again."""


class CloudError(DaybreakError):
    """The local cloud or the deployed stack cannot be reached or failed."""
