"""The written grammar of times: what each form means, and what is refused."""

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as some

from daybreak.ingest.event import parse_time
from daybreak.ingest.times import parse, parse_in_file

NINE = datetime(2026, 10, 5, 9, tzinfo=UTC)
MIDNIGHT = datetime(2026, 10, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-10-05T09:00:00Z", NINE),
        ("2026-10-05T09:00:00:Z", NINE),
        ("2026-10-05t09:00:00z", NINE),
        ("2026-10-05 09:00:00", NINE),
        ("2026-10-05T09", NINE),
        ("2026-10-05T09:00", NINE),
        ("2026-10-05 09:00:00 UTC", NINE),
        ("2026-10-05 09:00:00.5 GMT", NINE + timedelta(seconds=0.5)),
        ("2026-10-05 09:00:00 +0000", NINE),
        ("2026-10-05 02:00:00.25 -0700", NINE + timedelta(seconds=0.25)),
        ("2026-10-05T18:00:00+09", NINE),
        ("2026-10-05T14:30:00+05:30", NINE),
        ("2026-10-05T09:00:00,25Z", NINE + timedelta(seconds=0.25)),
        ("2026-10-05T09:00:00.123456789Z", NINE + timedelta(microseconds=123456)),
        ("2026-10-05T08:59:60Z", NINE),
        ("2026-12-31T23:59:60Z", datetime(2027, 1, 1, tzinfo=UTC)),
        ("2026-10-04T24:00:00Z", MIDNIGHT),
        ("2026-10-04 24:00", MIDNIGHT),
        ("2026-10-05", MIDNIGHT),
        ("2026/10/05", MIDNIGHT),
        ("2026.10.05", MIDNIGHT),
        ("20261005", MIDNIGHT),
        ("2026-W41-1", MIDNIGHT),
        ("2026/10/05 09:00", NINE),
        ("20261005090000", NINE),
        ("20261005180000+0900", NINE),
        ("20261005T090000Z", NINE),
        ("20261005T0900Z", NINE),
    ],
)
def test_each_form_means_one_instant(text: str, instant: datetime) -> None:
    assert parse_time(text) == instant
    assert parse_in_file(text) == instant


@pytest.mark.parametrize(
    "text",
    [
        "", "yesterday", "2026", "202610", "2026-10", "1", "0", "2026-13-01", "2026-02-29", "2026-10-05T24:00:01Z",
        "2026-10-05T24:00:00.5Z", "2026-10-05T24:01", "2026-10-05T25:00", "2026-10-05T09:60", "2026-10-05T09:00:61",
        "2026-10-05T09:00:00+24:00", "2026-10-05T09:00:00+09:60", "2026-10/05", "2026-10-05T09:0000",
        "2026-10-05T09:00:00.Z", "2026-10-05T09:00:00.1234567890Z", "2026-10-05_09:00", "2026-10-05Z",
        "2026-10-05T09:00:00Z\n", " 2026-10-05", "\uff12026-10-05", "0000-01-01", "9999-12-31T24:00",
        "9999-12-31T23:00:00-05:00", "0001-01-01T00:00:00+05:00", "2026-W54-1", "2026-10-05T09:00:00 PST",
    ],
)  # fmt: skip
def test_every_other_text_is_refused_with_the_text_and_a_way_out(text: str) -> None:
    with pytest.raises(ValueError, match="write it as 2026-10-05T09:00:00Z") as refused:
        parse_in_file(text)
    assert repr(text) in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("text", ["10/05/2026", "5.10.2026", "05-10-26 09:00", "10/05/2026 09:00 AM"])
def test_a_date_that_does_not_say_which_number_is_the_month_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="does not say which number is the month; write it as 2026-10-05"):
        parse_in_file(text)


@pytest.mark.parametrize(
    ("value", "instant"),
    [
        ("1791190800", NINE),
        (1791190800, NINE),
        (1791190800.0, NINE),
        ("1791190800.0", NINE),
        ("1791190800250", NINE + timedelta(milliseconds=250)),
        ("1791190800000250", NINE + timedelta(microseconds=250)),
    ],
)
def test_a_file_may_count_from_1970_and_a_client_may_not(value: str | float, instant: datetime) -> None:
    assert parse_in_file(value) == instant
    with pytest.raises(ValueError, match="is not a time"):
        parse_time(str(value))


@pytest.mark.parametrize(
    "value", ["179119080", "17911908000", "1.79E+12", "-1791190800", "1791190800.5", 2026, 1.5, 1e300]
)
def test_a_number_of_another_length_is_not_a_time(value: str | float) -> None:
    with pytest.raises(ValueError, match="is not a time"):
        parse_in_file(value)


def test_the_largest_number_of_seconds_never_ends_in_a_traceback() -> None:
    assert parse_in_file("9999999999") == datetime(2286, 11, 20, 17, 46, 39, tzinfo=UTC)
    assert parse_in_file("9999999999999999").year == 2286


def test_a_time_without_offset_may_be_one_of_another_zone() -> None:
    assert parse("2026-10-05 18:00", timezone(timedelta(hours=9))) == NINE
    assert parse("2026-10-05 18:00Z", timezone(timedelta(hours=9))) == NINE + timedelta(hours=9)


@given(
    some.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1)),  # noqa: DTZ001 - the clock on a wall
    some.sampled_from(["-", "/", ".", ""]),
    some.sampled_from(["T", "t", " "]),
    some.sampled_from([":", ""]),
    some.integers(0, 9),
    some.sampled_from(["", " "]),
    some.one_of(
        some.sampled_from([("", 0), ("Z", 0), ("z", 0), ("UTC", 0), ("GMT", 0)]),
        some.tuples(some.integers(-23, 23), some.integers(0, 59), some.sampled_from([":", ""])).map(
            lambda z: (f"{'-' if z[0] < 0 else '+'}{abs(z[0]):02}{z[2]}{z[1]:02}",
                       (abs(z[0]) * 60 + z[1]) * (-1 if z[0] < 0 else 1))
        ),
    ),
)  # fmt: skip
def test_whatever_the_grammar_writes_is_read_as_the_same_instant(
    wall: datetime, between: str, separator: str, colon: str, digits: int, gap: str, zone: tuple[str, int]
) -> None:
    name, minutes = zone
    fraction = f".{f'{wall.microsecond:06}000'[:digits]}" if digits else ""
    text = (f"{wall.year:04}{between}{wall.month:02}{between}{wall.day:02}{separator}"
            f"{wall.hour:02}{colon}{wall.minute:02}{colon}{wall.second:02}{fraction}")  # fmt: skip
    if name:
        text += f" {name}" if name in ("UTC", "GMT") else gap + name
    kept = 10 ** max(0, 6 - digits)
    expected = wall.replace(microsecond=wall.microsecond // kept * kept, tzinfo=UTC) - timedelta(minutes=minutes)
    assert parse(text) == expected


@given(
    some.one_of(
        some.text(), some.from_regex(r"[0-9TtZz:+\-. /UTCGMW]{0,30}", fullmatch=True), some.floats(), some.integers()
    )
)
def test_no_text_and_no_number_ends_in_another_error(value: str | float) -> None:
    with suppress(ValueError):
        assert parse_in_file(value).tzinfo is UTC


@given(some.dates(date(1, 1, 2), date(9998, 12, 30)))
def test_24_00_and_second_60_are_the_instant_that_follows(day: date) -> None:
    following = datetime.combine(day + timedelta(days=1), datetime.min.time(), UTC)
    assert parse(f"{day.isoformat()}T24:00") == parse(f"{day.isoformat()} 23:59:60") == following
