"""Exports of other tools, recognised by the names of their columns or keys. None of them is read yet."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from daybreak.errors import InputError


class Export(NamedTuple):
    """A tool's export: the names by which it is known, and those that say who did what and when."""

    name: str
    known_by: frozenset[str]
    person: str
    event: str
    time: str


def _export(name: str, known_by: str, *, person: str, event: str, time: str) -> Export:
    return Export(name, frozenset(known_by.split()), person, event, time)


_ANSWERED = '"Survey Answered"'
_EXPORTS = (
    _export(
        "a Mixpanel export",
        "event properties.distinct_id properties.time",
        person="properties.distinct_id",
        event="event",
        time="properties.time",
    ),
    _export("a Mixpanel export", "event distinct_id time", person="distinct_id", event="event", time="time"),
    _export(
        "an export of Google Analytics 4",
        "event_timestamp event_name user_pseudo_id",
        person="user_id",
        event="event_name",
        time="event_timestamp",
    ),
    _export(
        "an Amplitude export",
        "event_type event_time device_id amplitude_id",
        person="user_id",
        event="event_type",
        time="event_time",
    ),
    _export("a PostHog export", "event distinct_id timestamp", person="distinct_id", event="event", time="timestamp"),
    _export(
        "Segment's or RudderStack's table of tracks",
        "event event_text received_at",
        person="user_id",
        event="event_text",
        time="timestamp",
    ),
    _export(
        "Shopify's export of orders",
        "name financial_status lineitem_name created_at",
        person="Email",
        event='"Order Placed"',
        time="Created at",
    ),
    _export(
        "Zendesk's list of tickets",
        "tickets[].requester_id",
        person="requester_id",
        event='"Ticket Opened"',
        time="created_at",
    ),
    _export(
        "Typeform's list of responses",
        "items[].response_id items[].answers",
        person="hidden.user_id",
        event=_ANSWERED,
        time="submitted_at",
    ),
    _export(
        "Delighted's list of responses", "survey_type score person", person="person", event=_ANSWERED, time="created_at"
    ),
    _export(
        "Stripe's list of events",
        "type created data.object",
        person="data.object.customer",
        event="type",
        time="created",
    ),
    _export(
        "Matomo's list of visits",
        "idvisit visitorid actiondetails",
        person="userId",
        event="actionDetails[].eventAction",
        time="actionDetails[].timestamp",
    ),
    _export("a table of Heap", "event_id event_table_name", person="user_id", event="event_table_name", time="time"),
)
_SNOWPLOW = Export("a file of Snowplow's enriched events", frozenset(), "column 13", "column 55 or 127", "column 125")
_SNOWPLOW_COLUMNS = 131
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def refuse_export(name: str, row: Mapping[str, Any]) -> None:
    """Raise InputError if a file's first row is one of a known export."""
    _refuse(name, _names(row))


def refuse_export_of_columns(name: str, columns: list[str]) -> None:
    """Raise InputError if a file's first line is one of a known export."""
    if len(columns) == _SNOWPLOW_COLUMNS and _UUID.fullmatch(columns[6]):
        raise _refused(name, _SNOWPLOW)
    _refuse(name, columns)


def _refuse(file: str, names: Iterable[str]) -> None:
    known = {name.lower().replace(" ", "_") for name in names}
    for export in _EXPORTS:
        if export.known_by <= known:
            raise _refused(file, export)


def _refused(file: str, export: Export) -> InputError:
    columns = f"user_id = {export.person}, event = {export.event} and timestamp = {export.time}"
    return InputError(f"{file}: is {export.name}, which is not read yet; write CSV with the columns {columns}")


def _names(row: Mapping[str, Any]) -> Iterator[str]:
    """The keys of a row, and those one level below: data.object, and items[].answers of the first item."""
    for key, value in row.items():
        yield key
        inner, joint = (value[0], "[].") if isinstance(value, list) and value else (value, ".")
        if isinstance(inner, dict):
            yield from (f"{key}{joint}{below}" for below in inner)
