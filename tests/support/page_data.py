"""A made-up page: one definition of every family, with rows from a fixed seed, and names that try to break out."""

import typing
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any, TypeVar

from daybreak.definitions.project import Project, parse
from daybreak.families.base import Family
from daybreak.families.experiment_statistics import with_statistics
from daybreak.families.registry import FAMILIES
from daybreak.lake.tables import AlertEpisode, MadeList, MeasuredGoal, Row, Warned, columns
from daybreak.page.counts import periods_between
from daybreak.page.read import EVERYBODY, Group, Measured, PageData

M = TypeVar("M", bound=Row)

DAY = timedelta(days=1)
TODAY = date(2026, 11, 20)
VERSION = "0123456789ab"
"""That of every definition, and of the rows that were counted by it."""
UNTIL = datetime(2026, 11, 21, tzinfo=UTC)
HOSTILE = (
    "</script><script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)> ' &amp; <b>",
    "\u202eright to left\u202c \u05d0\u05d1\u05d2 = 1,5",
    '=HYPERLINK("http://evil")',
    "x" * 200,
)
"""Names that a client or a team could send."""

DEFINITIONS = """
[project]
timezone = "UTC"
[segments.role]
trait = "role"
[page]
language = "{language}"
title = {title}
notes = [{{ day = 2026-11-01, text = {note} }}]

[activation.first]
description = {title}
start = {event}
milestone = "Workflow Saved"
window = "7d"
segments = ["role"]
[active_days.some]
description = "On how many days?"
window = "14d"
[active_people.some]
description = "How many are here?"
[adoption.some]
description = "Who uses it?"
feature = "Workflow Run"
window = "28d"
[breadth.some]
description = "How many features?"
features = ["Workflow Run", {event}]
window = "28d"
[campaign.some]
description = "Did they act?"
exposure = "Guide Shown"
action = {event}
window = "3d"
[churn.some]
description = "Who is gone?"
period = "week"
[completion.some]
description = "How far do they get?"
steps = ["Signed Up", {event}, "Workflow Saved"]
window = "7d"
[conversion.some]
description = "Who pays?"
start = "Trial Started"
upgrade = "Upgraded"
window = "14d"
[experiment.some]
description = "Which one?"
exposure = "Viewed"
variants = ["plain", {event}]
goal = "activation.first"
planned = 50
[lifecycle.some]
description = "Who is new?"
period = "week"
[retention.some]
description = "Who comes back?"
start = "Signed Up"
return = "any"
period = "day"
periods = 14
[support_load.some]
description = "How many tickets?"
ticket = "Ticket"
start = "Signed Up"
onboarding = "14d"
[survey.some]
description = "Would they recommend it?"
answer = "Answered"
scale = "nps"
[time_to_value.some]
description = "How long?"
start = "Signed Up"
value = "Workflow Run"
window = "14d"
period = "week"
"""


def project(
    language: str = "en", name: str = "Example", event: str = "Signed Up", definitions: str = DEFINITIONS
) -> Project:
    """One definition of every family. `name` is the product's title and a question, `event` the name of an event."""
    return parse(definitions.format(language=language, title=_toml(name), event=_toml(event), note=_toml(name[:80])))


def page_data(
    language: str = "en",
    name: str = "Example",
    event: str = "Signed Up",
    days: int = 90,
    people: int = 40,
    changed: date = date.min,
    toml: str = DEFINITIONS,
) -> PageData:
    """The page of a project that is so many days old, with at most so many new people a day.

    Rows before `changed` were counted by another version of their definitions.
    """
    definitions = project(language, name, event, toml)
    begins = TODAY - (days - 1) * DAY
    measured = [
        Measured(FAMILIES[family], one, definition, VERSION,
                 _versioned(FAMILIES[family], dict(_grouped(FAMILIES[family], definition, begins, people, name)), changed))
        for family in definitions.measured
        for one, definition in definitions.of(family).items()
    ]  # fmt: skip
    return PageData(
        project=definitions,
        day=TODAY,
        until=UNTIL,
        measured=measured,
        values={"role": [name]},
        late={"churn": TODAY - DAY},
        warnings=[Warned(kind="event_never_came", definition="activation.first", subject=event,
                         message=f"no event {event!r} ever arrived", count=0, total=0)],
        difference=0,
        goals=[_goal(name, state) for state in ("met", "on track", "too close to call", "behind", "missed",
                                                "not enough people", "waiting")],
        new_goals={"met", "missed", "behind"},
        alerts=[_alert(name, change) for change in ("fell", "stopped")],
        lists=[_list(name)],
    )  # fmt: skip


