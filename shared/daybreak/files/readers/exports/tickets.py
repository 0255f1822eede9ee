"""Support tickets: Zendesk's tickets, and Intercom's conversations and tickets. Subjects and texts are left out.

https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/
https://developers.intercom.com/docs/references/rest-api/api.intercom.io/conversations
"""

from typing import Any

from daybreak.files.readers.exports.export import Events, Export, Row, event, filled, id_of, instant
from daybreak.webhooks.vendors.tickets import OPENED


def _zendesk(row: Row) -> Events:
    properties = {name: row.get(name) for name in ("status", "priority", "type", "tags", "subtype")}
    properties["channel"] = row["via"].get("channel") if isinstance(row.get("via"), dict) else None
    yield event(
        "track",
        instant("created_at", row.get("created_at")),
        messageId=f"zendesk-ticket-{row.get('id')}" if id_of(row.get("id")) else None,
        userId=id_of(filled(row, "external_id", "requester_id")),
        event=OPENED,
        properties={name: value for name, value in properties.items() if value not in (None, "", [])},
    )


def _intercom(row: Row) -> Events:
    kind = str(row.get("type") or "conversation")
    properties = {"channel": kind, **{name: row.get(name) for name in ("state", "priority", "read", "ticket_state")}}
    tags = row["tags"].get("tags") if isinstance(row.get("tags"), dict) else None
    properties["tags"] = [tag.get("name") for tag in tags or [] if isinstance(tag, dict)]
    yield event(
        "track",
        instant("created_at", row.get("created_at")),
        messageId=f"intercom-{kind}-{row.get('id')}" if id_of(row.get("id")) else None,
        userId=_contact(row),
        event=OPENED,
        properties={name: value for name, value in properties.items() if value not in (None, "", [])},
    )


def _contact(row: Row) -> str | None:
    """The person who wrote: by the team's own id, else by Intercom's."""
    contacts: Any = row.get("contacts")
    listed = contacts.get("contacts", contacts.get("data")) if isinstance(contacts, dict) else contacts
    first = listed[0] if isinstance(listed, list) and listed and isinstance(listed[0], dict) else {}
    source = row["source"].get("author") if isinstance(row.get("source"), dict) else None
    author = source if isinstance(source, dict) and source.get("type") != "admin" else {}
    return id_of(filled(first, "external_id", "id") or filled(author, "id"))


ZENDESK = Export(
    "Zendesk tickets",
    frozenset({"requester_id", "created_at", "status"}),
    "person = external_id, else requester_id; event = Ticket Opened; time = created_at",
    _zendesk,
)
INTERCOM = Export(
    "Intercom conversations or tickets",
    frozenset({"type", "created_at", "contacts.contacts"}),
    "person = the contact's external_id, else id; event = Ticket Opened; time = created_at in seconds UTC",
    _intercom,
)
