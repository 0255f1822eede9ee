"""Times as clients and files write them: one grammar, the same on every Python.

    time    = date [ separator clock [ zone ] ] | compact
    date    = 2026-10-05 | 2026/10/05 | 2026.10.05 | 20261005 | 2026-W41-1 | 2026W411 | 2026-W41 | 2026W41
    separator = T | t | one space
    clock   = 09 | 09:00 | 0900 | 09:00:00 | 090000, and after seconds a fraction: . or , and 1 to 9 digits
    zone    = [ space ] ( Z | z | +09:00 | +0900 | +09 ) | :Z | :z | " UTC" | " GMT"
    compact = 20261005090000 [ zone ]

A date alone is its midnight, and a time without a zone is UTC. A fraction is cut to microseconds. Second 60 is the next
minute's second 0; 24:00 and 24:00:00 are the next day's midnight. Years are 0001 to 9999, in UTC too.

Files may also count from 1970 in whole seconds (10 digits), milliseconds (13) or microseconds (16), also written with
`.0`. Other numbers are not times: 2026 alone is not a number of seconds.
"""

import re
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo

_ZONE = r"(?:(?P<zone>[\ :]?[Zz]|\ (?:UTC|GMT))|\ ?(?P<sign>[+-])(?P<ahead>\d\d)(?::?(?P<minutes_ahead>\d\d))?)"
_TIME = re.compile(
    rf"""
    (?P<year>\d{{4}})
    (?: -?W(?P<week>\d\d)(?:-?(?P<weekday>\d))?
      | (?P<between>[-/.])(?P<month>\d\d)(?P=between)(?P<day>\d\d)
      | (?P<month_2>\d\d)(?P<day_2>\d\d)(?=[Tt\ ]|\d{{6}}|$)
    )
    (?: (?:[Tt\ ]|(?<=\d{{8}})(?=\d{{6}}))
        (?P<hour>\d\d)
        (?: (?P<colon>:?)(?P<minute>\d\d)
            (?: (?P=colon)(?P<second>\d\d)(?:[.,](?P<fraction>\d{{1,9}}))? )?
        )?
        {_ZONE}?
    )?
    """,
    re.ASCII | re.VERBOSE,
)
_DAY_OR_MONTH_FIRST = re.compile(r"\d{1,2}([-/.])\d{1,2}\1(\d{4}|\d\d)(?!\d)", re.ASCII)
_SINCE_1970 = re.compile(r"(\d{10}|\d{13}|\d{16})(?:\.0+)?", re.ASCII)
_MICROSECONDS = {10: 1_000_000, 13: 1_000, 16: 1}
"""Digits of a number of seconds, milliseconds or microseconds since 1970 -> its unit in microseconds."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EXAMPLE = "write it as 2026-10-05T09:00:00Z"


def parse(text: str, zone: tzinfo = UTC) -> datetime:
    """A time of the grammar as UTC; without an offset it is a time in `zone`. Raises ValueError with a reason."""
    found = _TIME.fullmatch(text)
    if found is None:
        if _DAY_OR_MONTH_FIRST.match(text):
            raise ValueError(f"{text[:40]!r} does not say which number is the month; {_EXAMPLE}")
        raise ValueError(f"{text[:40]!r} is not a time; {_EXAMPLE}")
    try:
        return _instant(found, zone)
    except (ValueError, OverflowError):
        raise ValueError(f"{text[:40]!r} is not a time that exists between the years 1 and 9999; {_EXAMPLE}") from None


def parse_in_file(value: str | float, zone: tzinfo = UTC) -> datetime:
    """A time in a file, as UTC: one of the grammar, or a whole number since 1970. Raises ValueError with a reason.

    A time of the grammar without an offset is a time in `zone`.
    """
    text = format(value, ".1f") if isinstance(value, float) else str(value)
    if found := _SINCE_1970.fullmatch(text):
        digits = found[1]
        try:
            return EPOCH + timedelta(microseconds=int(digits) * _MICROSECONDS[len(digits)])
        except OverflowError:
            raise ValueError(f"{text} since 1970 is after the year 9999; {_EXAMPLE}") from None
    return parse(text, zone)


def _instant(found: re.Match[str], zone: tzinfo) -> datetime:
    """The instant that a match of the grammar means. Raises ValueError or OverflowError for one that does not exist."""
    year = int(found["year"])
    if found["week"]:
        day = date.fromisocalendar(year, int(found["week"]), int(found["weekday"] or 1))
    else:
        day = date(year, int(found["month"] or found["month_2"]), int(found["day"] or found["day_2"]))
    hour, minute, second = (int(found[part] or 0) for part in ("hour", "minute", "second"))
    micros = int((found["fraction"] or "0").ljust(6, "0")[:6])
    if hour == 24 and (minute or second or int(found["fraction"] or 0)):
        raise ValueError("only midnight is written as 24:00")
    if hour > 24 or minute > 59 or second > 60:
        raise ValueError("no such time of day")
    local = datetime(day.year, day.month, day.day) + timedelta(  # noqa: DTZ001 - its zone is added below
        hours=hour, minutes=minute, seconds=second, microseconds=micros
    )
    if found["sign"]:
        ahead, minutes_ahead = int(found["ahead"]), int(found["minutes_ahead"] or 0)
        if ahead > 23 or minutes_ahead > 59:
            raise ValueError("no such offset")
        offset = timedelta(hours=ahead, minutes=minutes_ahead)
        zone = timezone(-offset if found["sign"] == "-" else offset)
    elif found["zone"]:
        zone = UTC
    return local.replace(tzinfo=zone).astimezone(UTC)
