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
