"""The reference: every metric family counted a second time, by the rules in docs/metrics.md, without a look at the SQL.

Slow and plain on purpose: lists and loops. Every function returns the rows of the `all` segment, as dicts keyed like the row models
but without definition, version, segment, segment_value and `event`. Options are
keyword arguments named as in the definitions. Property tests compare these rows with those of the SQL.
"""

from reference.activity import active_days, active_people, adoption, breadth, churn, lifecycle, support_load
from reference.answers import survey
from reference.clock import AtLeast, Clock, Event, Row, Selector, matches, next_hour
from reference.experiment import experiment
from reference.funnel import completion
from reference.links import Link, People, people
from reference.retention import retention
from reference.windows import activation, campaign, conversion, time_to_value

__all__ = [
    "AtLeast",
    "Clock",
    "Event",
    "Link",
    "People",
    "Row",
    "Selector",
    "activation",
    "active_days",
    "active_people",
    "adoption",
    "breadth",
    "campaign",
    "churn",
    "completion",
    "conversion",
    "experiment",
    "lifecycle",
    "matches",
    "next_hour",
    "people",
    "retention",
    "support_load",
    "survey",
    "time_to_value",
]
