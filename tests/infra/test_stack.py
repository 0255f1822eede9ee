"""The synthesised stack, read as CloudFormation will: permissions, alarms, tables, schedules. No account, no Docker."""

import base64
import json
import os
import re
import subprocess
import sys
from datetime import timedelta
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest

from conftest import ROOT
from daybreak.cli.compute import MORNING
from daybreak.cloud import cdk
from daybreak.definitions.project import load
from daybreak.export.payloads import EXPORT_PAYLOADS, read_payload
from daybreak.families.base import Family
from daybreak.families.registry import FAMILIES
from daybreak.lake import keys
from daybreak.lake.keys import ALERTS, GOALS, LISTS, PAGE, WARNINGS, WATCH
from daybreak.lake.tables import (
    GLUE_TYPES,
    AlertEpisode,
    Event,
    MadeList,
    MeasuredGoal,
    Reconciled,
    RejectedEvent,
    Row,
    Warned,
    glue_columns,
)
from daybreak.lists.payloads import LISTS_PAYLOADS
from daybreak.metrics.payloads import METRICS_PAYLOADS
from daybreak.metrics.views import View, views
from support.alarm_states import is_red

LAMBDA_LIMIT_BYTES = 250 * 1024 * 1024


def synthesised(out: Path, *context: str) -> Path:
    """`cdk synth` as a user runs it; cdk-nag's findings make it fail."""
    nowhere = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    nowhere |= dict.fromkeys(("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"), os.devnull)
    switches = [part for setting in context for part in ("--context", setting)]
    done = subprocess.run(
        cdk.command(ROOT, "synth", "--quiet", "--output", str(out), *switches),
        cwd=ROOT, env=cdk.environment(nowhere), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr + done.stdout
    return out


@pytest.fixture(scope="module")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return synthesised(tmp_path_factory.mktemp("cdk.out"))


@pytest.fixture(scope="module")
def template(assembly: Path) -> dict[str, Any]:
    return dict(json.loads((assembly / "Daybreak.template.json").read_text()))


def resources(template: dict[str, Any], type_: str) -> dict[str, dict[str, Any]]:
    return {name: r["Properties"] for name, r in template["Resources"].items() if r["Type"] == type_}


def statements(template: dict[str, Any], of: str) -> dict[str, list[str]]:
    """Action -> resources, as text, of the policy whose name contains `of`."""
    (policy,) = [p for name, p in resources(template, "AWS::IAM::Policy").items() if of in name]
    allowed: dict[str, list[str]] = {}
    for statement in policy["PolicyDocument"]["Statement"]:
        assert statement["Effect"] == "Allow"
        actions, targets = statement["Action"], statement["Resource"]
        for action in actions if isinstance(actions, list) else [actions]:
            allowed.setdefault(action, []).extend(
                json.dumps(target) for target in (targets if isinstance(targets, list) else [targets])
            )
    return allowed


def text(value: Any) -> Any:
    """A value of the template with its references written out: each part of the stack by its logical name."""
    if isinstance(value, list):
        return [text(part) for part in value]
    if not isinstance(value, dict):
        return value
    if "Fn::Join" in value:
        return "".join(text(part) for part in value["Fn::Join"][1])
    if "Ref" in value or "Fn::GetAtt" in value:
        name: str = value["Ref"] if "Ref" in value else value["Fn::GetAtt"][0]
        return name.removeprefix("AWS::") if "::" in name else re.sub(r"[0-9A-F]{8}$", "", name)
    return {key: text(part) for key, part in value.items()}


def test_no_role_may_touch_everything(template: dict[str, Any]) -> None:
    for policy in resources(template, "AWS::IAM::Policy").values():
        for statement in policy["PolicyDocument"]["Statement"]:
            targets = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
            assert "*" not in targets
            actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
            assert not [action for action in actions if "*" in action]
    for role in resources(template, "AWS::IAM::Role").values():
        assert "ManagedPolicyArns" not in role


OF_THE_METRICS = {"metrics", "definitions", "warnings", "goals", "alerts", "latest", "page"}
OF_THE_EXPORT = {
    "raw", "quarantine", "rejected", "events", "moved", "derived", "pending", "expiry", "exports", "reconciliation"
}  # fmt: skip
OF_THE_LISTS = {"lists", "list_counts"}
OF_EVERY_JOB = {
    "s3:ListBucket": {"Bucket"},
    "sqs:SendMessage": {"DeadLetters"},
    "sqs:GetQueueAttributes": {"DeadLetters"},
    "sqs:GetQueueUrl": {"DeadLetters"},
    "logs:CreateLogStream": {"Log"},
    "logs:PutLogEvents": {"Log"},
}
ALLOWED = {
    "Collector": {
        "dynamodb:PutItem": {"Events"},
        "dynamodb:GetItem": {"Keys"},
        "logs:CreateLogStream": {"Log"},
        "logs:PutLogEvents": {"Log"},
    },
    "JobsExport": {
        "dynamodb:Query": {"Events"},
        "dynamodb:Scan": {"Events"},
        "dynamodb:UpdateItem": {"Events"},
        "s3:GetObject": OF_THE_EXPORT,
        "s3:PutObject": OF_THE_EXPORT,
        "s3:DeleteObject": OF_THE_EXPORT,
        **OF_EVERY_JOB,
    },
    "JobsMetrics": {
        "s3:GetObject": {*OF_THE_METRICS, "derived", "exports", "pending", "reconciliation", "list_counts"},
        "s3:PutObject": OF_THE_METRICS,
        "s3:DeleteObject": OF_THE_METRICS,
        **OF_EVERY_JOB,
    },
    "JobsLists": {
        "dynamodb:PutItem": {"Events"},
        "dynamodb:GetItem": {"Keys"},
        "s3:GetObject": {*OF_THE_LISTS, "derived", "exports"},
        "s3:PutObject": {*OF_THE_LISTS, "latest/lists.json"},
        "s3:DeleteObject": {*OF_THE_LISTS, "latest/lists.json"},
        **OF_EVERY_JOB,
    },
    "Schedules": {
        "lambda:InvokeFunction": {"JobsExport", "JobsMetrics", "JobsLists"},
        "sqs:SendMessage": {"DeadLetters"},
    },
}
"""Role -> action -> a word in the name of each resource that it may use. Nobody may do anything else."""


@pytest.mark.parametrize("role", ALLOWED)
def test_each_role_may_do_exactly_this(template: dict[str, Any], role: str) -> None:
    allowed = statements(template, role)
    assert set(allowed) == set(ALLOWED[role])
    for action, words in ALLOWED[role].items():
        targets = set(allowed[action])
        assert len(targets) == len(words), action
        for word in words:
            assert [target for target in targets if f"/{word}/*" in target or word in target], f"{action}: {word}"


def test_the_export_may_change_nothing_of_an_item_but_its_expiry(template: dict[str, Any]) -> None:
    (policy,) = [p for name, p in resources(template, "AWS::IAM::Policy").items() if "JobsExport" in name]
    changing = [s for s in policy["PolicyDocument"]["Statement"] if s["Action"] == "dynamodb:UpdateItem"]
    assert [statement["Condition"] for statement in changing] == [
        {"ForAllValues:StringEquals": {"dynamodb:Attributes": ["arrival", "request", "expires"]}}
    ]


def test_only_the_lists_job_may_touch_the_files_of_people(template: dict[str, Any]) -> None:
    """`/lists/` of an object's address, or a pattern that includes it."""
    touching = set()
    for name, policy in resources(template, "AWS::IAM::Policy").items():
        for statement in policy["PolicyDocument"]["Statement"]:
            objects = json.dumps(statement["Resource"])
            if "s3:" in json.dumps(statement["Action"]) and ('"/lists/' in objects or '"/*"' in objects):
                touching.add(name)
    assert [name.startswith("JobsLists") for name in touching] == [True]


def test_the_lists_job_reads_of_the_keys_table_only_who_was_forgotten(template: dict[str, Any]) -> None:
    (policy,) = [p for name, p in resources(template, "AWS::IAM::Policy").items() if "JobsLists" in name]
    reading = [s for s in policy["PolicyDocument"]["Statement"] if s["Action"] == "dynamodb:GetItem"]
    assert [statement["Condition"] for statement in reading] == [
        {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["#forgotten.*"]}}
    ]


