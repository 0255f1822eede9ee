"""`daybreak dashboard` and `daybreak share` on a deployment in moto."""

import json
import stat
from pathlib import Path
from typing import Any

import boto3
import pytest
from typer.testing import CliRunner

from daybreak.aws import clients
from daybreak.aws.bucket import BucketStore
from daybreak.cli.main import APP
from daybreak.errors import CloudError
from daybreak.lake import keys

ON_AWS = ["--cloud", "aws", "--stack", "Ours"]


class CloudFormation:
    """An account with one stack, whose lake is the bucket `lake`."""

    def describe_stacks(self, StackName: str) -> dict[str, Any]:  # noqa: N803 - as boto3 names it
        names = ("CollectorUrl", "EventsTable", "KeysTable", "LakeBucket", "Database", "Workgroup", "ExportFunction",
                 "MetricsFunction")  # fmt: skip
        outputs = [{"OutputKey": name, "OutputValue": "lake"} for name in names]
        return {
            "Stacks": [{"StackId": f"arn:aws:cloudformation:eu-west-1:1:stack/{StackName}/uuid", "Outputs": outputs}]
        }


@pytest.fixture
def lake(aws: None, monkeypatch: pytest.MonkeyPatch) -> BucketStore:
    monkeypatch.setattr(clients, "cloudformation", CloudFormation)
    client = boto3.client("s3")
    client.create_bucket(Bucket="lake")
    return BucketStore(client, "lake")


@pytest.fixture
def browsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that were opened in a browser."""
    addresses = list[str]()
    monkeypatch.setattr("webbrowser.open", addresses.append)
    return addresses


def test_the_newest_page_is_opened_from_a_folder_that_only_its_owner_reads(
    lake: BucketStore, browsed: list[str]
) -> None:
    lake.put(keys.newest_page(), b"<!doctype html>newest")
    done = CliRunner().invoke(APP, ["dashboard", *ON_AWS])
    file = Path(done.stdout.strip())
    assert file.read_bytes() == b"<!doctype html>newest"
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert browsed == [file.as_uri()]


def test_nothing_is_opened_if_nobody_wants_it(lake: BucketStore, browsed: list[str]) -> None:
    lake.put(keys.newest_page(), b"<!doctype html>")
    done = CliRunner().invoke(APP, ["dashboard", "--no-open", *ON_AWS])
    assert done.exit_code == 0
    assert browsed == []


@pytest.mark.parametrize("command", ["dashboard", "share"])
def test_without_a_page_a_command_says_how_to_write_one(lake: BucketStore, command: str) -> None:
    done = CliRunner().invoke(APP, [command, *ON_AWS])
    assert isinstance(done.exception, CloudError)
    assert "daybreak run page --date" in str(done.exception)


def test_a_link_says_until_when_it_works(lake: BucketStore) -> None:
    lake.put(keys.newest_page(), b"<!doctype html>")
    told = CliRunner().invoke(APP, ["share", "--hours", "2", *ON_AWS]).stdout
    assert "X-Amz-Expires=7200" in told
    assert "It works until 20" in told
    assert "as you asked." in told
    made = json.loads(CliRunner().invoke(APP, ["share", "--hours", "168", "--json", *ON_AWS]).stdout)
    assert made["because"] == "wanted"
