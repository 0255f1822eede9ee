"""Webhooks as Lambda gets them, through both gateways: stored once or refused, and the secrets that decide it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from daybreak.aws.webhook_secrets import WebhookSecrets
from daybreak.errors import InputError
from support.endpoint import Endpoint, Response
from support.gateways import http_api, rest_api
from support.hooks import SECRET, VENDORS, raw, sample, signed
from support.matrix import cell

SET_AT = "2026-11-20T00:00:00+00:00"
TOML = (
    "\n".join(f'[webhook.{vendor}]\nvendor = "{vendor}"' for vendor in VENDORS)
    + """
[webhook.own]
mapping = { person = "who", constant = "Report Shared", time = "at", id = "id" }
[webhook.waiting]
"""
)
OWN = {"who": "kim", "at": "2026-11-20T09:00:00Z", "id": "r1"}


@pytest.fixture
def hooks(endpoint: Endpoint) -> Endpoint:
    """The collector with every vendor's webhook, one of its own mapping and one without, all with the same secret."""
    endpoint.configure(TOML)
    secrets = WebhookSecrets(endpoint.tables, "keys")
    for name in (*VENDORS, "own", "waiting"):
        secrets.add(name, SECRET, SET_AT)
    return endpoint


def send(
    hooks: Endpoint, name: str, body: Any = None, headers: dict[str, str] | None = None, now: datetime | None = None
) -> Response:
    """Send a vendor's body, or another, under its own signature or with other headers."""
    content, usual = (body, {}) if body is not None else sample(name)
    content = raw(content)
    signature = signed(name if name in VENDORS else "secret", content, now) if headers is None else headers
    return hooks.post(content, f"/v1/hook/{name}", None, usual | signature)


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_vendors_body_is_stored_before_it_is_answered_with_200(hooks: Endpoint, vendor: str) -> None:
    answer = send(hooks, vendor)
    assert (answer.status, answer.body["success"]) == (200, True)
    assert answer.body["accepted"] == len(hooks.lines()) > 0
    assert {line["source"] for line in hooks.lines()} == {vendor}


@pytest.mark.parametrize("gateway", [http_api, rest_api])
@pytest.mark.parametrize("vendor", VENDORS)
def test_the_bytes_that_a_vendor_signed_reach_the_function_through_both_gateways(
    hooks: Endpoint, gateway: Any, vendor: str
) -> None:
    body, headers = sample(vendor)
    if isinstance(body, dict):
        body["note"] = "Größe 크기 \U0001f600"
        content = json.dumps(body, ensure_ascii=False, indent=2).encode()
    else:
        content = raw(body)
    with gateway(lambda event: hooks.module.handler(event, None)) as url:
        request = Request(f"{url}/v1/hook/{vendor}", content, headers | signed(vendor, content), method="POST")
        with urlopen(request, timeout=30) as response:
            assert (response.status, json.loads(response.read())["success"]) == (200, True)
    assert hooks.lines()


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_wrong_signature_another_vendors_body_and_an_old_time_store_nothing(hooks: Endpoint, vendor: str) -> None:
    body, headers = sample(vendor)
    good = signed(vendor, raw(body))
    for wrong in ({}, dict.fromkeys(good, "x"), signed(vendor, b"{}"), signed(vendor, raw(body), secret=SECRET + "0")):
        refused = hooks.post(raw(body), f"/v1/hook/{vendor}", None, headers | wrong)
        assert (refused.status, refused.body["code"], bool(refused.body["message"])) == (401, "wrong_signature", True)
    for other in VENDORS:
        if other != vendor:
            stolen = hooks.post(raw(sample(other)[0]), f"/v1/hook/{vendor}", None, sample(other)[1] | good)
            assert stolen.status == 401
    if vendor in ("stripe", "zendesk"):
        old = send(hooks, vendor, now=datetime.now(UTC) - timedelta(minutes=6))
        assert (old.status, old.body["code"]) == (401, "old_signature")
    assert (hooks.lines(), hooks.quarantined()) == ([], b"")


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_signed_body_of_another_vendor_is_quarantined_and_becomes_no_event(hooks: Endpoint, vendor: str) -> None:
    other = next(name for name in VENDORS if name != vendor and name != "wootric")
    content = raw(sample(other)[0])
    answer = hooks.post(
        content, f"/v1/hook/{vendor}", None, {"content-type": "application/json"} | signed(vendor, content)
    )
    assert (answer.status, answer.body["accepted"], answer.body["rejected"][0]["code"]) == (200, 0, "unmapped")
    assert hooks.lines() == []
    assert json.loads(json.loads(hooks.quarantined())["body"])["webhookBody"] == sample(other)[0]