def test_the_files_of_people_are_removed_after_seven_days_and_their_old_versions_a_day_later(
    template: dict[str, Any],
) -> None:
    (bucket,) = resources(template, "AWS::S3::Bucket").values()
    (rule,) = [r for r in bucket["LifecycleConfiguration"]["Rules"] if r.get("Prefix") == "lists/"]
    assert (rule["ExpirationInDays"], rule["NoncurrentVersionExpiration"]) == (7, {"NoncurrentDays": 1})
    assert rule["Status"] == "Enabled"


def test_no_other_role_has_a_policy(template: dict[str, Any]) -> None:
    policies = resources(template, "AWS::IAM::Policy")
    assert len(policies) == len(ALLOWED)
    assert all(sum(role in name for role in ALLOWED) == 1 for name in policies)


def test_tables_are_on_demand_and_recoverable_and_are_kept(template: dict[str, Any]) -> None:
    tables = resources(template, "AWS::DynamoDB::Table")
    for table in tables.values():
        assert table["BillingMode"] == "PAY_PER_REQUEST"
        assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    (events,) = [table for name, table in tables.items() if "Events" in name]
    assert events["TimeToLiveSpecification"] == {"AttributeName": "expires", "Enabled": True}
    kept = [r for r in template["Resources"].values() if r["Type"] in ("AWS::DynamoDB::Table", "AWS::S3::Bucket")]
    assert all(resource["DeletionPolicy"] == "Retain" for resource in kept)


