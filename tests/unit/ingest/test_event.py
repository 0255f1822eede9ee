"""One event: when it is accepted or rejected and why, and at which time it counts."""

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import NOW
from daybreak.errors import EventRejected
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
    arrival = Arrival(NOW, "web", sent_at=NOW - timedelta(seconds=59))
    assert line(GOOD, arrival)["timestamp"] == "2026-11-20T09:00:00Z"


@pytest.mark.parametrize("hours", [-72, -1, 1, 72])
def test_a_wrong_clock_is_corrected_and_marked(hours: int) -> None:
    arrival = Arrival(NOW, "web", sent_at=NOW + timedelta(hours=hours))
    wrong = datetime(2026, 11, 20, 9, tzinfo=UTC) + timedelta(hours=hours)
    found = line({**GOOD, "timestamp": wrong.isoformat()}, arrival)
    assert found["timestamp"] == "2026-11-20T09:00:00Z"
    assert found["clock"] == "skew"
    assert datetime.fromisoformat(found["original_timestamp"]) == wrong


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
