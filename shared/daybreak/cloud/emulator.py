"""The emulator as the local cloud runs it: `localhost` and `127.0.0.1` both reach the collector, and the AWS API.

The emulator tells the two apart by the host alone: 127.0.0.1 is the collector's domain (`local.publish`), and localhost
is the AWS API, which answers an event with `NoSuchBucket`. Every request to the AWS API is signed and no event is, so
here the signature decides, under either name. `python -m hypercorn daybreak.cloud.emulator:app` serves it.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from ministack.app import app as emulator

from daybreak.cloud.athena_views import let_athena_read_views

COLLECTOR_HOST, AWS_HOST = b"127.0.0.1", b"localhost"
_OF_THE_EMULATOR = "/_"
"""Its own pages begin with this, such as /_ministack/ready."""
Scope = MutableMapping[str, Any]
Channel = Callable[..., Awaitable[Any]]


async def app(scope: Scope, receive: Channel, send: Channel) -> None:
    """Pass a request on to the emulator, under the host by which it finds whom the request is for."""
    if scope["type"] == "lifespan":
        let_athena_read_views()
    await emulator(addressed(scope), receive, send)


def addressed(scope: Scope) -> Scope:
    """The request with the host of the AWS API if it is signed, else with that of the collector.

    Requests to other hosts, and to the emulator's own pages, are not changed.
    """
    if scope["type"] != "http" or scope["path"].startswith(_OF_THE_EMULATOR):
        return scope
    headers = dict(scope["headers"])
    name, colon, port = headers.get(b"host", b"").partition(b":")
    if name not in (COLLECTOR_HOST, AWS_HOST):
        return scope
    host = (AWS_HOST if _is_signed(headers, scope["query_string"]) else COLLECTOR_HOST) + colon + port
    others = [(key, value) for key, value in scope["headers"] if key != b"host"]
    return {**scope, "headers": [(b"host", host), *others]}


def _is_signed(headers: dict[bytes, bytes], query: bytes) -> bool:
    """True if Amazon's SDKs signed the request, in its header or, as in links to objects, in its query."""
    return headers.get(b"authorization", b"").startswith(b"AWS4-HMAC-") or b"X-Amz-Signature=" in query
