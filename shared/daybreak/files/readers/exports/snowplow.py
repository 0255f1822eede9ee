"""Snowplow's enriched events: 131 columns by tabs without a header, or a table with their names.

https://docs.snowplow.io/docs/understanding-your-pipeline/canonical-event/understanding-the-enriched-tsv-format/
"""

import re
from collections.abc import Sequence
from typing import Any

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
    not_too_large,
    object_of,
)

COLUMNS = 131
_AT = {
    "app_id": 0,
    "platform": 1,
    "collector_tstamp": 3,
    "event": 5,
    "event_id": 6,
    "user_id": 12,
    "domain_userid": 15,
    "network_userid": 17,
    "page_url": 29,
    "page_title": 30,
    "page_referrer": 31,
    "mkt_medium": 47,
    "mkt_source": 48,
    "mkt_campaign": 51,
    "contexts": 52,
    "se_category": 53,
    "se_action": 54,
    "se_label": 55,
    "se_property": 56,
    "se_value": 57,
    "unstruct_event": 58,
    "tr_orderid": 59,
    "tr_total": 61,
    "tr_currency": 106,
    "derived_tstamp": 124,
    "event_name": 126,
}
"""The columns that are read, counted from 0."""
_KEPT = (
    *("app_id", "platform", "page_url", "page_title", "page_referrer", "mkt_medium", "mkt_source", "mkt_campaign"),
    *("se_category", "se_label", "se_property", "tr_orderid", "tr_currency"),
)
_NUMBERS = ("se_value", "tr_total")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def is_enriched(cells: Sequence[str]) -> bool:
    """Whether these are the cells of an enriched event: a table without a header."""
    return len(cells) == COLUMNS and bool(_UUID.fullmatch(cells[_AT["event_id"]]))


def named(cells: Sequence[str]) -> dict[str, str]:
    """The cells of an enriched event by the names of their columns."""
    return {name: cells[at] for name, at in _AT.items()}


def _events(row: Row) -> Events:
    structured = str(row.get("event")) in ("struct", "se")
    properties = {name: row[name] for name in _KEPT if row.get(name) not in (None, "")}
    properties |= {name: _number(row[name]) for name in _NUMBERS if row.get(name) not in (None, "")}
    properties |= _inner(row.get("unstruct_event"))
    if contexts := _listed(row.get("contexts")):
        properties["contexts"] = contexts
    own = event(
        "track",
        instant("derived_tstamp", filled(row, "derived_tstamp", "collector_tstamp")),
        messageId=exact_id(row.get("event_id")),
        userId=id_of(row.get("user_id")),
        anonymousId=id_of(filled(row, "domain_userid", "network_userid")),
        event=filled(row, "se_action", "event_name") if structured else filled(row, "event_name", "event"),
        properties=not_too_large(properties),
    )
    yield own
    yield from identified(own)


def _inner(value: Any) -> dict[str, Any]:
    """The data of a self-describing event: it is inside of two envelopes."""
    data = object_of(value)
    while isinstance(data.get("data"), dict):
        data = data["data"]
    return data


def _listed(value: Any) -> list[Any]:
    listed = object_of(value).get("data")
    return [part.get("data") for part in listed if isinstance(part, dict)] if isinstance(listed, list) else []


def _number(value: Any) -> Any:
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value


EXPORT = Export(
    "Snowplow enriched events",
    frozenset({"event_id", "collector_tstamp", "domain_userid", "se_action"}),
    "person = user_id, device = domain_userid, event = se_action or event_name, time = derived_tstamp in UTC",
    _events,
    frozenset(_AT),
)
