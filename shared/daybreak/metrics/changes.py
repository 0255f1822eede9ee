"""From which day on may a family's numbers differ from those that were computed last?

Manifests list the days that exports touched. Besides, an id may now belong to another person, a person may have joined
an account, or a trait may have been set: each changes the counts from the day on which those people were first seen.
"""

from datetime import date, timedelta
from typing import Any

from daybreak.engine.calendar import DAY, EPOCH
from daybreak.engine.sql import Sql, literal, parquet, spliced, sql_file
from daybreak.export.derive import DAY_TABLES, days_of
from daybreak.export.manifest import read_manifest
from daybreak.export.merge import merged_rows
from daybreak.export.run import Run
from daybreak.families.registry import FAMILIES
from daybreak.lake import keys
from daybreak.metrics.persons import make_person_of

TRAILING_DAYS = 3
"""So many days are always computed again, whatever the manifests say: it costs little and heals an interrupted day."""


def exports_seen(run: Run) -> dict[str, str]:
    """Every export's manifest with its checksum, and that of the last backfill: all that a computation has seen."""
    ready = keys.derived_ready(run.project.derived_version)
    return {s.key: s.md5 for s in [*run.store.list(keys.EXPORTS), *run.store.list(ready)]}


def changed_from(run: Run, family: str, day: date, latest: dict[str, Any] | None, seen: dict[str, str]) -> date:
    """The first day whose numbers may differ; `latest` is the JSON that the last computation published, if any."""
    if latest is None or latest["versions"] != run.project.versions(family):
        return EPOCH
    if latest["columns"] != list(FAMILIES[family].row.model_fields):  # an older version's rows lack one
        return EPOCH
    changed = [key for key, md5 in seen.items() if latest["seen"].get(key) != md5]
    if keys.derived_ready(run.project.derived_version) in changed:
        return EPOCH
    manifests = [m for key in changed if (m := read_manifest(run.store, keys.arrived_of(key)))]
    touched = {d for manifest in manifests for d in manifest.days}
    since = min(touched | {date.fromisoformat(latest["as_of"]), day - timedelta(days=TRAILING_DAYS)})
    return min(
        since,
        from_new_links(run, since, day),
        from_new_memberships(run, family, since, day),
        from_new_traits(run, family, since, day),
    )


def from_new_links(run: Run, since: date, day: date) -> date:
    """The first day on which an id was seen that now belongs to another person: its events are now that person's.

    If such an id has a trait or joined an account, these now count for that person under any of their ids.
    """
    if not days_of(run.store, run.project, "identities", since, day):
        return day
    _find_moved_ids(run, since, day)
    traits, memberships = merged_rows(run, "traits", day), merged_rows(run, "memberships", day)
    ids = spliced(_sql("moved_ids_with_traits_or_accounts"), traits=traits, memberships=memberships)
    return min(
        _first_seen(run, day, Sql("select id from moved_ids"), connected=False),
        _first_seen(run, day, ids, connected=True),
    )


def _find_moved_ids(run: Run, since: date, day: date) -> None:
    """Make the table moved_ids. A link may move ids that it does not name, if it says that somebody has signed in."""
    if run.shared_inputs.get("moved_ids") == (since, day):
        return
    _make_person_of(run, since - DAY)
    run.db.execute("create or replace table person_before as select * from person_of")
    _make_person_of(run, day)
    begins = literal(str(run.calendar.starts_at(since)))
    run.db.execute(spliced(_sql("moved_ids"), since=Sql(f"cast({begins} as timestamp)")))
    run.shared_inputs["moved_ids"] = (since, day)


def _make_person_of(run: Run, until: date) -> None:
    links = merged_rows(run, "identities", until)
    run.db.execute(spliced("create or replace table links as {links}", links=links))
    make_person_of(run.db, merge_signed_in=run.project.settings.merge_signed_in)
    for made in ("links", "person_of"):  # those of another day, so that the next family does not read them
        run.shared_inputs.pop(made, None)


def from_new_memberships(run: Run, family: str, since: date, day: date) -> date:
    """The earliest day on which anyone who has since joined an account was active.

    Their earlier events may now belong to that account.
    """
    if not run.project.by_membership or all(d.actor == "person" for d in run.project.of(family).values()):
        return day
    return from_new_rows(run, "memberships", since, day)


def from_new_traits(run: Run, family: str, since: date, day: date) -> date:
    """The first day on which people were seen whose traits have changed, if a definition splits by the latest."""
    split = [
        run.project.segments[segment]
        for definition in run.project.of(family).values()
        for segment in definition.segments
        if not definition.has_entry() or run.project.segments[segment].at == "latest"
    ]
    return from_new_rows(run, "traits", since, day) if split else day


def from_new_rows(run: Run, table: str, since: date, day: date) -> date:
    """The first day on which people were seen, under any of their ids, who have new rows in a day table."""
    days = days_of(run.store, run.project, table, since, day)
    if not days:
        return day
    files = list(run.store.local(days.values(), run.work).values())
    ids = spliced("select id from {rows}", rows=parquet(files, DAY_TABLES[table]))
    return _first_seen(run, day, ids, connected=True)


def _first_seen(run: Run, day: date, ids: Sql, connected: bool) -> date:
    """The day before these ids were first seen, as people or as accounts; `day` where they never were.

    `connected`: the other ids of the same people, and of the accounts' members, count too.
    """
    merged = {table: merged_rows(run, table, day) for table in ("seen", "memberships", "identities")}
    found = run.db.execute(
        spliced(_sql("first_seen_of"), ids=ids, connected=Sql(str(connected).lower()), **merged)
    ).fetchone()
    return found[0].date() - DAY if found and found[0] else day


def _sql(name: str) -> str:
    return sql_file("daybreak.metrics.sql", name)
