"""Money: Stripe's events, Shopify's orders. The family conversion reads them, as its `start` and its `upgrade`.

https://docs.stripe.com/api/events/object
https://shopify.dev/docs/api/webhooks
"""

from typing import Any

from daybreak.webhooks.body import Delivery, objects
from daybreak.webhooks.vendors.event import OF_NO_INTEREST, Event, Events, Row, event, first, link, own_id

_OF_STRIPE = (
    "id",
    "status",
    "currency",
    "amount",
    "amount_due",
    "amount_paid",
    "amount_total",
    "total",
    "subtotal",
    "billing_reason",
    "cancel_at_period_end",
    "mode",
    "payment_status",
    "quantity",
    "trial_start",
    "trial_end",
)
"""The properties of Stripe's objects that are kept: neither names nor addresses, nor what somebody wrote."""


def stripe(delivery: Delivery) -> Events:
    """An event is named as its type: "invoice.paid", "customer.subscription.created". It is about its customer.

    A checkout with a `client_reference_id`, or an object with `user_id` in its metadata, says who of the product the
    customer is.
    """
    body = delivery.body
    about = first(body, "data.object") if isinstance(body, dict) else None
    if not isinstance(about, dict) or not isinstance(body.get("type"), str):
        return None
    customer = first(about, "id") if about.get("object") == "customer" else first(about, "customer.id", "customer")
    if not isinstance(customer, str):
        return None
    id_, at = first(body, "id"), first(body, "created")
    events = [event(body["type"], id_, at, customer, of_stripe(body, about))]
    own = first(about, "client_reference_id", "metadata.user_id")
    if isinstance(own, str) and own != customer and isinstance(id_, str):
        events.append(link(own_id(id_, "link"), at, customer, own))
    return events


def of_stripe(body: Row, about: Row) -> Event:
    """The properties of an event of Stripe, from a webhook or a file: amounts and states, nothing about a person."""
    items = [*objects(first(about, "items.data")), *objects(first(about, "lines.data")), {}]
    return {
        **{name: about.get(name) for name in _OF_STRIPE},
        "price": first(items[0], "price.id", "plan.id", "pricing.price_details.price"),
        "interval": first(items[0], "price.recurring.interval", "plan.interval"),
        "previous_status": first(body, "data.previous_attributes.status"),
        "test": None if body.get("livemode") is not False else True,
    }


_ORDERS = {
    "orders/create": ("Order Placed", ""),
    "orders/paid": ("Order Paid", "-paid"),
    "orders/fulfilled": ("Order Fulfilled", "-fulfilled"),
    "orders/cancelled": ("Order Cancelled", "-cancelled"),
}
_MONEY = {
    "subtotal": "subtotal_price",
    "taxes": "total_tax",
    "total": "total_price",
    "discount_amount": "total_discounts",
    "outstanding_balance": "total_outstanding",
}
"""The names of the export of orders -> those of a webhook."""
_TEXTS = {
    "currency": "currency",
    "financial_status": "financial_status",
    "fulfillment_status": "fulfillment_status",
    "source": "source_name",
    "order": "name",
}


def shopify(delivery: Delivery) -> Events:
    """An order that was placed, paid, fulfilled or cancelled, each once."""
    order, known = delivery.body, _ORDERS.get(delivery.topic or "")
    if known is None or not isinstance(order, dict) or first(order, "id") is None:
        return None
    name, suffix = known
    if order.get("test") is True:
        return OF_NO_INTEREST
    at = (
        first(order, "created_at")
        if not suffix
        else first(order, "cancelled_at") or delivery.at or order.get("updated_at")
    )
    person = first(order, "customer.id", "email", "contact_email", "phone")
    properties = {ours: _number(order.get(theirs)) for ours, theirs in _MONEY.items()}
    properties |= {ours: order.get(theirs) for ours, theirs in _TEXTS.items()}
    return [event(name, own_id("shopify-order", order["id"], suffix), at, person, properties)]


def _number(value: Any) -> Any:
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value
