"""Late events, missing days, older days, ids that belong to one person, and definitions that change."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from daybreak.errors import DayMissing
from daybreak.export.job import Export
from daybreak.export.manifest import read_manifests
from daybreak.metrics.job import Metrics
from support.journeys import LIMITS, Deployment, computed, event, project

ACTIVATION = '[activation.a]\ndescription="d"\nstart="Signed Up"\nmilestone="Workflow Run"\nwindow="{window}"\n'
RETENTION = '[retention.r]\ndescription="d"\nstart="Signed Up"\nreturn="any"\nperiod="day"\nperiods=3\n'
ASKED = project(ACTIVATION.format(window="2d") + RETENTION)


def signed_up(who: str, day: int) -> dict[str, Any]:
    return event(who, "Signed Up", f"2026-11-{day:02}T08:00:00Z")


def ran(who: str, day: int) -> dict[str, Any]:
    return event(who, "Workflow Run", f"2026-11-{day:02}T09:00:00Z")


def identify(anonymous: str, user: str, at: str) -> dict[str, Any]:
    return {
        "type": "identify",
        "anonymousId": anonymous,
        "userId": user,
        "timestamp": at,
        "messageId": f"i/{anonymous}/{user}/{at}",
    }


def anonymous(who: str, what: str, at: str) -> dict[str, Any]:
    raw = event(who, what, at)
    return {**{k: v for k, v in raw.items() if k != "userId"}, "anonymousId": who}


def activated(deployment: Deployment) -> dict[str, tuple[int, int]]:
    return {
        str(row["cohort"]): (row["people"], row["activated"] + row["activated_so_far"])
        for row in deployment.table("activation")
    }


def test_a_day_that_is_not_exported_fails_and_succeeds_after_the_export(tmp_path: Path) -> None:
    deployment = Deployment(tmp_path, ASKED)
    deployment.receive("2026-11-10T09:00:00+00:00", [signed_up("u", 10)])
    with pytest.raises(DayMissing, match="has not run yet"):
        deployment.compute("2026-11-10")
    deployment.export("2026-11-10T23:05:00+00:00")
    with pytest.raises(DayMissing, match="2026-11-11 00:00 UTC is needed"):
        deployment.compute("2026-11-10")
    deployment.export("2026-11-11T00:05:00+00:00")
    assert deployment.compute("2026-11-10")["activation"].written


def test_a_late_event_restates_the_days_it_touches_and_no_other(tmp_path: Path) -> None:
    deployment = Deployment(tmp_path, ASKED)
    deployment.receive("2026-11-05T09:00:00+00:00", [signed_up(f"u{day}", day) for day in range(1, 5)])
    deployment.export("2026-11-20T00:05:00+00:00")
    deployment.compute("2026-11-19")
    before = deployment.bytes("metrics/activation/")
    deployment.receive("2026-11-20T09:00:00+00:00", [ran("u2", 2)])
    deployment.export("2026-11-21T00:05:00+00:00")
    computed = deployment.compute("2026-11-20")
    assert computed["activation"].written == ["metrics/activation/by_month/definition=a/2026-11.parquet"]
    after = deployment.bytes("metrics/activation/")
    assert [key for key in after if after[key] != before[key]] == computed["activation"].written
    assert activated(deployment)["2026-11-02"] == (1, 1)


def test_day_by_day_and_all_at_once_give_the_same_bytes(tmp_path: Path) -> None:
    events = {day: [signed_up(f"u{day}", day), ran(f"u{day - 1}", day)] for day in range(2, 9)}
    daily, once = Deployment(tmp_path / "daily", ASKED), Deployment(tmp_path / "once", ASKED)
    for day, sent in events.items():
        for deployment in (daily, once):
            deployment.receive(f"2026-11-{day:02}T10:00:00+00:00", sent)
        daily.export(f"2026-11-{day + 1:02}T00:05:00+00:00")
        daily.compute(f"2026-11-{day:02}")
    once.export("2026-11-09T00:05:00+00:00")
    once.compute("2026-11-08")
    assert daily.bytes("metrics/") == once.bytes("metrics/")


def test_an_older_day_run_again_does_not_take_the_tables_back(tmp_path: Path) -> None:
    deployment = Deployment(tmp_path, ASKED)
    deployment.receive("2026-11-05T09:00:00+00:00", [signed_up("u", 1), ran("u", 4)])
    deployment.export("2026-11-20T00:05:00+00:00")
    deployment.compute("2026-11-10")
    before = deployment.bytes("metrics/")
    assert deployment.compute("2026-11-02")["retention"].as_of == date(2026, 11, 10)
    assert deployment.bytes("metrics/") == before


def test_open_cohorts_become_complete_as_days_pass(tmp_path: Path) -> None:
    deployment = Deployment(tmp_path, ASKED)
    deployment.receive("2026-11-05T09:00:00+00:00", [signed_up("u", 5)])
    deployment.export("2026-11-20T00:05:00+00:00")
    seen = []
    for day in (5, 6, 7, 8):
        deployment.compute(f"2026-11-{day:02}")
        (row,) = deployment.table("activation")
        seen.append((row["status"], row["rate"], len(deployment.table("retention"))))
    assert seen == [("open", None, 1), ("open", None, 2), ("complete", 0.0, 3), ("complete", 0.0, 4)]


def test_what_was_done_before_sign_in_counts_for_the_person_also_for_days_already_computed(tmp_path: Path) -> None:
    deployment = Deployment(tmp_path, ASKED)
    deployment.receive(
        "2026-11-05T09:00:00+00:00", [anonymous("device", "Signed Up", "2026-11-01T08:00:00Z"), signed_up("u", 2)]
    )
    deployment.export("2026-11-06T00:05:00+00:00")
    deployment.compute("2026-11-05")
    assert activated(deployment) == {"2026-11-01": (1, 0), "2026-11-02": (1, 0)}
    deployment.receive("2026-11-18T09:00:00+00:00", [identify("device", "u", "2026-11-18T09:00:00Z"), ran("u", 3)])
    deployment.export("2026-11-19T00:05:00+00:00")
    deployment.compute("2026-11-18")
    assert activated(deployment) == {"2026-11-01": (1, 0)}


def test_two_devices_of_one_person_are_one(tmp_path: Path) -> None:
    events = [
        anonymous("phone", "Signed Up", "2026-11-01T08:00:00Z"),
        anonymous("laptop", "Workflow Run", "2026-11-02T07:00:00Z"),
        identify("phone", "u", "2026-11-01T08:01:00Z"),
        identify("laptop", "u", "2026-11-03T08:01:00Z"),
    ]
    assert activated(computed(tmp_path, ASKED, events, "2026-11-05")) == {"2026-11-01": (1, 1)}


def test_a_shared_browser_keeps_two_people_apart(tmp_path: Path) -> None:
    events = [
        anonymous("browser", "Signed Up", "2026-11-01T08:00:00Z"),
        identify("browser", "first", "2026-11-01T08:01:00Z"),
        identify("browser", "second", "2026-11-01T09:00:00Z"),
        signed_up("second", 2),
        event("second", "Workflow Run", "2026-11-02T10:00:00Z"),
    ]
    deployment = computed(tmp_path, ASKED, events, "2026-11-05")
    assert activated(deployment) == {"2026-11-01": (1, 0), "2026-11-02": (1, 1)}


def test_aliases_are_followed_along_a_chain_and_a_ring_does_no_harm(tmp_path: Path) -> None:
    def alias(previous: str, user: str, minute: int) -> dict[str, Any]:
        at = f"2026-11-01T09:{minute:02}:00Z"
        return {
            "type": "alias",
            "previousId": previous,
            "userId": user,
            "timestamp": at,
            "messageId": f"{previous}>{user}",
        }

    chain = [alias("a", "b", 1), alias("b", "c", 2), alias("c", "d", 3)]
    ring = [alias("x", "y", 1), alias("y", "x", 2), alias("k", "l", 1), alias("l", "m", 2), alias("m", "k", 3)]
    events = [signed_up("a", 1), ran("d", 1), *chain, *ring, signed_up("x", 1), ran("y", 1)]
    assert activated(computed(tmp_path, ASKED, events, "2026-11-05")) == {"2026-11-01": (2, 2)}


def test_a_changed_window_counts_everything_again_without_deriving(tmp_path: Path) -> None:
    deployment = Deployment(tmp_path, ASKED)
    deployment.receive("2026-11-05T09:00:00+00:00", [signed_up("u", 1), ran("u", 4)])
    deployment.export("2026-11-20T00:05:00+00:00")
    deployment.compute("2026-11-19")
    assert activated(deployment) == {"2026-11-01": (1, 0)}
    (old,) = {row["version"] for row in deployment.table("activation")}
    deployment.project = project(ACTIVATION.format(window="7d") + RETENTION)
    deployment.compute("2026-11-19")
    assert activated(deployment) == {"2026-11-01": (1, 1)}
    assert old not in {row["version"] for row in deployment.table("activation")}


def test_counting_other_events_asks_for_a_backfill_and_is_right_after_it(tmp_path: Path) -> None:
    deployment = Deployment(tmp_path, ASKED)
    deployment.receive(
        "2026-11-05T09:00:00+00:00", [signed_up("u", 1), event("u", "Report Shared", "2026-11-01T09:00:00Z")]
    )
    deployment.export("2026-11-20T00:05:00+00:00")
    deployment.compute("2026-11-19")
    old = deployment.project.derived_version
    deployment.project = project(
        '[activation.b]\ndescription="d"\nstart="Signed Up"\nmilestone="Report Shared"\nwindow="2d"\n'
    )
    with pytest.raises(DayMissing, match="daybreak backfill"):
        deployment.compute("2026-11-19")
    export = Export(deployment.store, deployment.arrived, deployment.project, LIMITS)
    export.derive(date(2026, 11, 1), date(2026, 11, 19))
    export.derived("2026-11-20T00:00:00Z")
    deployment.compute("2026-11-19")
    assert activated(deployment) == {"2026-11-01": (1, 1)}
    assert not deployment.bytes(f"derived/{old}/")
    assert not deployment.bytes("metrics/activation/by_month/definition=a/")
    assert not deployment.bytes("metrics/retention/")


def test_a_person_who_signs_up_before_midnight_and_returns_after_is_back_the_next_day(tmp_path: Path) -> None:
    events = [event("u", "Signed Up", "2024-02-29T07:59:00Z"), event("u", "Opened", "2024-02-29T08:01:00Z")]
    asked = project(RETENTION, "America/Los_Angeles")
    rows = computed(tmp_path, asked, events, "2024-03-02", as_of=date(2024, 2, 29)).table("retention")
    assert [(str(r["cohort"]), r["period"], r["retained"]) for r in rows] == [
        ("2024-02-28", 0, 1),
        ("2024-02-28", 1, 1),
    ]


def test_an_instant_in_the_middle_of_a_day_may_be_asked_for(tmp_path: Path) -> None:
    deployment = Deployment(tmp_path, ASKED)
    deployment.receive("2026-11-05T09:00:00+00:00", [signed_up("u", 5)])
    deployment.export("2026-11-05T11:05:00+00:00")
    done = Metrics(deployment.store, ASKED, LIMITS).run(
        "activation", date(2026, 11, 5), datetime(2026, 11, 5, 10, tzinfo=UTC)
    )
    assert done
    assert [row["status"] for row in deployment.table("activation")] == ["open"]


def test_a_definition_that_was_removed_and_added_again_is_whole(tmp_path: Path) -> None:
    other = '[time_to_value.t]\ndescription="d"\nstart="Signed Up"\nvalue="Workflow Run"\nwindow="2d"\n'
    both, one = project(ACTIVATION.format(window="2d") + other), project(other)
    deployment = Deployment(tmp_path, both)
    for day in range(1, 12):
        deployment.receive(f"2026-11-{day:02}T09:00:00+00:00", [signed_up(f"u{day}", day)])
    deployment.export("2026-11-12T00:05:00+00:00")
    deployment.compute("2026-11-10")
    before = deployment.bytes("metrics/activation/")
    deployment.project = one
    deployment.compute("2026-11-10")
    assert not deployment.bytes("metrics/activation/")
    deployment.project = both
    deployment.compute("2026-11-10")
    assert deployment.bytes("metrics/activation/") == before


def test_an_arrival_day_exported_late_restates_its_days(tmp_path: Path) -> None:
    deployment = Deployment(tmp_path, ASKED)
    deployment.receive("2026-11-05T09:00:00+00:00", [signed_up("a", 5)])
    deployment.export("2026-11-20T00:05:00+00:00")
    deployment.compute("2026-11-19")
    deployment.receive("2026-11-07T09:00:00+00:00", [signed_up("b", 7)])
    deployment.export_day("2026-11-07", "2026-11-20T00:05:00+00:00")
    deployment.compute("2026-11-19")
    assert sorted(activated(deployment)) == ["2026-11-05", "2026-11-07"]


def test_a_link_at_the_end_of_a_chain_moves_everybody_before_it(tmp_path: Path) -> None:
    sent = [
        ("2026-06-01T09:00:00+00:00", [event("c", "Signed Up", "2026-06-01T08:00:00Z")]),
        ("2026-06-11T09:00:00+00:00", [anonymous("a", "Signed Up", "2026-06-11T08:00:00Z")]),
        ("2026-06-21T09:00:00+00:00", [identify("a", "b", "2026-06-21T08:00:00Z")]),
        ("2026-07-01T09:00:00+00:00", [
            {"type": "alias", "previousId": "b", "userId": "c", "timestamp": "2026-07-01T08:00:00Z", "messageId": "b>c"}]),
    ]  # fmt: skip
    daily, once = Deployment(tmp_path / "daily", ASKED), Deployment(tmp_path / "once", ASKED)
    for received, events in sent:
        for deployment in (daily, once):
            deployment.receive(received, events)
        daily.export(f"{received[:9]}9T00:05:00+00:00")
        daily.compute(f"{received[:9]}8")
    once.export("2026-07-09T00:05:00+00:00")
    once.compute("2026-07-08")
    assert activated(daily) == activated(once) == {"2026-06-01": (1, 0)}
    assert daily.bytes("metrics/") == once.bytes("metrics/")


def test_a_changed_trait_moves_a_person_in_segments_by_the_latest_value_and_null_unsets_it(tmp_path: Path) -> None:
    asked = project(
        '[segments.plan]\ntrait="plan"\nat="latest"\n'
        '[activation.a]\ndescription="d"\nstart="Signed Up"\nmilestone="Workflow Run"\nwindow="2d"\nsegments=["plan"]'
    )

    def plan(value: str | None, at: str) -> dict[str, Any]:
        return {"type": "identify", "userId": "u", "traits": {"plan": value}, "timestamp": at, "messageId": at}

    deployment = Deployment(tmp_path, asked)
    deployment.receive(
        "2026-06-01T09:00:00+00:00",
        [event("u", "Signed Up", "2026-06-01T08:00:00Z"), plan("free", "2026-06-01T08:00:00Z")],
    )
    seen = []
    for month, value in ((7, "free"), (8, "pro"), (9, None)):
        deployment.receive(f"2026-{month:02}-01T09:00:00+00:00", [plan(value, f"2026-{month:02}-01T08:00:00Z")])
        deployment.export(f"2026-{month:02}-10T00:05:00+00:00")
        deployment.compute(f"2026-{month:02}-09")
        seen += [row["segment_value"] for row in deployment.table("activation", segment="plan")]
    assert seen == ["free", "pro", "(unset)"]


def test_a_backfill_in_the_middle_of_a_month_and_a_second_one_leave_the_numbers_right(tmp_path: Path) -> None:
    deployment = Deployment(tmp_path, ASKED)
    for day in range(1, 21):
        deployment.receive(f"2026-11-{day:02}T09:00:00+00:00", [signed_up(f"u{day}", day), signed_up("u1", day)])
    deployment.export("2026-11-21T00:05:00+00:00")
    deployment.compute("2026-11-20")
    before = deployment.bytes("metrics/")
    export = Export(deployment.store, deployment.arrived, deployment.project, LIMITS)
    for number, (first, last) in enumerate(((5, 15), (1, 20))):
        export.derive(date(2026, 11, first), date(2026, 11, last))
        export.derived(f"backfill {number}")
    for day in range(21, 31):
        deployment.receive(f"2026-11-{day:02}T09:00:00+00:00", [signed_up(f"u{day}", day)])
    deployment.export("2026-12-03T00:05:00+00:00")
    deployment.compute("2026-12-02")
    assert sum(people for people, _ in activated(deployment).values()) == 30
    assert set(before) <= set(deployment.bytes("metrics/"))


def test_each_definition_is_explained_beside_its_numbers(tmp_path: Path) -> None:
    deployment = computed(tmp_path, ASKED, [signed_up("u", 1)], "2026-11-05")
    (activation,) = deployment.described("activation")
    (row,) = deployment.table("activation")
    assert (activation["version"], activation["description"]) == (row["version"], "d")
    assert activation["meaning"].startswith('Of the people whose first "Signed Up" ever falls on a day')
    other = '[time_to_value.t]\ndescription="d"\nstart="Signed Up"\nvalue="Workflow Run"\nwindow="2d"\n'
    deployment.project = project(other + RETENTION)
    deployment.compute("2026-11-05")
    assert not deployment.described("activation")


def test_an_event_from_tomorrow_counts_tomorrow_and_leaves_today_alone(tmp_path: Path) -> None:
    deployment = Deployment(tmp_path, ASKED)
    deployment.receive("2026-11-05T20:00:00+00:00", [signed_up("today", 5), signed_up("tomorrow", 6)])
    deployment.export("2026-11-06T00:05:00+00:00")
    deployment.compute("2026-11-05")
    assert activated(deployment) == {"2026-11-05": (1, 0)}
    (today,) = deployment.table("activation")
    deployment.export("2026-11-07T00:05:00+00:00")
    deployment.compute("2026-11-06")
    assert activated(deployment) == {"2026-11-05": (1, 0), "2026-11-06": (1, 0)}
    assert deployment.table("activation")[0] == today


def test_a_replay_from_the_raw_log_moves_no_byte(tmp_path: Path) -> None:
    deployment = Deployment(tmp_path, ASKED)
    for day in (3, 4, 5):
        deployment.receive(f"2026-11-{day:02}T10:00:00+00:00", [signed_up(f"u{day}", day), ran(f"u{day - 1}", day)])
    deployment.export("2026-11-06T00:05:00+00:00")
    deployment.compute("2026-11-05")
    before = deployment.bytes("")
    export = Export(deployment.store, deployment.arrived, deployment.project, LIMITS)
    for manifest in read_manifests(deployment.store):
        export.replay(manifest.arrived, manifest.through)
    assert deployment.compute("2026-11-05")["activation"].written == []
    after = deployment.bytes("")
    assert {key for key in after if after[key] != before.get(key)} <= {
        "latest/activation.json",
        "latest/retention.json",
    }
