"""The receipt of `daybreak forget`: it counts the objects and events that were deleted or rewritten."""

import json
from dataclasses import asdict, dataclass, field


@dataclass(slots=True)
class Receipt:
    """The result of a deletion. People are named by the digests that suppress them: it holds no personal data."""

    at: str
    """When the deletion began: an ISO 8601 time, UTC."""
    digests: list[str]
    table_items: int = 0
    events_removed: int = 0
    rejects_removed: int = 0
    list_lines_removed: int = 0
    """Lines of the files of lists."""
    objects: list[str] = field(default_factory=list)
    """Keys of the logs, the files of lists and the files of messages that were rewritten."""
    days_rebuilt: list[str] = field(default_factory=list)
    old_versions_removed: int = 0
    left: int = 0
    """Arrival days that still held the people at the last look. More than 0: an export that ran at the same time may
    have written them again, so the deletion must be repeated."""

    def dump(self) -> bytes:
        """The receipt as it is stored in the lake."""
        return json.dumps(asdict(self), indent=1).encode()
