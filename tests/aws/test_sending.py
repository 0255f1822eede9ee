"""The function that sends, over SNS, EventBridge, Secrets Manager and S3 in moto, with faults between it and Amazon."""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import boto3
import pytest

from daybreak.aws.bucket import BucketStore
from daybreak.aws.settings import SendSettings
from support.endpoint import handler_module
from support.journeys import stride
from support.news import DEFINITIONS, episode, made, measured, write_latest, write_people, write_tables
from support.receiver import Receiver, receiving
from support.wire import Break, Killed, Wire, killed_after, killed_before, lost, refused, response_lost

DAY = date(2026, 11, 25)
MORNING = {"time": "2026-11-26T03:55:00Z"}
PEOPLE = [f"person-{n}@example.com" for n in range(150)]
SENDS = """
[send.mail]
to = "sns"
what = ["*"]
[send.bus]
to = "eventbridge"
what = ["*"]
[send.hook]
to = "webhook"
what = ["*"]
people = "inline"
secret = "daybreak/hook"
[send.folder]
to = "s3"
what = ["*"]
people = "inline"
"""
OF_THE_MORNING = ["AlertOpened", "GoalChanged", "ListChanged", "MetricsReady"]
WITH_PEOPLE = sorted([*OF_THE_MORNING, "PeopleEntered", "PeopleEntered"])


class Deployment:
    """The deployed function with its targets: a topic and a bus that are read through queues, a webhook, a bucket."""

    def __init__(self, receiver: Receiver, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.receiver, self.folder = receiver, folder
        boto3.client("s3").create_bucket(Bucket="lake")
        self.store = BucketStore(boto3.client("s3"), "lake")
        self.sqs = boto3.client("sqs")
        topic = boto3.client("sns").create_topic(Name="topic")["TopicArn"]
        self.queues = {name: self.sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("mail", "bus")}
        arn = "arn:aws:sqs:us-east-1:123456789012:"
        boto3.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"{arn}mail")
        rules = boto3.client("events")
        rules.put_rule(Name="all", EventPattern=json.dumps({"source": ["daybreak.Daybreak"]}))
        rules.put_targets(Rule="all", Targets=[{"Id": "queue", "Arn": f"{arn}bus"}])
        boto3.client("secretsmanager").create_secret(Name="daybreak/hook", SecretString=receiver.secret())
        settings = SendSettings(
            lake_bucket="lake", duckdb_memory_mb=300, source="daybreak.Daybreak", bus="default",
            topics=json.dumps({"mail": topic}), allows_loopback=True,
        )  # fmt: skip
        for name, value in settings.environment().items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr("daybreak.send.job.WAITS", (0.0, 0.0))
        (folder / "daybreak.toml").write_text(DEFINITIONS + SENDS)

    def function(self) -> ModuleType:
        """The function as it starts in a new process."""
        return handler_module("send", self.folder)

    def run(self) -> dict[str, dict[str, Any]]:
        """One scheduled run: what it did for each send."""
        done = self.function().handler(MORNING, None)
        return {each["send"]: each for each in done["sends"]}

    def news(self) -> None:
        """Let the jobs of the morning have written their tables, and the list its file."""
        row = made(datetime(2026, 11, 26, 3, tzinfo=UTC), people=150, entered=150, left=0)
        write_latest(self.store, DAY)
        goals = [measured(DAY - timedelta(days=1), "on track"), measured(DAY, "behind")]
        write_tables(self.store, self.folder / "work", alerts=[episode()], goals=goals, lists=[row])
        write_people(self.store, row, PEOPLE)

    def received(self) -> dict[str, dict[str, Any]]:
        """Send -> the kind of each message that its target has by now, by id. Who remembers ids has each once."""
        return {
            "mail": self._mail,
            "bus": self._bus,
            "hook": {event["id"]: event["type"] for event in self.receiver.processed.values()},
            "folder": {event["id"]: event["type"] for event in self.files()},
        }

    def files(self) -> list[dict[str, Any]]:
        found = [self.store.get(stored.key) for stored in self.store.list("messages/")]
        return [json.loads(data) for data in found if data]

    def read_queues(self) -> list[str]:
        """Everything that came out of the topic and off the bus since the last time, as text."""
        texts = []
        for name, url in self.queues.items():
            while messages := self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
                for each in messages:
                    texts.append(each["Body"])
                    body = json.loads(each["Body"])
                    if name == "mail":
                        self._mail[body["MessageAttributes"]["id"]["Value"]] = body["MessageAttributes"]["kind"][
                            "Value"
                        ]
                    else:
                        self._bus[body["detail"]["id"]] = body["detail-type"]
                    self.sqs.delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])
        return texts

    def settle(self, runs: int = 4) -> None:
        """The next scheduled runs, after everything is well again."""
        for _ in range(runs):
            self.run()
        self.read_queues()

    def assert_each_once(self) -> None:
        received = {send: sorted(kinds.values()) for send, kinds in self.received().items()}
        assert received == {
            "mail": OF_THE_MORNING, "bus": OF_THE_MORNING, "hook": WITH_PEOPLE, "folder": WITH_PEOPLE
        }  # fmt: skip
        assert not self.store.list("outbox/waiting/")
        assert not self.store.list("outbox/dead/")

    _mail: dict[str, str]
    _bus: dict[str, str]

    def forget_what_came(self) -> None:
        """A lake in which nothing was sent yet, and receivers without a memory."""
        self.read_queues()
        self._mail, self._bus = {}, {}
        self.receiver.processed.clear()
        for prefix in ("outbox/", "sent/", "messages/"):
            self.store.delete([stored.key for stored in self.store.list(prefix)])


