"""The lake: a bucket, its tables in Glue, and a workgroup to query them with Athena."""

from typing import cast

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_glue as glue
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from constructs import Construct

from daybreak.definitions.project import Project
from daybreak.definitions.sends import METRICS
from daybreak.families.registry import FAMILIES
from daybreak.lake import keys
from daybreak.lake.keys import ALERTS, GOALS, LIST_COUNTS, LISTS, MESSAGES, WARNINGS, latest, watched
from daybreak.lake.tables import (
    AlertEpisode,
    Event,
    MadeList,
    MeasuredDefinition,
    MeasuredGoal,
    Reconciled,
    RejectedEvent,
    Warned,
)
from daybreak.metrics.views import views
from infra.functions import grant
from infra.glue_table import Partition, athena_view, parquet_table
from infra.nag import acknowledge
from infra.workgroup import RESULTS, workgroup

SCAN_LIMIT_GB = 100
"""One query may read so much, which costs half a dollar."""
RESULTS_KEPT = Duration.days(7)
OLD_VERSIONS_KEPT = Duration.days(14)
EXPORT_OWNS = (
    "raw", "quarantine", "rejected", "events", "moved", "derived", "pending", "expiry", "exports", "reconciliation"
)  # fmt: skip
METRICS_OWN = ("metrics", "definitions", "warnings", "goals", "alerts", "latest", "page")
METRICS_READ = ("derived", "exports", "pending", "reconciliation", LIST_COUNTS)
LISTS_OWN = (LISTS, LIST_COUNTS)
LISTS_READ = ("derived", "exports")
LISTS_KEPT = Duration.days(7)
NOTES_KEPT = Duration.days(30)
"""The notes of messages that were sent. The job that sends looks back seven days, so it needs them for longer."""
MESSAGES_KEPT = Duration.days(7)
"""The files of sends to S3, which may hold ids of people."""


