"""Which account an event counts for: the one it names, the last one joined, or else the first one joined later."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from daybreak.metrics.job import Metrics
from support.journeys import LIMITS, Deployment, computed, event, project

FIRST_RUN = """
[activation.accounts]
description = "d"
actor = "account"
start = "Signed Up"
milestone = "Workflow Run"
window = "7d"
[activation.people]
description = "d"
start = "Signed Up"
milestone = "Workflow Run"
window = "7d"
"""
ASKED = project(FIRST_RUN)


def joins(who: str, account: str, at: str, **traits: Any) -> dict[str, Any]:
    key = "anonymousId" if who.startswith("device") else "userId"
    return {
        "type": "group",
        key: who,
        "groupId": account,
        "timestamp": at,
        "messageId": f"{who}>{account}/{at}",
        "traits": traits,
    }


def did(who: str, what: str, at: str, account: str | None = None, **properties: Any) -> dict[str, Any]:
    raw = event(who, what, at, **properties)
    return {**raw, "context": {"groupId": account}} if account else raw


def counted(deployment: Deployment, definition: str) -> dict[str, tuple[int, int]]:
    return {
        str(row["cohort"]): (row["people"], row["activated"] + row["activated_so_far"])
        for row in deployment.table("activation", definition)
    }


def test_any_members_event_counts_for_the_account(tmp_path: Path) -> None:
    events = [
        joins("ann", "a", "2026-11-01T08:00:00Z"),
        did("ann", "Signed Up", "2026-11-01T09:00:00Z"),
        joins("ben", "a", "2026-11-02T08:00:00Z"),
        did("ben", "Signed Up", "2026-11-02T09:00:00Z"),
        did("ben", "Workflow Run", "2026-11-03T09:00:00Z"),
    ]
    deployment = computed(tmp_path, ASKED, events, "2026-11-20")
    assert counted(deployment, "accounts") == {"2026-11-01": (1, 1)}
    assert counted(deployment, "people") == {"2026-11-01": (1, 0), "2026-11-02": (1, 1)}


def test_what_a_person_did_before_joining_counts_for_their_first_account(tmp_path: Path) -> None:
    events = [did("ann", "Signed Up", "2026-11-01T09:00:00Z"), joins("ann", "a", "2026-11-04T08:00:00Z")]
    assert counted(computed(tmp_path, ASKED, events, "2026-11-20"), "accounts") == {"2026-11-01": (1, 0)}


def test_an_event_that_names_its_account_counts_for_that_one(tmp_path: Path) -> None:
    events = [
        joins("ann", "a", "2026-11-01T08:00:00Z"),
        did("ann", "Signed Up", "2026-11-01T09:00:00Z"),
        did("ann", "Signed Up", "2026-11-02T09:00:00Z", account="b"),
        did("ann", "Workflow Run", "2026-11-02T10:00:00Z", account="b"),
    ]
    deployment = computed(tmp_path, ASKED, events, "2026-11-20")
    assert counted(deployment, "accounts") == {"2026-11-01": (1, 0), "2026-11-02": (1, 1)}


@pytest.mark.parametrize("day", ["2026-11-03", "2026-11-01"])
def test_who_changes_accounts_takes_only_what_follows_along(tmp_path: Path, day: str) -> None:
    """The second account's first sign-up is after the change, be it on another day or later the same day."""
    events = [
        joins("ann", "a", "2026-11-01T08:00:00Z"),
        did("ann", "Signed Up", "2026-11-01T09:00:00Z"),
        joins("ann", "b", f"{day}T10:00:00Z"),
        did("ann", "Signed Up", f"{day}T11:00:00Z"),
        did("ann", "Workflow Run", f"{day}T12:00:00Z"),
    ]
    found = counted(computed(tmp_path, ASKED, events, "2026-11-20"), "accounts")
    assert found == ({"2026-11-01": (1, 0), day: (1, 1)} if day != "2026-11-01" else {"2026-11-01": (2, 1)})


