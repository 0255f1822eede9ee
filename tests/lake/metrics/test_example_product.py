"""The example product, computed from its events, against what was counted from the decisions behind them.

So are the views of what is final: weeks are added up here in plain Python from the expected rows.
"""

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import chi2_contingency, contingency, norm

from daybreak import example
from daybreak.definitions.project import load
from daybreak.example.check import differences, is_same, key_of, list_differences
from daybreak.example.decisions import AS_OF, BEGINS, ZONE, decide
from daybreak.example.events import events
from daybreak.example.expected import expected
from daybreak.example.expected_lists import expected_lists
from daybreak.example.expected_morning import SYNCS_RECOVERED, SYNCS_SPOKEN, alerts, goals
from daybreak.export.run import begin
from daybreak.families.registry import FAMILIES
from daybreak.files.compute import compute_files
from daybreak.lake import keys
from daybreak.metrics.results import rows_of
from daybreak.metrics.views import view_of
from daybreak.watch.job import Watch
from support.journeys import LIMITS, Deployment

Row = dict[str, Any]
PRODUCT = load(Path(example.__file__).with_name("product.toml"))
NO_SYNCS = PRODUCT.alerts["no_syncs"]
PEOPLE = decide()
EXPECTED = expected(PEOPLE)
FIRST = BEGINS.date()
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


def morning_of(deployment: Deployment, table: str) -> list[Row]:
    """The rows of `latest/goals.json` or `latest/alerts.json`."""
    latest = deployment.latest(table)
    days = {
        name for name in latest["columns"] if name in ("day", "opened", "closed", "spoken", "final_on", "measured_to")
    }
    rows = [dict(zip(latest["columns"], row, strict=True)) for row in latest["rows"]]
    return [
        {name: date.fromisoformat(value) if name in days and value else value for name, value in row.items()}
        for row in rows
    ]


def test_each_goal_and_alert_says_on_the_newest_morning_what_was_decided(tables: Deployment) -> None:
    for table, kind, wanted in (("goals", "goal", goals(EXPECTED)), ("alerts", "alert", alerts(EXPECTED))):
        found = morning_of(tables, table)
        assert sorted(row[kind] for row in found) == sorted(wanted)
        for row in found:
            assert differences(kind, row[kind], [row], [wanted[row[kind]]]) == []


def test_the_goals_of_the_example_are_in_every_state(tables: Deployment) -> None:
    assert sorted(row["state"] for row in morning_of(tables, "goals")) == [
        "behind", "met", "missed", "not enough people", "on track", "too close to call", "waiting",
    ]  # fmt: skip


def test_the_sync_that_was_decided_to_fail_is_spoken_of_when_it_stops_and_when_it_is_back(tables: Deployment) -> None:
    day, until = AS_OF.astimezone(PRODUCT.zone).date(), AS_OF + timedelta(microseconds=1)
    replayed = Watch(tables.store, PRODUCT, LIMITS).replay("no_syncs", day, until)
    assert [(one.morning, one.says) for one in replayed.mornings] == SYNCS_SPOKEN


def test_the_table_that_sees_each_morning_holds_the_planted_recovery(tables: Deployment, tmp_path: Path) -> None:
    lived = Deployment(tmp_path / "lived", PRODUCT.model_copy(update={"goals": {}, "alerts": {"no_syncs": NO_SYNCS}}))
    for stored in tables.store.list(""):
        if not stored.key.startswith((f"{keys.GOALS}/", f"{keys.ALERTS}/", "latest/")):
            lived.store.put(stored.key, tables.store.get(stored.key) or b"")
    open_on = []
    for day in (SYNCS_RECOVERED["opened"] + timedelta(days=n) for n in range(-3, 6)):
        seen = Watch(lived.store, lived.project, LIMITS).run(day)
        open_on += [day] if seen.open else []
    assert open_on == [SYNCS_RECOVERED["opened"], SYNCS_RECOVERED["opened"] + timedelta(days=1)]
    (row,) = morning_of(lived, "alerts")
    assert differences("alert", "no_syncs", [row], [SYNCS_RECOVERED]) == []


