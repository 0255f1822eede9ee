"""Support: Zendesk's tickets, Intercom's conversations and tickets. The family support_load reads "Ticket Opened".

https://developer.zendesk.com/api-reference/webhooks/event-types/ticket-events/
https://developer.zendesk.com/api-reference/webhooks/event-types/user-events/
https://developers.intercom.com/docs/references/webhooks/webhook-models
"""

from typing import Any

from daybreak.webhooks.body import Delivery, objects
from daybreak.webhooks.vendors.event import OF_NO_INTEREST, Event, Events, Row, event, first, link, own_id, word

OPENED, SOLVED = "Ticket Opened", "Ticket Solved"
_TICKET = "zen:event-type:ticket."
_USER = "zen:event-type:user."


def zendesk(delivery: Delivery) -> Events:
    """A ticket that was opened or solved, and which of Zendesk's users is which of the product's."""
    body = delivery.body
    if not isinstance(body, dict):
        return None
    match body.get("type"):
        case "zen:event-type:ticket.created":
            opened = first(body, "detail.created_at", "time")
            return [_zendesk(body, OPENED, own_id("zendesk-ticket", first(body, "detail.id")), opened)]
        case "zen:event-type:ticket.status_changed":
            if word(first(body, "event.current")) != "solved":
                return OF_NO_INTEREST
            return [_zendesk(body, SOLVED, own_id("zendesk", first(body, "id")), first(body, "time"))]
        case "zen:event-type:user.created" | "zen:event-type:user.external_id_changed":
            own = first(body, "detail.external_id")
            if own is None:
                return OF_NO_INTEREST
            id_ = own_id("zendesk", first(body, "id"))
            return [link(id_, first(body, "time"), first(body, "detail.id"), own)]
    return None


def _zendesk(body: Row, name: str, id_: str | None, at: Any) -> Event:
    properties = {
        "ticket": first(body, "detail.id"),
        "status": word(first(body, "event.current", "detail.status")),
        "channel": first(body, "detail.via.channel"),
        "priority": word(first(body, "detail.priority")),
        "type": word(first(body, "detail.type")),
        "tags": first(body, "detail.tags"),
    }
    return event(name, id_, at, first(body, "detail.external_id", "detail.requester_id"), properties)


_OPENED_BY = {"conversation.user.created": "conversation", "ticket.created": "ticket"}
_CLOSED_BY = {"conversation.admin.closed": "conversation", "ticket.closed": "ticket"}


def intercom(delivery: Delivery) -> Events:
    """A conversation or ticket that was opened or closed."""
    body = delivery.body
    topic, item = (body.get("topic"), first(body, "data.item")) if isinstance(body, dict) else (None, None)
    if topic == "ping":
        return OF_NO_INTEREST
    if not isinstance(topic, str) or not isinstance(item, dict):
        return None
    own = item.get("id")
    if kind := _OPENED_BY.get(topic):
        return [_intercom(item, OPENED, own_id(f"intercom-{kind}", own), kind, first(item, "created_at"))]
    if kind := _CLOSED_BY.get(topic):
        at = first(body, "created_at", "data.item.updated_at")
        return [_intercom(item, SOLVED, own_id("intercom", first(body, "id")), kind, at)]
    return None


def _intercom(item: Row, name: str, id_: str | None, kind: str, at: Any) -> Event:
    tags = [tag.get("name") for tag in objects(first(item, "tags.tags"))]
    properties = {"ticket": item.get("id"), "channel": kind, "tags": tags}
    properties |= {part: item.get(part) for part in ("state", "priority")}
    return event(name, id_, at, _contact(item), properties)


def _contact(item: Row) -> Any:
    """Who wrote: by the product's own id, else by Intercom's. Older versions of its API name the user directly."""
    listed = [*objects(first(item, "contacts.contacts")), *objects(item.get("contacts")), {}]
    author = {} if first(item, "source.author.type") == "admin" else {"id": first(item, "source.author.id")}
    return first(listed[0], "external_id") or first(item, "user.user_id") or first(listed[0], "id") or author.get("id")
