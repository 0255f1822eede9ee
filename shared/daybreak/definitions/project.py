"""daybreak.toml, read and checked by the same model everywhere: at synth, by `daybreak compute` and in each Lambda."""

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from functools import cached_property, partial
from pathlib import Path
from typing import Annotated, Any, Literal, NoReturn, TypeVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from daybreak.definitions.alerts import Alert
from daybreak.definitions.chosen import Misfit
from daybreak.definitions.goals import Goal
from daybreak.definitions.lists import PeopleList
from daybreak.definitions.nearest import nearest
from daybreak.definitions.page import Page
from daybreak.definitions.sends import METRICS, Send
from daybreak.definitions.watched import check_alert, check_goal
from daybreak.definitions.webhooks import Webhook
from daybreak.errors import DefinitionError
from daybreak.families.base import ENTRY_ROLES, Definition, version_of
from daybreak.families.reading import Reading
from daybreak.families.registry import FAMILIES
from daybreak.families.selectors import PropertyName, event_selector
from daybreak.ingest.event import OWN_SOURCE
from daybreak.ingest.privacy import Privacy
from daybreak.mapping.mapping import Zone

LAYOUT = 2
"""Number of the layout of the derived tables: a new one begins a new tree, which a backfill fills."""
ALL = "all"
"""The name of the segment that everybody is in."""

M = TypeVar("M", bound=BaseModel)
NAMED: dict[str, type[BaseModel]] = {
    "goal": Goal,
    "alert": Alert,
    "list": PeopleList,
    "send": Send,
    "webhook": Webhook,
}
"""The tables of daybreak.toml that hold named tables besides the segments and the families, with their models."""

_NAME = re.compile(r"^[a-z][a-z0-9_]{0,62}$")


class Settings(BaseModel):
    """[project]: settings for all numbers."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    timezone: Annotated[Zone, Field(description="IANA name; days begin at its midnight")]
    week_start: Annotated[Literal["monday", "sunday"], Field(description="First day of a calendar week")] = "monday"
    since: Annotated[
        date,
        Field(
            description="Athena lists events, rejected events and reconciliation from this day on; older ones are kept "
            "and counted. Results are always listed whole"
        ),
    ] = date(2025, 1, 1)
    account_property: Annotated[
        PropertyName | None,
        Field(
            description="The event property that names the account; without it, context.groupId and group calls do",
        ),
    ] = None
    merge_signed_in: Annotated[
        bool,
        Field(
            description="Makes one person of two who have both signed in, where a later identify or alias call links "
            "them; without it, such a link is not followed but listed in the warnings"
        ),
    ] = False


class Segment(BaseModel):
    """[segments.NAME]: how to split people, by a trait of the person or by a property of the start event."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    trait: Annotated[
        PropertyName | None, Field(description="A trait from identify calls; for accounts, from group calls")
    ] = None
    property: Annotated[
        PropertyName | None, Field(description="A property of the event by which the person entered")
    ] = None
    at: Annotated[
        Literal["start", "latest"],
        Field(description="Which value of a trait counts; families without a start event always take the latest"),
    ] = "start"

    @model_validator(mode="after")
    def _one_of_both(self) -> "Segment":
        if bool(self.trait) == bool(self.property):
            raise ValueError("needs either `trait` or `property`")
        if self.property and self.at == "latest":
            raise ValueError('`at = "latest"` needs a trait; a property always comes from the start event')
        return self