def test_the_bucket_is_private_encrypted_and_tls_only(template: dict[str, Any]) -> None:
    (bucket,) = resources(template, "AWS::S3::Bucket").values()
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert bucket["BucketEncryption"]
    (policy,) = resources(template, "AWS::S3::BucketPolicy").values()
    denied = [s for s in policy["PolicyDocument"]["Statement"] if s["Effect"] == "Deny"]
    assert denied[0]["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_one_schedule_for_the_export_and_one_each_morning_for_each_family_the_warnings_the_lists_and_the_page(
    template: dict[str, Any],
) -> None:
    schedules = list(resources(template, "AWS::Scheduler::Schedule").values())
    payloads = [json.loads(schedule["Target"]["Input"]) for schedule in schedules]
    assert {p.get("family") for p in payloads} == {None, *FAMILIES, WARNINGS, WATCH, PAGE}
    assert [p["every"] for p in payloads if "every" in p] == ["day"]  # no list of this checkout is hourly
    assert {p["time"] for p in payloads} == {"<aws.scheduler.scheduled-time>"}
    zone = load(ROOT / "daybreak.toml").settings.timezone
    for schedule, schedule_payload in zip(schedules, payloads, strict=True):
        assert schedule["Target"]["DeadLetterConfig"]
        assert schedule["Target"]["RetryPolicy"]["MaximumRetryAttempts"] >= 1
        assert schedule["ScheduleExpressionTimezone"] == (
            zone if {"family", "every"} & set(schedule_payload) else "UTC"
        )
        sent = {**schedule_payload, "time": "2026-11-21T08:05:00Z"}  # as Scheduler writes it
        assert read_payload([*METRICS_PAYLOADS, *LISTS_PAYLOADS, *EXPORT_PAYLOADS], sent)
    for job in resources(template, "AWS::Lambda::EventInvokeConfig").values():
        assert job["MaximumRetryAttempts"] == 2
        assert job["DestinationConfig"]["OnFailure"]


def test_a_morning_by_hand_runs_the_jobs_of_the_schedules_in_their_order(template: dict[str, Any]) -> None:
    """Job -> hour and minute, of those that run at one hour of the day."""
    times = {}
    for schedule in resources(template, "AWS::Scheduler::Schedule").values():
        payload = json.loads(schedule["Target"]["Input"])
        if of_the_morning := re.fullmatch(r"cron\((\d+) (\d+) \* \* \? \*\)", schedule["ScheduleExpression"]):
            minute, hour = map(int, of_the_morning.groups())
            times[payload.get("family", LISTS)] = (hour, minute)
    assert list(MORNING) == sorted(times, key=times.__getitem__)
    assert len(set(times.values())) == len(times)


def test_every_alarm_says_what_to_do(template: dict[str, Any]) -> None:
    alarms = resources(template, "AWS::CloudWatch::Alarm")
    watched = {(a["Namespace"], a["MetricName"]) for a in alarms.values()}
    assert {("AWS/Lambda", "Errors"), ("AWS/Lambda", "Throttles"), ("AWS/Lambda", "Invocations"),
            ("AWS/ApiGateway", "5xx"), ("AWS/ApiGateway", "5XXError"),
            ("AWS/SQS", "ApproximateNumberOfMessagesVisible"), ("AWS/DynamoDB", "ThrottledRequests"),
            ("Daybreak", "UnreconciledEvents"), ("Daybreak", "ExportLagHours"), ("Daybreak", "DamagedBodies"),
            ("Daybreak", "RejectedPercent")} == watched  # fmt: skip
    assert all(len(alarm["AlarmDescription"]) > 40 for alarm in alarms.values())


def test_every_alarm_says_when_it_begins_and_when_it_is_over(template: dict[str, Any]) -> None:
    (topic,) = {
        json.dumps(alarm[kind])
        for alarm in resources(template, "AWS::CloudWatch::Alarm").values()
        for kind in ("AlarmActions", "OKActions")
    }
    assert "AlarmsTopic" in topic


def alarm_named(template: dict[str, Any], name: str) -> dict[str, Any]:
    (found,) = [
        a for key, a in resources(template, "AWS::CloudWatch::Alarm").items() if key.startswith(f"Alarms{name}")
    ]
    return dict(found)


HOURS = 60
DAYS = 24 * HOURS
MORNING_MINUTES = range(4 * HOURS + 30, 5 * HOURS + 30)


