"""The page of the example product says what was decided before its events were made.

Every number here is counted from the expected rows, which come from the decisions, not from the product.
"""

import gzip
import json
import re
import shutil
from base64 import b64decode
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from daybreak.definitions.project import Project
from daybreak.engine.database import Limits
from daybreak.example.decisions import AS_OF, decide
from daybreak.example.demonstrate import demonstrate
from daybreak.example.expected import expected
from daybreak.export.run import begin
from daybreak.families.registry import FAMILIES
from daybreak.files.compute import ComputedLake, compute_files
from daybreak.lake import keys
from daybreak.lake.store import FolderStore, Stored
from daybreak.lists.job import Lists
from daybreak.metrics.publish import read_latest
from daybreak.page.counts import FEW, Count, headline
from daybreak.page.draw import draw
from daybreak.page.figures import experiment, funnel, retention, trend
from daybreak.page.job import write_page
from daybreak.page.read import EVERYBODY, Measured, PageData, different_people, read
from daybreak.page.texts.languages import LANGUAGES
from daybreak.page.today import today
from daybreak.page.view import View

DAY = timedelta(days=1)
LAST_DAY = AS_OF.date()
UNTIL = AS_OF + timedelta(microseconds=1)
Row = dict[str, Any]


@pytest.fixture(scope="module")
def computed(tmp_path_factory: pytest.TempPathFactory) -> tuple[FolderStore, Project]:
    """The lake of the example product."""
    out, lake = tmp_path_factory.mktemp("out"), tmp_path_factory.mktemp("lake")

    def computed_and_kept(*arguments: Any, **named: Any) -> ComputedLake:
        done = compute_files(*arguments, **named)
        shutil.copytree(done.store.root, lake, dirs_exist_ok=True)
        return done

    with pytest.MonkeyPatch.context() as patched:  # the demonstration removes its lake
        patched.setattr("daybreak.files.compute.compute_files", computed_and_kept)
        done = demonstrate(out)
    assert done.differences == []
    assert done.computed.page.read_text().startswith("<!doctype html>")
    return FolderStore(lake), done.project


@pytest.fixture(scope="module")
def data(computed: tuple[FolderStore, Project]) -> PageData:
    store, project = computed
    with begin(store, project, Limits()) as run:
        return read(run, LAST_DAY, UNTIL)


@pytest.fixture(scope="module")
def view(data: PageData) -> View:
    return View(data, LANGUAGES["en"])


@pytest.fixture(scope="module")
def decided() -> dict[tuple[str, str], list[Row]]:
    return expected(decide())


def one(data: PageData, id_: str) -> Measured:
    return next(measured for measured in data.measured if measured.id == id_)


def everybody(rows: list[Row]) -> list[Row]:
    return [row for row in rows if row["segment"] == "all"]


def last_complete(rows: list[Row], partition: str) -> date:
    """The day before the first open row; the day before the noon on which everything ends, without one."""
    opened: list[date] = [row[partition] - DAY for row in rows if row["status"] == "open"]
    return min([*opened, LAST_DAY - DAY])


def added_up(rows: list[Row], first: date, last: date, *columns: str) -> tuple[int, ...]:
    return tuple(sum(row[column] for row in rows if first <= row["cohort"] <= last) for column in columns)


@pytest.mark.parametrize(
    ("family", "name", "reached"),
    [("activation", name, "activated") for name in ("first_workflow", "two_workflows", "email_verified", "set_up", "first_run",
                                                    "any_sign_of_life", "invited_before_workflow", "account_first_run")]
    + [("conversion", "trial", "converted"), ("campaign", "invite_guide", "acted"), ("campaign", "workflow_guide", "acted")],
)  # fmt: skip
def test_a_headline_is_the_28_complete_days_and_the_28_before(
    view: View, decided: dict[tuple[str, str], list[Row]], family: str, name: str, reached: str
) -> None:
    rows = everybody(decided[family, name])
    last = last_complete(rows, "cohort")
    wanted = added_up(rows, last - 27 * DAY, last, reached, "finished")
    before = added_up(rows, last - 55 * DAY, last - 28 * DAY, reached, "finished")
    series = trend.series_of(one(view.data, f"{family}.{name}"), view, trend.LINES[family])
    assert series is not None
    found = headline(series)
    assert found is not None
    assert (found.now.reached, found.now.of) == wanted
    is_enough = (last - 28 * DAY - min(row["cohort"] for row in rows)).days + 1 >= 14
    assert found.before == (Count(*before) if is_enough else None)
    assert found.last == last