def test_a_change_of_accounts_is_kept_over_months(tmp_path: Path) -> None:
    """In the merged state of a month a person's first time ever must not hide their first time in a later account."""
    deployment = Deployment(tmp_path, ASKED)
    deployment.receive("2026-08-25T12:00:00+00:00", [
        joins("ann", "a", "2026-08-25T08:00:00Z"), did("ann", "Signed Up", "2026-08-25T09:00:00Z")])  # fmt: skip
    deployment.receive("2026-09-01T12:00:00+00:00", [joins("ann", "b", "2026-09-01T08:00:00Z")])
    deployment.receive("2026-09-20T12:00:00+00:00", [did("ann", "Signed Up", "2026-09-20T09:00:00Z")])
    deployment.export("2026-10-20T00:05:00+00:00")
    deployment.compute("2026-10-19")
    assert counted(deployment, "accounts") == {"2026-08-25": (1, 0), "2026-09-20": (1, 0)}


def test_a_late_group_call_restates_what_was_computed_before_it_was_known(tmp_path: Path) -> None:
    sent = [
        ("2026-09-01T12:00:00+00:00", [did("ann", "Signed Up", "2026-09-01T09:00:00Z"), did("ben", "Signed Up", "2026-09-02T09:00:00Z")]),
        ("2026-09-21T12:00:00+00:00", [joins("ann", "a", "2026-09-01T10:00:00Z")]),
        ("2026-10-11T12:00:00+00:00", [joins("ben", "b", "2026-10-11T10:00:00Z")]),
    ]  # fmt: skip
    daily, once = Deployment(tmp_path / "daily", ASKED), Deployment(tmp_path / "once", ASKED)
    for received, events in sent:
        for deployment in (daily, once):
            deployment.receive(received, events)
        daily.export(f"{received[:9]}9T00:05:00+00:00")
        daily.compute(f"{received[:9]}8")
    once.export("2026-10-19T00:05:00+00:00")
    once.compute("2026-10-18")
    assert counted(daily, "accounts") == {"2026-09-01": (1, 0), "2026-09-02": (1, 0)}
    assert daily.bytes("metrics/") == once.bytes("metrics/")


def test_a_late_group_call_reaches_every_later_month(tmp_path: Path) -> None:
    """What is merged up to the end of November is made from October's memberships, which have just changed."""
    did_things = [
        did("ann", "Signed Up", "2026-10-30T09:00:00Z"),
        joins("ben", "b", "2026-10-30T09:00:00Z"),
        did("ann", "Workflow Run", "2026-11-05T09:00:00Z"),
    ]
    joined = joins("ann", "a", "2026-10-29T09:00:00Z")
    late, known = Deployment(tmp_path / "late", ASKED), Deployment(tmp_path / "known", ASKED)
    late.receive("2026-11-05T12:00:00+00:00", did_things)
    known.receive("2026-11-05T12:00:00+00:00", [*did_things, joined])
    late.export("2026-12-02T01:05:00+00:00")
    late.receive("2026-12-02T09:00:00+00:00", [joined])
    for deployment in (late, known):
        deployment.export("2026-12-02T11:05:00+00:00")
    assert [key for key in known.bytes("derived/") if "seen/until=2026-11" in key]
    assert late.bytes("derived/") == known.bytes("derived/")


def test_what_a_device_did_before_sign_in_counts_for_the_account_the_person_joins(tmp_path: Path) -> None:
    visit = {k: v for k, v in event("device", "Signed Up", "2026-11-01T09:00:00Z").items() if k != "userId"}
    events = [
        {**visit, "anonymousId": "device"},
        {"type": "identify", "anonymousId": "device", "userId": "ann", "timestamp": "2026-11-02T09:00:00Z", "messageId": "i"},
        joins("ann", "a", "2026-11-03T09:00:00Z"),
    ]  # fmt: skip
    assert counted(computed(tmp_path, ASKED, events, "2026-11-20"), "accounts") == {"2026-11-01": (1, 0)}


def test_a_person_in_no_account_is_in_no_table_of_accounts(tmp_path: Path) -> None:
    deployment = computed(tmp_path, ASKED, [did("ann", "Signed Up", "2026-11-01T09:00:00Z")], "2026-11-20")
    assert counted(deployment, "accounts") == {}
    assert counted(deployment, "people") == {"2026-11-01": (1, 0)}


