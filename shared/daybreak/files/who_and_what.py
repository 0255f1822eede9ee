"""Who did what in a lake that was made from files: how many people, and which events came how often."""

from datetime import date
from typing import NamedTuple

from daybreak.definitions.project import Project
from daybreak.engine.database import Limits
from daybreak.engine.sql import parquet, spliced, sql_file
from daybreak.export.run import begin
from daybreak.lake.store import Store
from daybreak.metrics.warnings.inputs import Inputs

_READ = ("type", "event", "user_id", "anonymous_id")


class WhoAndWhat(NamedTuple):
    """`people`: those who did anything; ids that are linked are one person. `names`: name of an event -> how often it
    counts, the most frequent first.
    """

    people: int
    names: dict[str, int]


def who_and_what(store: Store, project: Project, limits: Limits, day: date) -> WhoAndWhat:
    """The people and the events up to the end of a project day."""
    with begin(store, project, limits) as run:
        Inputs(run, day).make(["person_of"])
        files = list(store.local([stored.key for stored in store.list("events/")], run.work).values())
        events = parquet(files, dict.fromkeys(_READ, "VARCHAR"))
        found = {
            name: run.db.execute(spliced(sql_file("daybreak.files.sql", name), events=events)).fetchall()
            for name in ("people_of_events", "names_of_events")
        }
        [(people,)] = found["people_of_events"]
        return WhoAndWhat(int(people), {name: int(count) for name, count in found["names_of_events"]})
