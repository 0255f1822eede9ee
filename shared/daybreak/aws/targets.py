"""Amazon's targets of messages: SNS, EventBridge, S3, and the secret that leads to a webhook."""

import json
from datetime import UTC, datetime

from botocore.exceptions import BotoCoreError, ClientError

from daybreak.aws import clients
from daybreak.aws.settings import SendSettings
from daybreak.definitions.sends import Send
from daybreak.errors import CloudError
from daybreak.lake import keys
from daybreak.lake.store import Store
from daybreak.send.message import Message
from daybreak.send.target import Answer, Target
from daybreak.send.webhook import Webhook, read_address

_MOST_OF_A_SUBJECT = 99
"""SNS takes fewer than 100 characters."""
_OF_THIS_MESSAGE = {
    "InvalidParameter",
    "InvalidParameterValue",
    "ValidationException",
    "InvalidArgument",
    "MalformedDetail",
}
"""Amazon's codes for a message that cannot be taken, while others can."""


class Targets:
    """The target of each send, found when something is first sent to it in a run."""

    def __init__(self, settings: SendSettings, store: Store) -> None:
        self._settings, self._store = settings, store
        self._found: dict[str, Target] = {}

    def __call__(self, name: str, send: Send) -> Target:
        """Raises CloudError or InputError if a webhook's secret cannot be read."""
        if name not in self._found:
            self._found[name] = self._find(name, send)
        return self._found[name]

    def _find(self, name: str, send: Send) -> Target:
        match send.to:
            case "sns":
                return Topic(json.loads(self._settings.topics)[name])
            case "eventbridge":
                return Bus(self._settings.bus)
            case "s3":
                return Folder(self._store, name)
            case "webhook":
                secret = str(send.secret)
                address = read_address(_secret(secret), secret, loopback=self._settings.allows_loopback)
                return Webhook(address, lambda: datetime.now(UTC))


class Topic:
    """An SNS topic: mail with a short subject and a few sentences. Its attributes are for filters of subscriptions."""

    def __init__(self, arn: str) -> None:
        self._arn = arn

    def deliver(self, message: Message) -> Answer:
        attributes = {"id": message.id, "kind": message.kind, "about": message.about}
        subject = message.title.encode("ascii", "replace").decode()
        try:
            clients.sns().publish(
                TopicArn=self._arn,
                Subject="".join(c if c.isprintable() else " " for c in subject)[:_MOST_OF_A_SUBJECT],
                Message=f"{message.text}\n\nMessage {message.id}",
                MessageAttributes={
                    name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
                },
            )
        except (ClientError, BotoCoreError) as error:
            return _refused(error)
        return Answer(True, "published")


class Bus:
    """An event bus of EventBridge: rules lead from it to chat, queues, functions and other accounts."""

    def __init__(self, name: str) -> None:
        self._name = name

    def deliver(self, message: Message) -> Answer:
        try:
            done = clients.events().put_events(
                Entries=[
                    {
                        "Time": message.time,
                        "Source": message.source,
                        "DetailType": message.kind,
                        "Detail": json.dumps(message.detail(), ensure_ascii=False),
                        "EventBusName": self._name,
                    }
                ]
            )
        except (ClientError, BotoCoreError) as error:
            return _refused(error)
        if done["FailedEntryCount"]:  # EventBridge answers 200 even then
            code = done["Entries"][0].get("ErrorCode", "refused")
            return Answer(False, code, is_down=code not in _OF_THIS_MESSAGE)
        return Answer(True, "on the bus")


class Folder:
    """A folder in the lake's bucket: one CloudEvent a file, named by the message's id."""

    def __init__(self, store: Store, name: str) -> None:
        self._store, self._name = store, name

    def deliver(self, message: Message) -> Answer:
        key = keys.message(self._name, message.id)
        try:
            self._store.put(key, message.cloud_event())
        except (ClientError, BotoCoreError) as error:
            return _refused(error)
        return Answer(True, f"written to {key}")


def _secret(name: str) -> str:
    try:
        return clients.secrets().get_secret_value(SecretId=name)["SecretString"]
    except (ClientError, BotoCoreError) as error:
        raise CloudError(f"secret {name!r} cannot be read: {_code(error)}") from None
    except KeyError:
        raise CloudError(f"secret {name!r} holds bytes; it must hold a text") from None


def _refused(error: ClientError | BotoCoreError) -> Answer:
    code = _code(error)
    return Answer(False, code, is_down=code not in _OF_THIS_MESSAGE)


def _code(error: ClientError | BotoCoreError) -> str:
    """The kind of an error alone: Amazon's own text may repeat what was sent."""
    return str(error.response["Error"]["Code"]) if isinstance(error, ClientError) else type(error).__name__
