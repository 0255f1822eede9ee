"""Each vendor's signature, against values that `openssl dgst -hmac` gave for the same bytes, or the vendor's library."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook as StandardWebhook

from daybreak.errors import RequestRefused
from daybreak.ingest.request import Request
from daybreak.webhooks.signatures import SIGNATURES, require_signature
from support.hooks import SECRET

NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
BODY = b'{"a": 1}'
HEX_256 = "b5f9a2b8246ca3d71d72d4631cfb826452619b4e02e1b326fac30910ab162cd1"
BASE64_256 = "tfmiuCRso9cdctRjHPuCZFJhm04C4bMm+sMJEKsWLNE="
HEX_1 = "af55e4ac6121d15acbc690705fffa620cd2e2e93"
STRIPE = "31d74601d5d4f641a3cd06b3552c2707cf9ca9ba506b64255c40555194cafbd1"
ZENDESK = "L7RewR0pyrrDo6haCTk3v5GSj9epIdK+OK9WW1j5WJc="
BY_OPENSSL = {
    "delighted": {"x-delighted-webhook-signature": f"sha256={HEX_256}"},
    "intercom": {"x-hub-signature": f"sha1={HEX_1}"},
    "shopify": {"x-shopify-hmac-sha256": BASE64_256},
    "stripe": {"stripe-signature": f"t=1795780800,v1={STRIPE}"},
    "typeform": {"typeform-signature": f"sha256={BASE64_256}"},
    "wootric": {"x-wootric-signature": f"sha1={HEX_1}"},
    "zendesk": {
        "x-zendesk-webhook-signature": ZENDESK,
        "x-zendesk-webhook-signature-timestamp": "2026-11-27T12:00:00Z",
    },
}


def check(
    scheme: str, headers: dict[str, str], body: bytes = BODY, secrets: tuple[str, ...] = (SECRET,), now: datetime = NOW
) -> str:
    """`good`, or the code of the refusal."""
    try:
        require_signature(scheme, Request("POST", "/v1/hook/x", headers, {}, body), secrets, now)
    except RequestRefused as refused:
        return f"{refused.code}" if refused.status == 401 else f"{refused.status}"
    return "good"


def test_every_scheme_but_the_two_general_ones_has_a_value_of_openssls() -> None:
    assert SIGNATURES.keys() - BY_OPENSSL.keys() == {"secret", "standard"}


@pytest.mark.parametrize("vendor", BY_OPENSSL)
def test_a_vendors_signature_is_that_of_openssl(vendor: str) -> None:
    assert check(vendor, BY_OPENSSL[vendor]) == "good"


@pytest.mark.parametrize("vendor", BY_OPENSSL)
def test_another_body_another_secret_another_vendors_or_no_signature_is_refused(vendor: str) -> None:
    headers = BY_OPENSSL[vendor]
    assert check(vendor, headers, BODY + b" ") == "wrong_signature"
    assert check(vendor, headers, secrets=("another-secret-000",)) == "wrong_signature"
    assert check(vendor, {}) == "wrong_signature"
    assert check(vendor, dict.fromkeys(headers, "")) == "wrong_signature"
    assert check(vendor, {name: value[:-1] for name, value in headers.items()}) == "wrong_signature"
    others = {name: "x" * len(value) for name, value in headers.items()}
    assert check(vendor, others) == "wrong_signature"


@pytest.mark.parametrize("vendor", BY_OPENSSL)
def test_while_a_secret_is_changed_both_are_good(vendor: str) -> None:
    assert check(vendor, BY_OPENSSL[vendor], secrets=("the-new-secret-00", SECRET)) == "good"
    assert check(vendor, BY_OPENSSL[vendor], secrets=()) == "wrong_signature"


@pytest.mark.parametrize("vendor", ["stripe", "zendesk"])
@pytest.mark.parametrize(
    ("away", "seen"), [(300, "good"), (-300, "good"), (301, "old_signature"), (-301, "old_signature")]
)
def test_a_time_that_is_signed_counts_for_five_minutes(vendor: str, away: int, seen: str) -> None:
    assert check(vendor, BY_OPENSSL[vendor], now=NOW + timedelta(seconds=away)) == seen


def test_one_good_signature_of_stripes_several_is_enough() -> None:
    """Stripe signs with both secrets while one is being changed, and test events with a scheme v0 that is worthless."""
    assert check("stripe", {"stripe-signature": f"t=1795780800, v1={'0' * 64}, v1={STRIPE}, v0={'1' * 64}"}) == "good"
    assert check("stripe", {"stripe-signature": f"t=1795780800,v0={STRIPE}"}) == "wrong_signature"
    assert check("stripe", {"stripe-signature": f"t=1795780801,v1={STRIPE}"}) == "wrong_signature"


def test_standard_webhooks_are_signed_as_their_own_library_does_it() -> None:
    secret = "whsec_" + base64.b64encode(b"a key of the tests, 32 bytes !!!").decode()
    signature = StandardWebhook(secret).sign("msg_1", NOW, BODY.decode())
    headers = {"webhook-id": "msg_1", "webhook-timestamp": "1795780800", "webhook-signature": f"v1,aaaa {signature}"}
    assert check("standard", headers, secrets=(secret,)) == "good"
    assert check("standard", {**headers, "webhook-id": "msg_2"}, secrets=(secret,)) == "wrong_signature"
    assert check("standard", headers, secrets=(secret,), now=NOW + timedelta(minutes=6)) == "old_signature"


@pytest.mark.parametrize(
    "headers",
    [
        {"x-webhook-secret": SECRET},
        {"authorization": f"Bearer {SECRET}"},
        {"authorization": "Basic " + base64.b64encode(f"daybreak:{SECRET}".encode()).decode()},
        {"authorization": "basic " + base64.b64encode(f"{SECRET}:".encode()).decode()},
    ],
)
def test_a_tool_that_signs_nothing_sends_the_secret_itself(headers: dict[str, str]) -> None:
    assert check("secret", headers) == "good"
    assert check("secret", headers, secrets=(SECRET + "0",)) == "wrong_signature"


def test_the_secret_may_be_in_the_url() -> None:
    require_signature("secret", Request("POST", "/", {}, {"secret": SECRET}, BODY), [SECRET], NOW)
    with pytest.raises(RequestRefused, match="missing or wrong"):
        require_signature("secret", Request("POST", "/", {}, {"secret": SECRET[:-1]}, BODY), [SECRET], NOW)


@pytest.mark.parametrize("scheme", SIGNATURES)
@pytest.mark.parametrize(
    "value", ["", "=", ",", "t=,v1=", "t=-1,v1=x", "\ud800", "Basic %", "Basic", "ü" * 100, "t=" + "9" * 40]
)
def test_odd_headers_are_wrong_signatures(scheme: str, value: str) -> None:
    names = [name for headers in BY_OPENSSL.values() for name in headers]
    names += ["authorization", "x-webhook-secret", "webhook-id", "webhook-timestamp", "webhook-signature"]
    assert check(scheme, dict.fromkeys(names, value)) == "wrong_signature"
