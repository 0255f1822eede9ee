"""Rows of several shapes beside the events that somebody made of them by hand."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from daybreak.errors import EventRejected
from daybreak.mapping.event_of import event_of
from daybreak.mapping.mapping import EventMapping


def mapping_of(**toml: Any) -> EventMapping:
    """The mapping that a file says so."""
    return EventMapping.model_validate(toml)


OWN = mapping_of(person="Member ID", event="Action Name", time="Happened At")


def test_a_row_of_ones_own() -> None:
    row = {"Member ID": "kim", "Action Name": "Joined", "Happened At": "2026-10-05 09:00:00", "plan": "pro", "note": ""}
    assert event_of(row, OWN) == {
        "type": "track", "userId": "kim", "event": "Joined", "timestamp": "2026-10-05T09:00:00Z",
        "properties": {"plan": "pro"},
    }  # fmt: skip


def test_a_nested_row_whose_first_filled_value_counts() -> None:
    mapping = mapping_of(
        person=["properties.$user_id", "properties.distinct_id"],
        event="event",
        time="properties.time",
        unit="s",
        id="properties.$insert_id",
        properties=[],
        json="properties",
    )
    properties = {"time": 1791190800, "distinct_id": "kim", "$insert_id": 7, "plan": "pro"}
    assert event_of({"event": "Joined", "properties": properties}, mapping) == {
        "type": "track", "userId": "kim", "event": "Joined", "messageId": "7", "timestamp": "2026-10-05T09:00:00Z",
        "properties": properties,
    }  # fmt: skip


def test_a_column_with_a_dot_in_its_name_comes_before_a_key_inside_of_an_object() -> None:
    row = {"user.id": "kim", "user": {"id": "lee"}, "t": "2026-10-05"}
    assert event_of(row, mapping_of(person="user.id", constant="Joined", time="t"))["userId"] == "kim"


def test_a_row_that_is_about_a_person() -> None:
    mapping = mapping_of(person="user", type="call", time="t", traits="plan")
    row = {"user": "kim", "call": "Identify", "t": "2026-10-05T09:00:00+09:00", "plan": "pro", "city": "Seoul"}
    assert event_of(row, mapping) == {
        "type": "identify", "userId": "kim", "timestamp": "2026-10-05T00:00:00Z",
        "traits": {"plan": "pro", "city": "Seoul"},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("written", "how", "hour"),
    [
        ("05/10/2026 18:00", {"format": "%d/%m/%Y %H:%M", "timezone": "Asia/Seoul"}, 9),
        ("05/10/2026 18:00 +0100", {"format": "%d/%m/%Y %H:%M %z", "timezone": "Asia/Seoul"}, 17),
        ("2026-10-05 18:00:00", {"timezone": "Asia/Seoul"}, 9),
        ("2026-10-05 18:00:00Z", {"timezone": "Asia/Seoul"}, 18),
        ("1791190800", {"unit": "s"}, 9),
        (1791190800000, {"unit": "ms"}, 9),
        ("1791190800000000.0", {"unit": "us"}, 9),
        (datetime(2026, 10, 5, 18, tzinfo=UTC), {"timezone": "Asia/Seoul"}, 18),
        (datetime(2026, 10, 5, 18), {"timezone": "Asia/Seoul"}, 9),  # noqa: DTZ001 - without a zone is the case
    ],
)
def test_times(written: Any, how: dict[str, Any], hour: int) -> None:
    mapping = mapping_of(person="who", constant="Joined", time="when", **how)
    made = event_of({"who": "kim", "when": written}, mapping)
    assert made["timestamp"] == f"2026-10-05T{hour:02d}:00:00Z"


@pytest.mark.parametrize(
    ("row", "how", "code", "words"),
    [
        ({"who": "kim"}, {}, "no_time", "when: the time of the event is missing"),
        ({"who": "kim", "when": "soon"}, {}, "absurd_time", "when: 'soon' is not a time"),
        ({"who": "kim", "when": True}, {}, "absurd_time", "when: a bool is not a time"),
        ({"who": "kim", "when": "2026-10-05"}, {"format": "%d/%m/%Y"}, "absurd_time", "is not of the format"),
        ({"who": "kim", "when": "1e30"}, {"unit": "s"}, "absurd_time", "when: "),
        ({"who": "kim", "when": "nan"}, {"unit": "s"}, "absurd_time", "when: "),
        ({"who": "kim", "when": "2026-10-05", "j": "{"}, {"json": "j"}, "invalid_field", "j: is not JSON"),
        ({"who": "kim", "when": "2026-10-05", "j": "[1]"}, {"json": "j"}, "invalid_field", "j: a list is not a JSON"),
    ],
)
def test_a_row_that_cannot_be_right_says_why(row: dict[str, Any], how: dict[str, Any], code: str, words: str) -> None:
    with pytest.raises(EventRejected) as rejected:
        event_of(row, mapping_of(person="who", constant="Joined", time="when", **how))
    assert rejected.value.code == code
    assert words in rejected.value.message


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"event": "a", "constant": "b"}, "not both"),
        ({"event": None}, "event"),
        ({"person": []}, "needs `person` or `anonymous`"),
        ({"time": []}, "time"),
        ({"format": "%H:%M"}, "has not the year, the month and the day"),
        ({"format": "%Y-%m-%d", "unit": "s"}, "not both"),
        ({"timezone": "Seoul"}, "is not a time zone"),
        ({"persons": "a"}, "persons"),
    ],
)
def test_a_mapping_that_cannot_be_right_says_why(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        EventMapping.model_validate({"person": "who", "event": "what", "time": "when"} | wrong)


def test_a_unit_with_a_timezone_counts_local_time() -> None:
    """Mixpanel's projects from before 2023: 1791190800 is 09:00 in Seoul, which is midnight UTC."""
    local = mapping_of(person="p", event="e", time="t", unit="s", timezone="Asia/Seoul")
    assert event_of({"p": "kim", "e": "Joined", "t": 1791190800}, local)["timestamp"] == "2026-10-05T00:00:00Z"
