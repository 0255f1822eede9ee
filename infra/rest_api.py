"""The public endpoint as a REST API, for clients that gzip and teams that need a firewall: $3.50 a million requests."""

from aws_cdk import Aws, Duration
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.http_api import BURST, REQUESTS_A_SECOND
from infra.nag import acknowledge

_OWN_ERRORS = {
    "DEFAULT_4XX": (apigateway.ResponseType.DEFAULT_4_XX, None, None),
    "DEFAULT_5XX": (apigateway.ResponseType.DEFAULT_5_XX, "503", "5"),
    "THROTTLED": (apigateway.ResponseType.THROTTLED, "429", "5"),
    "REQUEST_TOO_LARGE": (apigateway.ResponseType.REQUEST_TOO_LARGE, "413", None),
}
"""The gateway's own errors: type, status (None: its default) and Retry-After. Each gets the `code` that SDKs need."""
_NO_LOG = "A REST API's log needs a role that is set for the whole account, which is not this stack's to change"
_NOT_HERE = {
    "AwsSolutions-APIG1": f"{_NO_LOG}; the function logs every request that it refuses",
    "AwsSolutions-APIG2": "The function judges each event alone; the gateway could only refuse a whole batch",
    "AwsSolutions-APIG3": "A firewall costs money while nobody sends; attach yours to the stage",
    "AwsSolutions-APIG4": "Write keys are checked by the function, whose errors SDKs understand",
    "AwsSolutions-APIG6": f"{_NO_LOG}; execution logs would hold headers, which hold keys",
    "AwsSolutions-COG4": "Write keys are checked by the function, whose errors SDKs understand",
}


class RestEndpoint(Construct):
    """Passes every path and method to the function, preflights included. Bodies of any type reach it as base64.

    It has no log: with one, it could only be deployed in an account that has an API Gateway CloudWatch role.
    """

    def __init__(self, scope: Construct, construct_id: str, *, function: lambda_.Function) -> None:
        super().__init__(scope, construct_id)
        self._api = apigateway.RestApi(
            self,
            "Api",
            # its metrics are found by its name, so each stack needs its own
            rest_api_name=f"{Aws.STACK_NAME} collector",
            description="Daybreak collector",
            endpoint_types=[apigateway.EndpointType.REGIONAL],
            binary_media_types=["*/*"],
            cloud_watch_role=False,
            deploy_options=apigateway.StageOptions(
                stage_name="prod",
                throttling_rate_limit=REQUESTS_A_SECOND,
                throttling_burst_limit=BURST,
            ),
        )
        # the CDK's own output: the same URL under a name that nobody can read
        self._api.node.try_remove_child("Endpoint")
        integration = apigateway.LambdaIntegration(function, allow_test_invoke=False)
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
