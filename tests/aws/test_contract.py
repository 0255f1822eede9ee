"""The rules that every Segment-style SDK needs of the endpoint, beyond a plain batch, one test each."""

import base64
import gzip
import json
import zlib
from datetime import UTC, datetime, timedelta
from typing import Any

import jsonschema
import pytest

from conftest import ROOT, payload
from daybreak.aws.live_rules import LiveRules
from daybreak.aws.write_keys import WriteKeys
from daybreak.errors import DefinitionError, EventRejected, InputError
from daybreak.ingest.request import judge_again
from daybreak.ingest.responses import openapi
from daybreak.ingest.rules import NO_RULES, Rules, forgotten_digest
from daybreak.ingest.tracking_plan import load_plan, parse_plan
from support.endpoint import Endpoint

GOOD = {"type": "track", "userId": "u", "event": "E"}


@pytest.mark.parametrize(
    ("path", "kind"),
    [("t", "track"), ("i", "identify"), ("p", "page"), ("s", "screen"), ("g", "group"), ("a", "alias")],
)
def test_browsers_send_to_one_letter(endpoint: Endpoint, path: str, kind: str) -> None:
    event = {"userId": "u", "event": "E", "groupId": "g", "previousId": "p"}
    assert endpoint.post(event, f"/v1/{path}").status == 200
    assert [line["type"] for line in endpoint.lines()] == [kind]


@pytest.mark.parametrize("path", ["/v1/b", "/v1/batch", "/v1/batch/", "//v1/batch", "/beacon/v1/batch", "/v1/import"])
def test_a_batch_has_several_paths(endpoint: Endpoint, path: str) -> None:
    assert endpoint.post({"batch": [GOOD]}, path).body["accepted"] == 1


def test_a_stage_in_the_path_is_not_a_part_of_it(endpoint: Endpoint) -> None:
    assert endpoint.post({"batch": [GOOD]}, "/prod/v1/batch", stage="prod").status == 200


def test_a_beacon_names_its_key_in_the_query(endpoint: Endpoint) -> None:
    sent = endpoint.post({"batch": [GOOD]}, "/beacon/v1/batch", key=None, query={"writeKey": endpoint.write_key})
    assert sent.status == 200


ZIPPED = gzip.compress(json.dumps({"batch": [GOOD]}).encode(), mtime=0)


@pytest.mark.parametrize(
    ("body", "is_base64"),
    [
        (base64.b64encode(ZIPPED).decode(), True),
        (base64.b64encode(ZIPPED).decode(), False),  # no header announces it
        (base64.b64encode(base64.b64encode(ZIPPED)).decode(), True),  # twice
        (ZIPPED.decode("latin-1"), False),  # each byte became one character
        (json.dumps({"batch": [GOOD]}), False),  # inflated on the way, its header still there
        ("\ufeff" + json.dumps({"batch": [GOOD]}), False),
    ],
    ids=["base64", "base64 unmarked", "base64 twice", "latin-1", "inflated", "byte order mark"],
)
def test_gzip_is_read_in_each_form_that_a_gateway_may_pass_on(endpoint: Endpoint, body: str, is_base64: bool) -> None:
    event = endpoint.event("/v1/batch") | {"body": body, "isBase64Encoded": is_base64}
    event["headers"]["content-encoding"] = "gzip"
    assert endpoint.call(event).body.get("accepted") == 1


@pytest.mark.parametrize(
    ("body", "is_base64"),
    [
        (ZIPPED.decode("utf-8", "replace"), False),
        (base64.b64encode(ZIPPED).decode()[:-3] + "!", False),
        ("not base64 at all", True),
    ],
    ids=["decoded as UTF-8", "cut base64", "no base64"],
)
def test_bytes_a_gateway_has_ruined_are_named_and_counted(
    endpoint: Endpoint, capsys: pytest.CaptureFixture[str], body: str, is_base64: bool
) -> None:
    response = endpoint.call(endpoint.event("/v1/batch") | {"body": body, "isBase64Encoded": is_base64})
    assert (response.status, response.body["code"]) == (400, "body_damaged")
    assert '"DamagedBodies"' in capsys.readouterr().out


