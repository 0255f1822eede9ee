"""Amplitude's export: a zip file of gzipped JSON lines.

https://amplitude.com/docs/apis/analytics/export
"""

from daybreak.files.readers.exports.export import (
    Events,
    Export,
    Row,
    event,
    exact_id,
    id_of,
    identified,
    instant,
    object_of,
)

_CALLS = ("$identify", "$groupidentify")


def _events(row: Row) -> Events:
    person, device = id_of(row.get("user_id")), id_of(row.get("device_id"))
    own = event(
        "track",
        instant("event_time", row.get("event_time")),
        messageId=exact_id(row.get("uuid")) or exact_id(row.get("$insert_id"), person or device),
        userId=person,
        anonymousId=device,
        event=row.get("event_type"),
        properties=object_of(row.get("event_properties")),
    )
    if row.get("event_type") not in _CALLS:
        yield own
    yield from identified(own, object_of(row.get("user_properties")))


EXPORT = Export(
    "Amplitude export",
    frozenset({"event_type", "event_time", "device_id", "amplitude_id"}),
    "person = user_id, device = device_id, time = event_time in UTC",
    _events,
    frozenset({"user_id", "uuid", "$insert_id", "event_properties", "user_properties"}),
)
