"""The help of every command: in one of the panels, and a sentence that begins with a verb."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import typer

from daybreak.cli.main import APP

PANELS = ["Local", "Send", "Check", "Compute", "Page", "Ask", "People", "Messages", "Setup"]
VERBS = {
    "Answer", "Check", "Compare", "Compute", "Create", "Delete", "Draft", "Explain", "Export", "Import", "List", "Open", "Print", "Put", "Query",
    "Rebuild", "Recompute", "Revoke", "Run", "Send", "Show", "Start", "Stop", "Take", "Test", "Try",
}  # fmt: skip
"""The first words of help. A new command uses one of these, or adds a verb that is more exact."""


def commands(group: Any, above: str = "") -> Iterator[tuple[str, Any]]:
    """Every command and group below a group, by its full name."""
    for name, command in group.commands.items():
        full = f"{above} {name}".strip()
        yield full, command
        if hasattr(command, "commands"):
            yield from commands(command, full)


ROOT: Any = typer.main.get_command(APP)
COMMANDS = dict(commands(ROOT))


def test_every_command_is_in_one_of_the_panels_in_their_order() -> None:
    panels = [command.rich_help_panel for command in ROOT.commands.values()]
    assert list(dict.fromkeys(panels)) == PANELS


def test_the_commands_and_their_groups_keep_their_names() -> None:
    assert sorted(COMMANDS) == [
        "alerts", "alerts try", "backfill", "compute", "dashboard", "definitions", "definitions check", "definitions docs",
        "definitions list",
        "definitions schema", "definitions show", "demo", "doctor", "down", "export-person", "forget", "import", "keys",
        "keys create", "keys list", "keys revoke", "keys rotate", "lists", "lists try", "mcp", "plan", "plan check", "plan docs", "plan learn",
        "plan off", "plan push", "query", "reconcile", "rejects", "replay", "run", "send", "send again", "send discard",
        "send now", "send status", "send try", "share", "status", "tail", "up", "webhooks", "webhooks list", "webhooks revoke",
        "webhooks secret",
    ]  # fmt: skip


@pytest.mark.parametrize("name", COMMANDS)
def test_help_begins_with_a_verb_and_is_whole_sentences(name: str) -> None:
    output = COMMANDS[name].help or ""
    assert re.split(r"[ ,]", output)[0] in VERBS, output
    assert output.endswith("."), output
    assert "\n" not in output, output


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_and_argument_says_what_it_is(name: str) -> None:
    for parameter in COMMANDS[name].params:
        assert getattr(parameter, "help", ""), f"{name}: {parameter.name}"
