"""The page of a lake whose older rows were counted by another version of each definition.

A run that was killed in the middle leaves such a lake, or one whose older events are no longer there. Every number here is
counted from the expected rows, which come from the decisions, not from the product.
"""

import re
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, cast

import duckdb
import pytest

from daybreak.definitions.project import Project, load
from daybreak.engine.database import Limits
from daybreak.example.decisions import AS_OF, decide
from daybreak.example.demonstrate import demonstrate
from daybreak.example.expected import expected
from daybreak.export.run import begin
from daybreak.families.completion import Completion
from daybreak.families.registry import FAMILIES
from daybreak.files.compute import compute_files
from daybreak.lake import keys
from daybreak.lake.store import FolderStore
from daybreak.page.counts import Count, Headline, headline
from daybreak.page.draw import draw
from daybreak.page.figures import experiment, funnel, retention, trend
from daybreak.page.read import EVERYBODY, Measured, PageData, read
from daybreak.page.texts.languages import LANGUAGES
from daybreak.page.versions import changed_on, counted_alike
from daybreak.page.view import View

DAY = timedelta(days=1)
LAST_DAY = AS_OF.date()
Row = dict[str, Any]


@pytest.fixture(scope="module")
def computed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Project]:
    out, lake = tmp_path_factory.mktemp("out"), tmp_path_factory.mktemp("lake")
    done = demonstrate(out)
    project = load(done.definitions_file)
    compute_files([str(done.events_file)], project, AS_OF, lake, now=AS_OF)
    return lake, project


@pytest.fixture(scope="module")
def decided() -> dict[tuple[str, str], list[Row]]:
    return expected(decide())


def changed(computed: tuple[Path, Project], since: date) -> PageData:
    """The page's data if the rows before a day had been counted by another version of their definitions."""
    lake, project = computed
    store = FolderStore(lake)
    with duckdb.connect() as db:
        for family in project.measured:
            day = FAMILIES[family].partition
            for stored in store.list(keys.months_prefix(family)):
                file = lake / stored.key
                db.execute(
                    f"create or replace table rows as select * replace (if({day} < date '{since}', 'another', "
                    f"if(version = 'another', '{project.version(family, keys.definition_of(stored.key))}', version)) "
                    f"as version) from read_parquet('{file}', hive_partitioning = false)"
                )
                db.execute(f"copy rows to '{file}' (format parquet)")
    with begin(store, project, Limits()) as run:
        return read(run, LAST_DAY, AS_OF + timedelta(microseconds=1))


def one(data: PageData, id_: str) -> Measured:
    return next(measured for measured in data.measured if measured.id == id_)


def first_workflow(data: PageData) -> Headline | None:
    series = trend.series_of(
        one(data, "activation.first_workflow"), View(data, LANGUAGES["en"]), trend.LINES["activation"]
    )
    assert series is not None
    return headline(series)


def counted(rows: list[Row], first: date, last: date) -> Count:
    mine = [row for row in rows if row["segment"] == "all" and first <= row["cohort"] <= last]
    return Count(sum(row["activated"] for row in mine), sum(row["finished"] for row in mine))


def test_a_headline_adds_up_the_days_since_the_definition_changed(
    computed: tuple[Path, Project], decided: dict[tuple[str, str], list[Row]]
) -> None:
    rows, last = decided["activation", "first_workflow"], LAST_DAY - 2 * DAY  # the window of a day is over
    since = last - 9 * DAY
    found = first_workflow(changed(computed, since))
    assert found is not None
    assert (found.now, found.before, found.first, found.periods) == (counted(rows, since, last), None, since, 10)


def test_a_headline_is_compared_with_the_days_before_it_that_were_counted_alike(
    computed: tuple[Path, Project], decided: dict[tuple[str, str], list[Row]]
) -> None:
    rows, last = decided["activation", "first_workflow"], LAST_DAY - 2 * DAY
    half, less = last - 41 * DAY, last - 40 * DAY  # fourteen days before the newest 28, and thirteen
    found = first_workflow(changed(computed, half))
    assert found is not None
    assert (found.now, found.before_periods) == (counted(rows, last - 27 * DAY, last), 14)
    assert found.before == counted(rows, half, last - 28 * DAY)
    found = first_workflow(changed(computed, less))
    assert found is not None
    assert (found.now, found.before) == (counted(rows, last - 27 * DAY, last), None)


