"""The commands that set a project up: its definitions in daybreak.toml, and its tracking plan."""

import sys
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from daybreak.cli import show
from daybreak.cli.options import AsJson, Cloud, MappingFile, StackName, mapping_in
from daybreak.cli.target import definitions_here, deployment
from daybreak.definitions import json_schema, reference_page
from daybreak.definitions.project import ALL, Project, load, parse
from daybreak.errors import DayMissing, DefinitionError, InputError
from daybreak.families.registry import FAMILIES
from daybreak.families.selectors import label
from daybreak.files.compute import LookedAt, look_at_files
from daybreak.files.counts import EventCounts
from daybreak.files.readers.read import read_events
from daybreak.files.readers.reading import Reading
from daybreak.ingest.tracking_plan import load_plan
from daybreak.lake.tables import Warned, columns
from daybreak.mapping.export_mapping import FileMapping
from daybreak.metrics.job import Metrics
from daybreak.tracking.compare import compare
from daybreak.tracking.observed import Observed, lake_events, observe
from daybreak.tracking.observed import learn as draft
from daybreak.tracking.pages import plan_page, plan_toml
from daybreak.watch.job import Watch
from daybreak.watch.sight import Sight, refused_of

PANEL = "Setup"
DEFINITIONS = typer.Typer(help="Check, list and explain the definitions in daybreak.toml.", no_args_is_help=True)
PLAN = typer.Typer(help="Draft, check and enforce the tracking plan.", no_args_is_help=True)

Definitions = Annotated[Path, typer.Option("--definitions", help="The file of definitions")]
PlanFile = Annotated[Path, typer.Option("--plan", help="The file of the plan")]
Events = Annotated[list[str] | None, typer.Argument(help="Files of events; without them, the deployed lake")]
Days = Annotated[int, typer.Option(help="How many days of arrivals to read from the deployed lake, today included")]
Out = Annotated[Path | None, typer.Option(help="The file to write; printed without it")]
_ANYBODY = '[project]\ntimezone = "UTC"\n[active_people.anybody]\ndescription = "Anybody"\n'
"""Definitions for a folder that has none: any event counts, so that the warnings know every id."""
DEFAULT_DEFINITIONS, DEFAULT_PLAN = Path("daybreak.toml"), Path("events/plan.toml")


def register(app: typer.Typer) -> None:
    """Add the commands of this panel."""
    app.add_typer(DEFINITIONS, name="definitions", rich_help_panel=PANEL)
    app.add_typer(PLAN, name="plan", rich_help_panel=PANEL)


@DEFINITIONS.command("check")
def check_definitions(
    events: Annotated[list[str] | None, typer.Argument(help="Files of events in which the names must occur")] = None,
    definitions: Definitions = DEFAULT_DEFINITIONS,
    deployed: Annotated[
        bool, typer.Option("--deployed", help="Say what each alert can see with the people of the deployed lake")
    ] = False,
    mapping: MappingFile = None,
    cloud: Cloud = "auto",
    stack: StackName = "Daybreak",
    as_json: AsJson = False,
) -> None:
    """Check the file of definitions. With events, list doubts about its numbers, and what each alert can see."""
    project = load(definitions)
    count, looked = sum(1 for _ in project.all()), LookedAt(EventCounts(), [], [])
    with show.ERR.status("reading …"):
        if events:
            looked = look_at_files(events, project, datetime.now(UTC), mapping_in(mapping))
        elif deployed:
            looked = looked._replace(sights=Watch(deployment(cloud, stack).lake(), project).sights())
    warnings = looked.warnings
    if as_json:
        show.as_json([warning.model_dump() for warning in [*warnings, *map(_as_warned, looked.sights)]])
        _refuse_blind_alerts(definitions, looked.sights)
        return
    show.left_out(looked.counts)
    show.understood(looked.counts)
    show.warnings(warnings)
    show.lines(f"[alert.{sight.alert}]{_of(sight)} {sight.message}" for sight in looked.sights)
    _refuse_blind_alerts(definitions, looked.sights)
    found = f"{len(warnings)} warning{'s'[: len(warnings) != 1]}" if warnings else "all of which can be measured"
    show.OUT.print(f"{definitions}: {count} definitions, {found}.", markup=False)


