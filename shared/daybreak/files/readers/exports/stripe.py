"""Stripe's events, as its API lists them or as lines of JSON. They have the properties that its webhook gives.

https://docs.stripe.com/api/events/object
"""

from daybreak.files.readers.exports.export import Events, Export, Row, event, exact_id, id_of, instant
from daybreak.files.readers.reading import Ignored
from daybreak.webhooks.vendors.payments import of_stripe


def _events(row: Row) -> Events:
    data = row.get("data")
    about = data.get("object") if isinstance(data, dict) else None
    about = about if isinstance(about, dict) else {}
    customer = about.get("customer")
    person = customer.get("id") if isinstance(customer, dict) else customer
    if about.get("object") == "customer":
        person = about.get("id")
    if not person:
        yield Ignored("Stripe events that name no customer")
        return
    kept = {name: value for name, value in of_stripe(row, about).items() if value not in (None, "", [], {})}
    yield event(
        "track",
        instant("created", row.get("created")),
        messageId=exact_id(row.get("id")),
        userId=id_of(person),
        event=row.get("type"),
        properties=kept,
    )


EXPORT = Export(
    "Stripe events",
    frozenset({"type", "created", "data.object"}),
    "person = the customer, event = type, time = created in seconds UTC",
    _events,
)
