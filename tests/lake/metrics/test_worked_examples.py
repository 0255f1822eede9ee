"""Numbers worked out by hand, and the field's own worked examples."""

from pathlib import Path

import pytest

from support.journeys import computed, event, project

SIGNED_UP = "2024-03-01T10:00:00Z"


def people(count: int) -> list[str]:
    return [f"p{number}" for number in range(count)]


def test_60_of_100_reach_the_milestone_in_7_days_activation_60_percent(tmp_path: Path) -> None:
    asked = project('[activation.a]\ndescription="d"\nstart="Signed Up"\nmilestone="Activated"\nwindow="7d"')
    events = [event(p, "Signed Up", SIGNED_UP) for p in people(100)]
    events += [event(p, "Activated", "2024-03-08T10:00:00Z") for p in people(60)]
    events += [event("p99", "Activated", "2024-03-08T10:00:00.000001Z")]
    (row,) = computed(tmp_path, asked, events, "2024-03-08").table("activation")
    assert (row["status"], row["people"], row["finished"], row["activated"], row["rate"]) == (
        "complete",
        100,
        100,
        60,
        0.6,
    )


def test_80_of_100_are_there_a_month_later_retention_80_percent(tmp_path: Path) -> None:
    asked = project('[retention.r]\ndescription="d"\nstart="Signed Up"\nreturn="any"\nperiod="month"\nperiods=2')
    events = [event(p, "Signed Up", SIGNED_UP) for p in people(100)]
    events += [event(p, "Opened", "2024-04-15T10:00:00Z") for p in people(80)]
    rows = computed(tmp_path, asked, events, "2024-04-30").table("retention")
    assert [(r["period"], r["people"], r["retained"], r["rate"]) for r in rows] == [
        (0, 100, 100, 1.0),
        (1, 100, 80, 0.8),
    ]


def test_70_of_100_finish_every_step_completion_70_percent(tmp_path: Path) -> None:
    asked = project('[completion.c]\ndescription="d"\nsteps=["A", "B", "C"]\nwindow="1d"')
    events = [event(p, "A", "2024-03-01T10:00:00Z") for p in people(100)]
    events += [event(p, "B", "2024-03-01T11:00:00Z") for p in people(90)]
    events += [event(p, "C", "2024-03-01T12:30:00Z") for p in people(70)]
    rows = computed(tmp_path, asked, events, "2024-03-03").table("completion")
    assert [(r["step"], r["reached"], r["dropped"], r["rate_of_start"]) for r in rows] == [
        (1, 100, 0, 1.0),
        (2, 90, 10, 0.9),
        (3, 70, 20, 0.7),
    ]
    assert rows[2]["rate_of_previous"] == pytest.approx(70 / 90)
    assert [r["median_seconds_from_previous"] for r in rows] == [None, 3600.0, 5400.0]


def test_40_of_100_use_the_feature_adoption_40_percent(tmp_path: Path) -> None:
    asked = project('[adoption.a]\ndescription="d"\nfeature="Report Shared"\nwindow="28d"')
    events = [event(p, "Opened", "2024-03-01T10:00:00Z") for p in people(100)]
    events += [event(p, "Report Shared", "2024-03-02T10:00:00Z") for p in people(40)]
    rows = computed(tmp_path, asked, events, "2024-03-02").table("adoption")
    assert [(r["active_people"], r["users"], r["rate"]) for r in rows] == [(100, 0, 0.0), (100, 40, 0.4)]


