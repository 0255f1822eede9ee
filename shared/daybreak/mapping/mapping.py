"""The mapping of rows to events: which value of a row is the person, the event, its time, and so on."""

import re
from datetime import UTC, datetime, tzinfo
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

Unit = Literal["s", "ms", "us"]
"""What numbers since 1970 count: seconds, milliseconds or microseconds."""

Column = Annotated[str, Field(min_length=1, max_length=500)]
"""A column of a table or a key of an object. With dots, a key inside of an object: `properties.distinct_id`."""

_LACKS_DAY = "has not the year, the month and the day"
_DAY_DIRECTIVES = (r"%[YyG]", r"%[mbBjV]", r"%[djuw]")


def _listed(value: Any) -> Any:
    """One column as a list of one."""
    return (value,) if isinstance(value, str) else value


Columns = Annotated[tuple[Column, ...], BeforeValidator(_listed)]
"""One column, or several of which the first that holds a value counts."""


def _format(text: str) -> str:
    """A format of Python's strptime that reads what it writes."""
    if "%c" not in text and "%x" not in text and not all(re.search(one, text) for one in _DAY_DIRECTIVES):
        raise ValueError(f'{text!r} {_LACKS_DAY}; write it as "%d/%m/%Y %H:%M:%S"')
    try:
        datetime.strptime(datetime(2026, 11, 27, 9, 5, 1, tzinfo=UTC).strftime(text), text)  # noqa: DTZ007
    except ValueError:
        raise ValueError(f'{text!r} is not a format of times; write it as "%d/%m/%Y %H:%M:%S"') from None
    return text


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f'{name!r} is not a time zone; use an IANA name such as "Europe/Berlin"') from None
    return name


Zone = Annotated[str, AfterValidator(_zone)]
"""The IANA name of a time zone."""


def zone_of(name: str) -> tzinfo:
    """The zone of this name. UTC needs no file of zones, which the collector does not carry."""
    return UTC if name == "UTC" else ZoneInfo(name)


class EventMapping(BaseModel):
    """Which values of a row are the parts of an event. Every other value is a property, if `properties` does not say
    which are.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    person: Annotated[Columns, Field(description="The id of the person")] = ()
    anonymous: Annotated[Columns, Field(description="The id of a device or browser before anybody signed in")] = ()
    account: Annotated[Columns, Field(description="The id of the account")] = ()
    previous: Annotated[Columns, Field(description="An earlier id of the person, for rows of type alias")] = ()
    type: Annotated[Columns, Field(description="The call that a row is: track, identify, page …; track if empty")] = ()
    event: Annotated[Columns, Field(description="The name of the event")] = ()
    constant: Annotated[str | None, Field(min_length=1, description="The name of the event, for all rows alike")] = None
    time: Annotated[Columns, Field(min_length=1, description="When it happened")]
    format: Annotated[
        Annotated[str, AfterValidator(_format)] | None,
        Field(description='How times are written, as Python names it: "%d/%m/%Y %H:%M"; ISO 8601 needs none'),
    ] = None
    unit: Annotated[
        Unit | None, Field(description="What a number since 1970 counts: s, ms or us; without it, its digits say")
    ] = None
    timezone: Annotated[
        Zone,
        Field(
            description="The IANA name of the zone of times without an offset. With `unit`, numbers count local time "
            "there"
        ),
    ] = "UTC"
    id: Annotated[
        Columns, Field(description="What tells one event from another; without it, the row and its equals do")
    ] = ()
    properties: Annotated[
        Columns | None, Field(description="The columns that are properties; all that have no other part, by default")
    ] = None
    traits: Annotated[Columns, Field(description="Columns that are about the person, not the event")] = ()
    json_: Annotated[
        Columns, Field(alias="json", description="Columns that hold a JSON object, whose keys become properties")
    ] = ()
    rows: Annotated[Column | None, Field(description="In a document: the key of the list that holds the rows")] = None

    @model_validator(mode="after")
    def _fits_together(self) -> "EventMapping":
        if bool(self.event) and self.constant is not None:
            raise ValueError("needs `event`, the column with its name, or `constant`, one name for all rows: not both")
        if not (self.event or self.constant or self.type):
            raise ValueError("needs `event`, the column with the event's name, or `constant`, one name for all rows")
        if not (self.person or self.anonymous):
            raise ValueError("needs `person` or `anonymous`, the column that says who did it")
        if self.format and self.unit:
            raise ValueError("needs `format`, for times as text, or `unit`, for numbers since 1970: not both")
        return self

    @property
    def zone(self) -> tzinfo:
        """The zone of times without an offset."""
        return zone_of(self.timezone)

    @property
    def parts(self) -> frozenset[str]:
        """The columns that are a part of the event, and so by default neither property nor trait."""
        named = (self.person, self.anonymous, self.account, self.previous, self.type, self.event, self.time, self.id)
        return frozenset(column for columns in named for column in columns)
