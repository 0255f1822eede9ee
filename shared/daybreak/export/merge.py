"""The merged tables: each day's derived tables put together, everything up to a month's end in one file.

`seen` is the first and last time of each id and selector, made from `activity`; `memberships`, `identities`,
`traits` and `users` are those of the days. Merging is a minimum, a maximum or a union, so it may be repeated and done
in any order; its size grows with people, not with events.
"""

from datetime import date

from daybreak.engine import database
from daybreak.engine.sql import Sql, parquet, spliced, sql_file
from daybreak.export.derive import DAY_TABLES, ONE_DAY, days_of
from daybreak.export.run import Run
from daybreak.lake import keys
from daybreak.lake.store import put_changed

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
    "users": ("users", DAY_TABLES["users"]),
    "observed": ("observed", DAY_TABLES["observed"]),
}
"""Merged table -> the day table it is merged from, and its columns. `sql/merged_<table>.sql` reads old rows and new.

In this order: traits are merged with the identities, `seen` with the memberships of the months before.
"""


def merge_months(run: Run, days: list[date], today: date) -> None:
    """Bring the merged tables up to date with these changed days: all past months, from the first that they touch.

    Later months are always merged again, because a run that was killed halfway has left them as they were.
    """
    version = run.project.derived_version
    for table, (day_table, _) in MERGED.items():
        listed = {s.key: s for s in run.store.list(keys.derived_prefix(version, table))}
        merged = {_month_in(key) for key in listed if "until=" in key}
        known = {_month(day) for day in days_of(run.store, run.project, day_table, date.min, today)} | merged
        missing = {month for month in known if month > max(merged, default="")}
        first = min({_month(day) for day in days} | missing, default="9999")
        for month in sorted(month for month in known if first <= month < _month(today)):
            path = run.work / f"{table}-{month}.parquet"
            # everything up to the month's end: the merged month before, and the days since
            rows = merged_rows(run, table, until=_month_end(month), before=month)
            run.db.execute(spliced("create or replace table merging as {rows}", rows=rows))
            database.write_parquet(run.db, "select * from merging order by all", path)
            put_changed(run.store, {keys.derived_until(version, table, month): path}, listed.values())


def merged_rows(run: Run, table: str, until: date, before: str | None = None) -> Sql:
    """SQL that reads a merged table as of the end of the day `until`: the last merged month and the days after it.

    `before`: use only months before this one (2026-10), to build that month itself.
    """
    day_table, columns = MERGED[table]
    listed = run.store.list(keys.derived_prefix(run.project.derived_version, table))
    before = before or _month(until + ONE_DAY)
    last = sorted(s.key for s in listed if "until=" in s.key and _month_in(s.key) < before)[-1:]
    after = _month_end(_month_in(last[0])) + ONE_DAY if last else date.min
    days = days_of(run.store, run.project, day_table, after, until)
    files = list(run.store.local([*last, *days.values()], run.work).values())
    if not files:
        return spliced("select * from {rows}", rows=parquet([], columns))
    rows, links = parquet(files, columns, union_by_name=True), Sql("")
    if table == "seen" and run.project.by_membership:
        memberships = merged_rows(run, "memberships", until, before)
        joined = spliced(sql_file("daybreak.export.sql", "joined"), rows=rows, memberships=memberships)
        rows = Sql(f"({joined})")
    if table == "traits":
        links = merged_rows(run, "identities", until, before)
    return spliced(sql_file("daybreak.export.sql", f"merged_{table}"), rows=rows, links=links)


def _month_in(key: str) -> str:
    """The month in the name of a merged table's object."""
    return key.rpartition("until=")[2][:7]


def _month(day: date) -> str:
    return f"{day:%Y-%m}"


def _month_end(month: str) -> date:
    year, number = int(month[:4]), int(month[5:])
    return date(year + number // 12, number % 12 + 1, 1) - ONE_DAY
