"""The whole of Daybreak on a local cloud: the demo with its published numbers, the README's commands, bad requests.

The tests below share a local cloud in a folder of its own; they run in order and build on each other.
test_from_an_empty_copy.py installs everything first, runs every documented command and sends every event twice.
"""

import gzip
import json
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import anyio
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp_types import CallToolResult

from conftest import ROOT
from support.demo import check_demo, check_numbers, run_commands
from support.hooks import SECRET, sample, signed
from support.pages import DOCS, blocks
from support.sandbox import Sandbox, copied


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with copied(tmp_path_factory.mktemp("checkout"), installed=True) as made:
        with (made.folder / "daybreak.toml").open("a") as definitions:
            definitions.write('[webhook.support]\nvendor = "zendesk"\n')
        yield made


def test_the_demo_gives_the_published_numbers(sandbox: Sandbox) -> None:
    check_demo(sandbox.run(f".venv/bin/daybreak demo --port {sandbox.port}"))
    check_numbers(sandbox)


def test_the_demo_leaves_a_page_that_is_opened_and_shared_with_ones_own_credentials(sandbox: Sandbox) -> None:
    page = Path(sandbox.run(".venv/bin/daybreak dashboard --no-open").strip()).read_text()
    assert "Of the people who first bought in a month, who buys again in the months after?" in page
    for number in ("7,846", "8,476", "7,248"):  # the buyers of January, February and March 1997
        assert f'<td class="n">{number}</td>' in page
    for said in ("Fewer than sixty buyers a day", "No difference is shown", "people are on the list"):
        assert said in page
    link = json.loads(sandbox.run(".venv/bin/daybreak share --hours 1 --json"))
    with urllib.request.urlopen(link["url"], timeout=60) as shared:
        assert shared.headers["Content-Type"] == "text/html; charset=utf-8"
        assert shared.read().decode() == page


def test_a_view_holds_the_days_of_a_final_week_added_up(sandbox: Sandbox) -> None:
    """Athena reads the view that CloudFormation has stored in Glue; the days are added up here."""
    days = sandbox.query(
        "select cohort, status, activated, finished from activation where definition = 'second_order' "
        "and segment = 'all' and cohort between date '1997-01-06' and date '1997-01-12'"
    )
    assert [day["status"] for day in days] == ["complete"] * 7
    (week,) = sandbox.query(
        "select activated, finished, grain from activation_complete where definition = 'second_order' "
        "and segment = 'all' and cohort = date '1997-01-06'"
    )
    assert (int(week["activated"]), int(week["finished"]), week["grain"]) == (
        sum(int(day["activated"]) for day in days), sum(int(day["finished"]) for day in days), "week")  # fmt: skip


def test_the_queries_of_the_page_for_bi_tools_give_what_the_page_shows(sandbox: Sandbox) -> None:
    run_commands(sandbox, blocks(DOCS / "bi.md", "sh"))


def test_an_assistant_is_answered_from_the_deployment(sandbox: Sandbox) -> None:
    """The buyers of January 1997 are published; the 346 who have gone quiet are counted in tests/lake/metrics."""
    started = StdioServerParameters(
        command="/bin/sh",
        args=["-c", f"cd '{sandbox.folder}' && exec .venv/bin/daybreak mcp --cloud local"],
        env=sandbox.environment,
    )
    january = {"from_day": "1997-01-01", "to_day": "1997-01-31"}

    async def ask() -> tuple[CallToolResult, CallToolResult]:
        async with Client(stdio_client(started)) as client:
            period = await client.call_tool("read_period", {"metric": "activation.second_order", **january})
            return period, await client.call_tool("read_lists", {})

    period, lists = anyio.run(ask)
    assert period.structured_content is not None, period
    assert period.structured_content["denominator"] == 7_846
    assert lists.structured_content is not None, lists
    assert [(made["list"], made["people"]) for made in lists.structured_content["lists"]] == [("gone_quiet", 346)]


