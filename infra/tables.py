"""The two DynamoDB tables: events as they arrive, and write keys."""

from aws_cdk import RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.functions import grant


class Tables(Construct):
    """Both tables are billed on demand: they cost nothing while nobody sends."""

    def __init__(self, scope: Construct, construct_id: str, *, keep: bool) -> None:
        super().__init__(scope, construct_id)
        text = dynamodb.AttributeType.STRING
        recovery = dynamodb.PointInTimeRecoverySpecification(point_in_time_recovery_enabled=True)
        removal = RemovalPolicy.RETAIN if keep else RemovalPolicy.DESTROY
        self.events = dynamodb.Table(
            self,
            "Events",
            partition_key=dynamodb.Attribute(name="arrival", type=text),
            sort_key=dynamodb.Attribute(name="request", type=text),
            time_to_live_attribute="expires",
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            point_in_time_recovery_specification=recovery,
            removal_policy=removal,
        )
        self.keys = dynamodb.Table(
            self,
            "Keys",
            partition_key=dynamodb.Attribute(name="key_hash", type=text),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            point_in_time_recovery_specification=recovery,
            removal_policy=removal,
        )

    def grant_store(self, function: lambda_.Function) -> None:
        """Let the collector write events and look up keys. It cannot read events or change keys."""
        grant(function, ["dynamodb:PutItem"], [self.events.table_arn])
        grant(function, ["dynamodb:GetItem"], [self.keys.table_arn])

    def grant_read_arrivals(self, function: lambda_.Function) -> None:
        """Let the export query the events of an hour, and set when an item expires, nothing else of it.

        The first export also scans for the oldest hour.
        """
        grant(function, ["dynamodb:Query", "dynamodb:Scan"], [self.events.table_arn])
        named = {"dynamodb:Attributes": ["arrival", "request", "expires"]}
        grant(function, ["dynamodb:UpdateItem"], [self.events.table_arn], {"ForAllValues:StringEquals": named})

    def grant_store_entries(self, function: lambda_.Function) -> None:
        """Let the lists job write events, and read the digests of forgotten people: no write key, no event."""
        grant(function, ["dynamodb:PutItem"], [self.events.table_arn])
        forgotten = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["#forgotten.*"]}}
        grant(function, ["dynamodb:GetItem"], [self.keys.table_arn], forgotten)
