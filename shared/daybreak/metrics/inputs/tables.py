"""The input tables a family's SQL may read, one row model each.

`person` is the account where a definition counts accounts: its selectors then have keys of their own. Times are
whole microseconds since 1970 UTC; days, hours and periods are numbers, so the SQL is plain arithmetic.
"""

from datetime import date, datetime

from pydantic import Field

from daybreak.lake.tables import Row

_DEFINITION = Field(description="Name in daybreak.toml")
_PERSON = Field(description="The person or account that the definition counts")
_SELECTOR = Field(description="Key of the selector; for accounts a key of its own")
_DAY = Field(description="The project day, as days since 1970-01-01")


class RunRow(Row):
    """The run itself, one row: the data is known up to an instant."""

    until_us: int = Field(description="Everything before this instant is known and counts, nothing after")


class DefinitionRow(Row):
    """The definitions of the family, and the goals they are counted by. Each family adds columns: its `options`."""

    definition: str = _DEFINITION
    version: str = Field(description="Hash of the definition; empty for a goal")
    first_partition: date = Field(description="The oldest partition to compute")
    actor: str = Field(description="person or account")
    period: str | None = Field(description="hour, day, week or month, where it has a period")
    hourly: int = Field(description="1 where it counts by the hours of the calendar")
    by_activity: int = Field(description="1 where people come in by being active")
    goal: str = Field(description="The name its goal has in these tables, where it has one")
    property_path: str = Field(description="JSON path of the property it reads")
    window_us: int = Field(description="Its window; 0 where it has none")
    window_days: int = Field(description="Its trailing window in calendar days; 0 where it has none")
    at_least: int = Field(description="How often a milestone must happen")
    needed: int = Field(description="How many milestones it takes")


class SelectorRow(Row):
    """Which selectors have which role in which definition."""

    definition: str = _DEFINITION
    role: str = Field(description="entry, again, or one of the family's own")
    position: int = Field(description="Number of the selector among those of its role, from 1")
    selector: str = _SELECTOR
    event: str = Field(description="The selector in words")
    optional: int = Field(description="1 for a funnel step that may be skipped")


class StartRow(Row):
    """The first time ever a person entered a definition by one of its `entry` selectors."""

    definition: str = _DEFINITION
    person: str = _PERSON
    started_at: datetime = Field(description="When, UTC")
    started_us: int = Field(description="The same in microseconds")
    day_number: int = _DAY
    first_values: str | None = Field(description="JSON of the start event's properties that segments read")


class EntryRow(Row):
    """When each person entered each definition; each later time too, where every entry counts."""

    definition: str = _DEFINITION
    person: str = _PERSON
    entry: int = Field(description="0, or the number of the period people entered in again")
    entered_at: datetime = Field(description="When, UTC")
    first_values: str | None = Field(description="JSON of the event's properties that segments read")


class SeenRow(Row):
    """The first (`first_seen`) or last (`last_seen`) time ever a person did what a selector of a seen role names."""

    selector: str = _SELECTOR
    person: str = _PERSON
    seen_us: int = Field(description="When")
    day_number: int = _DAY


class ActivityRow(Row):
    """How often a person did what a selector of a daily role names on a day."""

    selector: str = _SELECTOR
    person: str = _PERSON
    day_number: int = _DAY
    uses: int = Field(description="How many events")
    first_at: datetime = Field(description="The first of them, UTC")
    first_values: str | None = Field(description="JSON of that event's properties that segments read")


class HourlyActivityRow(Row):
    """How often a person did what a selector of a timed role names in an hour, for definitions that count by hours."""

    selector: str = _SELECTOR
    person: str = _PERSON
    hour_number: int = Field(description="Number of the hour, as the period's number in calendar_periods")
    hour_us: int = Field(description="When the hour begins")
    uses: int = Field(description="How many events")
    first_at: datetime = Field(description="The first of them, UTC")
    first_values: str | None = Field(description="JSON of that event's properties that segments read")


class MatchRow(Row):
    """Every event of the selectors of timed roles."""

    selector: str = _SELECTOR
    person: str = _PERSON
    at_us: int = Field(description="When")
    event_key: str = Field(description="Distinguishes two events of the same instant")
    asked_values: str | None = Field(description="JSON of the event's properties that definitions read")


class PropertyValueRow(Row):
    """The property that a definition reads, in each event of its role `answer` or `exposure`."""

    definition: str = _DEFINITION
    person: str = _PERSON
    at_us: int = Field(description="When")
    text: str | None = Field(description="The value as text")
    number: float | None = Field(description="The value as a number, where it is one or is written like one")


