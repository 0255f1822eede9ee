"""Receive a request to /v1/hook/NAME, and judge again what once could not be read."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from daybreak.definitions.webhooks import Webhook
from daybreak.errors import EventRejected, RequestRefused
from daybreak.ingest.event import MAX_MESSAGE_ID_CHARS, Arrival, Canonical, made_id
from daybreak.ingest.request import BATCH, Intake, Request, arrival_of, judge, judge_again
from daybreak.ingest.rules import Rules
from daybreak.mapping.event_of import event_of, found
from daybreak.mapping.mapping import EventMapping
from daybreak.webhooks.body import Delivery, delivery_of
from daybreak.webhooks.signatures import require_signature
from daybreak.webhooks.unread import cleaned, read_again, unread_record
from daybreak.webhooks.vendors.event import Event
from daybreak.webhooks.vendors.known import KNOWN

_PATH = re.compile(r"^/+v1/hook/([^/]*)/*$")
_MOST_OF_A_TOPIC = 100

UNSIGNED = ("no_secret", "old_signature", "wrong_signature")
"""The codes of requests that no secret of their webhook has signed, or not now. Their tool gives them up some day."""

Secrets = Callable[[str], Sequence[str]]
"""The secrets of a webhook, by its name. Raises RequestRefused (503) if they cannot be read."""
Webhooks = Mapping[str, Webhook]
CurrentRules = Callable[[], Rules]


def hook_name(request: Request) -> str | None:
    """The webhook that a request is for, whether there is one of that name or not; None for any other request."""
    match = _PATH.match(request.path)
    return match.group(1) if match else None


def receive_webhook(
    name: str, request: Request, webhooks: Webhooks, secrets: Secrets, rules: CurrentRules, received_at: datetime
) -> Intake:
    """Check the signature, then read the body and judge its events. Raises RequestRefused for the whole request.

    A HEAD request stores nothing: with it, Intercom makes sure that the URL exists.
    """
    webhook = webhooks.get(name)
    if webhook is None:
        raise RequestRefused(404, "unknown_webhook", f"daybreak.toml has no [webhook.{name[:80]}]")
    if request.method == "HEAD":
        return Intake(name, [], [])
    if request.method != "POST":
        raise RequestRefused(405, "wrong_method", f"a webhook takes POST, not {request.method[:20]}")
    known = secrets(name)
    if not known:
        raise RequestRefused(401, "no_secret", f"set the secret of this webhook: daybreak webhooks secret {name}")
    require_signature(webhook.signed_as, request, known, received_at)
    return _judged(webhook, delivery_of(request), Arrival(received_at, name), rules())


def judge_record(record: Mapping[str, Any], webhooks: Webhooks, rules: Rules) -> list[Canonical]:
    """Judge a record of the quarantine by today's rules and mappings. Raises EventRejected if it still fails."""
    webhook = webhooks.get(record["source"])
    delivery = _unread(record) if webhook else None
    if webhook is None or delivery is None:
        return [judge_again(record, rules)]
    try:
        intake = _judged(webhook, delivery, arrival_of(record), rules)
    except RequestRefused as refused:  # more rows than a request may have
        raise EventRejected(refused.code, refused.message) from None
    if intake.rejected:
        raise EventRejected(intake.rejected[0].code, intake.rejected[0].message)
    return intake.kept().events


def _unread(record: Mapping[str, Any]) -> Delivery | None:
    try:
        raw = json.loads(record["body"])
    except (ValueError, RecursionError):
        return None
    return read_again(raw) if isinstance(raw, dict) else None


def _judged(webhook: Webhook, delivery: Delivery, arrival: Arrival, rules: Rules) -> Intake:
    """The events of a delivery: those that its vendor's bodies are known for, else those of a mapping of one's own.

    An id in a header that is not signed is left out: a request that is sent again could have another one each time.
    """
    if webhook.signed_as != "standard":
        delivery = replace(delivery, id=None)
    try:
        of_vendor = KNOWN[webhook.vendor](delivery) if webhook.vendor else None
    except EventRejected as fault:
        return Intake(arrival.source, [], [unread_record(delivery, fault, arrival, rules)])
    if of_vendor is not None:
        return judge(list(of_vendor), None, arrival, rules)
    return _by_own_mapping(webhook.mapping, delivery, arrival, rules)


def _by_own_mapping(mapping: EventMapping | None, delivery: Delivery, arrival: Arrival, rules: Rules) -> Intake:
    """One event, or one for each row of a list. [privacy] applies before the mapping, to fields of any object.

    Where the mapping does not make a good event of every row, the delivery is kept whole, for a better mapping. Its
    good events are stored all the same, and have the same ids when it is read again.
    """
    events: list[Event] = []
    first_fault: EventRejected | None = None
    try:
        rows = _rows(mapping, cleaned(delivery, rules.clean))
    except EventRejected as fault:
        rows, first_fault = [], fault
    for nth, row in enumerate(rows):
        try:
            events.append(_event(mapping, row, delivery.id, arrival, nth))
        except EventRejected as fault:
            first_fault = first_fault or fault
    intake = judge(events, None, arrival, rules)
    for rejected in intake.rejected[:1]:
        first_fault = first_fault or EventRejected(rejected.code, rejected.message)
    return replace(intake, rejected=[unread_record(delivery, first_fault, arrival, rules)] if first_fault else [])


def _rows(mapping: EventMapping | None, delivery: Delivery) -> list[Any]:
    if mapping is None:
        raise EventRejected("unmapped", f"no mapping is for a body {_about(delivery)}; add `mapping` to its webhook")
    body = delivery.body
    if mapping.rows and isinstance(body, dict):
        body = found(body, (mapping.rows,))
    rows = body if isinstance(body, list) else [body]
    if len(rows) > BATCH.events:
        raise RequestRefused(413, "too_large", f"{len(rows):,} rows; the limit is {BATCH.events:,}: send fewer")
    return rows


def _event(mapping: EventMapping | None, row: Any, delivery_id: str | None, arrival: Arrival, nth: int) -> Event:
    """A row as an event. If the mapping names no id, it has that of the delivery, else one made of the row.

    The webhook's name comes before it: a ticket's number is unique in its tool, and not among all events.
    """
    if mapping is None or not isinstance(row, dict):
        raise EventRejected("not_an_object", f"the mapping needs JSON objects; the body holds a {type(row).__name__}")
    event = event_of(row, mapping)
    own = event.get("messageId") or (f"{delivery_id}-{nth}" if delivery_id and nth else delivery_id)
    named = f"{arrival.source}-{own}"
    fits = own and len(named) <= MAX_MESSAGE_ID_CHARS
    return {**event, "messageId": named if fits else made_id(row, None, arrival.source, nth, dated=True)}


def _about(delivery: Delivery) -> str:
    """What a delivery calls itself, for whoever reads the quarantine."""
    body = delivery.body if isinstance(delivery.body, dict) else {}
    topic = delivery.topic or next(
        (value for name in ("type", "topic", "event_type", "event_name") if isinstance(value := body.get(name), str)),
        None,
    )
    return f"of topic {topic[:_MOST_OF_A_TOPIC]!r}" if topic else "without a topic"