def test_a_compression_that_is_not_read_is_named(endpoint: Endpoint) -> None:
    body = zlib.compress(json.dumps({"batch": [GOOD]}).encode())
    for name in ("deflate", "br"):
        refused = endpoint.post(body, headers={"content-encoding": name})
        assert (refused.status, refused.body["code"]) == (400, "unsupported_encoding")
        assert refused.body["message"].startswith(f"Content-Encoding {name}: only gzip is read")


def test_any_page_may_send_with_any_header_it_likes(endpoint: Endpoint) -> None:
    headers = {
        "origin": "https://app.example",
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,x-retry-count,tomorrows-header",
    }
    allowed = endpoint.get("/v1/t", method="OPTIONS", headers=headers)
    assert allowed.status == 204
    assert allowed.headers["Access-Control-Allow-Origin"] == "https://app.example"
    assert allowed.headers["Access-Control-Allow-Headers"] == headers["access-control-request-headers"]
    assert {"POST", "OPTIONS"} <= set(allowed.headers["Access-Control-Allow-Methods"].split(", "))
    assert int(allowed.headers["Access-Control-Max-Age"]) > 0


def test_a_page_may_read_how_long_to_wait(endpoint: Endpoint) -> None:
    response = endpoint.post({"batch": [GOOD]}, headers={"origin": "https://app.example"})
    assert response.headers["Access-Control-Allow-Origin"] == "https://app.example"
    assert response.headers["Access-Control-Expose-Headers"] == "Retry-After"


def test_rudderstacks_names_for_times_are_understood(endpoint: Endpoint) -> None:
    now = datetime.now(UTC)
    yesterday = (now - timedelta(days=1)).isoformat()
    endpoint.post({"batch": [{**GOOD, "originalTimestamp": yesterday, "sentAt": now.isoformat()}]})
    (line,) = endpoint.lines()
    assert line["clock"] == "client"
    assert datetime.fromisoformat(line["timestamp"]) == now - timedelta(days=1)
    assert datetime.fromisoformat(line["sent_at"]) == now


def test_traits_in_the_context_of_an_identify_call_are_traits(endpoint: Endpoint) -> None:
    own = {"userId": "u", "context": {"traits": {"plan": "pro"}}}
    endpoint.post({"batch": [{"type": "identify", **own}, {"type": "track", "event": "E", **own}]})
    assert [line.get("traits") for line in endpoint.lines()] == [{"plan": "pro"}, None]


@pytest.mark.parametrize("odd", [[], [{"ip": "198.51.100.7"}], "198.51.100.7", 7, True])
def test_an_odd_context_of_a_batch_or_an_event_is_dropped(endpoint: Endpoint, odd: Any) -> None:
    named = {"context": odd, "integrations": odd}
    response = endpoint.post({"batch": [{**GOOD, **named}, {**GOOD, **named, "event": None}], **named}).body
    assert (response["accepted"], response["rejectedCount"]) == (1, 1)
    assert not {"context", "integrations"} & endpoint.lines()[0].keys()
    assert not {"context", "integrations"} & json.loads(json.loads(endpoint.quarantined())["body"]).keys()


def test_a_long_context_that_is_dropped_does_not_count_for_the_limit(endpoint: Endpoint) -> None:
    assert endpoint.post({"batch": [GOOD] * 100, "context": "x" * 1_000_000}).body["accepted"] == 100


def test_history_is_imported_with_a_servers_key_and_its_times_are_not_corrected(endpoint: Endpoint) -> None:
    long_ago = {"batch": [{**GOOD, "timestamp": "2019-03-01T00:00:00Z"}], "sentAt": "2019-03-01T00:00:00Z"}
    assert endpoint.post(long_ago, "/v1/import").body["accepted"] == 1
    (line,) = endpoint.lines()
    assert (line["timestamp"], line["clock"]) == ("2019-03-01T00:00:00Z", "client")


def _browsers_key(endpoint: Endpoint) -> str:
    return WriteKeys(endpoint.tables, "keys").create("page", "browser", "2026-11-20T00:00:00+00:00")


