"""Write a tracking plan as a plan.toml for people to complete, and as a page in Markdown."""

from collections.abc import Iterable

import orjson

from daybreak.ingest.tracking_plan import Plan, PlannedProperty


def plan_toml(plan: Plan) -> str:
    """The plan as the text of a plan.toml, with empty fields for people to fill in."""
    lines = [f'mode = "{plan.mode}"                 # off, warn or enforce; of one source: sources.web = "enforce"']
    for name, event in plan.events.items():
        lines += ["", f"[events.{_toml_string(name)}]"]
        texts = {"description": event.description, "purpose": event.purpose, "owner": event.owner}
        lines += [f"{key} = {_toml_string(value)}" for key, value in texts.items()]
        lines.append(f"sources = [{', '.join(map(_toml_string, event.sources))}]")
        lines += [f"properties.{line}" for line in _toml_properties(event.properties)]
    if plan.traits:
        lines += ["", "[traits]", *_toml_properties(plan.traits)]
    return "\n".join(lines) + "\n"


def _toml_properties(planned: dict[str, PlannedProperty]) -> list[str]:
    required = {True: ", required = true", False: ""}
    return [
        f"{_toml_string(name)} = {{ type = {_toml_string(p.type)}{required[p.required]} }}"
        for name, p in planned.items()
    ]


def _toml_string(value: str) -> str:
    """A TOML string: the same as in JSON, except for the one character that JSON does not escape."""
    return orjson.dumps(value).decode().replace("\x7f", "\\u007f")


def plan_page(plan: Plan) -> str:
    """The plan as a page in Markdown: each event with its purpose, its sources, its owner and its properties."""
    lines = [
        "# What is collected",
        "",
        "| event | what happened | what for | sent from | owner |",
        "|---|---|---|---|---|",
    ]
    for name, event in plan.events.items():
        cells = (name, event.description, event.purpose, ", ".join(event.sources) or "anywhere", event.owner)
        lines.append(_row(cells))
    for name, event in plan.events.items():
        if event.properties:
            lines += ["", f"## {_cell(name)}", "", *_property_table(event.properties)]
    if plan.traits:
        lines += ["", "## Traits of people and accounts", "", *_property_table(plan.traits)]
    return "\n".join(lines) + "\n"


def _property_table(planned: dict[str, PlannedProperty]) -> list[str]:
    rows = [_row((name, p.type, "always" if p.required else "", p.description)) for name, p in planned.items()]
    return ["| property | type | sent | what it says |", "|---|---|---|---|", *rows]


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(map(_cell, cells)) + " |"


def _cell(text: str) -> str:
    """A text that can neither end the cell nor be read as HTML."""
    plain = "".join(character if character.isprintable() else " " for character in text)
    return plain.replace("&", "&amp;").replace("<", "&lt;").replace("|", "\\|")
