"""The documented body of each vendor, as the events that the families read."""

import copy
import json
from typing import Any

import pytest

from daybreak.definitions.webhooks import VENDORS
from daybreak.errors import EventRejected
from daybreak.ingest.request import Request
from daybreak.webhooks.body import Delivery, delivery_of
from daybreak.webhooks.vendors.known import KNOWN
from support.hooks import VENDORS as SAMPLES
from support.hooks import raw, sample

AT = "2026-10-05T09:00:00Z"


def events(vendor: str, body: Any = None, **headers: str) -> list[dict[str, Any]] | None:
    given, given_headers = sample(vendor)
    found = KNOWN[vendor](delivery_of(Request("POST", "", given_headers | headers, {}, raw(body or given))))
    return None if found is None else list(found)


def changed(vendor: str, path: str, value: Any) -> dict[str, Any]:
    """The sample's body with another value at a path."""
    body: dict[str, Any] = copy.deepcopy(sample(vendor)[0])
    *outer, last = path.split(".")
    holder = body
    for part in outer:
        holder = holder[part]
    holder[last] = value
    return body


def test_every_vendor_has_a_sample() -> None:
    assert sorted(KNOWN) == sorted(VENDORS) == SAMPLES


def test_a_zendesk_ticket_is_opened_and_solved() -> None:
    opened = {
        "type": "track",
        "timestamp": "2026-10-05T09:00:05Z",
        "messageId": "zendesk-ticket-35436",
        "event": "Ticket Opened",
        "userId": "kim",
        "properties": {
            "ticket": "35436", "status": "new", "channel": "web_service", "priority": "high", "type": "question",
            "tags": ["printer", "fire"],
        },
    }  # fmt: skip
    assert events("zendesk") == [opened]
    body = changed("zendesk", "type", "zen:event-type:ticket.status_changed") | {
        "event": {"current": "SOLVED", "previous": "OPEN"}
    }
    (solved,) = events("zendesk", body) or []
    assert (solved["event"], solved["timestamp"]) == ("Ticket Solved", "2026-10-05T09:00:07Z")
    assert solved["messageId"] == "zendesk-2b24ef10-19d4-4740-93cf-8f98ec4776c0"
    assert events("zendesk", body | {"event": {"current": "PENDING", "previous": "OPEN"}}) == []


def test_a_zendesk_ticket_without_an_external_id_is_its_requesters_whom_a_user_event_links() -> None:
    (opened,) = events("zendesk", changed("zendesk", "detail.external_id", None)) or []
    assert opened["userId"] == "8447388090494"
    body = {
        "type": "zen:event-type:user.created", "id": "e1", "time": AT,
        "detail": {"id": "8447388090494", "external_id": "kim", "email": "kim@example.org"}, "event": {},
    }  # fmt: skip
    linked = {
        "type": "alias",
        "timestamp": AT,
        "messageId": "zendesk-e1",
        "previousId": "8447388090494",
        "userId": "kim",
    }
    assert events("zendesk", body) == [linked]
    assert events("zendesk", {**body, "detail": {"id": "1", "external_id": ""}}) == []


def test_an_intercom_conversation_is_opened_and_closed() -> None:
    opened = {
        "type": "track",
        "timestamp": AT,
        "messageId": "intercom-conversation-1122334455",
        "event": "Ticket Opened",
        "userId": "kim",
        "properties": {
            "ticket": "1122334455", "channel": "conversation", "tags": ["billing"], "state": "open",
            "priority": "not_priority",
        },
    }  # fmt: skip
    assert events("intercom") == [opened]
    (closed,) = events("intercom", changed("intercom", "topic", "conversation.admin.closed")) or []
    assert (closed["event"], closed["timestamp"]) == ("Ticket Solved", "2026-10-05T09:00:06Z")
    assert closed["messageId"] == "intercom-notif_4e3504a3-ba3f-46dc-ab48-8e4d5bdfdf4e"
    assert events("intercom", {"type": "notification_event", "topic": "ping", "data": {"item": {"type": "ping"}}}) == []


@pytest.mark.parametrize(
    ("path", "value", "person"),
    [
        ("data.item.contacts.contacts", [{"id": "c1"}], "c1"),
        ("data.item.contacts", {"contacts": []}, "5ba682d23d7cf92bef87bfd4"),
        ("data.item.user", {"type": "user", "id": "x", "user_id": "lee"}, "kim"),
    ],
)
def test_an_intercom_contact_is_known_by_the_products_id_else_by_intercoms(path: str, value: Any, person: str) -> None:
    assert [event["userId"] for event in events("intercom", changed("intercom", path, value)) or []] == [person]