@pytest.mark.parametrize(
    ("path", "method", "body", "status", "code"),
    [
        ("/v1/hook/unheard-of", "POST", b"{}", 404, "unknown_webhook"),
        ("/v1/hook/", "POST", b"{}", 404, "unknown_webhook"),
        ("/v1/hook", "POST", b"{}", 404, "unknown_path"),
        ("/v1/hook/own/more", "POST", b"{}", 404, "unknown_path"),
        ("/v1/hook/own", "GET", b"", 405, "wrong_method"),
        ("/v1/hook/own", "PUT", b"{}", 405, "wrong_method"),
        ("/v1/hook/own", "POST", b"{", 400, "invalid_json"),
        ("/v1/hook/own", "POST", b"[" * 10_000, 400, "invalid_json"),
        ("/v1/hook/own", "POST", b'"' + b"x" * 10_000_000 + b'"', 413, "too_large"),
    ],
)
def test_a_bad_request_is_refused_and_named(
    hooks: Endpoint, path: str, method: str, body: bytes, status: int, code: str
) -> None:
    event = hooks.event(path) | {"body": body.decode(), "headers": {"x-webhook-secret": SECRET}}
    event["requestContext"]["http"] = {"method": method}
    answer = hooks.call(event)
    assert (answer.status, answer.body["code"], bool(answer.body["message"])) == (status, code, True)
    assert (hooks.lines(), hooks.quarantined()) == ([], b"")


def test_intercoms_head_request_is_answered(hooks: Endpoint) -> None:
    answer = hooks.get("/v1/hook/intercom", "HEAD")
    assert (answer.status, answer.body) == (200, None)


def test_a_ping_is_answered_and_stores_nothing(hooks: Endpoint) -> None:
    answer = send(
        hooks, "intercom", {"type": "notification_event", "topic": "ping", "data": {"item": {"type": "ping"}}}
    )
    assert (answer.status, answer.body["accepted"], hooks.lines(), hooks.quarantined()) == (200, 0, [], b"")


def test_a_webhook_without_a_secret_refuses_and_says_which_command_sets_it(endpoint: Endpoint) -> None:
    endpoint.configure(TOML)
    answer = send(endpoint, "stripe")
    assert (answer.status, answer.body["code"]) == (401, "no_secret")
    assert "daybreak webhooks secret stripe" in answer.body["message"]


