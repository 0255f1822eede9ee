"""The signatures of webhooks, each as its vendor documents it. All are compared in constant time.

Where a vendor signs a time (Stripe, Zendesk, Standard Webhooks), a request that is more than five minutes away from it
is refused: somebody may have recorded it. Where none is signed, a recorded request may be sent again, with other
headers, too. Its ids come from what is signed: the body, and for Standard Webhooks the header `webhook-id`. So each
event of the body counts once. Of Shopify alone a header that is not signed is read, the topic, and only to choose:

- An order counts once for each of placed, paid, fulfilled and cancelled that its signed body says was done.
- Any topic that is not built in goes to the mapping of one's own, if there is one: its events count once, too.

shopify    https://shopify.dev/docs/apps/build/webhooks/subscribe/https
stripe     https://docs.stripe.com/webhooks#verify-manually
typeform   https://www.typeform.com/developers/webhooks/secure-your-webhooks/
intercom   https://developers.intercom.com/docs/webhooks/setting-up-webhooks#signed-notifications
zendesk    https://developer.zendesk.com/documentation/webhooks/verifying/
delighted  https://app.delighted.com/docs/api/webhooks (the key is the API key)
wootric    https://docs.wootric.com/webhooks/#security
standard   https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta

from daybreak.errors import RequestRefused
from daybreak.ingest.request import Request
from daybreak.ingest.times import parse

TOLERANCE = timedelta(minutes=5)
"""Between the time that is signed and now, in both directions."""

Signature = Callable[[Request, bytes, datetime], bool]
"""True if this secret signed this request, whose body is as it was sent. Raises RequestRefused if its time is old."""


def require_signature(scheme: str, request: Request, secrets: Iterable[str], now: datetime) -> None:
    """Refuse a request that none of these secrets signed. Raises RequestRefused (401)."""
    signed = SIGNATURES[scheme]
    if not any(signed(request, secret.encode("utf-8", "surrogatepass"), now) for secret in secrets):
        raise RequestRefused(
            401,
            "wrong_signature",
            "the signature is missing or wrong; is it this webhook's secret, and the body as sent?",
        )


def _shopify(request: Request, secret: bytes, _now: datetime) -> bool:
    return _same(_header(request, "x-shopify-hmac-sha256"), _base64(_hmac(secret, request.body)))


def _typeform(request: Request, secret: bytes, _now: datetime) -> bool:
    return _same(_header(request, "typeform-signature"), b"sha256=" + _base64(_hmac(secret, request.body)))


def _intercom(request: Request, secret: bytes, _now: datetime) -> bool:
    return _same(_header(request, "x-hub-signature"), b"sha1=" + _hex(_hmac(secret, request.body, "sha1")))


def _delighted(request: Request, secret: bytes, _now: datetime) -> bool:
    return _same(_header(request, "x-delighted-webhook-signature"), b"sha256=" + _hex(_hmac(secret, request.body)))


def _wootric(request: Request, secret: bytes, _now: datetime) -> bool:
    return _same(_header(request, "x-wootric-signature"), b"sha1=" + _hex(_hmac(secret, request.body, "sha1")))


def _zendesk(request: Request, secret: bytes, now: datetime) -> bool:
    signed_at = _header(request, "x-zendesk-webhook-signature-timestamp")
    wanted = _base64(_hmac(secret, signed_at + request.body))
    if not _same(_header(request, "x-zendesk-webhook-signature"), wanted):
        return False
    try:
        _require_new(parse(signed_at.decode()), now)
    except ValueError:
        return False
    return True


def _stripe(request: Request, secret: bytes, now: datetime) -> bool:
    parts = [part.strip().partition(b"=") for part in _header(request, "stripe-signature").split(b",")]
    signed_at = next((value for name, _, value in parts if name == b"t"), b"")
    wanted = _hex(_hmac(secret, signed_at + b"." + request.body))
    if not _any_same((value for name, _, value in parts if name == b"v1"), wanted):
        return False
    return _is_new(signed_at, now)


def _standard(request: Request, secret: bytes, now: datetime) -> bool:
    try:
        key = base64.b64decode(secret.removeprefix(b"whsec_"), validate=True)
    except (binascii.Error, ValueError):
        key = secret
    signed_at = _header(request, "webhook-timestamp")
    wanted = _base64(_hmac(key, b".".join([_header(request, "webhook-id"), signed_at, request.body])))
    signatures = (part.partition(b",") for part in _header(request, "webhook-signature").split(b" "))
    if not _any_same((value for version, _, value in signatures if version == b"v1"), wanted):
        return False
    return _is_new(signed_at, now)


def _secret(request: Request, secret: bytes, _now: datetime) -> bool:
    """The secret itself: in the URL (`?secret=`), in X-Webhook-Secret, as a bearer token, or by Basic auth."""
    scheme, _, credentials = _header(request, "authorization").partition(b" ")
    given = [_text(request.query, "secret"), _header(request, "x-webhook-secret")]
    if scheme.lower() == b"bearer":
        given.append(credentials.strip())
    if scheme.lower() == b"basic":
        given.extend(_basic(credentials))
    return _any_same(given, secret)


SIGNATURES: Mapping[str, Signature] = {
    "delighted": _delighted,
    "intercom": _intercom,
    "secret": _secret,
    "shopify": _shopify,
    "standard": _standard,
    "stripe": _stripe,
    "typeform": _typeform,
    "wootric": _wootric,
    "zendesk": _zendesk,
}


def _basic(credentials: bytes) -> list[bytes]:
    """Name and password; tools differ in which of both they ask for."""
    try:
        name, _, password = base64.b64decode(credentials.strip(), validate=True).partition(b":")
    except (binascii.Error, ValueError):
        return []
    return [name, password]


def _is_new(signed_at: bytes, now: datetime) -> bool:
    """True for a time of now, in seconds since 1970; False for none. Raises RequestRefused for an old one."""
    try:
        then = datetime.fromtimestamp(int(signed_at), UTC)
    except (ValueError, OverflowError, OSError):
        return False
    _require_new(then, now)
    return True


def _require_new(signed_at: datetime, now: datetime) -> None:
    if abs(now - signed_at) > TOLERANCE:
        raise RequestRefused(
            401,
            "old_signature",
            f"it was signed more than {TOLERANCE.seconds // 60} minutes ago or ahead; send it again",
        )


def _hmac(secret: bytes, signed: bytes, digest: str = "sha256") -> bytes:
    return hmac.digest(secret, signed, getattr(hashlib, digest))


def _hex(digest: bytes) -> bytes:
    return digest.hex().encode()


def _base64(digest: bytes) -> bytes:
    return base64.b64encode(digest)


def _header(request: Request, name: str) -> bytes:
    return _text(request.headers, name)


def _text(values: Mapping[str, str], name: str) -> bytes:
    return str(values.get(name) or "").encode("utf-8", "surrogatepass")


def _same(given: bytes, wanted: bytes) -> bool:
    return hmac.compare_digest(given.strip(), wanted)


def _any_same(given: Iterable[bytes], wanted: bytes) -> bool:
    return any(_same(one, wanted) for one in given)
