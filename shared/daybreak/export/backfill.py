"""Plan a backfill: which derived tables to rebuild after a change of definitions, in which pieces."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from daybreak.export.payloads import DeriveDays

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Backfill:
    """The project days to derive, both ends included, and the day as of which to compute the metrics."""

    first: date
    last: date
    as_of: date

    def pieces(self) -> Iterator[DeriveDays]:
        """The days in calendar months, oldest first: a month is what one run of the export derives."""
        first = self.first
        while first <= self.last:
            month_end = (first.replace(day=28) + timedelta(days=4)).replace(day=1) - _DAY
            yield DeriveDays(derive_from=first, derive_to=min(month_end, self.last))
            first = month_end + _DAY


def plan_backfill(first: date, last: date, yesterday: date, span: Mapping[str, Any]) -> Backfill:
    """Plan to derive the project days from `first` to `last`. `span` is the export's result for `AskSpan`.

    If the derived tables of the current definitions are not complete, all of history must be derived: the plan then
    covers every day with events. `yesterday` is the project's last day that is over; no metric is computed later.
    """
    if not span["ready"] and span["first"]:
        # the span holds UTC dates: the project's day may be the one before or after
        first = min(first, date.fromisoformat(span["first"]) - _DAY)
        last = max(last, date.fromisoformat(span["last"]) + _DAY)
    return Backfill(first, last, as_of=min(last, yesterday))
