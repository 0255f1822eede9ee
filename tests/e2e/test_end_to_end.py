"""The whole of Daybreak as a newcomer meets it: a copy of the checkout, `make demo`, the documented commands, bad requests.

One local cloud of its own, on a free port, in a folder of its own; the tests below run in order and build on each other.
"""

import gzip
import json
import re
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from daybreak.cloud import local
from support.pages import commands
from support.sandbox import Sandbox, copied

pytestmark = pytest.mark.e2e

COUNTED = """
select definition, period, sum(people) as people, sum(retained_so_far) as retained, count(*) as cohorts
from retention where segment = 'all' group by 1, 2 order by 1, 2
"""
EVERY_FAMILY = [
    COUNTED,
    "select * from activation order by definition, cohort, segment, segment_value",
    "select * from time_to_value order by definition, cohort, segment, segment_value",
    "select * from completion order by definition, cohort, segment, segment_value, step",
    "select * from adoption order by definition, day, segment, segment_value",
    "select count(*) as events, count(distinct message_id) as ids, min(dt) as first, max(dt) as last from events",
]


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with copied(tmp_path_factory.mktemp("checkout")) as made:
        yield made


def _answers(sandbox: Sandbox) -> None:
    """METRICS.md's last section, through Athena's API."""
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


def test_make_demo_gives_the_published_answers(sandbox: Sandbox) -> None:
    shown = sandbox.run(f"make demo PORT={sandbox.port}")
    for number in ("7846", "1157", "964", "810", "247", "241", "160", "10325"):
        assert re.search(rf"\b{number}\b", shown), number
    assert "the time each stage took" in shown
    _answers(sandbox)
    (events,) = sandbox.query(EVERY_FAMILY[-1])
    assert (events["events"], events["ids"]) == ("69659", "69659")


def test_the_whole_replay_sent_again_moves_no_number(sandbox: Sandbox) -> None:
    before = [sandbox.query(sql) for sql in EVERY_FAMILY]
    sandbox.run(f"make demo PORT={sandbox.port}")
    assert [sandbox.query(sql) for sql in EVERY_FAMILY] == before
    _answers(sandbox)


def test_the_local_cloud_goes_on_where_it_was_stopped(sandbox: Sandbox) -> None:
    known = sandbox.status
    sandbox.run(".venv/bin/daybreak down")
    assert local.running(sandbox.folder) is None
    sandbox.run(f".venv/bin/daybreak up --port {sandbox.port}")
    del sandbox.status
    assert sandbox.status == known
    _answers(sandbox)


def test_a_bad_event_reaches_the_table_of_rejects_and_its_siblings_the_table_of_events(sandbox: Sandbox) -> None:
    body = gzip.compress((sandbox.folder / "events" / "batch-with-bad-events.json").read_bytes())
    status, answer, _ = sandbox.post(body)
    assert (status, answer["accepted"], answer["rejectedCount"]) == (200, 2, 7)
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    sandbox.run(f".venv/bin/daybreak run export --date {today}")
    counted = sandbox.query("select code, count(*) as n from rejected group by code order by code")
    assert {row["code"]: int(row["n"]) for row in counted} == {
        "absurd_time": 1, "invalid_field": 2, "no_id": 1, "no_name": 1, "not_an_object": 1, "unencodable": 1}  # fmt: skip
    taken = sandbox.query("select message_id from events where message_id like 'bad-%' order by 1")
    assert [row["message_id"] for row in taken] == ["bad-0", "bad-8"]


@pytest.mark.parametrize(
    ("body", "path", "method", "key", "status", "code"),
    [
        (b"{", "/v1/batch", "POST", None, 400, "invalid_json"),
        (b"\x1f\x8b\x00\x00", "/v1/batch", "POST", None, 400, "invalid_gzip"),
        (b"[" * 10_000 + b"]" * 10_000, "/v1/batch", "POST", None, 400, "invalid_json"),
        (b'{"batch": []}', "/v1/batch", "POST", "not-a-key", 401, "unknown_write_key"),
        (b'{"batch": []}', "/v1/unheard-of", "POST", None, 404, "unknown_path"),
        (b'{"batch": []}', "/v1/batch", "PUT", None, 405, "wrong_method"),
        (gzip.compress(b" " * 20_000_000), "/v1/batch", "POST", None, 413, "too_large"),
    ],
)
def test_the_endpoint_refuses_what_it_cannot_take(
    sandbox: Sandbox, body: bytes, path: str, method: str, key: str | None, status: int, code: str
) -> None:
    answered, answer, _ = sandbox.post(body, path, key, method)
    assert (answered, answer["code"], bool(answer["message"])) == (status, code, True)
    assert sandbox.post(b'{"batch": []}')[0] == 200  # and it lives


def test_gzip_that_the_local_gateway_damages_is_named(sandbox: Sandbox) -> None:
    assert sandbox.post(gzip.compress(b"{}"), kind="application/json")[1]["code"] == "body_damaged"


def test_a_metric_of_a_day_not_yet_exported_fails_and_says_why(sandbox: Sandbox) -> None:
    done = subprocess.run(
        [".venv/bin/daybreak", "run", "activation", "--date", "2037-01-01"],
        cwd=sandbox.folder, env=sandbox.environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "is not exported" in " ".join(done.stderr.split())


def test_every_command_of_the_readme_and_the_docs_works(sandbox: Sandbox) -> None:
    """In the order of the pages, on the local cloud; `cdk deploy` goes into it as it would into AWS, so it comes last."""
    tested_otherwise = {"make demo", "make test", "make conformance"}  # the first above, the second is what runs this
    documented = [command for command in commands() if command not in tested_otherwise]
    assert len(documented) > 10
    status = sandbox.status
    variables = {"URL": status["url"], "WRITE_KEY": status["write_key"]}
    deploying = [command for command in documented if "/cdk " in command]
    assert len(deploying) == 2
    said = {command: sandbox.run(command, **variables) for command in documented if command not in deploying}
    for command, output in said.items():
        if command.startswith("curl"):
            assert json.loads(output)["success"] is True
        elif "tail" in command:
            assert "doc-track-1" in {json.loads(line)["message_id"] for line in output.splitlines()}
        elif "query" in command:
            assert re.search(r"\b(810|160|2876)\b", output)
        elif "compute" in command:
            assert "50.0 %" in output
    cloud = local.running(sandbox.folder)
    assert cloud
    for command in deploying:
        sandbox.run(command, **cloud.environment())
