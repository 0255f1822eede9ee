"""The collector as Lambda calls it: gateway events in, responses out, over tables in moto or anything like it."""

import base64
import importlib.util
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from conftest import ROOT, payload
from daybreak.aws.events_table import EventsTable
from daybreak.aws.settings import CollectorSettings
from daybreak.aws.write_keys import WriteKeys
from daybreak.ingest.frames import unpack
from support.hour_frames import HourFrames


@dataclass(frozen=True)
class Response:
    """A response as a client sees it."""

    status: int
    body: Any
    headers: dict[str, str]


class Endpoint:
    """The collector's handler with its own tables and a server's write key."""

    def __init__(self, tables: Any, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        self.tables, self._folder = tables, folder
        settings = CollectorSettings(events_table="events", keys_table="keys", hash_salt="salt")
        for name, value in settings.environment().items():
            monkeypatch.setenv(name, value)
        self.configure("")
        self.write_key = WriteKeys(tables, "keys").create("web", "server", "2026-11-20T00:00:00+00:00")

    def configure(self, toml: str) -> None:
        """Start the function again, with another daybreak.toml."""
        (self._folder / "daybreak.toml").write_text(toml)
        self.module = handler_module("collector", self._folder)

    def event(self, path: str, key: str | None = None, stage: str = "$default") -> dict[str, Any]:
        """A gateway event of a POST without a body."""
        event = dict(payload("gateway-http-api.json"))
        event["requestContext"] = {**event["requestContext"], "stage": stage}
        event |= {"rawPath": path, "body": "", "isBase64Encoded": False}
        basic = base64.b64encode(f"{key or self.write_key}:".encode()).decode()
        return event | {"headers": {"authorization": f"Basic {basic}"}}

    def post(
        self, body: Any, path: str = "/v1/batch", key: str | None = "", headers: dict[str, str] | None = None,
        query: dict[str, str] | None = None, stage: str = "$default",
    ) -> Response:  # fmt: skip
        """Send bytes as they are, or a value as JSON. With `key` None, no key is in the header."""
        event = self.event(path, key, stage)
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        event |= {"body": base64.b64encode(raw).decode(), "isBase64Encoded": True}
        if key is None:
            event["headers"] = {}
        event["headers"] |= headers or {}
        return self.call(event | {"queryStringParameters": query or {}})

    def get(
        self, path: str, method: str = "GET", headers: dict[str, str] | None = None, query: dict[str, str] | None = None
    ) -> Response:
        event = self.event(path) | {"headers": headers or {}, "queryStringParameters": query or {}}
        event["requestContext"]["http"] = {"method": method}
        return self.call(event)

    def call(self, event: dict[str, Any]) -> Response:
        response = self.module.handler(event, None)
        return Response(response["statusCode"], json.loads(response["body"] or "null"), response["headers"])

    def stored(self) -> HourFrames:
        """Everything in the events table for the current arrival hour."""
        hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        return HourFrames.of(EventsTable(self.tables, "events").hour(hour))

    def lines(self) -> list[dict[str, Any]]:
        """Stored events in the order of their keys."""
        return [json.loads(line) for line in unpack(self.stored().frames)]

    def quarantined(self) -> bytes:
        return b"\n".join(unpack(self.stored().rejected_frames))


def handler_module(function: str, bundle: Path) -> ModuleType:
    """functions/<function>/handler.py as a function that just started, with the daybreak.toml of the folder `bundle`."""
    spec = importlib.util.spec_from_file_location(function, ROOT / "functions" / function / "handler.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.__file__ = str(bundle / "handler.py")
    return module