class Lake(Construct):
    """Parquet and the raw log in S3, with tables in Glue by partition projection: no crawler, no MSCK REPAIR."""

    def __init__(self, scope: Construct, construct_id: str, *, project: Project, keep: bool) -> None:
        super().__init__(scope, construct_id)
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            versioned=True,
            removal_policy=RemovalPolicy.RETAIN if keep else RemovalPolicy.DESTROY,
            lifecycle_rules=[
                s3.LifecycleRule(prefix=f"{RESULTS}/", expiration=RESULTS_KEPT),
                # people: once removed or replaced, their files are gone a day later
                s3.LifecycleRule(
                    prefix=f"{LISTS}/", expiration=LISTS_KEPT, noncurrent_version_expiration=Duration.days(1)
                ),
                s3.LifecycleRule(prefix="sent/", expiration=NOTES_KEPT),
                # people: once removed or replaced, their files are gone a day later
                s3.LifecycleRule(
                    prefix=MESSAGES, expiration=MESSAGES_KEPT, noncurrent_version_expiration=Duration.days(1)
                ),
                s3.LifecycleRule(
                    noncurrent_version_expiration=OLD_VERSIONS_KEPT,
                    abort_incomplete_multipart_upload_after=Duration.days(1),
                ),
            ],
        )
        acknowledge(
            self.bucket, "AwsSolutions-S1", "Access logs would double the objects; CloudTrail data events do it"
        )
        self.database_name = Stack.of(self).stack_name.lower().replace("-", "_")
        self.workgroup_name = Stack.of(self).stack_name.lower()
        workgroup(
            self,
            self.workgroup_name,
            self.bucket,
            folder=RESULTS,
            scan_limit_gb=SCAN_LIMIT_GB,
            description="Queries over Daybreak's tables; results are removed after a week",
        )
        self._tables(project)

    def grant_export(self, function: lambda_.Function) -> None:
        """Let the export read and write everything up to the derived tables."""
        self._grant_objects(function, ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], EXPORT_OWNS)
        grant(function, ["s3:ListBucket"], [self.bucket.bucket_arn])

    def grant_metrics(self, function: lambda_.Function) -> None:
        """Let the metric jobs read what the export wrote, and read and write their results."""
        self._grant_objects(function, ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], METRICS_OWN)
        self._grant_objects(function, ["s3:GetObject"], METRICS_READ)
        grant(function, ["s3:ListBucket"], [self.bucket.bucket_arn])

    def grant_lists(self, function: lambda_.Function) -> None:
        """Let the lists job read what the export wrote. It alone may read and write the files of people."""
        actions = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]
        self._grant_objects(function, actions, LISTS_OWN)
        self._grant_objects(function, ["s3:GetObject"], LISTS_READ)
        grant(function, ["s3:PutObject", "s3:DeleteObject"], [self.bucket.arn_for_objects(latest(LISTS))])
        grant(function, ["s3:ListBucket"], [self.bucket.bucket_arn])

    def grant_send(self, function: lambda_.Function, project: Project) -> None:
        """Let the job that sends read what its messages are made from, and keep its outbox and its notes.

        It reads the files of lists, which hold ids, only if a send has `people = "inline"`.
        """
        sends = project.sends
        self._grant_objects(function, ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], ("outbox",))
        to_folders = [f"{MESSAGES}{name}" for name, send in sends.items() if send.to == "s3"]
        self._grant_objects(function, ["s3:PutObject"], ("sent", *to_folders))
        if any(send.takes(METRICS) for send in sends.values()):
            self._grant_objects(function, ["s3:GetObject"], ("latest",))
        tables = {watched(GOALS): project.goals, watched(ALERTS): project.alerts}
        if read := [self.bucket.arn_for_objects(key) for key, defined in tables.items() if defined]:
            grant(function, ["s3:GetObject"], read)
        if project.lists:
            self._grant_objects(function, ["s3:GetObject"], (LIST_COUNTS,))
        if any(send.people == "inline" for send in sends.values()):
            self._grant_objects(function, ["s3:GetObject"], (LISTS,))
        grant(function, ["s3:ListBucket"], [self.bucket.bucket_arn])

    def _grant_objects(self, function: lambda_.Function, actions: list[str], prefixes: tuple[str, ...]) -> None:
        """Allow actions on the objects under these prefixes and nowhere else."""
        grant(function, actions, [self.bucket.arn_for_objects(f"{prefix}/*") for prefix in prefixes])
        bucket_id = Stack.of(self).get_logical_id(cast("s3.CfnBucket", self.bucket.node.default_child))
        for prefix in prefixes:
            rule = f"AwsSolutions-IAM5[Resource::<{bucket_id}.Arn>/{prefix}/*]"
            acknowledge(
                cast("iam.IRole", function.role),
                rule,
                f"The objects of the lake under {prefix}/, which this job owns or reads",
            )

    def _tables(self, project: Project) -> None:
        database = glue.CfnDatabase(
            self,
            "Database",
            catalog_id=Stack.of(self).account,
            database_input=glue.CfnDatabase.DatabaseInputProperty(
                name=self.database_name, description="Product events and onboarding metrics"
            ),
        )
        since = project.settings.since
        parquet_table(self, "events", Event, database, self.bucket, [Partition.date("dt", since)])
        arrived = [Partition.date("arrived", since)]
        parquet_table(self, "rejected", RejectedEvent, database, self.bucket, arrived)
        parquet_table(self, "reconciliation", Reconciled, database, self.bucket, arrived)
        families = [Partition.one_of("family", list(FAMILIES))]
        parquet_table(self, "definitions", MeasuredDefinition, database, self.bucket, families)
        parquet_table(self, WARNINGS, Warned, database, self.bucket, [])
        parquet_table(self, GOALS, MeasuredGoal, database, self.bucket, [])
        parquet_table(self, ALERTS, AlertEpisode, database, self.bucket, [])
        parquet_table(self, LISTS, MadeList, database, self.bucket, [], folder=LIST_COUNTS)
        for family in FAMILIES.values():
            names = list(project.of(family.name)) or ["none"]
            by = [Partition.one_of("definition", names)]
            folder = keys.months_prefix(family.name).rstrip("/")
            parquet_table(self, family.name, family.row, database, self.bucket, by, folder)
        for view in views(project):
            athena_view(self, view, database, self.database_name)