def test_accounts_are_split_by_what_group_calls_said_of_them_not_by_their_members(tmp_path: Path) -> None:
    asked = project(
        '[segments.plan]\ntrait = "plan"\n' + FIRST_RUN.replace('window = "7d"', 'window = "7d"\nsegments = ["plan"]')
    )
    events = [
        {"type": "identify", "userId": "ann", "traits": {"plan": "mine"}, "timestamp": "2026-11-01T07:00:00Z", "messageId": "i"},
        joins("ann", "a", "2026-11-01T08:00:00Z", plan="team"),
        did("ann", "Signed Up", "2026-11-01T09:00:00Z"),
        joins("ann", "a", "2026-11-05T08:00:00Z", plan="big"),
    ]  # fmt: skip
    deployment = computed(tmp_path, asked, events, "2026-11-20")
    assert [row["segment_value"] for row in deployment.table("activation", "accounts", "plan")] == ["team"]
    assert [row["segment_value"] for row in deployment.table("activation", "people", "plan")] == ["mine"]


def test_a_property_may_name_the_account_and_then_nothing_else_does(tmp_path: Path) -> None:
    asked = project(FIRST_RUN)
    asked = asked.model_copy(update={"settings": asked.settings.model_copy(update={"account_property": "org"})})
    events = [
        joins("ann", "ignored", "2026-11-01T08:00:00Z"),
        did("ann", "Signed Up", "2026-11-01T09:00:00Z", org="a"),
        did("ben", "Workflow Run", "2026-11-02T09:00:00Z", org="a"),
        did("ann", "Signed Up", "2026-11-02T09:00:00Z"),
    ]
    assert counted(computed(tmp_path, asked, events, "2026-11-20"), "accounts") == {"2026-11-01": (1, 1)}


def test_somebody_from_two_years_ago_is_not_new(tmp_path: Path) -> None:
    """The first start is in a merged month, long before all days that are read one by one."""
    deployment = Deployment(tmp_path, ASKED)
    deployment.receive("2026-06-01T12:00:00+00:00", [did("old", "Signed Up", "2024-11-01T09:00:00Z")])
    deployment.export("2026-07-03T00:05:00+00:00")
    deployment.receive("2026-07-25T12:00:00+00:00", [
        did("old", "Signed Up", "2026-07-25T09:00:00Z"), did("new", "Signed Up", "2026-07-25T09:00:00Z")])  # fmt: skip
    deployment.export_day("2026-07-25", "2026-07-26T00:05:00+00:00")
    deployment.compute("2026-07-25")
    assert counted(deployment, "people") == {"2024-11-01": (1, 0), "2026-07-25": (1, 0)}


def test_what_is_named_and_never_came_is_said_with_what_came_instead(tmp_path: Path) -> None:
    asked = project(
        '[segments.plan]\ntrait = "plna"\n[segments.source]\nproperty = "sorce"\n'
        '[activation.a]\ndescription = "d"\nstart = "Sined Up"\nmilestone = "Workflow Run"\nwindow = "1d"\n'
        '[activation.b]\ndescription = "d"\nstart = "Signed Up"\nmilestone = "Workflow Run"\nwindow = "1d"\n'
        'segments = ["source", "plan"]'
    )
    events = [
        did("u", "Signed Up", "2026-11-01T09:00:00Z", source="ad"),
        did("u", "Workflow Run", "2026-11-01T10:00:00Z"),
        {"type": "identify", "userId": "u", "traits": {"plan": "big"}, "timestamp": "2026-11-01T09:00:00Z", "messageId": "i"},
    ]  # fmt: skip
    deployment = computed(tmp_path, asked, events, "2026-11-03", as_of=date(2026, 11, 3))
    found = Metrics(deployment.store, asked, LIMITS).warn(date(2026, 11, 3))
    assert [(warning.definition, warning.message) for warning in found] == [
        ("activation.a", "no event 'Sined Up' ever arrived; did you mean 'Signed Up'?"),
        ("segments.plan", "trait 'plna' was never set, so everybody is (unset); did you mean 'plan'?"),
        ("activation.b", "property 'sorce' is in none of its 1 events; did you mean 'source'?"),
    ]