@pytest.mark.parametrize("name", ["two_workflows", "invited_only", "build_or_connect", "checklist"])
def test_a_funnel_adds_up_the_28_complete_days(
    view: View, decided: dict[tuple[str, str], list[Row]], name: str
) -> None:
    rows = everybody(decided["completion", name])
    last = last_complete(rows, "cohort")
    measured = one(view.data, f"completion.{name}")
    steps, _ = funnel.steps_of(measured.rows_of(EVERYBODY), measured.definition, view.data.last_whole_day)  # type: ignore[arg-type]
    for step in steps:
        mine = [row for row in rows if row["step"] == step.number]
        wanted = added_up(mine, last - 27 * DAY, last, "reached", "entered", "dropped")
        assert (step.reached, step.entered, step.dropped) == wanted
    assert len(steps) == max(row["step"] for row in rows)


@pytest.mark.parametrize("name", ["daily", "daily_24h", "in_brackets", "runs_again", "accounts_weekly"])
def test_a_curve_adds_up_every_complete_cohort(
    view: View, decided: dict[tuple[str, str], list[Row]], name: str
) -> None:
    rows = [row for row in everybody(decided["retention", name]) if row["status"] == "complete" and row["period"] > 0]
    wanted: dict[int, list[int]] = {}
    for row in rows:
        known = wanted.setdefault(row["period"], [0, 0])
        known[0] += row["retained"]
        known[1] += row["people"]
    found = retention.pooled(one(view.data, f"retention.{name}").rows_of(EVERYBODY))
    assert {period: [count.reached, count.of] for period, count in found.items()} == wanted


def test_the_experiment_says_the_verdict_of_the_day_on_which_the_plan_was_reached(
    view: View, decided: dict[tuple[str, str], list[Row]]
) -> None:
    rows = [row for row in everybody(decided["experiment", "onboarding"]) if row["status"] == "complete"]
    reached = [row["day"] for row in rows if all(one["finished"] >= 60 for one in rows if one["day"] == row["day"])]
    deciding = {row["variant"]: row for row in rows if row["day"] == min(reached)}
    found = {row["variant"]: row for row in experiment.newest(one(view.data, "experiment.onboarding"), view)}
    assert list(found) == ["tour", "checklist"]
    for variant, row in deciding.items():
        assert (found[variant]["reached"], found[variant]["finished"]) == (row["reached"], row["finished"])
    day = f"{min(reached).day} {min(reached):%B}"
    assert any(f"The planned number was reached on {day}." in said.text for said in today(view))


def test_no_value_stands_in_the_page_that_fewer_than_twenty_people_have(
    data: PageData, decided: dict[tuple[str, str], list[Row]]
) -> None:
    people = {"activation": "people", "conversion": "people", "time_to_value": "people", "campaign": "exposed"}
    certain: dict[tuple[str, str], int] = {}
    for (family, _), rows in decided.items():
        if family in people:
            summed: dict[tuple[str, str], int] = {}
            for row in rows:
                key = (row["segment"], row["segment_value"])
                summed[key] = summed.get(key, 0) + row[people[family]]
            certain = {key: max(certain.get(key, 0), count) for key, count in {**certain, **summed}.items()}
    shown = {(segment, value) for segment, values in data.values.items() for value in values}
    assert shown
    assert "account" not in data.values  # each account by itself: its name stays out of the page
    for key in shown & set(certain):
        assert certain[key] >= FEW
    counted = {name for name, family in FAMILIES.items() if different_people(family)}
    assert counted == set(data.project.measured) - {"survey"}


def test_the_page_names_no_person_and_no_account(data: PageData) -> None:
    before, packed, after = re.split(r'<script type="application/gzip" id="packed">(.*?)</script>', draw(data, {}))
    text = before + gzip.decompress(b64decode(packed)).decode() + after
    assert "role=analyst" in text
    people = decide()
    for name in {person.who for person in people} | {m.account for person in people for m in person.memberships}:
        assert not re.search(rf"\b{name}\b", text)


