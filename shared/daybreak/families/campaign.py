"""Campaign: do people act after they saw something, a guide or a mail, or only see it?"""

from datetime import date
from typing import Annotated, Any, ClassVar

from pydantic import Field

from daybreak.families.base import Family, MetricRow, People, ReachesMilestone, Window, length, share
from daybreak.families.selectors import Selector, label


class Campaign(ReachesMilestone):
    """Exposed people who do the action within the window after their first exposure ever, far edge included.

    An action before the exposure does not count, and a later exposure does not open the window again.
    """

    example: ClassVar[str] = (
        "Five people saw the guide; for four of them three days have passed, and one of these invited a colleague in "
        "that time: 25 %. One who acted four days after the first showing and one day after the second did not."
    )
    smallest: ClassVar[dict[str, Any]] = {"exposure": "Signed Up", "action": "Value Reached", "window": "7d"}

    exposure: Annotated[Selector, Field(description="What counts as exposed: shown, opened, sent")]
    action: Annotated[Selector, Field(description="The action that the exposure is meant to cause")]
    window: Annotated[Window, Field(description="How long a person has, from the exact second of the exposure")]

    def roles(self) -> dict[str, list[str]]:
        return {"entry": [self.exposure], "milestone": [self.action]}

    def explain(self) -> str:
        return (
            f'Of the {self.who()} whose first "{label(self.exposure)}" ever falls on a day, the share that does '
            f'"{label(self.action)}" within {length(self.window)} after it, counted once that time has passed for them.'
        )


class CampaignRow(MetricRow):
    """One row per definition, day of first exposure and segment."""

    cohort: date = Field(description="Day of the first exposure, in the project's timezone")
    exposed: int = Field(description="People first exposed on this day")
    finished: int = Field(description="Those whose window has ended: the denominator")
    acted: int = Field(description="Those of finished who acted in their window: the numerator")
    acted_so_far: int = Field(description="Acted among those whose window is still open")
    only_saw: int = Field(description="finished - acted")
    rate: float | None = Field(description="acted / finished; null while open")


FAMILY = Family(
    "campaign",
    Campaign,
    CampaignRow,
    "cohort",
    (share("rate", "acted", "finished"),),
    people=People("exposed", are_once=True),
)