def test_people_too_young_are_in_neither_numerator_nor_denominator(tmp_path: Path) -> None:
    """peer case act-01: 7 days from the exact second; as of the end of 2024-03-09 three of five are old enough."""
    asked = project('[activation.a]\ndescription="d"\nstart="signed_up"\nmilestone="activated"\nwindow="7d"')
    starts = [
        "2024-03-01T00:00:00Z",
        "2024-03-01T23:00:00Z",
        "2024-03-02T12:00:00Z",
        "2024-03-09T00:00:00Z",
        "2024-03-09T13:00:00Z",
    ]
    events = [event(f"u{n}", "signed_up", at) for n, at in enumerate(starts)]
    events += [
        event("u0", "activated", "2024-03-02T00:00:00Z"),
        event("u1", "activated", "2024-03-09T00:00:00Z"),
        event("u3", "activated", "2024-03-09T01:00:00Z"),
    ]
    rows = computed(tmp_path, asked, events, "2024-03-09").table("activation")
    sums = {name: sum(r[name] for r in rows) for name in ("people", "finished", "activated", "activated_so_far")}
    assert sums == {"people": 5, "finished": 3, "activated": 1, "activated_so_far": 1}
    assert [(r["status"], r["rate"]) for r in rows] == [("complete", 0.5), ("complete", 0.0), ("open", None)]


def test_a_start_two_years_ago_makes_nobody_new_today(tmp_path: Path) -> None:
    asked = project('[retention.r]\ndescription="d"\nstart="Signed Up"\nreturn="any"\nperiod="day"\nperiods=1')
    events = [event("old", "Signed Up", "2022-03-01T10:00:00Z"), event("old", "Signed Up", "2024-03-01T10:00:00Z"),
              event("new", "Signed Up", "2024-03-01T11:00:00Z")]  # fmt: skip
    rows = computed(tmp_path, asked, events, "2024-03-01").table("retention")
    assert [(str(r["cohort"]), r["period"], r["people"]) for r in rows] == [
        ("2022-03-01", 0, 1),
        ("2022-03-01", 1, 1),
        ("2024-03-01", 0, 1),
    ]


def test_time_to_value_counts_those_still_waiting(tmp_path: Path) -> None:
    """Ten start; two reach it after 1 h, two after 10 h, one after 30 h; five never within the window of 5 days.

    Nobody leaves early, so the Kaplan-Meier share is plain: half have reached it at 30 h, three quarters never do.
    """
    asked = project('[time_to_value.t]\ndescription="d"\nstart="S"\nvalue="V"\nwindow="5d"')
    events = [event(p, "S", "2024-03-01T00:00:00Z") for p in people(10)]
    for who, at in zip(people(5), ("T01", "T01", "T10", "T10", "T30"), strict=True):
        hour = int(at[1:])
        events.append(event(who, "V", f"2024-03-{1 + hour // 24:02}T{hour % 24:02}:00:00Z"))
    (row,) = computed(tmp_path, asked, events, "2024-03-06").table("time_to_value")
    bands = ("reached", "within_24h", "days_1_to_3", "days_3_or_more", "never", "too_young")
    assert [row[name] for name in bands] == [5, 4, 1, 0, 5, 0]
    assert (row["p50_seconds"], row["p75_seconds"], row["p90_seconds"]) == (30 * 3600.0, None, None)
    assert row["median_of_reached_seconds"] == 10 * 3600.0


def test_kaplan_meier_leaves_those_too_young_at_risk_only_as_long_as_they_were_watched(tmp_path: Path) -> None:
    """Five people: reached after 1, 3 and 5 days; two are watched for 2 days only, without reaching it.

    Share still waiting: day 1: 4/5; the two leave; day 3: 4/5 * 1/2 = 2/5; day 5: 0. So p50 is day 3, p75 and p90
    day 5. Counting the two as never would put p50 at day 5.
    """
    asked = project('[time_to_value.t]\ndescription="d"\nstart="S"\nvalue="V"\nwindow="30d"\nperiod="month"')
    events = [event(p, "S", "2024-03-01T00:00:00Z") for p in people(3)]
    events += [event(p, "V", f"2024-03-{day:02}T00:00:00Z") for p, day in zip(people(3), (2, 4, 6), strict=True)]
    events += [event(p, "S", "2024-03-09T00:00:00Z") for p in ("young", "younger")]
    (row,) = computed(tmp_path, asked, events, "2024-03-10").table("time_to_value")
    day = 86_400.0
    assert (row["status"], row["reached"], row["too_young"], row["never"]) == ("open", 3, 2, 0)
    assert (row["p50_seconds"], row["p75_seconds"], row["p90_seconds"]) == (3 * day, 5 * day, 5 * day)
    assert row["median_of_reached_seconds"] == 3 * day


