"""Rows as events: by a mapping, by usual names, as a known export, or by the only columns that fit."""

import itertools
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from daybreak.errors import EventRejected, InputError, MappingNeeded, NoEvents
from daybreak.files.readers import own_columns, usual_names
from daybreak.files.readers.cells import LARGEST_WHOLE
from daybreak.files.readers.exports.export import Export
from daybreak.files.readers.exports.known import are_known, export_of, export_with_zone, renamed
from daybreak.files.readers.ids import IDS, with_whole_ids
from daybreak.files.readers.mapping_text import drafted, with_zone, written
from daybreak.files.readers.own_columns import Guess
from daybreak.files.readers.reading import Ignored, Made, Reading
from daybreak.files.readers.rows import Row, Rows, sampled
from daybreak.files.readers.usual_names import MISSING, NAMELESS, Usual
from daybreak.ingest.event import TYPES
from daybreak.mapping.event_of import event_of
from daybreak.mapping.export_mapping import ExportMapping, FileMapping
from daybreak.mapping.mapping import EventMapping

Read = Iterator[tuple[str, Any]]
"""Each event with its position: a dict, Made beside a row's own event, or an EventRejected in its place."""

_SAYS_WHAT_HAPPENED = re.compile(r"event|action|activity|이벤트", re.IGNORECASE)
_OF_EVENTS = frozenset({"type", "event", "userId", "anonymousId", "messageId"})
"""Keys of Segment's messages: JSON with one of them was meant as an event, so a fault costs only its row."""
_BUNDLE = "properties"
_PARTS = {"person", "anonymous", "account", "previous", "type", "event", "time", "id"}
_LISTS = {"properties", "traits", "json_"}
"""The fields of a mapping that name columns: those of which one column is enough, and those whose columns all count."""
_CALLS = EventMapping(
    person=("userId",),
    anonymous=("anonymousId",),
    account=("groupId",),
    previous=("previousId",),
    type=("type",),
    event=("event",),
    time=("timestamp", "originalTimestamp", "receivedAt"),
    id=("messageId",),
    properties=(),
    json_=("properties", "traits"),
)
"""Segment's messages as rows."""


def fits(columns: list[str], mapping: FileMapping | None) -> bool:
    """Whether these can be the header of a table: with the columns of a mapping, or names that are known."""
    if isinstance(mapping, EventMapping):
        return bool(mapping.parts.intersection(columns))
    return usual_names.usual_of(columns).is_complete or own_columns.has_names(columns) or are_known(columns)


def events_of_table(rows: Rows, reading: Reading) -> Read:
    """The events of a table. Raises InputError, or MappingNeeded if it is not clear what its columns mean."""
    if reading.drafting:
        raise _draft(rows)
    if isinstance(reading.mapping, EventMapping):
        yield from _mapped(rows, reading.mapping)
        return
    if reading.mapping:
        yield from _in_zone(rows, dict.fromkeys(rows.columns), reading, reading.mapping)
        return
    usual = usual_names.usual_of(rows.columns)
    of_tracks = {"event", "event_text"} <= {column.lower() for column in rows.columns}
    if not usual.is_complete or of_tracks:
        sample, rows = sampled(rows)
        if export := export_of(rows.name, dict.fromkeys(rows.columns)):
            yield from _exported(rows, export, reading, renamed(rows.columns, export))
            return
        if not usual.is_complete:
            yield from _own(rows, sample, usual, reading)
            return
    _refuse_equal_names(rows)
    sample, rows = sampled(rows)
    when = next(column for column, part in usual.parts.items() if part == "timestamp")
    if any(own_columns.is_without_offset(row.get(when)) for row in sample):
        reading.say(rows.name, f"time = {when}, UTC without an offset")
    yield from usual_names.events(_unfolding(rows), usual.parts)


def events_of_json(rows: Rows, reading: Reading) -> Read:
    """The events of JSON values, whose first says what they are. Raises MappingNeeded."""
    if reading.drafting:
        raise _draft(rows)
    if isinstance(reading.mapping, EventMapping):
        yield from _mapped(rows, reading.mapping)
        return
    sample, rows = sampled(rows, most=1)
    first = sample[0] if sample else None
    if first and reading.mapping:
        yield from _in_zone(rows, first, reading, reading.mapping)
        return
    if first is None or first.get("type") in TYPES:
        if first and {"originalTimestamp", "receivedAt"} & first.keys():
            said = "person = userId, anonymous = anonymousId, time = timestamp, else originalTimestamp or receivedAt"
            reading.say(rows.name, f"Segment or RudderStack events: {said}")
        yield from rows.rows
        return
    if export := export_of(rows.name, first):
        yield from _exported(rows, export, reading, {})
        return
    sample, rows = sampled(rows)
    keys = list(dict.fromkeys(itertools.chain.from_iterable(sample)))
    guess = own_columns.guess(keys, sample)
    if mapping := guess.mapping:
        reading.say(rows.name, _said(mapping))
        yield from _mapped(rows, mapping)
    elif _OF_EVENTS & first.keys():
        yield from rows.rows
    else:
        position = next(rows.rows)[0]
        shown = ", ".join(map(str, first))[:160] or "none"
        needed = MappingNeeded if any(guess.candidates.values()) else NoEvents
        raise needed(
            f"{position}: an event needs type, one of {', '.join(TYPES)}; as rows of your own, {guess.doubt}; "
            f"say which is which with --mapping; the keys here are: {shown}",
            drafted(rows.name, keys, sample, guess),
        )


