"""The deployment that a command uses."""

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from daybreak.aws import clients
from daybreak.aws.gateway import GZIP_CLIENTS
from daybreak.cli.main import APP
from daybreak.errors import InputError


def test_an_unknown_cloud_is_refused_with_the_known_ones() -> None:
    done = CliRunner().invoke(APP, ["query", "select 1", "--cloud", "Local"])
    assert isinstance(done.exception, InputError)
    assert "unknown cloud 'Local'; choose from local, aws, auto" in str(done.exception)


OUTPUTS = {
    "CollectorUrl": "https://http.example/",
    "CollectorUrlForGzip": "https://rest.example/prod/",
    "MetricsReaderPolicy": "arn:aws:iam::1:policy/metrics",
    "MetricsReaderWorkgroup": "ours-metrics",
    "EventsReaderPolicy": "arn:aws:iam::1:policy/events",
    "EventsReaderWorkgroup": "ours-events",
    **dict.fromkeys(
        (
            "EventsTable",
            "KeysTable",
            "LakeBucket",
            "Database",
            "Workgroup",
            "ExportFunction",
            "MetricsFunction",
            "ListsFunction",
        ),
        "x",
    ),
}


class CloudFormation:
    """An account with one stack."""

    def describe_stacks(self, StackName: str) -> dict[str, Any]:  # noqa: N803 - as boto3 names it
        assert StackName == "Ours"
        outputs = [{"OutputKey": name, "OutputValue": value} for name, value in OUTPUTS.items()]
        return {"Stacks": [{"StackId": "arn:aws:cloudformation:eu-west-1:1:stack/Ours/uuid", "Outputs": outputs}]}


@pytest.fixture
def deployed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setattr(clients, "cloudformation", CloudFormation)


def test_status_says_which_clients_take_which_url_and_which_policy_reads_what(deployed: None) -> None:
    done = CliRunner().invoke(APP, ["status", "--cloud", "aws", "--stack", "Ours"])
    assert done.stdout.splitlines() == [
        "URL           https://http.example/",
        f"URL for gzip  https://rest.example/prod/  ({GZIP_CLIENTS})",
        "reads metrics arn:aws:iam::1:policy/metrics  (workgroup ours-metrics)",
        "reads events  arn:aws:iam::1:policy/events  (workgroup ours-events)",
    ]
    assert "region eu-west-1" in done.stderr


def test_what_a_stack_does_not_have_is_left_out(deployed: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(OUTPUTS, "CollectorUrlForGzip")
    monkeypatch.delitem(OUTPUTS, "EventsReaderPolicy")  # a stack from before there was one
    done = CliRunner().invoke(APP, ["status", "--cloud", "aws", "--stack", "Ours", "--json"])
    assert json.loads(done.stdout) == {
        "url": "https://http.example/",
        "gzip_url": None,
        "readers": [{"reads": "metrics", "policy": "arn:aws:iam::1:policy/metrics", "workgroup": "ours-metrics"}],
    }
