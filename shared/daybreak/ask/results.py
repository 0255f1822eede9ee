"""The result tables of one moment in a sealed database, and how far each of them reaches.

A value of a segment is in it only if so many different people are known to have it that it names nobody. The list
counts are in it without the names of their files. Nothing else is: no event, no person, nobody who is on a list.
"""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, date, datetime

from daybreak.ask.source import SMALL, Source, read_json, read_small
from daybreak.definitions.nearest import nearest
from daybreak.definitions.project import ALL, Project
from daybreak.engine.calendar import DAY
from daybreak.engine.database import Connection, Limits, create
from daybreak.engine.one_select import shortened
from daybreak.engine.sql import Sql, identifier, identifiers, literal, literals, parquet, spliced, sql_file
from daybreak.errors import InputError
from daybreak.export.run import Run, begin
from daybreak.families.base import FEWEST_PEOPLE, Definition, Family
from daybreak.families.registry import FAMILIES
from daybreak.lake import keys
from daybreak.lake.tables import MeasuredDefinition, Warned, duckdb_columns
from daybreak.metrics.publish import described
from daybreak.metrics.views import view_of
from daybreak.page.read import different_people

DEFINITIONS = "definitions"
"""The table of what each metric counts."""
LIST_FILE = "file"
"""The one column of the table of lists that leads to people."""
LIMITS = Limits(memory_mb=500)
"""A desk has other things to do. A table that is larger than this is read in parts."""


@dataclass(frozen=True, slots=True)
class Reach:
    """How far the table of a family reaches."""

    day: date
    """The last day that is wholly known."""
    until: datetime
    """The first instant that the table does not know, aware."""
    versions: Mapping[str, str]
    """Definition -> the version that was computed."""


@dataclass(frozen=True, slots=True)
class Results:
    """The tables of one moment. `run.db` is sealed: it reads no file and cannot be written."""

    run: Run
    reaches: Mapping[str, Reach]
    """By family; a family that was never computed is missing."""
    values: Mapping[str, Sequence[str]]
    """Segment -> its values that enough people have."""
    left_out: Mapping[str, int]
    """Segment -> how many values were left out."""
    warnings: Sequence[Warned]
    opened: ExitStack

    def close(self) -> None:
        """Remove the database."""
        self.opened.close()

    @property
    def project(self) -> Project:
        return self.run.project

    @property
    def db(self) -> Connection:
        return self.run.db

    @property
    def newest(self) -> Reach:
        """The reach of the table that reaches furthest."""
        return max(self.reaches.values(), key=lambda reach: reach.until)

    def reach_of(self, family: Family, name: str) -> Reach:
        """How far the rows of a definition reach. Raises InputError if they were not computed as it is defined now."""
        metric = f"{family.name}.{name}"
        if not self.is_computed(metric):
            raise InputError(f"{metric} was not computed as it is defined now; compute the results again")
        return self.reaches[family.name]

    def is_computed(self, metric: str) -> bool:
        """True if a metric was computed as it is defined now."""
        family, _, name = metric.partition(".")
        reach = self.reaches.get(family)
        return reach is not None and reach.versions.get(name) == self.project.version(family, name)

    @property
    def not_computed(self) -> list[str]:
        """What to say of the metrics that have no rows, because they are new or were changed."""
        names = ", ".join(metric for metric in self.metrics if not self.is_computed(metric))
        return [f"not computed as defined now, so without rows: {names}; compute the results again"] if names else []

    def metric(self, metric: str) -> tuple[Family, str, Definition]:
        """A definition by its full name, such as activation.first_value. Raises InputError."""
        family, _, name = metric.partition(".")
        definition = self.project.of(family).get(name)
        if definition is None:
            raise InputError(unknown(metric, self.metrics))
        return FAMILIES[family], name, definition

    @property
    def metrics(self) -> list[str]:
        """The full name of every definition."""
        return [f"{family}.{name}" for family in self.project.measured for name in self.project.of(family)]

    @property
    def tables(self) -> dict[str, str]:
        """Every table that a query can read, with what a row of it is."""
        models = {name: model.__doc__ or "" for name, model in SMALL.items()}
        of_families = {family: FAMILIES[family].row.__doc__ or "" for family in self.project.measured}
        views = {v.name: v.description for v in (view_of(FAMILIES[f], self.project) for f in self.project.measured)}
        return {**of_families, **views, **models, DEFINITIONS: MeasuredDefinition.__doc__ or ""}

    def segment_value(self, definition: Definition, metric: str, segment: str, value: str | None) -> str | None:
        """The value of a segment as the tables hold it, for one that was asked for as answers show it.

        Raises InputError for a segment that the metric does not have, and a value that no one or too few have.
        """
        if segment == ALL:
            if value not in (None, ALL):
                raise InputError(f"segment_value {shortened(str(value), 60)!r} needs the name of its `segment`")
            return None
        if segment not in definition.segments:
            raise InputError(unknown(segment, definition.segments, f"a segment of {metric}"))
        if value is None:
            return None
        shown = {shortened(one): one for one in self.values.get(segment, ())}
        if value not in shown:
            raise InputError(
                f"segment {segment} has no value {shortened(value, 60)!r} that {FEWEST_PEOPLE} people have; "
                f"choose from {', '.join(shown) or 'none'}"
            )
        return shown[value]


