"""Fixtures and constants that several tests share: payloads, a fixed time, DynamoDB tables in moto."""

import atexit
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import hypothesis
import pytest
from moto import mock_aws

from support.deployed_tables import create_tables

# test machines are shared and noisy: no test may fail because it took long
hypothesis.settings.register_profile("shared", deadline=None)
hypothesis.settings.load_profile("shared")


def pytest_unconfigure() -> None:
    """Drop everything written to stderr at exit: DuckDB's binding writes several screens about leaks after the result."""
    atexit.register(lambda: os.dup2(os.open(os.devnull, os.O_WRONLY), 2))


ROOT = Path(__file__).resolve().parent.parent
EVENTS = ROOT / "events"
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def payload(name: str) -> Any:
    """The content of a JSON file in `events/`."""
    return json.loads((EVENTS / name).read_text())


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """moto in place of Amazon: no real credentials, no network."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    with mock_aws():
        # moto begins with a new session each time, which reads megabytes of endpoints and models again
        monkeypatch.setattr(boto3, "DEFAULT_SESSION", _session())
        yield


@cache
def _session() -> boto3.Session:
    return boto3.Session()


@pytest.fixture
def endpoint(tables: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """The collector over tables in moto: an `endpoint.Endpoint`."""
    from support.endpoint import Endpoint

    return Endpoint(tables, monkeypatch, tmp_path)


@pytest.fixture
def tables(aws: None) -> Any:
    """A client of moto with the two DynamoDB tables as the stack makes them."""
    client = boto3.client("dynamodb")
    create_tables(client)
    return client
