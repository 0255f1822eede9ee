"""On a deployed local cloud: the news of a morning through a topic, the event bus, a webhook and the bucket."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest

from daybreak.aws.bucket import BucketStore
from support.news import DEFINITIONS, episode, made, measured, project, write_latest, write_people, write_tables
from support.receiver import Receiver, receiving
from support.sandbox import Sandbox, copied

pytestmark = pytest.mark.slow

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
"""
PEOPLE = [f"u-{n}" for n in range(150)]
OF_THE_MORNING = ["AlertOpened", "GoalChanged", "ListChanged", "MetricsReady"]


class Deployed:
    """A stack with every kind of send, and queues behind its topic and the bus."""

    def __init__(self, sandbox: Sandbox, receiver: Receiver) -> None:
        self.sandbox, self.receiver = sandbox, receiver
        sandbox.run(f".venv/bin/daybreak up --port {sandbox.port}")
        self._session: Any = boto3.Session("test", "test", region_name="us-east-1")
        (stack,) = self._client("cloudformation").describe_stacks(StackName="Daybreak")["Stacks"]
        self.outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
        self.store = BucketStore(self._client("s3"), self.outputs["LakeBucket"])
        self._client("secretsmanager").create_secret(Name="daybreak/hook", SecretString=receiver.secret())
        self._sqs = self._client("sqs")
        self._queues = {name: self._sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("mail", "bus")}
        self._client("sns").subscribe(
            TopicArn=self.outputs["SendTopicMail"], Protocol="sqs", Endpoint=self._arn("mail")
        )
        self._client("events").put_rule(Name="all", EventPattern=json.dumps({"source": ["daybreak.Daybreak"]}))
        self._client("events").put_targets(Rule="all", Targets=[{"Id": "queue", "Arn": self._arn("bus")}])

    def _client(self, name: str) -> Any:
        return self._session.client(name, endpoint_url=self.sandbox.status["endpoint"])

    def send(self, *arguments: str) -> Any:
        return json.loads(self.sandbox.run(f".venv/bin/daybreak send {' '.join(arguments)} --json"))

    def news(self) -> None:
        """Write the tables of this morning as the jobs do."""
        day = datetime.now(UTC).astimezone(project("").zone).date() - timedelta(days=1)
        row = made(datetime.now(UTC).replace(microsecond=0), people=150, entered=150, left=0)
        write_latest(self.store, day)
        write_tables(
            self.store, self.sandbox.folder / "news", alerts=[episode(opened=day, spoken=day)],
            goals=[measured(day, "behind")], lists=[row],
        )  # fmt: skip
        write_people(self.store, row, PEOPLE)

    def received(self, queue: str) -> list[dict[str, Any]]:
        found = []
        while messages := self._sqs.receive_message(QueueUrl=self._queues[queue], MaxNumberOfMessages=10).get(
            "Messages"
        ):
            for each in messages:
                found.append(json.loads(each["Body"]))
                self._sqs.delete_message(QueueUrl=self._queues[queue], ReceiptHandle=each["ReceiptHandle"])
        return found

    def _arn(self, queue: str) -> str:
        asked = self._sqs.get_queue_attributes(QueueUrl=self._queues[queue], AttributeNames=["QueueArn"])
        return str(asked["Attributes"]["QueueArn"])


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    folder: Path = tmp_path_factory.mktemp("messages")
    with receiving() as receiver, copied(folder, installed=True) as sandbox:
        (folder / "daybreak.toml").write_text(DEFINITIONS + SENDS)
        yield Deployed(sandbox, receiver)


def test_the_news_of_a_morning_arrives_once_at_every_target(deployed: Deployed) -> None:
    for name in ("mail", "bus", "hook", "folder"):
        assert deployed.send("try", name)["delivered"] is True
    assert len([*deployed.received("mail"), *deployed.received("bus")]) == 2
    deployed.receiver.processed.clear()
    deployed.news()
    counted = {row["send"]: (row["sent"], row["waiting"]) for row in deployed.send("now")}
    assert counted == {"mail": (4, 0), "bus": (4, 0), "hook": (6, 0), "folder": (4, 0)}
    assert deployed.send("status") == []

    mails = deployed.received("mail")
    assert sorted(mail["MessageAttributes"]["kind"]["Value"] for mail in mails) == OF_THE_MORNING
    assert sorted(event["detail-type"] for event in deployed.received("bus")) == OF_THE_MORNING
    hooked = deployed.receiver.processed.values()
    assert sorted(event["type"] for event in hooked) == sorted([*OF_THE_MORNING, "PeopleEntered", "PeopleEntered"])
    assert sorted(each for event in hooked for each in event["data"].get("ids", [])) == sorted(PEOPLE)
    files = [json.loads(deployed.store.get(found.key) or b"{}") for found in deployed.store.list("messages/folder/")]
    assert sorted(event["type"] for event in files if not event["data"].get("sample")) == OF_THE_MORNING

    assert [row["sent"] for row in deployed.send("now")] == [0, 0, 0, 0]
    assert [*deployed.received("mail"), *deployed.received("bus")] == []
