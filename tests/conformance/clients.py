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
from collections.abc import Iterable, Mapping, Sequence
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
MANY = "200 events"
MANY_EVENTS = 200
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
    MANY: [PASS, Fault(status=500), STORE_THEN_DROP],
}
"""Column of the table -> a fault for each of the client's POSTs, in order; the first is `Before`."""

TYPES = ("identify", "track", "page", "screen", "group", "alias")
MADE_ID = "server-"
"""The beginning of the ids that the endpoint makes for events that come without one."""


def arrived(types: Sequence[str], other: Iterable[str] = (), *, ids_made: bool = False) -> str:
    """The cell `arrives` of a client with these types of calls, whose `other` fields do not arrive as they were given."""
    without = [type_ for type_ in TYPES if type_ not in types]
    calls = "all 6 call types" if not without else f"{len(types)} call types, it has no {' or '.join(without)}"
    fields = f"every field but {' and '.join(sorted(other))}" if other else "every field"
    return f"{calls}, {fields}" + (", ids made by the endpoint" if ids_made else "")


ALL = arrived(TYPES)
AGAIN = "sent again, once in the lake"
WAITS = "waits as told, once in the lake"
SOONER = "sent again sooner than told, once in the lake"
LOST = "not sent again: lost"
ONCE = "not sent again, once in the lake"
CLOSING = "sent while the page closes, once in the lake"
NEXT_PAGE = "sent again from the next page, once in the lake"
ONLINE = "waits for the network, once in the lake"
EACH = "all 200 in the lake, each once"
DROPS_PATH = "nothing: it drops the path of its host, so that a REST API needs a domain of its own"
REFUSED = "nothing: the browser's preflight asks for what no HTTP API grants to any origin"
ELSEWHERE = "–"
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
    waits_at_random: bool = False
    """True if it waits a random time before it sends again, whatever it is told."""
    toolchain: str = ""
    """The program that builds its driver, and `built`, what `make conformance` built; both empty if it needs none."""
    built: Path | None = None

    @property
    def in_browser(self) -> bool:
        return any(driver in argument for argument in self.command for driver in ("browser.mjs", "beacon.mjs"))

    def missing(self) -> str | None:
        """Why it cannot run on this machine; None if it can."""
        if self.built is None or self.built.exists():
            return None
        return f"{self.toolchain} is not installed, or `make conformance` has not built {self.built.name} with it"

    @property
    def source(self) -> str:
        """The source whose write key it uses, named after the client and its gateway."""
        return re.sub(r"[^a-z0-9]+", "-", f"{self.name} {self.gateway}".lower()).strip("-")

    def run(self, write_key: str, urls: Mapping[str, str]) -> None:
        """Run all scenarios of `urls`: name -> URL to send to. Fails if the driver does."""
        task = {
            "write_key": write_key,
            "scenarios": [
                {"name": name, "url": url, "batch": MANY_EVENTS if name == MANY else self.batch}
                for name, url in urls.items()
            ],
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


BUILT = HERE / ".clients"
GO, RUST, JAVA = BUILT / "go-clients", BUILT / "rust" / "debug" / "conformance", BUILT / "java"
_SPEAK_UTF_8 = "-Dfile.encoding=UTF-8"


def _java(driver: str) -> list[str]:
    return ["java", _SPEAK_UTF_8, "-cp", f"{JAVA / 'classes'}:{JAVA / 'lib'}/*", driver]


_PERMANENT = {"400": LOST, "401": LOST, "413": LOST}
_RETRIED = {"500": AGAIN, "dropped": AGAIN, "500 after storing": AGAIN}
_STUBBORN = {**dict.fromkeys(("400", "401", "413", *_RETRIED), AGAIN), "429": SOONER, "503": SOONER}
"""Of a client that sends everything again, whatever the response."""
_NO_CATEGORY = arrived(TYPES, ["category"])
_NO_SCREEN = arrived([type_ for type_ in TYPES if type_ != "screen"])
_NO_PAGE = arrived([type_ for type_ in TYPES if type_ != "page"])
_ONE_TRY = [PASS, Fault(status=500)]

CLIENTS = [
    Client(
        "segment-analytics-python 2.4.0",
        _python("segment.analytics"),
        ("analytics-python", "2.4.0"),
        {ARRIVES: ALL, **_PERMANENT, **_RETRIED, "429": WAITS, "503": WAITS, MANY: EACH},
    ),
    Client(
        "segment-analytics-python 2.3.5",
        _python("segment.analytics"),
        ("analytics-python", "2.3.5"),
        {ARRIVES: ALL, **_PERMANENT, **_RETRIED, "429": SOONER, "503": SOONER, MANY: EACH},
        path=_apart("segment-analytics-python-2.3.5"),
    ),
    Client(
        "rudder-sdk-python 2.1.9, gzip off",
        _python("rudderstack.analytics", "plain"),
        ("analytics-python", "2.1.9"),
        {ARRIVES: ALL, **_PERMANENT, **_RETRIED, "429": SOONER, "503": SOONER, MANY: EACH},
        path=_apart("rudder-sdk-python-2.1.9"),
    ),
    Client(
        "@segment/analytics-node 3.1.0",
        _node("segment_node.mjs"),
        ("@segment/analytics-node", "3.1.0"),
        {ARRIVES: ALL, **_PERMANENT, **_RETRIED, "429": WAITS, "503": SOONER, MANY: EACH},
    ),
    Client(
        "@rudderstack/rudder-sdk-node 3.0.13",
        _node("rudder_node.mjs"),
        ("analytics-node", "3.0.13"),
        {ARRIVES: ALL, **_PERMANENT, **_RETRIED, "429": WAITS, "503": WAITS, MANY: EACH},
    ),
    Client(
        "analytics-python 1.4.0",
        _python("analytics"),
        ("analytics-python", "1.4.0"),
        {ARRIVES: ALL, **_PERMANENT, **_RETRIED, "429": SOONER, "503": SOONER, MANY: EACH},
        path=_apart("analytics-python-1.4.0"),
    ),
    Client(
        "analytics-node 6.2.0",
        _node("analytics_node.mjs"),
        ("analytics-node", "6.2.0"),
        {ARRIVES: ALL, **_PERMANENT, **_RETRIED, "429": SOONER, "503": SOONER, MANY: EACH},
    ),
    Client(
        "segmentio/analytics-go 3.3.0",
        [str(GO), "segment"],
        ("analytics-go", "3.0.0"),
        {ARRIVES: _NO_CATEGORY, **_STUBBORN, MANY: EACH},
        toolchain="go",
        built=GO,
    ),
    Client(
        "rudderlabs/analytics-go 4.2.0, gzip off",
        [str(GO), "rudder", "plain"],
        ("analytics-go", "4.2.0"),
        {ARRIVES: _NO_CATEGORY, **_STUBBORN, MANY: EACH},
        toolchain="go",
        built=GO,
    ),
    Client(
        "com.segment.analytics.java 3.5.4",
        _java("SegmentJava"),
        ("analytics-java", "3.5.4"),
        {ARRIVES: _NO_CATEGORY, **_PERMANENT, **_RETRIED, "429": AGAIN, "503": AGAIN, MANY: EACH},
        waits_at_random=True,
        # it waits up to half a minute before its second try, and up to a minute before its third
        plans={"500": _ONE_TRY, "dropped": [PASS, DROP], "500 after storing": [PASS, STORE_THEN_500]},
        toolchain="maven",
        built=JAVA / ".ready",
    ),
    Client(
        "segment 0.2.6 (Rust)",
        [str(RUST)],
        None,
        {
            ARRIVES: arrived(TYPES, ids_made=True),
            **dict.fromkeys(("400", "401", "413", "429", "500", "503", "dropped"), LOST),
            "500 after storing": ONCE,
            MANY: EACH,
        },
        retries=False,
        plans={MANY: []},
        toolchain="cargo",
        built=RUST,
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
        "@segment/snippet 5.2.1, self-hosted script",
        _node("segment_browser.mjs", "snippet"),
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
        "@rudderstack/analytics-js 3.34.1",
        _node("rudder_browser.mjs"),
        ("RudderLabs JavaScript SDK", "3.34.1"),
        {
            ARRIVES: _NO_SCREEN,
            **_PERMANENT,
            **_RETRIED,
            "429": SOONER,
            "503": SOONER,
            UNLOAD: NEXT_PAGE,
            OFFLINE: ONLINE,
        },
        batch=1,
        plans={UNLOAD: [HOLD]},
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
_ZIPPED = {ARRIVES: ALL, "dropped": AGAIN, "500 after storing": AGAIN, MANY: EACH}

CLIENTS += [
    *(
        replace(client, gateway=REST, expected={ARRIVES: _THROUGH_REST[client.name]})
        for client in CLIENTS
        if client.name in _THROUGH_REST
    ),
    Client(
        "segment-analytics-python 2.4.0, gzip on",
        _python("segment.analytics", "gzip"),
        ("analytics-python", "2.4.0"),
        _ZIPPED,
        gateway=REST,
    ),
    Client(
        "rudder-sdk-python 2.1.9, as it comes: gzip on",
        _python("rudderstack.analytics"),
        ("analytics-python", "2.1.9"),
        _ZIPPED,
        path=_apart("rudder-sdk-python-2.1.9"),
        gateway=REST,
    ),
    Client(
        "analytics-python 1.4.0, gzip on",
        _python("analytics", "gzip"),
        ("analytics-python", "1.4.0"),
        _ZIPPED,
        path=_apart("analytics-python-1.4.0"),
        gateway=REST,
    ),
    Client(
        "rudderlabs/analytics-go 4.2.0, as it comes: gzip on",
        [str(GO), "rudder"],
        ("analytics-go", "4.2.0"),
        {**_ZIPPED, ARRIVES: _NO_CATEGORY},
        gateway=REST,
        toolchain="go",
        built=GO,
    ),
    Client(
        "com.segment.analytics.kotlin:core 1.27.0 (Android)",
        _java("SegmentKotlin"),
        ("analytics-kotlin", "1.27.0"),
        {ARRIVES: _NO_PAGE, **_PERMANENT, **_RETRIED, "429": SOONER, "503": SOONER, MANY: EACH},
        gateway=REST,
        toolchain="maven",
        built=JAVA / ".ready",
    ),
]


def plan(client: Client, column: str) -> Sequence[Fault]:
    """The faults that a client meets; one is enough for a client that never sends again."""
    faults = client.plans.get(column, PLANS[column])
    return faults if client.retries else faults[:2]


def calls() -> list[dict[str, Any]]:
    return list(json.loads((DRIVERS / "calls.json").read_text()))