def test_each_scale_of_a_typeform_is_an_answer_and_no_text_is_kept() -> None:
    recommend, easy = events("typeform") or []
    assert recommend == {
        "type": "track",
        "timestamp": AT,
        "messageId": "a3a12ec67a1365927098a606107fac15",
        "event": "Survey Answered",
        "userId": "kim",
        "properties": {"survey": "nps", "score": 9, "form": "lT4Z3j", "question": "recommend"},
    }
    assert easy["messageId"] == "a3a12ec67a1365927098a606107fac15-RUqkXSeXBXSd"
    assert easy["properties"] == {"survey": "ces", "score": 6, "form": "lT4Z3j", "question": "ces"}
    assert "mornings" not in json.dumps([recommend, easy])
    eleven = changed("typeform", "form_response.definition.fields", [
        {"id": "RUqkXSeXBXSd", "type": "opinion_scale", "ref": "ces", "properties": {"steps": 11}}])  # fmt: skip
    assert [event["properties"]["survey"] for event in events("typeform", eleven) or []] == ["nps", "nps"]


def test_a_typeform_without_a_scale_is_of_no_interest_and_one_without_a_hidden_field_names_nobody() -> None:
    assert events("typeform", changed("typeform", "form_response.answers", [])) == []
    assert ["userId" in e for e in events("typeform", changed("typeform", "form_response.hidden", {})) or []] == [
        False
    ] * 2


def test_a_delighted_answer_counts_once_however_often_it_is_updated() -> None:
    answered = {
        "type": "track",
        "timestamp": AT,
        "messageId": "delighted-5435",
        "event": "Survey Answered",
        "userId": "kim",
        "properties": {"survey": "nps", "score": 9},
    }
    assert events("delighted") == [answered]
    updated = changed("delighted", "event_type", "survey_response.updated")
    updated["event_data"]["comment"] = "Fast and flawless"
    assert events("delighted", updated) == [answered]
    (unknown,) = events("delighted", changed("delighted", "event_data.person_properties", None)) or []
    assert unknown["userId"] == "kim@example.org"
    assert events("delighted", {"event_type": "unsubscribe.created", "event_data": {"person_id": "1"}}) == []


def test_a_wootric_form_and_its_json_are_the_same_answer() -> None:
    answered = {
        "type": "track",
        "timestamp": AT,
        "messageId": "wootric-1128",
        "event": "Survey Answered",
        "userId": "kim",
        "properties": {"survey": "nps", "score": 7},
    }
    assert events("wootric") == [answered]
    body = {
        "response": {"id": 1128, "external_id": "kim", "score": 7, "created_at": "2026-10-05T02:00:00.000-07:00"},
        "event_name": "created", "survey_mode": "NPS",
    }  # fmt: skip
    assert events("wootric", body, **{"content-type": "application/json"}) == [answered]
    assert events("wootric", "decline[id]=19&event_name=created") == []


def test_a_stripe_event_is_named_as_its_type_and_metadata_say_who_the_customer_is() -> None:
    started = {
        "type": "track",
        "timestamp": AT,
        "messageId": "evt_1",
        "event": "customer.subscription.created",
        "userId": "cus_kim",
        "properties": {
            "id": "sub_1", "status": "trialing", "currency": "eur", "cancel_at_period_end": False,
            "trial_start": 1791190800, "trial_end": 1792400400, "price": "price_1", "interval": "month",
        },
    }  # fmt: skip
    linked = {"type": "alias", "timestamp": AT, "messageId": "evt_1-link", "previousId": "cus_kim", "userId": "kim"}
    assert events("stripe") == [started, linked]


def test_a_stripe_checkout_links_its_reference_and_an_invoice_keeps_its_amount() -> None:
    checkout = {"object": "checkout.session", "id": "cs_1", "customer": "cus_kim", "client_reference_id": "kim",
                "amount_total": 800, "customer_details": {"email": "kim@example.org"}}  # fmt: skip
    body = {"id": "evt_2", "object": "event", "type": "checkout.session.completed", "created": 1791190800,
            "livemode": False, "data": {"object": checkout}}  # fmt: skip
    done, linked = events("stripe", body) or []
    assert done["properties"] == {"id": "cs_1", "amount_total": 800, "test": True}
    assert (linked["previousId"], linked["userId"]) == ("cus_kim", "kim")
    invoice = {"object": "invoice", "id": "in_1", "customer": "cus_kim", "amount_paid": 0, "status": "paid",
               "customer_email": "kim@example.org", "billing_reason": "subscription_create"}  # fmt: skip
    (paid,) = events("stripe", {**body, "livemode": True, "type": "invoice.paid", "data": {"object": invoice}}) or []
    assert paid["properties"] == {
        "id": "in_1", "amount_paid": 0, "status": "paid", "billing_reason": "subscription_create"}  # fmt: skip


