"""One event: when it is accepted or rejected and why, and at which time it counts."""

import json
import re
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import NOW, ROOT
from daybreak.errors import EventRejected
from daybreak.ingest.clocks import STAMPED_AT_EACH_TRY
from daybreak.ingest.event import MAX_EVENT_BYTES, Arrival, canonical
from daybreak.ingest.rules import person_ids

ARRIVAL = Arrival(received_at=NOW, source="web")
GOOD = {"type": "track", "userId": "u", "event": "Signed Up", "messageId": "m", "timestamp": "2026-11-20T09:00:00Z"}


def line(raw: dict[str, Any], arrival: Arrival = ARRIVAL) -> dict[str, Any]:
    return dict(json.loads(canonical(raw, arrival, 0).line))


def code(raw: Any) -> str:
    with pytest.raises(EventRejected) as raised:
        canonical(raw, ARRIVAL, 0)
    assert "\n" not in str(raised.value)
    return raised.value.code


def test_a_canonical_event_has_only_the_fields_that_are_set() -> None:
    assert line({**GOOD, "anonymousId": None, "properties": {}, "unknown": 1}) == {
        "message_id": "m",
        "type": "track",
        "event": "Signed Up",
        "user_id": "u",
        "timestamp": "2026-11-20T09:00:00Z",
        "clock": "client",
        "received_at": "2026-11-20T12:00:00Z",
        "source": "web",
    }


def test_whole_numbers_are_ids_too() -> None:
    assert line({**GOOD, "userId": 17})["user_id"] == "17"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"userId": 1.5}, "invalid_field"),
        ({"userId": True}, "invalid_field"),
        ({"userId": ["u"]}, "invalid_field"),
        ({"event": 42}, "invalid_field"),
        ({"type": "sneeze"}, "invalid_field"),
        ({"type": None}, "invalid_field"),
        ({"properties": "text"}, "invalid_field"),
        ({"messageId": "m" * 101}, "invalid_field"),
        ({"timestamp": 1700000000}, "invalid_field"),
        ({"event": ""}, "no_name"),
        ({"event": None}, "no_name"),
        ({"userId": None}, "no_id"),
        ({"userId": "", "anonymousId": ""}, "no_id"),
        ({"type": "alias"}, "no_id"),
        ({"type": "group"}, "no_id"),
        ({"timestamp": "yesterday"}, "absurd_time"),
        ({"timestamp": "0001-01-01T00:00:00Z"}, "absurd_time"),
        ({"timestamp": "1969-12-31T23:59:59Z"}, "absurd_time"),
        ({"timestamp": "0001-01-01T00:00:00+14:00"}, "absurd_time"),
        ({"properties": {"x": "y" * MAX_EVENT_BYTES}}, "too_large"),
        ({"properties": {"x": "\ud800"}}, "unencodable"),
    ],
)
def test_the_wrong_field_is_named(change: dict[str, Any], expected: str) -> None:
    assert code({**GOOD, **change}) == expected


def test_an_event_that_is_not_an_object_is_rejected() -> None:
    assert code("text") == code(None) == code([GOOD]) == "not_an_object"


def test_an_event_nested_too_deep_to_write_is_rejected() -> None:
    deep: Any = 1
    for _ in range(400):
        deep = {"a": deep}
    assert code({**GOOD, "properties": deep}) == "unencodable"


def test_the_networks_delay_is_not_added_to_an_event() -> None:
    arrival = Arrival(NOW, "web", sent_at=NOW - timedelta(seconds=59), context={"library": {"name": "analytics.js"}})
    assert line(GOOD, arrival)["timestamp"] == "2026-11-20T09:00:00Z"


NINE = datetime(2026, 11, 20, 9, tzinfo=UTC)


def _sent(hours: float, context: dict[str, Any] | None = None) -> tuple[datetime, dict[str, Any]]:
    """The time that a client whose timestamp and sentAt are so many hours off gives to 9:00, and the event's line."""
    named = NINE + timedelta(hours=hours)
    arrival = Arrival(NOW, "web", sent_at=NOW + timedelta(hours=hours))
    return named, line({**GOOD, "timestamp": named.isoformat(), "context": context}, arrival)


def _library(name: Any) -> dict[str, Any]:
    return {"library": {"name": name, "version": "1"}}


STAMPED_ONCE: list[Any] = ["analytics-kotlin", "analytics-swift", "Analytics-CSharp", "analytics-java", "analytics-go",
                "analytics-php", "analytics-node", "made at home", "", None, 7, ["analytics.js"], {}]  # fmt: skip


@pytest.mark.parametrize("name", sorted(STAMPED_AT_EACH_TRY))
@pytest.mark.parametrize("hours", [-72, -1, 1, 72])
def test_a_wrong_clock_is_corrected_and_marked(hours: int, name: str) -> None:
    named, found = _sent(hours, _library(name))
    assert (found["timestamp"], found["clock"]) == ("2026-11-20T09:00:00Z", "skew")
    assert datetime.fromisoformat(found["original_timestamp"]) == named


