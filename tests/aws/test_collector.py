"""The collector as Lambda calls it: payloads from files, tables in moto, every response as an SDK sees it."""

import base64
import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import botocore.client
import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from conftest import ROOT, payload
from daybreak.aws import gateway
from daybreak.aws.events_table import EventsTable
from daybreak.aws.write_keys import WriteKeys
from daybreak.errors import RequestRefused
from daybreak.ingest.frames import unpack
from daybreak.ingest.request import Source, receive
from daybreak.ingest.rules import NO_RULES
from support.endpoint import Endpoint
from support.hour_frames import HourFrames

Post = Callable[..., tuple[int, dict[str, Any], dict[str, str]]]


@pytest.fixture
def write_key(endpoint: Endpoint) -> str:
    return endpoint.write_key


@pytest.fixture
def post(endpoint: Endpoint) -> Post:
    """Send a body to the handler through a gateway event. Returns the response's status, body and headers."""

    def send(
        body: Any, path: str = "/v1/batch", method: str = "POST", key: str | None = "", **change: Any
    ) -> tuple[int, dict[str, Any], dict[str, str]]:
        event = endpoint.event(path, key)
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        event |= {"body": base64.b64encode(raw).decode(), "isBase64Encoded": True, **change}
        event["requestContext"]["http"] = {"method": method}
        if key is None:
            event["headers"] = {}
        response = endpoint.call(event)
        return response.status, response.body, response.headers

    return send


def stored(tables: Any) -> HourFrames:
    now = datetime.now(UTC)
    return HourFrames.of(EventsTable(tables, "events").hour(now.replace(minute=0, second=0, microsecond=0)))


def lines(tables: Any) -> list[dict[str, Any]]:
    return [json.loads(line) for line in unpack(stored(tables).frames)]


def test_a_batch_is_stored_in_one_item_before_the_response_is_200(post: Post, tables: Any) -> None:
    status, body, headers = post(payload("batch.json"))
    assert (status, body["success"], body["accepted"]) == (200, True, 5)
    assert headers["Content-Type"] == "application/json"
    assert [line["message_id"] for line in lines(tables)] == [f"doc-batch-{n}" for n in range(1, 6)]
    assert tables.scan(TableName="events")["Count"] == 1
    assert {line["context"]["library"]["name"] for line in lines(tables)} == {"curl"}
    assert {line["source"] for line in lines(tables)} == {"web"}


@pytest.mark.parametrize("kind", ["track", "identify", "page", "screen", "group", "alias"])
def test_each_type_has_its_path_with_and_without_a_slash(post: Post, tables: Any, kind: str) -> None:
    event = {"userId": "u", "event": "E", "groupId": "g", "previousId": "p"}
    assert post(event, f"/v1/{kind}")[0] == post(event, f"/v1/{kind}/")[0] == 200
    assert [line["type"] for line in lines(tables)] == [kind, kind]


def test_gzip_is_recognised_whatever_the_headers_say(post: Post, tables: Any) -> None:
    assert post(gzip.compress(json.dumps(payload("batch.json")).encode()))[1]["accepted"] == 5


def test_both_gateway_formats_are_understood() -> None:
    http, rest = (gateway.request(payload(f"gateway-{kind}-api.json")) for kind in ("http", "rest"))
    assert (http.method, http.path) == ("POST", "/v1/batch")
    assert http.headers["authorization"] == "Basic d3JpdGUta2V5Og=="
    assert json.loads(http.body)["batch"][0]["messageId"] == "gw-1"
    assert (rest.method, rest.path, rest.query) == ("POST", "/v1/track", {"writeKey": "write-key"})
    assert json.loads(rest.body)["messageId"] == "rest-1"


