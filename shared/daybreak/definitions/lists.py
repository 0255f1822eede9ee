"""[list.NAME]: people or accounts who did something and not something else, for whatever reminds them."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from daybreak.families.base import Actor, Days, Window, unique
from daybreak.families.selectors import PropertyName, Selector


class Who(BaseModel):
    """Who is on a list: those who did something within times, or who were active on enough days."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    did: Annotated[Selector | None, Field(description="The event they did")] = None
    between: Annotated[
        tuple[Window, Window] | None, Field(description='How long ago, exactly, at least and at most: ["24h", "7d"]')
    ] = None
    in_: Annotated[Days | None, Field(alias="in", description="In the last whole days, today included")] = None
    was_active: Annotated[int | None, Field(ge=1, description="On at least so many days of `in`")] = None

    @model_validator(mode="after")
    def _fits_together(self) -> "Who":
        if (self.did is None) == (self.was_active is None):
            raise ValueError("needs either `did` or `was_active`")
        if (self.between is None) == (self.in_ is None):
            raise ValueError('needs a bound in time: either `between = ["24h", "7d"]` or `in = "7d"`')
        if self.was_active is not None and self.in_ is None:
            raise ValueError("`was_active` counts days, so it needs `in`")
        if self.between and not self.between[0] < self.between[1]:
            raise ValueError("`between` begins with the shorter time")
        return self


class WhoNot(BaseModel):
    """Who is not on a list: those who did something since then."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    did: Annotated[Selector, Field(description="The event they must not have done")]
    since: Annotated[Literal["start"] | None, Field(description="Since the event that put them on the list")] = None
    in_: Annotated[Days | None, Field(alias="in", description="In the last whole days, today included")] = None

    @model_validator(mode="after")
    def _bounded(self) -> "WhoNot":
        if (self.since is None) == (self.in_ is None):
            raise ValueError('needs a bound in time: either `since = "start"` or `in = "14d"`')
        return self


class PeopleList(BaseModel):
    """[list.NAME]: people or accounts who did something and not something else, for whatever reminds them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    description: Annotated[str, Field(description="Who is on it, in a sentence")] = ""
    actor: Annotated[Actor, Field(description="Whether people or accounts are listed")] = "person"
    who: Annotated[Who, Field(description="Who is on the list")]
    not_: Annotated[WhoNot | None, Field(alias="not", description="Who of them is not")] = None
    traits: Annotated[
        list[PropertyName], AfterValidator(unique), Field(description="The traits that the files show beside each id")
    ] = []
    holdout: Annotated[
        int, Field(ge=0, le=50, description="Percent of people who are never delivered, to compare with")
    ] = 0
    every: Annotated[Literal["day", "hour"], Field(description="Made each morning, or after each export")] = "day"
