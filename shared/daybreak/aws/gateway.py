"""API Gateway's events and answers: the HTTP API's format (2.0) and the REST API's (1.0), into `Request` and back."""

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from daybreak.errors import RequestRefused
from daybreak.ingest.request import Intake, Request

_MOST_LISTED = 100
"""Rejected events named in an answer; all of them are in quarantine."""

_CORS = {"Access-Control-Allow-Origin": "*"}


def request(event: Mapping[str, Any]) -> Request:
    """A gateway event as a Request. Raises RequestRefused where the body is not the base64 it is said to be."""
    http = event.get("requestContext", {}).get("http", {})
    body = event.get("body") or ""
    if event.get("isBase64Encoded"):
        try:
            raw = base64.b64decode(body, validate=True)
        except (binascii.Error, ValueError):
            raise RequestRefused(400, "body_damaged", "the gateway's base64 of the body cannot be read") from None
    else:
        raw = body.encode("utf-8", "surrogatepass")
    return Request(
        method=http.get("method") or event.get("httpMethod") or "",
        path=event.get("rawPath") or event.get("path") or "",
        headers={name.lower(): value for name, value in (event.get("headers") or {}).items()},
        query=event.get("queryStringParameters") or {},
        body=raw,
    )


def success(intake: Intake) -> dict[str, Any]:
    """Exactly 200: some SDKs send everything again after a 201, 202 or 204."""
    body: dict[str, Any] = {"success": True, "accepted": len(intake.events)}
    if intake.rejected:
        body["rejected"] = [
            {"index": r.index, "messageId": r.message_id, "code": r.code, "message": r.message}
            for r in intake.rejected[:_MOST_LISTED]
        ]
        body["rejectedCount"] = len(intake.rejected)
    if made := [event.message_id for event in intake.events if event.id_made]:
        body["messageIdsMade"] = made[:_MOST_LISTED]
    return _answer(200, body)


def refusal(refused: RequestRefused) -> dict[str, Any]:
    """Every error has `code` and `message`: without `code` some SDKs retry a permanent error ten times."""
    headers = {"Retry-After": str(refused.retry_after)} if refused.retry_after is not None else {}
    if refused.status == 405:
        headers["Allow"] = "POST"
    return _answer(refused.status, {"success": False, "code": refused.code, "message": refused.message}, headers)


def _answer(status: int, body: dict[str, Any], headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    return {
        "statusCode": status,
        "headers": {"Content-Type": "application/json", **_CORS, **(headers or {})},
        "body": json.dumps(body),
    }
