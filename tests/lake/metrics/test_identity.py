"""Computed each morning or once at the end: links between ids, and traits and accounts of any id, give the same rows."""

from pathlib import Path
from typing import Any

import pytest

from support.journeys import Deployment, event, project, stride

ASKED = project("""
[segments.role]
trait = "role"
[segments.role_now]
trait = "role"
at = "latest"
[activation.people]
description = "d"
start = "Signed Up"
milestone = "Workflow Run"
window = "2d"
segments = ["role", "role_now"]
[activation.accounts]
description = "d"
actor = "account"
start = "Signed Up"
milestone = "Workflow Run"
window = "2d"
segments = ["role_now"]
[active_people.accounts]
description = "d"
actor = "account"
[active_people.people]
description = "d"
segments = ["role"]
""")


def sets_role(who: str, day: int, role: str, anonymous: bool = False) -> dict[str, Any]:
    key = "anonymousId" if anonymous else "userId"
    at = f"2026-06-{day:02}T08:00:00Z"
    return {"type": "identify", key: who, "traits": {"role": role}, "timestamp": at, "messageId": f"t/{who}/{day}"}


def joins(who: str, day: int, account: str, anonymous: bool = False, **traits: Any) -> dict[str, Any]:
    key, at = "anonymousId" if anonymous else "userId", f"2026-06-{day:02}T08:00:00Z"
    return {
        "type": "group",
        key: who,
        "groupId": account,
        "traits": traits,
        "timestamp": at,
        "messageId": f"g/{who}/{day}",
    }


def linked(device: str, user: str, day: int) -> dict[str, Any]:
    at = f"2026-06-{day:02}T09:00:00Z"
    return {
        "type": "identify",
        "anonymousId": device,
        "userId": user,
        "timestamp": at,
        "messageId": f"l/{device}/{user}",
    }


def signs_up(who: str, day: int, anonymous: bool = False) -> dict[str, Any]:
    raw = event(who, "Signed Up", f"2026-06-{day:02}T10:00:00Z")
    return {**{k: v for k, v in raw.items() if k != "userId"}, "anonymousId": who} if anonymous else raw


JOURNEYS: dict[str, list[tuple[int, dict[str, Any]]]] = {
    "a_role_of_a_device_that_is_linked_after_the_sign_up": [
        (2, sets_role("d", 2, "boss", anonymous=True)), (4, signs_up("u", 4)), (20, linked("d", "u", 20))],
    "an_account_joined_by_a_device_that_is_linked_after_the_sign_up": [
        (2, joins("d", 2, "acme", anonymous=True)), (4, signs_up("u", 4)), (20, linked("d", "u", 20))],
    "a_role_of_the_user_set_long_after_the_device_signed_up": [
        (1, signs_up("d", 1, anonymous=True)), (9, linked("d", "u", 9)), (20, sets_role("u", 20, "boss"))],
    "a_trait_of_an_account_whose_member_began_on_a_device": [
        (1, signs_up("d", 1, anonymous=True)), (9, linked("d", "u", 9)), (10, joins("u", 10, "acme")),
        (20, joins("u", 20, "acme", role="big"))],
    "an_alias_brings_what_the_old_id_did": [
        (1, joins("old", 1, "acme")), (2, signs_up("u", 2)), (10, signs_up("old", 10)),
        (20, {"type": "alias", "previousId": "old", "userId": "u", "timestamp": "2026-06-20T08:00:00Z", "messageId": "a"})],
}  # fmt: skip


@pytest.mark.parametrize("name", list(JOURNEYS)[:: stride(2)])
def test_each_morning_or_once_at_the_end_gives_the_same_bytes(tmp_path: Path, name: str) -> None:
    daily, once = Deployment(tmp_path / "daily", ASKED), Deployment(tmp_path / "once", ASKED)
    sent = dict(JOURNEYS[name])
    # a morning after each event and another one after it, so that nothing is computed again just because it is recent
    for day in sorted({*sent, *(day + 5 for day in sent)}):
        if day in sent:
            for deployment in (daily, once):
                deployment.receive(f"2026-06-{day:02}T12:00:00+00:00", [sent[day]])
        daily.export(f"2026-06-{day + 1:02}T00:05:00+00:00")
        daily.compute(f"2026-06-{day:02}")
    for deployment in (daily, once):
        deployment.export("2026-07-03T00:05:00+00:00")
        deployment.compute("2026-07-02")
    assert daily.bytes("metrics/") == once.bytes("metrics/")
    assert daily.latest("active_people")["rows"] == once.latest("active_people")["rows"]


