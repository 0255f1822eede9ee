"""What may wake somebody: each alarm says in its description what it means and what to do."""

from aws_cdk import Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct
from infra.collector import Collector
from infra.jobs import Jobs
from infra.tables import Tables

from daybreak.aws.settings import METRICS_NAMESPACE

MOST_REJECTED_PERCENT = 5
_FIVE_MINUTES = Duration.minutes(5)


def _counted(name: str, service: str, period: Duration, statistic: str = "Sum") -> cloudwatch.Metric:
    """A metric that the functions themselves write."""
    return cloudwatch.Metric(
        namespace=METRICS_NAMESPACE,
        metric_name=name,
        dimensions_map={"service": service},
        period=period,
        statistic=statistic,
    )


class Alarms(Construct):
    """Alarms to one SNS topic; quiet means well: missing data is no alarm, because nobody may be sending."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        collector: Collector,
        jobs: Jobs,
        tables: Tables,
        email: str | None,
    ) -> None:
        super().__init__(scope, construct_id)
        self._topic = sns.Topic(self, "Topic", display_name="Daybreak alarms", enforce_ssl=True)
        self._topic.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["sns:Publish"],
                resources=[self._topic.topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": Stack.of(self).account}},
            )
        )
        if email:
            self._topic.add_subscription(subscriptions.EmailSubscription(email))
        self._alarm("ExportFailed", jobs.export.metric_errors(period=_FIVE_MINUTES),
                    "The export failed. It is retried and the next hour makes up for it; see its log.")  # fmt: skip
        self._alarm("MetricsFailed", jobs.metrics.metric_errors(period=_FIVE_MINUTES),
                    "A metric job failed, often because the export is late. Its log says which; run it again with "
                    "`daybreak run`.")  # fmt: skip
        waiting = jobs.dead_letters.metric_approximate_number_of_messages_visible(period=_FIVE_MINUTES)
        self._alarm("DeadLetters", waiting,
                    "A scheduled job failed for good. The message holds its payload; run it with `daybreak run`, "
                    "then purge the queue.")  # fmt: skip
        self._alarm("CollectorServerErrors", collector.endpoint.server_errors(_FIVE_MINUTES),
                    "Clients are answered 5xx and send again, so nothing is lost yet. See the collector's log for the "
                    "cause.")  # fmt: skip
        self._alarm("CollectorThrottled", collector.function.metric_throttles(period=_FIVE_MINUTES),
                    "Lambda's concurrency limit of this account is reached; ask for more.")  # fmt: skip
        self._alarm("EventsTableThrottled",
                    tables.events.metric_throttled_requests_for_operation("PutItem", period=_FIVE_MINUTES),
                    "DynamoDB throttles the collector's writes; clients send again. On demand it adapts by itself "
                    "within minutes.")  # fmt: skip

        self._alarm("Unreconciled", _counted("UnreconciledEvents", "export", Duration.hours(1)),
                    "Events are missing or too many on their way from the collector to the lake; "
                    "`daybreak reconcile DATE` says where.")  # fmt: skip
        self._alarm("BodiesDamaged", _counted("DamagedBodies", "collector", _FIVE_MINUTES),
                    "The gateway turned gzipped bodies into text. Send them as application/octet-stream or deploy with "
                    "`-c gateway=rest`; `daybreak doctor` shows what arrives.")  # fmt: skip
        self._alarm("RejectedShare", _counted("RejectedPercent", "export", Duration.hours(1), "Maximum"),
                    f"Of the events of one of the last three hours, {MOST_REJECTED_PERCENT} percent or more are "
                    "quarantined; `daybreak rejects` says which and why, `daybreak replay --rejected` takes them once "
                    "the rule is fixed.", threshold=MOST_REJECTED_PERCENT)  # fmt: skip

    def _alarm(self, name: str, metric: cloudwatch.IMetric, description: str, threshold: int = 1) -> None:
        alarm = cloudwatch.Alarm(
            self,
            name,
            metric=metric,
            threshold=threshold,
            evaluation_periods=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
            alarm_description=description,
        )
        alarm.add_alarm_action(actions.SnsAction(self._topic))