def test_the_endpoint_knows_its_own_url_behind_either_gateway_and_under_a_domain_of_its_own() -> None:
    http, rest = (payload(f"gateway-{kind}-api.json") for kind in ("http", "rest"))
    rest["headers"] |= {"X-Forwarded-Proto": "https"}
    assert gateway.request(rest).base == "https://api.execute-api.us-east-1.amazonaws.com/prod"
    rest["requestContext"]["path"] = rest["path"]
    assert gateway.request(rest).base == "https://api.execute-api.us-east-1.amazonaws.com"
    http["headers"] |= {"x-forwarded-proto": "https", "host": "events.example"}
    assert gateway.request(http).base == "https://events.example"
    http["requestContext"]["stage"] = "beta"
    http["rawPath"] = "/beta/v1/batch"
    assert (gateway.request(http).base, gateway.request(http).path) == ("https://events.example/beta", "/v1/batch")


@pytest.mark.parametrize("where", ["basic", "body", "query"])
def test_the_write_key_may_come_in_three_ways(post: Post, tables: Any, write_key: str, where: str) -> None:
    event = payload("track.json") | ({"writeKey": write_key} if where == "body" else {})
    query = {"queryStringParameters": {"writeKey": write_key}} if where == "query" else {}
    assert post(event, "/v1/track", key=write_key if where == "basic" else None, **query)[0] == 200


def test_bad_events_are_quarantined_and_their_siblings_stored(post: Post, tables: Any) -> None:
    body = (ROOT / "events" / "batch-with-bad-events.json").read_bytes()
    status, response, _ = post(body)
    assert (status, response["accepted"]) == (200, 2)
    assert [(r["index"], r["code"]) for r in response["rejected"]] == [
        (1, "invalid_field"),
        (2, "no_name"),
        (3, "no_id"),
        (4, "absurd_time"),
        (5, "unencodable"),
        (6, "invalid_field"),
        (7, "not_an_object"),
    ]
    assert [line["message_id"] for line in lines(tables)] == ["bad-0", "bad-8"]
    quarantined = [json.loads(line) for line in unpack(stored(tables).rejected_frames)]
    assert [q["message_id"] for q in quarantined] == [*(f"bad-{n}" for n in range(1, 7)), None]
    assert json.loads(quarantined[4]["body"])["event"] == "lone \ud800 surrogate"
    assert all(q["message"] and q["source"] == "web" for q in quarantined)


def test_an_event_of_33_kb_is_quarantined_whole(post: Post, tables: Any) -> None:
    large = {"type": "track", "userId": "u", "event": "E", "properties": {"x": "y" * 33 * 1024}}
    response = post({"batch": [large, payload("track.json") | {"type": "track"}]})[1]
    assert (response["accepted"], response["rejected"][0]["code"]) == (1, "too_large")
    (line,) = unpack(stored(tables).rejected_frames)
    assert json.loads(json.loads(line)["body"]) == large


@pytest.mark.parametrize(
    ("body", "path", "method", "key", "status", "code"),
    [
        (b"{", "/v1/batch", "POST", "good", 400, "invalid_json"),
        (b"\x1f\x8b\x00", "/v1/batch", "POST", "good", 400, "invalid_gzip"),
        (b"[" * 10_000, "/v1/batch", "POST", "good", 400, "invalid_json"),
        (b"[]", "/v1/batch", "POST", "good", 400, "invalid_body"),
        (b"{}", "/v1/batch", "POST", "good", 400, "no_batch"),
        (b'{"batch": {}}', "/v1/batch", "POST", "good", 400, "no_batch"),
        (b"{}", "/v1/batch", "POST", None, 401, "no_write_key"),
        (b"{}", "/v1/batch", "POST", "wrong", 401, "unknown_write_key"),
        (b'{"writeKey": "\\ud800"}', "/v1/batch", "POST", None, 401, "unknown_write_key"),
        (b'{"writeKey": 7}', "/v1/batch", "POST", None, 401, "no_write_key"),
        (b"{}", "/v2/batch", "POST", "good", 404, "unknown_path"),
        (b"{}", "/", "POST", "good", 404, "unknown_path"),
        (b"", "/v1/batch", "GET", "good", 405, "wrong_method"),
        (gzip.compress(b" " * 11_000_000), "/v1/batch", "POST", "good", 413, "too_large"),
        (json.dumps({"batch": [0] * 25_001}).encode(), "/v1/batch", "POST", "good", 413, "too_large"),
        (
            json.dumps(
                {"context": {"x": "y" * 30_000}, "batch": [{"type": "track", "userId": "u", "event": "e"}] * 2000}
            ).encode(),
            "/v1/batch",
            "POST",
            "good",
            413,
            "too_large",
        ),
        (gzip.compress(b"") * 101, "/v1/batch", "POST", "good", 400, "invalid_gzip"),
    ],
)
def test_a_request_that_is_refused_says_why_and_stores_nothing(
    post: Post,
    tables: Any,
    write_key: str,
    body: bytes,
    path: str,
    method: str,
    key: str | None,
    status: int,
    code: str,
) -> None:
    found, response, _ = post(body, path, method, write_key if key == "good" else key)
    assert (found, response["code"]) == (status, code)
    assert isinstance(response["message"], str)
    assert response["message"]
    assert tables.scan(TableName="events")["Count"] == 0


