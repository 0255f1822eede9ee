"""Real clients from their registries send to the deployed collector: what arrives, and what happens under each fault.

All clients run once, each in all its scenarios; then one export runs. The tests look at the results of each scenario.
"""

import json
import urllib.request
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from conformance import clients
from conformance.clients import (
    ARRIVES,
    CLIENTS,
    HTTP,
    OFFLINE,
    PLANS,
    REST,
    RETRY_AFTER_SECONDS,
    UNLOAD,
    Client,
    calls,
    plan,
)
from conformance.proxy import MAX_FORWARDED, Exchange, Proxy
from daybreak.aws.doctor import CHECKS
from daybreak.cloud import local
from support import matrix
from support.sandbox import Sandbox, copied

PARALLEL_CLIENTS = 3
"""How many clients run at the same time; most of the time they wait."""
STACKS = {HTTP: "Daybreak", REST: "DaybreakRest"}
STAGES = {HTTP: "", REST: "/prod"}
"""Gateway -> the path in the URL that its deployment prints."""
COLUMNS_OF = {
    gateway: [column for column in PLANS if any(c.gateway == gateway and column in c.expected for c in CLIENTS)]
    for gateway in STACKS
}
COLUMNS = {
    "type": "type", "userId": "user_id", "anonymousId": "anonymous_id", "previousId": "previous_id",
    "groupId": "group_id", "event": "event", "name": "name", "category": "category",
}  # fmt: skip
JSON_COLUMNS = ("properties", "traits", "context")
Row = dict[str, Any]


@dataclass
class Seen:
    """The results of one client: its requests in each scenario, and its events in the lake."""

    exchanges: dict[str, list[Exchange]]
    events: list[Row]


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with copied(tmp_path_factory.mktemp("checkout")) as made:
        made.run(f"make setup && .venv/bin/daybreak up --port {made.port}")
        yield made


@pytest.fixture(scope="module")
def upstreams(sandbox: Sandbox) -> dict[str, str]:
    """Gateway -> the URL that its proxies forward to, without the stage. A second stack has a REST API."""
    cloud = local.running(sandbox.folder)
    assert cloud
    sandbox.run(
        f".venv/bin/cdk deploy -c local=true -c gateway=rest -c stack={STACKS[REST]} --require-approval never "
        "--method direct --output .daybreak/rest.out --outputs-file .daybreak/rest.json",
        **cloud.environment(),
    )
    outputs = json.loads((sandbox.folder / ".daybreak" / "rest.json").read_text())[STACKS[REST]]
    host, _, path = outputs["CollectorUrl"].removeprefix("https://").partition("/")
    assert path == f"{STAGES[REST].lstrip('/')}/"
    return {HTTP: sandbox.status["url"], REST: f"{cloud.endpoint}/_aws/execute-api/{host.partition('.')[0]}"}


@pytest.fixture(scope="module")
def seen(sandbox: Sandbox, upstreams: dict[str, str]) -> dict[str, Seen]:
    """Source of a client -> its results."""
    keys = {client.source: _key(sandbox, client) for client in CLIENTS}
    for gateway, url in upstreams.items():
        _warm(url + STAGES[gateway], next(keys[client.source] for client in CLIENTS if client.gateway == gateway))
    with ExitStack() as listening:
        proxies = {
            client.source: {
                column: listening.enter_context(Proxy(upstreams[client.gateway], plan(client, column)))
                for column in client.expected
            }
            for client in CLIENTS
        }

        def run(client: Client) -> None:
            urls = {column: proxy.url + STAGES[client.gateway] for column, proxy in proxies[client.source].items()}
            client.run(keys[client.source], urls)

        with ThreadPoolExecutor(PARALLEL_CLIENTS) as pool:
            list(pool.map(run, CLIENTS))  # list raises the first error of a thread
    failures = [failure for of in proxies.values() for proxy in of.values() for failure in proxy.failures]
    assert failures == []
    rows = []
    for stack in STACKS.values():
        sandbox.run(f".venv/bin/daybreak run export --date {datetime.now(UTC):%Y-%m-%d}", DAYBREAK_STACK=stack)
        rows += _events(sandbox, stack)
    return {
        client.source: Seen(
            {column: proxy.exchanges for column, proxy in proxies[client.source].items()},
            [row for row in rows if row["source"] == client.source],
        )
        for client in CLIENTS
    }