@pytest.mark.parametrize("by_the_clock", [False, True])
@pytest.mark.parametrize("failing", [MORNING_MINUTES[0], MORNING_MINUTES[29], MORNING_MINUTES[-1]])
def test_a_failed_metric_job_stays_red_although_the_jobs_behind_it_succeed(
    template: dict[str, Any], failing: int, by_the_clock: bool
) -> None:
    """It fails three times on the first morning, and on the second; on the third all is well. One job a minute."""
    alarm = alarm_named(template, "MetricsFailed")
    runs = {day * DAYS + minute: 0.0 for day in range(4) for minute in MORNING_MINUTES}
    runs |= dict.fromkeys((day * DAYS + failing + late for day in (0, 1) for late in (0, 1, 3)), 1.0)
    third = 2 * DAYS + failing
    assert not is_red(alarm, runs, failing - 1, by_the_clock=by_the_clock)
    assert all(is_red(alarm, runs, minute, by_the_clock=by_the_clock) for minute in range(failing, third, 7))
    assert not is_red(alarm, runs, third + 4 * HOURS, by_the_clock=by_the_clock)


@pytest.mark.parametrize("by_the_clock", [False, True])
def test_a_failed_export_stays_red_until_an_hourly_one_has_succeeded(
    template: dict[str, Any], by_the_clock: bool
) -> None:
    """Those of 8:05 and 9:05 fail three times each; that of 10:05 succeeds."""
    alarm = alarm_named(template, "ExportFailed")
    runs = {hour * HOURS + 5: 0.0 for hour in range(24)}
    runs |= dict.fromkeys((hour * HOURS + late for hour in (8, 9) for late in (5, 6, 8)), 1.0)
    first, success = 8 * HOURS + 5, 10 * HOURS + 5
    assert not is_red(alarm, runs, first - 1, by_the_clock=by_the_clock)
    assert all(is_red(alarm, runs, minute, by_the_clock=by_the_clock) for minute in range(first, success))
    assert not is_red(alarm, runs, success + 2 * HOURS, by_the_clock=by_the_clock)


def test_dead_letters_stay_red_while_sqs_says_nothing_of_a_queue_that_nobody_touches(template: dict[str, Any]) -> None:
    alarm = alarm_named(template, "DeadLetters")
    assert is_red(alarm, {10: 1}, 3 * DAYS)
    assert not is_red(alarm, {10: 1, 3 * DAYS: 0}, 4 * DAYS)
    assert not is_red(alarm, {}, DAYS)


@pytest.mark.parametrize("by_the_clock", [False, True])
def test_events_that_wait_for_six_hours_are_an_alarm_then_and_not_two_hours_later(
    template: dict[str, Any], by_the_clock: bool
) -> None:
    """Exports run at five past; the last one that succeeded had everything before 0:00."""
    alarm = alarm_named(template, "ExportLag")
    waiting = {hour * HOURS + 5: hour + 5 / 60 for hour in range(12)}
    went_off = next(minute for minute in waiting if is_red(alarm, waiting, minute, by_the_clock=by_the_clock))
    assert went_off == 6 * HOURS + 5
    well = {hour * HOURS + 5: 5 / 60 for hour in range(-4, 12)}
    del well[3 * HOURS + 5]  # one reading comes late
    assert not any(is_red(alarm, well, minute, by_the_clock=by_the_clock) for minute in range(11 * HOURS))


def test_a_schedule_that_stops_is_an_alarm_because_its_data_is_missing(template: dict[str, Any]) -> None:
    """The export runs each hour. The metrics run each morning: thirty hours bridge the day that has twenty-five."""
    found = {
        alarm["MetricName"]: (
            alarm["ComparisonOperator"],
            alarm["Threshold"],
            alarm["Period"] * alarm["EvaluationPeriods"],
        )
        for alarm in resources(template, "AWS::CloudWatch::Alarm").values()
        if alarm["TreatMissingData"] == "breaching"
    }
    assert found == {
        "ExportLagHours": ("GreaterThanOrEqualToThreshold", 4, 3 * 3600),
        "Invocations": ("LessThanThreshold", 1, 30 * 3600),
    }


def test_functions_are_arm_on_python_3_14_with_logs_that_end(template: dict[str, Any]) -> None:
    for function in resources(template, "AWS::Lambda::Function").values():
        assert (function["Runtime"], function["Architectures"]) == ("python3.14", ["arm64"])
    assert all(group["RetentionInDays"] <= 30 for group in resources(template, "AWS::Logs::LogGroup").values())


def test_bundles_fit_and_hold_amazons_binaries(assembly: Path) -> None:
    bundles = [path for path in assembly.iterdir() if path.name.startswith("asset.") and path.is_dir()]
    assert len(bundles) == 4
    for bundle in bundles:
        files = [path for path in bundle.rglob("*") if path.is_file()]
        assert sum(path.stat().st_size for path in files) < LAMBDA_LIMIT_BYTES / 2
        names = {path.name for path in files}
        assert {"handler.py", "daybreak.toml"} <= names
        assert not any("x86_64" in name for name in names)
        (wheel,) = bundle.glob("orjson-*.dist-info/WHEEL")
        assert "aarch64" in wheel.read_text()