@pytest.fixture
def deployed(aws: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployment]:
    with receiving() as receiver:
        made_deployment = Deployment(receiver, tmp_path, monkeypatch)
        made_deployment.forget_what_came()
        made_deployment.news()
        yield made_deployment


def test_the_news_of_a_morning_reaches_every_kind_of_target_once(deployed: Deployment) -> None:
    done = deployed.run()
    assert {name: (each["sent"], each["waiting"]) for name, each in done.items()} == {
        "mail": (4, 0), "bus": (4, 0), "hook": (6, 0), "folder": (6, 0)
    }  # fmt: skip
    deployed.read_queues()
    deployed.assert_each_once()
    ids = deployed.received()
    assert ids["hook"] == ids["folder"]
    assert ids["mail"] == ids["bus"]
    assert {name: each["sent"] for name, each in deployed.run().items()} == dict.fromkeys(done, 0)
    assert deployed.read_queues() == []


def test_mail_has_a_short_subject_and_a_few_sentences(deployed: Deployment) -> None:
    text = "누군가가 " * 60
    episodes = [episode(segment="role", segment_value=f"{text}\r\nBcc: x", message=text)]
    write_tables(deployed.store, deployed.folder / "work", alerts=episodes)
    deployed.run()
    bodies = [json.loads(text) for text in deployed.read_queues() if "MessageAttributes" in text]
    assert all(len(body["Subject"]) < 100 and body["Subject"].isascii() for body in bodies)
    assert all(body["Subject"].isprintable() for body in bodies)
    (goal,) = [body for body in bodies if body["MessageAttributes"]["about"]["Value"] == "goal.q1"]
    assert goal["Subject"] == "Goal q1: behind, before on track"
    assert goal["Message"].startswith("Two of five get on within a week\nMeasured up to 2026-11-25: 33.02 %")
    assert "Open the page: daybreak dashboard" in goal["Message"]


def test_no_id_no_mail_address_and_no_trait_is_in_mail_in_chat_or_in_a_log(
    deployed: Deployment, caplog: pytest.LogCaptureFixture
) -> None:
    deployed.run()
    deployed.function().handler({"sample": "hook", "time": "2026-11-26T08:00:00Z"}, None)
    texts = deployed.read_queues()
    assert len(texts) == 8
    logged = [json.dumps(record.__dict__, default=str) for record in caplog.records]  # with all extra fields
    stored = [
        (deployed.store.get(found.key) or b"").decode()
        for prefix in ("outbox/", "sent/")
        for found in deployed.store.list(prefix)
    ]
    secret = json.loads(deployed.receiver.secret())
    for text in (*texts, *stored, *logged):
        for hidden in ("person-", "example.com", "secret-role", secret["key"], secret["url"]):
            assert hidden not in text
    assert any('"sent": 6' in line for line in logged)
    # and those who are meant to get ids do get each of them
    ids = [each for event in deployed.files() for each in event["data"].get("ids", [])]
    assert sorted(ids) == sorted(PEOPLE)


STEPS = [("s3.PutObject", 40), ("s3.DeleteObjects", 20), ("sns.Publish", 4), ("eventbridge.PutEvents", 4)]
KILLS = [(*steps, kill) for steps in STEPS for kill in (killed_before, killed_after)]


