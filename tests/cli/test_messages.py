"""`daybreak send`: try a target, see what waits, send it again or discard it."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from daybreak.aws.stack import Stack
from daybreak.cli import messages
from daybreak.cli.main import APP
from daybreak.errors import CloudError, InputError
from daybreak.lake.store import FolderStore
from daybreak.send.message import Message
from daybreak.send.outbox import Outbox, Waiting
from daybreak.send.payloads import SendPayload, SendSample, SendScheduled
from support.news import project

NOW = datetime(2026, 11, 26, 4, tzinfo=UTC)
STATUS_ROW = {
    "send": "team", "state": "dead", "message": "m1", "title": "Goal q1: behind", "since": "2026-11-26 04:00", "tries": 96,
    "answered": "status 400",
}  # fmt: skip


class Deployed:
    """A stack with a lake in a folder and a function that answers as it is told."""

    def __init__(self, folder: Path) -> None:
        self.store = FolderStore(folder)
        self.answer: dict[str, Any] = {"id": "m9", "delivered": True, "said": "status 204", "body": ""}
        self.asked: list[SendPayload] = []

    def lake(self) -> FolderStore:
        return self.store

    def send(self, payload: SendPayload) -> dict[str, Any]:
        self.asked.append(payload)
        return self.answer


@pytest.fixture
def deployed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Deployed:
    target = Deployed(tmp_path)
    monkeypatch.setattr(messages, "deployment", lambda *_: target)
    monkeypatch.setattr(messages, "definitions_here", lambda: project('\n[send.team]\nto = "sns"\nwhat = ["*"]'))
    return target


def waiting(message_id: str, tries: int, answered: str) -> Waiting:
    message = Message(
        id=message_id, source="s", kind="GoalChanged", about="goal.q1", time=NOW, title="Goal q1: behind", text="t", data={}
    )  # fmt: skip
    return Waiting(message=message, since=NOW, tries=tries, answered=answered)


def run(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(APP, ["send", *arguments], catch_exceptions=False)
    return done.exit_code, done.output


def test_a_sample_says_what_the_target_answered(deployed: Deployed) -> None:
    assert run("try", "team") == (0, "team: delivered (status 204), message m9.\n")
    assert isinstance(deployed.asked[0], SendSample)
    assert deployed.asked[0].sample == "team"
    deployed.answer |= {"delivered": False, "said": "status 401", "body": "bad signature"}
    code, output = run("try", "team")
    assert code == 1
    assert "team: not delivered: status 401." in output
    assert "bad signature" in output
    assert json.loads(run("try", "team", "--json")[1])["said"] == "status 401"


def test_a_run_can_be_asked_for(deployed: Deployed) -> None:
    deployed.answer = {"sends": [{"send": "team", "new": 4, "sent": 3, "waiting": 1, "dead": 0, "answered": ["status 400"], "oldest": None}]}  # fmt: skip
    code, output = run("now")
    assert code == 0
    assert [line.split() for line in output.splitlines()[-1:]] == [["team", "4", "3", "1", "0", "status", "400"]]
    assert json.loads(run("now", "--json")[1]) == deployed.answer["sends"]
    assert isinstance(deployed.asked[0], SendScheduled)


def test_status_names_what_waits_and_fails_if_something_was_given_up(deployed: Deployed) -> None:
    assert run("status") == (0, "Every message is delivered.\n")
    outbox = Outbox(deployed.store, "team")
    outbox.keep(waiting("m2", 3, "no answer in time"))
    code, output = run("status")
    assert code == 0
    assert "no answer in time" in output
    outbox.give_up(waiting("m1", 96, "status 400"))
    Outbox(deployed.store, "of_yesterday").keep(waiting("m3", 1, "status 500"))  # no longer in daybreak.toml
    code, output = run("status", "--json")
    rows = json.loads(output)
    assert code == 1
    assert [row["message"] for row in rows] == ["m3", "m1", "m2"]
    assert rows[1] == STATUS_ROW


def test_what_was_given_up_is_sent_again_or_discarded(deployed: Deployed) -> None:
    outbox = Outbox(deployed.store, "team")
    outbox.give_up(waiting("m1", 96, "status 400"))
    assert run("again", "team") == (0, "team: 1 message will be sent again.\n")
    assert [(each.message.id, each.tries) for each in outbox.undelivered("waiting")] == [("m1", 0)]
    outbox.give_up(waiting("m1", 96, "status 400"))
    outbox.give_up(waiting("m2", 96, "status 400"))
    assert run("discard", "team") == (0, "team: 2 messages discarded.\n")
    assert not deployed.store.list("outbox/dead/")


def test_an_unknown_send_is_named_with_the_known_ones(deployed: Deployed) -> None:
    Outbox(deployed.store, "of_yesterday").give_up(waiting("m3", 96, "status 500"))
    with pytest.raises(InputError, match="unknown send 'taem'; choose from of_yesterday, team"):
        run("again", "taem")
    assert run("discard", "of_yesterday") == (0, "of_yesterday: 1 message discarded.\n")


def test_a_stack_that_was_deployed_without_a_send_says_what_to_do() -> None:
    stack = Stack("salt", "url", None, "events", "keys", "lake", "database", "workgroup", "export", "metrics", "lists")
    with pytest.raises(CloudError, match=r"add a \[send\.NAME\] to daybreak\.toml and deploy again"):
        stack.send(SendSample(sample="team", time=NOW))
