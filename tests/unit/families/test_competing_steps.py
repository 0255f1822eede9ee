"""Contests say exactly when each step can have an event of its own; brute force says it too."""

from collections.abc import Callable
from itertools import permutations
from operator import eq, ge, gt, lt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daybreak.families.competing_steps import MOST_CONTESTS, contests_in_any_order, contests_in_order
from daybreak.families.completion import Completion
from daybreak.families.selectors import event_selector

Happened = tuple[str, int]
"""An event's name and its property n."""

SELECTORS: dict[str, Any] = {
    "A": "A",
    "B": "B",
    "A or B": ["A", "B"],
    "B or C": ["B", "C"],
    "any": "any",
    "big A": {"event": "A", "where": [{"property": "n", "op": ">=", "value": 5}]},
    "A of 9": {"event": "A", "where": [{"property": "n", "op": "=", "value": 9}]},
    "A over 5": {"event": "A", "where": [{"property": "n", "op": ">", "value": 5}]},
    "small A": {"event": "A", "where": [{"property": "n", "op": "<", "value": 5}]},
    "A of 1": {"event": "A", "where": [{"property": "n", "op": "in", "value": [1, 2]}]},
}
STEPS = st.lists(st.sampled_from(sorted(SELECTORS)), min_size=2, max_size=4)
EVENTS = st.lists(st.tuples(st.sampled_from("ABC"), st.sampled_from([1, 5, 9])), max_size=5)


def funnel(steps: list[Any]) -> Completion:
    return Completion.model_validate({"description": "d", "steps": steps, "window": "1d"})


def keys(steps: list[str]) -> list[str]:
    chosen = [SELECTORS[step] for step in steps]
    return [step.selector for step in funnel(chosen).steps]


def fits(key: str, event: Happened) -> bool:
    chosen = event_selector(key)
    named = not chosen.event or event[0] in chosen.event
    holds: dict[str, Callable[[Any, Any], bool]] = {
        "=": eq,
        ">=": ge,
        ">": gt,
        "<": lt,
        "in": lambda n, values: n in values,
    }
    return named and all(holds[f.op](event[1], f.value) for f in chosen.where)


def has_own_events(steps: list[str], events: list[Happened]) -> bool:
    """True if the steps can each have an event of their own, tried in every way."""
    return any(all(map(fits, steps, chosen)) for chosen in permutations(events, len(steps)))


@given(STEPS, EVENTS, st.data())
def test_steps_can_have_events_of_their_own_if_no_contest_is_short(
    steps: list[str], events: list[Happened], data: st.DataObject
) -> None:
    chosen = keys(steps)
    here = data.draw(st.sets(st.sampled_from(range(1, len(chosen) + 1)), min_size=1))
    short = [
        contest
        for contest in contests_in_order(chosen)
        if sum(any(fits(chosen[n - 1], event) for n in contest) for event in events) < len(contest & here)
    ]
    assert has_own_events([chosen[n - 1] for n in sorted(here)], events) == (not short)


@given(STEPS)
def test_steps_of_different_groups_are_never_the_same_event(steps: list[str]) -> None:
    chosen = keys(steps)
    groups = [contests[-1] for contests in contests_in_any_order(chosen)]
    assert sorted(step for group in groups for step in group) == list(range(1, len(chosen) + 1))
    for event in ((name, n) for name in "ABC" for n in (1, 5, 9)):
        assert sum(any(fits(chosen[n - 1], event) for n in group) for group in groups) <= 1


def test_a_funnel_of_different_events_has_one_contest_a_step() -> None:
    pages = [{"event": "Page", "where": [{"property": "path", "op": "=", "value": f"/{n}"}]} for n in range(20)]
    steps = funnel(pages).steps
    assert contests_in_order([step.selector for step in steps]) == [{n} for n in range(1, 21)]


def test_ranges_of_a_number_that_do_not_meet_never_compete() -> None:
    ranges = [
        [{"property": "n", "op": ">=", "value": n}, {"property": "n", "op": "<", "value": n + 1}] for n in range(12)
    ]
    steps = funnel([{"event": "A", "where": where} for where in ranges]).steps
    assert contests_in_order([step.selector for step in steps]) == [{n} for n in range(1, 13)]


def test_each_threshold_is_within_the_lower_ones() -> None:
    steps = funnel([{"event": "A", "where": [{"property": "n", "op": ">", "value": n}]} for n in range(12)]).steps
    assert contests_in_order([step.selector for step in steps]) == [set(range(n, 13)) for n in range(12, 0, -1)]


@pytest.mark.parametrize(
    ("one", "other"), [("nan", "nan"), ("Infinity", "infinity"), ("10", 10), (1, True), (1.0, 1), ("Pro", "pro")]
)
def test_values_that_an_event_might_equal_both_compete(one: Any, other: Any) -> None:
    steps = [{"event": "A", "where": [{"property": "n", "op": "=", "value": value}]} for value in (one, other)]
    chosen = [step.selector for step in funnel(steps).steps]
    assert {1, 2} in contests_in_order(chosen)


def test_too_many_steps_that_could_be_the_same_event_are_refused() -> None:
    steps = [{"event": "A", "where": [{"property": f"p{n}", "op": "exists"}]} for n in range(9)]
    assert funnel(steps[:8]).steps
    with pytest.raises(ValueError, match=f"compete in more than {MOST_CONTESTS} ways; leave out some"):
        funnel(steps)
