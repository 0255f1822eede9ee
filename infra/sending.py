"""The job that sends: a function, its schedule, a topic for each send to SNS, and the permissions of these kinds alone.

Nothing of it is deployed while daybreak.toml has no [send.x].
"""

import json
from collections.abc import Iterator

from aws_cdk import Duration, Stack
from aws_cdk import aws_lambda_destinations as destinations
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from daybreak.aws.settings import SendSettings
from daybreak.export.payloads import SCHEDULED_TIME
from daybreak.send.payloads import SendScheduled
from infra.alarms import READINGS, Alarm, first_reading
from infra.bundling import bundle
from infra.deployment import Deployment
from infra.functions import grant, own_metric, python_function
from infra.lake import Lake
from infra.schedule import Schedules

MEMORY_MB = 768
DUCKDB_MEMORY_MB = 300
MINUTES = "25,55"
"""Of each hour in the project's timezone: behind the morning's jobs, and behind the lists of each hour."""
MOST_HOURS_UNDELIVERED = 6
BUS = "default"


class Sending(Construct):
    """The job that sends."""

    def __init__(
        self, scope: Construct, construct_id: str, *, deployment: Deployment, lake: Lake, dead_letters: sqs.Queue
    ) -> None:
        super().__init__(scope, construct_id)
        project = deployment.project
        self.topics = {name: self._topic(name, deployment) for name, send in project.sends.items() if send.to == "sns"}
        source = f"daybreak.{Stack.of(self).stack_name}"
        self.function = python_function(
            self,
            "Send",
            code=bundle(deployment.root, "send", "jobs", local=deployment.local),
            description="Daybreak: sends what goals, alerts and lists say",
            memory_mb=MEMORY_MB,
            timeout=Duration.minutes(15),
            settings=SendSettings(
                lake_bucket=lake.bucket.bucket_name,
                duckdb_memory_mb=DUCKDB_MEMORY_MB,
                source=source,
                bus=BUS,
                topics=json.dumps({name: topic.topic_arn for name, topic in self.topics.items()}),
                allows_loopback=deployment.local,
            ),
        )
        self.function.configure_async_invoke(
            retry_attempts=2, max_event_age=Duration.hours(1), on_failure=destinations.SqsDestination(dead_letters)
        )
        lake.grant_send(self.function, project)
        self._grant_targets(deployment, source)
        Schedules(self, "Schedules", dead_letters=dead_letters).add(
            "send",
            f"cron({MINUTES} * * * ? *)",
            project.settings.timezone,
            self.function,
            SendScheduled(time=SCHEDULED_TIME),
        )

    def alarms(self) -> Iterator[Alarm]:
        """The alarms of sending, for `infra.alarms`."""
        yield Alarm(
            "SendFailed",
            self.function.metric_errors(period=Duration.hours(1)),
            "The job that sends failed. The next run, half an hour later, sends what this one did not. This alarm ends "
            "when two hours have passed without a failure: act only if it stays. Then read its log for the cause.",
            periods=2,
            one_is_enough=True,
        )
        yield Alarm(
            "MessagesUndelivered",
            own_metric(self, "send", "UndeliveredHours", Duration.hours(1), "Maximum"),
            f"A message could not be delivered for {MOST_HOURS_UNDELIVERED} hours, or the job that sends does not run. "
            "Nothing is lost: `daybreak send status` names what waits and what its target answered. Mend the target; "
            "`daybreak send again NAME` sends what was given up.",
            threshold=first_reading(MOST_HOURS_UNDELIVERED),
            periods=READINGS,
            missing="bad",
        )

    def _topic(self, name: str, deployment: Deployment) -> sns.Topic:
        """The topic of one send: who subscribes to it gets what this send names, and nothing else."""
        topic = sns.Topic(self, _camel(name), display_name=f"Daybreak {name}"[:100], enforce_ssl=True)
        if deployment.send_email:
            topic.add_subscription(subscriptions.EmailSubscription(deployment.send_email))
        return topic

    def _grant_targets(self, deployment: Deployment, source: str) -> None:
        """Let the function reach the targets that daybreak.toml names: these topics, this bus, these secrets."""
        sends = deployment.project.sends.values()
        if self.topics:
            grant(self.function, ["sns:Publish"], [topic.topic_arn for topic in self.topics.values()])
        if any(send.to == "eventbridge" for send in sends):
            bus = self._arn("events", "event-bus", BUS, "/")
            grant(self.function, ["events:PutEvents"], [bus], {"StringEquals": {"events:source": source}})
        if secrets := sorted({send.secret for send in sends if send.secret}):
            # Secrets Manager adds a hyphen and six characters to each name
            arns = [self._arn("secretsmanager", "secret", f"{name}-??????", ":") for name in secrets]
            grant(self.function, ["secretsmanager:GetSecretValue"], arns)

    def _arn(self, service: str, kind: str, name: str, separator: str) -> str:
        stack = Stack.of(self)
        return f"arn:{stack.partition}:{service}:{stack.region}:{stack.account}:{kind}{separator}{name}"


def outputs(sending: Sending) -> dict[str, str]:
    """The outputs of the stack about sending: the function, and the topic of each send to SNS."""
    topics = {f"SendTopic{_camel(name)}": topic.topic_arn for name, topic in sending.topics.items()}
    return {"SendFunction": sending.function.function_name, **topics}


def _camel(name: str) -> str:
    """first_value -> FirstValue, for names in CloudFormation, which have no underscores."""
    return "".join(part.capitalize() for part in name.split("_"))
