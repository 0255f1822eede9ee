"""The alarms of the stack. Each text says what has happened and what to do."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from aws_cdk import Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from daybreak.export.manifest import LEAST_REJECTED
from infra.collector import Collector
from infra.functions import own_metric
from infra.jobs import Jobs
from infra.tables import Tables

MOST_REJECTED_PERCENT = 5
MOST_LAG_HOURS = 6
READINGS = 3
"""An alarm about hours of waiting goes off when so many readings, an hour apart, are too high or missing: fewer would
ring whenever a reading comes late."""
_FIVE_MINUTES = Duration.minutes(5)
_HOUR = Duration.hours(1)
_SIX_HOURS = Duration.hours(6)
_UNTIL_THE_NEXT_EXPORT = 2
_UNTIL_THE_NEXT_MORNING = 26
"""Hours. Every job of the morning has had its next turn by then, also on the day that has twenty-five."""
_A_DAY = 24
_SERVER_ERRORS = (
    "The collector answers with 5xx. Clients send those events again, so nothing is lost yet. Read the collector's log "
    "for the cause."
)

Missing = Literal["fine", "bad", "as before"]
"""How an alarm takes a period without data: as good, as bad, or as no reason to change."""
_MISSING: dict[Missing, cloudwatch.TreatMissingData] = {
    "fine": cloudwatch.TreatMissingData.NOT_BREACHING,
    "bad": cloudwatch.TreatMissingData.BREACHING,
    "as before": cloudwatch.TreatMissingData.IGNORE,
}


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm that goes off if the metric reaches the threshold in so many periods, one after the other."""

    name: str
    metric: cloudwatch.IMetric
    text: str
    threshold: int = 1
    periods: int = 1
    one_is_enough: bool = False
    """Whether it goes off at the first of these periods, and stays until all of them are well again."""
    missing: Missing = "fine"
    below: bool = False
    """Whether it goes off below the threshold instead."""


def first_reading(most_hours: int) -> int:
    """The threshold with which the last of the READINGS of something that waits is reached after `most_hours`."""
    return most_hours - (READINGS - 1)


