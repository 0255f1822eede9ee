"""The public endpoint as an HTTP API, for most clients: $1.00 a million requests."""

from __future__ import annotations

import json
from typing import cast

from aws_cdk import Aws, Duration, Fn, RemovalPolicy
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.nag import acknowledge

REQUESTS_A_SECOND = 1000
BURST = 2000
LOGGED = ["requestId", "requestTime", "httpMethod", "status", "responseLength", "integrationLatency"]
"""Logged of each request. Not the address, the path or the query string, which may hold a write key."""


class HttpEndpoint(Construct):
    """Passes every request to the function, which routes it and checks keys and sizes itself: the gateway's own errors
    lack the `code` that SDKs need. The gateway itself answers browsers' preflights, at no cost. It hands text and JSON
    over as text, and so damages gzip that is sent as such: clients that do that use the REST API."""

    def __init__(self, scope: Construct, construct_id: str, *, function: lambda_.Function) -> None:
        super().__init__(scope, construct_id)
        self._api = apigateway.HttpApi(
            self,
            "Api",
            description="Daybreak collector",
            create_default_stage=False,
            default_integration=integrations.HttpLambdaIntegration("Integration", function),
            cors_preflight=apigateway.CorsPreflightOptions(
                allow_origins=["*"],
                # `*` does not cover Authorization, so it is listed too
                allow_headers=["*", "Authorization"],
                allow_methods=[
                    apigateway.CorsHttpMethod.POST,
                    apigateway.CorsHttpMethod.GET,
                    apigateway.CorsHttpMethod.OPTIONS,
                ],
                expose_headers=["Retry-After"],
                max_age=Duration.hours(24),
            ),
        )
        stage = self._api.add_stage(
            "DefaultStage",
            stage_name="$default",
            auto_deploy=True,
            throttle=apigateway.ThrottleSettings(rate_limit=REQUESTS_A_SECOND, burst_limit=BURST),
        )
        access_log = logs.LogGroup(
            self,
            "AccessLog",
            # a group outside /aws/vendedlogs/ is added to the account's log policy, and a deployment fails once that is
            # full; the stack's UUID makes the name unique
            log_group_name=f"/aws/vendedlogs/{Aws.STACK_NAME}/{Fn.select(2, Fn.split('/', Aws.STACK_ID))}",
            retention=logs.RetentionDays.TWO_WEEKS,
            removal_policy=RemovalPolicy.DESTROY,
        )
        raw_stage = cast("apigateway.CfnStage", stage.node.default_child)
        raw_stage.access_log_settings = apigateway.CfnStage.AccessLogSettingsProperty(
            destination_arn=access_log.log_group_arn, format=json.dumps({name: f"$context.{name}" for name in LOGGED})
        )
        self.url = stage.url
        acknowledge(self, "AwsSolutions-APIG4", "Write keys are checked by the function, whose errors SDKs understand")

    def server_errors(self, period: Duration) -> cloudwatch.Metric:
        return self._api.metric_server_error(period=period, statistic="Sum")