@pytest.mark.parametrize("path", ["/v1/import", "/v1/import/"])
def test_an_import_with_a_browsers_key_is_judged_as_a_batch(endpoint: Endpoint, path: str) -> None:
    key, ahead = _browsers_key(endpoint), (datetime.now(UTC) + timedelta(hours=2)).isoformat()
    body = {"batch": [{**GOOD, "timestamp": ahead}], "sentAt": ahead}
    assert endpoint.post(body, path, key=key).body["accepted"] == 1
    assert endpoint.post(body | {"writeKey": key}, path, key=None).body["accepted"] == 1
    assert endpoint.post(body, path, key=None, query={"writeKey": key}).body["accepted"] == 1
    assert {(line["clock"], line["source"]) for line in endpoint.lines()} == {("skew", "page")}


def test_an_import_with_a_browsers_key_has_the_limits_of_a_batch(endpoint: Endpoint) -> None:
    key = _browsers_key(endpoint)
    many = {"batch": [GOOD] * 25_001}
    large = gzip.compress(json.dumps({"batch": [], "x": " " * 11_000_000, "writeKey": key}).encode())
    for body, in_header in ((many, key), (many | {"writeKey": key}, None), (large, key), (large, None)):
        assert endpoint.post(body, "/v1/import", key=in_header).body["code"] == "too_large"
    assert endpoint.post(large, "/v1/import").status == 200  # a server's


def test_the_times_in_an_export_of_another_tool_are_not_corrected_either(endpoint: Endpoint) -> None:
    exported = {**GOOD, "timestamp": "2019-03-01T00:00:00Z", "sentAt": "2019-03-01T00:10:00Z"}
    endpoint.post({"batch": [exported, {**exported, "event": None}]}, "/v1/import")
    (line,) = endpoint.lines()
    assert (line["timestamp"], line["sent_at"], line["clock"]) == (
        "2019-03-01T00:00:00Z", "2019-03-01T00:10:00Z", "client")  # fmt: skip
    record = json.loads(endpoint.quarantined())
    body = json.loads(record["body"]) | {"event": "E"}
    again = json.loads(judge_again({**record, "body": json.dumps(body)}, NO_RULES).line)
    assert (again["timestamp"], again["clock"]) == ("2019-03-01T00:00:00Z", "client")


def test_two_calls_without_an_id_that_differ_only_in_their_path_are_two(endpoint: Endpoint) -> None:
    call = {"userId": "u", "timestamp": "2026-11-19T00:00:00Z"}
    for path in ("/v1/page", "/v1/identify", "/v1/p"):
        endpoint.post(call, path)
    ids = {line["type"]: line["message_id"] for line in endpoint.lines()}
    assert len(set(ids.values())) == 2
    assert [line["message_id"] for line in endpoint.lines()].count(ids["page"]) == 2  # a resend keeps its id


def test_an_event_whose_id_is_too_long_is_rejected_again_by_a_replay(endpoint: Endpoint) -> None:
    endpoint.post({"batch": [{**GOOD, "messageId": "x" * 100 + end} for end in "ab"]})
    for line in endpoint.quarantined().splitlines():
        with pytest.raises(EventRejected, match="messageId"):
            judge_again(json.loads(line), NO_RULES)


def test_of_a_value_that_is_not_an_object_only_the_type_is_kept(endpoint: Endpoint) -> None:
    twice = json.dumps({**GOOD, "context": {"ip": "198.51.100.7"}})
    assert endpoint.post({"batch": [twice, [json.loads(twice)], 7, None]}).body["rejectedCount"] == 4
    bodies = [json.loads(line)["body"] for line in endpoint.quarantined().splitlines()]
    assert bodies == ["<str>", "<list>", "<int>", "<NoneType>"]


def test_the_ids_of_people_are_kept_of_an_event_that_is_too_large(endpoint: Endpoint) -> None:
    endpoint.post({"batch": [{"type": "track", "properties": {"x": "y" * 300_000}, **GOOD, "userId": "somebody"}]})
    record = json.loads(endpoint.quarantined())
    assert record["body_chars"] > len(record["body"])
    assert '"userId": "somebody"' in record["body"]


def test_nobody_who_is_forgotten_comes_back_from_the_quarantine() -> None:
    record = {"received_at": "2026-11-19T00:00:00Z", "source": "web", "code": "no_name", "message_id": "m"}
    rules = Rules(forgotten=frozenset({forgotten_digest("gone")}))
    body = json.dumps({**GOOD, "userId": "gone"})
    assert judge_again({**record, "body": body}, NO_RULES).message_id == "m"
    with pytest.raises(EventRejected) as refused:
        judge_again({**record, "body": body}, rules)
    assert refused.value.code == "forgotten"


