"""Managed policies for people and tools that read: results only, or results and events. Nobody has them by default."""

from typing import Any, cast

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from daybreak.families.registry import FAMILIES
from daybreak.metrics.views import SUFFIX
from infra.lake import SCAN_LIMIT_GB, Lake
from infra.nag import acknowledge
from infra.workgroup import RESULTS, workgroup

VIEWS = f"*{SUFFIX}"
"""A policy may have 6,144 characters, so it names the views together."""
RESULT_TABLES = (*FAMILIES, VIEWS, "definitions", "warnings", "goals", "alerts", "lists")
RESULT_PREFIXES = ("metrics", "definitions", "warnings", "goals", "alerts", "list_counts", "latest", "page")
"""The table `lists` counts people and lies under list_counts/. The files under lists/ name them."""
EVENT_TABLES = ("events", "rejected", "reconciliation")
"""Each lies under the prefix of its name."""
RESULTS_SCAN_LIMIT_GB = 1
"""Results are small: a query that reads more than this is a mistake."""
_IN_THE_WORKGROUP = (
    "athena:StartQueryExecution", "athena:StopQueryExecution", "athena:GetQueryExecution",
    "athena:BatchGetQueryExecution", "athena:ListQueryExecutions", "athena:GetQueryResults",
    "athena:GetQueryResultsStream", "athena:GetWorkGroup", "athena:CreatePreparedStatement",
    "athena:GetPreparedStatement", "athena:DeletePreparedStatement",
)  # fmt: skip
_OF_THE_CATALOG = (
    "athena:GetDataCatalog", "athena:ListDatabases", "athena:GetDatabase", "athena:ListTableMetadata",
    "athena:GetTableMetadata",
)  # fmt: skip
_NAMES_ONLY = ("athena:ListDataCatalogs", "athena:ListWorkGroups")
_OF_THE_TABLES = ("glue:GetDatabase", "glue:GetDatabases", "glue:GetTable", "glue:GetTables", "glue:GetPartitions")
_OF_QUERY_RESULTS = (
    "s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"
)  # fmt: skip


class Readers(Construct):
    """The two policies."""

    def __init__(self, scope: Construct, construct_id: str, *, lake: Lake) -> None:
        super().__init__(scope, construct_id)
        self.metrics = Reader(
            self,
            "Metrics",
            lake=lake,
            description="Reads Daybreak's results: counts and rates, also of segment values that few people have",
            tables=RESULT_TABLES,
            prefixes=RESULT_PREFIXES,
            scan_limit_gb=RESULTS_SCAN_LIMIT_GB,
        )
        self.events = Reader(
            self,
            "Events",
            lake=lake,
            description="Reads Daybreak's results and every event, with the ids and properties of people",
            tables=(*RESULT_TABLES, *EVENT_TABLES),
            prefixes=(*RESULT_PREFIXES, *EVENT_TABLES),
            scan_limit_gb=SCAN_LIMIT_GB,
        )

    def outputs(self) -> dict[str, tuple[str, str]]:
        """Output of the stack -> its value, and what it is for."""
        return {
            f"{name}Reader{part}": (value, description)
            for name, reader in (("Metrics", self.metrics), ("Events", self.events))
            for part, value, description in (
                ("Policy", reader.policy.managed_policy_arn, reader.description),
                ("Workgroup", reader.workgroup_name, f"The Athena workgroup of {name}ReaderPolicy"),
            )
        }


class Reader(Construct):
    """A policy that reads some tables through a workgroup of its own.

    Its results have a folder of their own: query results of other people may hold what this policy may not read.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        lake: Lake,
        description: str,
        tables: tuple[str, ...],
        prefixes: tuple[str, ...],
        scan_limit_gb: int,
    ) -> None:
        super().__init__(scope, construct_id)
        own = construct_id.lower()
        results = f"{RESULTS}/readers/{own}"
        self.description = description
        self.workgroup_name = f"{lake.workgroup_name}-{own}"
        workgroup(
            self,
            self.workgroup_name,
            lake.bucket,
            folder=results,
            scan_limit_gb=scan_limit_gb,
            description=f"Queries of those who have the policy {construct_id}ReaderPolicy",
        )
        statements = [
            *self._of_athena(),
            _allow(_OF_THE_TABLES, self._of_glue(lake.database_name, tables)),
            *self._of_the_bucket(lake.bucket, prefixes, results),
        ]
        self.policy = iam.ManagedPolicy(self, "Policy", description=description, statements=statements)
        self._acknowledge_wildcards(lake, (*prefixes, results))

    def _acknowledge_wildcards(self, lake: Lake, prefixes: tuple[str, ...]) -> None:
        bucket_id = Stack.of(self).get_logical_id(cast("s3.CfnBucket", lake.bucket.node.default_child))
        catalog = "arn:<AWS::Partition>:glue:<AWS::Region>:<AWS::AccountId>"
        reasons = {f"<{bucket_id}.Arn>/{prefix}/*": f"The objects under {prefix}/" for prefix in prefixes}
        reasons[f"{catalog}:table/{lake.database_name}/{VIEWS}"] = "The views of the result tables, and nothing else"
        reasons["*"] = f"{' and '.join(_NAMES_ONLY)} give names, and know no resource"
        for resource, reason in reasons.items():
            acknowledge(self.policy, f"AwsSolutions-IAM5[Resource::{resource}]", reason)

    def _of_athena(self) -> list[iam.PolicyStatement]:
        group = self._arn("athena", "workgroup", self.workgroup_name)
        catalog = self._arn("athena", "datacatalog", "AwsDataCatalog")
        return [_allow(_IN_THE_WORKGROUP, [group]), _allow(_OF_THE_CATALOG, [catalog]), _allow(_NAMES_ONLY, ["*"])]

    def _of_glue(self, database: str, tables: tuple[str, ...]) -> list[str]:
        """The tables one by one: Glue leaves all others out when it lists. Athena looks up `default` with any query."""
        return [
            Stack.of(self).format_arn(service="glue", resource="catalog"),
            *(self._arn("glue", "database", name) for name in (database, "default")),
            *(self._arn("glue", "table", f"{database}/{table}") for table in tables),
        ]

    @staticmethod
    def _of_the_bucket(bucket: s3.IBucket, prefixes: tuple[str, ...], results: str) -> list[iam.PolicyStatement]:
        """Objects under these prefixes, and no list of the names of others: raw, quarantine, derived, lists."""
        listed = {"StringLike": {"s3:prefix": [f"{prefix}/*" for prefix in (*prefixes, results)]}}
        return [
            _allow(("s3:GetObject",), [bucket.arn_for_objects(f"{prefix}/*") for prefix in prefixes]),
            _allow(_OF_QUERY_RESULTS, [bucket.arn_for_objects(f"{results}/*")]),
            _allow(("s3:ListBucket",), [bucket.bucket_arn], listed),
            _allow(("s3:GetBucketLocation",), [bucket.bucket_arn]),
        ]

    def _arn(self, service: str, resource: str, name: str) -> str:
        return Stack.of(self).format_arn(service=service, resource=resource, resource_name=name)


def _allow(
    actions: tuple[str, ...], resources: list[str], conditions: dict[str, Any] | None = None
) -> iam.PolicyStatement:
    return iam.PolicyStatement(actions=list(actions), resources=resources, conditions=conditions)
