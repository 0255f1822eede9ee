"""docs/webhooks.md: its definitions can be deployed, and its bodies of triggers and Zaps become the events it names."""

import json
import re
from datetime import UTC, datetime
from typing import Any

from daybreak.definitions.project import Project, parse
from daybreak.definitions.webhooks import VENDORS
from daybreak.ingest.request import Request
from daybreak.ingest.rules import NO_RULES
from daybreak.webhooks.receive import receive_webhook
from support.hooks import SECRET, signed
from support.pages import DOCS

PAGE = (DOCS / "webhooks.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^ *```(toml|json)\n(.*?)^ *```", PAGE, re.S | re.M)
NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
ANYBODY = '[project]\ntimezone = "UTC"\n[active_people.anybody]\ndescription = "Anybody"\n'
FILLED = {
    "{{ticket.id}}": "35436", "{{ticket.requester.external_id}}": "kim", "{{ticket.priority}}": "High", "{{ticket.via}}": "Web",
    "{{ticket.created_at_with_timestamp}}": "2026-10-05T09:00:05Z", "…": "kim",
}  # fmt: skip
"""What Zendesk, or whoever fills in a Zap, puts in the places of the bodies."""


def _project() -> Project:
    return parse(ANYBODY + "\n".join(body for language, body in BLOCKS if language == "toml"))


def _stored(name: str, body: str) -> dict[str, Any]:
    for place, value in FILLED.items():
        body = body.replace(place, value)
    webhook = _project().webhooks[name]
    request = Request("POST", "", signed(webhook.signed_as, body.encode(), NOW), {}, body.encode())
    intake = receive_webhook(name, request, {name: webhook}, lambda _: [SECRET], lambda: NO_RULES, NOW)
    (event,) = intake.events
    return dict(json.loads(event.line))


def test_the_definitions_of_the_page_can_be_deployed() -> None:
    assert list(_project().webhooks) == ["support", "ticket_opened", "bookings", "zapier"]


def test_the_bodies_of_the_page_become_the_events_that_their_mappings_name() -> None:
    trigger, zap = (body for language, body in BLOCKS if language == "json")
    opened = _stored("ticket_opened", trigger)
    assert (opened["event"], opened["user_id"], opened["message_id"]) == ("Ticket Opened", "kim", "ticket_opened-35436")
    assert (opened["timestamp"], opened["properties"]) == (
        "2026-10-05T09:00:05Z", {"priority": "High", "channel": "Web"})  # fmt: skip
    booked = _stored("zapier", zap)
    assert (booked["event"], booked["user_id"], booked["properties"]) == ("Demo Booked", "kim", {"plan": "pro"})


def test_every_vendor_has_a_section() -> None:
    headings = {heading.lower() for heading in re.findall(r"^## (\w+)$", PAGE, re.M)}
    assert set(VENDORS) <= headings
