"""Which tools Daybreak knows, and what maps their deliveries."""

from collections.abc import Mapping

from daybreak.webhooks.vendors.answers import delighted, typeform, wootric
from daybreak.webhooks.vendors.event import Vendor
from daybreak.webhooks.vendors.payments import shopify, stripe
from daybreak.webhooks.vendors.tickets import intercom, zendesk

KNOWN: Mapping[str, Vendor] = {
    "delighted": delighted,
    "intercom": intercom,
    "shopify": shopify,
    "stripe": stripe,
    "typeform": typeform,
    "wootric": wootric,
    "zendesk": zendesk,
}