def _draft(rows: Rows) -> MappingNeeded:
    """The draft of a mapping for any file: a known one where the file is read without any."""
    sample, rows = sampled(rows)
    columns = rows.columns or list(dict.fromkeys(itertools.chain.from_iterable(sample)))
    first = sample[0] if sample else {}
    export = export_of(rows.name, dict.fromkeys(rows.columns) if rows.columns else first)
    if first.get("type") in TYPES and not rows.columns:
        text = written(
            _CALLS, f"{rows.name} holds events as Segment's libraries send them; it is read so without this."
        )
    elif export and export.tool:
        text = with_zone(rows.name, export.name, export.tool)
    else:
        text = drafted(rows.name, columns, sample)
        if export:
            text = f"# {export.name}: it is read without a mapping.\n{text}"
    return MappingNeeded(f"{rows.name}: a draft of its mapping", text)


def _own(rows: Rows, sample: list[Row], usual: Usual, reading: Reading) -> Read:
    """The events of a table of one's own, if its columns are clear."""
    guess = own_columns.guess(rows.columns, sample)
    mapping = guess.mapping
    if not sample and not usual.twice and own_columns.has_names(rows.columns) and next(rows.rows, None) is None:
        return  # a header without rows
    if mapping is None or usual.twice or not sample:
        raise _refused(rows, sample, usual, guess)
    _refuse_equal_names(rows)
    reading.say(rows.name, _said(mapping))
    yield from _mapped(rows, mapping)


def _refused(rows: Rows, sample: list[Row], usual: Usual, guess: Guess) -> InputError:
    """The refusal of a table that does not say which column is what, with a draft."""
    there = f"there are: {', '.join(rows.columns)[:160] or 'none'}"
    draft = drafted(rows.name, rows.columns, sample, guess)
    if usual.twice:
        return MappingNeeded(f"{rows.name}: {usual.twice}, or say which with --mapping", draft)
    missing = f"missing: {', '.join(sorted(usual.missing))}"
    if usual.has_people and "event" in usual.missing and not any(map(_SAYS_WHAT_HAPPENED.search, rows.columns)):
        add = "type that says identify" + (", and timestamp" if "timestamp" in usual.missing else "")
        what = "a table of people, not of events: no column says what happened (event)"
        traits = f"to read its columns as traits, add the column {add}"
        return MappingNeeded(f"{rows.name}: {what}; {there}; {traits}", draft)
    need = "a table needs the columns user_id, event and timestamp, or one clear column for each"
    if not sample and not usual.parts:
        return NoEvents(f"{rows.name}: {need}; {missing}; {there}", draft="")
    if not sample:
        return InputError(f"{rows.name}: {need}; {missing}; {there}")
    what = f"{rows.name}: {need}: {guess.doubt}; say which is which with --mapping; {missing}; {there}"
    return MappingNeeded(what, draft) if usual.parts or any(guess.candidates.values()) else NoEvents(what, draft)


def _refuse_equal_names(rows: Rows) -> None:
    """Raise InputError if two columns have one name."""
    for column, count in Counter(rows.columns).items():
        if count > 1 and not NAMELESS.fullmatch(column):
            raise InputError(
                f"{rows.name}: {count} columns are called {column!r}; rename or remove all but one of them"
            )


def _said(mapping: EventMapping) -> str:
    """Which columns were taken, in one line."""
    parts = (("person", mapping.person), ("anonymous", mapping.anonymous), ("event", mapping.event))
    taken = [f"{part} = {columns[0]}" for part, columns in parts if columns]
    unfolded = [f"the keys of {column} are properties" for column in mapping.json_]
    return "; ".join(
        ["own columns: " + ", ".join([*taken, f"time = {mapping.time[0]}, UTC without an offset"]), *unfolded]
    )


