"""One row model for each table: its DuckDB columns, its Glue columns with comments and its documentation come from it.

All timestamps are UTC. The models of the families' result tables are in `families/`, beside their SQL.
"""

import types
import typing
from collections.abc import Iterator
from datetime import date, datetime

from pydantic import BaseModel, Field

DUCKDB_TYPES = {
    str: "VARCHAR",
    int: "BIGINT",
    float: "DOUBLE",
    bool: "BOOLEAN",
    date: "DATE",
    datetime: "TIMESTAMP",
}
GLUE_TYPES = {
    str: "string",
    int: "bigint",
    float: "double",
    bool: "boolean",
    date: "date",
    datetime: "timestamp",
}


class Row(BaseModel):
    """Base of all row models; the docstring of each is its table's description."""


class Column(typing.NamedTuple):
    name: str
    type: type
    comment: str


def columns(model: type[Row]) -> Iterator[Column]:
    """The model's columns in order."""
    for name, info in model.model_fields.items():
        yield Column(name, _plain(info.annotation), info.description or "")


def duckdb_columns(model: type[Row]) -> dict[str, str]:
    """Column name -> DuckDB type, in order."""
    return {column.name: DUCKDB_TYPES[column.type] for column in columns(model)}


def glue_columns(model: type[Row]) -> list[dict[str, str]]:
    """Glue's form of the columns, comments included."""
    return [
        {"Name": column.name, "Type": GLUE_TYPES[column.type], "Comment": column.comment} for column in columns(model)
    ]


def _plain(annotation: typing.Any) -> type:
    """`str | None` -> `str`: every column may be null in Parquet and Glue alike."""
    if isinstance(annotation, types.UnionType):
        (plain,) = (part for part in typing.get_args(annotation) if part is not type(None))
        return typing.cast(type, plain)
    return typing.cast(type, annotation)


class Event(Row):
    """Every accepted event, each message id once. Partition `dt` is the UTC date of `timestamp`."""

    message_id: str = Field(description="The client's id for this event; made by the server if there was none")
    type: str = Field(description="track, identify, page, screen, group or alias")
    event: str | None = Field(description="Name of a track event")
    name: str | None = Field(description="Name of a page or screen")
    category: str | None = Field(description="Category of a page or screen")
    user_id: str | None = Field(description="Who, once signed in")
    anonymous_id: str | None = Field(description="The device or browser before sign-in")
    previous_id: str | None = Field(description="In alias calls: the id that user_id replaces")
    group_id: str | None = Field(description="In group calls: the account")
    timestamp: datetime = Field(description="When it happened, UTC, after the rule in `clock`")
    original_timestamp: datetime | None = Field(description="The client's own time, where `timestamp` differs from it")
    clock: str = Field(
        description="client: as sent; skew: a wrong clock, corrected by receivedAt - sentAt; future: was over a day "
        "ahead, taken at receivedAt; server: the client sent none, taken at receivedAt"
    )
    sent_at: datetime | None = Field(description="When the client sent the request, by its own clock")
    received_at: datetime = Field(description="When the collector received it")
    source: str = Field(description="Name of the source whose write key was used")
    properties: str | None = Field(description="JSON object")
    traits: str | None = Field(description="JSON object, in identify and group calls")
    context: str | None = Field(description="JSON object")
    integrations: str | None = Field(description="JSON object")


class MeasuredDefinition(Row):
    """Every definition that was computed, in words. Join it to the result tables by definition and version."""

    definition: str = Field(description="Name in daybreak.toml")
    version: str = Field(description="Hash of the definition, as in the result tables")
    description: str = Field(description="The question, as daybreak.toml says it")
    meaning: str = Field(description="What is counted, in words")
    actor: str = Field(description="person or account")
    segments: str = Field(description="Names of its segments, separated by commas")


class Warned(Row):
    """Every doubt about the numbers that the newest events give reason for. Rows whose reason is gone are gone too."""

    kind: str = Field(description="Which doubt, as docs/warnings.md lists them")
    definition: str | None = Field(description="The table in daybreak.toml, such as activation.first; null for all")
    subject: str = Field(description="The event, property, trait, score or kind of id that it is about")
    message: str = Field(description="The doubt in a sentence, without the id of any person")
    count: int = Field(description="How many events it is about; of id_spelling, how many people")
    total: int = Field(description="Of how many")


class MeasuredGoal(Row):
    """Every goal on every morning since it was first measured. Mornings of the past keep what was seen on them."""

    goal: str = Field(description="Name in daybreak.toml")
    day: date = Field(description="The last day that the morning's numbers know, in the project's timezone")
    description: str = Field(description="The goal, as daybreak.toml says it")
    metric: str = Field(description="The definition it is about, such as activation.first")
    version: str = Field(description="Hash of that definition, as in its result table")
    goal_version: str = Field(description="Hash of the goal itself: rows of another version had another aim")
    number: str = Field(description="The column of the number, and which row: rate, rate_of_start of step 3")
    segment: str = Field(description="Name of the segment, or all")
    segment_value: str = Field(description="Its value; all for all")
    begins: date = Field(description="The day on which the work towards it begins")
    by: date = Field(description="The last day on which people can still count for it")
    final_on: date = Field(description="Last day known on the morning of the final answer: `by` plus the window")
    baseline: float | None = Field(
        description="The number at the beginning; null until the 28 days before are complete"
    )
    target: float = Field(description="The number to reach")
    needed: float | None = Field(
        description="The mean of the straight line from baseline to target over the days of `measured`; the target "
        "where baseline is past it"
    )
    measured: float | None = Field(description="The number over the last 28 complete days, none of them after `by`")
    measured_to: date = Field(description="The last of these days")
    low: float | None = Field(description="95 % interval of measured, lower end; null where the number has none")
    high: float | None = Field(description="95 % interval of measured, upper end")
    people: int | None = Field(description="Denominator of measured")
    state: str = Field(
        description="met, on track, too close to call, behind, missed, not enough people or waiting; docs/goals.md"
    )


