"""Google Analytics 4 as BigQuery exports it, in JSON or Parquet. It has no id of an event.

https://support.google.com/analytics/answer/7029846
"""

from typing import Any

from daybreak.files.readers.exports.export import (
    Events,
    Export,
    Row,
    event,
    id_of,
    identified,
    instant,
    listed_in,
)

_TELLS_APART = (
    "stream_id",
    "platform",
    "event_bundle_sequence_id",
    "batch_event_index",
    "batch_ordering_id",
    "batch_page_id",
    "event_server_timestamp_offset",
)
"""With these, two events of one instant are two rows: the id is made of the row."""


def _events(row: Row) -> Events:
    numbered = {name: row[name] for name in _TELLS_APART if row.get(name) not in (None, "")}
    own = event(
        "track",
        instant("event_timestamp", row.get("event_timestamp")),
        userId=id_of(row.get("user_id")),
        anonymousId=id_of(row.get("user_pseudo_id")),
        event=row.get("event_name"),
        properties=numbered | _params(row.get("event_params")),
    )
    yield own
    yield from identified(own, _params(row.get("user_properties")))


def _params(listed: Any) -> dict[str, Any]:
    """Parameters by key, each with the one of its values that is set."""
    found = {}
    for param in listed_in(listed):
        values = param.get("value") if isinstance(param, dict) else None
        if isinstance(values, dict) and isinstance(param.get("key"), str):
            for kind, value in values.items():
                if value is not None and kind.endswith("_value"):
                    found[param["key"]] = int(value) if kind == "int_value" and str(value).isdigit() else value
    return found


EXPORT = Export(
    "GA4 export (Google Analytics 4)",
    frozenset({"event_timestamp", "event_name", "user_pseudo_id"}),
    "person = user_id, device = user_pseudo_id, time = event_timestamp in microseconds UTC",
    _events,
    frozenset({"user_id", "event_params", "user_properties", *_TELLS_APART}),
)