def test_running_the_job_again_writes_nothing_and_an_older_day_keeps_its_page(
    computed: tuple[FolderStore, Project],
) -> None:
    store, project = computed
    first = write_page(store, project, LAST_DAY)
    assert first.written == [keys.page(LAST_DAY), keys.newest_page(), keys.latest(keys.PAGE)]
    assert write_page(store, project, LAST_DAY).written == []
    older = LAST_DAY - 7 * DAY
    store.put(keys.page(older), b"as it was that morning")
    again = write_page(store, project, older)
    assert (again.day, again.text, again.written) == (LAST_DAY, first.text, [])
    assert store.get(keys.page(older)) == b"as it was that morning"
    assert store.get(keys.newest_page()) == first.text.encode()


@pytest.mark.parametrize("table", ["activation", "goals", "alerts", "lists", "warnings"])
def test_a_table_whose_job_failed_this_morning_is_late(
    computed: tuple[FolderStore, Project], tmp_path: Path, table: str
) -> None:
    """Every job ran for the page's day, and nothing is late; then one of them has only made its table the day before."""
    source, project = computed
    shutil.copytree(source.root, tmp_path / "lake")
    store = FolderStore(tmp_path / "lake")
    assert _late(store, project) == {}
    before = LAST_DAY - DAY if table in ("activation", "warnings") else LAST_DAY - 2 * DAY
    if table == "lists":
        name = next(iter(project.lists))
        Lists(store, project).of_all(UNTIL - DAY, AS_OF)  # an older making never replaces a newer one
        assert _late(store, project) == {}
        store.delete([keys.list_state(name), keys.list_counts(name)])
        assert _late(store, project) == {"lists": None}
        Lists(store, project).of_all(UNTIL - DAY, AS_OF)
    else:
        latest = read_latest(store, table) or {}
        store.put(keys.latest(table), json.dumps({**latest, "as_of": before.isoformat()}).encode())
    assert _late(store, project) == {table: before}
    page = write_page(store, project, LAST_DAY, UNTIL).text
    said = {"activation": "Activation", "goals": "Goals", "alerts": "Alerts", "lists": "Lists", "warnings": "Warnings"}[
        table
    ]
    assert f"Some of these numbers are older than this morning: {said}." in page
    assert f"{said}: not computed this morning, so these numbers are of {before.day} November." in page


def _late(store: FolderStore, project: Project) -> dict[str, date | None]:
    with begin(store, project, Limits()) as run:
        return read(run, LAST_DAY, UNTIL).late


class Listed(FolderStore):
    """A folder that notes which prefixes were listed, and which objects fetched."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.lists: list[str] = []
        self.fetched: list[str] = []

    def list(self, prefix: str) -> Sequence[Stored]:
        self.lists.append(prefix)
        return super().list(prefix)

    def local(self, keys: Iterable[str], work: Path) -> dict[str, Path]:
        paths = super().local(keys, work)
        self.fetched += paths
        return paths


def test_the_job_lists_and_fetches_the_months_of_a_family_once(computed: tuple[FolderStore, Project]) -> None:
    store, project = computed
    listed = Listed(store.root)
    write_page(listed, project, LAST_DAY, UNTIL)
    months = [prefix for prefix in listed.lists if prefix.endswith("by_month/")]
    assert sorted(months) == sorted(keys.months_prefix(family) for family in project.measured)
    fetched = [key for key in listed.fetched if keys.is_by_month(key)]
    assert len(fetched) == len(set(fetched)) > 40


def test_a_changed_definition_says_since_when_it_counts_so(computed: tuple[FolderStore, Project]) -> None:
    store, project = computed
    write_page(store, project, LAST_DAY, UNTIL)
    changed = write_page(store, _with_another_window(project), LAST_DAY + DAY)
    assert changed.text.count("<td>21 November 2026</td>") == 1
    assert write_page(store, _with_another_window(project), LAST_DAY + DAY).text == changed.text


def _with_another_window(project: Project) -> Project:
    changed = project.of("activation")["first_workflow"].model_copy(update={"window": timedelta(hours=48)})
    activation = {**project.of("activation"), "first_workflow": changed}
    return project.model_copy(update={"definitions": {**project.definitions, "activation": activation}})