def test_a_bad_event_reaches_the_table_of_rejects_and_its_siblings_the_table_of_events(sandbox: Sandbox) -> None:
    body = gzip.compress((sandbox.folder / "events" / "batch-with-bad-events.json").read_bytes())
    status, response, _ = sandbox.post(body)
    assert (status, response["accepted"], response["rejectedCount"]) == (200, 2, 7)
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
def test_the_endpoint_refuses_a_bad_request_and_goes_on(
    sandbox: Sandbox, body: bytes, path: str, method: str, key: str | None, status: int, code: str
) -> None:
    answered, response, _ = sandbox.post(body, path, key, method)
    assert (answered, response["code"], bool(response["message"])) == (status, code, True)
    assert sandbox.post(b'{"batch": []}')[0] == 200  # the endpoint still works


def test_a_signed_webhook_is_an_event_once_a_secret_is_set_and_a_wrong_one_is_not(sandbox: Sandbox) -> None:
    body, headers = sample("zendesk")
    content = json.dumps(body | {"note": "크기"}, ensure_ascii=False).encode()
    (listed,) = json.loads(sandbox.run(".venv/bin/daybreak webhooks list --json"))
    assert listed["url"] == f"{sandbox.status['url']}/v1/hook/support"
    sandbox.run(f".venv/bin/daybreak webhooks secret support <<< {SECRET}")

    def send(**signature: str) -> int:
        request = urllib.request.Request(listed["url"], content, headers | signature, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                return int(response.status)
        except urllib.error.HTTPError as refused:
            return refused.code

    assert send() == send(**signed("zendesk", content, secret="another-secret-00")) == 401
    assert send(**signed("zendesk", content)) == send(**signed("zendesk", content)) == 200
    sandbox.run(f".venv/bin/daybreak run export --date {datetime.now(UTC):%Y-%m-%d}")
    found = sandbox.query("select message_id, event, user_id, source from events where source = 'support'")
    assert found == [
        {"message_id": "zendesk-ticket-35436", "event": "Ticket Opened", "user_id": "kim", "source": "support"}
    ]


def test_gzip_that_the_local_http_api_damages_is_named_and_accepted_at_the_other_url(sandbox: Sandbox) -> None:
    body = gzip.compress(b'{"batch": []}')
    for kind in ("application/json", "text/plain"):
        assert sandbox.post(body, "/v1/b", kind=kind)[1]["code"] == "body_damaged"
        assert sandbox.post(body, "/prod/v1/b", kind=kind)[1] == {"success": True, "accepted": 0}
    assert sandbox.status["gzip_url"] == f"{sandbox.status['url']}/prod"


def test_the_collector_answers_under_localhost_too(sandbox: Sandbox) -> None:
    for path in ("/v1/health", "/prod/v1/health"):
        with urllib.request.urlopen(f"http://localhost:{sandbox.port}{path}", timeout=60) as response:
            assert json.loads(response.read())["status"] == "ok"


def test_a_metric_of_a_day_not_yet_exported_fails_and_says_why(sandbox: Sandbox) -> None:
    done = subprocess.run(
        [".venv/bin/daybreak", "run", "activation", "--date", "2037-01-01"],
        cwd=sandbox.folder, env=sandbox.environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "is not exported" in " ".join(done.stderr.split())


def test_the_commands_of_the_readme_work(sandbox: Sandbox) -> None:
    """Except commands that install or deploy, and the example product, which tests/lake/metrics computes."""
    otherwise = ("make ", ".venv/bin/cdk ", ".venv/bin/daybreak demo --example")
    run_commands(sandbox, [line for line in blocks(ROOT / "README.md", "sh") if not line.startswith(otherwise)])


def test_files_are_imported_once_however_often(sandbox: Sandbox) -> None:
    said = [
        json.loads(sandbox.run(".venv/bin/daybreak import events/mixpanel.jsonl --source mixpanel --json"))
        for _ in range(2)
    ]
    assert [(done["written"], done["parts_before"], done["waiting"]) for done in said] == [(9, 0, []), (0, 1, [])]
    (counted,) = sandbox.query(
        "select count(*) as events, count(distinct message_id) as ids, min(dt) as first, max(dt) as last "
        "from events where source = 'mixpanel'"
    )
    assert counted == {"events": "9", "ids": "9", "first": "2026-11-02", "last": "2026-11-06"}
    (books,) = sandbox.query("select accepted, in_lake, difference from reconciliation where source = 'mixpanel'")
    assert books == {"accepted": "9", "in_lake": "9", "difference": "0"}
