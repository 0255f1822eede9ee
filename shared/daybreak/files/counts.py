"""What became of the rows of files: how many events there are, and why the others are none."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

_FIRST_REJECTS = 5
_NAMES_SHOWN = 100


@dataclass(slots=True)
class Refused:
    """How many rows were refused for one reason, and the first of them by file and line."""

    count: int = 0
    first: str = ""


@dataclass(slots=True)
class EventCounts:
    """How many events the files held, and how many of them were not counted."""

    events: int = 0
    """Those that were accepted."""
    rejected: int = 0
    came_before: int = 0
    """Those of the accepted events that are left out because their message id came before."""
    after_as_of: int = 0
    """Those later than `as_of`; without one, those later than now."""
    first_after_as_of: str = ""
    """The position and time of the first of them."""
    first: datetime | None = None
    """When the first of the accepted events happened."""
    last: datetime | None = None
    people: int | None = None
    """Of the accepted events; linked ids are one person. None where nobody counted them."""
    links: int = 0
    """Events that readers made beside those of the files: whose a device is, and what a person is like."""
    like_none: int = 0
    """Those of the accepted events with an id that looks like none, such as NULL, beside a better one."""
    without_rows: list[str] = field(default_factory=list)
    """The files that hold no row."""
    first_rejects: list[str] = field(default_factory=list)
    """The position of each of the first rejected events, and why it was rejected."""
    refused: dict[str, Refused] = field(default_factory=dict)
    """Code of a reason -> the rejected events."""
    names: dict[str, int] = field(default_factory=dict)
    """Name of an event -> how often it counts, the most frequent first. Empty where nobody counted them."""
    understood: dict[str, list[str]] = field(default_factory=dict)
    """A sentence about how files were understood -> those files."""
    skipped: list[str] = field(default_factory=list)
    """The files in folders and zip files that are not files of events, each with the reason."""
    ignored: Counter[str] = field(default_factory=Counter)
    """What was read and is not a part of any event -> how often."""

    @property
    def read(self) -> int:
        """All events in the files."""
        return self.events + self.rejected + self.after_as_of

    def reject(self, position: str, code: str, message: str) -> None:
        """Count an event that was refused."""
        self.rejected += 1
        line = f"{position}: {message}"
        if len(self.first_rejects) < _FIRST_REJECTS:
            self.first_rejects.append(line)
        refused = self.refused.setdefault(code, Refused(first=line))
        refused.count += 1

    def accept(self, moment: datetime) -> None:
        """Count an event that was accepted."""
        self.events += 1
        self.first = min(self.first or moment, moment)
        self.last = max(self.last or moment, moment)

    def as_json(self) -> Mapping[str, Any]:
        """The counts for programs; of the names of events the most frequent."""
        own = {**asdict(self), "ignored": dict(self.ignored)}  # asdict would count the pairs of a Counter
        return {**own, "read": self.read, "names": dict(islice(self.names.items(), _NAMES_SHOWN))}
