"""The page docs/metrics.md, written from the families' definitions and row models: each number, field by field."""

import json
import re
import types
import typing
from typing import Any

from daybreak.definitions.alerts import Alert
from daybreak.definitions.goals import Goal
from daybreak.definitions.project import Segment, Settings
from daybreak.definitions.webhooks import Webhook
from daybreak.families.base import Definition, Family, MetricRow
from daybreak.families.registry import FAMILIES
from daybreak.lake.tables import columns
from daybreak.mapping.mapping import EventMapping

COMMON = """# What each number means

`daybreak definitions docs` writes this page from the families' definitions and row models; a test keeps it in step.

## Common to all

- **Days** begin at midnight in the project's timezone; a day on which the clocks change has 23 or 25 hours. Weeks begin
  on Monday or Sunday, as `week_start` says. A window is exact time, counted from the second of the start, and its far
  edge still belongs to it. Only a trailing window counts whole days; the last of them is the row's day. A day that
  never was (Apia, 30 December 2011) is in no table, and the days beside it are neighbours.
- **Hours** begin when the clocks of the timezone show a full hour, or jump over one. Where they change by half an hour,
  an hour has 30 or 90 minutes.
- **People** (`actor = "person"`). Events under an anonymous id count for the user that the id was later linked to
  (identify, alias), also on days that were computed already. An id belongs to the first user it was linked to, so two
  people who share a browser stay apart; an alias of an id that is a user itself joins the two users. Links count in the
  order of their time, and a link that would close a ring is ignored. A link between two people who have both signed in,
  each with an anonymous id of their own, is not followed but listed in the [warnings](warnings.md): somebody was logged
  in as somebody else. `merge_signed_in = true` in `[project]` follows it.
- **One instant.** Events of the same instant have no order, and message ids never decide a number. Of several values of
  a property, the first as text counts; of a trait, the last as text.
- **Accounts** (`actor = "account"`). Any member's event counts. The account is the one that the event names
  (`context.groupId`, or the property that [project] names in `account_property`). If it names none, it is the account
  that the person had last joined by a group call; before their first group call, the account of that first call. If
  somebody changes accounts, send their events and group calls under one id: the first and the last event of each
  further id of theirs count together for one account.
- **First ever.** A person who did something two years ago is not new when they do it again.
- **Selectors.** `"Signed Up"`, `["Signed Up", "Invited"]` (any of them), `"any"` (every track, page and screen), or
  `{ event = "Order", where = [{ property = "cds", op = ">=", value = 5 }] }` with `=`, `!=`, `in`, `>`, `>=`, `<`, `<=`
  and `exists`. A property of another type does not match: the text `"49.90"` is not a number. Text in a definition also
  matches a number or a truth value that is written in the same way: `= "10"` matches 10, not 10.0.
- **Unfinished is not zero.** A row is `open` until the time it counts has passed for everybody in it, and until its
  period has ended. Until then its rate is null, and other columns hold the counts so far. Summaries add up complete
  rows only. 0 / 0 is null.
- **Segments** split people by a trait (from identify calls; for accounts, from group calls), with its value at the
  start or its latest value, or by a property of the start event. Families without a start event take the latest value.
  A missing value is a value of its own, `(unset)`, so the values of a segment add up to `all`.
- **Late events** change the rows of the days they touch; all other rows keep their bytes.
- **Version.** Each row carries a hash of everything that decides how it was counted. After a definition changes, no row
  of its old version remains.
"""


OTHER_COLUMNS = ", ".join(f"`{name}`" for name in MetricRow.model_fields)


def text() -> str:
    """The whole page."""
    parts = [COMMON, _settings(), *(_family(family) for family in FAMILIES.values()), _goals_and_alerts(), _webhooks()]
    return "\n".join(parts)


def _settings() -> str:
    return (
        "## [project] and [segments.NAME]\n\n"
        + _fields("[project]", Settings.model_fields)
        + "\n"
        + _fields("[segments.NAME]", Segment.model_fields)
    )


def _goals_and_alerts() -> str:
    return (
        "## [goal.NAME] and [alert.NAME]\n\n"
        "Goals and alerts are about one number of a definition: its main one, or that of `column`.\n"
        "[Goals](goals.md) and [alerts](alerts.md) say what each state means, and when an alert speaks.\n\n"
        + _fields("[goal.NAME]", Goal.model_fields)
        + "\n"
        + _fields("[alert.NAME]", Alert.model_fields)
    )


def _webhooks() -> str:
    return (
        "## [webhook.NAME]\n\n"
        "A tool that sends events by itself. [Webhooks](webhooks.md) has each vendor's events, and examples.\n"
        "A name with dots is inside of an object; of several names the first that holds a value counts.\n\n"
        + _fields("[webhook.NAME]", Webhook.model_fields)
        + "\n"
        + _fields("`mapping`", EventMapping.model_fields)
    )


def _family(family: Family) -> str:
    """A section: the rule, a worked example, the fields of a definition, the columns of a row."""
    rule = re.sub(r"\n +", "\n", (family.definition.__doc__ or "").strip())
    definition = family.definition
    own = {name: info for name, info in definition.model_fields.items() if name not in Definition.model_fields}
    fields = {
        **{name: own[name] for name in own if name in definition.__annotations__},
        **own,
        **Definition.model_fields,
    }
    table = [c for c in columns(family.row) if c.name not in MetricRow.model_fields]
    rows = "\n".join(f"| `{column.name}` | {_cell(column.comment)} |" for column in table)
    return (
        f"## {family.name}\n\n{rule}\n\n*Example.* {definition.example}\n\n"
        + f"```toml\n{smallest_definition(family)}```\n\n"
        + _fields(f"[{family.name}.NAME]", fields)
        + f"\n{(family.row.__doc__ or '').strip()} Besides {OTHER_COLUMNS}:\n\n"
        + f"| column | |\n|---|---|\n{rows}\n"
    )


def smallest_definition(family: Family) -> str:
    """The fewest lines of daybreak.toml that define something of this family; its name is `smallest`."""
    described = {"description": f"The smallest {family.name.replace('_', ' ')}", **family.definition.smallest}
    lines = (f"{name} = {json.dumps(value)}" for name, value in described.items())
    return "\n".join([f"[{family.name}.smallest]", *lines, ""])


def _fields(table: str, fields: dict[str, Any]) -> str:
    lines = []
    for name, info in fields.items():
        default = "" if info.is_required() else _default(info.get_default(call_default_factory=True))
        choices = _choices(info.annotation)
        words = " ".join(filter(None, [info.description or "", choices, default]))
        lines.append(f"| `{info.alias or name}` | {_cell(words)} |")
    return f"| {table} | |\n|---|---|\n" + "\n".join(lines) + "\n"


def _choices(annotation: Any) -> str:
    """The values that the field allows, if there are only a few."""
    if isinstance(annotation, types.UnionType) or typing.get_origin(annotation) is typing.Union:
        return next(filter(None, map(_choices, typing.get_args(annotation))), "")
    if typing.get_origin(annotation) is typing.Literal:
        return "(" + ", ".join(f"`{word}`" for word in typing.get_args(annotation)) + ")"
    return ""


def _default(value: Any) -> str:
    if value in (None, [], ()) or (isinstance(value, str) and not value):
        return "*optional*"
    shown = f"{value.days}d" if hasattr(value, "days") else value
    return f"*default `{shown}`*"


def _cell(text_: str) -> str:
    return text_.replace("|", "\\|").replace("\n", " ")
