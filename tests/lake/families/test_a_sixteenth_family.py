"""A new family takes its three files and one line of the registry; everything else follows.

The package is copied, the files and the line are added to the copy, and the `daybreak` command of the copy is used as
a person would: the definition is checked, computed, described and scheduled.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import ROOT

MODULE = '''"""Sign-ups: how many people start on each day?"""

from datetime import date
from typing import Annotated, Any, ClassVar

from pydantic import Field

from daybreak.families.base import Definition, Family, MetricRow, Number
from daybreak.families.selectors import Selector, label


class SignUps(Definition):
    """People by the day of their first start event ever."""

    example: ClassVar[str] = "Three people signed up on Monday, one of them for the second time: 2."
    smallest: ClassVar[dict[str, Any]] = {"start": "Signed Up"}

    start: Annotated[Selector, Field(description="The first of these ever counts")]

    def roles(self) -> dict[str, list[str]]:
        return {"entry": [self.start]}

    def options(self) -> dict[str, Any]:
        return {}

    def days_until_final(self) -> int:
        return 0

    def explain(self) -> str:
        return f'How many {self.who()} did "{label(self.start)}" for the first time ever on a day.'


class SignUpsRow(MetricRow):
    """One row per definition, day and segment."""

    cohort: date = Field(description="Day of the first start")
    people: int = Field(description="People whose first start fell on it")


FAMILY = Family("sign_ups", SignUps, SignUpsRow, "cohort", (Number("people"),))
'''
SQL = """-- How many people start on each day?
-- Grain: one row per definition, day and segment. Inputs: starts, days, segments. Lag: one day.
select y.definition, y.version, y.day as cohort, g.segment, g.segment_value,
    case when y.complete = 1 then 'complete' else 'open' end as status, count(*) as people
from starts as s
inner join days as y on y.definition = s.definition and y.day_number = s.day_number
inner join segments as g on g.definition = s.definition and g.person = s.person
group by y.definition, y.version, y.day, y.complete, g.segment, g.segment_value
"""
SUMMARY = """-- Over all complete days: how many people started?
-- Grain: one row per segment. Inputs: rows_of_one, a definition's result rows. Lag: one day.
select segment, segment_value, sum(people) as people
from rows_of_one where status = 'complete' group by segment, segment_value order by segment, segment_value
"""
TOML = """[project]
timezone = "UTC"
[sign_ups.daily]
description = "How many people sign up?"
start = "Signed Up"
"""
CSV = """user_id,event,timestamp
u,Signed Up,2024-03-01T10:00:00Z
u,Signed Up,2024-03-02T10:00:00Z
v,Signed Up,2024-03-01T11:00:00Z
w,Signed Up,2024-03-02T12:00:00Z
"""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package in `shared`, a sixteenth family added, definitions and events."""
    root = tmp_path_factory.mktemp("sixteenth")
    # compiled files keep their times: they are used, except that of the registry, which has another size
    shutil.copytree(ROOT / "shared", root / "shared")
    families = root / "shared" / "daybreak" / "families"
    for name, text in {"sign_ups.py": MODULE, "sign_ups.sql": SQL, "sign_ups.summary.sql": SUMMARY}.items():
        (families / name).write_text(text)
    registry = families / "registry.py"
    registry.write_text(registry.read_text().replace('    "experiment",\n', '    "experiment",\n    "sign_ups",\n'))
    (root / "daybreak.toml").write_text(TOML)
    (root / "events.csv").write_text(CSV)
    return root


def python(copy: Path, code: str, *arguments: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(copy / "shared")}
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=copy, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def daybreak(copy: Path, *arguments: str) -> str:
    return python(copy, "from daybreak.cli.main import main; main()", *arguments)


def test_it_is_computed_and_shown(copy: Path) -> None:
    rows = json.loads(daybreak(copy, "compute", "events.csv", "--json"))["sign_ups"]
    assert {row["cohort"]: row["people"] for row in rows} == {"2024-03-01": 2, "2024-03-02": 1}
    assert "sign_ups: daily" in daybreak(copy, "compute", "events.csv")


def test_its_page_and_its_schema_follow(copy: Path) -> None:
    page = daybreak(copy, "definitions", "docs")
    assert "## sign_ups" in page
    assert '[sign_ups.smallest]\ndescription = "The smallest sign ups"\nstart = "Signed Up"' in page
    assert "sign_ups" in json.loads(daybreak(copy, "definitions", "schema"))["properties"]


def test_the_command_line_and_the_samples_of_the_tests_know_it(copy: Path) -> None:
    assert "sign_ups" in daybreak(copy, "run", "--help")
    code = f"import sys; sys.path.append({str(ROOT / 'tests')!r}); from support.one_of_each import ONE_OF_EACH as o; print(o)"
    assert "[sign_ups.smallest]" in python(copy, code)


@pytest.mark.slow
def test_a_schedule_and_a_table_of_its_own_follow(copy: Path) -> None:
    code = """
import sys
sys.path.append(sys.argv[1])
from pathlib import Path
from aws_cdk import App
from aws_cdk import assertions
import infra.bundling, infra.collector, infra.jobs
empty = Path(sys.argv[2]); empty.mkdir(exist_ok=True); (empty / "handler.py").write_text("")
infra.collector.bundle = infra.jobs.bundle = lambda *_, **__: empty
from daybreak.definitions.project import load
from infra.deployment import Deployment
from infra.stack import DaybreakStack
stack = DaybreakStack(App(), "Daybreak", deployment=Deployment(root=Path(), project=load(Path("daybreak.toml"))))
template = assertions.Template.from_stack(stack)
print(len(template.find_resources("AWS::Scheduler::Schedule", {"Properties": {"Description": "Daybreak: sign_ups"}})))
print(len(template.find_resources("AWS::Glue::Table", {"Properties": {"TableInput": {"Name": "sign_ups"}}})))
"""
    assert python(copy, code, str(ROOT), str(copy / "empty")).split() == ["1", "1"]