def test_the_fall_that_was_decided_is_seen_on_the_morning_that_scipy_finds(tables: Deployment) -> None:
    """Chi-square without Yates' correction is the square of the pooled z; Laney's sigma of the weeks before divides it."""
    rows = {row["cohort"]: row for row in EXPECTED["activation", "email_verified"] if row["segment"] == "all"}

    def of_days(end: date, days: int) -> Any:
        chosen = [rows[end - timedelta(days=n)] for n in range(days) if end - timedelta(days=n) in rows]
        return np.array([[row["activated"], row["finished"]] for row in chosen]).sum(axis=0)

    def has_fallen(end: date) -> bool:
        now, before = of_days(end, 7), of_days(end - timedelta(days=7), 28)
        weeks = [
            of_days(end - timedelta(days=7 * n), 7) for n in range(12, 0, -1) if end - timedelta(days=7 * n) > FIRST
        ]
        reached, people = np.array(weeks).T
        rate = reached.sum() / people.sum()
        scores = (reached / people - rate) / np.sqrt(rate * (1 - rate) / people)
        spread = max(1.0, np.abs(np.diff(scores)).mean() / 1.128)
        table = [[k, n - k] for k, n in (now, before)]
        assert contingency.expected_freq(table).min() >= 5
        z = chi2_contingency(table, correction=False).statistic ** 0.5 / spread
        return bool(now[0] / now[1] <= 0.8 * before[0] / before[1] and 2 * norm.sf(z) < 0.001)

    ends = [date(2026, 11, 1) + timedelta(days=n) for n in range(12)]  # from the first 35 days on, until the 12th
    opens = next(end for end in ends if has_fallen(end)) + timedelta(days=7)
    day, until = AS_OF.astimezone(PRODUCT.zone).date(), AS_OF + timedelta(microseconds=1)
    replayed = Watch(tables.store, PRODUCT, LIMITS).replay("nobody_verifies", day, until)
    assert [(one.morning, one.says) for one in replayed.mornings] == [(opens, "opened")]


DEFINITIONS = [(family, name) for family, named in PRODUCT.definitions.items() for name in named]
each_definition = pytest.mark.parametrize(("family", "name"), DEFINITIONS, ids=map(".".join, DEFINITIONS))


def test_every_definition_of_the_example_has_its_answer() -> None:
    assert sorted(DEFINITIONS) == sorted(EXPECTED)


@pytest.mark.parametrize("name", PRODUCT.lists)
def test_the_lists_of_the_example_hold_whom_its_decisions_put_there(tables: Deployment, name: str) -> None:
    (file,) = (tables.store.root / "lists" / name).glob("made=*/people.ndjson")
    expected_lines = expected_lists(PEOPLE)[name]
    assert expected_lines
    assert list_differences(name, file, expected_lines) == []


def test_a_list_with_a_person_too_many_or_too_few_is_reported(tmp_path: Path) -> None:
    file = tmp_path / "list.ndjson"
    file.write_text('{"user_id": "p1", "anonymous_id": null, "traits": {"role": "admin"}}\n')
    assert list_differences("l", file, {("user_id", "p1", "admin")}) == []
    assert list_differences("l", file, {("user_id", "p1", None)}) == [
        "list.l: ('user_id', 'p1', None) is missing", "list.l: ('user_id', 'p1', 'admin') was not expected"
    ]  # fmt: skip


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


# What is final, in weeks

RATIOS = {
    "activation": {"rate": ("activated", "finished")},
    "completion": {"rate_of_start": ("reached", "entered")},
    "retention": {"rate": ("retained", "people")},
    "churn": {"churn_rate": ("churned", "people"), "cancel_rate": ("cancelled", "people")},
    "conversion": {"rate": ("converted", "finished")},
    "survey": {"csat": ("high", "answers")},
    "support_load": {
        "tickets_per_person": ("tickets", "active_people"),
        "onboarding_tickets_per_person": ("onboarding_tickets", "onboarding_people"),
        "other_tickets_per_person": ("other_tickets", "other_people"),
    },
    "campaign": {"rate": ("acted", "finished")},
}
"""Family -> its ratios of two columns that add up. All other families stay as they are."""
APART = {"completion": "step", "retention": "period"}
TODAY = AS_OF.astimezone(ZONE).date()