class Project(BaseModel):
    """A whole daybreak.toml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    settings: Settings
    privacy: Privacy = Privacy()
    segments: dict[str, Segment]
    definitions: dict[str, dict[str, Any]]
    """Family -> name -> its definition."""
    page: Page = Page()
    goals: dict[str, Goal] = {}
    alerts: dict[str, Alert] = {}
    lists: dict[str, PeopleList] = {}
    sends: dict[str, Send] = {}
    webhooks: dict[str, Webhook] = {}

    def of(self, family: str) -> dict[str, Definition]:
        """The definitions of one family by name."""
        return self.definitions.get(family, {})

    @cached_property
    def measured(self) -> list[str]:
        """The families that have definitions here, in the order in which they are computed."""
        return [family for family in FAMILIES if self.of(family)]

    def all(self) -> Iterator[Definition]:
        for family in self.definitions.values():
            yield from family.values()

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.settings.timezone)

    @property
    def sendable(self) -> list[str]:
        """Everything that messages can be about besides the metrics: "alert.x", "goal.x", "list.x"."""
        named: dict[str, Iterable[str]] = {"alert": self.alerts, "goal": self.goals, "list": self.lists}
        return [f"{table}.{name}" for table, names in named.items() for name in names]

    def version(self, family: str, name: str) -> str:
        """Hash of everything that decides how this definition counts."""
        definition = self.of(family)[name]
        segments = {s: self.segments[s].model_dump() for s in definition.segments}
        clock = [self.settings.timezone, self.settings.week_start]
        account = self.settings.account_property if definition.actor == "account" else None
        # a setting that is not used must not change the version of what was counted before it existed
        merged = ["merge_signed_in"] if self.settings.merge_signed_in else []
        return version_of([family, definition.counting(), segments, clock, account, *merged])

    def versions(self, family: str) -> dict[str, str]:
        """Definition -> version, of one family."""
        return {name: self.version(family, name) for name in self.of(family)}

    @cached_property
    def derived_version(self) -> str:
        """Hash of what the derived tables are made from: changing a window keeps it, adding an event changes it."""
        properties = {s: [self.start_properties(s), self.match_properties(s)] for s in self.selectors}
        accounts = [self.counts_accounts, self.settings.account_property]
        made = [LAYOUT, properties, sorted(self.timed_selectors), self.traits, self.settings.timezone, accounts]
        # the table `users` is made for lists alone
        return version_of([*made, *(["users"] if self.lists else [])])

    @cached_property
    def counts_accounts(self) -> bool:
        actors = {definition.actor for definition in self.all()} | {listed.actor for listed in self.lists.values()}
        return "account" in actors

    @cached_property
    def by_membership(self) -> bool:
        """True if an event that names no account counts for the account its person is in."""
        return self.counts_accounts and self.settings.account_property is None

    @cached_property
    def selectors(self) -> set[str]:
        """Every selector whose events the export counts a day: those of definitions, lists, and alerts on an event."""
        counted = {selector for definition in self.all() for selector in definition.selectors()}
        watched = {alert.event for alert in self.alerts.values() if alert.event}
        return counted.union(watched, *(listed.selectors() for listed in self.lists.values()))

    @cached_property
    def timed_selectors(self) -> set[str]:
        timed = {s for definition in self.all() for s in definition.selectors_of(definition.timed_roles())}
        return timed.union(*(listed.timed_selectors() for listed in self.lists.values()))

    def start_properties(self, selector: str) -> list[str]:
        """The properties that split people who enter by this selector; kept from each person's first event of a day."""
        split = {s for d in self.all() if selector in d.selectors_of(ENTRY_ROLES) for s in d.segments}
        return sorted({p for s in split if (p := self.segments[s].property)})

    def match_properties(self, selector: str) -> list[str]:
        """The properties whose values definitions read from each event of this timed selector."""
        read = {
            name
            for definition in self.all()
            for role, properties in definition.values().items()
            if selector in definition.selectors_of({role})
            for name in properties
        }
        return sorted(read | set(self.start_properties(selector)))

    def read_by(self, definition: Definition, selector: str) -> set[str]:
        """The properties that a definition reads from the events of this selector, besides those of its filters."""
        split = definition.segments if selector in definition.selectors_of(ENTRY_ROLES) else []
        values = [names for role, names in definition.values().items() if selector in definition.selectors_of({role})]
        return {p for s in split if (p := self.segments[s].property)}.union(*values)

    @cached_property
    def readings(self) -> list[Reading]:
        """Every property that definitions read from events, and every trait that splits people, each once."""
        filtered = {Reading(s, f.property, "where") for s in self.selectors for f in event_selector(s).where}
        values = {
            Reading(selector, name, "value")
            for definition in self.all()
            for selector in definition.selectors()
            for name in self.read_by(definition, selector)
        }
        return sorted(filtered | values | {Reading("", trait, "trait") for trait in self.traits})

    @cached_property
    def traits(self) -> list[str]:
        """The traits that segments and lists name."""
        named = {trait for listed in self.lists.values() for trait in listed.traits}
        return sorted({segment.trait for segment in self.segments.values() if segment.trait} | named)


def load(path: Path) -> Project:
    """Read and check a definitions file. Raises DefinitionError: one line with file, table and field."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DefinitionError(f"{path}: cannot be read: {error}") from None
    return parse(text, path.name)


def parse(text: str, file: str = "daybreak.toml") -> Project:
    """Check the text of a definitions file; `file` is what errors call it."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DefinitionError(f"{file}: not TOML: {error}") from None
    return _Checker(file).project(tables)


