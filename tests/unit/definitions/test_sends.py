"""[send.NAME] in daybreak.toml: what is refused, in one line that names table and field, and what a send takes."""

import pytest

from daybreak.definitions.project import parse
from daybreak.errors import DefinitionError

MEASURED = """
[project]
timezone = "UTC"
[activation.a]
description = "d"
start = "S"
milestone = "V"
window = "7d"
"""
WATCHED = """
[alert.falls]
metric = "activation.a"
when = "falls"
[goal.first_value]
description = "d"
metric = "activation.a"
from = 2026-11-01
target = 0.4
by = 2027-03-31
[list.stuck]
who = { did = "S", between = ["24h", "7d"] }
"""


def project(send: str, watched: str = WATCHED) -> object:
    return parse(MEASURED + watched + f"[send.team]\n{send}")


@pytest.mark.parametrize(
    ("send", "expected"),
    [
        ('to = "mail"\nwhat = ["metrics"]', "[send.team] to: Input should be 'sns', 'eventbridge', 'webhook' or 's3'"),
        ('to = "sns"', "[send.team] what: Field required"),
        ('to = "sns"\nwhat = []', "[send.team] what: List should have at least 1 item"),
        ('to = "sns"\nwhat = ["metrics", "metrics"]', "[send.team] what: names one twice"),
        ('to = "sns"\nwhat = ["alert.fals"]', "[send.team] what: 'alert.fals' matches nothing; did you mean 'alert.falls'?"),
        ('to = "sns"\nwhat = ["alert"]', "'alert' matches nothing; did you mean 'alert.falls'?"),
        ('to = "sns"\nwhat = ["goal.*", "metric"]', "'metric' matches nothing; did you mean 'metrics'?"),
        ('to = "sns"\nwhat = ["people.*"]', "'people.*' matches nothing"),
        ('to = "webhook"\nwhat = ["metrics"]', "[send.team] a webhook needs `secret`"),
        ('to = "sns"\nwhat = ["metrics"]\nsecret = "x"', "[send.team] `secret` is for webhooks; sns needs none"),
        ('to = "webhook"\nwhat = ["metrics"]\nsecret = "https://example.com/hook"', "[send.team] secret: String should match"),
        ('to = "sns"\nwhat = ["list.*"]\npeople = "inline"', '`people = "inline"` is for webhook and s3; sns may get counts only'),
        ('to = "eventbridge"\nwhat = ["list.*"]\npeople = "inline"', "eventbridge may get counts only"),
        ('to = "s3"\nwhat = ["alert.*"]\npeople = "inline"', '[send.team] people: "inline" is for lists, and `what` names none'),
        ('to = "sns"\nwhat = ["metrics"]\nurl = "https://example.com"', "[send.team] url: is not a field here"),
    ],
)  # fmt: skip
def test_a_fault_is_one_line_that_names_table_and_field(send: str, expected: str) -> None:
    with pytest.raises(DefinitionError) as error:
        project(send)
    assert expected in str(error.value)
    assert str(error.value).startswith("daybreak.toml: [send.team]")
    assert "\n" not in str(error.value)


def test_a_pattern_matches_nothing_in_a_project_that_has_no_such_table() -> None:
    with pytest.raises(DefinitionError, match=r"'list\.\*' matches nothing"):
        project('to = "sns"\nwhat = ["list.*"]', watched="")


def test_a_send_takes_what_its_patterns_match() -> None:
    sends = parse(
        MEASURED + WATCHED + '[send.a]\nto = "sns"\nwhat = ["alert.*", "goal.first_value"]\n'
        '[send.b]\nto = "webhook"\nwhat = ["*"]\nsecret = "daybreak/b"\n'
        '[send.c]\nto = "s3"\nwhat = ["metrics", "list.s*"]\npeople = "inline"\n'
    ).sends
    about = ["alert.falls", "goal.first_value", "list.stuck", "metrics"]
    taken = {name: [text for text in about if send.takes(text)] for name, send in sends.items()}
    assert taken == {"a": about[:2], "b": about, "c": about[2:]}


def test_sends_change_no_version() -> None:
    without = parse(MEASURED)
    with_sends = parse(MEASURED + '[send.team]\nto = "sns"\nwhat = ["metrics"]')
    assert without.version("activation", "a") == with_sends.version("activation", "a")
    assert without.derived_version == with_sends.derived_version
