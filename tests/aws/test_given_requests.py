"""The smallest request of each kind that real clients send (tests/data/requests.json), with its right response."""

import base64
import gzip
import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from conftest import ROOT
from daybreak.aws.write_keys import WriteKeys
from support.endpoint import Endpoint, Response

REQUESTS = {f"{r['kind']}: {r['name']}": r for r in json.loads((ROOT / "tests" / "data" / "requests.json").read_text())}
ENCODED: dict[str | None, Callable[[str], bytes]] = {
    None: str.encode,
    "gzip": lambda text: gzip.compress(text.encode()),
    "deflate": lambda text: zlib.compress(text.encode()),
    "utf-16-be": lambda text: text.encode("utf-16-be"),
}


@dataclass
class Sent:
    """The response to a given request, and what was stored. `now` is the time that its body names."""

    response: Response
    lines: list[dict[str, Any]]
    now: datetime


def _send(endpoint: Endpoint, name: str, base64_body: bool = True) -> Sent:
    """Send a given request through a gateway event; `base64_body`: how a gateway hands a body over that is not text."""
    given, now = REQUESTS[name], datetime.now(UTC)
    keys = WriteKeys(endpoint.tables, "keys")
    key = keys.create("page", "browser", now.isoformat()) if given.get("key") == "browser" else endpoint.write_key
    places = {"{{id}}": "given-1", "{{key}}": key, "{{now}}": now.isoformat()}
    places["{{now-6h}}"] = (now - timedelta(hours=6)).isoformat()

    def filled(text: str) -> str:
        for place, value in places.items():
            text = text.replace(place, value)
        assert "{{" not in text
        return text

    url = urlsplit(filled(given["path"]))
    event = endpoint.event(url.path, key)
    event["requestContext"]["http"] = {"method": given.get("method", "POST")}
    event["queryStringParameters"] = dict(parse_qsl(url.query))
    event["headers"] |= given.get("headers", {})
    if "body" in given:
        raw = ENCODED[given.get("encode")](filled(json.dumps(given["body"], ensure_ascii=False)))
        as_text = raw.decode("utf-8", "replace")
        event |= {"body": base64.b64encode(raw).decode() if base64_body else as_text, "isBase64Encoded": base64_body}
    return Sent(endpoint.call(event), endpoint.lines(), now)


def _accepted(sent: Sent) -> dict[str, Any]:
    """The only event of a request that was accepted whole."""
    assert (sent.response.status, sent.response.body["accepted"]) == (200, 1)
    (line,) = sent.lines
    return line


def test_every_given_request_has_a_test() -> None:
    tests = Path(__file__).read_text()
    local_cloud = "D7: local cloud: curl http://localhost:PORT/v1/health"  # the emulator's answer, not the collector's
    assert [name for name in REQUESTS if f'"{name}"' not in tests] == []
    assert local_cloud in REQUESTS


def test_f3_an_id_of_a_clients_mistake_is_named(endpoint: Endpoint) -> None:
    sent = _send(endpoint, "F3: an id of a client's mistake")
    (rejected,) = sent.response.body["rejected"]
    assert (sent.response.status, rejected["code"], sent.lines) == (200, "placeholder_id", [])
    assert "'undefined'" in rejected["message"]


def test_f4_a_batch_that_waited_six_hours_keeps_its_time(endpoint: Endpoint) -> None:
    sent = _send(endpoint, "F4: six hours offline, sentAt stamped once at the first try")
    line = _accepted(sent)
    assert (datetime.fromisoformat(line["timestamp"]), line["clock"]) == (sent.now - timedelta(hours=6), "client")


def test_f9_phps_empty_array_costs_nothing(endpoint: Endpoint) -> None:
    assert "properties" not in _accepted(_send(endpoint, "F9: PHP's empty array"))


D1 = "D1: gzip as text/plain, decoded to text by the HTTP API (isBase64Encoded false)"


def test_d1_gzip_that_a_gateway_decoded_is_named_with_the_way_out(endpoint: Endpoint) -> None:
    sent = _send(endpoint, D1, base64_body=False)
    assert (sent.response.status, sent.response.body["code"], sent.lines) == (400, "body_damaged", [])
    assert "gateway" in sent.response.body["message"]


def test_d1_gzip_that_a_gateway_passed_on_is_read(endpoint: Endpoint) -> None:
    assert _accepted(_send(endpoint, D1))["message_id"] == "given-1"


def test_d2_a_live_event_on_the_import_path_is_a_batch(endpoint: Endpoint) -> None:
    assert _accepted(_send(endpoint, "D2: Segment's Java client's live event with a browser's key"))["source"] == "page"


@pytest.mark.parametrize("base64_body", [False, True])
def test_d3_utf_16_is_never_stored_as_other_letters(endpoint: Endpoint, base64_body: bool) -> None:
    sent = _send(endpoint, "D3: UTF-16 decoded to text by the gateway", base64_body)
    assert (sent.response.status, sent.lines) == (400, [])
    assert sent.response.body["code"] in ("body_damaged", "invalid_encoding")


def test_d4_rudderstacks_browser_client_is_told_to_send(endpoint: Endpoint) -> None:
    sent = _send(endpoint, "D4: RudderStack's browser client asks for its configuration")
    source = sent.response.body["source"]
    assert (sent.response.status, source["enabled"], source["destinations"]) == (200, True, [])


def test_d4_the_snippets_script_says_what_to_set_instead(endpoint: Endpoint) -> None:
    given = REQUESTS["D4: the snippet's script"]
    event = endpoint.event(given["path"].replace("{{key}}", endpoint.write_key))
    event["requestContext"]["http"] = {"method": given["method"]}
    response = endpoint.module.handler(event, None)
    assert (response["statusCode"], "standalone.js" in response["body"]) == (200, True)


def test_d5_deflate_is_named(endpoint: Endpoint) -> None:
    sent = _send(endpoint, "D5: deflate")
    assert (sent.response.status, sent.response.body["code"]) == (400, "unsupported_encoding")
    assert "deflate" in sent.response.body["message"]


def test_d6_a_time_in_lower_case_is_read(endpoint: Endpoint) -> None:
    assert _accepted(_send(endpoint, "D6: RFC 3339 in lower case"))["timestamp"] == "2026-10-05T09:00:00Z"