def unknown(name: str, known: Sequence[str], word: str = "defined") -> str:
    """The error about a name that is not there. The name is shown only in part: it can be anything."""
    return f"{shortened(name, 60)!r} is not {word}{nearest(name[:60], known)}"


def read(source: Source) -> Results:
    """The results that are there now; the caller closes them. Raises InputError."""
    project = source.project()
    with ExitStack() as opened:
        run = opened.enter_context(begin(source.store, project, LIMITS))
        reaches = {f: reach for f in project.measured if (reach := _reach(source, run, f)) is not None}
        if not reaches:
            raise InputError("none of these definitions was computed yet; compute the results again")
        for family in project.measured:
            columns = duckdb_columns(FAMILIES[family].row)
            _load(
                run, FAMILIES[family], source.rows(run, FAMILIES[family]) if family in reaches else parquet([], columns)
            )
        _load_small(run, source)
        values, left_out = _leave_out(run)
        for family in project.measured:
            view = view_of(FAMILIES[family], project)
            run.db.execute(spliced("create view {name} as {rows}", name=identifier(view.name), rows=view.sql))
        run.place.seal()
        return Results(
            run, reaches, values, left_out, read_small(source.store, keys.WARNINGS, Warned), opened.pop_all()
        )


def _reach(source: Source, run: Run, family: str) -> Reach | None:
    latest = read_json(source.store, keys.latest(family))
    if latest is None:
        return None
    day, through = date.fromisoformat(latest["as_of"]), datetime.fromisoformat(latest["through"])
    ends = run.calendar.ends_at(day).replace(tzinfo=UTC)  # the events reach further than the day they are counted to
    return Reach(day if through >= ends else day - DAY, min(through, ends), latest["versions"])


def _load(run: Run, family: Family, rows: Sql) -> None:
    """Keep those of a family's rows that count as its definitions say now."""
    versions = run.project.versions(family.name)
    statement = spliced(
        "create table {name} as select {columns} from {rows} as r where definition || ' ' || version in ({versions}) "
        "order by all",
        name=identifier(family.name),
        columns=identifiers(duckdb_columns(family.row)),
        rows=rows,
        versions=literals(f"{name} {version}" for name, version in versions.items()),
    )
    run.db.execute(statement)


def _load_small(run: Run, source: Source) -> None:
    for name, model in SMALL.items():
        columns = {column: type_ for column, type_ in duckdb_columns(model).items() if column != LIST_FILE}
        rows = [row.model_dump() for row in source.small(run, name, model)]
        create(run.db, name, columns, rows)
    meanings = [row for family in run.project.measured for row in described(run.project, family)]
    create(run.db, DEFINITIONS, duckdb_columns(MeasuredDefinition), meanings)


def _leave_out(run: Run) -> tuple[dict[str, list[str]], dict[str, int]]:
    """Delete the rows of values that too few people are known to have. Returns the others, and how many went."""
    people: dict[tuple[str, str], int] = {}
    for family in run.project.measured:
        counted = different_people(FAMILIES[family])
        for segment, value, count in run.db.execute(_people_of(family, counted or Sql("0"))).fetchall():
            people[segment, value] = max(people.get((segment, value), 0), int(count or 0))
    known = [{"segment": s, "segment_value": v} for (s, v), count in people.items() if count >= FEWEST_PEOPLE]
    create(run.db, "known", dict.fromkeys(("segment", "segment_value"), "VARCHAR"), known)
    for table in (*run.project.measured, keys.GOALS, keys.ALERTS):
        few = spliced(
            "delete from {table} where segment <> {all} and (segment, segment_value) not in "
            "(select (segment, segment_value) from known)",
            table=identifier(table),
            all=literal(ALL),
        )
        run.db.execute(few)
    run.db.execute("drop table known")
    values: dict[str, list[str]] = {}
    left_out: dict[str, int] = {}
    for (segment, value), count in sorted(people.items()):
        if count >= FEWEST_PEOPLE:
            values.setdefault(segment, []).append(value)
        else:
            left_out[segment] = left_out.get(segment, 0) + 1
    return values, left_out


def _people_of(family: str, people: Sql) -> Sql:
    statement = sql_file("daybreak.page.sql", "people_of")
    return spliced(statement, rows=identifier(family), everybody=literal(ALL), people=people)