@DEFINITIONS.command("list")
def list_definitions(definitions: Definitions = DEFAULT_DEFINITIONS, as_json: AsJson = False) -> None:
    """List every definition with its description."""
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
        show.as_json(show.objects(names, rows))
    else:
        show.table("", names, rows)


@DEFINITIONS.command("show")
def show_definition(
    name: Annotated[str, typer.Argument(help="Such as activation.first_workflow; the last part is enough")],
    definitions: Definitions = DEFAULT_DEFINITIONS,
) -> None:
    """Explain one definition: who is counted, what counts, and what the columns of its table mean."""
    project = load(definitions)
    family, own = _find(project, name)
    definition = project.of(family)[own]
    show.OUT.print(f"{family}.{own}", style="bold", markup=False)
    paragraphs = [definition.description, definition.explain(), _rule(family), _segments(project, definition.segments)]
    for paragraph in filter(None, paragraphs):
        show.OUT.print(f"\n{paragraph}", markup=False)
    roles = [[role, ", or ".join(map(label, selectors))] for role, selectors in definition.roles().items() if selectors]
    show.table("\nEvents", ["role", "events"], roles)
    table = [[column.name, column.comment] for column in columns(FAMILIES[family].row)]
    show.table(f"\nTable {family}, version {project.version(family, own)}", ["column", ""], table)


@DEFINITIONS.command("schema")
def print_schema(out: Out = None) -> None:
    """Print the JSON Schema of daybreak.toml, for editors."""
    _write_exactly(json_schema.text(), out)


@DEFINITIONS.command("docs")
def print_metrics_page(out: Out = None) -> None:
    """Print the page that explains every metric, in Markdown."""
    _write_exactly(reference_page.text(), out)


@PLAN.command()
def learn(
    events: Events = None,
    out: Out = None,
    days: Days = 7,
    mapping: MappingFile = None,
    cloud: Cloud = "auto",
    stack: StackName = "Daybreak",
) -> None:
    """Draft a plan from the events that arrived. You add the purpose and the owner of each event."""
    _write(plan_toml(draft(_observed(events, days, cloud, stack, mapping_in(mapping)))), out)


@PLAN.command("check")
def check_plan(
    events: Events = None,
    plan: PlanFile = DEFAULT_PLAN,
    definitions: Definitions = DEFAULT_DEFINITIONS,
    days: Days = 7,
    mapping: MappingFile = None,
    cloud: Cloud = "auto",
    stack: StackName = "Daybreak",
    as_json: AsJson = False,
) -> None:
    """Compare the plan with the events that arrived, and list the warnings. Exit code 1 if plan and events differ."""
    wanted, mapped = load_plan(plan), mapping_in(mapping)
    found = compare(wanted, _observed(events, days, cloud, stack, mapped))
    counts, warnings = _looked_at(events, definitions, cloud, stack, mapped)
    rows = [[difference.what, difference.event, difference.property, difference.came] for difference in found]
    names = ["difference", "event", "property", "came"]
    if as_json:
        said = [[f"warning: {w.kind}", w.definition or "", w.subject, w.message] for w in warnings]
        show.as_json(show.objects(names, [*rows, *said]))
    elif rows:
        show.table(f"{plan} and the events that arrived", names, rows)
    else:
        show.OUT.print(f"{plan}: the events that arrived are as planned.", markup=False)
    if not as_json:
        show.left_out(counts)
        show.understood(counts)
        show.warnings(warnings, most=show.WARNINGS_SHOWN)
    if rows:
        sys.exit(1)


@PLAN.command("docs")
def print_plan_page(plan: PlanFile = DEFAULT_PLAN, out: Out = None) -> None:
    """Print the page that lists what is collected, from where and for what, in Markdown."""
    _write(plan_page(load_plan(plan)), out)


