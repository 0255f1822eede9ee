"""[send.NAME]: where alerts, goals and lists are sent."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class Send(BaseModel):
    """[send.NAME]: where alerts, goals and lists are sent. Addresses and keys stand in a secret, never in this file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    to: Annotated[Literal["sns", "eventbridge", "webhook", "s3"], Field(description="The kind of target")]
    what: Annotated[
        list[str],
        Field(min_length=1, description='What is sent: "alert.*", "goal.first_value", "list.*", "metrics"'),
    ]
    people: Annotated[
        Literal["file", "inline"],
        Field(description="Of lists, send counts and the key of the file, or the ids themselves in batches of 100"),
    ] = "file"
    secret: Annotated[
        str | None, Field(description="Name of the secret in Secrets Manager with the `url` and `key` of a webhook")
    ] = None
