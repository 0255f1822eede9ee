"""[page]: the page that a team looks at each morning."""

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

PageLanguage = Literal["en", "ko"]
"""A language of the page's own words."""


class Note(BaseModel):
    """Something that happened on a day, drawn as a mark on every trend."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    day: Annotated[date, Field(description="The day it happened")]
    text: Annotated[str, Field(min_length=1, max_length=80, description="A few words")]


class Page(BaseModel):
    """[page]: the page that a team looks at each morning."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    language: Annotated[
        PageLanguage, Field(description="Of the page's own words; names and descriptions stay yours")
    ] = "en"
    title: Annotated[str, Field(description="Name of the product, in the head")] = ""
    notes: Annotated[list[Note], Field(description='Days to mark: { day = 2026-11-10, text = "New form" }')] = []
