"""The payloads of the metric jobs.

EventBridge's inputs, the handler, the command line and the files in `events/` all use these models:

{"family": "activation", "time": "2026-11-21T09:30:00Z"}  ComputeScheduled
{"family": "activation", "date": "2026-11-20"}            ComputeDay

`warnings`, `watch` and `page` may stand for a family.
"""

import datetime
from collections.abc import Sequence
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator

from daybreak.definitions.project import Project
from daybreak.export.payloads import Day, Moment, Payload
from daybreak.families.registry import FAMILIES
from daybreak.lake.keys import PAGE, WARNINGS, WATCH

METRIC_JOBS = (*FAMILIES, WARNINGS, WATCH, PAGE)
"""The families of the registry, the warnings, which are found in the same way and at the same time, goals and alerts,
which read the tables of the families, and the page, which reads all of these."""


def jobs_of(project: Project) -> list[str]:
    """The jobs that bring every table of a project up to date, and then its page."""
    return [*project.measured, WARNINGS, WATCH, PAGE]


def _known(family: str) -> str:
    if family not in METRIC_JOBS:
        raise ValueError(f"unknown family {family!r}; choose from {', '.join(METRIC_JOBS)}")
    return family


FamilyName = Annotated[str, AfterValidator(_known)]
"""One of METRIC_JOBS."""


class ComputeScheduled(Payload):
    """Compute a family as of the last project day that is over at `time`. The schedule sends this."""

    family: FamilyName
    time: Moment

    def as_of(self, zone: ZoneInfo) -> datetime.date:
        """The day to compute as of, in the project's time zone."""
        return self.time.astimezone(zone).date() - datetime.timedelta(days=1)


class ComputeDay(Payload):
    """Compute a family as of the end of a project day."""

    family: FamilyName
    date: Day

    def as_of(self, _zone: ZoneInfo) -> datetime.date:
        """The day to compute as of."""
        return self.date


MetricsPayload = ComputeScheduled | ComputeDay
METRICS_PAYLOADS: Sequence[type[MetricsPayload]] = (ComputeScheduled, ComputeDay)