@pytest.mark.parametrize(("operation", "steps", "kill"), KILLS[:: stride(3)])
def test_the_function_is_killed_at_every_step_and_nothing_is_lost(
    deployed: Deployment, monkeypatch: pytest.MonkeyPatch, operation: str, steps: int, kill: Callable[..., Any]
) -> None:
    """Before or after each write and each delivery; `make laws` takes every one of them."""
    wire = Wire(monkeypatch)
    step = stride(max(2, steps // 2))
    fault = Break(operation, kill, first=-step)
    while fault.met > fault.first:
        deployed.forget_what_came()
        fault = wire.breaks(Break(operation, kill, first=fault.first + step))
        with suppress(Killed):
            deployed.run()
        wire.mend()
        deployed.settle(runs=1)
        deployed.assert_each_once()
    assert fault.first >= steps


SLOW_DOWN = refused(503, "SlowDown")


FAILING = [
    (operation, happens)
    for operation in ("sns.Publish", "eventbridge.PutEvents", "secrets-manager.GetSecretValue")
    for happens in (refused(500, "InternalError"), refused(400, "Throttling"), lost, response_lost)
]


@pytest.mark.parametrize(("operation", "happens"), FAILING[:: stride(5)])
def test_a_target_that_fails_for_long_stops_no_other_and_gets_everything_later(
    deployed: Deployment, monkeypatch: pytest.MonkeyPatch, operation: str, happens: Callable[..., Any]
) -> None:
    wire = Wire(monkeypatch)
    wire.breaks(Break(operation, happens, times=10_000))
    done = deployed.run()
    broken = {"sns.Publish": "mail", "eventbridge.PutEvents": "bus", "secrets-manager.GetSecretValue": "hook"}[
        operation
    ]
    for name, each in done.items():
        assert (each["sent"] == 0) is (name == broken), name
    assert done[broken]["waiting"] in (4, 6)
    wire.mend()
    deployed.settle()
    deployed.assert_each_once()


def test_a_lake_that_cannot_be_written_ends_the_run_and_the_next_one_sends_everything(
    deployed: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The function fails, so that Lambda tries it again and keeps its payload in the dead-letter queue."""
    wire = Wire(monkeypatch)
    wire.breaks(Break("s3.PutObject", SLOW_DOWN, first=3, times=10_000, chosen=lambda r: "/messages/" not in r.url))
    with pytest.raises(Exception, match="SlowDown"):
        deployed.run()
    wire.mend()
    deployed.settle()
    deployed.assert_each_once()


def test_eventbridge_that_takes_a_request_and_refuses_its_entry_is_no_delivery(
    deployed: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Refusing:
        def put_events(self, **_: Any) -> dict[str, Any]:
            return {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "ThrottlingException", "ErrorMessage": "m"}]}

    with monkeypatch.context() as patched:
        patched.setattr("daybreak.aws.clients.events", Refusing)
        assert (deployed.run()["bus"]["waiting"], deployed.run()["bus"]["answered"]) == (4, ["ThrottlingException"])
    deployed.settle()
    deployed.assert_each_once()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda secrets: secrets.delete_secret(SecretId="daybreak/hook", ForceDeleteWithoutRecovery=True),
         "secret 'daybreak/hook' cannot be read: ResourceNotFoundException"),
        (lambda secrets: secrets.put_secret_value(SecretId="daybreak/hook", SecretString="{}"),
         "secret 'daybreak/hook': must be JSON with the texts `url` and `key`"),
        (lambda secrets: secrets.put_secret_value(SecretId="daybreak/hook", SecretBinary=b"x"),
         "secret 'daybreak/hook' holds bytes; it must hold a text"),
    ],
)  # fmt: skip
def test_a_secret_that_is_wrong_is_named_and_its_messages_wait(
    deployed: Deployment, change: Callable[[Any], Any], said: str
) -> None:
    secrets = boto3.client("secretsmanager")
    change(secrets)
    done = deployed.run()
    assert (done["hook"]["answered"], done["hook"]["waiting"], done["mail"]["sent"]) == ([said], 6, 4)
    with suppress(secrets.exceptions.ResourceNotFoundException):
        secrets.delete_secret(SecretId="daybreak/hook", ForceDeleteWithoutRecovery=True)
    secrets.create_secret(Name="daybreak/hook", SecretString=deployed.receiver.secret())
    deployed.settle()
    deployed.assert_each_once()


@pytest.mark.parametrize("send", ["mail", "bus", "hook", "folder"])
def test_a_sample_reaches_its_target_alone_and_says_that_it_is_one(deployed: Deployment, send: str) -> None:
    answer = deployed.function().handler({"sample": send, "time": "2026-11-26T08:00:00Z"}, None)
    assert answer["delivered"] is True
    deployed.read_queues()
    received = deployed.received()
    assert {name: list(kinds) for name, kinds in received.items() if kinds} == {send: [answer["id"]]}
    assert not deployed.store.list("outbox/")


def test_the_hours_that_a_message_waits_are_counted_for_the_alarm(
    deployed: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    def hours() -> float:
        lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "UndeliveredHours" in line]
        (line,) = [line for line in lines if "_aws" in line]
        assert line["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "Daybreak"
        value = line["UndeliveredHours"]
        return float(value[0] if isinstance(value, list) else value)

    deployed.run()
    assert hours() == 0
    waiting = {
        "message": {"id": "m", "source": "s", "kind": "AlertOpened", "about": "alert.falls", "time": "2026-11-20T00:00:00Z",
                    "title": "t", "text": "t", "data": {}},
        "since": (datetime.now(UTC) - timedelta(hours=7)).isoformat(),
    }  # fmt: skip
    deployed.store.put("outbox/dead/mail/m.json", json.dumps(waiting).encode())
    deployed.run()
    assert 6.9 < hours() < 7.5
