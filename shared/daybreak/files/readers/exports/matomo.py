"""Matomo's visits (Live.getLastVisitsDetails): one row a visit, with its actions in order.

https://developer.matomo.org/api-reference/reporting-api
"""

from typing import Any

from daybreak.files.readers.exports.export import Event, Events, Export, Row, event, filled, id_of, identified, instant


def _events(row: Row) -> Events:
    actions = row.get("actionDetails")
    for place, action in enumerate(actions if isinstance(actions, list) else []):
        if isinstance(action, dict):
            own = _event(row, action, place)
            yield own
            if place == 0:
                yield from identified(own)


def _event(visit: Row, action: dict[str, Any], place: int) -> Event:
    when = instant("timestamp", filled(action, "timestamp") or filled(visit, "serverTimestamp"))
    common = {
        "messageId": f"matomo-{visit.get('idVisit')}-{place}",
        "userId": id_of(visit.get("userId")),
        "anonymousId": id_of(visit.get("visitorId")),
    }
    kind = action.get("type")
    properties = {"category": action.get("eventCategory"), "name": action.get("eventName")}
    properties |= {"value": action.get("eventValue"), "url": action.get("url"), "title": action.get("pageTitle")}
    given = {name: value for name, value in properties.items() if value not in (None, "")}
    if kind == "event":
        return event("track", when, **common, event=action.get("eventAction"), properties=given)
    if kind == "action":
        return event("page", when, **common, name=filled(action, "pageTitle", "url"), properties=given)
    return event("track", when, **common, event=filled(action, "goalName", "type"), properties=given)


EXPORT = Export(
    "Matomo export of visits",
    frozenset({"idvisit", "visitorid", "actiondetails"}),
    "person = userId, device = visitorId, event = eventAction, time in seconds UTC",
    _events,
)
