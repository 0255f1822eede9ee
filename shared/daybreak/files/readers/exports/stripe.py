"""Stripe's events, as its API lists them or as lines of JSON. They have the properties that its webhook gives.

https://docs.stripe.com/api/events/object
"""

from daybreak.files.readers.exports.export import Events, Export, Row, event, exact_id, id_of, instant
from daybreak.files.readers.reading import Ignored, Made
from daybreak.mapping.event_of import EMPTY
from daybreak.webhooks.vendors.payments import customer_of_product, of_stripe


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
    kept = {name: value for name, value in of_stripe(row, about).items() if value not in EMPTY}
    when, id_, customer_id = instant("created", row.get("created")), exact_id(row.get("id")), str(id_of(person))
    yield event("track", when, messageId=id_, userId=customer_id, event=row.get("type"), properties=kept)
    own = customer_of_product(about, customer_id)
    if own and id_:  # the same link as the webhook's
        yield Made(event("alias", when, messageId=f"{id_}-link", previousId=customer_id, userId=own))


EXPORT = Export(
    "Stripe events",
    frozenset({"type", "created", "data.object"}),
    "person = the customer, event = type, time = created in seconds UTC",
    _events,
)
