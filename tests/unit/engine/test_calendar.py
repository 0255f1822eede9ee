"""Hours and days of zones whose clocks change by half an hour, at midnight, or by a day. Answers by the zones' history."""

from datetime import UTC, date, timedelta
from zoneinfo import ZoneInfo

import pytest

from daybreak.engine.calendar import Calendar, micros


def calendar(zone: str) -> Calendar:
    return Calendar(ZoneInfo(zone), "monday")


@pytest.mark.parametrize(
    ("zone", "day", "odd"),
    [
        ("Europe/Berlin", date(2024, 10, 27), {}),  # 02:00 to 03:00 twice: two hours
        ("Australia/Lord_Howe", date(2024, 4, 7), {"01:00": 90}),  # 02:00 back to 01:30
        ("Australia/Lord_Howe", date(2024, 10, 6), {"02:30": 30}),  # 02:00 on to 02:30
        ("America/Caracas", date(2007, 12, 9), {"02:00": 90}),  # 03:00 back to 02:30
        ("America/Caracas", date(2016, 5, 1), {"02:00": 30}),  # 02:30 on to 03:00
        ("Asia/Pyongyang", date(2015, 8, 14), {"23:00": 90}),  # midnight back to 23:30
        ("Asia/Pyongyang", date(2018, 5, 4), {"23:00": 30}),  # 23:30 on to midnight
        ("Asia/Colombo", date(2006, 4, 15), {"00:00": 30}),  # 00:30 back to midnight, which is shown twice
        ("Asia/Kathmandu", date(2024, 1, 1), {}),  # at +05:45 all year
        ("Pacific/Apia", date(2011, 12, 29), {}),  # the next hour is on the 31st
    ],
)
def test_an_hour_begins_when_the_clocks_show_or_jump_over_a_full_hour(
    zone: str, day: date, odd: dict[str, int]
) -> None:
    days = calendar(zone)
    hours = list(days.hours(day, day))
    lengths = []
    for hour in hours:
        shown = hour["starts_at"].replace(tzinfo=UTC).astimezone(days.zone)
        lengths.append((f"{shown:%H:%M}", (hour["ends_us"] - hour["starts_us"]) // 60_000_000))
        assert hour["first_day"] == day
    assert {shown: minutes for shown, minutes in lengths if minutes != 60} == odd
    assert [hour["starts_us"] for hour in hours[1:]] == [hour["ends_us"] for hour in hours[:-1]]
    assert hours[0]["starts_at"] == days.starts_at(day)
    assert hours[-1]["ends_us"] == micros(days.ends_at(day))


@pytest.mark.parametrize(
    ("zone", "never"),
    [
        ("Pacific/Apia", date(2011, 12, 30)),
        ("Pacific/Kwajalein", date(1993, 8, 21)),
        ("Pacific/Kiritimati", date(1994, 12, 31)),
    ],
)
def test_a_day_that_never_was_has_no_row_and_no_number(zone: str, never: date) -> None:
    days, one = calendar(zone), timedelta(days=1)
    rows = list(days.days(never - one, never + one))
    assert [row["day"] for row in rows] == [never - one, never + one]
    assert rows[1]["day_number"] == rows[0]["day_number"] + 1
    assert rows[0]["ends_at"] == rows[1]["starts_at"]
    assert days.first_day("day", rows[1]["day_number"]) == never + one
    assert days.days_before(never + 2 * one, 2) == never - one
    assert days.days_before(never - one, 2) == never - 3 * one
    assert not [row for row in days.periods(never - one, never + one) if row["first_day"] == never]
