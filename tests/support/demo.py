"""Checks of the demo's published numbers and of the documentation's commands, in a sandbox."""

import json
import re
from collections.abc import Iterable

from support.pages import shown
from support.sandbox import Sandbox

COUNTED = """
select definition, period, sum(people) as people, sum(retained_so_far) as retained, count(*) as cohorts
from retention where segment = 'all' group by 1, 2 order by 1, 2
"""
EVENTS = """
select event, count(*) as events, count(distinct message_id) as ids, min(dt) as first, max(dt) as last
from events where event <> 'List Entered' group by event order by event
"""
"""What the demo sends. An entry of its list is an event of the product's own, and only the next export brings it."""
EVERY_FAMILY = [
    COUNTED,
    "select * from activation order by definition, cohort, segment, segment_value",
    "select * from time_to_value order by definition, cohort, segment, segment_value",
    "select * from completion order by definition, cohort, segment, segment_value, step",
    "select * from adoption order by definition, day, segment, segment_value",
    "select * from active_people order by definition, day, segment, segment_value",
    "select * from experiment order by definition, day, segment, segment_value, variant",
    "select * from goals order by day, goal",
    "select * from alerts order by opened, alert",
    "select * from lists order by list, made_at",
    EVENTS,
]


def check_demo(shown: str) -> None:
    """The output of `make demo` has the published numbers and the time that each stage took."""
    for number in ("7846", "1157", "964", "810", "247", "241", "160", "10325"):
        assert re.search(rf"\b{number}\b", shown), number
    assert "no difference" in shown  # of the A/A test; its numbers: tests/lake/metrics/test_demo.py
    assert "the time each stage took" in shown
    assert re.search(r"The page: +s3://\S+/page/1998-06-30\.html", shown)


def check_numbers(sandbox: Sandbox) -> None:
    """Athena's API returns the published numbers of CDNOW, and each event is in the lake once."""
    found = {
        (row["definition"], int(row["period"])): (int(row["people"]), int(row["retained"]))
        for row in sandbox.query(COUNTED)
    }
    assert [found["buyers_daily", day][1] for day in (1, 7, 30)] == [247, 241, 160]
    assert found["buyers_stay", 30] == (23_570, 10_325)
    january = sandbox.query(
        "select period, people, retained from retention where definition = 'buyers_monthly' and segment = 'all' "
        "and cohort = date '1997-01-01' and period <= 3 order by period"
    )
    assert [(int(row["people"]), int(row["retained"])) for row in january] == [
        (7846, 7846), (7846, 1157), (7846, 964), (7846, 810)]  # fmt: skip
    events = {row["event"]: (int(row["events"]), int(row["ids"])) for row in sandbox.query(EVENTS)}
    assert events == {"Order Completed": (69_659, 69_659), "Experiment Viewed": (7_248, 7_248)}
    (listed,) = sandbox.query("select list, people, entered from lists")
    assert (listed["list"], listed["people"], listed["entered"]) == ("gone_quiet", "346", "346")
    (doubts,) = sandbox.query("select count(*) as warnings from warnings")
    assert doubts["warnings"] == "0"


def run_commands(sandbox: Sandbox, commands: Iterable[str]) -> None:
    """Run commands as a reader would, and check the output of those that print data."""
    status = sandbox.status
    variables = {"URL": status["url"], "WRITE_KEY": status["write_key"]}
    for command in commands:
        output = sandbox.run(command, **variables)
        if command.startswith("curl"):
            assert json.loads(output)["success"] is True
        elif "tail" in command:
            assert "doc-track-1" in {json.loads(line)["message_id"] for line in output.splitlines()}
        elif "query" in command:
            printed = {" ".join(line.split()) for line in output.splitlines() if re.search(r"\d", line)}
            assert printed, f"no row: {command}"
            assert printed <= shown(), f"the page shows other rows: {command}"
        elif "compute" in command:
            assert "50.0 %" in output
