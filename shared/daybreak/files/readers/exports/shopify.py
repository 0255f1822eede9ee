"""Shopify's export of orders as CSV: one row a line item, of which an order's first holds the order.

https://help.shopify.com/en/manual/fulfillment/managing-orders/exporting-orders
"""

from daybreak.files.readers.exports.export import Events, Export, Row, event, filled, id_of, instant
from daybreak.files.readers.reading import Ignored, Made

_MONEY = ("subtotal", "shipping", "taxes", "total", "discount_amount", "refunded_amount", "outstanding_balance")
_TEXTS = (
    "currency",
    "discount_code",
    "financial_status",
    "fulfillment_status",
    "payment_method",
    "source",
    "tags",
    "cancelled_at",
    "risk_level",
)
_CUSTOMER = ("customer_id", "customer:_id")
_PERSON = (*_CUSTOMER, "email", "phone")


def _events(row: Row) -> Events:
    if filled(row, "financial_status", "total", "subtotal") is None:
        yield Ignored("further line items of Shopify orders")
        return
    own = id_of(filled(row, "id", "name"))
    placed = instant("Created at", row.get("created_at"))
    person, email = id_of(filled(row, *_PERSON)), id_of(row.get("email"))
    properties = {name: row[name] for name in (*_MONEY, *_TEXTS) if row.get(name) not in (None, "")}
    yield event(
        "track",
        placed,
        messageId=f"shopify-order-{own}" if own else None,
        userId=person,
        event="Order Placed",
        properties={name: _number(value) if name in _MONEY else value for name, value in properties.items()}
        | {"order": row.get("name")},
    )
    if email and own and filled(row, *_CUSTOMER):  # the same link as the webhook's
        yield Made(event("alias", placed, messageId=f"shopify-order-{own}-link", previousId=email, userId=person))


def _number(value: object) -> object:
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value


EXPORT = Export(
    "Shopify export of orders",
    frozenset({"name", "financial_status", "lineitem_name", "created_at"}),
    "person = customer id, else Email; event = Order Placed; time = Created at",
    _events,
    frozenset({*_MONEY, *_TEXTS, *_PERSON, "id"}),
)