def final(family: str, name: str) -> Iterator[tuple[date, list[Row]]]:
    """First day of each week, month or day that is final, with its rows of all segments; a funnel's step by itself."""
    partition, apart = FAMILIES[family].partition, APART.get(family)
    by_day = getattr(PRODUCT.of(family)[name], "period", "day") == "day" and family in RATIOS
    together: dict[tuple[date, object], list[Row]] = {}
    cohorts: dict[date, set[date]] = {}
    for row in EXPECTED[family, name]:
        first = row[partition] - timedelta(days=row[partition].weekday()) if by_day else row[partition]
        together.setdefault((first, row.get(apart or "")), []).append(row)
        cohorts.setdefault(first, set()).add(row[partition])
    for (first, _), rows in together.items():
        is_over = not by_day or first + timedelta(days=7) <= TODAY
        has_begun_for_all = {row[partition] for row in rows} == cohorts[first]
        if is_over and has_begun_for_all and all(row["status"] == "complete" for row in rows):
            yield first, rows


def total(values: Iterable[int | None]) -> int | None:
    """Their sum; None if none of them is a number, as of people who cancelled where nothing says who did."""
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def added_up(family: str, name: str) -> list[Row]:
    """The rows that the view of the family should have for a definition."""
    wanted = []
    for first, rows in final(family, name):
        of_value: dict[tuple[str, str], list[Row]] = {}
        for row in rows:
            of_value.setdefault((row["segment"], row["segment_value"]), []).append(row)
        for (segment, value), mine in of_value.items():
            if family not in RATIOS:
                wanted += [{column: of for column, of in row.items() if column != "status"} for row in mine]
                continue
            sums: Row = {}
            for ratio, columns in RATIOS[family].items():
                sums |= {column: total(row[column] for row in mine) for column in columns}
                top, bottom = (sums[column] for column in columns)
                has_it = any(row[ratio] is not None for row in mine)
                sums[ratio] = top / bottom if has_it else None
            who = {"segment": segment, "segment_value": value, FAMILIES[family].partition: first}
            step = {column: mine[0][column] for column in (APART.get(family),) if column}
            wanted.append({"definition": name, **who, **step, **sums})
    return wanted


@pytest.fixture(scope="module")
def view_rows(tables: Deployment) -> dict[str, list[Row]]:
    """Family -> the rows of its view over the computed tables."""
    found = {}
    with begin(tables.store, PRODUCT, LIMITS) as run:
        for family in FAMILIES.values():
            run.db.execute(f"create or replace view {family.name} as select * from {rows_of(run, family)}")
            result = run.db.execute(view_of(family, PRODUCT).sql)
            names = [column[0] for column in result.description]
            found[family.name] = [dict(zip(names, row, strict=True)) for row in result.fetchall()]
    return found


@each_definition
def test_the_view_says_what_is_final_added_up_to_weeks(view_rows: dict[str, list[Row]], family: str, name: str) -> None:
    found, wanted = [row for row in view_rows[family] if row["definition"] == name], added_up(family, name)
    assert wanted, "nothing is final"
    lines = differences(family, name, found, wanted)
    assert not lines, f"{len(lines)} differences\n" + "\n".join(lines[:20])


@each_definition
def test_a_definition_by_week_or_month_keeps_all_its_numbers_in_the_view(
    view_rows: dict[str, list[Row]], family: str, name: str
) -> None:
    if getattr(PRODUCT.of(family)[name], "period", "day") not in ("week", "month"):
        return
    own = {key_of(row): row for row in EXPECTED[family, name]}
    found = [row for row in view_rows[family] if row["definition"] == name]
    assert {number.column for number in FAMILIES[family].numbers} <= set(found[0])
    for row in found:
        said = own[key_of(row)]
        assert [column for column in row.keys() & said.keys() if not is_same(row[column], said[column])] == []


def test_the_newest_week_in_a_view_is_the_newest_whose_last_day_has_had_its_window(
    view_rows: dict[str, list[Row]],
) -> None:
    """People came from Monday, 28 September on. It is Friday, 20 November: Sunday, 15 November has had 24 hours, and
    only Sunday, 8 November has had seven days."""
    weeks = {
        name: sorted({row["cohort"] for row in view_rows["activation"] if row["definition"] == name})
        for name in ("first_workflow", "first_run")
    }
    mondays = [date(2026, 9, 28) + timedelta(weeks=n) for n in range(7)]
    assert weeks == {"first_workflow": mondays, "first_run": mondays[:-1]}
