"""Judges each event of files by the collector's own rules, and counts what became of it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from daybreak.definitions.project import Project
from daybreak.errors import EventRejected
from daybreak.families.selectors import event_selector
from daybreak.files.counts import EventCounts
from daybreak.files.equal_rows import EqualRows
from daybreak.files.readers.cells import number_or_text
from daybreak.files.readers.read import read_parts
from daybreak.files.readers.reading import Made, Reading
from daybreak.files.readers.usual_names import MISSING
from daybreak.ingest import times
from daybreak.ingest.event import EARLIEST, TYPES, Arrival, Canonical, canonical, iso, made_id
from daybreak.ingest.rules import PEOPLE, Rules, is_placeholder
from daybreak.mapping.event_of import EMPTY
from daybreak.mapping.export_mapping import FileMapping

TOO_LATE = datetime(2200, 1, 1, tzinfo=UTC)
"""No event and no --as-of is of this year or later: such a year is of another calendar, or means "for ever"."""
_IDS = (*PEOPLE, "groupId")


@dataclass
class Judge:
    """Reads files and judges their events as of an instant; without one, as of now."""

    project: Project
    as_of: datetime | None
    now: datetime
    mapping: FileMapping | None = None
    source: str = "files"
    rules: Rules | None = None
    """Those of a deployment; without them, the project's privacy and no tracking plan."""
    counts: EventCounts = field(default_factory=EventCounts)
    _links_seen: set[int] = field(default_factory=set)
    links_before: int = 0
    """Links with a message id that came before."""

    def accepted(self, files: Iterable[str]) -> Iterator[bytes]:
        """The canonical line of each accepted event. All events are counted in `counts`. Raises InputError."""
        reading = Reading(numbers=_compared_with_numbers(self.project), mapping=self.mapping)
        self.counts.understood, self.counts.ignored = reading.said, reading.ignored
        self.counts.skipped = reading.skipped
        rules = self.rules or Rules(self.project.privacy.cleaner(salt="files"))
        for position, raw, equal in _rows(files, reading, self.counts):
            try:
                if isinstance(raw, EventRejected):
                    raise raw
                _require_type(raw)
                _require_name(raw)
                moment = _moment(raw)
                _require_possible(moment if self.as_of else min(moment, self.now))  # later than now is counted below
                arrival = Arrival(received_at=min(moment, TOO_LATE), source=self.source, history=True)
                event = rules.clean(_in_one_form(raw, moment))
                if self.rules and not event.get("messageId"):
                    event["messageId"] = self._lasting_id(event, equal)
                judged = canonical(event, arrival, equal.number_of(event), rules=rules)
            except EventRejected as reason:
                if not isinstance(raw, Made):  # the row's own event says it
                    self.counts.reject(position, reason.code, reason.message)
                continue
            if moment > (self.as_of or self.now):
                self._leave_out(raw, position, moment)
                continue
            self._count(raw, judged, moment)
            yield judged.line

    def _lasting_id(self, event: dict[str, Any], equal: EqualRows) -> str:
        """The id of an event of a deployment that has none: the same whichever values the definitions compare with a
        number, so that a row may be imported again after a change of them.
        """
        numbers = {name: _as_numbers(event[name]) for name in ("properties", "traits") if event.get(name)}
        same = {**event, **numbers}
        return made_id(same, event["type"], self.source, equal.number_of(same), dated=True)

    def _leave_out(self, raw: dict[str, Any], position: str, moment: datetime) -> None:
        if not isinstance(raw, Made):
            self.counts.after_as_of += 1
            self.counts.first_after_as_of = self.counts.first_after_as_of or f"{position}: {iso(moment)}"

    def _count(self, raw: dict[str, Any], judged: Canonical, moment: datetime) -> None:
        if isinstance(raw, Made):
            self.counts.links += 1
            self.links_before += hash(judged.message_id) in self._links_seen
            self._links_seen.add(hash(judged.message_id))
            return
        self.counts.accept(moment)
        self.counts.like_none += any(isinstance(raw.get(one), str) and is_placeholder(raw[one]) for one in PEOPLE)