def _key(sandbox: Sandbox, client: Client) -> str:
    created = sandbox.run(
        f".venv/bin/daybreak keys create --json {client.source}", DAYBREAK_STACK=STACKS[client.gateway]
    )
    return str(json.loads(created)["write_key"])


def _warm(url: str, write_key: str) -> None:
    """Make the local cloud start its workers, so that no client times out while it waits for one."""
    body = json.dumps({"writeKey": write_key, "batch": []}).encode()

    def send(_: int) -> None:
        request = urllib.request.Request(f"{url}/v1/batch", data=body, method="POST")
        with urllib.request.urlopen(request, timeout=120) as response:
            assert response.status == 200

    with ThreadPoolExecutor(MAX_FORWARDED) as pool:
        list(pool.map(send, range(MAX_FORWARDED)))


def _events(sandbox: Sandbox, stack: str) -> list[Row]:
    columns = ["source", "message_id", "timestamp", "original_timestamp", "clock", *COLUMNS.values(), *JSON_COLUMNS]
    found: list[Row] = list(sandbox.query(f"select {', '.join(columns)} from events", stack))
    for row in found:
        row |= {name: json.loads(row[name]) if row[name] else {} for name in JSON_COLUMNS}
    return found


@pytest.mark.parametrize("stack", STACKS.values())
def test_nothing_was_quarantined(sandbox: Sandbox, seen: dict[str, Seen], stack: str) -> None:
    assert sandbox.query("select code, message, body from rejected", stack) == []


@pytest.mark.parametrize(
    ("client", "column"),
    [(client, column) for client in CLIENTS for column in COLUMNS_OF[client.gateway]],
    ids=lambda value: value.source if isinstance(value, Client) else value,
)
def test_a_client_does_what_is_expected(client: Client, column: str, seen: dict[str, Seen]) -> None:
    if column not in client.expected:
        outcome = clients.ELSEWHERE
    elif column == ARRIVES:
        outcome = _arrival(client, seen[client.source])
    else:
        outcome = _outcome(client, column, seen[client.source])
    assert outcome == client.expected.get(column, clients.ELSEWHERE)
    matrix.cell(clients.TABLES[client.gateway], client.name, column, outcome)


def _arrival(client: Client, seen: Seen) -> str:
    """The cell `arrives`. Every call of calls.json must be a row of its type, with its fields and the client's message id."""
    if all(exchange.method == "OPTIONS" for exchange in seen.exchanges[ARRIVES]):
        assert seen.events == []
        return clients.REFUSED
    if not any(exchange.path.startswith(STAGES[client.gateway]) for exchange in seen.exchanges[ARRIVES]):
        assert seen.events == []
        return clients.DROPS_PATH
    rows = {row["type"]: row for row in seen.events if row["user_id"] == "u-1"}
    assert len(rows) == sum(row["user_id"] == "u-1" for row in seen.events) == len(calls())
    for said in calls():
        row = rows[said["type"]]
        assert {key: row[COLUMNS[key]] for key in said if key in COLUMNS} == {
            key: value for key, value in said.items() if key in COLUMNS
        }
        assert said.get("properties", {}).items() <= row["properties"].items()
        assert said.get("traits", {}).items() <= row["traits"].items()
        assert _time(row["timestamp"]) == datetime.fromisoformat(said["timestamp"])
        assert (row["clock"], row["original_timestamp"]) == ("client", None)
        if client.library:
            library = row["context"]["library"]
            assert (library["name"], library["version"]) == client.library
    made = [event["messageId"] for exchange in seen.exchanges[ARRIVES] for event in exchange.events()]
    assert sorted(made) == sorted(row["message_id"] for row in rows.values())
    return clients.ALL


