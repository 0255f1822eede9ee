"""The public endpoint: an HTTP API whose every route is the collector function."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

from aws_cdk import (
    Duration,
    RemovalPolicy,
)
from aws_cdk import (
    aws_apigatewayv2 as apigateway,
)
from aws_cdk import (
    aws_apigatewayv2_integrations as integrations,
)
from aws_cdk import (
    aws_logs as logs,
)
from constructs import Construct
from infra.acknowledged import acknowledge
from infra.bundling import bundle
from infra.functions import python_function

if TYPE_CHECKING:
    from infra.stack import Deployment

REQUESTS_A_SECOND = 1000
BURST = 2000


class Collector(Construct):
    """HTTP API -> Lambda. The function routes, checks keys and sizes itself, because the gateway's own errors lack
    the `code` that SDKs need."""

    def __init__(self, scope: Construct, construct_id: str, *, deployment: Deployment) -> None:
        super().__init__(scope, construct_id)
        self.function = python_function(
            self,
            "Function",
            code=bundle(deployment.root, "collector", "collector", local=deployment.local),
            description="Daybreak: takes events over HTTPS and stores them before it answers",
            memory_mb=512,
            timeout=Duration.seconds(29),
        )
        self.api = apigateway.HttpApi(
            self,
            "Api",
            description="Daybreak collector",
            create_default_stage=False,
            default_integration=integrations.HttpLambdaIntegration("Integration", self.function),
            cors_preflight=apigateway.CorsPreflightOptions(
                allow_origins=["*"],
                # `*` does not cover Authorization, so it is named beside
                allow_headers=["*", "Authorization"],
                allow_methods=[apigateway.CorsHttpMethod.POST, apigateway.CorsHttpMethod.OPTIONS],
                max_age=Duration.hours(24),
            ),
        )
        stage = self.api.add_stage(
            "DefaultStage",
            stage_name="$default",
            auto_deploy=True,
            throttle=apigateway.ThrottleSettings(rate_limit=REQUESTS_A_SECOND, burst_limit=BURST),
        )
        self._log_access(stage)
        self.url = stage.url
        acknowledge(
            self.api, "AwsSolutions-APIG4", "Write keys are checked by the function, whose errors SDKs understand"
        )

    def _log_access(self, stage: apigateway.HttpStage) -> None:
        """Status and latency of each request; no address, no query string (a write key may stand in it)."""
        group = logs.LogGroup(
            self, "AccessLog", retention=logs.RetentionDays.TWO_WEEKS, removal_policy=RemovalPolicy.DESTROY
        )
        fields = ["requestId", "requestTime", "httpMethod", "status", "responseLength", "integrationLatency"]
        raw_stage = cast("apigateway.CfnStage", stage.node.default_child)
        raw_stage.access_log_settings = apigateway.CfnStage.AccessLogSettingsProperty(
            destination_arn=group.log_group_arn, format=json.dumps({field: f"$context.{field}" for field in fields})
        )