def test_a_shopify_order_is_named_by_its_topic_and_keeps_no_address() -> None:
    placed, _ = events("shopify") or []
    assert placed == {
        "type": "track",
        "timestamp": AT,
        "messageId": "shopify-order-900",
        "event": "Order Placed",
        "userId": 115310627314723954,
        "properties": {
            "subtotal": 6.72, "taxes": 1.28, "total": 8.0, "discount_amount": 0.0, "outstanding_balance": 8.0,
            "currency": "EUR", "financial_status": "pending", "source": "web", "order": "#1001",
        },
    }  # fmt: skip
    body = changed("shopify", "financial_status", "paid")
    paid, _ = events("shopify", body, **{"x-shopify-topic": "orders/paid"}) or []
    assert (paid["event"], paid["messageId"]) == ("Order Paid", "shopify-order-900-paid")
    assert paid["timestamp"] == "2026-10-05T09:00:01Z"
    body = changed("shopify", "fulfillment_status", "fulfilled")
    sent, _ = events("shopify", body, **{"x-shopify-topic": "orders/fulfilled"}) or []
    assert (sent["event"], sent["messageId"]) == ("Order Fulfilled", "shopify-order-900-fulfilled")
    assert sent["timestamp"] == "2026-10-05T09:00:01Z"
    cancelled = changed("shopify", "cancelled_at", "2026-10-06T11:00:00+02:00")
    gone, _ = events("shopify", cancelled, **{"x-shopify-topic": "orders/cancelled"}) or []
    assert (gone["event"], gone["timestamp"]) == ("Order Cancelled", "2026-10-06T09:00:00Z")
    assert events("shopify", changed("shopify", "test", True)) == []


LINKED = {
    "type": "alias",
    "timestamp": AT,
    "messageId": "shopify-order-900-link",
    "previousId": "kim@example.org",
    "userId": "115310627314723954",
}


@pytest.mark.parametrize("topic", ["orders/create", "orders/paid"])
def test_a_shopify_customer_is_who_the_export_knows_by_e_mail_and_one_order_says_so_once(topic: str) -> None:
    body = changed("shopify", "financial_status", "paid") | {"updated_at": "2026-10-07T11:00:00+02:00"}
    assert (events("shopify", body, **{"x-shopify-topic": topic}) or [])[1:] == [LINKED]


@pytest.mark.parametrize(
    ("path", "value", "linked"),
    [
        ("email", "Kim@Example.org", ["Kim@Example.org"]),
        ("email", "till-1@shop.example", ["kim@example.org"]),
        ("email", None, ["kim@example.org"]),
        ("customer.email", None, []),
        ("customer.email", ["kim@example.org"], []),
        ("customer.id", None, []),
        ("customer", None, []),
    ],
)
def test_a_shopify_customer_is_linked_to_an_address_of_their_own_alone(
    path: str, value: Any, linked: list[str]
) -> None:
    """A customer's address is theirs alone; that of an order may be one that a shop enters for many customers."""
    _, *links = events("shopify", changed("shopify", path, value)) or []
    assert [link["previousId"] for link in links] == linked


@pytest.mark.parametrize("topic", ["orders/paid", "orders/fulfilled", "orders/cancelled"])
def test_a_shopify_topic_that_the_signed_body_does_not_confirm_is_refused(topic: str) -> None:
    """The topic is in a header that nobody signs."""
    with pytest.raises(EventRejected, match=f"{topic}.*which is not signed"):
        events("shopify", **{"x-shopify-topic": topic})


def test_a_shopify_body_that_is_not_an_order_is_not_placed_as_one() -> None:
    """A customer and a draft of an order have an id, a time and an e-mail address, too."""
    body = changed("shopify", "id", 7)
    del body["financial_status"]
    assert events("shopify", body) is None


@pytest.mark.parametrize("vendor", SAMPLES)
def test_the_bodies_of_all_other_vendors_are_not_built_in(vendor: str) -> None:
    others = [Delivery(sample(other)[0]) for other in SAMPLES if other != vendor]
    assert [KNOWN[vendor](delivery) for delivery in others] == [None] * len(others)


@pytest.mark.parametrize("vendor", SAMPLES)
@pytest.mark.parametrize(
    "body", [None, [], {}, 0, "text", [{}], {"type": []}, {"data": {"object": []}}, {"response": {}}]
)
def test_a_body_of_no_known_shape_is_not_built_in(vendor: str, body: Any) -> None:
    assert KNOWN[vendor](Delivery(body, topic="orders/create")) is None