def _mapped(rows: Rows, mapping: EventMapping) -> Read:
    """Each row as the event that a mapping makes of it, or why it cannot be one."""
    _require_columns(rows, mapping)
    texts = mapping.parts | frozenset(mapping.json_)
    nameless = {column for column in rows.columns if NAMELESS.fullmatch(column)}
    for position, row in rows.rows:
        if not isinstance(row, dict):
            yield position, row
            continue
        typed = {
            column: value if column in texts else rows.typed(column, value)
            for column, value in row.items()
            if column not in nameless and not (column in texts and isinstance(value, str) and value in MISSING)
        }
        try:
            event = event_of(typed, mapping)
        except EventRejected as reason:
            yield position, reason
            continue
        event |= {field: str(int(event[field])) for field in IDS if _is_whole(event.get(field))}
        ids = {field: event[field] for field in IDS if isinstance(event.get(field), str)}
        yield position, with_whole_ids(event, ids, numbers=False)


def _is_whole(value: Any) -> bool:
    """Whether a number of an id has all its digits."""
    return isinstance(value, float) and value.is_integer() and abs(value) < LARGEST_WHOLE


def _require_columns(rows: Rows, mapping: EventMapping) -> None:
    """Check that a table has the columns that a mapping names: one of those for a part, and each property, trait and
    JSON. Raises InputError.
    """
    if not rows.columns:
        return
    for field, columns in mapping.model_dump(by_alias=True, include=_PARTS | _LISTS).items():
        absent = [column for column in columns or () if column not in rows.columns and "." not in column]
        if absent and (field in _LISTS or field == "json" or len(absent) == len(columns)):
            what = f"the mapping's {field} is {' or '.join(map(repr, absent))}, which is not a column"
            fits = mapping.parts.intersection(rows.columns)
            refused = f"{rows.name}: {what}; there are: {', '.join(rows.columns)[:160]}"
            raise InputError(refused) if fits else NoEvents(refused, draft="")


def _in_zone(rows: Rows, first: Row, reading: Reading, mapping: ExportMapping) -> Read:
    """The events of the export that a mapping names. Raises InputError for another file; NoEvents for one that holds
    no events, so that it is skipped in a folder.
    """
    if export := export_with_zone(first, mapping):
        yield from _exported(rows, export, reading, renamed(rows.columns, export))
        return
    sample, _ = sampled(rows)
    found = usual_names.usual_of(list(first)).parts or any(own_columns.guess(first, sample).candidates.values())
    may_hold_events = found or first.get("type") in TYPES or export_of(rows.name, first)
    why = f"is not an export of {mapping.export}, which the mapping names; read it without this mapping"
    refused = f"{rows.name}: {why}"
    raise InputError(refused) if may_hold_events else NoEvents(refused, draft="")


def _exported(rows: Rows, export: Export, reading: Reading, own_names: Mapping[str, str]) -> Read:
    """The events of a known export. `own_names`: a table's columns -> the names that the export has for them."""
    reading.say(rows.name, f"{export.name}: {export.said}")
    for position, row in rows.rows:
        if not isinstance(row, dict):
            yield (
                position,
                row if isinstance(row, EventRejected) else EventRejected("not_an_object", "is not an object"),
            )
            continue
        asked = _in_its_words(row, rows, own_names) if rows.columns else row
        try:
            for event in export.events(asked):
                if isinstance(event, Ignored):
                    reading.ignored[event] += 1
                elif not isinstance(event, Made) or reading.is_news(event):
                    yield position, event
        except EventRejected as reason:
            yield position, reason


def _in_its_words(row: Row, rows: Rows, own_names: Mapping[str, str]) -> Row:
    """A table's row with the names that an export asks for, and without the words for a missing value there."""
    return {
        own_names.get(column, column): rows.typed(column, value)
        for column, value in row.items()
        if not (column in own_names and isinstance(value, str) and value in MISSING)
    }


def _unfolding(rows: Rows) -> Rows:
    """The rows with a column `properties` as the object that it is, if it holds JSON objects and nothing else."""
    bundle = next((column for column in rows.columns if column.lower() == _BUNDLE), None)
    if bundle is None:
        return rows
    sample, rows = sampled(rows)
    if bundle not in own_columns.guess([bundle], sample).json:
        return rows
    return rows._replace(rows=((position, _with_object(row, bundle)) for position, row in rows.rows))


def _with_object(row: Row | EventRejected, bundle: str) -> Row | EventRejected:
    """A row whose text of JSON is the object itself."""
    if isinstance(row, EventRejected) or bundle not in row:
        return row
    found = own_columns.object_in(row[bundle])
    if found is None:
        return EventRejected("invalid_field", f"{bundle}: {str(row[bundle])[:40]!r} is not a JSON object")
    return {**row, bundle: found}