@pytest.mark.parametrize(
    ("table", "model"),
    [
        ("events", Event),
        ("rejected", RejectedEvent),
        ("reconciliation", Reconciled),
        (WARNINGS, Warned),
        (GOALS, MeasuredGoal),
        (ALERTS, AlertEpisode),
        (LISTS, MadeList),
        *((f.name, f.row) for f in FAMILIES.values()),
    ],
)
def test_glue_has_the_columns_of_the_row_models(template: dict[str, Any], table: str, model: type[Row]) -> None:
    (found,) = [
        t["TableInput"] for t in resources(template, "AWS::Glue::Table").values() if t["TableInput"]["Name"] == table
    ]
    keys = {key["Name"] for key in found["PartitionKeys"]}
    assert found["StorageDescriptor"]["Columns"] == [c for c in glue_columns(model) if c["Name"] not in keys]
    assert found["Parameters"].get("projection.enabled", "false") == str(bool(keys)).lower()
    for key in keys:
        assert f"projection.{key}.type" in found["Parameters"]
        assert f"{key}=${{{key}}}" in json.dumps(found["Parameters"]["storage.location.template"])


@pytest.mark.parametrize("family", FAMILIES.values(), ids=list(FAMILIES))
def test_athena_lists_one_folder_for_each_definition_of_a_result_table(
    template: dict[str, Any], family: Family
) -> None:
    """Not one for each day since a date in the past, as for events; nor a folder in which objects by day may stand."""
    tables = resources(template, "AWS::Glue::Table").values()
    (found,) = [t["TableInput"] for t in tables if t["TableInput"]["Name"] == family.name]
    comments = {column["Name"]: column["Comment"] for column in glue_columns(family.row)}
    assert found["PartitionKeys"] == [{"Name": "definition", "Type": "string", "Comment": comments["definition"]}]
    assert found["Parameters"]["projection.definition.type"] == "enum"
    assert not [name for name in found["Parameters"] if name.startswith("projection.") and "range" in name]
    folder = f"metrics/{family.name}/by_month/"
    assert found["StorageDescriptor"]["Location"]["Fn::Join"][1][-1] == f"/{folder}"
    places = found["Parameters"]["storage.location.template"]["Fn::Join"][1][-1]
    assert places == f"/{folder}definition=${{definition}}"
    assert keys.metrics(family.name, "x", "2026-11") == f"{folder}definition=x/2026-11.parquet"


@pytest.mark.parametrize("view", views(load(ROOT / "daybreak.toml")), ids=lambda view: view.name)
def test_each_view_is_stored_as_athena_stores_its_own(template: dict[str, Any], view: View) -> None:
    tables = [t["TableInput"] for t in resources(template, "AWS::Glue::Table").values()]
    (found,) = [table for table in tables if table["Name"] == view.name]
    assert (found["TableType"], found["Parameters"]["presto_view"]) == ("VIRTUAL_VIEW", "true")
    assert found["ViewExpandedText"] == "/* Presto View */"
    (encoded,) = re.findall(r"^/\* Presto View: (\S+) \*/$", found["ViewOriginalText"])
    stored = json.loads(base64.b64decode(encoded))
    assert (stored["catalog"], stored["schema"]) == ("awsdatacatalog", "daybreak")
    assert stored["originalSql"] == view.sql
    assert found["StorageDescriptor"]["Columns"] == [
        {"Name": column.name, "Type": GLUE_TYPES[column.type], "Comment": column.comment} for column in view.columns
    ]
    trino = {"string": "varchar"}
    of_glue = [(c["Name"], trino.get(c["Type"], c["Type"])) for c in found["StorageDescriptor"]["Columns"]]
    assert [(column["name"], column["type"]) for column in stored["columns"]] == of_glue


def test_there_is_a_view_for_each_family(template: dict[str, Any]) -> None:
    tables = [t["TableInput"] for t in resources(template, "AWS::Glue::Table").values()]
    named = {table["Name"] for table in tables if table["TableType"] == "VIRTUAL_VIEW"}
    assert named == {f"{family}_complete" for family in FAMILIES}


RESULTS_READ = ["metrics", "definitions", "warnings", "goals", "alerts", "list_counts", "latest", "page"]
EVENTS_READ = ["events", "rejected", "reconciliation"]
RESULT_TABLES = [*FAMILIES, "*_complete", "definitions", "warnings", "goals", "alerts", "lists"]