class AlertEpisode(Row):
    """Every episode of an alert, from the morning on which it was first seen to the one on which it was over."""

    alert: str = Field(description="Name in daybreak.toml")
    description: str = Field(description="The alert, as daybreak.toml says it")
    subject: str = Field(description="The definition or the event it watches")
    version: str = Field(description="Hash of what it watches and how; an episode of another version has ended")
    number: str | None = Field(description="The column of the number, and which row; null for an event")
    segment: str = Field(description="Name of the segment, or all")
    segment_value: str = Field(description="Its value; all for all")
    change: str = Field(description="fell, rose, below, above or stopped")
    opened: date = Field(description="Last day known on the morning on which it was first seen")
    closed: date | None = Field(description="Last day known on the morning on which it was over; null while it lasts")
    ending: str | None = Field(
        description="How it ended: recovered (the number is back, the event comes again), settled (after 28 days it is "
        "the new level), unmeasured (too few people), dropped (what it watched was changed or removed; nothing is "
        "said); null while it lasts"
    )
    spoken: date = Field(description="Last day known on the newest morning that spoke of it: open, reminded or over")
    now: float | None = Field(
        description="The number of the 7 complete days, as seen on the newest morning while it lasts, then as on the "
        "morning `closed`; null where it could not be measured; of an event, how many came in the last days"
    )
    now_people: int | None = Field(description="Its denominator")
    before: float | None = Field(
        description="The number of the 28 days before them, or the limit; of an event, how many came a day"
    )
    before_people: int | None = Field(description="Its denominator")
    p_value: float | None = Field(description="How likely chance alone gives such a change; null without a test")
    message: str = Field(description="What is said, in a sentence, in English; without the id of any person")


class RefusedAlert(Row):
    """An alert that is not looked at, because it could see nothing smaller than a total loss. In latest/alerts.json."""

    alert: str = Field(description="Name in daybreak.toml")
    field: str = Field(description="The field to change: metric, limit or by_at_least")
    people: int = Field(description="The people of the days that it would look at")
    days: int = Field(description="How many days these are")
    message: str = Field(description="Why, and the way out, in a sentence, in English")


class MadeList(Row):
    """Every list each time it was made, in counts. Only the files under lists/ hold ids; this table is not there."""

    list: str = Field(description="Name in daybreak.toml")
    made_at: datetime = Field(description="The list knows everything that happened before this instant, UTC")
    description: str = Field(description="Who is on it, as daybreak.toml says it")
    meaning: str = Field(description="Who is on it, in words")
    actor: str = Field(description="person or account")
    people: int = Field(description="How many are on it, those held out included")
    entered: int = Field(description="Those who were not on it the last time")
    left: int = Field(description="Those who were on it the last time, and no longer are")
    held_out: int = Field(description="Those of people who are never delivered")
    file: str = Field(description="Key of the file of everybody who is delivered, as CSV")
    revision: int = Field(description="How often late events changed who entered or left, after it was first made")


class Reconciled(Row):
    """Of each arrival hour and source: accepted = stored = exported = in_lake + duplicates; rejected = quarantined."""

    hour: int = Field(description="The arrival hour, 0 to 23, UTC")
    source: str = Field(description="Name of the source whose write key was used")
    accepted: int = Field(description="Events the collector counted when it stored them")
    stored: int = Field(description="Events found in its items when the hour was exported")
    exported: int = Field(description="Events in the raw log")
    in_lake: int = Field(description="Events in the table `events` that arrived in this hour")
    duplicates: int = Field(description="Events that were already there, by their message id")
    rejected: int = Field(description="Events that the collector rejected")
    quarantined: int = Field(description="Events in the table `rejected`")
    difference: int = Field(description="Events lost or duplicated on this way; 0 if all counts agree")


class RejectedEvent(Row):
    """Every rejected event, with the reason. Partition `arrived` is the UTC date of its arrival."""

    received_at: datetime = Field(description="When the collector received it")
    sent_at: datetime | None = Field(description="When the client sent the request, by its own clock")
    source: str = Field(description="Name of the source whose write key was used")
    code: str = Field(description="Short reason, for counting")
    message: str = Field(description="The reason in words, naming the field")
    message_id: str | None = Field(description="The event's id, made by the server if it had none")
    body: str = Field(description="The event as JSON text, cut at 200,000 characters")
    body_chars: int = Field(description="How many characters the whole body had")
