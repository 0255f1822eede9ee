"""daybreak.toml, read and checked by the same model everywhere: at synth, by `daybreak compute` and in each Lambda."""

import difflib
import re
import tomllib
from collections.abc import Iterator
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, NoReturn, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from daybreak.errors import DefinitionError
from daybreak.metrics.definition import Definition, version_of
from daybreak.metrics.families import FAMILIES

ALL = "all"
"""The name of the segment everybody is in."""

M = TypeVar("M", bound=BaseModel)
_NAME = re.compile(r"^[a-z][a-z0-9_]{0,62}$")


def _timezone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f'{name!r} is no time zone; use an IANA name such as "Europe/Berlin"') from None
    return name


class Settings(BaseModel):
    """[project]: what is true of all numbers."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    timezone: Annotated[str, AfterValidator(_timezone), Field(description="IANA name; days begin at its midnight")]
    week_start: Annotated[Literal["monday", "sunday"], Field(description="First day of a calendar week")] = "monday"
    since: Annotated[
        date,
        Field(description="Athena's tables begin on this day; older events are kept and counted, not listed there"),
    ] = date(2025, 1, 1)


class Segment(BaseModel):
    """[segments.NAME]: what splits people. Either a trait of the person or a property of the start event."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    trait: Annotated[str | None, Field(description="A trait from identify calls")] = None
    property: Annotated[str | None, Field(description="A property of the event that put the person into the table")] = (
        None
    )
    at: Annotated[Literal["start", "latest"], Field(description="Which value of a trait counts")] = "start"

    @model_validator(mode="after")
    def _one_of_both(self) -> "Segment":
        if bool(self.trait) == bool(self.property):
            raise ValueError("needs either `trait` or `property`")
        if self.property and self.at == "latest":
            raise ValueError('`at = "latest"` goes with a trait; a property is the one of the start event')
        return self


class Project(BaseModel):
    """A whole daybreak.toml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    settings: Settings
    segments: dict[str, Segment]
    definitions: dict[str, dict[str, Any]]
    """Family -> name -> its definition."""

    def of(self, family: str) -> dict[str, Definition]:
        """The definitions of one family by name."""
        return self.definitions.get(family, {})

    def all(self) -> Iterator[Definition]:
        for family in self.definitions.values():
            yield from family.values()

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.settings.timezone)

    def version(self, family: str, name: str) -> str:
        """Hash of everything that decides how this definition counts."""
        definition = self.of(family)[name]
        segments = {s: self.segments[s].model_dump() for s in definition.segments}
        counts = definition.model_dump(exclude={"description"})
        return version_of([family, counts, segments, self.settings.timezone, self.settings.week_start])

    @cached_property
    def derived_version(self) -> str:
        """Hash of what the derived tables are made from: changing a window keeps it, adding an event changes it."""
        asked = {selector: self.properties_of(selector) for selector in self.selectors}
        return version_of([asked, sorted(self.timed_selectors), self.traits, self.settings.timezone])

    @cached_property
    def selectors(self) -> set[str]:
        return {selector for definition in self.all() for selector in definition.selectors()}

    @cached_property
    def timed_selectors(self) -> set[str]:
        return {selector for definition in self.all() for selector in definition.timed_selectors()}

    def properties_of(self, selector: str) -> list[str]:
        """The properties that split the people who start with this selector."""
        split = {s for d in self.all() if d.start_selector() == selector for s in d.segments}
        return sorted({p for s in split if (p := self.segments[s].property)})

    @cached_property
    def traits(self) -> list[str]:
        return sorted({segment.trait for segment in self.segments.values() if segment.trait})

    @cached_property
    def properties(self) -> list[str]:
        return sorted({segment.property for segment in self.segments.values() if segment.property})


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
    """Turns tables into a Project, saying for each fault where it stands and what was probably meant."""

    def __init__(self, file: str) -> None:
        self.file = file

    def project(self, tables: dict[str, Any]) -> Project:
        self._known("", "table", tables, ["project", "segments", *FAMILIES])
        settings = self._model(Settings, "project", tables.get("project", {}))
        segments = {
            name: self._model(Segment, f"segments.{name}", table)
            for name, table in self._named("segments", tables.get("segments", {}))
        }
        definitions: dict[str, dict[str, Definition]] = {}
        for family in FAMILIES.values():
            found = self._named(family.name, tables.get(family.name, {}))
            definitions[family.name] = {
                name: self._definition(family.name, name, table, segments) for name, table in found
            }
        if not any(definitions.values()):
            raise DefinitionError(f"{self.file}: measures nothing; add a table such as [activation.first_value]")
        return Project(settings=settings, segments=segments, definitions=definitions)

    def _definition(self, family: str, name: str, table: Any, segments: dict[str, Segment]) -> Definition:
        where = f"{family}.{name}"
        definition = self._model(FAMILIES[family].definition, where, table)
        for segment in definition.segments:
            if segment not in segments:
                self._fail(where, "segments", f"{segment!r} is not defined{self._nearest(segment, list(segments))}")
            if segments[segment].property and definition.people_start is None:
                self._fail(
                    where, "segments", f"{segment!r} is a property, and {family} has no start event to take it from"
                )
        return definition

    def _named(self, table: str, value: Any) -> list[tuple[str, Any]]:
        if not isinstance(value, dict):
            self._fail(table, "", "must be tables such as [" + table + ".name]")
        for name in value:
            if not _NAME.match(name) or name == ALL:
                self._fail(
                    f"{table}.{name}", "", "names are small letters, digits and _, begin with a letter, not `all`"
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
                self._fail(where, name, f"is no {what} here{self._nearest(name, known)}")

    def _nearest(self, word: str, known: list[str]) -> str:
        near = difflib.get_close_matches(word, known, n=1)
        return f"; did you mean {near[0]!r}?" if near else f"; known are {', '.join(known) or 'none'}"

    def _fail(self, where: str, field: str, message: str) -> NoReturn:
        parts = [f"{self.file}:", f"[{where}]" if where else "", f"{field}:" if field else "", message]
        raise DefinitionError(" ".join(part for part in parts if part))
