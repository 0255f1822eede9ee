"""boto3 clients with the timeouts and retries that their callers need, made when they are used, never at import."""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

if TYPE_CHECKING:  # the stubs are for the type checker; they are not in a Lambda
    from mypy_boto3_apigatewayv2 import ApiGatewayV2Client
    from mypy_boto3_athena import AthenaClient
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sns import SNSClient

PARALLEL = 32
"""How many objects are uploaded or downloaded at the same time."""

_PATIENT = Config(retries={"mode": "standard", "max_attempts": 8}, max_pool_connections=PARALLEL)
_COLLECTOR = Config(retries={"mode": "standard", "max_attempts": 3}, connect_timeout=1, read_timeout=4)
"""A client app waits for the collector: give up within seconds. The app sends again, which doubles nothing."""
_SENDING = Config(retries={"mode": "standard", "max_attempts": 2}, connect_timeout=3, read_timeout=10)
"""The job that sends has retries of its own, in this run and in the next one."""
_JOB_CALL = Config(retries={"max_attempts": 0}, read_timeout=900)
"""A job may run for fifteen minutes, and must not be started twice because its response is slow."""


def collector_dynamodb() -> DynamoDBClient:
    return boto3.client("dynamodb", config=_COLLECTOR)


def dynamodb() -> DynamoDBClient:
    return boto3.client("dynamodb", config=_PATIENT)


def s3() -> S3Client:
    return boto3.client("s3", config=_PATIENT)


def lambda_() -> LambdaClient:
    return boto3.client("lambda", config=_JOB_CALL)


def gateway() -> ApiGatewayV2Client:
    return boto3.client("apigatewayv2", config=_PATIENT)


def athena() -> AthenaClient:
    return boto3.client("athena", config=_PATIENT)


def cloudformation() -> CloudFormationClient:
    return boto3.client("cloudformation", config=_PATIENT)


def sns() -> SNSClient:
    return boto3.client("sns", config=_SENDING)


def events() -> EventBridgeClient:
    return boto3.client("events", config=_SENDING)


def secrets() -> SecretsManagerClient:
    return boto3.client("secretsmanager", config=_SENDING)