def _as_numbers(values: Any) -> Any:
    """Values as if every one of them were compared with a number."""
    if not isinstance(values, dict):
        return values
    return {name: number_or_text(value, ",") if isinstance(value, str) else value for name, value in values.items()}


def _compared_with_numbers(project: Project) -> frozenset[str]:
    """The properties that the definitions compare with numbers, and never with text."""
    compared: dict[bool, set[str]] = {True: set(), False: set()}
    for selector in project.selectors:
        for condition in event_selector(selector).where:
            for value in condition.values():
                if not isinstance(value, bool):
                    compared[not isinstance(value, str)].add(condition.property)
    return frozenset(compared[True] - compared[False])


def _rows(files: Iterable[str], reading: Reading, counts: EventCounts) -> Iterator[tuple[str, Any, EqualRows]]:
    """Each row of each file with its position, and what numbers the equal rows of its file. Files without rows are
    noted.
    """
    for name in files:
        empty = True
        for part in read_parts([name], reading):
            equal = EqualRows()
            for position, raw in part.events:
                empty = False
                yield position, raw, equal
        if empty:
            counts.without_rows.append("standard input" if name == "-" else name)


def _require_type(raw: Any) -> None:
    """Check that an object is an event at all. Raises EventRejected, which lists its keys."""
    if isinstance(raw, dict) and raw.get("type") not in TYPES:
        keys = ", ".join(str(key) for key in raw)[:160] or "none"
        raise EventRejected("no_type", f"type: an event needs one of {', '.join(TYPES)}; the keys here are: {keys}")


def _require_name(raw: Any) -> None:
    """Check that the name of an event is not a word for none, as in a cell of CSV. Raises EventRejected."""
    if isinstance(raw, dict) and raw["type"] == "track" and raw.get("event") in MISSING:
        raise EventRejected("no_name", f"track needs event, the name of what happened; {raw['event']!r} is not one")


def _moment(raw: Any) -> datetime:
    """When an event in a file happened: the first of its three times that it has."""
    value = raw[field] if isinstance(raw, dict) and (field := _time_field(raw)) else None
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        raise EventRejected("no_time", "timestamp: an event in a file needs one")
    try:
        return times.parse_in_file(value)
    except ValueError as reason:
        needs_format = "which number is the month" in str(reason)
        or_format = ", or say its format with --mapping, which `daybreak import FILE --draft` writes"
        raise EventRejected("absurd_time", f"timestamp: {reason}{or_format if needs_format else ''}") from None


def _require_possible(moment: datetime) -> None:
    """Check that an event can have happened then. Raises EventRejected.

    A clock that was reset shows the first hours of 1970, and 9999-12-31 is a database's "for ever".
    """
    if moment < EARLIEST:
        raise EventRejected("absurd_time", f"timestamp: {iso(moment)} is before 1970")
    if moment < EARLIEST + timedelta(days=1):
        raise EventRejected(
            "absurd_time", f"timestamp: {iso(moment)} is on 1970-01-01, the day of a clock that was reset"
        )
    if moment >= TOO_LATE:
        raise EventRejected("absurd_time", f"timestamp: {iso(moment)} is after {TOO_LATE.year - 1}; correct the year")


def _in_one_form(raw: dict[str, Any], moment: datetime) -> dict[str, Any]:
    """The event with its time and its ids in one form, and without empty fields: a row that came as CSV and as JSON is
    one row, and two exports may write a time in two ways.
    """
    field = _time_field(raw)
    event = {name: value for name, value in raw.items() if value not in EMPTY}
    event |= {name: str(raw[name]) for name in _IDS if type(raw.get(name)) is int}
    return {**event, field: iso(moment)} if field else event


def _time_field(raw: dict[str, Any]) -> str | None:
    """The name of the field that says when an event happened; RudderStack's SDKs send originalTimestamp."""
    return next((field for field in ("timestamp", "originalTimestamp", "receivedAt") if raw.get(field)), None)
