"""A request to a webhook: what is refused, mapped, kept whole, and read again."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daybreak.definitions.webhooks import Webhook
from daybreak.errors import EventRejected, RequestRefused
from daybreak.ingest.privacy import Privacy
from daybreak.ingest.request import Intake, Request
from daybreak.ingest.rules import NO_RULES, Rules, forgotten_digest
from daybreak.ingest.tracking_plan import parse_plan
from daybreak.people.find import People, digests
from daybreak.webhooks.receive import hook_name, judge_record, receive_webhook
from hostile.shapes import VALUES
from support.hooks import SECRET, VENDORS, raw, sample, signed

NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
OWN = {"person": "who", "constant": "Report Shared", "time": "at", "id": "id"}
BODY = {"who": "kim", "at": "2026-11-27T09:00:00Z", "id": "r1", "title": "Sales"}


def webhook(**fields: Any) -> Webhook:
    return Webhook.model_validate(fields)


def received(
    body: Any,
    hook: Webhook,
    rules: Rules = NO_RULES,
    headers: dict[str, str] | None = None,
    name: str = "hook",
    method: str = "POST",
    secrets: tuple[str, ...] = (SECRET,),
) -> Intake:
    content = raw(body)
    scheme = hook.signed_as if hook.signed_as != "standard" else "secret"
    given_headers = signed(scheme, content, NOW) if headers is None else headers
    request = Request(method, f"/v1/hook/{name}", {"content-type": "application/json"} | given_headers, {}, content)
    return receive_webhook(hook_name(request) or "", request, {"hook": hook}, lambda _: secrets, lambda: rules, NOW)


def lines(intake: Intake) -> list[dict[str, Any]]:
    return [json.loads(event.line) for event in intake.kept().events]


def records(intake: Intake) -> list[dict[str, Any]]:
    return [json.loads(rejected.line) for rejected in intake.kept().rejected]


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"name": "other"}, 404, "unknown_webhook"),
        ({"name": ""}, 404, "unknown_webhook"),
        ({"method": "GET"}, 405, "wrong_method"),
        ({"secrets": ()}, 401, "no_secret"),
        ({"headers": {}}, 401, "wrong_signature"),
        ({"body": b"{"}, 400, "invalid_json"),
        ({"body": b""}, 400, "invalid_json"),
        ({"body": b"\xff\xfe{\x00"}, 400, "invalid_encoding"),
        ({"body": b"[" * 100_000}, 400, "invalid_json"),
        ({"body": b'"' + b"x" * 6 * 1024 * 1024 + b'"'}, 413, "too_large"),
        ({"body": b"[" + b"{}," * 25_000 + b"{}]"}, 413, "too_large"),
        ({"body": b"[" + b"{}," * 24_999 + b"{}]"}, 200, ""),
    ],
)
def test_a_request_that_cannot_be_read_is_refused_whole(change: dict[str, Any], status: int, code: str) -> None:
    body = change.pop("body", BODY)
    if status == 200:
        (record,) = records(received(body, webhook(mapping=OWN), **change))
        assert record["code"] == "no_time"
        return
    with pytest.raises(RequestRefused) as refused:
        received(body, webhook(mapping=OWN), **change)
    assert (refused.value.status, refused.value.code) == (status, code)
    assert SECRET not in refused.value.message


def test_a_list_that_is_too_long_for_its_mapping_stays_in_quarantine() -> None:
    (record,) = records(received(b"[" + b"{}," * 25_000 + b"{}]", webhook()))
    with pytest.raises(EventRejected, match="25,001 rows"):
        judge_record(record, {"hook": webhook(mapping=OWN)}, NO_RULES)


def test_the_signature_is_checked_before_the_body_is_read() -> None:
    with pytest.raises(RequestRefused, match="signature"):
        received(b"{", webhook(vendor="stripe"), headers={})


def test_intercoms_head_request_is_answered_and_stores_nothing() -> None:
    assert received(b"", webhook(vendor="intercom"), method="HEAD", headers={}) == Intake("hook", [], [])


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_vendors_body_becomes_events_of_the_webhooks_own_source(vendor: str) -> None:
    body, headers = sample(vendor)
    intake = received(body, webhook(vendor=vendor), headers=headers | signed(vendor, raw(body), NOW))
    assert {line["source"] for line in lines(intake)} == {"hook"}
    assert (intake.rejected, lines(intake)[0]["received_at"]) == ([], "2026-11-27T12:00:00Z")
    assert lines(received(body, webhook(vendor=vendor), headers=headers | signed(vendor, raw(body), NOW))) == lines(
        intake
    )


def test_a_mapping_of_ones_own_makes_an_event_of_any_body() -> None:
    (line,) = lines(received(BODY, webhook(mapping=OWN)))
    assert line == {
        "message_id": "hook-r1", "type": "track", "event": "Report Shared", "user_id": "kim", "clock": "client",
        "timestamp": "2026-11-27T09:00:00Z", "received_at": "2026-11-27T12:00:00Z", "source": "hook",
        "properties": {"title": "Sales"},
    }  # fmt: skip


def test_a_vendors_other_topics_are_for_the_mapping_of_ones_own() -> None:
    mapping = {"person": "detail.requester_id", "event": "type", "time": "time", "id": "id", "properties": []}
    body, headers = sample("zendesk")
    body = {**body, "type": "zen:event-type:ticket.priority_changed"}
    hook = webhook(vendor="zendesk", mapping=mapping)
    (line,) = lines(received(body, hook, headers=headers | signed("zendesk", raw(body), NOW)))
    assert (line["event"], line["user_id"]) == ("zen:event-type:ticket.priority_changed", "8447388090494")


def test_each_object_of_a_list_is_an_event_and_a_bad_one_costs_no_other() -> None:
    rows = [BODY, {**BODY, "id": "r2"}, {**BODY, "at": "soon"}, "text"]
    hook = webhook(mapping={**OWN, "rows": "items"})
    intake = received({"items": rows}, hook)
    assert [line["message_id"] for line in lines(intake)] == ["hook-r1", "hook-r2"]
    (record,) = records(intake)
    assert record["code"] == "absurd_time"
    assert json.loads(record["body"]) == {"webhookBody": {"items": rows}}
    assert [line["message_id"] for line in lines(received(rows[:2], hook))] == ["hook-r1", "hook-r2"]


def test_rows_without_an_id_get_the_same_ones_each_time_whatever_the_mapping_is() -> None:
    rows = [{**BODY, "id": None}, {**BODY, "id": None}]
    once, again = (received(rows, webhook(mapping={**OWN, "constant": name})) for name in ("One", "Other"))
    ids = [line["message_id"] for line in lines(once)]
    assert len(set(ids)) == 2
    assert [line["message_id"] for line in lines(again)] == ids


def test_an_id_is_unique_within_its_webhook_and_a_long_one_is_made() -> None:
    """Two webhooks may both be about ticket 7, opened and solved; neither event may count as the other sent again."""
    seven = {**BODY, "id": 7}
    request = Request("POST", "", {}, {"secret": SECRET}, raw(seven))
    hooks = {name: webhook(mapping=OWN) for name in ("opened", "solved")}
    found = [receive_webhook(name, request, hooks, lambda _: (SECRET,), lambda: NO_RULES, NOW) for name in hooks]
    assert [line["message_id"] for intake in found for line in lines(intake)] == ["opened-7", "solved-7"]
    long = [lines(received({**BODY, "id": "x" * 99 + end}, webhook(mapping=OWN)))[0]["message_id"] for end in "aba"]
    assert long[0] == long[2] != long[1]


def test_the_id_of_a_standard_webhook_is_that_of_its_event() -> None:
    from standardwebhooks import Webhook as StandardWebhook

    body, secret = json.dumps([{**BODY, "id": None}] * 2), "whsec_c2VjcmV0LW9mLXRoZS10ZXN0cw=="
    signature = StandardWebhook(secret).sign("msg_1", NOW, body)
    headers = {"webhook-id": "msg_1", "webhook-timestamp": str(int(NOW.timestamp())), "webhook-signature": signature}
    hook = webhook(signature="standard", mapping=OWN)
    found = lines(received(body.encode(), hook, headers=headers, secrets=(secret,)))
    assert [line["message_id"] for line in found] == ["hook-msg_1", "hook-msg_1-1"]


@pytest.mark.parametrize("rules", [Rules(), Rules(clean=Privacy(drop=["properties.title"]).cleaner("s"))])
def test_what_nothing_maps_is_kept_whole_and_read_once_there_is_a_mapping(rules: Rules) -> None:
    intake = received(BODY, webhook(), rules)
    (record,) = records(intake)
    assert (intake.events, record["code"], record["source"]) == ([], "unmapped", "hook")
    assert "add `mapping`" in record["message"]
    with pytest.raises(EventRejected, match="no mapping"):
        judge_record(record, {"hook": webhook()}, rules)
    (event,) = judge_record(record, {"hook": webhook(mapping=OWN)}, rules)
    assert json.loads(event.line) == lines(received(BODY, webhook(mapping=OWN), rules))[0]


def test_a_shopify_topic_that_is_in_a_header_alone_is_kept_with_the_body() -> None:
    body, headers = sample("shopify")
    headers |= {"x-shopify-topic": "orders/edited"}
    (record,) = records(received(body, webhook(vendor="shopify"), headers=headers | signed("shopify", raw(body), NOW)))
    assert "'orders/edited'" in record["message"]
    kept = json.loads(record["body"])
    assert kept == {"webhookBody": body, "topic": "orders/edited"}
    event, _ = judge_record(
        {**record, "body": json.dumps({**kept, "topic": "orders/create"})}, {"hook": webhook(vendor="shopify")}, Rules()
    )
    assert event.message_id == "shopify-order-900"


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_signed_body_with_other_headers_has_no_other_ids(vendor: str) -> None:
    """Somebody has recorded a body and its signature, and sends both with headers that the tool does not sign."""
    body, headers = sample(vendor)
    seen: set[str] = set()
    for nth, topic in enumerate(("create", "paid", "fulfilled", "cancelled")):
        unsigned = {"x-shopify-topic": f"orders/{topic}", "x-shopify-triggered-at": f"2026-10-05T09:00:0{nth}Z"}
        unsigned |= dict.fromkeys(("webhook-id", "x-shopify-event-id", "x-shopify-webhook-id"), f"e{nth}")
        intake = received(body, webhook(vendor=vendor), headers=headers | unsigned | signed(vendor, raw(body), NOW))
        seen |= {line["message_id"] for line in lines(intake)}
    usual = received(body, webhook(vendor=vendor), headers=headers | signed(vendor, raw(body), NOW))
    assert seen == {line["message_id"] for line in lines(usual)}


@pytest.mark.parametrize("vendor", [*VENDORS, None])
def test_without_an_id_in_the_body_its_values_make_it_and_no_unsigned_header(vendor: str | None) -> None:
    hook = webhook(vendor=vendor, mapping={"person": "who", "constant": "Order Edited", "time": "at"})
    body = {name: value for name, value in BODY.items() if name != "id"}
    ids = set()
    for nth in range(2):
        headers = dict.fromkeys(("webhook-id", "x-shopify-event-id", "x-shopify-webhook-id"), f"e{nth}")
        headers |= {"x-shopify-topic": f"orders/{nth}", "content-type": "application/json"}
        (line,) = lines(received(body, hook, headers=headers | signed(vendor or "secret", raw(body), NOW)))
        ids.add(line["message_id"])
    assert len(ids) == 1


def test_the_unsigned_id_of_an_older_record_of_the_quarantine_is_not_used() -> None:
    (record,) = records(received(BODY, webhook()))
    hook = webhook(mapping={"person": "who", "constant": "Report Shared", "time": "at"})
    bodies = [{**json.loads(record["body"]), "id": id_, "at": "2026-10-05T09:00:00Z"} for id_ in ("e1", "e2")]
    found = [judge_record({**record, "body": json.dumps(body)}, {"hook": hook}, NO_RULES) for body in bodies]
    assert len({event.message_id for events in found for event in events}) == 1


def test_a_value_of_a_vendor_that_cannot_be_read_keeps_the_body_whole() -> None:
    body, headers = sample("stripe")
    body = {**body, "created": None}
    (record,) = records(received(body, webhook(vendor="stripe"), headers=headers | signed("stripe", raw(body), NOW)))
    assert (record["code"], json.loads(record["body"])["webhookBody"]) == ("no_time", body)


def test_an_event_of_another_source_is_judged_as_before() -> None:
    record = {"received_at": "2026-11-27T12:00:00Z", "source": "web", "code": "no_name", "message": "", "message_id": "m",
              "body": json.dumps({"type": "track", "userId": "u", "event": "E", "webhookBody": {}})}  # fmt: skip
    (event,) = judge_record(record, {"hook": webhook(mapping=OWN)}, Rules())
    assert event.message_id == "m"


def test_privacy_applies_to_a_body_that_nothing_maps_wherever_its_fields_are() -> None:
    clean = Privacy(drop=["traits.phone", "properties.card"], hash=["traits.email"]).cleaner("salt")
    body = {"ip": "1.2.3.4", "a": [{"email": "kim@example.org", "b": {"phone": "1", "card": "2", "kept": 3}}]}
    (record,) = records(received(body, webhook(), Rules(clean=clean)))
    kept = json.loads(record["body"])["webhookBody"]
    assert kept == {
        "a": [{"email": clean({"traits": {"email": "kim@example.org"}})["traits"]["email"], "b": {"kept": 3}}]
    }


def test_the_plan_applies_under_the_webhooks_name() -> None:
    plan = parse_plan('mode = "off"\n[sources]\nhook = "enforce"\n[events."Other"]\n')
    body, headers = sample("typeform")
    intake = received(body, webhook(vendor="typeform"), Rules(plan=plan), headers | signed("typeform", raw(body), NOW))
    assert [record["code"] for record in records(intake)] == ["unplanned_event", "unplanned_event"]


def test_nothing_about_a_forgotten_person_is_stored_and_the_answer_does_not_tell() -> None:
    rules = Rules(forgotten=frozenset({forgotten_digest("kim")}))
    for hook in (webhook(mapping=OWN), webhook()):
        usual, forgotten = received(BODY, hook), received(BODY, hook, rules)
        assert [len(usual.events), len(usual.rejected)] == [len(forgotten.events), len(forgotten.rejected)]
        assert (forgotten.kept().events, forgotten.kept().rejected) == ([], [])


def test_a_body_that_nothing_maps_is_found_by_every_id_in_it() -> None:
    (rejected,) = received({"deep": [{"owner": {"id": 5}}, "kim"], "x": None}, webhook()).rejected
    assert [People(digests([own])).in_reject(rejected.line) for own in ("kim", "5", "lee", "deep")] == [
        True, True, False, False]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "code"),
    [('{"a":' * 1_000 + "1" + "}" * 1_000, "unencodable"), (json.dumps({"a": "x" * 200_000}), "unmapped")],
)
def test_a_body_too_deep_or_large_to_be_kept_is_counted_and_not_cut(body: str, code: str) -> None:
    (record,) = records(received(body, webhook(), Rules(clean=Privacy().cleaner("s"))))
    assert (record["code"], record["body"]) == (code, "<str>")
    with pytest.raises(EventRejected):
        judge_record(record, {"hook": webhook(mapping=OWN)}, Rules())


RULES = Rules(clean=Privacy(drop=["traits.x"]).cleaner("s"), forgotten=frozenset({forgotten_digest("u")}))


@given(body=VALUES, vendor=st.sampled_from([*VENDORS, None]), parts=st.data())
def test_no_body_crashes_a_webhook(body: Any, vendor: str | None, parts: Any) -> None:
    """Of any shape, and of a vendor's own shape with odd values in its places."""
    if vendor and isinstance(sample(vendor)[0], dict) and parts.draw(st.booleans()):
        body = _with_odd(sample(vendor)[0], body, parts)
    content = json.dumps(body).encode()
    hook = webhook(vendor=vendor, mapping={**OWN, "person": ["who", "id"], "rows": "items"})
    headers = (sample(vendor)[1] | {"content-type": "application/json"}) if vendor else {}
    try:
        intake = received(content, hook, RULES, headers | signed(vendor or "secret", content, NOW))
    except RequestRefused as refused:
        assert refused.status in (400, 413)  # noqa: PT017 - the refusals that a body may have
        return
    for record in records(intake):
        try:
            judge_record(record, {"hook": hook}, RULES)
        except EventRejected as rejected:
            assert rejected.code  # noqa: PT017


def _with_odd(value: Any, odd: Any, parts: Any) -> Any:
    """A vendor's body in which one of its values, at any depth, is another one."""
    if isinstance(value, dict) and value and parts.draw(st.integers(0, 9)):
        name = parts.draw(st.sampled_from(sorted(value)))
        return {**value, name: _with_odd(value[name], odd, parts)}
    if isinstance(value, list) and value and parts.draw(st.integers(0, 9)):
        return [_with_odd(value[0], odd, parts), *value[1:]]
    return odd


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ({"vendor": "zendesk", "signature": "secret"}, "has its own"),
        ({"mapping": {**OWN, "timezone": "Europe/Berlin"}}, "send times with their offset"),
        ({"mapping": {"person": "who"}}, "time"),
    ],
)
def test_a_webhook_that_cannot_work_is_refused_when_it_is_defined(table: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        webhook(**table)


def test_an_old_time_stays_an_old_time() -> None:
    body = {**BODY, "at": (NOW - timedelta(days=400)).isoformat()}
    (line,) = lines(received(body, webhook(mapping=OWN)))
    assert line["timestamp"] == "2025-10-23T12:00:00Z"