def test_segments_add_up_to_the_total_and_unset_is_one_of_them(tmp_path: Path) -> None:
    asked = project(
        '[segments.plan]\nproperty="plan"\n[segments.role]\ntrait="role"\n[segments.role_now]\ntrait="role"\nat="latest"\n'
        '[activation.a]\ndescription="d"\nstart="S"\nmilestone="V"\nwindow="1d"\nsegments=["plan", "role", "role_now"]'
    )
    events = [
        event(p, "S", "2024-03-01T10:00:00Z", plan=plan) for p, plan in zip(people(3), ("a", "a", "b"), strict=True)
    ]
    events += [event("p3", "S", "2024-03-01T10:00:00Z"), event("p0", "V", "2024-03-01T11:00:00Z")]
    for at, role in (("2024-02-01", "intern"), ("2024-03-01", "engineer"), ("2024-03-02", "boss")):
        events.append(
            {
                "type": "identify",
                "userId": "p0",
                "traits": {"role": role},
                "messageId": at,
                "timestamp": f"{at}T00:00:00Z",
            }
        )
    rows = computed(tmp_path, asked, events, "2024-03-05").table("activation", segment=None)
    found = {(r["segment"], r["segment_value"]): (r["people"], r["activated"]) for r in rows}
    assert found == {
        ("all", "all"): (4, 1),
        ("plan", "a"): (2, 1),
        ("plan", "b"): (1, 0),
        ("plan", "(unset)"): (1, 0),
        ("role", "engineer"): (1, 1),
        ("role", "(unset)"): (3, 0),
        ("role_now", "boss"): (1, 1),
        ("role_now", "(unset)"): (3, 0),
    }


def test_property_filters_choose_events_and_odd_properties_only_fail_to_match(tmp_path: Path) -> None:
    conditions = {
        "equal": ('{ property = "n", op = "=", value = 5 }', {"five", "five_point_0"}),
        "text": ('{ property = "n", op = "=", value = "5" }', {"text", "five"}),
        "text_of_a_decimal": ('{ property = "n", op = "=", value = "5.0" }', {"five_point_0"}),
        "text_unequal": ('{ property = "n", op = "!=", value = "5" }', {"five_point_0", "six", "list", "huge", "yes"}),
        "truth": ('{ property = "n", op = "=", value = true }', {"yes"}),
        "text_of_a_truth_value": ('{ property = "n", op = "=", value = "TRUE" }', {"yes"}),
        "text_of_the_other_truth_value": ('{ property = "n", op = "in", value = ["false", "[5]", "null"] }', set()),
        "unequal": ('{ property = "n", op = "!=", value = 5 }', {"six", "text", "list", "huge", "yes"}),
        "above": ('{ property = "n", op = ">", value = 5 }', {"six", "huge"}),
        "among": ('{ property = "n", op = "in", value = [6, "5"] }', {"six", "text", "five"}),
        "there": ('{ property = "n", op = "exists" }', {"five", "five_point_0", "six", "text", "list", "huge", "yes"}),
    }
    values = {
        "five": 5, "five_point_0": 5.0, "six": 6, "text": "5", "list": [5], "null_value": None, "huge": 10**400,
        "yes": True,
    }  # fmt: skip
    tables = "\n".join(
        f'[adoption.{name}]\ndescription="d"\nwindow="1d"\nfeature={{ event = "E", where = [{where}] }}'
        for name, (where, _) in conditions.items()
    )
    events = [
        event(who, "E", "2024-03-01T10:00:00Z", n=value if who != "huge" else 1e300) for who, value in values.items()
    ]
    events.append(event("absent", "E", "2024-03-01T10:00:00Z"))
    deployment = computed(tmp_path, project(tables), events, "2024-03-01")
    for name, (_, who) in conditions.items():
        assert deployment.table("adoption", name)[0]["users"] == len(who), name