class SegmentRow(Row):
    """The segments each person is in: everybody in `all`, and in one value of each other segment."""

    definition: str = _DEFINITION
    person: str = _PERSON
    entry: int = Field(description="As in the table entries; 0 where people come in by being active")
    segment: str = Field(description="Name of the segment, or all")
    segment_value: str = Field(description="Its value; (unset) where there was none; all for all")


class DayRow(Row):
    """The days a definition counts that have begun."""

    definition: str = _DEFINITION
    version: str = Field(description="Hash of the definition")
    day: date = Field(description="The project's day")
    day_number: int = _DAY
    complete: int = Field(description="1 once the day has ended")
    known_us: int = Field(description="The instant up to which everything is known by the end of the day")


class PeriodRow(Row):
    """The calendar periods a definition counts that have begun."""

    definition: str = _DEFINITION
    version: str = Field(description="Hash of the definition")
    period_number: int = Field(description="Number of the period")
    period_start: date = Field(description="Its first day")
    starts_us: int = Field(description="When it begins")
    ends_us: int = Field(description="When it ends")
    complete: int = Field(description="1 once it has ended")


class ActiveInWindowRow(Row):
    """Who was active in the trailing window of each day."""

    definition: str = _DEFINITION
    day_number: int = Field(description="The day the window ends with")
    person: str = _PERSON
    last_day_number: int = Field(description="The last day of the window on which they were active")


class OutcomeRow(Row):
    """Who entered a definition with milestones, and when they reached them."""

    definition: str = _DEFINITION
    person: str = _PERSON
    day_number: int = Field(description="Day of the start")
    started_us: int = Field(description="When they started")
    finished: int = Field(description="1 once their window has ended")
    reached_us: int | None = Field(description="When they reached what is needed, in their window")


class OutcomeCountRow(Row):
    """The outcomes, counted by day of the start and segment."""

    definition: str = _DEFINITION
    version: str = Field(description="Hash of the definition")
    cohort: date = Field(description="Day of the start")
    segment: str = Field(description="Name of the segment, or all")
    segment_value: str = Field(description="Its value")
    status: str = Field(description="complete or open")
    people: int = Field(description="People who started")
    finished: int = Field(description="Those whose window has ended")
    reached: int = Field(description="Those of finished who reached it")
    reached_so_far: int = Field(description="Those of the others who reached it")
    rate: float | None = Field(description="reached / finished; null while open")


class EntrantRow(Row):
    """Who entered a funnel."""

    definition: str = _DEFINITION
    person: str = _PERSON
    until_us: int = Field(description="When the window of their last attempt ends")
    excluded: int = Field(description="1 where every attempt was excluded")


class ReachedRow(Row):
    """Each step a person reached in their best attempt at a funnel."""

    definition: str = _DEFINITION
    person: str = _PERSON
    step: int = Field(description="Number of the step, from 1")
    reached_us: int = Field(description="When")


class GoalRow(Row):
    """When each person reached the goal of an experiment; `definition` is the name in column `goal` of definitions."""

    definition: str = Field(description="The goal's name in these tables")
    person: str = _PERSON
    reached_us: int = Field(description="When")


class CalendarPeriodRow(Row):
    """Days, weeks, months and hours; numbers count up by one."""

    period: str = Field(description="hour, day, week or month")
    period_number: int = Field(description="Its number")
    first_day: date = Field(description="The day it begins on")
    starts_at: datetime = Field(description="When it begins, UTC")
    starts_us: int = Field(description="The same in microseconds")
    ends_us: int = Field(description="When it ends")


class CalendarDayPeriodRow(Row):
    """The day, week and month each day belongs to."""

    period: str = Field(description="day, week or month")
    day_number: int = _DAY
    period_number: int = Field(description="Number of the period the day belongs to")


class NumberRow(Row):
    """The numbers from 1 to 400."""

    number: int = Field(description="1 to 400")


INPUT_TABLES: dict[str, type[Row]] = {
    "run": RunRow,
    "definitions": DefinitionRow,
    "selectors": SelectorRow,
    "starts": StartRow,
    "entries": EntryRow,
    "first_seen": SeenRow,
    "last_seen": SeenRow,
    "activity": ActivityRow,
    "hourly_activity": HourlyActivityRow,
    "matches": MatchRow,
    "property_values": PropertyValueRow,
    "segments": SegmentRow,
    "days": DayRow,
    "periods": PeriodRow,
    "active_in_window": ActiveInWindowRow,
    "outcomes": OutcomeRow,
    "outcome_counts": OutcomeCountRow,
    "entrants": EntrantRow,
    "reached": ReachedRow,
    "goals": GoalRow,
    "calendar_periods": CalendarPeriodRow,
    "calendar_day_periods": CalendarDayPeriodRow,
    "numbers": NumberRow,
}
"""By name; a family may add tables of its own (`Family.inputs`)."""
