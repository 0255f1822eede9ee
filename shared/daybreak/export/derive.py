"""The derived tables: what the metric jobs read instead of every event. All can be rebuilt from `events` at any time.

Of each project day: `activity`, `matches`, `identities`, `traits`, `memberships`. What `merged.py` makes of them holds
everything up to a month's end.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path

from daybreak.definitions.project import Project
from daybreak.engine import database
from daybreak.engine.calendar import DAYS, Calendar
from daybreak.engine.database import Connection
from daybreak.families.base import Filter, event_selector
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
    "identities": {"id": "VARCHAR", "user_id": "VARCHAR", "linked_at": "TIMESTAMP"},
    "traits": {
        "actor": "VARCHAR",
        "id": "VARCHAR",
        "trait": "VARCHAR",
        "set_at": "TIMESTAMP",
        "value": "VARCHAR",
    },
    "memberships": {"id": "VARCHAR", "account": "VARCHAR", "joined_at": "TIMESTAMP"},
}
"""The tables of a day, with their columns besides the day itself."""


def derive_days(
    db: Connection, store: Store, work: Path, project: Project, calendar: Calendar, days: list[date]
) -> list[str]:
    """Rebuild the day tables of these project days from `events`; the keys that were written."""
    if not days:
        return []
    _load_days(db, store, work, project, calendar, days)
    _match_selectors(db, project)
    for table in ("identities", "traits"):
        db.execute(_sql(table))
    files: dict[str, Path] = {}
    for table, columns in DAY_TABLES.items():
        order = ", ".join(columns)
        for (day,), file in database.write_partitions(db, table, ["day"], order, work / table).items():
            files[keys.derived_day(project.derived_version, table, date.fromisoformat(day))] = file
    prefixes = [keys.derived_prefix(project.derived_version, table) for table in DAY_TABLES]
    existing = [stored for prefix in prefixes for stored in store.list(prefix)]
    derived = {keys.derived_day(project.derived_version, table, day) for table in DAY_TABLES for day in days}
    store.delete(s.key for s in existing if s.key in derived and s.key not in files)
    return put_changed(store, files, existing)


def drop_other_trees(store: Store, version: str) -> None:
    """Remove the derived tables of all other definitions."""
    current = keys.derived_prefix(version)
    store.delete([s.key for s in store.list("derived/") if not s.key.startswith(current)])


def days_of(store: Store, project: Project, table: str, first: date, last: date) -> dict[date, str]:
    """Day -> key of a day table, for the days in [first, last] that have rows."""
    prefix = keys.derived_prefix(project.derived_version, table)
    found = {date.fromisoformat(s.key[len(prefix) + 4 :][:10]): s.key for s in store.list(prefix + "day=")}
    return {day: key for day, key in sorted(found.items()) if first <= day <= last}


def _load_days(
    db: Connection, store: Store, work: Path, project: Project, calendar: Calendar, days: list[date]
) -> None:
    """Table day_events, of exactly these days."""
    wanted = set(days)
    rows = (row for row in calendar.days(days[0], days[-1]) if row["day"] in wanted)
    database.create(db, "calendar_days", DAYS, rows)
    files = list(store.local(_event_keys(store, calendar, days), work).values())
    events = database.read_parquet(files, duckdb_columns(Event))
    filtered = any(event_selector(selector).where for selector in project.selectors)
    asked = any(project.start_properties(s) or project.match_properties(s) for s in project.selectors)
    parts = {"account": _account(project), "properties": "e.properties" if filtered or asked else "null"}
    db.execute(_sql("day_events").format(events=events, **parts))
    db.execute(_sql("memberships"))
    if project.by_membership:
        db.execute(_sql("day_accounts"))
    traits = [{"trait": trait, "path": json_path(trait)} for trait in project.traits]
    database.create(db, "trait_names", {"trait": "VARCHAR", "path": "VARCHAR"}, traits)


def _match_selectors(db: Connection, project: Project) -> None:
    """Tables activity and matches."""
    for table in ("activity", "matches"):
        database.create(db, table, {"day": "DATE", **DAY_TABLES[table]}, [])
    for selector in sorted(project.selectors):
        parts = {
            "selector": database.quoted(selector),
            "condition": _condition(selector),
            "first_values": _first_values(project.start_properties(selector)),
            "asked_values": _values(project.match_properties(selector)),
        }
        db.execute(_sql("activity").format(**parts))
        if selector in project.timed_selectors:
            db.execute(_sql("matches").format(**parts))


def _event_keys(store: Store, calendar: Calendar, days: list[date]) -> Iterable[str]:
    """The files of `events` these days lie in: a project day lies in up to three UTC dates."""
    dates = {overlapped for day in days for overlapped in calendar.utc_dates(day)}
    prefixes = [keys.events_prefix(day) for day in sorted(dates)]
    if len(prefixes) > 50:  # an import of history: one walk over all is faster than hundreds of lists
        return [s.key for s in store.list("events/") if s.key.startswith(tuple(prefixes))]
    return [s.key for prefix in prefixes for s in store.list(prefix)]


def _condition(selector: str) -> str:
    """A selector as a SQL condition on day_events."""
    chosen = event_selector(selector)
    names = ", ".join(database.quoted(name) for name in chosen.event)
    parts = [f"type = 'track' and event in ({names})" if names else "type in ('track', 'page', 'screen')"]
    return " and ".join(parts + [_filter(f) for f in chosen.where])


def _filter(condition: Filter) -> str:
    """A filter as SQL. A property of another type, or none at all, does not match; it never fails."""
    path = database.quoted(json_path(condition.property))
    text, kind = f"json_extract_string(properties, {path})", f"json_type(properties, {path})"
    if condition.op == "exists":
        return f"coalesce({kind} <> 'NULL', false)"
    values = condition.value if isinstance(condition.value, list) else [condition.value]
    alike = [f"coalesce({_equal(text, kind, value)}, false)" for value in values]
    if condition.op in ("=", "in"):
        return "(" + " or ".join(alike) + ")"
    if condition.op == "!=":
        return f"(coalesce({kind} <> 'NULL', false) and not {alike[0]})"
    return f"coalesce({_number(text, kind)} {condition.op} {float(condition.value)!r}, false)"  # type: ignore[arg-type]


def _equal(text: str, kind: str, value: object) -> str:
    if isinstance(value, bool):
        return f"{kind} = 'BOOLEAN' and {text} = '{str(value).lower()}'"
    if isinstance(value, int | float):
        return f"{_number(text, kind)} = {float(value)!r}"
    return f"{kind} = 'VARCHAR' and {text} = {database.quoted(value)}"


def _number(text: str, kind: str) -> str:
    return f"case when {kind} in ('BIGINT', 'UBIGINT', 'DOUBLE', 'HUGEINT') then try_cast({text} as double) end"


def _account(project: Project) -> str:
    """The account an event names, as SQL on `events`."""
    if not project.counts_accounts:
        return "cast(null as varchar)"
    if project.settings.account_property:
        return _text("e.properties", project.settings.account_property)
    return f"coalesce(e.group_id, {_text('e.context', 'groupId')})"


def _text(column: str, name: str) -> str:
    """A string or number in a JSON column as text; null for anything else, and for nothing but blanks."""
    path = database.quoted(json_path(name))
    kinds = "('VARCHAR', 'BIGINT', 'UBIGINT', 'DOUBLE', 'HUGEINT')"
    text = f"nullif(trim(json_extract_string({column}, {path})), '')"
    return f"case when json_type({column}, {path}) in {kinds} then {text} end"


def _first_values(properties: list[str]) -> str:
    """The named properties of the first event as a JSON object, or null where there are none to keep."""
    if not properties:
        return "null"
    return f"arg_min({_values(properties)}, row(happened_at, message_id))"


def _values(properties: list[str]) -> str:
    """The named properties of an event as a JSON object, or null where there are none to keep."""
    if not properties:
        return "null"
    pairs = ", ".join(
        f"{database.quoted(name)}, json_extract(properties, {database.quoted(json_path(name))})" for name in properties
    )
    return f"cast(json_object({pairs}) as varchar)"


def _sql(name: str) -> str:
    return database.statements("daybreak.export.sql", f"{name}.sql")


def json_path(name: str) -> str:
    """The JSON path of a top-level key, whatever is in its name."""
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'$."{escaped}"'
