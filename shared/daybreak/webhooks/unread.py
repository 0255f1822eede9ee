"""A delivery that no mapping reads: kept whole in the quarantine, so that it can be read once a mapping is there."""

import json
from dataclasses import replace
from typing import Any

from daybreak.errors import EventRejected
from daybreak.ingest.event import Arrival
from daybreak.ingest.request import MAX_QUARANTINED_BYTES, Rejected, quarantined
from daybreak.ingest.rules import UNREAD, Clean, Rules
from daybreak.webhooks.body import Delivery

_PARTS = ("properties", "traits", "context")
"""The parts of an event that [privacy] names fields of."""
_HEADERS = ("topic", "id")


def cleaned(delivery: Delivery, clean: Clean) -> Delivery:
    """A delivery without what [privacy] drops, and with hashes of what it hashes, wherever an object has a field of
    that name: no mapping has said yet where a field would be in an event. Raises EventRejected if it is too deep.
    """
    try:
        return replace(delivery, body=_cleaned(delivery.body, clean))
    except RecursionError:
        raise EventRejected("unencodable", "the body is nested too deep to be kept") from None


def unread_record(delivery: Delivery, reason: EventRejected, arrival: Arrival, rules: Rules) -> Rejected:
    """The record of a delivery, with everything that is needed to read it again.

    A body that is too large or too deep to be kept whole is not kept at all: what is cut can be neither read again nor
    searched for people. A record about somebody who asked to be forgotten has no line, so that it is not stored.
    """
    record = quarantined(0, _whole(delivery, rules.clean) or "", None, reason, arrival)
    return replace(record, line=b"") if rules.forgets({UNREAD: delivery.body}) else record


def read_again(raw: dict[str, Any]) -> Delivery | None:
    """The delivery of a record's body; None if the record is that of an event."""
    if UNREAD not in raw:
        return None
    return Delivery(raw[UNREAD], *(raw.get(name) for name in _HEADERS))


def _whole(delivery: Delivery, clean: Clean) -> dict[str, Any] | None:
    headers = {name: value for name in _HEADERS if (value := getattr(delivery, name))}
    try:
        whole = {UNREAD: cleaned(delivery, clean).body, **headers}
        return whole if len(json.dumps(whole)) <= MAX_QUARANTINED_BYTES else None
    except (EventRejected, RecursionError, ValueError):
        return None


def _cleaned(value: Any, clean: Clean) -> Any:
    if isinstance(value, list):
        return [_cleaned(one, clean) for one in value]
    if not isinstance(value, dict):
        return value
    for part in _PARTS:
        value = clean({part: value}).get(part, {})
    return {name: _cleaned(one, clean) for name, one in value.items()}
