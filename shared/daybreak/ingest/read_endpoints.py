"""What the endpoint shows to those who read: its health, its description, settings for browsers' SDKs."""

import re
from collections.abc import Callable
from typing import Any

from daybreak.ingest.request import Request
from daybreak.ingest.responses import Health, openapi

_SETTINGS = re.compile(r"^/+v1/projects/([A-Za-z0-9_-]{1,100})/settings$")


def page(request: Request, write_probe: Callable[[], None]) -> dict[str, Any] | None:
    """The JSON of the page a request asks for, or None where it asks for none.

    `write_probe` writes to the events table; what it raises (RequestRefused, 503) is the answer.
    """
    if request.method not in ("GET", "HEAD"):
        return None
    path = request.path.rstrip("/")
    if path == "/v1/health":
        write_probe()
        return Health().model_dump(by_alias=True)
    if path == "/openapi.json":
        return openapi()
    if asked := _SETTINGS.match(path):
        return browser_settings(asked.group(1), request.base)
    return None


def browser_settings(write_key: str, base: str) -> dict[str, Any]:
    """What @segment/analytics-next asks its `cdnURL` for before it sends: where to send to, and that nothing is off.

    So a page needs one setting only. Says the same for any key: whether a key is good is told by sending with it.
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