def test_a_refused_signature_is_counted_and_logged_under_the_webhooks_name(
    hooks: Endpoint, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    send(hooks, "stripe")
    hooks.post(b"{}", "/v1/hook/unheard-of", None, {})
    hooks.post(b"{}", "/v1/batch", "not a key")
    assert "RefusedWebhooks" not in capsys.readouterr().out
    send(hooks, "stripe", headers={})
    assert '"RefusedWebhooks":[1.0]' in capsys.readouterr().out
    assert [vars(record).get("webhook") for record in caplog.records] == [None, None, "stripe"]


def test_neither_a_secret_nor_a_body_is_logged(
    hooks: Endpoint, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    send(hooks, "own", {**OWN, "at": "words nobody may read"})
    send(hooks, "own", b"{ words nobody may read")
    hooks.post(b"{}", "/v1/hook/own", None, {}, {"secret": SECRET + "-not"})
    said = "".join(capsys.readouterr()) + "".join(str(vars(record)) for record in caplog.records)
    assert "request refused" in said
    assert SECRET not in said
    assert "words" not in said


@contextmanager
def _at(seconds: list[float], endpoint: Endpoint) -> Iterator[WebhookSecrets]:
    yield WebhookSecrets(endpoint.tables, "keys", clock=lambda: seconds[0])


def test_a_secret_is_changed_without_losing_a_request_and_the_old_one_dropped(endpoint: Endpoint) -> None:
    now = [0.0]
    with _at(now, endpoint) as secrets:
        assert secrets.of("own") == []
        secrets.add("own", "the-first-secret-0", SET_AT)
        assert secrets.of("own") == []  # for a minute at most
        now[0] = 60
        assert secrets.of("own") == ["the-first-secret-0"]
        secrets.add("own", "the-second-secret-", SET_AT)
        secrets.add("own", "the-second-secret-", SET_AT)
        now[0] = 120
        assert secrets.of("own") == ["the-second-secret-", "the-first-secret-0"]
        secrets.add("own", "the-third-secret-0", SET_AT)
        now[0] = 180
        assert secrets.of("own") == ["the-third-secret-0", "the-second-secret-"]
        secrets.drop_older("own")
        now[0] = 240
        assert (secrets.of("own"), secrets.of("other")) == (["the-third-secret-0"], [])


@pytest.mark.parametrize(
    "bad", ["", "short", "x" * 501, " sixteen-and-blank", "sixteen\nand-a-line", "sixteen-and-tab\t"]
)
def test_a_secret_that_is_a_mistake_is_refused(endpoint: Endpoint, bad: str) -> None:
    with pytest.raises(InputError, match="16 to 500 characters"):
        WebhookSecrets(endpoint.tables, "keys").add("own", bad, SET_AT)


def test_secrets_are_not_listed_among_write_keys(hooks: Endpoint) -> None:
    from daybreak.aws.write_keys import WriteKeys

    assert [key.source for key in WriteKeys(hooks.tables, "keys").all()] == ["web"]


def test_a_table_that_cannot_be_read_is_503_and_the_vendor_sends_again(
    hooks: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    import botocore.client
    from botocore.exceptions import ReadTimeoutError

    def fails(self: Any, operation: str, arguments: Any) -> Any:
        raise ReadTimeoutError(endpoint_url="x")

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", fails)
    answer = send(hooks, "stripe")
    assert (answer.status, answer.body["code"], answer.headers["Retry-After"]) == (503, "not_checked", "5")


def test_http_errors_of_a_gateway_have_code_and_message(hooks: Endpoint) -> None:
    with http_api(lambda event: hooks.module.handler(event, None)) as url, pytest.raises(HTTPError) as refused:
        urlopen(Request(f"{url}/v1/hook/own", b"{}", method="POST"), timeout=30)
    assert (refused.value.code, json.loads(refused.value.read())["code"]) == (401, "wrong_signature")


TITLES = {
    "own": "a mapping of one's own, the secret in a header",
    **{vendor: vendor.capitalize() for vendor in VENDORS},
}
"""The rows of the table in docs/conformance.md."""


def _seen(hooks: Endpoint, name: str, content: bytes, headers: dict[str, str]) -> str:
    """What a request did: its status and code, and what it added to the table of events and to the quarantine."""
    before = len(hooks.lines()), hooks.quarantined().count(b"received_at")
    answer = hooks.post(content, f"/v1/hook/{name}", None, headers)
    events, rejected = len(hooks.lines()) - before[0], hooks.quarantined().count(b"received_at") - before[1]
    stored = [f"{events} event{'s' if events > 1 else ''}"] if events else []
    stored += ["quarantined whole"] if rejected else []
    said = str(answer.status) if answer.status == 200 else f"{answer.status} {answer.body['code']}"
    return ", ".join([said, *(stored or (["no effect"] if answer.status == 200 else []))])


@pytest.mark.parametrize("name", TITLES)
def test_the_table_of_webhooks_says_what_each_request_does(hooks: Endpoint, name: str) -> None:
    """A request with the right signature, then everything that may be wrong with it."""
    body, usual = sample(name) if name in VENDORS else (OWN, {"content-type": "application/json"})
    content, scheme = raw(body), name if name in VENDORS else "secret"
    other = raw(sample("shopify" if name != "shopify" else "stripe")[0])
    json_type = {"content-type": "application/json"}
    now = datetime.now(UTC)

    def told(column: str, sent: bytes, headers: dict[str, str]) -> None:
        cell("Webhooks", TITLES[name], column, _seen(hooks, name, sent, headers))

    told("its own body", content, usual | signed(scheme, content))
    first = [line["message_id"] for line in hooks.lines()]
    assert hooks.post(content, f"/v1/hook/{name}", None, usual | signed(scheme, content)).status == 200
    again = sorted(line["message_id"] for line in hooks.lines())
    ids = "the same ids: counts once" if again == sorted(first * 2) else "other ids"
    cell("Webhooks", TITLES[name], "sent again", ids)
    told("no signature", content, usual)
    told("a wrong one", content, usual | signed(scheme, content, secret=SECRET + "0"))
    if name in ("stripe", "zendesk"):
        told("signed 6 minutes ago", content, usual | signed(scheme, content, now - timedelta(minutes=6)))
    else:
        cell("Webhooks", TITLES[name], "signed 6 minutes ago", "signs no time")
    told("another tool's body", other, json_type | signed(scheme, other))
    told("not JSON", b"{", json_type | signed(scheme, b"{"))
    large = b'"' + b"x" * 7_000_000 + b'"'
    told("7 MB", large, json_type | signed(scheme, large))
    cell("Webhooks", TITLES[name], "GET", f"{hooks.get(f'/v1/hook/{name}').status}")
