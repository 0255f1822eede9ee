"""[list.NAME]: people or accounts who did something and not something else, for whatever reminds them."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from daybreak.families.base import Actor, Days, Window, length, unique
from daybreak.families.selectors import ANY, PropertyName, Selector, label

ID_COLUMNS: dict[Actor, tuple[str, ...]] = {"person": ("user_id", "anonymous_id"), "account": ("account",)}
"""The columns of a list's files that say who is on it. Traits stand beside them."""
_ONE_DAY = timedelta(days=1)


Every = Literal["day", "hour"]
"""How often a list is made."""


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
        if self.was_active and self.in_ and self.was_active > self.in_ // _ONE_DAY:
            raise ValueError(f"`in` has {self.in_ // _ONE_DAY} days, so nobody was active on {self.was_active}")
        return self

    @property
    def selector(self) -> str:
        """The events that they did; any, if they were active."""
        return self.did if self.did is not None else ANY

    @property
    def days(self) -> int:
        """On how many days they must have done it, where `in` counts days."""
        return self.was_active or 1


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
    every: Annotated[Every, Field(description="Made each morning, or after each export")] = "day"

    @model_validator(mode="after")
    def _fits_together(self) -> "PeopleList":
        if self.not_ and self.not_.since and self.who.did is None:
            raise ValueError('`not.since = "start"` needs an event that puts them on the list: `who.did`')
        if self.not_ and self.not_.in_ and self.who.in_ and self.not_.did in (ANY, self.who.selector):
            left = (self.who.in_ - self.not_.in_) // _ONE_DAY
            if left < self.who.days:
                raise ValueError("nobody can be on it: `not` leaves out the days on which `who` asks for an event")
        for trait in self.traits:
            if trait in ID_COLUMNS[self.actor]:
                raise ValueError(f"`traits`: {trait!r} is the column of the id")
        return self

    @property
    def by_start(self) -> bool:
        """True if the instant counts at which an event put them on the list; false if only the days count."""
        return bool(self.who.between or (self.not_ and self.not_.since))

    def roles(self) -> dict[str, list[str]]:
        """Role -> its selector, as in a definition: `who` puts people on the list, `not` keeps them off it."""
        return {"who": [self.who.selector], **({"not": [self.not_.did]} if self.not_ else {})}

    def timed_roles(self) -> set[str]:
        """The roles whose exact times matter."""
        return {role for role, timed in (("who", self.by_start), ("not", self.not_ and self.not_.since)) if timed}

    def selectors(self) -> set[str]:
        """Every selector that the list uses."""
        return {selector for selectors in self.roles().values() for selector in selectors}

    def timed_selectors(self) -> set[str]:
        """The selectors whose exact times matter."""
        return {selector for role in self.timed_roles() for selector in self.roles()[role]}

    def explain(self) -> str:
        """Who is on it, in words."""
        people = "Accounts" if self.actor == "account" else "People"
        who = self.who
        did = f"did {_event(who.selector)}"
        if who.was_active:
            did = f"were active on at least {who.was_active} of the last {_days(who.in_)}"
        elif who.between:
            did += f" at least {length(who.between[0])} and at most {length(who.between[1])} ago"
        else:
            did += f" in the last {_days(who.in_)}"
        not_ = ""
        if self.not_ and self.not_.since:
            again = " again" if self.not_.did == who.selector else ""
            not_ = f", and did not do {_event(self.not_.did)}{again} since then"
        elif self.not_:
            not_ = f", and did not do {_event(self.not_.did)} in the last {_days(self.not_.in_)}"
        held_out = f" {self.holdout} % of them are held out." if self.holdout else ""
        return f"{people} who {did}{not_}.{held_out}"


def id_in(row: Mapping[str, Any]) -> str:
    """The id of the person or account in a line of a list's file."""
    columns = (name for names in ID_COLUMNS.values() for name in names)
    return str(next(row[name] for name in columns if row.get(name) is not None))


def _event(selector: str) -> str:
    return "any event" if selector == ANY else f'"{label(selector)}"'


def _days(window: timedelta | None) -> str:
    days = (window or _ONE_DAY) // _ONE_DAY
    return f"{days} day{'s' if days > 1 else ''}"
