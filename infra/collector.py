"""The collector: its function, and the gateway that calls it for every request."""

from aws_cdk import Aws, Duration, Fn, RemovalPolicy
from aws_cdk import aws_logs as logs
from constructs import Construct

from daybreak.aws.settings import CollectorSettings
from infra.bundling import bundle
from infra.deployment import Deployment
from infra.functions import python_function
from infra.http_api import HttpEndpoint
from infra.rest_api import RestEndpoint
from infra.tables import Tables


class Collector(Construct):
    """Gateway -> Lambda -> events table."""

    def __init__(self, scope: Construct, construct_id: str, *, deployment: Deployment, tables: Tables) -> None:
        super().__init__(scope, construct_id)
        self.function = python_function(
            self,
            "Function",
            code=bundle(deployment.root, "collector", "collector", local=deployment.local),
            description="Daybreak: takes events over HTTPS and stores them before it answers",
            memory_mb=1024,
            timeout=Duration.seconds(29),
            settings=CollectorSettings(
                events_table=tables.events.table_name,
                keys_table=tables.keys.table_name,
                # the stack's UUID: different in each deployment, and the same as long as the stack exists
                hash_salt=Fn.select(2, Fn.split("/", Aws.STACK_ID)),
            ),
        )
        access_log = logs.LogGroup(
            self, "AccessLog", retention=logs.RetentionDays.TWO_WEEKS, removal_policy=RemovalPolicy.DESTROY
        )
        self.endpoint: HttpEndpoint | RestEndpoint
        if deployment.gateway == "rest":
            self.endpoint = RestEndpoint(self, "Rest", function=self.function, access_log=access_log)
        else:
            # CloudFormation's names leave out "Default": the API kept its name, and so its URL, when it moved in here
            self.endpoint = HttpEndpoint(self, "Default", function=self.function, access_log=access_log)
        self.url = self.endpoint.url
