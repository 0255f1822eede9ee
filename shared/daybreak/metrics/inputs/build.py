"""Makes the input tables that a family's SQL reads, and only these, each after the tables it is made from.

A `.sql` file names the tables it reads in its header, after `-- Inputs:`. A table is made by the `.sql` file of its
name beside this module, from the definitions (`definitions.py`), from the lake (`lake.py`), or by the calendar.
"""

from collections.abc import Callable, Iterable
from functools import partial

from daybreak.engine import database
from daybreak.engine.sql import Sql, casts, identifier, inputs_of, spliced, sql_file
from daybreak.export.run import Run
from daybreak.lake.tables import duckdb_columns
from daybreak.metrics.computation import Computation, with_goals
from daybreak.metrics.inputs import definitions, lake
from daybreak.metrics.inputs.definitions import Counted
from daybreak.metrics.inputs.tables import INPUT_TABLES
from daybreak.metrics.persons import make_person_of

_FUNNEL_TABLES = ("entrants", "reached")
_SHARED = {"run", "numbers", "links", "person_of", "trait_values", "memberships", "member_of"}
"""Tables that are the same for every family: those that run together make them once."""


class Inputs:
    """The input tables of one computation in its run's database.

    `counted` are its definitions; by default those of its family in the project, and their goals.
    """

    def __init__(self, run: Run, computation: Computation, counted: Counted | None = None) -> None:
        self._run, self._computation = run, computation
        self._counted = with_goals(run.project.of(computation.family.name)) if counted is None else counted
        self._moment = (computation.last_day, computation.until)
        self._made: set[str] = set()
        self._makers = self._own_makers()

    def make(self, names: Iterable[str]) -> None:
        """Make these tables, each after the tables it is made from. Raises FileNotFoundError for an unknown name."""
        for name in names:
            if name in self._made or self._run.shared_inputs.get(name) == self._moment:
                continue
            self._made.add(name)
            self._makers.get(name, partial(self._by_statement, name))()
            if name in _SHARED:
                self._run.shared_inputs[name] = self._moment

    def _own_makers(self) -> dict[str, Callable[[], None]]:
        """Table -> the function that makes it, if the SQL file of its name does not."""
        run, computation, counted = self._run, self._computation, self._counted
        from_here = {**definitions.TABLES, **lake.TABLES}
        makers: dict[str, Callable[[], None]] = {
            name: partial(make, run, computation, counted) for name, make in from_here.items()
        }
        own = computation.family.inputs
        makers |= {name: partial(definitions.own_table, run, computation, counted, name) for name in own}
        makers |= {f"{view}_by_actor": partial(self._by_actor, view) for view in lake.INSTANTS}
        makers |= dict.fromkeys(_FUNNEL_TABLES, self._funnels)
        makers |= dict.fromkeys(lake.CALENDARS, self._calendars)
        makers["person_of"] = self._persons
        return makers

    def _by_statement(self, name: str) -> None:
        statement = sql_file("daybreak.metrics.inputs", name)
        self.make(inputs_of(statement))
        if name in INPUT_TABLES:
            columns = casts(duckdb_columns(INPUT_TABLES[name]))
            statement = spliced("select {columns} from ({rows})", columns=columns, rows=Sql(statement))
        self._run.db.execute(
            spliced("create or replace table {name} as {rows}", name=identifier(name), rows=Sql(statement))
        )

    def _by_actor(self, view: str) -> None:
        """A table of the lake with people (and accounts) in place of ids."""
        file = "by_person_and_account" if self._run.project.counts_accounts else "by_person"
        parts = {"table": identifier(view), "at": identifier(lake.INSTANTS[view])}
        statement = spliced(sql_file("daybreak.metrics.inputs", file), **parts)
        self.make(name.strip('"') for name in inputs_of(statement))
        name = identifier(f"{view}_by_actor")
        self._run.db.execute(spliced("create or replace view {name} as {rows}", name=name, rows=statement))

    def _persons(self) -> None:
        self.make(inputs_of(sql_file("daybreak.metrics.inputs", "person_of")))
        make_person_of(self._run.db, merge_signed_in=self._run.project.settings.merge_signed_in)

    def _calendars(self) -> None:
        self._made.update(lake.CALENDARS)
        self.make(lake.INSTANTS)
        lake.calendars(self._run, self._computation, self._counted)

    def _funnels(self) -> None:
        self._made.update(_FUNNEL_TABLES)
        db = self._run.db
        for table in _FUNNEL_TABLES:
            database.create(db, table, duckdb_columns(INPUT_TABLES[table]), [])
        for name, definition in self._counted.items():
            if queries := definition.funnel_queries(name):
                self.make(inputs_of(queries.attempts))
                rows = Sql(queries.attempts)
                db.execute(spliced("create or replace table attempts as {rows}", rows=rows))
                db.execute(spliced("insert into entrants {rows}", rows=Sql(queries.entrants)))
                db.execute(spliced("insert into reached {rows}", rows=Sql(queries.reached)))
