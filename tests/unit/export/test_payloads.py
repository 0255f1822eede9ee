"""The payloads of the jobs: the same JSON in EventBridge, in `events/`, on the command line and in the handlers."""

import json
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from conftest import EVENTS, payload
from daybreak.errors import InputError
from daybreak.export.payloads import (
    EXPORT_PAYLOADS,
    SCHEDULED_TIME,
    AskSpan,
    DeriveDays,
    ExportDay,
    ExportHours,
    FinishBackfill,
    Payload,
    ReplayDay,
    read_payload,
)
from daybreak.lists.payloads import LISTS_PAYLOADS, MakeDay, MakeScheduled
from daybreak.metrics.payloads import METRICS_PAYLOADS, ComputeDay, ComputeScheduled

DAY, MORNING = date(2026, 11, 21), datetime(2026, 11, 21, 8, 5, tzinfo=UTC)
AT = "2026-11-21T08:05:00+00:00"
ON_THE_WIRE: list[tuple[Payload, dict[str, Any]]] = [
    (ExportHours(time=MORNING), {"time": AT}),
    (ExportDay(date=DAY, time=MORNING), {"date": "2026-11-21", "time": AT}),
    (ReplayDay(replay=DAY, time=MORNING), {"replay": "2026-11-21", "time": AT}),
    (DeriveDays(derive_from=DAY, derive_to=DAY), {"derive_from": "2026-11-21", "derive_to": "2026-11-21"}),
    (FinishBackfill(derived=AT), {"derived": AT}),
    (AskSpan(), {"span": True}),
    (ComputeScheduled(family="activation", time=MORNING), {"family": "activation", "time": AT}),
    (ComputeDay(family="activation", date=DAY), {"family": "activation", "date": "2026-11-21"}),
    (MakeScheduled(every="hour", time=MORNING), {"every": "hour", "time": AT}),
    (MakeDay(date=DAY), {"date": "2026-11-21"}),
]
JOBS = {"export": EXPORT_PAYLOADS, "metrics": METRICS_PAYLOADS, "lists": LISTS_PAYLOADS}


def read(job: str, value: Any) -> Payload:
    return read_payload(JOBS[job], value)


def job_of(model: Payload) -> str:
    (job,) = (name for name, models in JOBS.items() if type(model) in models)
    return job


@pytest.mark.parametrize(("model", "json_value"), ON_THE_WIRE)
def test_a_payload_is_written_and_read_as_the_same_json(model: Payload, json_value: dict[str, Any]) -> None:
    assert json.loads(model.to_json()) == json_value
    assert read(job_of(model), json_value) == model


def test_these_tests_cover_every_payload_of_the_jobs() -> None:
    assert {type(model) for model, _ in ON_THE_WIRE} == {model for models in JOBS.values() for model in models}


@pytest.mark.parametrize("models", JOBS.values(), ids=JOBS)
def test_no_two_payloads_of_a_job_have_the_same_fields(models: list[type[Payload]]) -> None:
    assert len({frozenset(model.model_fields) for model in models}) == len(models)


@pytest.mark.parametrize("file", [path.name for path in EVENTS.glob("*.json") if path.name.startswith(tuple(JOBS))])
def test_the_files_of_job_payloads_are_payloads(file: str) -> None:
    value = payload(file)
    found = read(file.partition("-")[0], value)
    assert json.loads(found.to_json()) == {k: v.replace("Z", "+00:00") for k, v in value.items()}


def test_a_time_in_another_zone_is_read_as_utc_and_one_without_a_zone_is_utc() -> None:
    assert read("export", {"time": "2026-11-21T09:05:00+01:00"}) == ExportHours(time=MORNING)
    assert read("export", {"time": "2026-11-21T08:05:00"}) == ExportHours(time=MORNING)


def test_a_scheduled_metric_job_computes_the_last_day_that_is_over_in_the_projects_zone() -> None:
    midnight_in_berlin = ComputeScheduled(family="activation", time=datetime(2026, 11, 20, 23, 0, tzinfo=UTC))
    assert midnight_in_berlin.as_of(ZoneInfo("Europe/Berlin")) == date(2026, 11, 20)
    assert midnight_in_berlin.as_of(ZoneInfo("UTC")) == date(2026, 11, 19)
    assert ComputeDay(family="activation", date=DAY).as_of(ZoneInfo("UTC")) == DAY


def test_the_time_of_a_schedule_is_a_placeholder_that_no_job_accepts() -> None:
    written = json.loads(ExportHours(time=SCHEDULED_TIME).to_json())
    assert written == {"time": "<aws.scheduler.scheduled-time>"}
    with pytest.raises(InputError, match=r"time: .*<aws.scheduler.scheduled-time>"):
        read("export", written)


@pytest.mark.parametrize(
    ("job", "value", "message"),
    [
        ("export", {"dat": "2026-11-21", "time": AT}, "has the fields {dat, time}; use {time} or {date, time} or"),
        ("export", {"date": "2026-11-21"}, "has the fields {date}; use"),
        ("export", {}, "has the fields {}; use"),
        ("export", {"time": "yesterday"}, "payload ExportHours: time: .*'yesterday'"),
        ("export", {"time": 1795000000}, "payload ExportHours: time: "),
        ("export", {"derive_from": "x", "derive_to": "y"}, "payload DeriveDays: derive_from: .*'x'; derive_to: .*'y'"),
        ("export", {"derived": ""}, "payload FinishBackfill: derived: "),
        ("export", {"span": False}, "payload AskSpan: span: "),
        ("metrics", {"time": AT}, "has the fields {time}; use {family, time} or {family, date}"),
        (
            "metrics",
            {"family": "sales", "date": "2026-11-21"},
            "payload ComputeDay: family: unknown family 'sales'; choose from ",
        ),
    ],
)
def test_a_payload_that_fits_no_model_is_refused_in_one_line_that_names_its_fields(
    job: str, value: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message) as refused:
        read(job, value)
    assert "\n" not in str(refused.value)