def test_a_revoked_key_is_refused_within_a_minute(tables: Any) -> None:
    now = [0.0]
    keys = WriteKeys(tables, "keys", clock=lambda: now[0])
    key = keys.create("web", "server", "2026-11-20T00:00:00+00:00")
    assert keys.source_of(key) == Source("web", "server")
    keys.revoke(key, "2026-11-20T01:00:00+00:00")
    now[0] = 59.9
    assert keys.source_of(key) == Source("web", "server")
    now[0] = 60.0
    assert keys.source_of(key) is None


def test_only_a_hash_of_a_key_is_stored(tables: Any, write_key: str) -> None:
    assert write_key not in json.dumps(tables.scan(TableName="keys")["Items"])


FAULTS = {
    "throttled": ClientError(
        {"Error": {"Code": "ProvisionedThroughputExceededException", "Message": "slow"}}, "PutItem"
    ),
    "broken": ClientError({"Error": {"Code": "InternalServerError", "Message": "oops"}}, "PutItem"),
    "silent": ReadTimeoutError(endpoint_url="http://dynamodb"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_when_dynamodb_fails_the_response_asks_the_client_to_send_again(
    post: Post, tables: Any, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    real = botocore.client.BaseClient._make_api_call  # type: ignore[attr-defined]
    puts = []

    def call(client: Any, operation: str, arguments: Any) -> Any:
        if operation == "PutItem" and arguments["TableName"] == "events":
            puts.append(arguments)
            raise FAULTS[fault]
        return real(client, operation, arguments)

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", call)
    status, response, headers = post(payload("batch.json"))
    assert (status, response["code"]) == (503, "not_stored")
    assert 0 < int(headers["Retry-After"]) <= 300
    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", real)
    assert post(payload("batch.json"))[0] == 200
    assert len(lines(tables)) == 5


def test_an_authorization_header_that_is_not_text_is_not_a_key(post: Post) -> None:
    event = payload("gateway-http-api.json")
    request = gateway.request({**event, "headers": {"authorization": "Basic \u00e9"}, "body": "{}"})
    with pytest.raises(RequestRefused, match="write key"):
        receive(request, lambda _: Source("web", "browser"), NO_RULES, datetime.now(UTC))


def test_a_write_key_never_reaches_the_quarantine(post: Post, tables: Any, write_key: str) -> None:
    status, response, _ = post({"writeKey": write_key, "userId": "u"}, "/v1/track", key=None)
    assert (status, response["rejected"][0]["code"]) == (200, "no_name")
    (line,) = unpack(stored(tables).rejected_frames)
    assert write_key.encode() not in line


def test_a_dated_event_without_an_id_sent_again_gets_the_same_id(post: Post, tables: Any) -> None:
    for sent_at in ("2026-11-20T09:00:00Z", "2026-11-20T09:00:30Z"):
        post({"userId": "u", "event": "E", "timestamp": "2026-11-20T09:00:00Z", "sentAt": sent_at}, "/v1/track")
    assert len({line["message_id"] for line in lines(tables)}) == 1


def test_an_empty_batch_is_accepted_and_writes_nothing(post: Post) -> None:
    assert post({"batch": []})[:2] == (200, {"success": True, "accepted": 0})
