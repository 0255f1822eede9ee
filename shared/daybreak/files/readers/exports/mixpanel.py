"""Mixpanel's raw export: one event a line, with who and when among its properties.

https://developer.mixpanel.com/reference/raw-event-export
"""

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
from daybreak.mapping.mapping import EventMapping

_PARTS = frozenset({"time", "distinct_id", "$insert_id", "$user_id", "$device_id", "event"})
_DEVICE = "$device:"
"""A distinct_id that begins so is a device's and not a person's."""
_SAID = "person = distinct_id, time in seconds UTC (a project from before 2023 may hold local time: then use --mapping)"


def _events(row: Row) -> Events:
    properties = row["properties"] if isinstance(row.get("properties"), dict) else row
    when, name = instant("time", properties.get("time")), row.get("event")
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


_MAPPING = EventMapping(
    person=("properties.$user_id", "properties.distinct_id"),
    anonymous=("properties.$device_id",),
    event=("event",),
    time=("properties.time",),
    unit="s",
    timezone="Etc/UTC",
    id=("properties.$insert_id",),
    properties=(),
    json_=("properties",),
)
RAW = Export(
    "Mixpanel export",
    frozenset({"event", "properties.distinct_id", "properties.time"}),
    _SAID,
    _events,
    mapping=_MAPPING,
)
TABLE = Export("Mixpanel export as a table", frozenset({"event", "distinct_id", "time"}), _SAID, _events, _PARTS)
