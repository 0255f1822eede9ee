"""[webhook.NAME]: a tool that sends what happened in it to /v1/hook/NAME."""

from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

from daybreak.mapping.mapping import EventMapping

Vendor = Literal["delighted", "intercom", "shopify", "stripe", "typeform", "wootric", "zendesk"]
VENDORS: tuple[str, ...] = get_args(Vendor)


class Webhook(BaseModel):
    """[webhook.NAME]: a tool that sends what happened in it to /v1/hook/NAME. Its secret never stands in this file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    vendor: Annotated[
        Vendor | None, Field(description="A tool whose signature and bodies Daybreak knows; any other tool without it")
    ] = None
    signature: Annotated[
        Literal["secret", "standard"] | None,
        Field(
            description="Without a vendor: the secret itself comes with each request (the default), or each request is "
            "signed as Standard Webhooks says"
        ),
    ] = None
    mapping: Annotated[
        EventMapping | None,
        Field(description="Which values are the parts of an event, in bodies that are not built in"),
    ] = None

    @model_validator(mode="after")
    def _fits_together(self) -> "Webhook":
        if self.vendor and self.signature:
            raise ValueError(f"`signature` is for tools without a `vendor`; {self.vendor} has its own")
        if self.mapping and self.mapping.timezone != "UTC":  # the collector carries no time zones
            raise ValueError(
                '`mapping.timezone` is for files; send times with their offset, as "2026-11-27T09:00:00+09:00"'
            )
        return self

    @property
    def signed_as(self) -> str:
        """The name of its signature: that of its vendor, `secret` or `standard`."""
        return self.vendor or self.signature or "secret"