@pytest.mark.parametrize("afterwards", [[], [sets_role("d", 20, "x", True)]], ids=["then", "and_once_more_later"])
def test_the_last_word_on_a_person_counts_whichever_id_said_it(
    tmp_path: Path, afterwards: list[dict[str, Any]]
) -> None:
    """The device says x on the 1st and again on the 5th, the user y on the 3rd: at the start on the 6th it is x."""
    deployment = Deployment(tmp_path, ASKED)
    events = [
        sets_role("d", 1, "x", True),
        sets_role("u", 3, "y"),
        sets_role("d", 5, "x", True),
        linked("d", "u", 5),
        signs_up("u", 6),
        *afterwards,
    ]
    deployment.receive("2026-06-21T12:00:00+00:00", events)
    deployment.export("2026-07-02T00:05:00+00:00")
    deployment.compute("2026-07-01")
    assert [row["segment_value"] for row in deployment.table("activation", "people", "role")] == ["x"]


@pytest.mark.parametrize("blank", ["", "  ", False, None, {"a": 1}, ["x"]])
def test_what_is_no_name_names_no_account(tmp_path: Path, blank: Any) -> None:
    deployment = Deployment(tmp_path, ASKED)
    deployment.receive("2026-06-07T12:00:00+00:00", [{**signs_up("u", 6), "context": {"groupId": blank}}])
    deployment.export("2026-06-09T00:05:00+00:00")
    deployment.compute("2026-06-08")
    assert deployment.table("activation", "accounts") == []


def test_the_newest_partitions_are_shown_though_a_morning_computes_only_the_last(tmp_path: Path) -> None:
    deployment = Deployment(tmp_path, ASKED)
    for day in range(1, 11):
        deployment.receive(f"2026-06-{day:02}T12:00:00+00:00", [signs_up(f"u{day}", day)])
        deployment.export(f"2026-06-{day + 1:02}T00:05:00+00:00")
        deployment.compute(f"2026-06-{day:02}")
    shown = deployment.latest("active_people")
    days = [dict(zip(shown["columns"], row, strict=True))["day"] for row in shown["rows"]]
    assert days == [f"2026-06-{day:02}" for day in range(1, 11)]


def test_a_sign_in_that_arrives_late_takes_back_a_link_that_was_followed(tmp_path: Path) -> None:
    """On the 6th an alias joins ann and bob. On the 7th a day-old sign-in of each arrives: they are two since the 1st."""
    alias = {
        "type": "alias",
        "previousId": "ann",
        "userId": "bob",
        "timestamp": "2026-06-06T08:00:00Z",
        "messageId": "a",
    }
    sent = {
        1: [signs_up("ann", 1), signs_up("bob", 1)],
        6: [alias],
        7: [linked("x1", "ann", 5), linked("x2", "bob", 5)],
    }
    daily, once = Deployment(tmp_path / "daily", ASKED), Deployment(tmp_path / "once", ASKED)
    people = []
    for day, events in sent.items():
        for deployment in (daily, once):
            deployment.receive(f"2026-06-{day:02}T12:00:00+00:00", events)
        daily.export(f"2026-06-{day + 1:02}T00:05:00+00:00")
        daily.compute(f"2026-06-{day:02}")
        people.append(sum(row["people"] for row in daily.table("activation", "people")))
    once.export("2026-06-08T00:05:00+00:00")
    once.compute("2026-06-07")
    assert people == [2, 1, 2]
    assert daily.bytes("metrics/") == once.bytes("metrics/")