class _Checker:
    """Turns tables into a Project. Its errors name where a fault is, and what was probably meant."""

    def __init__(self, file: str) -> None:
        self.file = file

    def project(self, tables: dict[str, Any]) -> Project:
        self._known("", "table", tables, ["project", "privacy", "segments", "page", *NAMED, *FAMILIES])
        settings = self._model(Settings, "project", tables.get("project", {}))
        privacy = self._model(Privacy, "privacy", tables.get("privacy", {}))
        segments = self._models(Segment, "segments", tables)
        definitions: dict[str, dict[str, Definition]] = {}
        for family in FAMILIES.values():
            definitions[family.name] = self._models(family.definition, family.name, tables)
        self._resolve_goals(definitions)
        for family_name, named in definitions.items():
            for name, definition in named.items():
                self._segments(f"{family_name}.{name}", definition, segments)
        goals, alerts = self._models(Goal, "goal", tables), self._models(Alert, "alert", tables)
        for name, goal in goals.items():
            self._fitting(f"goal.{name}", partial(check_goal, definitions, goal))
        for name, alert in alerts.items():
            self._fitting(f"alert.{name}", partial(check_alert, definitions, alert))
        if not any(definitions.values()):
            raise DefinitionError(f"{self.file}: measures nothing; add a table such as [activation.first_value]")
        project = Project(
            settings=settings,
            privacy=privacy,
            segments=segments,
            definitions=definitions,
            page=self._model(Page, "page", tables.get("page", {})),
            goals=goals,
            alerts=alerts,
            lists=self._lists(tables, privacy),
            sends=self._models(Send, "send", tables),
            webhooks=self._models(Webhook, "webhook", tables),
        )
        if OWN_SOURCE in project.webhooks:
            self._fail(f"webhook.{OWN_SOURCE}", "", "is the source of Daybreak's own events; choose another name")
        self._sends(project)
        return project

    def _models(self, model: type[M], table: str, tables: dict[str, Any]) -> dict[str, M]:
        """The tables [`table`.NAME] by name."""
        found = self._named(table, tables.get(table, {}))
        return {name: self._model(model, f"{table}.{name}", value) for name, value in found}

    def _fitting(self, where: str, check: Callable[[], object]) -> None:
        """Refuse a table whose fields do not fit the definition that it is about."""
        try:
            check()
        except Misfit as misfit:
            self._fail(where, misfit.field, str(misfit))

    def _lists(self, tables: dict[str, Any], privacy: Privacy) -> dict[str, PeopleList]:
        """The lists. None may show a trait that is never stored."""
        lists = self._models(PeopleList, "list", tables)
        for name, listed in lists.items():
            for trait in listed.traits:
                if privacy.drops_trait(trait):
                    self._fail(f"list.{name}", "traits", f"{trait!r} is dropped by [privacy], so no list can show it")
        return lists

    def _segments(self, where: str, definition: Definition, segments: dict[str, Segment]) -> None:
        for segment in definition.segments:
            if segment not in segments:
                self._fail(where, "segments", f"{segment!r} is not defined{nearest(segment, list(segments))}")
            if segments[segment].property and not definition.has_entry():
                family = where.partition(".")[0]
                why = f"{segment!r} is a property, and {family} has no start event to take it from; use a trait"
                self._fail(where, "segments", why)

    def _sends(self, project: Project) -> None:
        """Each pattern of `what` must match something that this project can send."""
        sendable = [METRICS, *project.sendable]
        for name, send in project.sends.items():
            for pattern in send.unmatched(sendable):
                self._fail(f"send.{name}", "what", f"{pattern!r} matches nothing{nearest(pattern, sendable)}")
            if send.people == "inline" and not any(send.takes(f"list.{listed}") for listed in project.lists):
                self._fail(f"send.{name}", "people", '"inline" is for lists, and `what` names none')

    def _resolve_goals(self, definitions: dict[str, dict[str, Definition]]) -> None:
        """Give each definition that counts by another one the definition it names."""
        possible = {
            f"{family}.{name}": definition
            for family, named in definitions.items()
            for name, definition in named.items()
            if definition.can_be_goal
        }
        for family, named in definitions.items():
            for name, definition in named.items():
                if (wanted := definition.goal_name()) is not None:
                    named[name] = self._counted_by(f"{family}.{name}", definition, wanted, possible)

    def _counted_by(
        self, where: str, definition: Definition, wanted: str, possible: dict[str, Definition]
    ) -> Definition:
        families = [family.name for family in FAMILIES.values() if family.definition.can_be_goal]
        if wanted.partition(".")[0] not in families or wanted.endswith("."):
            named = ", ".join(families)
            why = f'must name a definition that can be a goal, such as "{families[0]}.first_value" ({named})'
            self._fail(where, "goal", why)
        if wanted not in possible:
            self._fail(where, "goal", f"{wanted!r} is not defined{nearest(wanted, list(possible))}")
        try:
            return definition.counted_by(possible[wanted])
        except ValueError as error:
            return self._fail(where, "goal", str(error))

    def _named(self, table: str, value: Any) -> list[tuple[str, Any]]:
        if not isinstance(value, dict):
            self._fail(table, "", "must be tables such as [" + table + ".name]")
        for name in value:
            if not _NAME.match(name) or name == ALL:
                self._fail(
                    f"{table}.{name}",
                    "",
                    "a name is small letters, digits and _, begins with a letter and is not `all`",
                )
        return list(value.items())

    def _model(self, model: type[M], where: str, table: Any) -> M:
        if not isinstance(table, dict):
            self._fail(where, "", "must be a table")
        fields = [info.alias or name for name, info in model.model_fields.items()]
        self._known(where, "field", table, fields)
        try:
            return model.model_validate(table)
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False, include_input=False)[0]
            field = ".".join(str(part) for part in first["loc"])
            return self._fail(where, field, first["msg"].removeprefix("Value error, "))

    def _known(self, where: str, what: str, table: dict[str, Any], known: list[str]) -> None:
        for name in table:
            if name not in known:
                self._fail(where, name, f"is not a {what} here{nearest(name, known)}")

    def _fail(self, where: str, field: str, message: str) -> NoReturn:
        parts = [f"{self.file}:", f"[{where}]" if where else "", f"{field}:" if field else "", message]
        raise DefinitionError(" ".join(part for part in parts if part))
