"""Makes the tables a family's SQL joins, from the derived tables of the lake. These are all a family may rely on:

    run                    until_us: everything before this instant is known, nothing from it on counts; hour_shift_us
    definitions            definition, version, first_partition, actor, period and the family's own (`Definition.row`)
    selectors              definition, role, place, selector, event (in words), optional (of steps): `Definition.roles`,
                           in order from 1
    variants               definition, place, variant, share: of experiments
    spans                  definition, period, first_period, last_period: for retention
    starts                 definition, person, started_us, hour_number, day_number: the first ever by role `entry`
    first_seen, last_seen  selector, person, seen_us, day_number: for seen roles
    activity               selector, person, day_number, uses: for daily roles
    matches                selector, person, at_us, hour_number, event_key: every event of timed roles
    answers                definition, person, at_us, event_key, text, number: the property a definition reads
    segments               definition, person, entry, segment, segment_value: everybody is in `all`, and in one of each
                           other; entry is 0, or the period's number where people enter again and again
    days                   definition, version, day, day_number, complete, known_us: days that have begun
    outcomes               definition, person, day_number, started_us, finished, reached_us: for role `milestone`
    outcome_counts         the same counted by day of entry and segment: people, finished, reached, reached_so_far
    entrants, reached      who entered a funnel (until_us, excluded), and each step reached (step, reached_us)
    goals                  definition, person, reached_us: of experiments, under the name `goal_of`
    calendar_periods       period, period_number, first_day, starts_us, ends_us
    calendar_day_periods   period, day_number, period_number
    numbers                number: 1 to 400

`person` is the account where a definition counts accounts: its selectors are counted apart under another name. Times
are whole microseconds since 1970 UTC, days, hours and periods are numbers, so the SQL is plain arithmetic.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from daybreak.definitions.project import Project
from daybreak.engine import database
from daybreak.engine.calendar import DAY_PERIODS, DAYS, PERIODS, Calendar, micros
from daybreak.engine.database import Connection
from daybreak.export.derive import DAY_TABLES, days_of, json_path
from daybreak.export.merge import merged_rows
from daybreak.families.base import Definition
from daybreak.families.completion import Completion
from daybreak.families.completion_attempts import attempts_sql, entrants_sql, reached_sql
from daybreak.families.experiment import Experiment
from daybreak.families.registry import Family
from daybreak.families.retention import MOST_PERIODS, Retention
from daybreak.lake.store import Store

ONE_DAY = timedelta(days=1)
EVER = date(1970, 1, 1)


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
    counted = _with_goals(project.of(question.family.name))
    _definitions(db, project, question, counted)
    _wanted(db, counted)
    _merged(db, store, work, project, question, counted)
    _days(db, store, work, project, question, counted)
    _calendar(db, project, question, counted)
    _run(db, "person_of")
    _follow_links(db)
    by_actor = "people_and_accounts" if project.counts_accounts else "people"
    _run(db, "members")
    for table, instant in (("activity_days", "first_at"), ("match_days", "matched_at"), ("seen", "first_at")):
        db.execute(_sql(by_actor).format(table=table, at=f'"{instant}"'))
    for table in ("activity", "matches", "seen", "entries", "segments", "answers"):
        _run(db, table)
    _funnels(db, counted)
    for table in ("days", "outcomes", "outcome_counts", "goals"):
        db.execute(f"create or replace table {table} as {_sql(table)}")


def _with_goals(definitions: dict[str, Definition]) -> dict[str, Definition]:
    """The definitions, and those that are goals of experiments under names of their own."""
    goals = {_goal_of(name): d.resolved for name, d in definitions.items() if isinstance(d, Experiment)}
    return {**definitions, **goals}


def _goal_of(name: str) -> str:
    return f"goal of {name}"


def _merged(
    db: Connection,
    store: Store,
    work: Path,
    project: Project,
    question: Question,
    counted: dict[str, Definition],
) -> None:
    """The merged tables as of the last day."""
    seen = _literals({s for d in counted.values() for s in d.selectors_of(d.seen_roles())})
    for table, name in (("identities", "links"), ("seen", "seen"), ("traits", "trait_values")):
        rows = merged_rows(store, work, project, table, question.last_day)
        only = f"where selector in ({seen})" if table == "seen" else ""
        db.execute(f"create or replace table {name} as select * from ({rows}) {only}")  # noqa: S608
    known = question.last_day if project.by_membership else EVER
    rows = merged_rows(store, work, project, "memberships", known)
    db.execute(f"create or replace table memberships as {rows}")


def _literals(selectors: set[str]) -> str:
    """For `in (…)`; the empty text, which is no selector, keeps the list from being empty."""
    return ", ".join(database.quoted(selector) for selector in sorted(selectors | {""}))


def _days(
    db: Connection,
    store: Store,
    work: Path,
    project: Project,
    question: Question,
    counted: dict[str, Definition],
) -> None:
    """Views of the day tables over the days these definitions read, holding the selectors they read there."""
    for table, name in (("activity", "activity_days"), ("matches", "match_days")):
        roles = {n: d.daily_roles() if table == "activity" else d.timed_roles() for n, d in counted.items()}
        reading = {n: d for n, d in counted.items() if d.selectors_of(roles[n])}
        wanted = _literals({s for n, d in reading.items() for s in d.selectors_of(roles[n])})
        files = []
        if reading:
            first = min(_first(question, n) - d.reads_days_before() * ONE_DAY for n, d in reading.items())
            files = list(store.local(days_of(store, project, table, first, question.last_day).values(), work).values())
        rows = database.read_parquet(files, DAY_TABLES[table])
        db.execute(f"create or replace view {name} as select * from {rows} where selector in ({wanted})")  # noqa: S608


def _first(question: Question, name: str) -> date:
    """The oldest partition to compute; a goal is looked up for everybody who was ever exposed."""
    return question.firsts.get(name, EVER)


def _definitions(db: Connection, project: Project, question: Question, counted: dict[str, Definition]) -> None:
    """Tables run, definitions, definition_segments, selectors, spans and numbers."""
    family = question.family.name
    rows = [
        {
            "definition": name,
            "version": project.version(family, name) if name in question.firsts else "",
            "first_partition": _first(question, name),
            "actor": definition.actor,
            "period": None,
            "by_activity": int(not {"entry", "again"} & set(definition.roles())),
            "goal": _goal_of(name),
            "property_path": json_path(str(definition.row().get("property", ""))),
            "window_us": 0,
            "at_least": 1,
            "needed": 1,
            **definition.row(),
        }
        for name, definition in counted.items()
    ]
    types = {name: _type(value) for row in rows for name, value in row.items() if value is not None}
    names = dict.fromkeys(name for row in rows for name in row)
    whole = [{name: row.get(name) for name in names} for row in rows]
    database.create(db, "definitions", {name: types.get(name, "VARCHAR") for name in names}, whole)
    segments = [
        {
            "definition": name,
            "segment": segment,
            "trait": (chosen := project.segments[segment]).trait,
            "property_path": json_path(chosen.property) if chosen.property else None,
            "taken": chosen.at,
        }
        for name, definition in project.of(family).items()
        for segment in definition.segments
    ]
    texts = dict.fromkeys(("definition", "segment", "trait", "property_path", "taken"), "VARCHAR")
    database.create(db, "definition_segments", texts, segments)
    spans = dict.fromkeys(("period", "first_period", "last_period"), "BIGINT")
    database.create(db, "spans", {"definition": "VARCHAR", **spans}, _spans(counted))
    variants = {"definition": "VARCHAR", "place": "BIGINT", "variant": "VARCHAR", "share": "DOUBLE"}
    database.create(db, "variants", variants, _variants(counted))
    run = {"until_us": micros(question.until), "hour_shift_us": _hour_shift(project)}
    database.create(db, "run", dict.fromkeys(run, "BIGINT"), [run])
    database.create(db, "numbers", {"number": "BIGINT"}, [{"number": n} for n in range(1, MOST_PERIODS + 1)])


def _spans(counted: dict[str, Definition]) -> list[dict[str, object]]:
    return [
        {"definition": name, "period": number, "first_period": first, "last_period": last}
        for name, definition in counted.items()
        if isinstance(definition, Retention)
        for number, (first, last) in enumerate(definition.spans(), start=1)
    ]


def _variants(counted: dict[str, Definition]) -> list[dict[str, object]]:
    return [
        {"definition": name, "place": place, "variant": variant, "share": share}
        for name, definition in counted.items()
        if isinstance(definition, Experiment)
        for place, (variant, share) in enumerate(definition.divided(), start=1)
    ]


def _hour_shift(project: Project) -> int:
    """Where a zone's full hours lie beside UTC's."""
    return Calendar(project.zone, project.settings.week_start).hour_shift // timedelta(microseconds=1)


def _wanted(db: Connection, counted: dict[str, Definition]) -> None:
    """Tables selectors and wanted: which selectors have which role where, and whose events they count."""
    selectors = [
        {
            "definition": name,
            "role": role,
            "place": place,
            "selector": _counted_as(definition, selector),
            "event": definition.label_of(role, place),
            "optional": int(
                isinstance(definition, Completion) and role == "step" and definition.steps[place - 1].optional
            ),
        }
        for name, definition in counted.items()
        for role, chosen in definition.roles().items()
        for place, selector in enumerate(chosen, start=1)
    ]
    texts = dict.fromkeys(("definition", "role", "selector", "event"), "VARCHAR")
    database.create(db, "selectors", {**texts, "place": "BIGINT", "optional": "BIGINT"}, selectors)
    wanted = {(s, d.actor, _counted_as(d, s)) for d in counted.values() for s in d.selectors()}
    names = ("selector", "actor", "counted_as")
    rows = [dict(zip(names, row, strict=True)) for row in sorted(wanted)]
    database.create(db, "wanted", dict.fromkeys(names, "VARCHAR"), rows)


def _counted_as(definition: Definition, selector: str) -> str:
    """One selector may be counted for people by one definition and for accounts by another."""
    return selector if definition.actor == "person" else f"account: {selector}"


def _funnels(db: Connection, counted: dict[str, Definition]) -> None:
    """Tables entrants and reached."""
    texts = dict.fromkeys(("definition", "person"), "VARCHAR")
    database.create(db, "entrants", {**texts, "until_us": "BIGINT", "excluded": "BIGINT"}, [])
    database.create(db, "reached", {**texts, "step": "BIGINT", "reached_us": "BIGINT"}, [])
    for name, funnel in counted.items():
        if isinstance(funnel, Completion):
            db.execute(f"create or replace table attempts as {attempts_sql(name, funnel)}")
            db.execute(f"insert into entrants {entrants_sql(name, 'attempts')}")
            db.execute(f"insert into reached {reached_sql(name, funnel, 'attempts')}")


def _type(value: object) -> str:
    return "DATE" if isinstance(value, date) else "BIGINT" if isinstance(value, int) else "VARCHAR"


def _calendar(db: Connection, project: Project, question: Question, counted: dict[str, Definition]) -> None:
    """From the first known day to the last day; periods from the first partition, if that is later."""
    calendar = Calendar(project.zone, project.settings.week_start)
    row = db.execute(
        "select least((select min(first_at) from seen), (select min(first_at) from activity_days), "
        "(select min(matched_at) from match_days))"
    ).fetchone()
    earliest = row[0].date() - 2 * ONE_DAY if row and row[0] else question.last_day
    database.create(db, "calendar_days", DAYS, calendar.days(earliest, question.last_day))
    read = min(_first(question, name) - d.reads_days_before() * ONE_DAY for name, d in counted.items())
    first = max(earliest, read)
    periods = list(calendar.periods(first, question.last_day))
    if any(definition.row().get("period") == "hour" for definition in counted.values()):
        periods += calendar.hours(first, question.last_day)
    database.create(db, "calendar_periods", PERIODS, periods)
    database.create(db, "calendar_day_periods", DAY_PERIODS, calendar.day_periods(first, question.last_day))


def _follow_links(db: Connection) -> None:
    """Chains: an id replaced by an id that was itself replaced belongs to the last of them. Rings do no harm."""
    for _ in range(16):  # each round doubles the length followed: 65,536 links
        changed = db.execute(
            "update person_of set person = further.person from person_of as further "
            "where further.id = person_of.person and further.person <> person_of.id"
        ).fetchone()
        if not changed or not changed[0]:
            return


def _run(db: Connection, name: str) -> None:
    db.execute(_sql(name))


def _sql(name: str) -> str:
    return database.statements("daybreak.metrics.inputs", f"{name}.sql")
