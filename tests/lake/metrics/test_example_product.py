"""The example product, computed from its events, against what was counted from the decisions behind them."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from daybreak import example
from daybreak.definitions.project import load
from daybreak.example.check import differences, key_of
from daybreak.example.decisions import AS_OF, decide
from daybreak.example.events import events
from daybreak.example.expected import expected
from daybreak.files.compute import compute_files
from support.journeys import LIMITS, Deployment

Row = dict[str, Any]
PRODUCT = load(Path(example.__file__).with_name("product.toml"))
PEOPLE = decide()
EXPECTED = expected(PEOPLE)
COUNTS = (
    "people",
    "finished",
    "activated",
    "entered",
    "reached",
    "retained_so_far",
    "active_people",
    "users",
    "answers",
)
"""Columns of people or answers, each in one value of a segment only."""


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    """Every table of the example, computed once from a file of its events."""
    folder = tmp_path_factory.mktemp("example")
    file = folder / "events.ndjson"
    file.write_text("".join(json.dumps(event) + "\n" for event in events(PEOPLE)), encoding="utf-8")
    done = compute_files([str(file)], PRODUCT, AS_OF, folder / "lake", LIMITS.memory_mb, now=datetime.now(UTC))
    assert done.counts.rejected == 0, done.counts.first_rejects
    assert done.counts.after_as_of > 0
    return Deployment(done.store.root, PRODUCT)


DEFINITIONS = [(family, name) for family, named in PRODUCT.definitions.items() for name in named]
each_definition = pytest.mark.parametrize(("family", "name"), DEFINITIONS, ids=map(".".join, DEFINITIONS))


def test_every_definition_of_the_example_has_its_answer() -> None:
    assert sorted(DEFINITIONS) == sorted(EXPECTED)


def test_the_same_seed_decides_the_same_and_another_something_else() -> None:
    assert decide(1) == PEOPLE
    assert decide(2) != PEOPLE


HAND_COUNTED: list[tuple[str, str, Row, Row]] = [
    # saved 24 hours after the sign-up, to the second and a second later; and so the other windows of these two
    ("p210", "activation.first_workflow", {}, {"finished": 1, "activated": 1}),
    ("p211", "activation.first_workflow", {}, {"finished": 1, "activated": 0}),
    ("p210", "activation.email_verified", {}, {"activated": 1}),
    ("p211", "activation.email_verified", {}, {"activated": 0}),
    ("p210", "time_to_value.first_run", {}, {"days_1_to_3": 0, "days_3_or_more": 1, "p50_seconds": 259_200.0}),
    ("p210", "campaign.invite_guide", {}, {"acted": 1, "only_saw": 0}),
    ("p211", "campaign.invite_guide", {}, {"acted": 0, "only_saw": 1}),
    ("p210", "conversion.trial", {}, {"converted": 1, "median_seconds_to_upgrade": 1_209_600.0}),
    ("p211", "conversion.trial", {}, {"converted": 0, "median_seconds_to_upgrade": None}),
    # 24 hours within the day of 25 hours; runs at 12:00 and 23:30 of that day are after 25 and 36.5 hours
    ("p212", "activation.first_workflow", {}, {"activated": 1}),
    ("p212", "retention.daily", {"period": 1}, {"retained": 1}),
    ("p212", "retention.daily", {"period": 2}, {"retained": 0}),
    ("p212", "retention.daily_24h", {"period": 1}, {"retained": 1}),
    ("p212", "active_days.weeks_of_four", {"day": date(2026, 11, 20), "active_days": 1}, {"people": 1}),
    # saved within two hours of beginning it, and a second later
    ("p213", "completion.save_workflow", {"step": 2}, {"reached": 1, "median_seconds_from_previous": 7200.0}),
    ("p214", "completion.save_workflow", {"step": 2}, {"reached": 0, "dropped": 1, "rate_of_previous": 0.0}),
    # signs up at 23:59, back at 00:01
    ("p215", "retention.daily", {"period": 1}, {"cohort": date(2026, 10, 6), "retained": 1}),
    ("p215", "retention.daily_24h", {"period": 1}, {"retained": 0}),
    # signs up at midnight; there in the last second of one week and the first of the week after the next
    ("p216", "activation.first_workflow", {}, {"cohort": date(2026, 10, 8)}),
    ("p216", "lifecycle.weekly", {"period_start": date(2026, 10, 12)}, {"returning_people": 1}),
    ("p216", "lifecycle.weekly", {"period_start": date(2026, 10, 19)}, {"active_people": 0, "dormant_people": 1}),
    ("p216", "lifecycle.weekly", {"period_start": date(2026, 10, 26)}, {"resurrected_people": 1}),
    # back 24 hours less a second, 48 hours and 72 hours later, across the clock change
    ("p218", "retention.daily_24h", {"period": 1}, {"retained": 0}),
    ("p218", "retention.daily_24h", {"period": 2}, {"retained": 1}),
    ("p218", "retention.daily", {"period": 1}, {"retained": 1}),
    # a role that was known an hour after the sign-up, and before the workflow; one that changed; a silent sign-up
    ("p219", "activation.first_workflow", {"segment": "role"}, {"segment_value": "(unset)"}),
    ("p219", "activation.set_up", {"segment": "role_now"}, {"segment_value": "engineer"}),
    ("p219", "completion.save_workflow", {"segment": "role", "step": 2}, {"segment_value": "engineer"}),
    ("p221", "activation.first_workflow", {"segment": "role"}, {"segment_value": "analyst"}),
    ("p221", "completion.save_workflow", {"segment": "role", "step": 2}, {"segment_value": "manager"}),
    ("p223", "retention.daily", {"segment": "invited", "period": 0}, {"segment_value": "organic", "people": 1}),
    ("p224", "activation.first_workflow", {"segment": "invited"}, {"segment_value": "(unset)"}),
    # 4 days after its creation, whatever ran before it
    ("p226", "time_to_value.account_first_run", {"segment": "all"}, {"days_3_or_more": 1, "p50_seconds": 345_600.0}),
    ("p226", "adoption.runs", {"segment": "all", "day": date(2026, 10, 11)}, {"users": 1, "first_users": 1}),
    # empty, 11, 7.5 and -1 are not answers; 0 and 10 are
    ("p228", "survey.nps", {}, {"answers": 2, "left_out": 4, "low": 1, "high": 1, "nps": 0.0}),
    ("p228", "survey.satisfaction", {}, {"answers": 0, "left_out": 1, "mean": None}),
    # the second variant two days later; a run before the first showing; a run 7 days after it, which
    # is too late after the sign-up to be the goal
    ("p229", "experiment.onboarding", {"day": date(2026, 10, 16), "variant": "tour"}, {"exposed": 1, "in_several": 0}),
    ("p229", "experiment.onboarding", {"day": date(2026, 10, 17), "variant": "tour"}, {"exposed": 0, "in_several": 1}),
    ("p230", "experiment.onboarding", {"day": date(2026, 11, 1), "variant": "checklist"}, {"reached_before": 1}),
    ("p231", "experiment.onboarding", {"day": date(2026, 10, 21), "variant": "tour"}, {"finished": 0, "reached": 0}),
    ("p231", "experiment.onboarding", {"day": date(2026, 10, 22), "variant": "tour"}, {"finished": 1, "reached": 1}),
    # the window of the one has just ended, that of the other not
    ("p232", "activation.first_workflow", {}, {"status": "complete", "finished": 1, "activated": 1, "rate": 1.0}),
    ("p233", "activation.first_workflow", {}, {"status": "open", "finished": 0, "activated_so_far": 0, "rate": None}),
    ("p234", "adoption.runs_regularly", {"day": date(2026, 11, 20)}, {"first_users": 1, "rate": None}),
]
"""Who is alone in the product, definition, which rows, and what they must say."""


@pytest.mark.parametrize(("who", "definition", "where", "says"), HAND_COUNTED)
def test_the_cases_placed_by_hand_are_counted_as_by_hand(who: str, definition: str, where: Row, says: Row) -> None:
    family, _, name = definition.partition(".")
    where = {"segment": "all", **where}
    rows = expected([person for person in PEOPLE if person.who == who])[family, name]
    chosen = [row for row in rows if all(row[column] == value for column, value in where.items())]
    assert chosen
    assert [{column: row[column] for column in says} for row in chosen] == [says] * len(chosen)


@each_definition
def test_the_values_of_a_segment_add_up_to_all(family: str, name: str) -> None:
    sums: dict[tuple[str, ...], dict[str, dict[str, int]]] = {}
    for row in EXPECTED[family, name]:
        of_row = sums.setdefault(key_of(row)[2:], {}).setdefault(row["segment"], {})
        for column in COUNTS:
            of_row[column] = of_row.get(column, 0) + (row.get(column) or 0)
    for key, of_segments in sums.items():
        for segment, counts in of_segments.items():
            assert counts == of_segments["all"], f"{family}.{name} {key} {segment}"


@each_definition
def test_the_table_says_what_was_decided(tables: Deployment, family: str, name: str) -> None:
    lines = differences(family, name, tables.table(family, name, segment=None), EXPECTED[family, name])
    assert not lines, f"{len(lines)} differences\n" + "\n".join(lines[:20])