@pytest.mark.parametrize("body", ["[" * 100_000, '{"a":' * 100_000, "{", "<str>", "7"])
def test_a_record_that_cannot_be_read_again_stays_rejected(body: str) -> None:
    record = {"received_at": "2026-11-19T00:00:00Z", "source": "web", "code": "too_large", "message_id": "m"}
    with pytest.raises(EventRejected) as refused:
        judge_again({**record, "body": body}, NO_RULES)
    assert refused.value.code == "too_large"


def test_an_import_may_be_larger_than_a_batch(endpoint: Endpoint) -> None:
    many = {"batch": [GOOD] * 25_001}
    assert endpoint.post(many, "/v1/batch").status == 413
    assert endpoint.post(many, "/v1/import").body["accepted"] == 25_001


def test_health_says_whether_the_table_can_be_written(endpoint: Endpoint) -> None:
    assert (endpoint.get("/v1/health").status, endpoint.get("/v1/health").body) == (
        200,
        {"status": "ok", "writes": True},
    )
    endpoint.tables.delete_table(TableName="events")
    refused = endpoint.get("/v1/health")
    assert (refused.status, refused.body["code"]) == (503, "not_stored")
    assert int(refused.headers["Retry-After"]) > 0


def test_a_health_check_leaves_nothing_to_export(endpoint: Endpoint) -> None:
    endpoint.get("/v1/health")
    assert endpoint.lines() == []


def test_the_endpoint_describes_itself(endpoint: Endpoint) -> None:
    described = endpoint.get("/openapi.json")
    assert (described.status, described.body) == (200, openapi())
    assert {"/v1/batch", "/v1/t", "/beacon/v1/batch", "/v1/import", "/v1/health"} <= set(described.body["paths"])


@pytest.mark.parametrize(
    ("body", "status", "name"),
    [({"batch": [GOOD]}, 200, "Accepted"), ({"batch": [GOOD, 7]}, 200, "Accepted"), ({"batch": 7}, 400, "Refused")],
)
def test_responses_are_as_described(endpoint: Endpoint, body: Any, status: int, name: str) -> None:
    response = endpoint.post(body)
    schema = {"$ref": f"#/components/schemas/{name}", "components": openapi()["components"]}
    assert response.status == status
    jsonschema.validate(response.body, schema)


def test_a_browsers_sdk_learns_from_the_endpoint_where_to_send(endpoint: Endpoint) -> None:
    headers = {"host": "abc.execute-api.us-east-1.amazonaws.com", "x-forwarded-proto": "https"}
    response = endpoint.get("/v1/projects/KEY/settings", headers=headers)
    segment = response.body["integrations"]["Segment.io"]
    assert (segment["apiKey"], segment["protocol"]) == ("KEY", "https")
    assert segment["apiHost"] == "abc.execute-api.us-east-1.amazonaws.com/v1"


@pytest.mark.parametrize("path", ["/sourceConfig/", "/sourceConfig", "//sourceConfig/"])
def test_rudderstacks_browser_sdk_is_told_to_send_and_nothing_else(endpoint: Endpoint, path: str) -> None:
    origin = {"origin": "https://app.example"}
    response = endpoint.get(path, headers=origin, query={"writeKey": "KEY", "v": "3.34", "build": "modern"})
    assert response.status == 200
    source = response.body["source"]
    assert (source["enabled"], source["destinations"], source["writeKey"]) == (True, [], "KEY")
    assert source["id"]
    assert source["config"]["statsCollection"] == {"errors": {"enabled": False}, "metrics": {"enabled": False}}
    assert response.headers["Access-Control-Allow-Origin"] == "https://app.example"


@pytest.mark.parametrize("query", [{}, {"writeKey": ""}, {"writeKey": "</script>"}, {"writeKey": "x" * 101}])
def test_what_cannot_be_a_key_is_not_repeated(endpoint: Endpoint, query: dict[str, str]) -> None:
    response = endpoint.get("/sourceConfig/", query=query)
    assert (response.status, response.body["source"]["writeKey"]) == (200, "")


