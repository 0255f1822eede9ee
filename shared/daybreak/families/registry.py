"""The families, one line each. Schedules, tables, docs, the command line and the tests' samples follow from this list.

Each name is also the name of a module beside this one, which ends with its `FAMILY`, and of its `.sql` and
`.summary.sql`.
"""

from importlib import import_module

from daybreak.families.base import Family

_NAMES = (
    "activation",
    "time_to_value",
    "completion",
    "retention",
    "churn",
    "adoption",
    "breadth",
    "active_people",
    "active_days",
    "lifecycle",
    "conversion",
    "survey",
    "support_load",
    "campaign",
    "experiment",
)
"""In the order in which they are scheduled, computed and shown."""


def _family(name: str) -> Family:
    family: Family = import_module(f"daybreak.families.{name}").FAMILY
    return family


FAMILIES = {name: _family(name) for name in _NAMES}
