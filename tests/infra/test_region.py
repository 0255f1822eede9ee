"""Nothing is deployed to a region that nobody chose, whichever way somebody runs the CDK."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from infra.app import deployed_to
from typer.testing import CliRunner

from conftest import ROOT
from daybreak.aws.region import chosen_region
from daybreak.cli.main import APP
from daybreak.cloud.cdk import region_for
from daybreak.errors import CloudError

PROFILES = """
[default]
{default}
[profile work]
region = eu-west-1
[profile bare]
output = json
[profile virginia]
region = us-east-1
"""
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CDK_"))}


@pytest.fixture
def configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """An environment in which only profiles can name a region, and the default profile does not."""
    return _configure(tmp_path, monkeypatch, default="")


def _configure(folder: Path, monkeypatch: pytest.MonkeyPatch, default: str) -> dict[str, str]:
    (folder / "config").write_text(PROFILES.format(default=default))
    files = {"AWS_CONFIG_FILE": str(folder / "config"), "AWS_SHARED_CREDENTIALS_FILE": str(folder / "none")}
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in files.items():
        monkeypatch.setenv(name, value)
    return files


@pytest.mark.parametrize(
    ("environment", "profile", "region"),
    [
        ({"AWS_REGION": "eu-north-1", "AWS_DEFAULT_REGION": "eu-south-1"}, "work", "eu-north-1"),
        ({"AWS_DEFAULT_REGION": "eu-south-1"}, "work", "eu-south-1"),
        ({"AWS_PROFILE": "work"}, None, "eu-west-1"),
        ({"AWS_PROFILE": "bare"}, "work", "eu-west-1"),
        ({"AWS_REGION": "", "AWS_PROFILE": "bare"}, None, None),
        ({"AWS_PROFILE": "unknown"}, None, None),
        ({}, None, None),
    ],
)
def test_the_environment_comes_before_the_profile(
    configured: dict[str, str], environment: Mapping[str, str], profile: str | None, region: str | None
) -> None:
    assert chosen_region(environment, profile) == region


def test_a_profile_without_a_region_has_the_default_profiles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _configure(tmp_path, monkeypatch, default="region = ap-south-1")
    assert chosen_region({"AWS_PROFILE": "bare"}) == "ap-south-1"
    assert chosen_region({"AWS_PROFILE": "work"}) == "eu-west-1"


@pytest.mark.parametrize(
    "arguments",
    [
        ["deploy"],
        ["deploy", "--require-approval", "never"],
        ["-c", "gateway=rest", "deploy"],
        ["bootstrap"],
        ["--profile", "bare", "bootstrap"],
        ["deploy", "--profile=bare"],
        ["destroy"],
    ],
)
def test_without_a_region_nothing_is_deployed(configured: dict[str, str], arguments: list[str]) -> None:
    with pytest.raises(CloudError, match="AWS_REGION") as refused:
        region_for(arguments, {})
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("arguments", "environment", "region"),
    [
        (["deploy"], {"AWS_REGION": "eu-north-1"}, "eu-north-1"),
        (["deploy", "--profile", "work"], {}, "eu-west-1"),
        (["bootstrap", "--profile=virginia"], {}, "us-east-1"),
        (["deploy"], {"AWS_PROFILE": "work"}, "eu-west-1"),
        (["bootstrap", "aws://123456789012/eu-west-3"], {}, None),
        (["deploy", "--help"], {}, None),
        (["synth"], {}, None),
        (["ls"], {}, None),
        ([], {}, None),
    ],
)
def test_a_region_that_was_chosen_is_used_and_reading_needs_none(
    configured: dict[str, str], arguments: list[str], environment: Mapping[str, str], region: str | None
) -> None:
    assert region_for(arguments, environment) == region


@pytest.mark.parametrize("arguments", [["deploy", "--require-approval", "never"], ["bootstrap"]])
def test_our_cdk_refuses_in_one_line(configured: dict[str, str], arguments: list[str]) -> None:
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    done = subprocess.run(
        [Path(sys.executable).with_name("cdk"), *arguments],
        cwd=ROOT, env={**CLEAN, **configured, **keys}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert "export AWS_REGION=" in done.stderr


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({"CDK_DEFAULT_REGION": "us-east-1"}, None),
        ({"CDK_DEFAULT_ACCOUNT": "1", "CDK_DEFAULT_REGION": "eu-west-1"}, "account 1, region eu-west-1"),
        ({"CDK_DEFAULT_ACCOUNT": "1", "CDK_DEFAULT_REGION": "us-east-1", "AWS_REGION": "us-east-1"},
         "account 1, region us-east-1"),
        ({"CDK_DEFAULT_ACCOUNT": "1", "CDK_DEFAULT_REGION": "us-east-1", "AWS_PROFILE": "virginia"},
         "account 1, region us-east-1"),
    ],
)  # fmt: skip
def test_the_app_says_where_it_deploys_and_needs_no_account(
    configured: dict[str, str], environment: Mapping[str, str], says: str | None
) -> None:
    assert deployed_to(environment) == says


def test_the_app_refuses_the_region_that_the_cdk_would_take(configured: dict[str, str]) -> None:
    found_by_the_cdk = {"CDK_DEFAULT_ACCOUNT": "123456789012", "CDK_DEFAULT_REGION": "us-east-1"}
    done = subprocess.run(
        [sys.executable, "-m", "infra.app"],
        cwd=ROOT, env={**CLEAN, **configured, **found_by_the_cdk}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert "export AWS_REGION=" in done.stderr


def test_a_command_on_aws_without_a_region_says_what_to_set(configured: dict[str, str]) -> None:
    done = CliRunner().invoke(APP, ["keys", "list", "--cloud", "aws"])
    assert isinstance(done.exception, CloudError)
    assert "export AWS_REGION=" in str(done.exception)


def test_a_command_on_aws_uses_the_region_that_the_cdk_deployed_to(
    configured: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """boto3 alone does not read AWS_REGION."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-south-1")
    monkeypatch.setenv("AWS_REGION", "eu-north-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    done = CliRunner().invoke(APP, ["keys", "list", "--cloud", "aws"])
    assert "region eu-north-1" in done.stderr
    assert os.environ["AWS_DEFAULT_REGION"] == "eu-north-1"
