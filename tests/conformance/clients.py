"""The clients: how each is started, and what docs/sending.md lets us expect of it, written by hand.

A driver gets its task as JSON on standard input:

    {"write_key": …, "scenarios": [{"name": …, "url": …, "batch": …}, …]}

and runs all scenarios in parallel, each with a client of its own that sends to `url`. In `arrives` it makes the calls of
drivers/calls.json. In all others `name` is the anonymous id. There it tracks `Before` and waits until that is sent; then
`Step 1` … `Step <batch>`, which meet the fault, and waits until they are sent or given up; then `Afterwards`.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from conformance.proxy import DROP, HOLD, PASS, STORE_THEN_500, STORE_THEN_DROP, Fault
from conftest import ROOT

HERE = Path(__file__).parent
DRIVERS = HERE / "drivers"

RETRY_AFTER_SECONDS = 5
"""The Retry-After of the injected responses: longer than any client waits by default before its first retry."""

ARRIVES = "arrives"
UNLOAD = "page unload"
OFFLINE = "offline, then online"
PLANS: Mapping[str, Sequence[Fault]] = {
    ARRIVES: [],
    "400": [PASS, Fault(status=400, code="invalid_json")],
    "401": [PASS, Fault(status=401, code="unknown_write_key")],
    "413": [PASS, Fault(status=413, code="too_large")],
    "429": [PASS, Fault(status=429, code="throttled", retry_after=RETRY_AFTER_SECONDS)],
    "500": [PASS, Fault(status=500), Fault(status=500)],
    "503": [PASS, Fault(status=503, code="not_stored", retry_after=RETRY_AFTER_SECONDS)],
    "dropped": [PASS, DROP, STORE_THEN_DROP],
    "500 after storing": [PASS, STORE_THEN_500, STORE_THEN_500],
    UNLOAD: [],
    OFFLINE: [],
}
"""Column of the table -> a fault for each of the client's POSTs, in order; the first is `Before`."""

ALL = "all 6 call types, every field"
AGAIN = "sent again, once in the lake"
WAITS = "waits as told, once in the lake"
SOONER = "sent again sooner than told, once in the lake"
LOST = "not sent again: lost"
ONCE = "not sent again, once in the lake"
CLOSING = "sent while the page closes, once in the lake"
NEXT_PAGE = "sent again from the next page, once in the lake"
ONLINE = "waits for the network, once in the lake"
DROPS_PATH = "nothing: it drops the path of its host, so that a REST API needs a domain of its own"
REFUSED = "nothing: the browser's preflight asks for what no HTTP API grants to any origin"
ELSEWHERE = "–"  # noqa: RUF001 - the tables show a dash in an empty cell
"""The cell of a column that does not apply to this client."""


HTTP, REST = "http", "rest"
TABLES = {HTTP: "Clients", REST: "Clients, through a REST API"}
"""Gateway -> the table with the clients' results through it."""