def test_nothing_is_complete_while_only_older_versions_rows_are(computed: tuple[Path, Project]) -> None:
    data = changed(computed, LAST_DAY - DAY)
    assert first_workflow(data) is None
    text = draw(data, {})
    figure = text.partition('<figure id="activation.first_workflow"')[2].partition("</figure>")[0]
    assert "nothing complete yet" in figure


def test_a_funnel_and_a_curve_hold_only_people_who_were_counted_alike(
    computed: tuple[Path, Project], decided: dict[tuple[str, str], list[Row]]
) -> None:
    since = LAST_DAY - 20 * DAY
    data = changed(computed, since)
    measured = one(data, "completion.two_workflows")
    steps, _ = funnel.steps_of(measured.rows_of(EVERYBODY), cast(Completion, measured.definition), data.last_whole_day)
    complete = [
        row
        for row in decided["completion", "two_workflows"]
        if row["segment"] == "all" and row["cohort"] >= since and row["status"] == "complete"
    ]
    for step in steps:
        mine = [row for row in complete if row["step"] == step.number]
        assert (step.reached, step.entered) == (sum(r["reached"] for r in mine), sum(r["entered"] for r in mine))
        assert step.before is None
    daily = one(data, "retention.daily").rows_of(EVERYBODY)
    pooled = retention.pooled(counted_alike(daily, "cohort"))
    rows = [
        row
        for row in decided["retention", "daily"]
        if row["segment"] == "all" and row["cohort"] >= since and row["status"] == "complete" and row["period"] == 1
    ]
    assert pooled[1] == Count(sum(row["retained"] for row in rows), sum(row["people"] for row in rows))


def test_an_experiment_says_no_verdict_of_the_version_before(computed: tuple[Path, Project]) -> None:
    data = changed(computed, LAST_DAY)  # of the newest day every row is open
    assert experiment.newest(one(data, "experiment.onboarding"), View(data, LANGUAGES["en"])) == []


@pytest.mark.parametrize(("language", "label"), [("en", "definition changed"), ("ko", "정의 변경")])
def test_every_figure_over_time_is_cut_with_a_label_and_says_so(
    computed: tuple[Path, Project], language: str, label: str
) -> None:
    data = changed(computed, LAST_DAY - 20 * DAY)
    page = data.project.page.model_copy(update={"language": language})
    text = draw(replace(data, project=data.project.model_copy(update={"page": page})), {})
    figures = dict(re.findall(r'<figure id="([^"]+)"(.*?)</figure>', text, re.DOTALL))
    over_time = {
        "activation",
        "adoption",
        "breadth",
        "conversion",
        "churn",
        "lifecycle",
        "active_people",
        "retention",
        "time_to_value",
    }
    cut = [m for m in data.measured if changed_on(m)]
    assert {m.family.name for m in cut} >= over_time
    for measured in cut:
        assert figures[measured.id].count(label) >= 1 or measured.family.name not in over_time, measured.id
        if measured.family.name in over_time:
            assert re.search(rf'class="(cut|change)">.*?{label}', figures[measured.id], re.DOTALL), measured.id


def test_the_line_of_everybody_has_no_piece_across_the_cut(computed: tuple[Path, Project]) -> None:
    since = LAST_DAY - 20 * DAY
    data = changed(computed, since)
    view = View(data, LANGUAGES["en"])
    measured = one(data, "activation.first_workflow")
    series = trend.series_of(measured, view, trend.LINES["activation"])
    assert series is not None
    shown = trend.positions_shown(series)
    at = shown.index(series.days.index(since))
    figure = draw(data, {}).partition('<figure id="activation.first_workflow"')[2].partition("</figure>")[0]
    for path in re.findall(r'<path class="(?:line|line few|line open|band)" d="M([^"z]+)', figure):
        x, xs = None, []
        for pair in path.replace("l", " ").split(" ")[::2]:
            x = int(pair) + (x or 0)
            xs.append(x)
        left = at * 1000 // (len(shown) - 1)
        assert max(xs) < left or min(xs) >= left - 1


def test_rows_that_were_counted_before_the_last_change_are_said_to_be_so(computed: tuple[Path, Project]) -> None:
    data = changed(computed, LAST_DAY + 400 * DAY)
    text = draw(data, {})
    assert text.count("The definition has changed since these numbers were counted.") >= len(data.measured) - 2
    assert "definition changed</text>" not in text
    changed(computed, date(2020, 1, 1))  # as it was
