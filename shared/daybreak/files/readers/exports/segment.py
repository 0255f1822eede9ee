"""Segment's and RudderStack's tables in a warehouse: tracks (and one table for each event), identifies, pages, groups.

https://segment.com/docs/connections/storage/warehouses/schema/
"""

from typing import Any

from daybreak.files.readers.exports.export import Event, Events, Export, Row, event, exact_id, filled, id_of, instant

_TIMES = ("timestamp", "original_timestamp", "sent_at", "received_at")
_PARTS = frozenset({"id", "user_id", "anonymous_id", "event", "event_text", *_TIMES, "uuid", "uuid_ts", "loaded_at"})
_WHO_AND_WHEN = "person = user_id, anonymous = anonymous_id, time = timestamp"


def _call(type_: str, row: Row, **fields: Any) -> Event:
    return event(
        type_,
        instant("timestamp", filled(row, *_TIMES)),
        messageId=exact_id(row.get("id")),
        userId=id_of(row.get("user_id")),
        anonymousId=id_of(row.get("anonymous_id")),
        **fields,
    )


def _others(row: Row) -> dict[str, Any]:
    """The columns that an event's own properties have made."""
    return {
        name: value
        for name, value in row.items()
        if name.lower() not in _PARTS and not name.lower().startswith("context_") and value not in (None, "")
    }


def _track(row: Row) -> Events:
    yield _call("track", row, event=filled(row, "event_text", "event"), properties=_others(row))


def _identify(row: Row) -> Events:
    yield _call("identify", row, traits=_others(row))


def _page(row: Row) -> Events:
    yield _call("page", row, name=row.get("name"), category=row.get("category"), properties=_others(row))


def _group(row: Row) -> Events:
    traits = {name: value for name, value in _others(row).items() if name != "group_id"}
    yield _call("group", row, groupId=id_of(row.get("group_id")), traits=traits)


def _table(kind: str, known_by: str, events: Any) -> Export:
    name = f"Segment or RudderStack table of {kind}"
    more = frozenset({"name", "category", "group_id"})
    said = f"event = event_text, {_WHO_AND_WHEN}" if kind == "tracks" else _WHO_AND_WHEN
    return Export(name, frozenset(known_by.split()), said, events, _PARTS | more)


TABLES = (
    _table("tracks", "event event_text received_at", _track),
    _table("groups", "id user_id anonymous_id received_at group_id", _group),
    _table("pages", "id anonymous_id received_at url path", _page),
    _table("identifies", "id user_id anonymous_id received_at", _identify),
)
