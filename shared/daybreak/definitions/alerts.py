"""[alert.NAME]: a change that a team wants to be told of."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, WithJsonSchema, model_validator

from daybreak.definitions.goals import ChosenNumber
from daybreak.families.base import Days
from daybreak.families.selectors import Selector

COMPARED = ("falls", "rises", "changes")
"""The kinds of `when` that compare the last 7 complete days with the 28 before."""
LIMITED = ("below", "above")
"""The kinds of `when` that compare with `limit`."""

_PERCENT = re.compile(r"^[1-9]\d?%$")


def _less_than_all(percent: str) -> str:
    if not _PERCENT.match(percent):
        raise ValueError('must be from "1%" to "99%": nothing is smaller than a total loss at 100%')
    return percent


def _each_once(names: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(names)) < len(names):
        raise ValueError("names one twice")
    return names


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
        str,
        AfterValidator(_less_than_all),
        WithJsonSchema({"type": "string", "pattern": _PERCENT.pattern}),
        Field(description="The smallest change to speak of, relative to the rate before"),
    ] = "20%"
    limit: Annotated[
        float | None, Field(allow_inf_nan=False, description="The number that below and above compare with")
    ] = None
    certainty: Annotated[
        Literal["high", "usual"],
        Field(description="high: p under 0.001, about one false alarm a year; usual: p under 0.01"),
    ] = "high"
    segments: Annotated[
        tuple[str, ...],
        AfterValidator(_each_once),
        Field(description="Each value of these segments is watched by itself, too"),
    ] = ()
    for_: Annotated[
        Days | None, Field(alias="for", description="How long a stopped event has not come; 2 days by default")
    ] = None

    @property
    def smallest_change(self) -> float:
        """`by_at_least` as a number: 0.2 for "20%"."""
        return int(self.by_at_least.removesuffix("%")) / 100

    @property
    def likelihood(self) -> float:
        """An alert speaks if chance alone gives such a number less often than this."""
        return 0.001 if self.certainty == "high" else 0.01

    @model_validator(mode="after")
    def _fits_together(self) -> "Alert":
        if (self.metric is None) == (self.event is None):
            raise ValueError('needs either `metric`, or `event` with when = "stops"')
        if (self.when == "stops") != (self.event is not None):
            raise ValueError("`stops` goes with `event`; the others go with `metric`")
        if (self.when in LIMITED) != (self.limit is not None):
            raise ValueError("`limit` goes with `below` and `above`, which need it")
        allowed = {
            "by_at_least": COMPARED,
            "certainty": (*COMPARED, *LIMITED),
            "segments": (*COMPARED, *LIMITED),
            "for_": ("stops",),
            **dict.fromkeys(ChosenNumber.model_fields, (*COMPARED, *LIMITED)),
        }
        for field, kinds in allowed.items():
            if field in self.model_fields_set and self.when not in kinds:
                name = type(self).model_fields[field].alias or field
                raise ValueError(f"`{name}` goes with {', '.join(kinds)}, not with {self.when}")
        return self
