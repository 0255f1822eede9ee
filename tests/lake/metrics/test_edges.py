"""Small cases at the edges of the rules, worked out by hand. tests/mutants/mutants.py says which fault each of them finds."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from daybreak.families.experiment_statistics import holm
from support.journeys import computed, event, project


def test_the_far_edge_of_a_funnels_window_belongs_to_it_in_every_order(tmp_path: Path) -> None:
    """One hour: B at 11:00:00 is in, a microsecond later is out. So 2 do A, and 1 of them B."""
    orders = ("ordered", "strict", "strict_allow_repeats", "any")
    asked = "".join(
        f'[completion.{order}]\ndescription="d"\nsteps=["A", "B"]\nwindow="1h"\norder="{order}"\n' for order in orders
    )
    events = [event(who, "A", "2024-03-01T10:00:00Z") for who in ("in", "out")]
    events += [event("in", "B", "2024-03-01T11:00:00Z"), event("out", "B", "2024-03-01T11:00:00.000001Z")]
    deployment = computed(tmp_path, project(asked), events, "2024-03-02")
    reached = {order: [row["reached"] for row in rows_of(deployment, "completion", order, 2)] for order in orders}
    assert reached == {order: [2, 1] for order in orders}


def rows_of(deployment: Any, family: str, name: str, count: int) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = deployment.table(family, name)
    assert len(rows) == count
    return rows


def test_the_far_edge_of_time_to_value_belongs_to_it_and_the_bands_meet_without_a_gap(tmp_path: Path) -> None:
    """Window 5 days. After 24 h: within; 24 h + 1 us: day 1 to 3; 72 h: 3 or more; 5 d: reached; 5 d + 1 us: never."""
    asked = project('[time_to_value.t]\ndescription="d"\nstart="S"\nvalue="V"\nwindow="5d"')
    values = ("02T00:00:00Z", "02T00:00:00.000001Z", "04T00:00:00Z", "06T00:00:00Z", "06T00:00:00.000001Z")
    events = [event(f"p{n}", "S", "2024-03-01T00:00:00Z") for n in range(5)]
    events += [event(f"p{n}", "V", f"2024-03-{at}") for n, at in enumerate(values)]
    (row,) = computed(tmp_path, asked, events, "2024-03-07").table("time_to_value")
    bands = ("reached", "within_24h", "days_1_to_3", "days_3_or_more", "never", "too_young")
    assert [row[name] for name in bands] == [4, 1, 1, 2, 1, 0]


def test_a_window_whose_far_edge_is_not_known_yet_has_not_ended(tmp_path: Path) -> None:
    """Midnight + 1 day is the first instant not counted: what happens at it is in the window and not known."""
    asked = project('[activation.a]\ndescription="d"\nstart="S"\nmilestone="V"\nwindow="1d"')
    events = [event("p", "S", "2024-03-01T00:00:00Z"), event("p", "V", "2024-03-02T00:00:00Z")]
    (row,) = computed(tmp_path / "open", asked, events, "2024-03-01").table("activation")
    assert (row["status"], row["finished"], row["activated_so_far"], row["rate"]) == ("open", 0, 0, None)
    (row,) = computed(tmp_path / "complete", asked, events, "2024-03-02").table("activation")
    assert (row["status"], row["finished"], row["activated"], row["rate"]) == ("complete", 1, 1, 1.0)


def test_often_enough_is_that_often_and_on_that_many_days(tmp_path: Path) -> None:
    """once: 1 use. twice: 2 on one day. days: 2, on two days. At least 2 uses: twice and days; on 2 days: days.

    Nobody has 2 on the day after the start, so nobody is retained by two.
    """
    asked = project(
        '[activation.a]\ndescription="d"\nstart="S"\nmilestone="V"\nwindow="7d"\nat_least=2\n'
        '[adoption.uses]\ndescription="d"\nfeature="V"\nwindow="7d"\nat_least=2\n'
        '[adoption.days]\ndescription="d"\nfeature="V"\nwindow="7d"\nat_least_days=2\n'
        '[retention.r]\ndescription="d"\nstart="S"\nreturn="V"\nperiod="day"\nperiods=1\nat_least=2\n'
    )
    events = [event(who, "S", "2024-03-01T08:00:00Z") for who in ("once", "twice", "days")]
    events += [event(who, "V", "2024-03-01T09:00:00Z") for who in ("once", "twice", "days")]
    events += [event("twice", "V", "2024-03-01T10:00:00Z"), event("days", "V", "2024-03-02T10:00:00Z")]
    deployment = computed(tmp_path, asked, events, "2024-03-02", as_of=date(2024, 3, 2))
    assert [row["activated_so_far"] for row in deployment.table("activation")] == [2]
    assert [row["users"] for row in deployment.table("adoption", "uses")] == [1, 2]
    assert [row["users"] for row in deployment.table("adoption", "days")] == [0, 1]
    assert [row["retained_so_far"] for row in deployment.table("retention")] == [3, 0]


def test_who_does_an_exclusion_between_two_steps_is_left_out_and_counted(tmp_path: Path) -> None:
    """p: A, B. q: A, X, B: excluded. r: A, B, X: X is after the steps, so it excludes nobody. 2 entered, 2 reached B."""
    asked = project('[completion.c]\ndescription="d"\nsteps=["A", "B"]\nwindow="1d"\nexclusions=["X"]')
    events = [event(who, what, f"2024-03-01T1{hour}:00:00Z")
              for who, journey in (("p", "AB"), ("q", "AXB"), ("r", "ABX")) for hour, what in enumerate(journey)]  # fmt: skip
    rows = computed(tmp_path, asked, events, "2024-03-03").table("completion")
    assert [(row["entered"], row["reached"], row["excluded"]) for row in rows] == [(2, 2, 1), (2, 2, 1)]


@pytest.mark.parametrize("joined", ["2024-03-01T07:00:00Z", "2024-03-02T07:00:00Z"])
def test_what_a_member_did_counts_for_the_account_also_before_joining(tmp_path: Path, joined: str) -> None:
    """u signs the account up and v, who joins before that or a day later, runs its workflow: one account, activated."""
    asked = project('[activation.a]\ndescription="d"\nactor="account"\nstart="S"\nmilestone="V"\nwindow="1d"')
    events: list[dict[str, Any]] = [
        {"type": "group", "userId": who, "groupId": "acme", "timestamp": at, "messageId": f"g/{who}"}
        for who, at in (("u", "2024-03-01T07:00:00Z"), ("v", joined))
    ]
    events += [event("u", "S", "2024-03-01T08:00:00Z"), event("v", "V", "2024-03-01T09:00:00Z")]
    (row,) = computed(tmp_path, asked, events, "2024-03-05").table("activation")
    assert (row["people"], row["activated"]) == (1, 1)


def test_an_answer_off_the_scale_or_between_its_numbers_is_left_out(tmp_path: Path) -> None:
    """9, 8, 7 and 0 are answers; 11, -1, 8.5 and nothing at all are not: 100 x (1 - 1) / 4 = 0, 4 left out."""
    asked = project('[survey.s]\ndescription="d"\nanswer="Q"\nscale="nps"\nperiod="day"')
    events = [event(f"p{n}", "Q", "2024-03-01T10:00:00Z", score=score)
              for n, score in enumerate((9, 8, 7, 0, 11, -1, 8.5, None))]  # fmt: skip
    (row,) = computed(tmp_path, asked, events, "2024-03-01").table("survey")
    assert [row[name] for name in ("answers", "left_out", "low", "middle", "high", "nps")] == [4, 4, 1, 2, 1, 0.0]


def test_holm_multiplies_the_smallest_p_by_all_and_never_reorders_them() -> None:
    """0.01 x 3 = 0.03, 0.03 x 2 = 0.06, 0.04 x 1 = 0.04, but no smaller than the one before it: 0.06."""
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])


def test_who_saw_two_variants_is_in_neither_and_who_was_there_before_is_not_won(tmp_path: Path) -> None:
    """a: one of two reached. b: one of one; both: a, then b. early: the goal an hour before the exposure."""
    asked = project(
        '[conversion.c]\ndescription="d"\nstart="S"\nupgrade="V"\nwindow="2d"\n'
        '[experiment.e]\ndescription="d"\nexposure="X"\nvariants=["a", "b"]\ngoal="conversion.c"\nplanned=1'
    )
    events = [event(who, "S", "2024-03-01T08:00:00Z") for who in ("a1", "a2", "b1", "both", "early")]
    events += [event(who, "X", "2024-03-01T10:00:00Z", variant=who[0]) for who in ("a1", "a2", "b1")]
    events += [event("both", "X", "2024-03-01T10:00:00Z", variant="a"),
               event("both", "X", "2024-03-01T11:00:00Z", variant="b"),
               event("early", "V", "2024-03-01T09:00:00Z"), event("early", "X", "2024-03-01T10:00:00Z", variant="a")]  # fmt: skip
    events += [event(who, "V", "2024-03-01T12:00:00Z") for who in ("a1", "b1", "both")]
    rows = computed(tmp_path, asked, events, "2024-03-05").table("experiment")[-2:]
    counts = ("variant", "exposed", "finished", "reached", "in_several", "reached_before")
    assert [tuple(row[name] for name in counts) for row in rows] == [("a", 2, 2, 1, 1, 1), ("b", 1, 1, 1, 1, 0)]


def test_the_day_the_clocks_change_has_23_hours(tmp_path: Path) -> None:
    """Berlin, 2024-03-31: 23:00 to 22:00 UTC. 22:30 UTC is 00:30 in April; with 24 hours it would be March."""
    asked = project('[active_people.p]\ndescription="d"', "Europe/Berlin")
    rows = computed(
        tmp_path, asked, [event("p", "Opened", "2024-03-31T22:30:00Z")], "2024-04-02", as_of=date(2024, 4, 1)
    )
    assert [(str(row["day"]), row["dau"]) for row in rows.table("active_people")] == [("2024-04-01", 1)]


def test_the_first_entry_opens_the_only_window_unless_any_may(tmp_path: Path) -> None:
    """A at 13:00 and 13:30, B at 14:10, one hour: 70 minutes after the first A, 40 after the second."""
    asked = "".join(
        f'[completion.{entry}_entry]\ndescription="d"\nsteps=["A", "B"]\nwindow="1h"\nentry="{entry}"\n'
        for entry in ("first", "any")
    )
    events = [event("p", what, f"2024-03-01T{at}:00Z") for what, at in (("A", "13:00"), ("A", "13:30"), ("B", "14:10"))]
    deployment = computed(tmp_path, project(asked), events, "2024-03-02")
    assert [row["reached"] for row in deployment.table("completion", "first_entry")] == [1, 0]
    assert [row["reached"] for row in deployment.table("completion", "any_entry")] == [1, 1]


def test_an_optional_step_a_microsecond_after_the_window_is_not_reached(tmp_path: Path) -> None:
    """Nobody reaches C, so only the window ends the optional step: p does B at its far edge, q a microsecond later."""
    asked = project('[completion.c]\ndescription="d"\nsteps=["A", {event="B", optional=true}, "C"]\nwindow="1h"')
    events = [event(who, "A", "2024-03-01T10:00:00Z") for who in ("p", "q")]
    events += [event("p", "B", "2024-03-01T11:00:00Z"), event("q", "B", "2024-03-01T11:00:00.000001Z")]
    assert [row["reached"] for row in computed(tmp_path, asked, events, "2024-03-02").table("completion")] == [2, 1, 0]


def test_one_event_serves_one_step(tmp_path: Path) -> None:
    """Both steps are A: p does it once and q twice, so 2 reach the first step and 1 the second."""
    asked = project('[completion.c]\ndescription="d"\nsteps=["A", "A"]\nwindow="1d"')
    events = [event(who, "A", f"2024-03-01T1{n}:00:00Z") for who, times in (("p", 1), ("q", 2)) for n in range(times)]
    assert [row["reached"] for row in computed(tmp_path, asked, events, "2024-03-02").table("completion")] == [2, 1]


BIG = '{event="A", where=[{property="n", op=">=", value=5}]}'


def test_one_event_serves_one_step_where_steps_overlap_in_every_order(tmp_path: Path) -> None:
    """Steps: an A, and an A of 5 or more. p does one of 9: step 1 alone. q does 9 and 1 at one instant: both steps.

    r does 9 and 7 with a second between: both steps. So 3 people do one step, and 2 of them two.
    """
    orders = ("ordered", "strict", "strict_allow_repeats", "any")
    asked = "".join(
        f'[completion.{order}_{entry}]\ndescription="d"\nsteps=["A", {BIG}]\nwindow="1d"\norder="{order}"\nentry="{entry}"\n'
        for order in orders
        for entry in ("first", "any")
    )
    done = [("p", 0, 9), ("q", 0, 9), ("q", 0, 1), ("r", 0, 9), ("r", 1, 7)]
    events = [event(who, "A", f"2024-03-01T10:00:0{second}Z", f"{who}/{n}", n=n) for who, second, n in done]
    deployment = computed(tmp_path, project(asked), events, "2024-03-03")
    for order in orders:
        for entry in ("first", "any"):
            rows = deployment.table("completion", f"{order}_{entry}")
            assert [row["reached"] for row in rows] == [3, 2], (order, entry)


def test_lists_with_names_in_common_compete_for_the_same_event(tmp_path: Path) -> None:
    """Steps: A or B, B or C. p does one B: step 1 alone. q does B and C at one instant: both, though C is no step 1."""
    asked = project('[completion.c]\ndescription="d"\nsteps=[["A", "B"], ["B", "C"]]\nwindow="1d"')
    events = [event(who, what, "2024-03-01T10:00:00Z") for who, what in (("p", "B"), ("q", "B"), ("q", "C"))]
    assert [row["reached"] for row in computed(tmp_path, asked, events, "2024-03-03").table("completion")] == [2, 1]


def test_what_happens_at_the_instant_of_a_step_is_not_between_steps(tmp_path: Path) -> None:
    """Strict A, B, C. p: A; B and X at one instant; C: all three. q: A; B; X; C: X is between B and C."""
    asked = project('[completion.c]\ndescription="d"\nsteps=["A", "B", "C"]\nwindow="1d"\norder="strict"')
    done = {"p": (("A", 0), ("B", 1), ("X", 1), ("C", 2)), "q": (("A", 0), ("B", 1), ("X", 2), ("C", 3))}
    events = [event(who, what, f"2024-03-01T10:00:0{at}Z") for who, acts in done.items() for what, at in acts]
    assert [row["reached"] for row in computed(tmp_path, asked, events, "2024-03-03").table("completion")] == [2, 2, 1]


def test_by_the_24_hour_clock_day_1_begins_24_hours_after_the_start_to_the_second(tmp_path: Path) -> None:
    """Start at 10:30. p is back the next day at 10:00, after 23.5 h: day 0. q at 10:30: day 1, which runs two days on."""
    asked = project('[retention.clock]\ndescription="d"\nstart="S"\nreturn="V"\nperiod="day"\nperiods=1\nclock="24h"')
    events = [event(who, "S", "2024-03-01T10:30:00Z") for who in ("p", "q")]
    events += [event("p", "V", "2024-03-02T10:00:00Z"), event("q", "V", "2024-03-02T10:30:00Z")]
    rows = computed(tmp_path, asked, events, "2024-03-02").table("retention")
    assert [(row["status"], row["retained"], row["retained_so_far"], row["rate"]) for row in rows] == [
        ("complete", 2, 2, 1.0),
        ("open", None, 1, None),
    ]


def test_a_week_that_starts_on_sunday_ends_on_saturday(tmp_path: Path) -> None:
    """Saturday, 2024-03-02, and the Sunday after it are in two such weeks; in weeks from Monday they are in one."""
    asked = project('[lifecycle.l]\ndescription="d"\nperiod="week"', week_start="sunday")
    events = [event("p", "Opened", f"2024-03-0{day}T10:00:00Z") for day in (2, 3)]
    rows = computed(tmp_path, asked, events, "2024-03-03").table("lifecycle")
    assert [(str(row["period_start"]), row["new_people"], row["returning_people"]) for row in rows] == [
        ("2024-02-25", 1, 0),
        ("2024-03-03", 0, 1),
    ]


def test_an_event_that_was_sent_three_times_counts_once(tmp_path: Path) -> None:
    """Two tickets, each sent three times: 2 tickets of one person."""
    asked = project('[support_load.s]\ndescription="d"\nticket="T"\nstart="T"\nonboarding="1d"\nperiod="day"')
    tickets = [event("p", "T", f"2024-03-01T1{n}:00:00Z") for n in range(2)]
    (row,) = computed(tmp_path, asked, tickets * 3, "2024-03-01").table("support_load")
    assert (row["active_people"], row["tickets"]) == (1, 2)
