"""[alert.NAME]: a change that a team wants to be told of."""

from typing import Annotated, Literal

from pydantic import Field

from daybreak.definitions.goals import ChosenNumber
from daybreak.families.base import Days
from daybreak.families.selectors import Selector


class Alert(ChosenNumber):
    """[alert.NAME]: a change that a team wants to be told of, once when it begins and once when it is over."""

    description: Annotated[str, Field(description="What the change would mean, in a sentence")] = ""
    metric: Annotated[str | None, Field(description='The definition it watches, such as "activation.first_value"')] = (
        None
    )
    event: Annotated[Selector | None, Field(description='The event it watches, with when = "stops"')] = None
    when: Annotated[
        Literal["falls", "rises", "changes", "below", "above", "stops"],
        Field(
            description="falls, rises, changes: the last 7 complete days against the 28 before; below, above: against "
            "`limit`; stops: an event that came on nearly every day comes no more"
        ),
    ]
    by_at_least: Annotated[
        str, Field(pattern=r"^[1-9]\d?%$", description="The smallest change to speak of, relative to the rate before")
    ] = "20%"
    limit: Annotated[float | None, Field(description="The number that below and above compare with")] = None
    certainty: Annotated[
        Literal["high", "usual"],
        Field(description="high: p under 0.001, less than one false alarm a year; usual: p under 0.01"),
    ] = "high"
    segments: Annotated[
        tuple[str, ...], Field(description="Each value of these segments is watched by itself, too")
    ] = ()
    for_: Annotated[Days | None, Field(alias="for", description="How long a stopped event has not come")] = None
