"""The merged tables: each day's derived tables put together, everything up to a month's end in one file.

`seen` is the first and last time of each id and selector, made of `activity`; `memberships`, `identities` and `traits`
are those of the days. Merging is a minimum, a maximum or a union, so it may be repeated and done in any order; its size
grows with people, not with events.
"""

from datetime import date
from pathlib import Path

from daybreak.definitions.project import Project
from daybreak.engine import database
from daybreak.engine.database import Connection
from daybreak.export.derive import DAY_TABLES, ONE_DAY, days_of
from daybreak.lake import keys
from daybreak.lake.store import Store, put_changed

MERGED: dict[str, tuple[str, dict[str, str]]] = {
    "identities": ("identities", DAY_TABLES["identities"]),
    "memberships": ("memberships", DAY_TABLES["memberships"]),
    "seen": (
        "activity",
        {
            "selector": "VARCHAR",
            "id": "VARCHAR",
            "account": "VARCHAR",
            "first_at": "TIMESTAMP",
            "last_at": "TIMESTAMP",
            "first_values": "VARCHAR",
        },
    ),
    "traits": ("traits", DAY_TABLES["traits"]),
}
"""Merged table -> the day table it is merged from, and its columns. `sql/merged_<table>.sql` reads old rows and new.

In this order: traits are merged with the identities, `seen` with the memberships of the months before.
"""


def merge_months(db: Connection, store: Store, work: Path, project: Project, days: list[date], today: date) -> None:
    """Bring the merged tables up to date with these changed days: every month that is over, from the first touched on.

    Later months are always merged again, because a run that was killed in between left them as they were.
    """
    for table, (day_table, _) in MERGED.items():
        listed = {s.key: s for s in store.list(keys.derived_prefix(project.derived_version, table))}
        merged = {key.rpartition("until=")[2][:7] for key in listed if "until=" in key}
        known = {_month(day) for day in days_of(store, project, day_table, date.min, today)} | merged
        missing = {month for month in known if month > max(merged, default="")}
        first = min({_month(day) for day in days} | missing, default="9999")
        for month in sorted(month for month in known if first <= month < _month(today)):
            path = work / f"{table}-{month}.parquet"
            # everything up to the month's end: the merged month before, and the days since
            rows = merged_rows(store, work, project, table, until=_month_end(month), before=month)
            db.execute(f"create or replace table merging as {rows}")
            database.write_parquet(db, "select * from merging order by all", path)
            put_changed(store, {keys.derived_until(project.derived_version, table, month): path}, listed.values())


def merged_rows(store: Store, work: Path, project: Project, table: str, until: date, before: str | None = None) -> str:
    """SQL that reads a merged table as of the end of the day `until`: the last merged month and the days after it.

    `before`: use only months before this one (2026-10), to build that month itself.
    """
    day_table, columns = MERGED[table]
    listed = store.list(keys.derived_prefix(project.derived_version, table))
    before = before or _month(until + ONE_DAY)
    months = sorted(key for s in listed if "until=" in (key := s.key) and key.rpartition("until=")[2][:7] < before)
    last = months[-1:]
    after = _month_end(last[0].rpartition("until=")[2][:7]) if last else date.min
    days = days_of(store, project, day_table, after + ONE_DAY if last else date.min, until)
    files = list(store.local([*last, *days.values()], work).values())
    if not files:
        return f"select * from {database.read_parquet([], columns)}"  # noqa: S608
    rows, links = database.read_parquet(files, columns, union_by_name=True), ""
    if table == "seen" and project.by_membership:
        memberships = merged_rows(store, work, project, "memberships", until, before)
        joined = database.statements("daybreak.export.sql", "joined.sql")
        rows = f"({joined.format(rows=rows, memberships=memberships)})"
    if table == "traits":
        links = merged_rows(store, work, project, "identities", until, before)
    return database.statements("daybreak.export.sql", f"merged_{table}.sql").format(rows=rows, links=links)


def _month(day: date) -> str:
    return f"{day:%Y-%m}"


def _month_end(month: str) -> date:
    year, number = int(month[:4]), int(month[5:])
    return date(year + number // 12, number % 12 + 1, 1) - ONE_DAY
