"""[send.NAME]: where alerts, goals and lists are sent."""

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from daybreak.families.base import unique

METRICS = "metrics"
"""In `what`: the news that the numbers of a morning are ready."""
_HOLDS_PEOPLE = ("webhook", "s3")
"""The kinds of target that may be given ids. Mail and chat, which SNS and EventBridge lead to, never are."""

SecretName = Annotated[str, Field(pattern=r"^[A-Za-z0-9/_+=.@-]{1,512}$")]
"""As Secrets Manager allows it. An address has a `:`, so that a URL which was written here by mistake is refused."""


class Send(BaseModel):
    """[send.NAME]: where alerts, goals and lists are sent. Addresses and keys stand in a secret, never in this file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    to: Annotated[Literal["sns", "eventbridge", "webhook", "s3"], Field(description="The kind of target")]
    what: Annotated[
        list[str],
        Field(min_length=1, description='What is sent: "alert.*", "goal.first_value", "list.*", "metrics"'),
        AfterValidator(unique),
    ]
    people: Annotated[
        Literal["file", "inline"],
        Field(description="Of lists, send counts and the key of the file, or the ids themselves in batches of 100"),
    ] = "file"
    secret: Annotated[
        SecretName | None,
        Field(description="Name of the secret in Secrets Manager with the `url` and `key` of a webhook"),
    ] = None

    @model_validator(mode="after")
    def _fits_together(self) -> "Send":
        if self.to == "webhook" and self.secret is None:
            raise ValueError("a webhook needs `secret`, the name of the secret that holds its `url` and `key`")
        if self.to != "webhook" and self.secret is not None:
            raise ValueError(f"`secret` is for webhooks; {self.to} needs none")
        if self.people == "inline" and self.to not in _HOLDS_PEOPLE:
            raise ValueError(f'`people = "inline"` is for {" and ".join(_HOLDS_PEOPLE)}; {self.to} may get counts only')
        return self

    def takes(self, about: str) -> bool:
        """True if a message about "alert.x", "goal.x", "list.x" or "metrics" is for this send."""
        return any(fnmatchcase(about, pattern) for pattern in self.what)

    def unmatched(self, names: Iterable[str]) -> Iterator[str]:
        """The patterns of `what` that match none of these names."""
        known = list(names)
        yield from (pattern for pattern in self.what if not any(fnmatchcase(name, pattern) for name in known))