@PLAN.command()
def push(plan: PlanFile = DEFAULT_PLAN, cloud: Cloud = "auto", stack: StackName = "Daybreak") -> None:
    """Put the plan in force. The endpoint judges events by it within a minute, without a deploy."""
    wanted = load_plan(plan)
    deployment(cloud, stack).live_rules().set_plan(wanted)
    others = ", ".join(f"{source}: {mode}" for source, mode in wanted.sources.items())
    show.OUT.print(f"{plan}: {len(wanted.events)} events, mode {wanted.mode}{f' ({others})' if others else ''}; "
                   "in force within a minute.", markup=False)  # fmt: skip


@PLAN.command()
def off(cloud: Cloud = "auto", stack: StackName = "Daybreak") -> None:
    """Take the plan out of force, within a minute."""
    deployment(cloud, stack).live_rules().set_plan(None)
    show.OUT.print("Within a minute, no plan is in force any more.")


def _write_exactly(text: str, out: Path | None) -> None:
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
        raise InputError(f"several definitions are named {name!r}; choose from {', '.join(map('.'.join, found))}")
    raise InputError(f"unknown definition {name!r}; choose from {', '.join(map('.'.join, known))}")


def _rule(family: str) -> str:
    return " ".join((FAMILIES[family].definition.__doc__ or "").split())


def _segments(project: Project, names: list[str]) -> str:
    texts = []
    for name in names:
        segment = project.segments[name]
        when = "as of the start" if segment.at == "start" else "as known last"
        texts.append(
            f"{name} (trait {segment.trait}, {when})"
            if segment.trait
            else f"{name} (property {segment.property} of the start event)"
        )
    return f"Split by {', '.join(texts)}." if texts else ""


def _as_warned(sight: Sight) -> Warned:
    """A sight among the warnings, for programs."""
    group = "" if sight.segment == ALL else f"{sight.segment} {sight.segment_value}"
    people = sight.people or 0
    return Warned(kind="alert_sight", definition=f"alert.{sight.alert}", subject=group, message=sight.message,
                  count=people, total=people)  # fmt: skip


def _of(sight: Sight) -> str:
    return "" if sight.segment == ALL else f" of {sight.segment} {sight.segment_value}"


def _refuse_blind_alerts(definitions: Path, sights: Iterable[Sight]) -> None:
    """Refuse an alert that could see nothing smaller than a total loss. Raises DefinitionError."""
    for refused in refused_of(sights):
        raise DefinitionError(f"{definitions.name}: {refused.message}")


def _observed(events: list[str] | None, days: int, cloud: str, stack: str, mapping: FileMapping | None) -> Observed:
    if events:
        read = read_events(events, Reading(mapping=mapping))
        return observe(event for event in read if isinstance(event, dict))
    today = datetime.now(UTC).date()
    wanted = [today - timedelta(days=n) for n in range(days)]
    with show.ERR.status("reading events …"):
        return observe(lake_events(deployment(cloud, stack).lake(), wanted))


def _looked_at(
    events: list[str] | None, definitions: Path, cloud: str, stack: str, mapping: FileMapping | None
) -> tuple[EventCounts, list[Warned]]:
    """What these files, or all events of the lake, give reason to doubt; without definitions only about the events."""
    if events:
        project = load(definitions) if definitions.exists() else parse(_ANYBODY)
        with show.ERR.status("reading …"):
            looked = look_at_files(events, project, datetime.now(UTC), mapping)
            return looked.counts, looked.warnings
    try:
        with show.ERR.status("looking for warnings …"):
            return EventCounts(), Metrics(deployment(cloud, stack).lake(), definitions_here()).look()
    except DayMissing as reason:
        show.ERR.print(f"no warnings could be looked for: {reason}", markup=False, soft_wrap=True)
        return EventCounts(), []


def _write(text: str, out: Path | None) -> None:
    if out is None:
        show.OUT.print(text, markup=False, end="", soft_wrap=True)
        return
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(text)
    show.OUT.print(f"Written to {out}.", markup=False)
