"""Fixtures that several tests share: a key that is known, a clock that stands, tables in moto."""

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

# these machines are shared and noisy: no test may fall because it took long
hypothesis.settings.register_profile("shared", deadline=None)
hypothesis.settings.load_profile("shared")


def pytest_unconfigure() -> None:
    """End a run with its result: DuckDB's binding reports several screens of leaks when the interpreter goes down."""
    atexit.register(lambda: os.dup2(os.open(os.devnull, os.O_WRONLY), 2))


ROOT = Path(__file__).resolve().parent.parent
EVENTS = ROOT / "events"
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def payload(name: str) -> Any:
    """A file of `events/` as a value."""
    return json.loads((EVENTS / name).read_text())


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Amazon in this process: no credentials, no network."""
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
        # moto begins with a session of its own each time, which reads megabytes of endpoints and models again
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
    """The two DynamoDB tables as the stack makes them; the client that reaches them."""
    client = boto3.client("dynamodb")
    create_tables(client)
    return client
