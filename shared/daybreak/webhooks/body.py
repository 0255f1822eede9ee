"""The bytes of a webhook's request as a `Delivery`: JSON, or a form where a vendor sends one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from daybreak.errors import RequestRefused
from daybreak.ingest.body import MAX_BODY_BYTES, read_json, require_size
from daybreak.ingest.request import Request

_FORM = "application/x-www-form-urlencoded"
_MOST_FIELDS = 10_000
"""Fields of a form. Wootric's have some twenty."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a tool has sent: its body, and what only the headers say."""

    body: Any
    topic: str | None = None
    """Shopify's, which is not signed: whoever has recorded a request can send it again with another one."""
    id: str | None = None
    """The id of the delivery, the same each time it is sent again. Only Standard Webhooks sign it."""


def delivery_of(request: Request) -> Delivery:
    """The delivery that a request holds. Raises RequestRefused (400 or 413)."""
    headers = request.headers
    return Delivery(
        body=_read(request.body, headers.get("content-type") or "", headers.get("content-encoding") or ""),
        topic=headers.get("x-shopify-topic"),
        id=headers.get("webhook-id"),
    )


def _read(body: bytes, content_type: str, encoding: str) -> Any:
    if content_type.partition(";")[0].strip().lower() != _FORM or body[:1] in (b"{", b"["):
        return read_json(body, encoding=encoding)
    require_size(len(body), MAX_BODY_BYTES)
    try:
        return _unfolded(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS))
    except ValueError as error:  # too many fields, or not UTF-8
        raise RequestRefused(400, "invalid_form", f"the form cannot be read: {str(error)[:200]}") from None


def _unfolded(fields: list[tuple[str, str]]) -> dict[str, Any]:
    """response[id]=1 -> {"response": {"id": "1"}}"""
    form: dict[str, Any] = {}
    for name, value in fields:
        *outer, last = name.replace("]", "").split("[")
        holder = form
        for part in outer:
            inner = holder.get(part)
            if not isinstance(inner, dict):
                inner = holder[part] = {}
            holder = inner
        holder[last] = value
    return form


def objects(value: Any) -> list[Mapping[str, Any]]:
    """The objects of a list; none if it is not a list."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
