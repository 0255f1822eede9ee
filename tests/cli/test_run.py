"""`daybreak run`: jobs by name, and all jobs of a morning in their order."""

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from daybreak.cli import compute
from daybreak.cli.main import APP
from daybreak.errors import CloudError, InputError
from daybreak.lists.payloads import MakeDay
from daybreak.metrics.payloads import ComputeDay
from daybreak.send.payloads import SendScheduled

DAY = "2026-11-20"
OF_ALL = [
    *("activation", "active_days", "active_people", "adoption", "breadth", "campaign", "churn", "completion"),
    *("conversion", "experiment", "lifecycle", "retention", "support_load", "survey", "time_to_value"),
    *("warnings", "watch", "lists", "page", "messages"),
]


class Deployed:
    """A stack whose jobs only say that they ran. The job `failing` fails."""

    def __init__(self, send_function: str | None, failing: str) -> None:
        self.send_function, self.failing = send_function, failing
        self.ran: list[str] = []

    def metrics(self, payload: ComputeDay) -> dict[str, Any]:
        assert payload.date.isoformat() == DAY
        if payload.family in ("warnings", "page"):
            return self._run(payload.family, {"warnings": 3})
        counted = {"definitions": 0} if payload.family == "churn" else {"as_of": DAY, "months_written": 2}
        return self._run(payload.family, {"family": payload.family, **counted})

    def lists(self, payload: MakeDay) -> dict[str, Any]:
        assert payload.date.isoformat() == DAY
        return self._run("lists", {"lists": [{"list": "stuck", "people": 7}]})

    def send(self, _: SendScheduled) -> dict[str, Any]:
        row = {"send": "team", "new": 1, "sent": 0, "waiting": 1, "dead": 0, "answered": ["status 500"], "oldest": None}
        return self._run("messages", {"sends": [row]})

    def _run(self, job: str, answer: dict[str, Any]) -> dict[str, Any]:
        if job == self.failing:
            raise CloudError("out of memory")
        self.ran.append(job)
        return answer


def deployed(monkeypatch: pytest.MonkeyPatch, send_function: str | None = "Send", failing: str = "") -> Deployed:
    target = Deployed(send_function, failing)
    monkeypatch.setattr(compute, "deployment", lambda *_: target)
    return target


def run(*arguments: str) -> str:
    return CliRunner().invoke(APP, ["run", *arguments], catch_exceptions=False).stdout


def test_an_unknown_job_is_refused_with_the_known_ones() -> None:
    done = CliRunner().invoke(APP, ["run", "exports", "--date", "2026-11-20"])
    assert isinstance(done.exception, InputError)
    assert str(done.exception).startswith("unknown job 'exports'; choose from export, activation, ")


def test_a_morning_runs_each_job_once_in_the_order_of_the_schedule(monkeypatch: pytest.MonkeyPatch) -> None:
    """tests/infra/test_stack.py holds the order of the schedule against the same list."""
    target = deployed(monkeypatch)
    ran = json.loads(run("morning", "--date", DAY, "--json"))
    assert sorted(target.ran) == sorted(OF_ALL)
    assert target.ran[-5:] == OF_ALL[-5:]  # the families may come in any order
    assert [done["job"] for done in ran] == target.ran


def test_a_morning_shows_what_each_job_counted_and_what_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    deployed(monkeypatch)
    lines = {" ".join(line.split()) for line in run("morning", "--date", DAY).splitlines()}
    assert {
        "retention 2026-11-20 months written: 2",
        "warnings · warnings: 3",
        "stuck 7",
        "team 1 0 1 0 status 500",
    } <= lines
    assert not any(line.startswith("churn") for line in lines)  # nothing of it is defined


def test_a_morning_of_a_stack_that_sends_nothing_ends_with_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    target = deployed(monkeypatch, send_function=None)
    run("morning", "--date", DAY)
    assert target.ran[-1] == "page"


@pytest.mark.parametrize("failing", ["watch", "messages"])
def test_a_morning_ends_at_the_first_job_that_fails_and_names_it(monkeypatch: pytest.MonkeyPatch, failing: str) -> None:
    target = deployed(monkeypatch, failing=failing)
    with pytest.raises(CloudError) as raised:
        run("morning", "--date", DAY)
    assert str(raised.value) == (
        f"{failing}: out of memory; no job behind it was run. After mending the cause, "
        f"`daybreak run morning --date {DAY}` runs all of them again, also those that are done"
    )
    assert set(target.ran) == set(OF_ALL[: OF_ALL.index(failing)])
