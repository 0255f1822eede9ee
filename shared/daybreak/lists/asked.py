"""A list in the form in which the metric inputs read a definition: roles, days to read, and its rule as a row."""

from datetime import date, datetime, timedelta
from typing import Any

from pydantic import Field

from daybreak.definitions.lists import PeopleList
from daybreak.engine.calendar import Calendar, micros
from daybreak.families.base import Definition, Family, MetricRow, microseconds
from daybreak.lake.tables import Row

_ONE_DAY = timedelta(days=1)
_KNOWN_LAST = timedelta(microseconds=1)
"""The last instant that a run knows is so much before the first one that it does not."""


class ListRuleRow(Row):
    """The rule of each list. `definition` is the list's name."""

    definition: str = Field(description="Name in daybreak.toml")
    by_start: int = Field(description="1 if the instant counts at which an event put people on the list")
    from_us: int = Field(description="The earliest instant of that event")
    to_us: int = Field(description="Its latest instant")
    since_start: int = Field(description="1 if people must not have done the other event since then")
    first_day_number: int = Field(description="The first of the days that count, where days are counted")
    days: int = Field(description="On how many of these days people must have done it")
    not_first_day_number: int | None = Field(description="The first of the days on which they must not have done it")


class Asked(Definition):
    """A list as of an instant. `first_day` is the first day whose events it reads."""

    roles_of_list: dict[str, list[str]]
    timed: set[str]
    rule: dict[str, Any]
    days_read: int

    def roles(self) -> dict[str, list[str]]:
        return self.roles_of_list

    def timed_roles(self) -> set[str]:
        return self.timed

    def daily_roles(self) -> set[str]:
        return set(self.roles_of_list) - self.timed

    def options(self) -> dict[str, Any]:
        return {}

    def own_rows(self) -> dict[str, list[dict[str, Any]]]:
        return {"list_rules": [self.rule]}

    def days_read_before(self) -> int:
        return self.days_read

    def days_until_final(self) -> int:
        return 0

    def explain(self) -> str:
        return self.description


LISTS_AS_FAMILY = Family("lists", Asked, MetricRow, "day", (), inputs={"list_rules": ListRuleRow})
"""What the metric inputs need to know about lists; it is not in the registry, because it has no result table."""


def asked(listed: PeopleList, calendar: Calendar, last_day: date, until: datetime) -> Asked:
    """The list as of `until`, the first instant (naive, UTC) that is not known; it falls on `last_day` or ends it."""
    who, not_ = listed.who, listed.not_
    known_us = micros(until - _KNOWN_LAST)
    first_day = _first_of(calendar, last_day, who.in_)
    not_first_day = _first_of(calendar, last_day, not_.in_) if not_ and not_.in_ else last_day
    from_us, to_us = micros(calendar.starts_at(first_day)), known_us
    if who.between:
        shortest, longest = who.between
        from_us, to_us = known_us - microseconds(longest), known_us - microseconds(shortest)
        first_day = calendar.days_before(last_day, longest // _ONE_DAY + 2)
    rule = {
        "by_start": int(listed.by_start),
        "from_us": from_us,
        "to_us": to_us,
        "since_start": int(bool(not_ and not_.since)),
        "first_day_number": calendar.number("day", first_day),
        "days": who.days,
        "not_first_day_number": calendar.number("day", not_first_day) if not_ and not_.in_ else None,
    }
    days_read = calendar.number("day", last_day) - calendar.number("day", min(first_day, not_first_day))
    return Asked(
        description=listed.explain(),
        actor=listed.actor,
        roles_of_list=listed.roles(),
        timed=listed.timed_roles(),
        rule=rule,
        days_read=days_read,
    )


def _first_of(calendar: Calendar, last_day: date, window: timedelta | None) -> date:
    """The first of so many whole days that end with `last_day`."""
    return calendar.days_before(last_day, (window or _ONE_DAY) // _ONE_DAY - 1)
