"""The pages that the endpoint serves to GET: its health, its description, and settings for browsers' SDKs."""

import json
import re
from collections.abc import Callable
from typing import Any

from daybreak.ingest.request import Request
from daybreak.ingest.responses import Health, openapi

_KEY = re.compile(r"^[A-Za-z0-9_-]{1,100}$")
_SETTINGS = re.compile(r"^/+v1/projects/([A-Za-z0-9_-]{1,100})/settings$")

_SNIPPETS_SCRIPT = re.compile(r"^/+analytics\.js/v1/[^/]+/analytics(\.min)?\.js$")
_ADVICE = (
    "Daybreak's endpoint serves no analytics.js, so this page sends no events: copy dist/umd/standalone.js of the npm "
    "package @segment/analytics-next to your own site, load it instead of this script, and set analytics._cdn to the "
    "endpoint's URL"
)


def script(request: Request) -> str | None:
    """The JavaScript that Segment's snippet gets instead of its library: one line in the console that says what to do.

    It is sent with 200, because a browser runs no script that comes with an error, and then only shows the status.
    """
    if request.method not in ("GET", "HEAD") or not _SNIPPETS_SCRIPT.match(request.path):
        return None
    return f"console.error({json.dumps(_ADVICE)});\n"


def page(request: Request, write_probe: Callable[[], None]) -> dict[str, Any] | None:
    """The JSON of the page that a request asks for, or None if it asks for none.

    `write_probe` writes to the events table. Raises the RequestRefused (503) that it raises.
    """
    if request.method not in ("GET", "HEAD"):
        return None
    path = request.path.rstrip("/")
    if path == "/v1/health":
        write_probe()
        return Health().model_dump(by_alias=True)
    if path == "/openapi.json":
        return openapi()
    if path.lstrip("/") == "sourceConfig":
        return rudder_settings(request.query.get("writeKey") or "")
    if match := _SETTINGS.match(path):
        return browser_settings(match.group(1), request.base)
    return None


def browser_settings(write_key: str, base: str) -> dict[str, Any]:
    """The settings that @segment/analytics-next reads from its `cdnURL` before it sends: where to send, nothing off.

    With them, a page needs one setting only. They are the same for every key: a bad key is refused when it is used.
    """
    protocol, _, host = base.partition("://")
    return {
        "integrations": {"Segment.io": {"apiKey": write_key, "apiHost": f"{host}/v1", "protocol": protocol}},
        "plan": {"track": {"__default": {"enabled": True, "integrations": {}}}},
        "edgeFunction": {},
        "analyticsNextEnabled": True,
        "enabledMiddleware": {},
        "remotePlugins": [],
    }


def rudder_settings(write_key: str) -> dict[str, Any]:
    """The settings that RudderStack's SDKs ask for before they send: on, no other destination, no reports about errors.

    They are the same for every key. `write_key` is repeated only if it can be one.
    """
    return {
        "source": {
            "id": "daybreak",
            "name": "daybreak",
            "writeKey": write_key if _KEY.match(write_key) else "",
            "enabled": True,
            "config": {"statsCollection": {"errors": {"enabled": False}, "metrics": {"enabled": False}}},
            "connections": [],
            "destinations": [],
            "workspaceId": "daybreak",
            "updatedAt": "2026-01-01T00:00:00.000Z",
        },
        "updatedAt": "2026-01-01T00:00:00.000Z",
    }
