"""A mapping that leaves the columns of a known export to its reader, and says the zone of its times."""

from datetime import tzinfo
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from daybreak.mapping.mapping import EventMapping, Zone, zone_of


class ExportMapping(BaseModel):
    """A known export whose times have no offset, and their zone."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    export: Annotated[Literal["mixpanel"], Field(description="The tool that the export comes from")]
    timezone: Annotated[Zone, Field(description="The IANA name of the zone of times without an offset")]

    @property
    def zone(self) -> tzinfo:
        """The zone of times without an offset."""
        return zone_of(self.timezone)


FileMapping = EventMapping | ExportMapping
"""A mapping for files: of columns, or for a known export."""
