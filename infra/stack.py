"""The whole stack. This module says which part may read or write which. The module of a part builds it."""

from aws_cdk import CfnOutput, Stack
from constructs import Construct

from infra.alarms import Alarms
from infra.collector import Collector
from infra.deployment import Deployment
from infra.jobs import Jobs
from infra.lake import Lake
from infra.readers import Readers
from infra.sending import Sending, outputs
from infra.tables import Tables
from infra.webhooks import webhook_alarms


class DaybreakStack(Stack):
    """Collector, tables, lake, jobs and alarms of one team."""

    def __init__(self, scope: Construct, construct_id: str, *, deployment: Deployment) -> None:
        super().__init__(scope, construct_id, description="Daybreak: product events in, onboarding metrics out")
        tables = Tables(self, "Tables", keep=not deployment.local)
        lake = Lake(self, "Lake", project=deployment.project, keep=not deployment.local)
        collector = Collector(self, "Collector", deployment=deployment, tables=tables)
        jobs = Jobs(self, "Jobs", deployment=deployment, tables=tables, lake=lake)
        readers = Readers(self, "Readers", lake=lake)

        tables.grant_store(collector.function)
        tables.grant_read_arrivals(jobs.export)
        lake.grant_export(jobs.export)
        lake.grant_metrics(jobs.metrics)
        tables.grant_store_entries(jobs.lists)
        lake.grant_lists(jobs.lists)

        sending = None
        if deployment.project.sends:
            sending = Sending(self, "Sending", deployment=deployment, lake=lake, dead_letters=jobs.dead_letters)

        Alarms(
            self,
            "Alarms",
            collector=collector,
            jobs=jobs,
            tables=tables,
            more=[*(sending.alarms() if sending else ()), *webhook_alarms(deployment.project, collector)],
            email=deployment.alarm_email,
        )
        for name, (value, description) in {**collector.urls(), **readers.outputs()}.items():
            CfnOutput(self, name, value=value, description=description)
        for name, value in {
            "EventsTable": tables.events.table_name,
            "KeysTable": tables.keys.table_name,
            "LakeBucket": lake.bucket.bucket_name,
            "Database": lake.database_name,
            "Workgroup": lake.workgroup_name,
            "ExportFunction": jobs.export.function_name,
            "MetricsFunction": jobs.metrics.function_name,
            "ListsFunction": jobs.lists.function_name,
            "DeadLetters": jobs.dead_letters.queue_url,
            **(outputs(sending) if sending else {}),
        }.items():
            CfnOutput(self, name, value=value)