def _toml(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _versioned(
    family: Family, groups: dict[Group, list[dict[str, Any]]], changed: date
) -> dict[Group, list[dict[str, Any]]]:
    for row in (row for rows in groups.values() for row in rows):
        row["version"] = VERSION if row[family.partition] >= changed else "another"
    return groups


def _grouped(
    family: Family, definition: Any, begins: date, people: int, name: str
) -> Iterator[tuple[Group, list[dict[str, Any]]]]:
    for seed, group in enumerate((EVERYBODY, Group("role", name))[: 1 + bool(definition.segments)]):
        yield group, list(_rows(family, definition, begins, people, Random(seed)))


def _rows(family: Family, definition: Any, begins: date, people: int, random: Random) -> Iterator[dict[str, Any]]:
    period = str(definition.options().get("period") or "day")
    final = definition.days_until_final() if family.partition == "cohort" else 0
    if family.name in ("retention", "experiment"):
        yield from _retention(begins, people, random) if family.name == "retention" else (
            _experiment(begins, people, definition))  # fmt: skip
        return
    for first in periods_between(period, begins - begins.weekday() * DAY * (period == "week"), TODAY):
        if period == "month":
            first = first.replace(day=1)
        is_open = first + max(final, {"week": 6, "month": 30}.get(period, 0)) * DAY > TODAY
        for row in _row(family.name, first, people, random):
            yield {"status": "open" if is_open else "complete", family.partition: first, **row}


def _row(family: str, first: date, people: int, random: Random) -> list[dict[str, Any]]:
    n = random.randint(people // 2, people)
    k = sum(random.random() < 0.4 for _ in range(n))
    rate = k / n if n else None
    if family == "activation":
        return [{"people": n, "finished": n, "activated": k, "activated_so_far": 0, "rate": rate}]
    if family == "campaign":
        return [{"exposed": n, "finished": n, "acted": k, "acted_so_far": 0, "only_saw": n - k, "rate": rate}]
    if family == "conversion":
        return [{"people": n, "finished": n, "converted": k, "converted_so_far": 0, "rate": rate}]
    if family == "adoption":
        return [{"active_people": n, "users": k, "rate": rate}]
    if family == "breadth":
        return [{"active_people": n, "features_used": n + k}]
    if family == "churn":
        return [{"people": n, "back": n - k, "not_back": k, "churned": k, "cancelled": None}]
    if family == "support_load":
        return [{"active_people": n, "tickets": k}]
    if family == "active_people":
        return [{"dau": n, "wau": n * 3, "mau": n * 6}]
    if family == "active_days":
        return [{"active_days": d, "people": n // d, "active_people": n * 3, "share": n // d / (n * 3)}
                for d in range(1, 15)] if n else []  # fmt: skip
    if family == "lifecycle":
        return [{"active_people": n + k, "new_people": n // 2, "returning_people": k, "resurrected_people": n - n // 2,
                 "not_back": k // 2, "dormant_people": k // 2}]  # fmt: skip
    if family == "survey":
        return [{"scale": "nps", "answers": n, "left_out": 1, "low": n - k, "middle": 0, "high": k, "mean": 7.5}]
    if family == "time_to_value":
        return [{"people": n, "reached": k, "within_24h": k, "days_1_to_3": 0, "days_3_or_more": 0, "never": n - k,
                 "too_young": 0, "p50_seconds": 90_000.0, "p75_seconds": 190_000.0, "p90_seconds": None}]  # fmt: skip
    if family == "completion":
        reached = [n, (n + k) // 2, k]
        return [{"step": s, "entered": n, "reached": r, "excluded": 0, "dropped": before - r, "in_progress": 0,
                 "median_seconds_from_previous": 3600.0 if s > 1 else None}
                for s, r, before in zip((1, 2, 3), reached, [n, *reached], strict=False)]  # fmt: skip
    raise NotImplementedError(family)


def _experiment(begins: date, people: int, definition: Any) -> Iterator[dict[str, Any]]:
    yield from with_statistics(
        {"definition": "some", "day": day, "segment": "all", "segment_value": "all", "position": at, "variant": variant,
         "status": "complete", "version": "0", "exposed": people * 3, "finished": people * 2,
         "reached": people // 2 + at * people // 2, "in_several": 0, "reached_before": 0, "planned": 50, "share": 1.0,
         "rate": (people // 2 + at * people // 2) / (people * 2) if people else None, "test_name": "two_proportions"}
        for day in periods_between("day", begins, TODAY)
        for at, variant in enumerate(definition.variants, 1)
    )  # fmt: skip


def _retention(begins: date, people: int, random: Random) -> Iterator[dict[str, Any]]:
    for cohort in periods_between("week", begins - begins.weekday() * DAY, TODAY):
        n = random.randint(people * 3, people * 7) if people else 0
        age = (TODAY - cohort).days
        for period in range(min(14, age) + 1):
            finished = n if age - 7 > period else n // 2 if age - 3 > period else 0
            back = finished * 2 // (period + 3)
            yield {"cohort": cohort, "period": period, "first_period": period, "last_period": period, "people": n,
                   "finished": finished, "retained": back, "retained_so_far": back + (n > finished)}  # fmt: skip


def _goal(name: str, state: str) -> MeasuredGoal:
    return _made(
        MeasuredGoal, goal=state.replace(" ", "_"), description=name, metric="activation.first", number="rate", segment="all",
        segment_value="all", by=date(2027, 3, 31), final_on=date(2027, 4, 8), baseline=0.3, target=0.4, needed=0.32,
        measured=None if state == "waiting" else 0.37, low=0.29, high=0.45, people=135, state=state,
    )  # fmt: skip


def _alert(name: str, change: str) -> AlertEpisode:
    is_event = change == "stopped"
    return _made(
        AlertEpisode, alert=change, description=name, subject="activation.first", number=None if is_event else "rate",
        segment="all", segment_value="all", change=change, opened=TODAY - 3 * DAY, now=0.2, now_people=80, before=0.4,
        before_people=300, p_value=0.0001,
    )  # fmt: skip


def _list(name: str) -> MadeList:
    made_at = datetime(2026, 11, 21, 4, 50, tzinfo=UTC).replace(tzinfo=None)
    return _made(MadeList, list="quiet", made_at=made_at, description=name, actor="person", people=11, entered=4, left=2,
                 held_out=1)  # fmt: skip


def _made(model: type[M], **known: Any) -> M:
    """A row of a table; columns that the page does not read are empty, or today."""
    empty = {str: "", int: 0, float: 0.0, date: TODAY, datetime: datetime(2026, 11, 21)}  # noqa: DTZ001 - as in the tables
    others = {
        column.name: None if _may_be_null(model, column.name) else empty[column.type] for column in columns(model)
    }
    return model.model_validate({**others, **known})


def _may_be_null(model: type[M], name: str) -> bool:
    return type(None) in typing.get_args(model.model_fields[name].annotation)
