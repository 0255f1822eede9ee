"""The stack with and without [send.x]: nothing is deployed without one, and each kind of target adds its permission."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from conftest import ROOT
from daybreak.cloud import cdk
from daybreak.export.payloads import read_payload
from daybreak.send.payloads import SEND_PAYLOADS
from support.alarm_states import is_red
from support.news import DEFINITIONS

EVERY_KIND = """
[send.growth]
to = "sns"
what = ["alert.*", "goal.*"]
[send.bus]
to = "eventbridge"
what = ["*"]
[send.hook]
to = "webhook"
what = ["list.*"]
people = "inline"
secret = "daybreak/hook"
[webhook.support]
vendor = "zendesk"
[send.folder_one]
to = "s3"
what = ["list.*"]
"""
ONE = """
[send.growth]
to = "sns"
what = ["alert.*"]
"""


PROGRAM = """
import json, sys
from pathlib import Path
import aws_cdk
from infra.app import main
App = aws_cdk.App
for folder, context in json.loads(sys.argv[1]).items():
    aws_cdk.App = lambda: App(outdir=f"{folder}/cdk.out", context=context)
    main(Path(folder))
"""
"""Synthesises each folder with its context. To load the CDK takes longer than to synthesise, so it is loaded once."""


def synthesised(root: Path, **asked: tuple[str, dict[str, str]]) -> dict[str, dict[str, Any]]:
    """Templates of this checkout, each with a daybreak.toml and a context, by name. cdk-nag's findings make it fail."""
    for name, (definitions, _) in asked.items():
        folder = root / name
        folder.mkdir()
        for part in ("functions", "infra", "pyproject.toml", "shared", "uv.lock"):
            (folder / part).symlink_to(ROOT / part)
        (folder / ".daybreak").mkdir()
        (ROOT / ".daybreak" / "dependencies").mkdir(parents=True, exist_ok=True)
        (folder / ".daybreak" / "dependencies").symlink_to(ROOT / ".daybreak" / "dependencies")
        (folder / "daybreak.toml").write_text(definitions)
    contexts = json.dumps({str(root / name): context for name, (_, context) in asked.items()})
    nowhere = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PROGRAM, contexts], cwd=ROOT, capture_output=True, text=True, check=False,
        env=cdk.environment({**nowhere, "PYTHONPATH": "shared:."}),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:] + done.stdout[-3000:]
    return {name: json.loads((root / name / "cdk.out" / "Daybreak.template.json").read_text()) for name in asked}


@pytest.fixture(scope="module")
def templates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    return synthesised(
        tmp_path_factory.mktemp("templates"),
        without=(DEFINITIONS, {}),
        every_kind=(DEFINITIONS + EVERY_KIND, {"send_email": "team@example.com"}),
        one=(DEFINITIONS + ONE, {}),
    )


