"""Every exception Daybreak raises on purpose, drawn once.

DaybreakError
├── RequestRefused    the request as a whole cannot be taken: becomes a 4xx or 503 answer
├── EventRejected     one event cannot be taken: it is quarantined, its siblings are not touched
├── DefinitionError   daybreak.toml says something that cannot be measured
├── InputError        a file or value given on the command line, or a payload given to a job, cannot be used
├── DayMissing        a job ran before the data it needs was exported: retry after the export
└── CloudError        the local cloud or the deployed stack cannot be reached or did not do its part
"""


class DaybreakError(Exception):
    """Base of all; `str()` is one line that says what is wrong and the way out."""


class RequestRefused(DaybreakError):
    """Answer the whole request with `status`, `code` and `message`; nothing of it was stored.

    `retry_after` is whole seconds, set where a client should come back (429, 503).
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
    """`daybreak.toml` is refused; the line names file, table and field."""


class InputError(DaybreakError):
    """Something given on the command line or to a job cannot be used; the line names it."""


class DayMissing(DaybreakError):
    """A job needs data that is not exported yet; running it again after the export succeeds."""


class CloudError(DaybreakError):
    """The local cloud or the deployed stack did not answer as it must."""