def alarms(collector: Collector, jobs: Jobs, tables: Tables) -> Iterator[Alarm]:
    """Every alarm that each stack has. Its name here is its logical id in CloudFormation."""
    yield Alarm(
        "ExportFailed",
        jobs.export.metric_errors(period=_HOUR),
        "The export failed. Lambda tries it again, and the next hourly export reads the same hours. This alarm ends "
        "when two hours have passed without a failure: act only if it stays. Then read the export's log for the cause.",
        periods=_UNTIL_THE_NEXT_EXPORT,
        one_is_enough=True,
    )
    yield Alarm(
        "MetricsFailed",
        jobs.metrics.metric_errors(period=_HOUR),
        "A metric job failed, often because the export is late; Lambda tries it twice more. Its log names the job; "
        "`daybreak run morning --date DAY` runs all of them again. This alarm ends when the next morning has run "
        "without a failure.",
        periods=_UNTIL_THE_NEXT_MORNING,
        one_is_enough=True,
    )
    yield Alarm(
        "DeadLetters",
        jobs.dead_letters.metric_approximate_number_of_messages_visible(period=_FIVE_MINUTES),
        "A scheduled job failed after all its retries. The message in the dead-letter queue holds its payload: run the "
        "job with `daybreak run`, then purge the queue, which ends this alarm.",
        missing="as before",  # SQS reports nothing about a queue that nobody has touched for hours
    )
    if collector.http:
        yield Alarm("CollectorServerErrors", collector.http.server_errors(_FIVE_MINUTES), _SERVER_ERRORS)
    if collector.rest:
        yield Alarm("CollectorServerErrorsForGzip", collector.rest.server_errors(_FIVE_MINUTES), _SERVER_ERRORS)
    yield Alarm(
        "CollectorThrottled",
        collector.function.metric_throttles(period=_FIVE_MINUTES),
        "The collector reached this account's limit of concurrent Lambda executions. Ask AWS to raise the limit.",
    )
    yield Alarm(
        "EventsTableThrottled",
        tables.events.metric_throttled_requests_for_operation("PutItem", period=_FIVE_MINUTES),
        "DynamoDB throttles the collector's writes; clients send those events again. The on-demand table adapts within "
        "minutes: act only if this alarm stays. Then ask AWS to raise the account's quota.",
    )
    yield Alarm(
        "Unreconciled",
        own_metric(jobs, "export", "UnreconciledEvents", _HOUR),
        "Collector and lake counts differ: events were lost or duplicated. Run `daybreak reconcile DATE` to see in "
        "which hour and source. This alarm ends a day after the last export that found a difference.",
        periods=_A_DAY,
        one_is_enough=True,
    )
    yield Alarm(
        "ExportLag",
        own_metric(jobs, "export", "ExportLagHours", _HOUR, "Maximum"),
        f"Events have waited for {MOST_LAG_HOURS} hours or more to be exported, or no export has run for {READINGS}. "
        "The export's log names the arrival day that cannot be rebuilt, and the cause; the raw log holds its events. "
        "Mend the cause, then run `daybreak run export --date DAY`.",
        threshold=first_reading(MOST_LAG_HOURS),
        periods=READINGS,
        missing="bad",
    )
    yield Alarm(
        "MetricsStopped",
        jobs.metrics.metric_invocations(period=_SIX_HOURS, statistic="Sum"),
        "No metric job has run for thirty hours: this morning's numbers are missing. See in EventBridge Scheduler "
        "whether the schedules are enabled, then run `daybreak run morning --date DAY`.",
        periods=5,
        missing="bad",
        below=True,
    )
    yield Alarm(
        "BodiesDamaged",
        own_metric(collector, "collector", "DamagedBodies", _FIVE_MINUTES),
        "The HTTP API turned gzipped bodies into text, and the collector refused them: their events are lost. Point "
        "clients that gzip at the stack's output CollectorUrlForGzip; `daybreak doctor` shows the bodies that arrive.",
    )
    yield Alarm(
        "RejectedShare",
        own_metric(jobs, "export", "RejectedPercent", _HOUR, "Maximum"),
        f"In one of the last three hours, the collector rejected {LEAST_REJECTED} events or more, and "
        f"{MOST_REJECTED_PERCENT} percent or more of all. Run `daybreak rejects` to see which and why. Once the rule "
        "is fixed, `daybreak replay --rejected` accepts them.",
        threshold=MOST_REJECTED_PERCENT,
    )


class Alarms(Construct):
    """All alarms, and `more` of parts that not every stack has: one SNS topic gets a message when each begins and ends.

    Missing data raises no alarm where it may only mean that nobody is sending.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        collector: Collector,
        jobs: Jobs,
        tables: Tables,
        more: Iterable[Alarm],
        email: str | None,
    ) -> None:
        super().__init__(scope, construct_id)
        topic = sns.Topic(self, "Topic", display_name="Daybreak alarms", enforce_ssl=True)
        topic.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["sns:Publish"],
                resources=[topic.topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": Stack.of(self).account}},
            )
        )
        if email:
            topic.add_subscription(subscriptions.EmailSubscription(email))
        for alarm in (*alarms(collector, jobs, tables), *more):
            made = cloudwatch.Alarm(
                self,
                alarm.name,
                metric=alarm.metric,
                threshold=alarm.threshold,
                evaluation_periods=alarm.periods,
                datapoints_to_alarm=1 if alarm.one_is_enough else alarm.periods,
                comparison_operator=cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD
                if alarm.below
                else cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
                treat_missing_data=_MISSING[alarm.missing],
                alarm_description=alarm.text,
            )
            made.add_alarm_action(actions.SnsAction(topic))
            made.add_ok_action(actions.SnsAction(topic))
