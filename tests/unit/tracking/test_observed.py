"""The tracking plan and the events that arrived: the drafted plan, the differences, and the page."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from daybreak.ingest.tracking_plan import Plan, parse_plan
from daybreak.tracking.compare import Difference, compare
from daybreak.tracking.observed import learn, observe
from daybreak.tracking.pages import plan_page, plan_toml

SIGN_UP = {"type": "track", "event": "Signed Up", "source": "web"}


def seen(*events: dict[str, Any]) -> list[dict[str, Any]]:
    return [{**SIGN_UP, **event} for event in events]


def test_a_property_that_always_came_is_required_in_a_learned_plan() -> None:
    plan = learn(observe(seen(
        {"properties": {"plan": "pro", "seats": 3, "coupon": None}},
        {"properties": {"plan": "team", "seats": 2.5, "tags": ["a"]}, "source": "backend"},
        {"event": "Odd", "properties": {"x": 1}},
        {"event": "Odd", "properties": {"x": "one"}},
        {"type": "identify", "traits": {"age": 7}},
        {"type": "page", "properties": {"path": "/"}},
    )))  # fmt: skip
    assert sorted(plan.events) == ["Odd", "Signed Up"]
    sign_up = plan.events["Signed Up"]
    assert sign_up.sources == ["backend", "web"]
    assert {name: (p.type, p.required) for name, p in sign_up.properties.items()} == {
        "plan": ("string", True), "seats": ("number", True), "tags": ("list", False)}  # fmt: skip
    assert plan.events["Odd"].properties["x"].type == "any"
    assert {name: (p.type, p.required) for name, p in plan.traits.items()} == {"age": ("integer", False)}


def test_a_plan_learned_from_files_names_no_source() -> None:
    observed = observe([{"type": "track", "event": "E"}])
    assert learn(observed).events["E"].sources == []
    assert compare(parse_plan('[events.E]\nsources = ["web"]\n'), observed) == []
    assert compare(Plan(), observed) == [Difference("not planned", "E", "", "1 times")]


PLAN = """
[events."Signed Up"]
sources = ["web"]
properties.plan = { type = "string", required = true }
properties.seats = { type = "integer" }
properties.never = { type = "any" }
[events.Unsent]
[traits]
age = { type = "number" }
"""


def test_every_difference_is_reported() -> None:
    observed = observe(seen(
        {"properties": {"plan": "pro", "seats": 2}},
        {"properties": {"plan": 7, "colour": "red"}, "source": "backend"},
        {"properties": {}},
        {"event": "Signed up"},
        {"type": "identify", "traits": {"age": 7}},
    ))  # fmt: skip
    assert compare(parse_plan(PLAN), observed) == [
        Difference("not planned", "Signed Up", "colour", "1 times"),
        Difference("planned as string", "Signed Up", "plan", "1 as integer"),
        Difference("never came", "Signed Up", "never", ""),
        Difference("required and missing", "Signed Up", "plan", "1 times"),
        Difference("not planned from", "Signed Up", "", "1 from backend"),
        Difference("not planned", "Signed up", "", "1 from web"),
        Difference("never came", "Unsent", "", ""),
    ]


names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)
values = st.none() | st.booleans() | st.integers(-9, 9) | st.floats(-9, 9) | st.text(max_size=3) | st.lists(st.none())
events = st.fixed_dictionaries({
    "type": st.just("track"), "event": names, "source": st.sampled_from(["web", "ios"]),
    "properties": st.none() | st.dictionaries(names, values, max_size=4),
})  # fmt: skip


@given(st.lists(events, max_size=12))
def test_events_keep_to_the_plan_that_was_learned_from_them_also_when_it_is_written_and_read(
    arrived: list[dict[str, Any]],
) -> None:
    learned = learn(observe(arrived))
    plan = parse_plan(plan_toml(learned))
    assert plan == learned
    assert compare(plan, observe(arrived)) == []
    assert [breach for event in arrived for breach in plan.breaches(event, event["source"])] == []


def test_nothing_in_a_name_becomes_part_of_the_page() -> None:
    page = plan_page(parse_plan('[events."<b>|\\u0007x"]\nowner = "a & b"\nproperties."<i>" = { type = "string" }\n'))
    assert "| &lt;b>\\| x |" in page
    assert "a &amp; b" in page
    assert "<b>" not in page
    assert "<i>" not in page
