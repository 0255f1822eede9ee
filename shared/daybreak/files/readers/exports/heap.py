"""A table of Heap's events, as Heap Connect writes it to a warehouse. Its names are in small letters."""

from daybreak.files.readers.exports.export import Events, Export, Row, event, exact_id, id_of, instant

_PARTS = frozenset({"event_id", "user_id", "time", "event_table_name"})


def _events(row: Row) -> Events:
    own, person = id_of(row.get("event_id")), id_of(row.get("user_id"))
    yield event(
        "track",
        instant("time", row.get("time")),
        messageId=exact_id(f"heap-{own}", person) if own else None,
        userId=person,
        event=row.get("event_table_name"),
        properties={name: value for name, value in row.items() if name not in _PARTS and value not in (None, "")},
    )


EXPORT = Export(
    "table of Heap",
    frozenset({"event_id", "event_table_name"}),
    "person = user_id, event = event_table_name in small letters, time in UTC",
    _events,
    _PARTS,
)
