"""Webhooks as their vendors send them: the smallest body of each, with the fields that its documentation shows."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

from conftest import ROOT

SECRET = "secret-of-the-tests-1"
_FOLDER = ROOT / "tests" / "data" / "webhooks"
VENDORS = sorted(path.stem for path in _FOLDER.glob("*.json"))


def sample(vendor: str) -> tuple[Any, dict[str, str]]:
    """A vendor's body, an object or a form as text, and its headers without the signature."""
    stored = json.loads((_FOLDER / f"{vendor}.json").read_text())
    return stored.get("body") or stored["form"], stored["headers"]


def raw(body: Any) -> bytes:
    """The bytes of a body: JSON as vendors write it, or a form as it is."""
    return body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else json.dumps(body).encode()


def signed(vendor: str, body: bytes, now: datetime | None = None, secret: str = SECRET) -> dict[str, str]:
    """The headers with which a vendor signs these bytes."""
    now, key = now or datetime.now(UTC), secret.encode()
    stamp, seconds = f"{now:%Y-%m-%dT%H:%M:%SZ}", str(int(now.timestamp()))

    def mac(data: bytes, digest: Any = hashlib.sha256) -> bytes:
        return hmac.new(key, data, digest).digest()

    def b64(data: bytes) -> str:
        return base64.b64encode(data).decode()

    return {
        "delighted": lambda: {"x-delighted-webhook-signature": f"sha256={mac(body).hex()}"},
        "intercom": lambda: {"x-hub-signature": f"sha1={mac(body, hashlib.sha1).hex()}"},
        "secret": lambda: {"x-webhook-secret": secret},
        "shopify": lambda: {"x-shopify-hmac-sha256": b64(mac(body))},
        "stripe": lambda: {"stripe-signature": f"t={seconds},v1={mac(f'{seconds}.'.encode() + body).hex()},v0=00"},
        "typeform": lambda: {"typeform-signature": f"sha256={b64(mac(body))}"},
        "wootric": lambda: {"x-wootric-signature": f"sha1={mac(body, hashlib.sha1).hex()}"},
        "zendesk": lambda: {
            "x-zendesk-webhook-signature": b64(mac(stamp.encode() + body)),
            "x-zendesk-webhook-signature-timestamp": stamp,
        },
    }[vendor]()
