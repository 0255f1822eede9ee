"""Real clients from their registries send to the deployed collector: what arrives, and what happens under each fault.

All clients run once, each in all its scenarios; then one export runs. The tests look at the results of each scenario.
"""

import json
import os
import urllib.request
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest

from conformance import clients
from conformance.clients import (
    ARRIVES,
    CLIENTS,
    HTTP,
    MANY,
    MANY_EVENTS,
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

PARALLEL = 2
"""How many clients run at the same time in a browser, and how many without one; most of the time they wait."""
STAGES = {HTTP: "", REST: "/prod"}
"""Gateway -> the path in the URL that the deployment prints for it."""
COLUMNS_OF = {
    gateway: [column for column in PLANS if any(c.gateway == gateway and column in c.expected for c in CLIENTS)]
    for gateway in STAGES
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
    """Gateway -> the URL that its proxies forward to, without the stage.

    The local cloud's own URL for gzip passes paths without the stage to the HTTP API, so the REST API has an address of
    its own here: what a client sends to another path does not arrive, as in AWS.
    """
    cloud = local.running(sandbox.folder)
    assert cloud
    cloudformation = boto3.client(
        "cloudformation", endpoint_url=cloud.endpoint, region_name="us-east-1",
        aws_access_key_id="local", aws_secret_access_key="local",
    )  # fmt: skip
    (stack,) = cloudformation.describe_stacks(StackName="Daybreak")["Stacks"]
    (printed,) = (out["OutputValue"] for out in stack["Outputs"] if out["OutputKey"] == "CollectorUrlForGzip")
    host, _, path = printed.removeprefix("https://").partition("/")
    assert path == f"{STAGES[REST].lstrip('/')}/"
    return {HTTP: sandbox.status["url"], REST: f"{cloud.endpoint}/_aws/execute-api/{host.partition('.')[0]}"}


@pytest.fixture(scope="module")
def seen(sandbox: Sandbox, upstreams: dict[str, str]) -> dict[str, Seen]:
    """Source of a client -> its results. Clients whose toolchain is missing are left out."""
    found = [client for client in CLIENTS if client.missing() is None]
    keys = {client.source: _key(sandbox, client) for client in found}
    for gateway, url in upstreams.items():
        _warm(url + STAGES[gateway], next(keys[client.source] for client in found if client.gateway == gateway))
    with ExitStack() as listening:
        proxies = {
            client.source: {
                column: listening.enter_context(Proxy(upstreams[client.gateway], plan(client, column)))
                for column in client.expected
            }
            for client in found
        }

        def run(client: Client) -> None:
            urls = {column: proxy.url + STAGES[client.gateway] for column, proxy in proxies[client.source].items()}
            client.run(keys[client.source], urls)

        with ThreadPoolExecutor(PARALLEL) as browsers, ThreadPoolExecutor(PARALLEL) as others:
            running = [(browsers if client.in_browser else others).submit(run, client) for client in found]
        for done in running:
            done.result()  # raises the error of its thread
    failures = [failure for of in proxies.values() for proxy in of.values() for failure in proxy.failures]
    assert failures == []
    sandbox.run(f".venv/bin/daybreak run export --date {datetime.now(UTC):%Y-%m-%d}")
    rows = _events(sandbox)
    return {
        client.source: Seen(
            {column: proxy.exchanges for column, proxy in proxies[client.source].items()},
            [row for row in rows if row["source"] == client.source],
        )
        for client in found
    }


def _key(sandbox: Sandbox, client: Client) -> str:
    created = sandbox.run(f".venv/bin/daybreak keys create --json {client.source}")
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


def _events(sandbox: Sandbox) -> list[Row]:
    columns = ["source", "message_id", "timestamp", "original_timestamp", "clock", *COLUMNS.values(), *JSON_COLUMNS]
    found: list[Row] = list(sandbox.query(f"select {', '.join(columns)} from events"))
    for row in found:
        row |= {name: json.loads(row[name]) if row[name] else {} for name in JSON_COLUMNS}
    return found


def test_nothing_was_quarantined(sandbox: Sandbox, seen: dict[str, Seen]) -> None:
    assert sandbox.query("select code, message, body from rejected") == []


@pytest.mark.parametrize(
    ("client", "column"),
    [(client, column) for client in CLIENTS for column in COLUMNS_OF[client.gateway]],
    ids=lambda value: value.source if isinstance(value, Client) else value,
)
def test_a_client_does_what_is_expected(client: Client, column: str, seen: dict[str, Seen]) -> None:
    if missing := client.missing():
        if os.environ.get("CI"):
            pytest.fail(missing)  # CI's machine has every toolchain
        pytest.skip(missing)
    if column not in client.expected:
        outcome = clients.ELSEWHERE
    elif column == ARRIVES:
        outcome = _arrival(client, seen[client.source])
    elif column == MANY:
        outcome = _many(client, seen[client.source])
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
    assert len(rows) == sum(row["user_id"] == "u-1" for row in seen.events)
    other: set[str] = set()
    for said in calls():
        if said["type"] in rows:
            other |= _other_fields(said, rows[said["type"]])
            _check_client(client, rows[said["type"]])
    sent = [event for exchange in seen.exchanges[ARRIVES] for event in exchange.events()]
    assert len(sent) == len(rows)
    _check_ids(list(rows.values()), sent)
    ids_made = any(row["message_id"].startswith(clients.MADE_ID) for row in rows.values())
    types = [said["type"] for said in calls() if said["type"] in rows]
    return clients.arrived(types, other, ids_made=ids_made)


def _other_fields(said: Row, row: Row) -> set[str]:
    """The fields of a call that did not arrive as the program gave them to the client."""
    other = {key for key in said.keys() & COLUMNS.keys() if row[COLUMNS[key]] != said[key]}
    other |= {key for key in said.keys() & set(JSON_COLUMNS) if not said[key].items() <= row[key].items()}
    if _time(row["timestamp"]) != datetime.fromisoformat(said["timestamp"]):
        other.add("timestamp")
    return other


def _check_client(client: Client, row: Row) -> None:
    """Its clock was not corrected, and it says who it is."""
    assert (row["clock"], row["original_timestamp"]) == ("client", None)
    library = row["context"].get("library", {})
    assert (library.get("name"), library.get("version")) == (client.library or (None, None))


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
    _check_ids(rows, [event for exchange in seen.exchanges[column] for event in exchange.events()])
    if column == OFFLINE:
        return clients.ONLINE
    if column == UNLOAD:
        return clients.CLOSING if len(sent) == 1 else clients.NEXT_PAGE
    if len(sent) == 1:
        return clients.ONCE
    if not any(fault.retry_after for fault in plan(client, column)):
        return clients.AGAIN
    if client.waits_at_random:
        return clients.AGAIN
    # from the request's begin: on a busy machine the proxy notes its end later than the client reads the response
    return clients.WAITS if sent[1].begun - sent[0].begun > RETRY_AFTER_SECONDS - 0.1 else clients.SOONER


def _many(client: Client, seen: Seen) -> str:
    """The cell of many events: each must be in the lake once, by the ids that left the client, whatever was sent again."""
    rows = [row for row in seen.events if row["anonymous_id"] == MANY]
    sent = [event for exchange in seen.exchanges[MANY] for event in exchange.events()]
    steps = {f"Step {number + 1}" for number in range(MANY_EVENTS)}
    assert Counter(row["event"] for row in rows) == Counter({"Before", "Afterwards"} | steps)
    assert (len(sent) > len(rows)) == any(not fault.forward or fault.drop for fault in plan(client, MANY))
    _check_ids(rows, sent)
    return clients.EACH


def _check_ids(rows: list[Row], sent: list[Row]) -> None:
    """Every message id that left the client is in the lake, and no other, unless the endpoint made the ids."""
    named = {event["messageId"] for event in sent if event.get("messageId")}
    assert named == {row["message_id"] for row in rows if not row["message_id"].startswith(clients.MADE_ID)}


def _names(exchange: Exchange) -> set[str]:
    return {event["event"] for event in exchange.events()}


# commands on the deployed endpoint; they come last, because the last one removes a person


def test_the_books_of_all_clients_balance(sandbox: Sandbox, seen: dict[str, Seen]) -> None:
    rows = json.loads(sandbox.run(f".venv/bin/daybreak reconcile {datetime.now(UTC):%Y-%m-%d} --json"))
    assert {row["source"] for row in rows} >= {source for source, of in seen.items() if of.events}
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


def test_the_doctor_finds_nothing_to_change_about_a_rest_api(sandbox: Sandbox) -> None:
    found = json.loads(sandbox.run(f".venv/bin/daybreak doctor --json --url {sandbox.status['gzip_url']}"))
    assert len(found) == len(CHECKS) + 1  # and the count of corrected clocks
    assert all(check["good"] for check in found)


def test_a_person_is_shown_and_forgotten(sandbox: Sandbox, seen: dict[str, Seen]) -> None:
    assert any(row["user_id"] == "u-1" for of in seen.values() for row in of.events)
    held = json.loads(sandbox.run(".venv/bin/daybreak export-person u-1"))
    assert len(held["events"]) >= len(seen)
    receipt = json.loads(sandbox.run(".venv/bin/daybreak forget u-1 --no-wait --yes --json"))
    assert receipt["events_removed"] >= len(held["events"])
    assert (receipt["left"], len(receipt["days_rebuilt"]) > 0) == (0, True)
    assert json.loads(sandbox.run(".venv/bin/daybreak export-person u-1"))["events"] == []
    assert sandbox.query("select message_id from events where user_id = 'u-1'") == []
    sandbox.run(f".venv/bin/daybreak reconcile {datetime.now(UTC):%Y-%m-%d}")