@pytest.mark.parametrize("path", ["/analytics.js/v1/KEY/analytics.min.js", "//analytics.js/v1/KEY/analytics.js"])
def test_the_snippets_script_is_a_line_that_says_what_to_do(endpoint: Endpoint, path: str) -> None:
    event = endpoint.event(path)
    event["requestContext"]["http"] = {"method": "GET"}
    response = endpoint.module.handler(event, None)
    assert response["statusCode"] == 200  # a browser runs no script that comes with an error
    assert response["headers"]["Content-Type"].startswith("application/javascript")
    (line,) = response["body"].splitlines()
    assert line.startswith('console.error("')
    assert "standalone.js" in line
    assert "KEY" not in line
    event["requestContext"]["http"] = {"method": "HEAD"}
    assert endpoint.module.handler(event, None)["body"] == ""


# keys


def test_a_source_has_one_key_two_while_it_is_rotated_and_never_three(tables: Any) -> None:
    keys = WriteKeys(tables, "keys")
    first = keys.create("web", "browser", "2026-11-20T00:00:00+00:00")
    with pytest.raises(InputError, match="rotate"):
        keys.create("web", "browser", "2026-11-20T01:00:00+00:00")
    second = keys.rotate("web", "2026-11-20T02:00:00+00:00")
    assert {source.name for key in (first, second) if (source := keys.source_of(key))} == {"web"}
    with pytest.raises(InputError, match="revoke"):
        keys.rotate("web", "2026-11-20T03:00:00+00:00")
    keys.revoke(first, "2026-11-20T04:00:00+00:00")
    fresh = WriteKeys(tables, "keys")
    assert fresh.source_of(first) is None
    assert fresh.source_of(second) is not None
    assert [key.kind for key in fresh.all()] == ["browser", "browser"]
    with pytest.raises(InputError, match="Daybreak's own events"):
        keys.create("daybreak", "server", "2026-11-20T05:00:00+00:00")
    with pytest.raises(InputError, match="use small letters"):
        keys.create("web\n", "server", "2026-11-20T05:00:00+00:00")


def test_nothing_about_keys_reaches_a_log(endpoint: Endpoint, capsys: pytest.CaptureFixture[str]) -> None:
    for key in (endpoint.write_key, "somebodys-guess"):
        endpoint.post({"batch": [GOOD, {"writeKey": key}], "writeKey": key}, key=None)
        endpoint.post({"batch": [GOOD]}, key=key)
        endpoint.post(b"{", key=key)
        endpoint.post({"batch": [GOOD]}, f"/v1/{key}", key=None, query={"writeKey": key})
    output = capsys.readouterr()
    for key in (endpoint.write_key, "somebodys-guess"):
        assert key not in output.out + output.err


def test_a_write_key_is_never_stored_wherever_a_client_puts_it(endpoint: Endpoint) -> None:
    key = endpoint.write_key
    odd = [{**GOOD, "properties": {key: {"k": [f"x{key}y"]}}, "messageId": key}, {"write_key": key}, [[key]], key]
    response = endpoint.post({"batch": [*odd, {**GOOD, "timestamp": key}], "context": {"token": key}, "writeKey": key})
    assert (response.body["accepted"], response.body["rejectedCount"]) == (1, 4)
    assert key not in json.dumps(endpoint.lines()) + endpoint.quarantined().decode()
    assert endpoint.lines()[0]["properties"] == {"[write key]": {"k": ["x[write key]y"]}}


def test_the_body_of_an_unknown_sender_is_not_read(endpoint: Endpoint) -> None:
    bomb = gzip.compress(b" " * 20_000_000)
    assert endpoint.post(bomb, key="somebodys-guess").body["code"] == "unknown_write_key"
    assert endpoint.post(bomb).body["code"] == "too_large"


# privacy


def test_address_and_browser_of_a_person_are_dropped(endpoint: Endpoint) -> None:
    context = {"ip": "198.51.100.7", "userAgent": "Mozilla", "userAgentData": {"brands": []}, "locale": "de"}
    endpoint.post({"batch": [{**GOOD, "context": context}, {"context": context}], "context": {"ip": "198.51.100.7"}})
    assert [line["context"] for line in endpoint.lines()] == [{"locale": "de"}]
    assert b"198.51.100.7" not in endpoint.quarantined()


