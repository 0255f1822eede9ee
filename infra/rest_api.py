"""The public endpoint as a REST API: `cdk deploy -c gateway=rest`, for teams that need a firewall; $3.50 a million."""

import json

from aws_cdk import Duration
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.http_api import BURST, LOGGED, REQUESTS_A_SECOND
from infra.nag import acknowledge

_OWN_ERRORS = {
    "DEFAULT_4XX": (apigateway.ResponseType.DEFAULT_4_XX, None, None),
    "DEFAULT_5XX": (apigateway.ResponseType.DEFAULT_5_XX, "503", "5"),
    "THROTTLED": (apigateway.ResponseType.THROTTLED, "429", "5"),
    "REQUEST_TOO_LARGE": (apigateway.ResponseType.REQUEST_TOO_LARGE, "413", None),
}
"""The gateway's own errors: type, status (None: its default) and Retry-After. Each gets the `code` that SDKs need."""
_NOT_HERE = {
    "AwsSolutions-APIG2": "The function judges each event alone; the gateway could only refuse a whole batch",
    "AwsSolutions-APIG3": "A firewall costs money while nobody sends; attach yours to the stage",
    "AwsSolutions-APIG4": "Write keys are checked by the function, whose errors SDKs understand",
    "AwsSolutions-APIG6": "The function reports what it refused; execution logs would hold headers, which hold keys",
    "AwsSolutions-COG4": "Write keys are checked by the function, whose errors SDKs understand",
}


class RestEndpoint(Construct):
    """Passes every path and method to the function, preflights included. Bodies of any type reach it as base64."""

    def __init__(
        self, scope: Construct, construct_id: str, *, function: lambda_.Function, access_log: logs.LogGroup
    ) -> None:
        super().__init__(scope, construct_id)
        fields = {name: f"$context.{name}" for name in LOGGED}
        self._api = apigateway.RestApi(
            self,
            "Api",
            description="Daybreak collector",
            endpoint_types=[apigateway.EndpointType.REGIONAL],
            binary_media_types=["*/*"],
            cloud_watch_role=False,
            deploy_options=apigateway.StageOptions(
                stage_name="prod",
                throttling_rate_limit=REQUESTS_A_SECOND,
                throttling_burst_limit=BURST,
                access_log_destination=apigateway.LogGroupLogDestination(access_log),
                access_log_format=apigateway.AccessLogFormat.custom(json.dumps(fields)),
            ),
        )
        integration = apigateway.LambdaIntegration(function)
        self._api.root.add_method("ANY", integration)
        self._api.root.add_proxy(default_integration=integration)
        for name, (response_type, status, retry_after) in _OWN_ERRORS.items():
            self._add_error(name, response_type, status, retry_after)
        self.url = self._api.url
        for rule, reason in _NOT_HERE.items():
            acknowledge(self, rule, reason)

    def server_errors(self, period: Duration) -> cloudwatch.Metric:
        return self._api.metric_server_error(period=period, statistic="Sum")

    def _add_error(
        self, name: str, response_type: apigateway.ResponseType, status: str | None, retry_after: str | None
    ) -> None:
        headers = {"Access-Control-Allow-Origin": "'*'", "Access-Control-Expose-Headers": "'Retry-After'"}
        headers |= {"Retry-After": f"'{retry_after}'"} if retry_after else {}
        body = '{"success": false, "code": "$context.error.responseType", "message": $context.error.messageString}'
        self._api.add_gateway_response(
            name, type=response_type, status_code=status, response_headers=headers, templates={"application/json": body}
        )
