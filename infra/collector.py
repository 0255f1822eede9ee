"""The collector: its function, and the gateways that call it for every request."""

from aws_cdk import Aws, Duration, Fn
from constructs import Construct

from daybreak.aws.gateway import GZIP_CLIENTS
from daybreak.aws.settings import CollectorSettings
from infra.bundling import bundle
from infra.deployment import HTTP, REST, Deployment
from infra.functions import python_function
from infra.http_api import HttpEndpoint
from infra.rest_api import RestEndpoint
from infra.tables import Tables


class Collector(Construct):
    """Gateways -> Lambda -> events table. `http` and `rest` are None if they are not deployed."""

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
        # CloudFormation's names leave out "Default": the API kept its name, and so its URL, when it moved in here
        self.http = HttpEndpoint(self, "Default", function=self.function) if HTTP in deployment.gateways else None
        self.rest = RestEndpoint(self, "Rest", function=self.function) if REST in deployment.gateways else None

    def urls(self) -> dict[str, tuple[str, str]]:
        """Output of the stack -> the URL, and which clients send to it."""
        found = {}
        if main := self.http or self.rest:
            found["CollectorUrl"] = main.url, "The URL that clients send to, unless they gzip text or JSON"
        if self.rest:
            found["CollectorUrlForGzip"] = self.rest.url, f"The URL for clients that gzip: {GZIP_CLIENTS}"
        return found
