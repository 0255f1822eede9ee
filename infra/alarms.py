"""The alarms of the stack. Each text says what has happened and what to do."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from aws_cdk import Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from infra.collector import Collector
from infra.functions import own_metric
from infra.jobs import Jobs
from infra.tables import Tables

MOST_REJECTED_PERCENT = 5
MOST_LAG_HOURS = 6
_FIVE_MINUTES = Duration.minutes(5)
_HOUR = Duration.hours(1)
_SIX_HOURS = Duration.hours(6)
_SERVER_ERRORS = (
    "The collector answers with 5xx. Clients send those events again, so nothing is lost yet. Read the collector's log "
    "for the cause."
)


@dataclass(frozen=True)
class Alarm:
    """An alarm that goes off if the metric reaches the threshold in so many periods, one after the other."""

    name: str
    metric: cloudwatch.IMetric
    text: str
    threshold: int = 1
    periods: int = 1
    missing_is_bad: bool = False
    """Whether no data at all is a reason to go off: of a metric that every run of a schedule writes."""
    below: bool = False
    """Whether it goes off below the threshold instead."""


def alarms(collector: Collector, jobs: Jobs, tables: Tables) -> Iterator[Alarm]:
    """Every alarm that each stack has. Its name here is its logical id in CloudFormation."""
    yield Alarm(
        "ExportFailed",
        jobs.export.metric_errors(period=_FIVE_MINUTES),
        "The export failed. Lambda tries it again, and the next hourly export reads the same hours: act only if this "
        "alarm stays. Then read the export's log for the cause.",
    )
    yield Alarm(
        "MetricsFailed",
        jobs.metrics.metric_errors(period=_FIVE_MINUTES),
        "A metric job failed, often because the export is late. Its log names the family; run it again with "
        "`daybreak run FAMILY --date DAY`.",
    )
    yield Alarm(
        "DeadLetters",
        jobs.dead_letters.metric_approximate_number_of_messages_visible(period=_FIVE_MINUTES),
        "A scheduled job failed after all its retries. The message in the dead-letter queue holds its payload: run the "
        "job with `daybreak run`, then purge the queue.",
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
        "which hour and source.",
    )
    yield Alarm(
        "ExportLag",
        own_metric(jobs, "export", "ExportLagHours", _HOUR, "Maximum"),
        f"Events have waited for {MOST_LAG_HOURS} hours or more to be exported, or no export runs at all. The export's "
        "log names the arrival day that cannot be rebuilt, and the cause; the raw log holds its events. Mend the "
        "cause, then run `daybreak run export --date DAY`.",
        threshold=MOST_LAG_HOURS,
        periods=3,
        missing_is_bad=True,
    )
    yield Alarm(
        "MetricsStopped",
        jobs.metrics.metric_invocations(period=_SIX_HOURS, statistic="Sum"),
        "No metric job has run for thirty hours: this morning's numbers are missing. See in EventBridge Scheduler "
        "whether the schedules are enabled, then run the families with `daybreak run FAMILY --date DAY`.",
        periods=5,
        missing_is_bad=True,
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
        f"In one of the last three hours, the collector rejected {MOST_REJECTED_PERCENT} percent or more of the "
        "events. Run `daybreak rejects` to see which and why. Once the rule is fixed, `daybreak replay --rejected` "
        "accepts them.",
        threshold=MOST_REJECTED_PERCENT,
    )


class Alarms(Construct):
    """All alarms, and `more` of parts that not every stack has, to one SNS topic.

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
            cloudwatch.Alarm(
                self,
                alarm.name,
                metric=alarm.metric,
                threshold=alarm.threshold,
                evaluation_periods=alarm.periods,
                comparison_operator=cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD
                if alarm.below
                else cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
                treat_missing_data=cloudwatch.TreatMissingData.BREACHING
                if alarm.missing_is_bad
                else cloudwatch.TreatMissingData.NOT_BREACHING,
                alarm_description=alarm.text,
            ).add_alarm_action(actions.SnsAction(topic))
