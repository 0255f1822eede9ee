"""How often the events that alerts watch came on each day.

They are counted in the derived table `activity`, where the export has already counted every selector of daybreak.toml,
those of alerts included, each message id once. So nothing reads the events again, and filters mean the same as in a
definition.
"""

from collections.abc import Iterable
from datetime import date

from daybreak.engine.database import create
from daybreak.engine.sql import Sql, literals, spliced, sql_file
from daybreak.export.derive import days_of
from daybreak.export.run import Run


def events_a_day(run: Run, selectors: Iterable[str], first: date, last: date) -> dict[str, dict[date, int]]:
    """Selector -> day -> how many came; days without any are left out."""
    counts: dict[str, dict[date, int]] = {selector: {} for selector in selectors}
    stored = days_of(run.store, run.project, "activity", first, last) if counts else {}
    if not stored:
        return counts
    local = run.store.local(stored.values(), run.work / "activity")
    files = [{"file": str(local[key]), "day": day} for day, key in stored.items()]
    create(run.db, "activity_files", {"file": "VARCHAR", "day": "DATE"}, files)
    statement = spliced(
        sql_file("daybreak.watch", "events_a_day"),
        activity=Sql(f"read_parquet([{literals(local.values())}], filename = true, hive_partitioning = false)"),
        selectors=literals(counts),
    )
    for selector, day, events in run.db.execute(statement).fetchall():
        counts[selector][day] = events
    return counts