@pytest.fixture(scope="module")
def without(templates: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return templates["without"]


@pytest.fixture(scope="module")
def every_kind(templates: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return templates["every_kind"]


@pytest.fixture(scope="module")
def one(templates: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return templates["one"]


def resources(template: dict[str, Any], type_: str) -> dict[str, dict[str, Any]]:
    return {name: r["Properties"] for name, r in template["Resources"].items() if r["Type"] == type_}


def allowed(template: dict[str, Any]) -> dict[str, set[str]]:
    """Action -> the last part of each resource that the function may use it on, behind the bucket or the account."""
    (policy,) = [p for name, p in resources(template, "AWS::IAM::Policy").items() if name.startswith("SendingSendRole")]
    found: dict[str, set[str]] = {}
    for statement in policy["PolicyDocument"]["Statement"]:
        assert statement["Effect"] == "Allow"
        actions, targets = statement["Action"], statement["Resource"]
        for action in actions if isinstance(actions, list) else [actions]:
            for target in targets if isinstance(targets, list) else [targets]:
                found.setdefault(action, set()).add(_last(target))
    return found


def _last(target: Any) -> str:
    if "Fn::Join" in target:
        return str(target["Fn::Join"][1][-1]).removeprefix("/").removeprefix(":")
    return str(target.get("Ref") or target["Fn::GetAtt"][0]).rstrip("0123456789ABCDEF")


def of_sending(template: dict[str, Any]) -> set[str]:
    return {name for name in template["Resources"] if name.startswith("Sending")}


def test_without_a_send_nothing_of_it_is_deployed(without: dict[str, Any]) -> None:
    assert of_sending(without) == set()
    assert not [name for name in without["Outputs"] if name.startswith("Send")]
    assert len(resources(without, "AWS::Lambda::Function")) == 4  # collector, export, metrics, lists
    assert len(resources(without, "AWS::SNS::Topic")) == 1  # that of the alarms
    assert not [name for name in resources(without, "AWS::CloudWatch::Alarm") if "Undelivered" in name]


def test_a_stack_with_a_webhook_has_an_alarm_for_one_that_is_refused_and_no_other_resource(
    without: dict[str, Any], every_kind: dict[str, Any]
) -> None:
    """Both gateways pass on every path, and the collector reads the keys table already."""

    def alarms(template: dict[str, Any]) -> list[Any]:
        found = resources(template, "AWS::CloudWatch::Alarm").values()
        return [alarm for alarm in found if alarm["MetricName"] == "RefusedWebhooks"]

    (refused,) = alarms(every_kind)
    assert "daybreak webhooks secret" in refused["AlarmDescription"]
    assert (refused["AlarmActions"] != [], alarms(without)) == (True, [])
    assert {name for name in every_kind["Resources"].keys() - without["Resources"].keys() if "ebhook" in name} == {
        name for name in every_kind["Resources"] if name.startswith("AlarmsWebhooksRefused")
    }


OF_THE_LOG_AND_DEAD_LETTERS = {
    "logs:CreateLogStream", "logs:PutLogEvents", "sqs:SendMessage", "sqs:GetQueueAttributes", "sqs:GetQueueUrl"
}  # fmt: skip


def test_each_kind_of_target_adds_exactly_its_permission(every_kind: dict[str, Any]) -> None:
    found = allowed(every_kind)
    assert {action: found[action] for action in found.keys() - OF_THE_LOG_AND_DEAD_LETTERS} == {
        "s3:GetObject": {
            "outbox/*", "latest/*", "lists/*", "goals/goals.parquet", "alerts/alerts.parquet", "list_counts/*"
        },
        "s3:PutObject": {"outbox/*", "sent/*", "messages/folder_one/*"},
        "s3:DeleteObject": {"outbox/*"},
        "s3:ListBucket": {"LakeBucket"},
        "sns:Publish": {"SendingGrowth"},
        "events:PutEvents": {"event-bus/default"},
        "secretsmanager:GetSecretValue": {"secret:daybreak/hook-??????"},
    }  # fmt: skip


def test_a_send_may_do_nothing_that_only_other_kinds_need(one: dict[str, Any]) -> None:
    found = allowed(one)
    assert {action: found[action] for action in found.keys() - OF_THE_LOG_AND_DEAD_LETTERS} == {
        "s3:GetObject": {"outbox/*", "goals/goals.parquet", "alerts/alerts.parquet", "list_counts/*"},
        "s3:PutObject": {"outbox/*", "sent/*"},
        "s3:DeleteObject": {"outbox/*"},
        "s3:ListBucket": {"LakeBucket"},
        "sns:Publish": {"SendingGrowth"},
    }


def test_the_bus_takes_only_what_names_this_stack_as_its_source(every_kind: dict[str, Any]) -> None:
    (policy,) = [p for name, p in resources(every_kind, "AWS::IAM::Policy").items() if name.startswith("SendingSend")]
    (on_the_bus,) = [s for s in policy["PolicyDocument"]["Statement"] if s["Action"] == "events:PutEvents"]
    assert on_the_bus["Condition"] == {"StringEquals": {"events:source": "daybreak.Daybreak"}}


def test_a_send_to_sns_has_a_topic_of_its_own_that_takes_no_plain_http(every_kind: dict[str, Any]) -> None:
    topics = {name: p for name, p in resources(every_kind, "AWS::SNS::Topic").items() if name.startswith("Sending")}
    (name,) = topics
    (mail,) = resources(every_kind, "AWS::SNS::Subscription").values()
    assert (mail["Protocol"], mail["Endpoint"], mail["TopicArn"]) == ("email", "team@example.com", {"Ref": name})
    assert every_kind["Outputs"]["SendTopicGrowth"]["Value"] == {"Ref": name}
    policies = [p for n, p in resources(every_kind, "AWS::SNS::TopicPolicy").items() if n.startswith("Sending")]
    denied = [s for p in policies for s in p["PolicyDocument"]["Statement"] if s["Effect"] == "Deny"]
    assert denied[0]["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_it_runs_twice_an_hour_in_the_projects_timezone_and_what_fails_is_kept(every_kind: dict[str, Any]) -> None:
    (schedule,) = [
        p for name, p in resources(every_kind, "AWS::Scheduler::Schedule").items() if name.startswith("Sending")
    ]
    assert schedule["ScheduleExpression"] == "cron(25,55 * * * ? *)"
    assert schedule["ScheduleExpressionTimezone"] == "Europe/Berlin"
    assert schedule["Target"]["DeadLetterConfig"]
    sent = {**json.loads(schedule["Target"]["Input"]), "time": "2026-11-26T03:55:00Z"}  # as Scheduler writes it
    assert read_payload(SEND_PAYLOADS, sent)
    (config,) = [
        p for n, p in resources(every_kind, "AWS::Lambda::EventInvokeConfig").items() if n.startswith("Sending")
    ]
    assert config["DestinationConfig"]["OnFailure"]


def test_a_message_that_stays_undelivered_is_an_alarm_and_a_job_that_does_not_run_too(
    every_kind: dict[str, Any],
) -> None:
    alarms = resources(every_kind, "AWS::CloudWatch::Alarm")
    (undelivered,) = [alarm for name, alarm in alarms.items() if "MessagesUndelivered" in name]
    assert (undelivered["Namespace"], undelivered["MetricName"]) == ("Daybreak", "UndeliveredHours")
    assert undelivered["TreatMissingData"] == "breaching"
    # read at 8:25, 8:55 and so on of a message that waits since 8:20: it goes off when six hours are over
    waiting = {minute: (minute - 20) / 60 for minute in range(25, 600, 30)}
    assert next(minute for minute in waiting if is_red(undelivered, waiting, minute)) == 6 * 60 + 25
    assert "daybreak send status" in undelivered["AlarmDescription"]
    assert undelivered["AlarmActions"] == undelivered["OKActions"]
    assert [name for name in alarms if "SendFailed" in name]


def test_the_notes_and_the_files_of_messages_expire(without: dict[str, Any]) -> None:
    """Also where no send is left: what the last one wrote goes."""
    (bucket,) = resources(without, "AWS::S3::Bucket").values()
    rules = {rule.get("Prefix"): rule.get("ExpirationInDays") for rule in bucket["LifecycleConfiguration"]["Rules"]}
    assert (rules["sent/"], rules["messages/"]) == (30, 7)


@pytest.mark.slow
def test_loopback_is_allowed_in_the_local_cloud_alone(every_kind: dict[str, Any], tmp_path: Path) -> None:
    def allows(template: dict[str, Any]) -> str:
        (send,) = [p for name, p in resources(template, "AWS::Lambda::Function").items() if name.startswith("Sending")]
        return str(send["Environment"]["Variables"]["ALLOWS_LOOPBACK"])

    assert allows(every_kind) == "False"
    assert allows(synthesised(tmp_path, local=(DEFINITIONS + ONE, {"local": "true"}))["local"]) == "True"