def test_listed_properties_are_dropped_or_hashed_before_anything_is_stored(endpoint: Endpoint) -> None:
    endpoint.configure('[privacy]\nkeep = ["ip"]\ndrop = ["properties.card"]\nhash = ["traits.email", "context.a.b"]\n')
    own = {"properties": {"card": "my-card", "plan": "pro"}, "traits": {"email": "a@b.example"}, "context": {"ip": "x"}}
    endpoint.post({"batch": [{**GOOD, **own}, {**GOOD, **own, "userId": 7.5}], "context": {"a": {"b": 1, "c": 2}}})
    (line,) = endpoint.lines()
    assert line["properties"] == {"plan": "pro"}
    assert line["context"]["ip"] == "x"
    assert line["context"]["a"]["c"] == 2
    assert line["context"]["a"]["b"].startswith("sha256:")
    assert line["traits"]["email"].startswith("sha256:")
    assert b"my-card" not in endpoint.quarantined()
    assert b"a@b.example" not in endpoint.quarantined()


def test_traits_in_a_context_are_dropped_and_hashed_like_others(endpoint: Endpoint) -> None:
    endpoint.configure('[privacy]\ndrop = ["traits.phone"]\nhash = ["traits.email"]\n')
    traits = {"traits": {"email": "a@b.example", "phone": "my-phone", "plan": "pro"}}
    identify = {"type": "identify", "userId": "u"}
    endpoint.post({"batch": [{**identify, "context": traits}, identify, {"context": traits}], "context": traits})
    first, second = endpoint.lines()
    assert first["traits"].keys() == first["context"]["traits"].keys() == {"email", "plan"}
    assert second["context"]["traits"]["email"] == first["traits"]["email"]
    assert first["traits"]["email"].startswith("sha256:")
    assert b"my-phone" not in endpoint.quarantined()


def test_events_about_the_forgotten_are_not_stored_and_no_response_shows_it(endpoint: Endpoint) -> None:
    batch: list[dict[str, Any]] = [
        {**GOOD, "userId": "gone"},
        {**GOOD, "userId": None, "anonymousId": "their-phone"},
        {**GOOD, "userId": "gone", "event": None},
        {**GOOD, "userId": False, "anonymousId": "their-phone"},
        {"type": "alias", "previousId": "gone", "userId": "new"},
        {**GOOD, "userId": "gone", "timestamp": "2026-11-19T00:00:00Z", "messageId": None},
        {**GOOD, "userId": "child", "anonymousId": "their-phone"},
        GOOD,
    ]
    batch = [{"messageId": f"m{n}", **event} for n, event in enumerate(batch)]
    before = endpoint.post({"batch": batch}).body
    assert (before["accepted"], before["rejectedCount"], len(before["messageIdsMade"])) == (6, 2, 1)
    _forget_everything_stored(endpoint)
    LiveRules(endpoint.tables, "keys").forget({forgotten_digest("gone"), forgotten_digest("their-phone")})
    endpoint.configure("")  # a collector that has just started; the others know within a minute
    assert endpoint.post({"batch": batch}).body == before
    assert [line["user_id"] for line in endpoint.lines()] == ["child", "u"]
    assert endpoint.quarantined() == b""


def _forget_everything_stored(endpoint: Endpoint) -> None:
    for item in endpoint.tables.scan(TableName="events")["Items"]:
        endpoint.tables.delete_item(TableName="events", Key={name: item[name] for name in ("arrival", "request")})


def test_a_list_of_the_forgotten_may_be_long(tables: Any) -> None:
    rules = LiveRules(tables, "keys")
    rules.forget({forgotten_digest(str(number)) for number in range(20_000)})
    rules.forget({forgotten_digest("one more")})
    assert len(LiveRules(tables, "keys").current().forgotten) == 20_001


