"""The payloads of the lists job.

EventBridge's inputs, the handler and the command line use these models:

{"every": "hour", "time": "2026-11-21T08:20:00Z"}  MakeScheduled
{"date": "2026-11-20"}                             MakeDay
"""

import datetime
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from daybreak.definitions.lists import Every
from daybreak.export.payloads import Day, Moment, Payload


class MakeScheduled(Payload):
    """Make the lists of each morning as of the last project day that is over at `time`, or those of each hour.

    The schedule sends this.
    """

    every: Every
    time: Moment

    def as_of(self, zone: ZoneInfo) -> datetime.date:
        """The last project day that is over."""
        return self.time.astimezone(zone).date() - datetime.timedelta(days=1)


class MakeDay(Payload):
    """Make the lists of each morning as of the end of a project day, and those of each hour as of now."""

    date: Day

    def as_of(self, _zone: ZoneInfo) -> datetime.date:
        """The project day."""
        return self.date


ListsPayload = MakeScheduled | MakeDay
LISTS_PAYLOADS: Sequence[type[ListsPayload]] = (MakeScheduled, MakeDay)
