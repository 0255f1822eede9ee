"""Every entry into a list as an event, so that campaigns and experiments measure whether people acted."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from typing import Any

from daybreak.definitions.lists import PeopleList
from daybreak.errors import EventRejected
from daybreak.ingest.event import OWN_SOURCE, Arrival, Canonical, canonical, iso
from daybreak.lists.members import Member

ENTERED = "List Entered"
DELIVERED, HELD_OUT = "delivered", "held_out"


def entry_events(
    listed: PeopleList,
    name: str,
    members: Iterable[Member],
    made_at: datetime,
    delivered_at: datetime,
    received_at: datetime,
    account_property: str | None,
) -> Iterator[Canonical]:
    """The event of each entry, those of people who are held out included.

    The message id is made from the list, the person and the instant for which the list was made, so storing the events
    again doubles nothing. An id so long that it leaves no room for the event has none.
    """
    arrival = Arrival(received_at=received_at, source=OWN_SOURCE, history=True)
    for position, member in enumerate(members):
        entry = json.dumps([name, member.key, made_at.isoformat()])
        properties: dict[str, Any] = {
            "list": name,
            "variant": HELD_OUT if member.held_out else DELIVERED,
            "holdout": member.held_out,
        }
        event = {
            "type": "track",
            "event": ENTERED,
            "messageId": f"list-{hashlib.sha256(entry.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}",
            "timestamp": iso(delivered_at),
            "properties": properties,
            **_who(listed, member),
        }
        if listed.actor == "account" and account_property:
            properties[account_property] = member.id
        with suppress(EventRejected):
            yield canonical(event, arrival, position)


def _who(listed: PeopleList, member: Member) -> dict[str, Any]:
    """Whom the event is about. An event needs a person; that of an account has one of its own, like no user's."""
    if listed.actor == "account":
        return {"userId": f"account:{member.id}", "context": {"groupId": member.id}}
    return {"userId" if member.is_user else "anonymousId": member.id}
