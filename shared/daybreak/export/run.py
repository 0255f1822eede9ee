"""One object with everything that a step of a job works with."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from daybreak.definitions.project import Project
from daybreak.engine.calendar import Calendar
from daybreak.engine.database import Connection, Limits, Workplace, workplace
from daybreak.lake.store import Store


@dataclass(frozen=True)
class Run:
    """One run of a job: the lake, the definitions, and a database with a folder for files, both removed afterwards.

    The database is opened by the first step that needs it.
    """

    store: Store
    project: Project
    place: Workplace
    work: Path
    """Where this part of the run keeps its files."""
    shared_inputs: dict[str, object] = field(default_factory=dict)
    """Input tables in the database that every family can read -> the moment they are made for."""

    @property
    def db(self) -> Connection:
        return self.place.db

    @cached_property
    def calendar(self) -> Calendar:
        return Calendar(self.project.zone, self.project.settings.week_start)

    def in_folder(self, name: str) -> "Run":
        """The same run with a folder of its own for files; the database is shared."""
        return replace(self, work=self.place.folder / name)


@contextmanager
def begin(store: Store, project: Project, limits: Limits) -> Iterator[Run]:
    """A run with a workplace of its own."""
    with workplace(limits) as place:
        yield Run(store, project, place, place.folder)
