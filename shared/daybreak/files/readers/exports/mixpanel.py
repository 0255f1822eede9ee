"""Mixpanel's raw export: one event a line, with who and when among its properties.

https://developer.mixpanel.com/reference/raw-event-export
"""

from dataclasses import replace
from datetime import UTC, tzinfo

from daybreak.files.readers.exports.export import (
    Events,
    Export,
    Row,
    event,
    exact_id,
    filled,
    id_of,
    identified,
    instant,
)

_PARTS = frozenset({"time", "distinct_id", "$insert_id", "$user_id", "$device_id", "event"})
_DEVICE = "$device:"
"""A distinct_id that begins so is a device's and not a person's."""
_TOOL = "mixpanel"
_WHO = "person = distinct_id, "
_SAID = (
    f"{_WHO}time in seconds UTC (a project from before 2023 may hold local time: "
    "say its zone with --mapping, which `daybreak import FILE --draft` writes)"
)


def _events(row: Row, zone: tzinfo = UTC) -> Events:
    properties = row["properties"] if isinstance(row.get("properties"), dict) else row
    when, name = instant("time", properties.get("time"), zone), row.get("event")
    distinct, device = id_of(properties.get("distinct_id")), id_of(properties.get("$device_id"))
    if distinct and distinct.startswith(_DEVICE):
        device, distinct = device or distinct.removeprefix(_DEVICE), None
    elif distinct == device:
        distinct = None
    person = id_of(properties.get("$user_id")) or distinct
    own = event(
        "track",
        when,
        messageId=exact_id(filled(properties, "$insert_id", "insert_id"), name, distinct or device, when),
        userId=person,
        anonymousId=device,
        event=name,
        properties={key: value for key, value in properties.items() if key not in _PARTS},
    )
    if name == "$identify":
        user, anonymous = properties.get("$identified_id"), properties.get("$anon_id")
        yield own | {"type": "identify", "userId": id_of(user) or person, "anonymousId": id_of(anonymous) or device}
    elif name == "$create_alias":
        yield own | {"type": "identify", "userId": id_of(properties.get("alias")), "anonymousId": distinct or device}
    else:
        yield own
        yield from identified(own)


def _in_zone(export: Export, zone: tzinfo) -> Export:
    time = "time in seconds UTC" if zone is UTC else f"time in seconds, local time of {zone}"
    return replace(export, said=f"{_WHO}{time}", events=lambda row: _events(row, zone))


RAW = Export(
    "Mixpanel export",
    frozenset({"event", "properties.distinct_id", "properties.time"}),
    _SAID,
    _events,
    tool=_TOOL,
    in_zone=_in_zone,
)
TABLE = Export(
    "Mixpanel export as a table",
    frozenset({"event", "distinct_id", "time"}),
    _SAID,
    _events,
    _PARTS,
    tool=_TOOL,
    in_zone=_in_zone,
)
