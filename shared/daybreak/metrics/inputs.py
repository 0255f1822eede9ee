"""Makes the tables a family's SQL joins, from the derived tables of the lake. These are all a family may rely on:

    run                    until_us: everything before this instant is known, nothing from it on counts
    definitions            definition, version, first_partition, start_selector, active_selector and the family's own
    steps                  definition, step, selector, event (the selector in words): for kinds that have steps
    starts                 selector, person, started_us, day_number: each person's first ever
    last_seen              selector, person, day_number
    matches                selector, person, at_us, event_key: every event of a timed selector
    activity               selector, person, day_number, uses
    segments               definition, person, segment, segment_value: everybody is in `all`, and in one of each other
    calendar_periods       period, period_number, first_day, starts_us, ends_us
    calendar_day_periods   period, day_number, period_number
    numbers                number: 1 to 400

Times are whole microseconds since 1970 UTC, days and periods are numbers, so the SQL is plain arithmetic.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from daybreak import database
from daybreak.calendar import DAY_PERIODS, DAYS, PERIODS, Calendar, micros
from daybreak.database import Connection
from daybreak.definitions import Project
from daybreak.export.derive import DAY_TABLES, days_of, json_path, merged_rows
from daybreak.lake.store import Store
from daybreak.metrics.definition import Definition, label
from daybreak.metrics.families import Family

ONE_DAY = timedelta(days=1)
MOST_NUMBERS = 400


@dataclass(frozen=True, slots=True)
class Question:
    """What to compute: a family's definitions, the day the data reaches to, and where it may have changed.

    `until` is the first instant not counted, UTC and naive; normally the end of `last_day`.
    `firsts`: definition -> the oldest partition to compute.
    """

    family: Family
    last_day: date
    until: datetime
    firsts: dict[str, date]


def prepare(db: Connection, store: Store, work: Path, project: Project, question: Question) -> None:
    """Make every table named above."""
    definitions = project.of(question.family.name)
    wanted = _literals({s for d in definitions.values() for s in d.selectors()})
    seen = _literals({s for d in definitions.values() for s in d.seen_selectors()})
    for table, name in (("identities", "links"), ("seen", "seen"), ("traits", "trait_values")):
        rows = merged_rows(store, work, project, table, question.last_day)
        only = f"where selector in ({seen})" if table == "seen" else ""
        db.execute(f"create or replace table {name} as select * from ({rows}) {only}")  # noqa: S608
    for table, name in (("activity", "activity_days"), ("matches", "match_days")):
        rows = _days(store, work, project, table, question)
        db.execute(f"create or replace view {name} as select * from {rows} where selector in ({wanted})")  # noqa: S608
    _definitions(db, project, question)
    _calendar(db, project, question)
    _run(db, "person_of")
    _follow_links(db)
    for table in ("starts", "activity", "matches", "segments"):
        _run(db, table)


def _literals(selectors: set[str]) -> str:
    """For `in (…)`; the empty text, which is no selector, keeps the list from being empty."""
    return ", ".join(database.quoted(selector) for selector in sorted(selectors | {""}))


def _days(store: Store, work: Path, project: Project, table: str, question: Question) -> str:
    """A day table over the days this question's definitions read it for, as a relation."""
    reading = [
        question.firsts[name] - definition.reads_days_before() * ONE_DAY
        for name, definition in project.of(question.family.name).items()
        if table in definition.day_tables()
    ]
    if not reading:
        return database.read_parquet([], DAY_TABLES[table])
    days = days_of(store, project, table, min(reading), question.last_day)
    return database.read_parquet(list(store.local(days.values(), work).values()), DAY_TABLES[table])


def _definitions(db: Connection, project: Project, question: Question) -> None:
    """Tables run, definitions, definition_segments, steps and numbers."""
    family = question.family.name
    definitions = project.of(family)
    rows = [
        {
            "definition": name,
            "version": project.version(family, name),
            "first_partition": question.firsts[name],
            "start_selector": None,
            "active_selector": None,
            **definition.row(),
        }
        for name, definition in definitions.items()
    ]
    database.create(db, "definitions", {name: _type(value) for name, value in rows[0].items()}, rows)
    segments = [
        {
            "definition": name,
            "segment": segment,
            "trait": (chosen := project.segments[segment]).trait,
            "property_path": json_path(chosen.property) if chosen.property else None,
            "taken": chosen.at,
        }
        for name, definition in definitions.items()
        for segment in definition.segments
    ]
    texts = dict.fromkeys(("definition", "segment", "trait", "property_path", "taken"), "VARCHAR")
    database.create(db, "definition_segments", texts, segments)
    step_types = {"definition": "VARCHAR", "step": "BIGINT", "selector": "VARCHAR", "event": "VARCHAR"}
    database.create(db, "steps", step_types, _steps(definitions))
    database.create(db, "run", {"until_us": "BIGINT"}, [{"until_us": micros(question.until)}])
    database.create(db, "numbers", {"number": "BIGINT"}, [{"number": n} for n in range(1, MOST_NUMBERS + 1)])


def _steps(definitions: dict[str, Definition]) -> list[dict[str, object]]:
    return [
        {"definition": name, "step": number, "selector": selector, "event": label(selector)}
        for name, definition in definitions.items()
        for number, selector in enumerate(getattr(definition, "steps", []), start=1)
    ]


def _type(value: object) -> str:
    return "DATE" if isinstance(value, date) else "BIGINT" if isinstance(value, int) else "VARCHAR"


def _calendar(db: Connection, project: Project, question: Question) -> None:
    """From the first known day to the last day; periods from the first partition, if that is later."""
    calendar = Calendar(project.zone, project.settings.week_start)
    row = db.execute(
        "select least((select min(first_at) from seen), (select min(first_at) from activity_days))"
    ).fetchone()
    earliest = row[0].date() - 2 * ONE_DAY if row and row[0] else question.last_day
    database.create(db, "calendar_days", DAYS, calendar.days(earliest, question.last_day))
    first = max(earliest, min(question.firsts.values()))
    database.create(db, "calendar_periods", PERIODS, calendar.periods(first, question.last_day))
    database.create(db, "calendar_day_periods", DAY_PERIODS, calendar.day_periods(first, question.last_day))


def _follow_links(db: Connection) -> None:
    """Chains: an id replaced by an id that was itself replaced belongs to the last of them. Rings are left alone."""
    for _ in range(16):  # each round doubles the length followed: 65,536 links
        changed = db.execute(
            "update person_of set person = further.person from person_of as further "
            "where further.id = person_of.person and further.person <> person_of.id"
        ).fetchone()
        if not changed or not changed[0]:
            return


def _run(db: Connection, name: str) -> None:
    db.execute(database.statements("daybreak.metrics.sql.inputs", f"{name}.sql"))