@dataclass(frozen=True)
class Client:
    """A client from its registry. `batch`: how many of the test's events it sends in one request."""

    name: str
    command: Sequence[str]
    library: tuple[str, str] | None
    """Its name and version in context.library."""
    expected: Mapping[str, str]
    retries: bool = True
    """False if it never sends again, whatever the response: then it meets one fault only."""
    batch: int = 3
    path: str | None = None
    """PYTHONPATH, for a package that is installed in its own folder."""
    plans: Mapping[str, Sequence[Fault]] = field(default_factory=dict)
    """Plans that differ from PLANS."""
    gateway: str = HTTP

    @property
    def source(self) -> str:
        """The source whose write key it uses, named after the client and its gateway."""
        return re.sub(r"[^a-z0-9]+", "-", f"{self.name} {self.gateway}".lower()).strip("-")

    def run(self, write_key: str, urls: Mapping[str, str]) -> None:
        """Run all scenarios of `urls`: name -> URL to send to. Fails if the driver does."""
        task = {
            "write_key": write_key,
            "scenarios": [{"name": name, "url": url, "batch": self.batch} for name, url in urls.items()],
        }
        environment = {"PATH": os.pathsep.join([str(ROOT / ".venv" / "bin"), os.environ["PATH"]])}
        if self.path:
            environment["PYTHONPATH"] = self.path
        done = subprocess.run(
            self.command, input=json.dumps(task), cwd=HERE, env=environment,
            capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip
        assert done.returncode == 0, f"{self.name}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"


def _python(package: str, *zipping: str) -> list[str]:
    return [sys.executable, str(DRIVERS / "python_client.py"), package, *zipping]


def _node(driver: str, *arguments: str) -> list[str]:
    return ["node", str(DRIVERS / driver), *arguments]


def _apart(requirement: str) -> str:
    """The folder into which `make conformance` installs a Python client that the checkout's environment does not have."""
    return str(HERE / ".clients" / requirement)


_PERMANENT = {"400": LOST, "401": LOST, "413": LOST}
_RETRIED = {"500": AGAIN, "dropped": AGAIN, "500 after storing": AGAIN}

CLIENTS = [
    Client(
        "segment-analytics-python 2.4.0",
        _python("segment"),
        ("analytics-python", "2.4.0"),
        {ARRIVES: ALL, **_PERMANENT, **_RETRIED, "429": WAITS, "503": WAITS},
    ),
    Client(
        "segment-analytics-python 2.3.5",
        _python("segment"),
        ("analytics-python", "2.3.5"),
        {ARRIVES: ALL, **_PERMANENT, **_RETRIED, "429": SOONER, "503": SOONER},
        path=_apart("segment-analytics-python-2.3.5"),
    ),
    Client(
        "rudder-sdk-python 2.1.9, gzip off",
        _python("rudderstack", "plain"),
        ("analytics-python", "2.1.9"),
        {ARRIVES: ALL, **_PERMANENT, **_RETRIED, "429": SOONER, "503": SOONER},
        path=_apart("rudder-sdk-python-2.1.9"),
    ),
    Client(
        "@segment/analytics-node 3.1.0",
        _node("segment_node.mjs"),
        ("@segment/analytics-node", "3.1.0"),
        {ARRIVES: ALL, **_PERMANENT, **_RETRIED, "429": WAITS, "503": SOONER},
    ),
    Client(
        "@rudderstack/rudder-sdk-node 3.0.13",
        _node("rudder_node.mjs"),
        ("analytics-node", "3.0.13"),
        {ARRIVES: ALL, **_PERMANENT, **_RETRIED, "429": WAITS, "503": WAITS},
    ),
    Client(
        "@segment/analytics-next 1.84.3, one event a request",
        _node("segment_browser.mjs", "standard"),
        ("analytics.js", "next-1.84.3"),
        {
            ARRIVES: ALL,
            **_PERMANENT,
            **_RETRIED,
            "429": WAITS,
            "503": SOONER,
            UNLOAD: NEXT_PAGE,
            OFFLINE: ONLINE,
        },
        batch=1,
        plans={UNLOAD: [HOLD]},
    ),
    Client(
        "@segment/analytics-next 1.84.3, batching",
        _node("segment_browser.mjs", "batching"),
        ("analytics.js", "next-1.84.3"),
        {
            ARRIVES: ALL,
            **_PERMANENT,
            **_RETRIED,
            "429": WAITS,
            "503": SOONER,
            UNLOAD: CLOSING,
            OFFLINE: ONLINE,
        },
    ),
    Client(
        "navigator.sendBeacon, text/plain",
        _node("beacon.mjs", "text/plain"),
        None,
        {
            ARRIVES: ALL,
            **dict.fromkeys(("400", "401", "413", "429", "500", "503", "dropped", OFFLINE), LOST),
            "500 after storing": ONCE,
            UNLOAD: CLOSING,
        },
        retries=False,
        batch=1,
    ),
    Client(
        "navigator.sendBeacon, a Blob of application/json",
        _node("beacon.mjs", "application/json"),
        None,
        {ARRIVES: REFUSED},
    ),
    Client(
        "curl --retry 5 --retry-all-errors",
        [sys.executable, str(DRIVERS / "curl.py")],
        None,
        {ARRIVES: ALL, **_PERMANENT, **_RETRIED, "429": WAITS, "503": WAITS},
        batch=1,
    ),
]


_THROUGH_REST = {
    "segment-analytics-python 2.4.0": ALL,
    "segment-analytics-python 2.3.5": ALL,
    "@segment/analytics-node 3.1.0": DROPS_PATH,
    "@rudderstack/rudder-sdk-node 3.0.13": ALL,
    "@segment/analytics-next 1.84.3, one event a request": ALL,
    "@segment/analytics-next 1.84.3, batching": ALL,
    "navigator.sendBeacon, text/plain": ALL,
    "navigator.sendBeacon, a Blob of application/json": ALL,
    "curl --retry 5 --retry-all-errors": ALL,
}
"""Clients of the first table -> their cell `arrives` through a REST API. The gateway does not change how they retry."""
_ZIPPED = {ARRIVES: ALL, "dropped": AGAIN, "500 after storing": AGAIN}

CLIENTS += [
    *(
        replace(client, gateway=REST, expected={ARRIVES: _THROUGH_REST[client.name]})
        for client in CLIENTS
        if client.name in _THROUGH_REST
    ),
    Client(
        "segment-analytics-python 2.4.0, gzip on",
        _python("segment", "gzip"),
        ("analytics-python", "2.4.0"),
        _ZIPPED,
        gateway=REST,
    ),
    Client(
        "rudder-sdk-python 2.1.9, as it comes: gzip on",
        _python("rudderstack"),
        ("analytics-python", "2.1.9"),
        _ZIPPED,
        path=_apart("rudder-sdk-python-2.1.9"),
        gateway=REST,
    ),
]


def plan(client: Client, column: str) -> Sequence[Fault]:
    """The faults that a client meets; one is enough for a client that never sends again."""
    faults = client.plans.get(column, PLANS[column])
    return faults if client.retries else faults[:2]


def calls() -> list[dict[str, Any]]:
    return list(json.loads((DRIVERS / "calls.json").read_text()))
