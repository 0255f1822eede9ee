"""definitions check, list, show, schema, docs: what daybreak.toml measures, and whether it can."""

from pathlib import Path
from typing import Annotated

import typer

from daybreak.cli import show
from daybreak.cli.options import AsJson
from daybreak.definitions import json_schema, reference_page
from daybreak.definitions.project import Project, load
from daybreak.errors import InputError
from daybreak.families.base import label
from daybreak.families.registry import FAMILIES
from daybreak.files.compute import never_arrived_in_files
from daybreak.lake.tables import columns

APP = typer.Typer(help="What daybreak.toml measures, and whether it can.", no_args_is_help=True)
File = Annotated[Path, typer.Option("--definitions", help="What to measure")]
DEFAULT = Path("daybreak.toml")


@APP.command()
def check(
    events: Annotated[list[str] | None, typer.Argument(help="Files of events to look for its names in")] = None,
    definitions: File = DEFAULT,
) -> None:
    """Read the file and say in one line what is wrong; with events, also what it names and never came."""
    project = load(definitions)
    count, warnings = sum(1 for _ in project.all()), list[str]()
    if events:
        with show.ERR.status("reading …"):
            warnings = never_arrived_in_files(events, project)
        for warning in warnings:
            show.OUT.print(warning, style="yellow", markup=False, soft_wrap=True)
    found = f"{len(warnings)} names in them never came" if warnings else "all of which can be measured"
    show.OUT.print(f"{definitions}: {count} definitions, {found}.", markup=False)


@APP.command("list")
def list_(definitions: File = DEFAULT, as_json: AsJson = False) -> None:
    """Every definition with its question."""
    project = load(definitions)
    rows = [
        [
            f"{family}.{name}",
            definition.actor,
            ", ".join(definition.segments),
            project.version(family, name),
            definition.description,
        ]
        for family, named in project.definitions.items()
        for name, definition in named.items()
    ]
    names = ["definition", "actor", "segments", "version", "description"]
    if as_json:
        show.as_json([dict(zip(names, row, strict=True)) for row in rows])
    else:
        show.table("", names, rows)


@APP.command("show")
def show_(
    name: Annotated[str, typer.Argument(help="Such as activation.first_workflow; the last part is enough")],
    definitions: File = DEFAULT,
) -> None:
    """One definition in plain sentences: who is counted, what counts, and what its table's columns mean."""
    project = load(definitions)
    family, own = _find(project, name)
    definition = project.of(family)[own]
    show.OUT.print(f"{family}.{own}", style="bold", markup=False)
    paragraphs = [definition.description, definition.sentence(), _rule(family), _segments(project, definition.segments)]
    for paragraph in filter(None, paragraphs):
        show.OUT.print(f"\n{paragraph}", markup=False)
    roles = [[role, ", or ".join(map(label, selectors))] for role, selectors in definition.roles().items() if selectors]
    show.table("\nEvents", ["role", "events"], roles)
    table = [[column.name, column.comment] for column in columns(FAMILIES[family].row)]
    show.table(f"\nTable {family}, version {project.version(family, own)}", ["column", ""], table)


@APP.command("schema")
def schema_(out: Annotated[Path | None, typer.Option(help="Write it to this file")] = None) -> None:
    """The JSON Schema of daybreak.toml, for editors."""
    _written(json_schema.text(), out)


@APP.command()
def docs(out: Annotated[Path | None, typer.Option(help="Write it to this file")] = None) -> None:
    """What each number means, as a page."""
    _written(reference_page.text(), out)


def _written(text: str, out: Path | None) -> None:
    if out is None:
        typer.echo(text, nl=False)
    else:
        out.write_text(text, encoding="utf-8")


def _find(project: Project, name: str) -> tuple[str, str]:
    """Family and name of a definition, named in full or by its last part."""
    known = [(family, own) for family, named in project.definitions.items() for own in named]
    found = [pair for pair in known if name in (pair[1], ".".join(pair))]
    if len(found) == 1:
        return found[0]
    if found:
        raise InputError(f"{name!r} is several: {', '.join(map('.'.join, found))}; name one in full")
    raise InputError(f"{name!r} is not defined; there are {', '.join(map('.'.join, known))}")


def _rule(family: str) -> str:
    return " ".join((FAMILIES[family].definition.__doc__ or "").split())


def _segments(project: Project, names: list[str]) -> str:
    said = []
    for name in names:
        segment = project.segments[name]
        when = "as of the start" if segment.at == "start" else "as known last"
        said.append(
            f"{name} (trait {segment.trait}, {when})"
            if segment.trait
            else f"{name} (property {segment.property} of the start event)"
        )
    return f"Split by {', '.join(said)}." if said else ""
