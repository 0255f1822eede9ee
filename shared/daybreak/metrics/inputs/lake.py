"""Input tables read from the derived tables of the lake, as of the computation's last day, and its calendar."""

from collections.abc import Callable
from datetime import date

from daybreak.engine import database
from daybreak.engine.calendar import DAY, DAYS, EPOCH
from daybreak.engine.sql import Sql, identifier, literals, parquet, spliced
from daybreak.export.derive import DAY_TABLES, days_of
from daybreak.export.merge import merged_rows
from daybreak.export.run import Run
from daybreak.families.base import Definition
from daybreak.lake.tables import duckdb_columns
from daybreak.metrics.computation import Computation
from daybreak.metrics.inputs.definitions import Counted
from daybreak.metrics.inputs.tables import CalendarDayPeriodRow, CalendarPeriodRow

INSTANTS = {"activity_days": "first_at", "match_days": "matched_at", "seen": "first_at"}
"""Tables of ids -> the column that says when, which decides the account a person was in."""
CALENDARS = ("calendar_days", "calendar_periods", "calendar_day_periods")


def calendars(run: Run, computation: Computation, counted: Counted) -> None:
    """Make the calendar tables, from the first known day to the last; periods from the first partition, if later.

    Needs the tables of `INSTANTS`.
    """
    row = run.db.execute(
        "select least((select min(first_at) from seen), (select min(first_at) from activity_days), "
        "(select min(matched_at) from match_days))"
    ).fetchone()
    last = computation.last_day
    earliest = row[0].date() - 2 * DAY if row and row[0] else last
    database.create(run.db, "calendar_days", DAYS, run.calendar.days(earliest, last))
    read = min(_first_day_read(run, computation, name, definition) for name, definition in counted.items())
    first = max(earliest, read)
    periods = list(run.calendar.periods(first, last))
    if any(definition.options().get("hourly") for definition in counted.values()):
        periods += run.calendar.hours(first, last)
    database.create(run.db, "calendar_periods", duckdb_columns(CalendarPeriodRow), periods)
    day_periods = run.calendar.day_periods(first, last)
    database.create(run.db, "calendar_day_periods", duckdb_columns(CalendarDayPeriodRow), day_periods)


def _first_day_read(run: Run, computation: Computation, name: str, definition: Definition) -> date:
    return run.calendar.days_before(computation.first_partition(name), definition.days_read_before())


def _merged(name: str, table: str) -> Callable[[Run, Computation, Counted], None]:
    """Makes a merged table as of the last day."""

    def make(run: Run, computation: Computation, counted: Counted) -> None:
        del counted
        _create(run, name, table, computation.last_day)

    return make


def _memberships(run: Run, computation: Computation, counted: Counted) -> None:
    """The memberships as of the last day; none if no definition counts accounts by them."""
    del counted
    _create(run, "memberships", "memberships", computation.last_day if run.project.by_membership else EPOCH)


def _seen(run: Run, computation: Computation, counted: Counted) -> None:
    """The table seen, with only the selectors of seen roles."""
    selectors = {s for d in counted.values() for s in d.selectors_of(d.seen_roles())}
    rows = merged_rows(run, "seen", computation.last_day)
    statement = "create or replace table seen as select * from ({rows}) where selector in ({selectors})"
    run.db.execute(spliced(statement, rows=rows, selectors=_listed(selectors)))


def _create(run: Run, name: str, table: str, until: date) -> None:
    rows = merged_rows(run, table, until)
    run.db.execute(spliced("create or replace table {name} as {rows}", name=identifier(name), rows=rows))


def _day_table(
    name: str, table: str, roles_of: Callable[[Definition], set[str]]
) -> Callable[[Run, Computation, Counted], None]:
    """Makes a view of a day table over the days these definitions read, holding the selectors they read there."""

    def make(run: Run, computation: Computation, counted: Counted) -> None:
        reading = {n: d for n, d in counted.items() if d.selectors_of(roles_of(d))}
        files = []
        if reading:
            first = min(_first_day_read(run, computation, n, d) for n, d in reading.items())
            found = days_of(run.store, run.project, table, first, computation.last_day)
            files = list(run.store.local(found.values(), run.work).values())
        statement = "create or replace view {name} as select * from {rows} where selector in ({selectors})"
        selectors = {s for d in reading.values() for s in d.selectors_of(roles_of(d))}
        rows = parquet(files, DAY_TABLES[table])
        run.db.execute(spliced(statement, name=identifier(name), rows=rows, selectors=_listed(selectors)))

    return make


def _listed(selectors: set[str]) -> Sql:
    """For `in (…)`; the empty text, which is not a selector, keeps the list from being empty."""
    return literals(sorted(selectors | {""}))


TABLES: dict[str, Callable[[Run, Computation, Counted], None]] = {
    "links": _merged("links", "identities"),
    "trait_values": _merged("trait_values", "traits"),
    "users": _merged("users", "users"),
    "memberships": _memberships,
    "seen": _seen,
    "activity_days": _day_table("activity_days", "activity", lambda d: d.daily_roles()),
    "match_days": _day_table("match_days", "matches", lambda d: d.timed_roles()),
}