@pytest.mark.parametrize("name", STAMPED_ONCE)
@pytest.mark.parametrize("hours", [-72, -6, -0.02])
def test_a_batch_that_waited_since_its_first_try_keeps_its_times(hours: float, name: Any) -> None:
    named, found = _sent(hours, _library(name))
    assert (datetime.fromisoformat(found["timestamp"]), found["clock"]) == (named, "client")
    assert "original_timestamp" not in found


@pytest.mark.parametrize("name", STAMPED_ONCE)
@pytest.mark.parametrize("hours", [1, 72])
def test_a_clock_that_runs_ahead_is_corrected_for_every_client(hours: int, name: Any) -> None:
    _, found = _sent(hours, _library(name))
    assert (found["timestamp"], found["clock"]) == ("2026-11-20T09:00:00Z", "skew")


@pytest.mark.parametrize("context", [None, {}, {"library": None}, {"library": "analytics.js"}, {"library": ["x"]}])
def test_a_client_without_a_name_is_not_known_to_stamp_each_try(context: Any) -> None:
    assert _sent(-6, context)[1]["clock"] == "client"


def test_the_client_may_be_named_by_the_batch() -> None:
    raw = {**GOOD, "timestamp": "2026-11-20T03:00:00Z"}
    for name, clock in (("analytics-python", "skew"), ("analytics-kotlin", "client")):
        arrival = Arrival(NOW, "web", sent_at=NOW - timedelta(hours=6), context=_library(name))
        assert line(raw, arrival)["clock"] == clock
        own = {**raw, "context": _library("analytics-kotlin")}
        assert line(own, arrival)["clock"] == "client"


@given(
    waited=st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=400)),
    age=st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=400)),
    name=st.text().filter(lambda name: name not in STAMPED_AT_EACH_TRY),
)
def test_however_long_a_batch_waited_its_events_keep_their_times(waited: timedelta, age: timedelta, name: str) -> None:
    sent_at = NOW - waited
    happened = sent_at - age
    raw = {**GOOD, "timestamp": happened.isoformat(), "context": _library(name)}
    found = line(raw, Arrival(NOW, "web", sent_at=sent_at))
    assert (datetime.fromisoformat(found["timestamp"]), found["clock"]) == (happened, "client")


def test_an_event_over_a_day_ahead_counts_at_its_arrival() -> None:
    ahead = line({**GOOD, "timestamp": "2026-11-21T12:00:01Z"})
    assert (ahead["timestamp"], ahead["clock"]) == ("2026-11-20T12:00:00Z", "future")
    assert line({**GOOD, "timestamp": "2026-11-21T12:00:00Z"})["clock"] == "client"
    assert line({**GOOD, "timestamp": "9999-12-31T23:59:59Z"})["clock"] == "future"


def test_an_old_event_keeps_its_time() -> None:
    assert line({**GOOD, "timestamp": "1997-01-01T00:00:00Z"})["timestamp"] == "1997-01-01T00:00:00Z"


def test_an_event_without_a_time_counts_when_it_arrives() -> None:
    found = line({**GOOD, "timestamp": None})
    assert (found["timestamp"], found["clock"]) == ("2026-11-20T12:00:00Z", "server")


def test_an_offset_is_the_same_instant_in_utc() -> None:
    assert line({**GOOD, "timestamp": "2026-11-20T10:00:00.5+01:00"})["timestamp"] == "2026-11-20T09:00:00.500000Z"


def test_an_id_made_for_a_dated_event_is_the_same_on_every_send() -> None:
    raw = {key: value for key, value in GOOD.items() if key != "messageId"}
    first, again = canonical(raw, ARRIVAL, 3), canonical(raw, Arrival(NOW + timedelta(hours=1), "web"), 3)
    assert first.id_made
    assert first.message_id == again.message_id != canonical(raw, ARRIVAL, 4).message_id


def test_an_id_made_for_an_undated_event_is_different_each_time() -> None:
    raw = {"type": "track", "userId": "u", "event": "Clicked"}
    assert canonical(raw, ARRIVAL, 0).message_id != canonical(raw, ARRIVAL, 0).message_id


def test_an_events_own_context_overrides_the_batchs() -> None:
    arrival = Arrival(NOW, "web", context={"locale": "de", "app": "batch"})
    assert line({**GOOD, "context": {"app": "event"}}, arrival)["context"] == {"locale": "de", "app": "event"}


@pytest.mark.parametrize("field", ["properties", "traits", "context", "integrations"])
def test_phps_empty_object_is_absent(field: str) -> None:
    assert line({**GOOD, field: []}) == line(GOOD)


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
).filter(lambda value: not isinstance(value, dict))


@given(odd=ODD, field=st.sampled_from(["context", "integrations"]))
def test_a_context_or_integrations_that_is_not_an_object_never_costs_the_event(odd: Any, field: str) -> None:
    assert line({**GOOD, field: odd}) == line(GOOD)


