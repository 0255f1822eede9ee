"""Money: Stripe's events, Shopify's orders. The family conversion reads them, as its `start` and its `upgrade`.

https://docs.stripe.com/api/events/object
https://shopify.dev/docs/api/webhooks
"""

from dataclasses import dataclass
from typing import Any

from daybreak.errors import EventRejected
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
    own = customer_of_product(about, customer)
    if own and isinstance(id_, str):
        events.append(link(own_id(id_, "link"), at, customer, own))
    return events


def customer_of_product(about: Row, customer: str) -> str | None:
    """Who of the product a customer of Stripe is, if an object of Stripe says so."""
    own = first(about, "client_reference_id", "metadata.user_id")
    return own if isinstance(own, str) and own != customer else None


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


@dataclass(frozen=True)
class _Step:
    """A step of an order, and which fields of the order say that it was done, and when."""

    event: str
    suffix: str
    at: str
    said_by: str | None = None
    said_as: str | None = None
    """The value that `said_by` has; None for any."""

    def done(self, order: Row) -> bool:
        said = first(order, self.said_by) if self.said_by else order
        return said is not None and self.said_as in (None, said)


_ORDERS = {
    "orders/create": _Step("Order Placed", "", "created_at"),
    "orders/paid": _Step("Order Paid", "-paid", "updated_at", "financial_status", "paid"),
    "orders/fulfilled": _Step("Order Fulfilled", "-fulfilled", "updated_at", "fulfillment_status", "fulfilled"),
    "orders/cancelled": _Step("Order Cancelled", "-cancelled", "cancelled_at", "cancelled_at"),
}
_OF_AN_ORDER = "financial_status"
"""A field that every order has, and neither a customer, a draft of an order nor a checkout."""
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
    """An order that was placed, paid, fulfilled or cancelled, each once.

    Shopify signs the body, and not the header with the topic. So the topic only chooses among the steps that the body
    itself says were done, and all else comes from the body. Raises EventRejected for another topic.
    """
    order, step = delivery.body, _ORDERS.get(delivery.topic or "")
    if step is None or not isinstance(order, dict) or first(order, "id") is None or _OF_AN_ORDER not in order:
        return None
    if order.get("test") is True:
        return OF_NO_INTEREST
    if not step.done(order):
        raise EventRejected(
            "invalid_field",
            f"the topic {delivery.topic}, which is not signed, does not agree with {step.said_by} of the order",
        )
    person = first(order, "customer.id", "email", "contact_email", "phone")
    properties = {ours: _number(order.get(theirs)) for ours, theirs in _MONEY.items()}
    properties |= {ours: order.get(theirs) for ours, theirs in _TEXTS.items()}
    id_ = own_id("shopify-order", order["id"], step.suffix)
    return [event(step.event, id_, first(order, step.at), person, properties), *_customer_link(order)]


def _customer_link(order: Row) -> list[Event]:
    """Shopify's export names a customer by e-mail address alone. Each order says once which customer that is.

    The address is the customer's own, in the order's spelling: a shop may enter one address for many customers' orders.
    """
    customer, own, given = (first(order, name) for name in ("customer.id", "customer.email", "email"))
    id_ = own_id("shopify-order", order["id"], "-link")
    if not isinstance(customer, str | int) or not isinstance(own, str) or id_ is None:
        return []
    known_as = given if isinstance(given, str) and given.casefold() == own.casefold() else own
    return [link(id_, first(order, "created_at"), known_as, customer)]


def _number(value: Any) -> Any:
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value
