"""The settings that all Lambdas share."""

from pathlib import Path
from typing import Any

from aws_cdk import Duration, RemovalPolicy, Size, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct, IConstruct

from daybreak.aws.settings import FunctionSettings

RUNTIME = lambda_.Runtime.PYTHON_3_14


def python_function(
    scope: Construct,
    construct_id: str,
    *,
    code: Path,
    description: str,
    memory_mb: int,
    timeout: Duration,
    settings: FunctionSettings,
    disk_mb: int = 512,
) -> lambda_.Function:
    """A Lambda with its own role, which so far may only write the Lambda's log. The log is kept for a month."""
    log_group = logs.LogGroup(
        scope, f"{construct_id}Log", retention=logs.RetentionDays.ONE_MONTH, removal_policy=RemovalPolicy.DESTROY
    )
    role = iam.Role(scope, f"{construct_id}Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
    grant(role, ["logs:CreateLogStream", "logs:PutLogEvents"], [log_group.log_group_arn])
    return lambda_.Function(
        scope,
        construct_id,
        code=lambda_.Code.from_asset(str(code)),
        handler="handler.handler",
        runtime=RUNTIME,
        architecture=lambda_.Architecture.ARM_64,
        description=description,
        role=role,
        memory_size=memory_mb,
        ephemeral_storage_size=Size.mebibytes(disk_mb),
        timeout=timeout,
        log_group=log_group,
        logging_format=lambda_.LoggingFormat.JSON,
        environment=settings.model_copy(update={"powertools_metrics_namespace": own_namespace(scope)}).environment(),
    )


def own_namespace(construct: IConstruct) -> str:
    """The CloudWatch namespace of the stack's own metrics: its name, so that two stacks do not share an alarm."""
    return Stack.of(construct).stack_name


def own_metric(part: Construct, service: str, name: str, period: Duration, statistic: str = "Sum") -> cloudwatch.Metric:
    """A metric that a function of this part of the stack writes."""
    return cloudwatch.Metric(
        namespace=own_namespace(part),
        metric_name=name,
        dimensions_map={"service": service},
        period=period,
        statistic=statistic,
    )


def grant(
    grantee: iam.IGrantable, actions: list[str], resources: list[str], conditions: dict[str, Any] | None = None
) -> None:
    """Allow exactly these actions on exactly these resources, under these conditions."""
    statement = iam.PolicyStatement(actions=actions, resources=resources, conditions=conditions)
    grantee.grant_principal.add_to_principal_policy(statement)
