"""The collector in this process, and the promises that it must keep for every request."""

import base64
import contextlib
import io
import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from daybreak.aws import clients
from daybreak.ingest.frames import unpack
from hostile.tables import Tables
from support.endpoint import Endpoint

Event = dict[str, Any]
"""An event that API Gateway sends to the function."""
_MAX_RESPONSE_CHARS = 6 * 1024 * 1024


@dataclass(frozen=True)
class Outcome:
    """The result of one request: the response, and the events that were stored or quarantined."""

    status: int
    body: Any
    events: list[dict[str, Any]]
    rejected: list[dict[str, Any]]


class Collector:
    """The collector with tables of its own; `sent` counts the requests of a run."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._tables = Tables()
        monkeypatch.setattr(clients, "collector_dynamodb", lambda: self._tables)
        self._endpoint = Endpoint(self._tables, monkeypatch, folder)
        self._endpoint.configure("[webhook.hook]\n")
        self.write_key = self._endpoint.write_key
        self._key_as_sent = base64.b64encode(f"{self.write_key}:".encode()).decode()
        self._said = io.StringIO()
        logging.getLogger("collector").propagate = False  # otherwise pytest keeps every log line of 100,000 requests
        self.sent = 0

    @property
    def basic(self) -> str:
        """The header of a client that sends its key."""
        return f"Basic {self._key_as_sent}"

    def send(self, event: Event) -> Outcome:
        """Send a request. Fails if the response is invalid, or if the write key was logged or stored."""
        response = self._handled(event)
        items = self._tables.items("events")
        self._tables.empty("events")
        frames, rejects = (b"".join(i[name]["B"] for i in items if name in i) for name in ("frame", "rejects"))
        events, rejected = list(unpack(frames)), list(unpack(rejects))
        said = self._said.getvalue().encode()
        for secret in (self.write_key.encode(), self._key_as_sent.encode()):
            assert secret not in said, "the write key was logged"
            assert not any(secret in line for line in (*events, *rejected)), "the write key was stored"
        body = self._checked(event, response)
        outcome = Outcome(
            response["statusCode"], body, [json.loads(e) for e in events], [json.loads(r) for r in rejected]
        )
        if outcome.status == 200 and isinstance(body, dict) and "accepted" in body:
            _check_counts(outcome)
        else:
            assert not events
            assert not rejected
        return outcome

    def respond(self, event: Event) -> tuple[int, Any]:
        """Send a request without any check: the response's status and body. Stored items stay in the tables."""
        response = self._handled(event)
        return response["statusCode"], json.loads(response["body"])

    def page(self, path: str) -> Event:
        """A gateway event of a GET of `path`."""
        return {"rawPath": path, "requestContext": {"http": {"method": "GET"}}, "headers": {}}

    def _handled(self, event: Event) -> dict[str, Any]:
        self.sent += 1
        self._said.seek(0)
        self._said.truncate()
        with contextlib.redirect_stdout(self._said), contextlib.redirect_stderr(self._said):
            response: dict[str, Any] = self._endpoint.module.handler(event, None)
        return response

    def _checked(self, event: Event, response: dict[str, Any]) -> Any:
        """The response's body. Every error must have a code and a message."""
        status, text = response["statusCode"], response["body"]
        assert status in {200, 204, 400, 401, 403, 404, 405, 413}, (status, text[:300])
        assert len(text) < _MAX_RESPONSE_CHARS
        for name, value in response["headers"].items():
            assert value.isascii(), name
            assert value.isprintable(), name
        if not text:
            assert status == 204 or _method(event) == "HEAD"
            return None
        body = json.loads(text)
        if status >= 400:
            assert isinstance(body["code"], str)
            assert isinstance(body["message"], str)
            assert body["code"]
            assert body["message"]
        return body


def _method(event: Event) -> str:
    return str(event.get("requestContext", {}).get("http", {}).get("method") or event.get("httpMethod") or "")


def _check_counts(outcome: Outcome) -> None:
    """Every event is stored, or in the quarantine with its reason, and the response has the same counts."""
    assert outcome.body["accepted"] == len(outcome.events)
    assert outcome.body.get("rejectedCount", 0) == len(outcome.rejected)
    for record in outcome.rejected:
        assert record["code"]
        assert record["message"]
        assert record["source"] == "web"
        assert record["body_chars"] >= len(record["body"])