@given(odd=ODD.filter(lambda value: value is not None and value != []), field=st.sampled_from(["properties", "traits"]))
def test_properties_and_traits_that_are_not_objects_are_rejected(odd: Any, field: str) -> None:
    assert code({**GOOD, field: odd}) == "invalid_field"


def test_a_batchs_context_stays_when_the_events_own_is_not_an_object() -> None:
    arrival = Arrival(NOW, "web", context={"locale": "de"})
    for odd in ([], ["x"], "x", 7, False):
        assert line({**GOOD, "context": odd}, arrival)["context"] == {"locale": "de"}


PLACEHOLDERS = [
    "undefined", "UNDEFINED", "null", "NULL", "(null)", "<null>", "nil", "<nil>", "none", "None", "nan", "NaN", "\\N",
    "[object Object]", "[object Undefined]", " ", "\t\u00a0", " undefined ", "{{user.id}}", "{{ user_id }}", "user-{{id}}",
    "${userId}", "#{user.id}", "<%= user.id %>", "{user_id}", "%USER_ID%", "%%USER_ID%%",
    "00000000-0000-0000-0000-000000000000", "{00000000-0000-0000-0000-000000000000}", "00000000000000000000000000000000",
]  # fmt: skip
IDS = [
    "0", "10", "u", "100000", "nullable", "Nancy", "nobody", "none@example.com", "undefined-7", "0a", "a-0-0", "50%", "%",
    "{0b3f9d3e-0000-4000-8000-000000000001}", "00000000-0000-0000-0000-000000000001", "$100", "a{b", "#1", "n", "\\",
]  # fmt: skip


@pytest.mark.parametrize("placeholder", PLACEHOLDERS)
def test_a_placeholder_is_nobodys_id(placeholder: str) -> None:
    assert code({**GOOD, "userId": placeholder}) == "placeholder_id"
    kept = line({**GOOD, "userId": placeholder, "anonymousId": "device"})
    assert (kept.get("user_id"), kept["anonymous_id"]) == (None, "device")
    kept = line({**GOOD, "anonymousId": placeholder, "groupId": placeholder, "previousId": placeholder})
    assert kept == line(GOOD)


@pytest.mark.parametrize("placeholder", PLACEHOLDERS)
def test_a_link_or_a_group_needs_real_ids(placeholder: str) -> None:
    alias = {"type": "alias", "previousId": "old", "userId": "new"}
    for field in ("previousId", "userId"):
        assert code({**alias, field: placeholder, "anonymousId": "device"}) == "placeholder_id"
    assert code({"type": "group", "userId": "u", "groupId": placeholder}) == "placeholder_id"


@pytest.mark.parametrize("own", IDS)
def test_an_id_that_only_resembles_a_placeholder_is_an_id(own: str) -> None:
    assert line({**GOOD, "userId": own})["user_id"] == own


def test_a_whole_number_is_never_a_placeholder() -> None:
    assert line({**GOOD, "userId": 0})["user_id"] == "0"


def test_the_rejection_names_each_placeholder_and_its_field() -> None:
    with pytest.raises(EventRejected) as raised:
        canonical({**GOOD, "userId": "null", "anonymousId": "{{id}}"}, ARRIVAL, 0)
    assert "userId: 'null', anonymousId: '{{id}}'" in str(raised.value)


@given(
    user=st.sampled_from([*PLACEHOLDERS, *IDS, ""]),
    anonymous=st.sampled_from([*PLACEHOLDERS, *IDS, ""]),
    previous=st.sampled_from([*PLACEHOLDERS, *IDS, ""]),
)
def test_an_event_is_about_exactly_the_ids_of_its_canonical_form(user: str, anonymous: str, previous: str) -> None:
    raw = {**GOOD, "userId": user, "anonymousId": anonymous, "previousId": previous}
    try:
        stored = line(raw)
    except EventRejected:
        assert not {user, anonymous} & set(IDS)
        assert set(person_ids(raw)) <= {previous} & set(IDS)
        return
    who = stored.get("user_id") or stored.get("anonymous_id")
    assert person_ids(raw) == [found for found in (who, stored.get("previous_id")) if found]


def test_a_long_text_is_judged_quickly() -> None:
    began = time.process_time()
    for unit in ("{{", "${", "0-", " ", "<%", "%a"):
        person_ids({"userId": unit * 1_000_000})
    assert time.process_time() - began < 1


def test_the_page_names_every_client_that_stamps_each_try() -> None:
    page = (ROOT / "docs" / "sending.md").read_text()
    paragraph = page.partition("**A wrong clock is corrected")[2].partition("\n\n")[0]
    listed = paragraph.partition("these are ")[2].partition(". The column")[0]
    assert set(re.findall(r"`([^`]+)`", listed)) == STAMPED_AT_EACH_TRY
