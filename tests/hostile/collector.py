"""The collector in this process, and what must hold of every request whatever it is."""

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
"""What API Gateway hands to the function."""
_MOST_ANSWERED = 6 * 1024 * 1024


@dataclass(frozen=True)
class Outcome:
    """What came of one request: the answer and what was stored."""

    status: int
    body: Any
    events: list[dict[str, Any]]
    rejected: list[dict[str, Any]]


class Collector:
    """`sent` counts the requests of a run."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._tables = Tables()
        monkeypatch.setattr(clients, "collector_dynamodb", lambda: self._tables)
        self._endpoint = Endpoint(self._tables, monkeypatch, folder)
        self.write_key = self._endpoint.write_key
        self._key_as_sent = base64.b64encode(f"{self.write_key}:".encode()).decode()
        self._said = io.StringIO()
        logging.getLogger("collector").propagate = False  # or pytest keeps every line of a hundred thousand requests
        self.sent = 0

    @property
    def basic(self) -> str:
        """The header of a client that sends its key."""
        return f"Basic {self._key_as_sent}"

    def send(self, event: Event) -> Outcome:
        """Send a request. Fails where an answer is none, or says or leaves behind what it must not."""
        answer = self._handled(event)
        items = self._tables.items("events")
        self._tables.empty("events")
        frames, rejects = (b"".join(i[name]["B"] for i in items if name in i) for name in ("frame", "rejects"))
        events, rejected = list(unpack(frames)), list(unpack(rejects))
        said = self._said.getvalue().encode()
        for secret in (self.write_key.encode(), self._key_as_sent.encode()):
            assert secret not in said, "the write key was logged"
            assert not any(secret in line for line in (*events, *rejected)), "the write key was stored"
        body = self._checked(event, answer)
        outcome = Outcome(
            answer["statusCode"], body, [json.loads(e) for e in events], [json.loads(r) for r in rejected]
        )
        if outcome.status == 200 and isinstance(body, dict) and "accepted" in body:
            _check_counts(outcome)
        else:
            assert not events
            assert not rejected
        return outcome

    def answer(self, event: Event) -> tuple[int, Any]:
        """Status and body of a request of which nothing else is asked; what it stored stays."""
        answer = self._handled(event)
        return answer["statusCode"], json.loads(answer["body"])

    def page(self, path: str) -> Event:
        """A gateway event that asks for a page."""
        return {"rawPath": path, "requestContext": {"http": {"method": "GET"}}, "headers": {}}

    def _handled(self, event: Event) -> dict[str, Any]:
        self.sent += 1
        self._said.seek(0)
        self._said.truncate()
        with contextlib.redirect_stdout(self._said), contextlib.redirect_stderr(self._said):
            answer: dict[str, Any] = self._endpoint.module.handler(event, None)
        return answer

    def _checked(self, event: Event, answer: dict[str, Any]) -> Any:
        """The answer's body. Every error says its code and what is wrong."""
        status, text = answer["statusCode"], answer["body"]
        assert status in {200, 204, 400, 401, 403, 404, 405, 413}, (status, text[:300])
        assert len(text) < _MOST_ANSWERED
        for name, value in answer["headers"].items():
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
    """All that was sent is stored or in quarantine with its reason, and the answer says the same."""
    assert outcome.body["accepted"] == len(outcome.events)
    assert outcome.body.get("rejectedCount", 0) == len(outcome.rejected)
    for record in outcome.rejected:
        assert record["code"]
        assert record["message"]
        assert record["source"] == "web"
        assert record["body_chars"] >= len(record["body"])
