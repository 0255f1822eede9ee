"""Finds the warnings of a project, and says each to a reader."""

import json
from collections.abc import Iterable, Iterator
from datetime import date

from daybreak.definitions.project import Project
from daybreak.engine.sql import Sql, inputs_of, spliced, sql_file
from daybreak.export.run import Run
from daybreak.lake.tables import Warned
from daybreak.metrics.warnings.found import Found, Reader
from daybreak.metrics.warnings.inputs import Inputs
from daybreak.metrics.warnings.registry import WARNINGS


def find(run: Run, day: date, kinds: Iterable[str] = WARNINGS) -> list[Found]:
    """The warnings of these kinds about the events up to the end of a project day, by default all of the registry."""
    inputs = Inputs(run, day)
    return [found for kind in kinds for found in _find(run, inputs, kind)]


def _find(run: Run, inputs: Inputs, kind: str) -> Iterator[Found]:
    statement = Sql(sql_file("daybreak.metrics.warnings", kind))
    inputs.make(inputs_of(statement))
    rows = spliced("select definition, subject, count, total, detail from ({rows}) order by all", rows=statement)
    for definition, subject, count, total, detail in run.db.execute(rows).fetchall():
        yield Found(kind, definition, subject, int(count), int(total or 0), json.loads(detail))


def say(found: list[Found], project: Project, *, reads_events: bool) -> list[Warned]:
    """The warnings in sentences, for somebody who may read events or for everybody who reads the tables."""
    hidden = [path.split(".") for path in (*project.privacy.drop, *project.privacy.hash)]
    reader = Reader(reads_events, frozenset(path[1] for path in hidden if path[0] == "properties"))
    return [
        Warned(
            kind=one.kind,
            definition=one.definition,
            subject=one.subject,
            message=WARNINGS[one.kind](one, reader),
            count=one.count,
            total=one.total,
        )
        for one in found
    ]