@pytest.mark.parametrize("known", [0, 1, 20_000])
def test_two_concurrent_writers_of_that_list_cannot_overwrite_each_other(tables: Any, known: int) -> None:
    one, other = LiveRules(tables, "keys"), LiveRules(tables, "keys")
    one.forget({forgotten_digest(str(number)) for number in range(known)})

    class Slow:
        """The client of a writer, while another one adds to the list between its read and its write."""

        def __getattr__(self, name: str) -> Any:
            return getattr(tables, name)

        def put_item(self, **item: Any) -> Any:
            other.forget({forgotten_digest("faster")})
            return tables.put_item(**item)

    LiveRules(Slow(), "keys").forget({forgotten_digest("slow")})  # type: ignore[arg-type]
    forgotten = LiveRules(tables, "keys").current().forgotten
    assert {forgotten_digest("faster"), forgotten_digest("slow")} <= forgotten
    assert len(forgotten) == known + 2


# the tracking plan

PLAN = """
mode = "warn"
sources.backend = "enforce"
[events."Signed Up"]
owner = "growth"
sources = ["web", "backend"]
properties.plan = { type = "string", required = true }
properties.seats = { type = "number" }
[traits]
email = { type = "string" }
"""


def _planned(endpoint: Endpoint, *events: dict[str, Any], key: str | None = None) -> Any:
    LiveRules(endpoint.tables, "keys").set_plan(parse_plan(PLAN))
    return endpoint.post({"batch": list(events)}, key=key or endpoint.write_key).body


PLANNED = {"type": "track", "userId": "u", "event": "Signed Up", "properties": {"plan": "pro", "seats": 3}}
UNPLANNED = [
    ({**PLANNED, "event": "Signed up"}, "unplanned_event"),
    ({**PLANNED, "properties": {"plan": "pro", "colour": "red"}}, "unplanned_property"),
    ({**PLANNED, "properties": {"plan": 7}}, "property_type"),
    ({**PLANNED, "properties": {"plan": "pro", "seats": True}}, "property_type"),
    ({**PLANNED, "properties": {"seats": 3.5}}, "missing_property"),
    ({"type": "identify", "userId": "u", "traits": {"email": 1}}, "trait_type"),
    ({"type": "identify", "userId": "u", "traits": {"age": 1}}, "unplanned_trait"),
]


@pytest.mark.parametrize(("event", "code"), UNPLANNED, ids=[code for _, code in UNPLANNED])
def test_a_source_that_is_warned_has_its_events_accepted_with_a_warning(
    endpoint: Endpoint, event: dict[str, Any], code: str
) -> None:
    found = _planned(endpoint, PLANNED, event)
    assert found["accepted"] == 2
    assert [warning["code"] for warning in found["warnings"]] == [code]


@pytest.mark.parametrize(("event", "code"), UNPLANNED, ids=[code for _, code in UNPLANNED])
def test_an_event_that_breaks_an_enforced_plan_is_quarantined(
    endpoint: Endpoint, event: dict[str, Any], code: str
) -> None:
    key = WriteKeys(endpoint.tables, "keys").create("backend", "server", "2026-11-20T00:00:00+00:00")
    found = _planned(endpoint, PLANNED, event, key=key)
    assert (found["accepted"], [rejected["code"] for rejected in found["rejected"]]) == (1, [code])


def test_the_example_plan_is_valid() -> None:
    plan = load_plan(ROOT / "events" / "plan.toml")
    example = payload("batch.json")
    assert plan.events
    assert [breach for raw in example["batch"] if raw["type"] == "track" for breach in plan.breaches(raw, "web")] == []


@pytest.mark.parametrize(
    ("text", "says"),
    [("mode = 'loud'", "mode"), ("[events.A]\nown = 'x'", "events.A.own"), ("[", "plan.toml")],
)
def test_an_invalid_plan_is_refused_with_the_field(text: str, says: str) -> None:
    with pytest.raises(DefinitionError, match=says):
        parse_plan(text)


@pytest.mark.parametrize("value", ["https://\u00e9.example", "a\r\nSet-Cookie: b", "\u0000", "\ud800", ""])
def test_a_header_that_a_gateway_could_not_pass_on_is_not_mirrored(endpoint: Endpoint, value: str) -> None:
    sent = {"origin": value, "access-control-request-headers": value}
    for method in ("OPTIONS", "POST"):
        headers = endpoint.get("/v1/batch", method, sent).headers
        assert headers["Access-Control-Allow-Origin"] == "*"
        assert headers.get("Access-Control-Allow-Headers", "*") == "*"
