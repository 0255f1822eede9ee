"""Writes docs/cli.md: every command with its arguments and options, from the same app that prints `--help`.

`make docs` runs it: PYTHONPATH=tests .venv/bin/python -m support.cli_page docs/cli.md
"""

import enum
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from typer.main import get_command

from daybreak.cli.main import APP

HEAD = """# Every command

Written by `make docs` from the help texts of the commands; a test keeps the page in step. `daybreak COMMAND --help` shows the
same in a terminal. In a checkout the command is `.venv/bin/daybreak`.
"""
OTHERS = "Commands"
"""The heading for commands that are in no help panel."""


def text() -> str:
    """The whole page."""
    panels: dict[str, list[str]] = {}
    for panel, name, command in _commands(get_command(APP), "daybreak", OTHERS):
        panels.setdefault(panel, []).append(_section(name, command))
    return HEAD + "".join(f"\n## {panel}\n\n" + "\n".join(sections) for panel, sections in panels.items())


def _commands(group: Any, path: str, panel: str) -> Iterator[tuple[str, str, Any]]:
    """Panel, full name and command, in the order of the help. A group's commands are in the group's panel."""
    for name, command in group.commands.items():
        own = command.rich_help_panel
        inside = own if isinstance(own, str) else panel
        if hasattr(command, "commands"):
            yield from _commands(command, f"{path} {name}", inside)
        elif not command.hidden:
            yield inside, f"{path} {name}", command


def _section(name: str, command: Any) -> str:
    parameters = [parameter for parameter in command.params if not getattr(parameter, "hidden", False)]
    arguments = [parameter for parameter in parameters if parameter.param_type_name == "argument"]
    options = [parameter for parameter in parameters if parameter.param_type_name == "option"]
    usage = " ".join([name, *(["[OPTIONS]"] if options else []), *map(_shown_argument, arguments)])
    table = [f"| {_name(p)} | {_cell(p)} |" for p in (*arguments, *options)]
    lines = [f"### {name}", "", _paragraph(command.help), "", f"`{usage}`", ""]
    return "\n".join([*lines, *(["| argument or option | |", "|---|---|", *table, ""] if table else [])])


def _paragraph(help_text: str | None) -> str:
    return "\n".join(line.strip() for line in (help_text or "").splitlines()).strip()


def _shown_argument(parameter: Any) -> str:
    shown = parameter.name.upper() + ("..." if parameter.nargs == -1 else "")
    return shown if parameter.required else f"[{shown}]"


def _name(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return f"`{_shown_argument(parameter)}`"
    return ", ".join(f"`{option}`" for option in (*parameter.opts, *parameter.secondary_opts))


def _cell(parameter: Any) -> str:
    """The help text; then, in italics, "required" or the default, and the environment variable."""
    notes = []
    if parameter.required:
        notes.append("required")
    elif (default := _default(parameter)) is not None:
        notes.append(f"default `{default}`")
    if parameter.envvar:
        notes.append(f"environment variable `{parameter.envvar}`")
    said = (parameter.help or "").replace("|", "\\|")
    return f"{said} *{', '.join(notes)}*".strip() if notes else said


def _default(parameter: Any) -> str | None:
    """The default as somebody would type it; for a switch, the name that is on by default. None if there is no default."""
    default = parameter.default
    if getattr(parameter, "is_flag", False):
        return str(parameter.opts[0] if default else parameter.secondary_opts[0]) if parameter.secondary_opts else None
    if default is None or callable(default):
        return None
    return str(default.value if isinstance(default, enum.Enum) else default)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(text(), encoding="utf-8")
