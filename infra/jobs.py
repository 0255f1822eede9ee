"""The scheduled jobs: the export every hour, each metric job every morning in the project's timezone."""

from aws_cdk import Duration
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_destinations as destinations
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from daybreak.aws.settings import ExportSettings, FunctionSettings, ListsSettings, MetricsSettings
from daybreak.definitions.project import Project
from daybreak.export.payloads import SCHEDULED_TIME, ExportHours
from daybreak.lake.keys import LISTS, PAGE, WATCH
from daybreak.lists.payloads import MakeScheduled
from daybreak.metrics.payloads import METRIC_JOBS, ComputeScheduled
from infra.bundling import bundle
from infra.deployment import Deployment
from infra.functions import python_function
from infra.lake import Lake
from infra.nag import acknowledge
from infra.schedule import Schedules
from infra.tables import Tables

JOB_MEMORY_MB = 3008
DUCKDB_MEMORY_MB = 1900
JOB_DISK_MB = 8192
EXPORT_MINUTE = 5
METRICS_HOUR = 4
"""Local time. By then the export has run several times since midnight, and no timezone skips four o'clock."""
HOURLY_LISTS_MINUTE = 20
"""The export begins five minutes after the hour and may take fifteen."""
TIMES = {WATCH: (5, 2), LISTS: (5, 5), PAGE: (5, 20)}
"""Job -> hour and minute, local time. By then the families, and for the page the other two, have had their 15 minutes.
The job that sends runs five minutes after the page, and no list of the morning is sent before."""


class Jobs(Construct):
    """Three functions, a schedule for each of their jobs, and a queue for runs that failed."""

    def __init__(
        self, scope: Construct, construct_id: str, *, deployment: Deployment, tables: Tables, lake: Lake
    ) -> None:
        super().__init__(scope, construct_id)
        self.dead_letters = sqs.Queue(
            self,
            "DeadLetters",
            enforce_ssl=True,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            retention_period=Duration.days(14),
        )
        acknowledge(self.dead_letters, "AwsSolutions-SQS3", "It is the dead-letter queue itself")
        bucket = lake.bucket.bucket_name
        self.export = self._function(
            deployment,
            "export",
            "Daybreak: arrivals into the lake, each message id once",
            ExportSettings(
                events_table=tables.events.table_name, lake_bucket=bucket, duckdb_memory_mb=DUCKDB_MEMORY_MB
            ),
        )
        self.metrics = self._function(
            deployment,
            "metrics",
            "Daybreak: computes one metric family as of a day",
            MetricsSettings(lake_bucket=bucket, duckdb_memory_mb=DUCKDB_MEMORY_MB),
        )
        self.lists = self._function(
            deployment,
            "lists",
            "Daybreak: makes lists of people, which no other function may read",
            ListsSettings(
                events_table=tables.events.table_name,
                keys_table=tables.keys.table_name,
                lake_bucket=bucket,
                duckdb_memory_mb=DUCKDB_MEMORY_MB,
            ),
        )

        schedules = Schedules(self, "Schedules", dead_letters=self.dead_letters)
        every_hour = f"cron({EXPORT_MINUTE} * * * ? *)"
        schedules.add("export", every_hour, "UTC", self.export, ExportHours(time=SCHEDULED_TIME))
        for nth, family in enumerate(METRIC_JOBS):
            schedules.add(
                family,
                _every_morning(*TIMES.get(family, (METRICS_HOUR, 30 + nth))),
                deployment.project.settings.timezone,
                self.metrics,
                ComputeScheduled(family=family, time=SCHEDULED_TIME),
            )
        self._schedule_lists(schedules, deployment.project)

    def _schedule_lists(self, schedules: Schedules, project: Project) -> None:
        """Every morning, also to remove lists that are no longer defined; every hour if a list is made that often."""
        of_the_day = MakeScheduled(every="day", time=SCHEDULED_TIME)
        schedules.add(LISTS, _every_morning(*TIMES[LISTS]), project.settings.timezone, self.lists, of_the_day)
        if any(listed.every == "hour" for listed in project.lists.values()):
            of_the_hour = MakeScheduled(every="hour", time=SCHEDULED_TIME)
            schedules.add("hourly-lists", f"cron({HOURLY_LISTS_MINUTE} * * * ? *)", "UTC", self.lists, of_the_hour)

    def _function(
        self, deployment: Deployment, name: str, description: str, settings: FunctionSettings
    ) -> lambda_.Function:
        """A job that may run for 15 minutes. If it fails three times, its payload goes to the dead-letter queue."""
        function = python_function(
            self,
            name.capitalize(),
            code=bundle(deployment.root, name, "jobs", local=deployment.local),
            description=description,
            memory_mb=JOB_MEMORY_MB,
            disk_mb=JOB_DISK_MB,
            timeout=Duration.minutes(15),
            settings=settings,
        )
        function.configure_async_invoke(
            retry_attempts=2,
            max_event_age=Duration.hours(6),
            on_failure=destinations.SqsDestination(self.dead_letters),
        )
        return function


def _every_morning(hour: int, minute: int) -> str:
    return f"cron({minute} {hour} * * ? *)"
