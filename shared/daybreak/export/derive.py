"""The derived tables, which the metric jobs read instead of every event. `events` is enough to rebuild all of them.

Each project day has `activity`, `matches`, `identities`, `traits`, `memberships`, `users` where there are lists, and
`observed`, which says what its events were like (`observe.py`). `merge.py` puts them together into tables of everything
up to a month's end.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path

from daybreak.definitions.project import Project
from daybreak.engine import database
from daybreak.engine.calendar import DAYS
from daybreak.engine.conditions import matches, object_of, path_of, text_of
from daybreak.engine.database import Connection
from daybreak.engine.sql import Sql, literal, parquet, spliced, sql_file
from daybreak.export.observe import OBSERVED, observe_days
from daybreak.export.run import Run
from daybreak.families.selectors import event_selector
from daybreak.ingest.event import OWN_SOURCE
from daybreak.lake import keys
from daybreak.lake.store import Store, put_changed
from daybreak.lake.tables import Event, duckdb_columns

ONE_DAY = timedelta(days=1)

DAY_TABLES: dict[str, dict[str, str]] = {
    "activity": {
        "selector": "VARCHAR",
        "id": "VARCHAR",
        "account": "VARCHAR",
        "uses": "BIGINT",
        "first_at": "TIMESTAMP",
        "last_at": "TIMESTAMP",
        "first_values": "VARCHAR",
    },
    "matches": {
        "selector": "VARCHAR",
        "id": "VARCHAR",
        "account": "VARCHAR",
        "matched_at": "TIMESTAMP",
        "event_key": "VARCHAR",
        "asked_values": "VARCHAR",
    },
    "identities": {"id": "VARCHAR", "user_id": "VARCHAR", "said_by": "VARCHAR", "linked_at": "TIMESTAMP"},
    "traits": {
        "actor": "VARCHAR",
        "id": "VARCHAR",
        "trait": "VARCHAR",
        "set_at": "TIMESTAMP",
        "value": "VARCHAR",
    },
    "memberships": {"id": "VARCHAR", "account": "VARCHAR", "joined_at": "TIMESTAMP"},
    "users": {"id": "VARCHAR"},
    "observed": OBSERVED,
}
"""The tables of a day, with their columns besides the day itself."""


def derive_days(run: Run, days: list[date]) -> list[str]:
    """Rebuild the day tables of these project days from `events`. Returns the keys that were written."""
    if not days:
        return []
    _load_days(run, days)
    _match_selectors(run.db, run.project)
    for table in ("identities", "traits"):
        run.db.execute(_sql(table))
    run.db.execute(spliced(_sql("users"), wanted=Sql("true" if run.project.lists else "false")))
    observe_days(run.db, run.project)
    version = run.project.derived_version
    files: dict[str, Path] = {}
    for table, columns in DAY_TABLES.items():
        written = database.write_partitions(run.db, table, ["day"], list(columns), run.work / table)
        files |= {keys.derived_day(version, table, date.fromisoformat(day)): file for (day,), file in written.items()}
    existing = [stored for table in DAY_TABLES for stored in run.store.list(keys.derived_prefix(version, table))]
    derived = {keys.derived_day(version, table, day) for table in DAY_TABLES for day in days}
    run.store.delete(s.key for s in existing if s.key in derived and s.key not in files)
    return put_changed(run.store, files, existing)


def drop_other_trees(store: Store, version: str) -> None:
    """Remove the derived tables of all other definitions."""
    current = keys.derived_prefix(version)
    store.delete([s.key for s in store.list("derived/") if not s.key.startswith(current)])


def days_of(store: Store, project: Project, table: str, first: date, last: date) -> dict[date, str]:
    """Day -> key of a day table, for the days in [first, last] that have rows."""
    prefix = keys.derived_prefix(project.derived_version, table)
    found = {date.fromisoformat(s.key[len(prefix) + 4 :][:10]): s.key for s in store.list(prefix + "day=")}
    return {day: key for day, key in sorted(found.items()) if first <= day <= last}


def _load_days(run: Run, days: list[date]) -> None:
    """Make the tables day_events and memberships of exactly these days, and trait_names."""
    wanted, project = set(days), run.project
    rows = (row for row in run.calendar.days(days[0], days[-1]) if row["day"] in wanted)
    database.create(run.db, "calendar_days", DAYS, rows)
    files = list(run.store.local(_event_keys(run, days), run.work).values())
    filtered = any(event_selector(selector).where for selector in project.selectors)
    asked = any(project.start_properties(s) or project.match_properties(s) for s in project.selectors)
    events = spliced(
        _sql("day_events"),
        events=parquet(files, duckdb_columns(Event)),
        account=_account(project),
        own_source=literal(OWN_SOURCE),
        properties=Sql("e.properties" if filtered or asked else "null"),
    )
    run.db.execute(events)
    run.db.execute(_sql("memberships"))
    if project.by_membership:
        run.db.execute(_sql("day_accounts"))
    traits = [{"trait": trait, "path": path_of(trait)} for trait in project.traits]
    database.create(run.db, "trait_names", {"trait": "VARCHAR", "path": "VARCHAR"}, traits)


def _match_selectors(db: Connection, project: Project) -> None:
    """Make the tables activity and matches."""
    for table in ("activity", "matches"):
        database.create(db, table, {"day": "DATE", **DAY_TABLES[table]}, [])
    for selector in sorted(project.selectors):
        chosen = event_selector(selector)
        parts = {
            "selector": literal(selector),
            "condition": matches(chosen.event, [(f.property, f.op, f.value) for f in chosen.where]),
            "first_values": _first_values(project.start_properties(selector)),
            "asked_values": object_of(project.match_properties(selector)),
        }
        db.execute(spliced(_sql("activity"), **parts))
        if selector in project.timed_selectors:
            db.execute(spliced(_sql("matches"), **parts))


def _event_keys(run: Run, days: list[date]) -> Iterable[str]:
    """The files of `events` that may hold these days: a project day overlaps up to three UTC dates."""
    dates = {overlapped for day in days for overlapped in run.calendar.utc_dates(day)}
    prefixes = [keys.events_prefix(day) for day in sorted(dates)]
    if len(prefixes) > 50:  # an import of history: one list of everything is faster than hundreds of lists
        return [s.key for s in run.store.list("events/") if s.key.startswith(tuple(prefixes))]
    return [s.key for prefix in prefixes for s in run.store.list(prefix)]


def _account(project: Project) -> Sql:
    """The account an event names, as SQL on `events`."""
    if not project.counts_accounts:
        return Sql("cast(null as varchar)")
    if project.settings.account_property:
        return text_of("e.properties", project.settings.account_property)
    return Sql(f"coalesce(e.group_id, {text_of('e.context', 'groupId')})")


def _first_values(properties: list[str]) -> Sql:
    """The named properties of the first event as a JSON object, or null where there are none to keep."""
    if not properties:
        return Sql("null")
    values = object_of(properties)
    return Sql(f"arg_min({values}, row(happened_at, {values}))")


def _sql(name: str) -> str:
    return sql_file("daybreak.export.sql", name)