def _time(text: str) -> datetime:
    """A timestamp in a result of Athena."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _outcome(client: Client, column: str, seen: Seen) -> str:
    """The cell of a fault: what happened to its events. The events before and after it must arrive once."""
    rows = [row for row in seen.events if row["anonymous_id"] == column]
    assert {row["clock"] for row in rows} <= {"client"}
    stored = Counter(row["event"] for row in rows)
    assert max(stored.values()) == 1
    if column != UNLOAD:
        assert stored["Before"] == stored["Afterwards"] == 1
    steps = {f"Step {number + 1}" for number in range(client.batch)}
    kept = {step for step in steps if stored[step]}
    sent = [exchange for exchange in seen.exchanges[column] if _names(exchange) & steps]
    # the whole batch is sent again; only events that waited for the network may come in several batches
    assert column == OFFLINE or all(_names(exchange) == steps for exchange in sent)
    if not kept:
        assert len(sent) == (column != OFFLINE)
        return clients.LOST
    assert kept == steps
    if column == OFFLINE:
        return clients.ONLINE
    if column == UNLOAD:
        return clients.CLOSING if len(sent) == 1 else clients.NEXT_PAGE
    if len(sent) == 1:
        return clients.ONCE
    if not any(fault.retry_after for fault in plan(client, column)):
        return clients.AGAIN
    # from the request's begin: on a busy machine the proxy notes its end later than the client reads the response
    return clients.WAITS if sent[1].begun - sent[0].begun > RETRY_AFTER_SECONDS - 0.1 else clients.SOONER


def _names(exchange: Exchange) -> set[str]:
    return {event["event"] for event in exchange.events()}


# commands on the deployed endpoint; they come last, because the last one removes a person


def test_the_books_of_all_clients_balance(sandbox: Sandbox, seen: dict[str, Seen]) -> None:
    rows = json.loads(sandbox.run(f".venv/bin/daybreak reconcile {datetime.now(UTC):%Y-%m-%d} --json"))
    assert {row["source"] for row in rows} >= {
        client.source for client in CLIENTS if client.gateway == HTTP and seen[client.source].events
    }
    # some events were stored twice
    assert sum(int(row["accepted"]) for row in rows) > sum(int(row["in_lake"]) for row in rows)


def test_the_doctor_finds_what_the_local_gateway_does_to_gzip_and_nothing_else(sandbox: Sandbox) -> None:
    status = sandbox.status
    found = json.loads(sandbox.run(".venv/bin/daybreak doctor --json"))
    assert {status["url"], status["gzip_url"]} <= {check["url"] for check in found}
    assert [(check["url"], check["check"], check["other_url"]) for check in found if not check["good"]] == [
        (status["url"], "gzip as application/json (RudderStack, Segment's Python)", True),
        (status["url"], "gzip as text/plain (Kotlin and Android)", True),
    ]
    keys = json.loads(sandbox.run(".venv/bin/daybreak keys list --json"))
    assert [key["source"] for key in keys if key["source"] == "doctor" and not key["revoked"]] == []


def test_the_doctor_finds_nothing_to_change_about_a_rest_api(sandbox: Sandbox, upstreams: dict[str, str]) -> None:
    url = upstreams[REST] + STAGES[REST]
    found = json.loads(sandbox.run(f".venv/bin/daybreak doctor --json --stack {STACKS[REST]} --url {url}"))
    assert len(found) == len(CHECKS) + 1  # and the count of corrected clocks
    assert all(check["good"] for check in found)


def test_a_person_is_shown_and_forgotten(sandbox: Sandbox, seen: dict[str, Seen]) -> None:
    assert any(row["user_id"] == "u-1" for of in seen.values() for row in of.events)
    held = json.loads(sandbox.run(".venv/bin/daybreak export-person u-1"))
    assert len(held["events"]) >= sum(client.gateway == HTTP for client in CLIENTS)
    receipt = json.loads(sandbox.run(".venv/bin/daybreak forget u-1 --no-wait --yes --json"))
    assert receipt["events_removed"] >= len(held["events"])
    assert (receipt["left"], len(receipt["days_rebuilt"]) > 0) == (0, True)
    assert json.loads(sandbox.run(".venv/bin/daybreak export-person u-1"))["events"] == []
    assert sandbox.query("select message_id from events where user_id = 'u-1'") == []
    sandbox.run(f".venv/bin/daybreak reconcile {datetime.now(UTC):%Y-%m-%d}")