@pytest.mark.parametrize(
    ("reader", "prefixes", "tables"),
    [
        ("Metrics", RESULTS_READ, RESULT_TABLES),
        ("Events", [*RESULTS_READ, *EVENTS_READ], [*RESULT_TABLES, *EVENTS_READ]),
    ],
)
def test_each_reader_may_do_exactly_this(
    template: dict[str, Any], reader: str, prefixes: list[str], tables: list[str]
) -> None:
    """Nobody reads the raw log, the quarantine, the derived tables, the lists, or what others have asked for."""
    own = reader.lower()
    (policy,) = [p for name, p in resources(template, "AWS::IAM::ManagedPolicy").items() if f"Readers{reader}" in name]
    here = "Region:AccountId"
    bucket, results = "LakeBucket", f"athena-results/readers/{own}"
    assert text(policy["PolicyDocument"]["Statement"]) == [
        {
            "Effect": "Allow",
            "Action": [
                "athena:StartQueryExecution", "athena:StopQueryExecution", "athena:GetQueryExecution",
                "athena:BatchGetQueryExecution", "athena:ListQueryExecutions", "athena:GetQueryResults",
                "athena:GetQueryResultsStream", "athena:GetWorkGroup", "athena:CreatePreparedStatement",
                "athena:GetPreparedStatement", "athena:DeletePreparedStatement",
            ],
            "Resource": f"arn:Partition:athena:{here}:workgroup/daybreak-{own}",
        },
        {
            "Effect": "Allow",
            "Action": [
                "athena:GetDataCatalog", "athena:ListDatabases", "athena:GetDatabase", "athena:ListTableMetadata",
                "athena:GetTableMetadata",
            ],
            "Resource": f"arn:Partition:athena:{here}:datacatalog/AwsDataCatalog",
        },
        {"Effect": "Allow", "Action": ["athena:ListDataCatalogs", "athena:ListWorkGroups"], "Resource": "*"},
        {
            "Effect": "Allow",
            "Action": ["glue:GetDatabase", "glue:GetDatabases", "glue:GetTable", "glue:GetTables", "glue:GetPartitions"],
            "Resource": [
                f"arn:Partition:glue:{here}:catalog",
                f"arn:Partition:glue:{here}:database/daybreak",
                f"arn:Partition:glue:{here}:database/default",
                *(f"arn:Partition:glue:{here}:table/daybreak/{table}" for table in tables),
            ],
        },
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": [f"{bucket}/{prefix}/*" for prefix in prefixes]},
        {
            "Effect": "Allow",
            "Action": ["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"],
            "Resource": f"{bucket}/{results}/*",
        },
        {
            "Effect": "Allow",
            "Action": "s3:ListBucket",
            "Resource": bucket,
            "Condition": {"StringLike": {"s3:prefix": [f"{prefix}/*" for prefix in (*prefixes, results)]}},
        },
        {"Effect": "Allow", "Action": "s3:GetBucketLocation", "Resource": bucket},
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("key", "readers"),
    [
        ("metrics/activation/definition=a/rows.parquet", {"Metrics", "Events"}),
        ("list_counts/stuck.parquet", {"Metrics", "Events"}),
        ("page/index.html", {"Metrics", "Events"}),
        ("athena-results/readers/metrics/1.csv", {"Metrics"}),
        ("athena-results/readers/events/1.csv", {"Events"}),
        ("events/dt=2026-11-01/events.parquet", {"Events"}),
        ("rejected/arrived=2026-11-01/rejected.parquet", {"Events"}),
        ("athena-results/1.csv", set()),
        ("lists/stuck/made=2026-11-01T050000Z/people.csv", set()),
        ("raw/arrived=2026-11-01/1.ndjson.zst", set()),
        ("quarantine/arrived=2026-11-01/1.ndjson.zst", set()),
        ("derived/2/activity.parquet", set()),
        ("moved/1.parquet", set()),
        ("outbox/1.json", set()),
        ("sent/1.json", set()),
    ],
)
def test_what_names_people_is_read_and_listed_by_readers_of_events_at_most(
    template: dict[str, Any], key: str, readers: set[str]
) -> None:
    reading, listing = set(), set()
    for name, policy in resources(template, "AWS::IAM::ManagedPolicy").items():
        reader = name.removeprefix("Readers").partition("Policy")[0]
        for statement in text(policy["PolicyDocument"]["Statement"]):
            objects = statement["Resource"] if "s3:GetObject" in statement["Action"] else []
            if any(fnmatch(f"LakeBucket/{key}", one) for one in ([objects] if isinstance(objects, str) else objects)):
                reading.add(reader)
            if any(
                fnmatch(key, one) for one in statement.get("Condition", {}).get("StringLike", {}).get("s3:prefix", [])
            ):
                listing.add(reader)
    assert (reading, listing) == (readers, readers)


def test_the_outputs_name_both_policies_and_nobody_has_them_by_default(template: dict[str, Any]) -> None:
    policies = resources(template, "AWS::IAM::ManagedPolicy")
    outputs = {n: o["Value"] for n, o in template["Outputs"].items() if "Reader" in n}
    assert {outputs["MetricsReaderPolicy"]["Ref"], outputs["EventsReaderPolicy"]["Ref"]} == set(policies)
    assert (outputs["MetricsReaderWorkgroup"], outputs["EventsReaderWorkgroup"]) == (
        "daybreak-metrics",
        "daybreak-events",
    )
    for policy in policies.values():
        assert not {"Roles", "Users", "Groups"} & set(policy)


def test_a_policy_fits_into_the_6144_characters_that_iam_takes_with_room_for_longer_names(
    template: dict[str, Any],
) -> None:
    real = {"Partition": "aws-us-gov", "Region": "ap-southeast-1", "AccountId": "123456789012", "LakeBucket": "b" * 85}
    for policy in resources(template, "AWS::IAM::ManagedPolicy").values():
        written = json.dumps(text(policy["PolicyDocument"]), separators=(",", ":"))
        for name, value in real.items():
            written = written.replace(name, value)
        assert len(written) < 5000


def test_queries_have_a_scan_limit_and_their_results_expire(template: dict[str, Any]) -> None:
    workgroups = resources(template, "AWS::Athena::WorkGroup").values()
    assert {w["Name"]: w["WorkGroupConfiguration"]["BytesScannedCutoffPerQuery"] // 1024**3 for w in workgroups} == {
        "daybreak": 100, "daybreak-metrics": 1, "daybreak-events": 100
    }  # fmt: skip
    assert {
        w["Name"]: text(w["WorkGroupConfiguration"]["ResultConfiguration"]["OutputLocation"]) for w in workgroups
    } == {
        "daybreak": "s3://LakeBucket/athena-results/",
        "daybreak-metrics": "s3://LakeBucket/athena-results/readers/metrics/",
        "daybreak-events": "s3://LakeBucket/athena-results/readers/events/",
    }
    (bucket,) = resources(template, "AWS::S3::Bucket").values()
    rules = bucket["LifecycleConfiguration"]["Rules"]
    assert any(r.get("Prefix") == "athena-results/" and r["ExpirationInDays"] <= timedelta(days=30).days for r in rules)


def test_the_gateway_lets_any_page_send_and_read_how_long_to_wait(template: dict[str, Any]) -> None:
    (api,) = resources(template, "AWS::ApiGatewayV2::Api").values()
    assert api["CorsConfiguration"]["AllowOrigins"] == ["*"]
    assert {"*", "Authorization"} <= set(api["CorsConfiguration"]["AllowHeaders"])
    assert {"POST", "OPTIONS"} <= set(api["CorsConfiguration"]["AllowMethods"])
    assert api["CorsConfiguration"]["ExposeHeaders"] == ["Retry-After"]
    (route,) = resources(template, "AWS::ApiGatewayV2::Route").values()
    assert route["RouteKey"] == "$default"


def test_both_gateways_are_deployed_and_the_outputs_say_which_client_takes_which(template: dict[str, Any]) -> None:
    outputs = {name: output for name, output in template["Outputs"].items() if "Url" in name}
    assert set(outputs) == {"CollectorUrl", "CollectorUrlForGzip"}
    (http_api,) = resources(template, "AWS::ApiGatewayV2::Api")
    (rest_api,) = resources(template, "AWS::ApiGateway::RestApi")
    assert {"Ref": http_api} in outputs["CollectorUrl"]["Value"]["Fn::Join"][1]
    assert {"Ref": rest_api} in outputs["CollectorUrlForGzip"]["Value"]["Fn::Join"][1]
    assert "unless they gzip" in outputs["CollectorUrl"]["Description"]
    assert {"Kotlin", "Android", "Go", "Python"} <= set(
        re.findall(r"\w+", outputs["CollectorUrlForGzip"]["Description"])
    )
    assert not [name for name in template["Outputs"] if "Endpoint" in name]  # the CDK's own output says the same again


def test_both_gateways_take_as_many_requests(template: dict[str, Any]) -> None:
    (http_stage,) = resources(template, "AWS::ApiGatewayV2::Stage").values()
    (rest_stage,) = resources(template, "AWS::ApiGateway::Stage").values()
    (of_every_method,) = rest_stage["MethodSettings"]
    assert (of_every_method["ResourcePath"], of_every_method["HttpMethod"]) == ("/*", "*")
    for settings in (http_stage["DefaultRouteSettings"], of_every_method):
        assert (settings["ThrottlingRateLimit"], settings["ThrottlingBurstLimit"]) == (1000, 2000)


def test_each_gateway_has_an_alarm_for_its_own_errors(template: dict[str, Any]) -> None:
    alarms = resources(template, "AWS::CloudWatch::Alarm").values()
    errors = {a["MetricName"]: a["Dimensions"] for a in alarms if a["Namespace"] == "AWS/ApiGateway"}
    (http_api,) = resources(template, "AWS::ApiGatewayV2::Api")
    (rest_api,) = resources(template, "AWS::ApiGateway::RestApi").values()
    assert errors == {
        "5xx": [{"Name": "ApiId", "Value": {"Ref": http_api}}],
        "5XXError": [{"Name": "ApiName", "Value": rest_api["Name"]}],
    }
    assert {"Ref": "AWS::StackName"} in rest_api["Name"]["Fn::Join"][1]  # another stack's API has another name


def _own_namespaces(template: dict[str, Any]) -> set[str]:
    """The namespaces into which the functions write metrics, and in which the alarms look for them."""
    functions = resources(template, "AWS::Lambda::Function").values()
    alarms = resources(template, "AWS::CloudWatch::Alarm").values()
    return {f["Environment"]["Variables"]["POWERTOOLS_METRICS_NAMESPACE"] for f in functions} | {
        alarm["Namespace"] for alarm in alarms if not alarm["Namespace"].startswith("AWS/")
    }


@pytest.mark.slow
def test_two_stacks_do_not_ring_each_others_alarms(template: dict[str, Any], tmp_path: Path) -> None:
    other = json.loads((synthesised(tmp_path, "stack=Other-Team") / "Other-Team.template.json").read_text())
    assert (_own_namespaces(template), _own_namespaces(other)) == ({"Daybreak"}, {"Other-Team"})


def test_the_rest_api_needs_no_role_that_is_set_for_the_whole_account(template: dict[str, Any]) -> None:
    """In an account without an API Gateway CloudWatch role, a REST stage with a log cannot be deployed."""
    assert not resources(template, "AWS::ApiGateway::Account")
    (stage,) = resources(template, "AWS::ApiGateway::Stage").values()
    assert "AccessLogSetting" not in stage
    for settings in stage["MethodSettings"]:
        assert not settings["DataTraceEnabled"]
        assert settings.get("LoggingLevel", "OFF") == "OFF"


def test_the_access_log_needs_no_room_in_the_accounts_log_policy(template: dict[str, Any]) -> None:
    (stage,) = resources(template, "AWS::ApiGatewayV2::Stage").values()
    (group, _) = stage["AccessLogSettings"]["DestinationArn"]["Fn::GetAtt"]
    name = template["Resources"][group]["Properties"]["LogGroupName"]["Fn::Join"][1]
    assert name[0].startswith("/aws/vendedlogs/")
    assert "AWS::StackName" in json.dumps(name)
    assert "AWS::StackId" in json.dumps(name)  # unique: a stack of that name may have left its log behind


def test_the_rest_apis_own_errors_are_those_that_sdks_understand(template: dict[str, Any]) -> None:
    (api,) = resources(template, "AWS::ApiGateway::RestApi").values()
    assert api["BinaryMediaTypes"] == ["*/*"]
    methods = resources(template, "AWS::ApiGateway::Method").values()
    assert [method["HttpMethod"] for method in methods] == ["ANY", "ANY"]
    errors = {r["ResponseType"]: r for r in resources(template, "AWS::ApiGateway::GatewayResponse").values()}
    for error in errors.values():
        body = error["ResponseTemplates"]["application/json"]
        assert '"code"' in body
        assert '"message"' in body
    assert errors["THROTTLED"]["ResponseParameters"]["gatewayresponse.header.Retry-After"] == "'5'"
    assert errors["DEFAULT_5XX"]["StatusCode"] == "503"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("gateway", "there", "not_there", "outputs"),
    [
        ("http", "AWS::ApiGatewayV2::Api", "AWS::ApiGateway::RestApi", {"CollectorUrl"}),
        ("rest", "AWS::ApiGateway::RestApi", "AWS::ApiGatewayV2::Api", {"CollectorUrl", "CollectorUrlForGzip"}),
    ],
)
def test_a_switch_deploys_one_gateway(
    tmp_path: Path, gateway: str, there: str, not_there: str, outputs: set[str]
) -> None:
    found = json.loads((synthesised(tmp_path, f"gateway={gateway}") / "Daybreak.template.json").read_text())
    assert (len(resources(found, there)), len(resources(found, not_there))) == (1, 0)
    assert {name for name in found["Outputs"] if "Url" in name} == outputs
    assert len({json.dumps(found["Outputs"][name]["Value"]) for name in outputs}) == 1
    alarms = resources(found, "AWS::CloudWatch::Alarm").values()
    assert len([alarm for alarm in alarms if alarm["Namespace"] == "AWS/ApiGateway"]) == 1


@pytest.mark.parametrize("gateway", ["both", ""])
def test_another_gateway_is_refused_in_one_line(tmp_path: Path, gateway: object) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "infra.app"], cwd=ROOT, capture_output=True, text=True, check=False,
        env=cdk.environment({"CDK_CONTEXT_JSON": json.dumps({"gateway": gateway}), "CDK_OUTDIR": str(tmp_path)}),
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr == f"-c gateway={gateway}: choose http or rest, or leave it out to deploy both\n"
    assert not list(tmp_path.iterdir())
