"""Compute the example product's tables from its events, and compare every row with the expected one."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from daybreak.definitions.page import PageLanguage
from daybreak.definitions.project import Project, load
from daybreak.example.check import differences, list_differences
from daybreak.example.decisions import AS_OF, decide
from daybreak.example.events import events
from daybreak.example.expected import expected
from daybreak.example.expected_lists import expected_lists
from daybreak.example.expected_morning import alerts, goals
from daybreak.files.compute import ComputedTables, compute_tables


@dataclass(frozen=True, slots=True)
class Demonstration:
    """The computed tables, and how they compare with the decisions."""

    project: Project
    computed: ComputedTables
    events_file: Path
    definitions_file: Path
    people: int
    rows: int
    """How many rows were compared."""
    listed: int
    """How many lines of lists were compared."""
    differences: list[str]
    """A line for each difference; empty if every number is as it was decided."""


def demonstrate(
    out: Path, progress: Callable[[str], None] = lambda _: None, language: PageLanguage = "en"
) -> Demonstration:
    """Decide, send, compute and compare. The events, the definitions and the tables stay in the folder `out`.

    `language`: that of the page, which the definitions in `out` name.
    """
    out.mkdir(parents=True, exist_ok=True)
    events_file, definitions_file = out / "example.jsonl", out / "example.toml"
    definitions_file.write_text(product_definitions(language), encoding="utf-8")
    people = decide()
    events_file.write_text("".join(json.dumps(event) + "\n" for event in events(people)), encoding="utf-8")
    project = load(definitions_file)
    computed = compute_tables([str(events_file)], project, AS_OF, out, progress=progress, now=AS_OF)
    wrong, rows = list[str](), 0
    answers = expected(people)
    for (family, name), wanted in answers.items():
        columns, found = computed.tables[family]
        named = (dict(zip(columns, row, strict=True)) for row in found)
        wrong += differences(family, name, [row for row in named if row["definition"] == name], wanted)
        rows += len(wanted)
    for table, kind, morning in (("goals", "goal", goals(answers)), ("alerts", "alert", alerts(answers))):
        columns, found = computed.goals_and_alerts[table]
        seen = [dict(zip(columns, row, strict=True)) for row in found]
        for name in dict.fromkeys([*morning, *(row[kind] for row in seen)]):
            wanted = [morning[name]] if name in morning else []
            wrong += differences(kind, name, [row for row in seen if row[kind] == name], wanted)
            rows += len(wanted)
    lists = expected_lists(people)
    for name, lines in lists.items():
        wrong += list_differences(name, out / "lists" / f"{name}.ndjson", lines)
    listed = sum(map(len, lists.values()))
    return Demonstration(project, computed, events_file, definitions_file, len(people), rows, listed, wrong)


def product_definitions(language: PageLanguage) -> str:
    """The text of product.toml, with the language of its page."""
    text = resources.files("daybreak.example").joinpath("product.toml").read_text(encoding="utf-8")
    return text.replace("[page]\n", f'[page]\nlanguage = "{language}"\n', 1)
