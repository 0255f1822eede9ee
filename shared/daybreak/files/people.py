"""Counts the people in a lake that was made from files."""

from datetime import date

from daybreak.definitions.project import Project
from daybreak.engine.database import Limits
from daybreak.engine.sql import parquet, spliced, sql_file
from daybreak.export.run import begin
from daybreak.lake.store import Store
from daybreak.metrics.warnings.inputs import Inputs


def people_of(store: Store, project: Project, limits: Limits, day: date) -> int:
    """How many people did anything up to the end of a project day. Ids that are linked are one person."""
    with begin(store, project, limits) as run:
        Inputs(run, day).make(["person_of"])
        files = list(store.local([stored.key for stored in store.list("events/")], run.work).values())
        events = parquet(files, {"user_id": "VARCHAR", "anonymous_id": "VARCHAR"})
        found = run.db.execute(spliced(sql_file("daybreak.files.sql", "people"), events=events)).fetchone()
        return int(found[0]) if found else 0
