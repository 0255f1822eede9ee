"""Lists through the real ingest, export and job: who is on them, worked out by hand."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from daybreak.errors import DayMissing
from daybreak.files.compute import compute_tables
from daybreak.lists.members import is_held_out
from support.journeys import event, project
from support.listing import MEASURED, Listing, listing

STUCK = '[list.stuck]\nwho = { did = "S", between = ["24h", "7d"] }\nnot = { did = "V", since = "start" }\n'


def received(found: Listing, events: list[dict[str, Any]], at: str = "2026-11-20T23:30:00+00:00") -> Listing:
    """Everything arrives at once, and is exported after the day is over."""
    found.deployment.receive(at, events)
    hour = f"{at[:8]}{int(at[8:10]) + 1:02}T01:00:00+00:00"
    found.deployment.export(hour)
    return found


def identify(anonymous: str, user: str, at: str, **traits: Any) -> dict[str, Any]:
    return {"type": "identify", "anonymousId": anonymous, "userId": user, "timestamp": at, "traits": traits,
            "messageId": f"{anonymous}={user}@{at}"}  # fmt: skip


def test_both_bounds_belong_to_between_to_the_microsecond(tmp_path: Path) -> None:
    """The morning after 20 November knows everything until 23:59:59.999999; that is 24 hours after the same of the 19th.

    At most seven days before it is from 23:59:59.999999 of the 13th on.
    """
    signed_up = {
        "just": "2026-11-19T23:59:59.999999Z",
        "too new": "2026-11-20T00:00:00Z",
        "oldest": "2026-11-13T23:59:59.999999Z",
        "too old": "2026-11-13T23:59:59.999998Z",
    }
    found = received(listing(tmp_path, STUCK), [event(who, "S", at) for who, at in signed_up.items()])
    made = found.day("2026-11-20")["stuck"]
    assert found.ids("stuck") == ["just", "oldest"]
    assert (made.people, made.entered, made.left, made.held_out) == (2, 2, 0, 0)
    assert made.made_at.isoformat() == "2026-11-21T00:00:00"


def test_since_start_is_since_the_last_event_that_can_have_put_them_on_the_list(tmp_path: Path) -> None:
    """V before S, or between two S, does not count; V at the instant of S or later does, whenever it is."""
    day = "2026-11-18T"
    events = [
        *[event("before", what, f"{day}{at}") for what, at in (("V", "09:59:59Z"), ("S", "10:00:00Z"))],
        *[event("same instant", what, f"{day}10:00:00Z") for what in "VS"],
        *[event("after", what, f"{day}{at}") for what, at in (("S", "10:00:00Z"), ("V", "10:00:01Z"))],
        *[event("again", what, f"{day}{at}") for what, at in (("S", "10:00:00Z"), ("V", "11:00:00Z"), ("S", "12:00:00Z"))],
        event("late", "S", f"{day}10:00:00Z"), event("late", "V", "2026-11-20T23:59:59Z"),
        event("unknown yet", "S", f"{day}10:00:00Z"), event("unknown yet", "V", "2026-11-21T00:00:00Z"),
    ]  # fmt: skip
    found = received(listing(tmp_path, STUCK), events)
    found.day("2026-11-20")
    assert found.ids("stuck") == ["again", "before", "unknown yet"]


def test_the_event_that_puts_people_on_a_list_does_not_take_them_off_it(tmp_path: Path) -> None:
    """`any` includes it. Another event of that very instant does take them off."""
    asked = '[list.silent]\nwho = { did = "S", between = ["1d", "7d"] }\nnot = { did = "any", since = "start" }\n'
    at = "2026-11-18T10:00:00Z"
    events = [event("only", "S", at), *[event("twice", "S", at, key) for key in ("k1", "k2")],
              event("more", "S", at), event("more", "X", "2026-11-18T10:00:01Z"),
              {"type": "page", "userId": "page", "timestamp": "2026-11-19T00:00:00Z", "messageId": "p"}, event("page", "S", at),
              identify("phone", "only", "2026-11-20T10:00:00Z")]  # fmt: skip
    found = received(listing(tmp_path, asked), events)
    found.day("2026-11-20")
    assert found.ids("silent") == ["only"]


@pytest.mark.parametrize(("kept", "matching", "expected"), [("k1", "k2", ["both"]), ("k2", "k1", ["both"])])
def test_no_id_decides_which_of_two_events_of_an_instant_counts(
    tmp_path: Path, kept: str, matching: str, expected: list[str]
) -> None:
    """Two S at one instant, one of which is also what must not follow: the other one is followed by it, itself it is not."""
    asked = ('[list.l]\nwho = { did = "S", in = "7d" }\n'
             'not = { did = { event = "S", where = [{ property = "paid", op = "=", value = true }] }, since = "start" }\n')  # fmt: skip
    at = "2026-11-18T10:00:00Z"
    events = [event("both", "S", at, kept, paid=True), event("both", "S", at, matching)]
    found = received(listing(tmp_path, asked), events)
    found.day("2026-11-20")
    assert found.ids("l") == expected


def test_whole_days_are_those_of_the_projects_zone_also_where_one_has_25_hours(tmp_path: Path) -> None:
    """In Berlin 25 October 2026 has 25 hours. `in = "2d"` on the morning after it is from midnight of the 24th, 22:00 UTC.

    Exactly 48 hours before its end, 23:00 UTC, is 01:00 of the 24th.
    """
    asked = ('[list.days]\nwho = { did = "S", in = "2d" }\n'
             '[list.hours]\nwho = { did = "S", between = ["1s", "48h"] }\n')  # fmt: skip
    signed_up = {"midnight": "2026-10-23T22:00:00Z", "before it": "2026-10-23T21:59:59.999999Z",
                 "one o'clock": "2026-10-23T23:00:00Z", "last": "2026-10-25T22:59:59Z"}  # fmt: skip
    found = listing(tmp_path, asked, "Europe/Berlin")
    received(found, [event(who, "S", at) for who, at in signed_up.items()], "2026-10-25T23:30:00+00:00")
    made = found.day("2026-10-25")
    assert made["days"].made_at.isoformat() == "2026-10-25T23:00:00"
    assert found.ids("days") == ["last", "midnight", "one o'clock"]
    assert found.ids("hours") == ["one o'clock"]


def test_days_of_a_spring_with_23_hours(tmp_path: Path) -> None:
    """29 March 2026 has 23 hours. Its `between = ["1s", "24h"]` reaches an hour into the day before, `in = "1d"` does not."""
    asked = ('[list.days]\nwho = { did = "S", in = "1d" }\n'
             '[list.hours]\nwho = { did = "S", between = ["1s", "24h"] }\n')  # fmt: skip
    signed_up = {"23h": "2026-03-28T23:00:00Z", "24h": "2026-03-28T22:00:00Z", "25h": "2026-03-28T21:59:59Z"}
    found = listing(tmp_path, asked, "Europe/Berlin")
    received(found, [event(who, "S", at) for who, at in signed_up.items()], "2026-03-29T22:30:00+00:00")
    found.day("2026-03-29")
    assert (found.ids("days"), found.ids("hours")) == (["23h"], ["23h", "24h"])


def test_active_days_are_counted_and_the_quiet_time_is_whole_days(tmp_path: Path) -> None:
    """Three of the seven days until the 20th, and nothing on the last two: quiet. Twice on a day is one day."""
    asked = '[list.quiet]\nwho = { was_active = 3, in = "7d" }\nnot = { did = "any", in = "2d" }\n'
    days = {"quiet": (14, 16, 18), "two days": (14, 14, 18), "too old": (13, 14, 18), "still here": (14, 16, 18, 19)}
    events = [event(who, "X", f"2026-11-{day}T{12 + n}:00:00Z") for who, on in days.items() for n, day in enumerate(on)]
    found = received(listing(tmp_path, asked), events)
    found.day("2026-11-20")
    assert found.ids("quiet") == ["quiet"]


def test_an_identify_call_is_no_activity_and_says_which_id_is_a_users(tmp_path: Path) -> None:
    """A device that never signed in has an anonymous id. Traits are the latest that are known, of any id of the person."""
    asked = '[list.l]\nwho = { did = "S", in = "7d" }\ntraits = ["role", "=plan"]\n'
    events = [
        {**event("", "S", "2026-11-18T10:00:00Z", "1"), "userId": None, "anonymousId": "device"},
        {**event("", "S", "2026-11-18T10:00:00Z", "2"), "userId": None, "anonymousId": "phone"},
        identify("phone", "ada", "2026-11-18T11:00:00Z", role="user"),
        identify("laptop", "ada", "2026-11-19T11:00:00Z", role="admin", **{"=plan": "=1+1"}),
        identify("laptop", "ada", "2026-11-21T00:00:00Z", role="owner"),
        event("=bob", "S", "2026-11-18T10:00:00Z"),
        identify("nobody", "cy", "2026-11-18T10:00:00Z"),
    ]
    found = received(listing(tmp_path, asked), events)
    found.day("2026-11-20")
    assert found.ndjson("l") == [
        {"user_id": "=bob", "anonymous_id": None, "traits": {"role": None, "=plan": None}},
        {"user_id": "ada", "anonymous_id": None, "traits": {"role": "admin", "=plan": "=1+1"}},
        {"user_id": None, "anonymous_id": "device", "traits": {"role": None, "=plan": None}},
    ]
    assert [tuple(row.values()) for row in found.csv("l")] == [
        ("'=bob", "", "", ""), ("ada", "", "admin", "'=1+1"), ("", "device", "", "")
    ]  # fmt: skip


def test_accounts_are_listed_by_any_member(tmp_path: Path) -> None:
    """Ada of acme signed up and Bob of acme did V; nobody of zoo did. A person without an account counts for none."""
    asked = STUCK.replace("\n", '\nactor = "account"\ntraits = ["plan"]\n', 1)

    def group(user: str, account: str, **traits: Any) -> dict[str, Any]:
        return {"type": "group", "userId": user, "groupId": account, "timestamp": "2026-11-17T10:00:00Z",
                "traits": traits, "messageId": f"{user} in {account}"}  # fmt: skip

    at = "2026-11-18T10:00:00Z"
    events = [group("ada", "acme"), group("bob", "acme"), group("cy", "zoo", plan="pro"), event("ada", "S", at),
              event("bob", "V", "2026-11-19T10:00:00Z"), event("cy", "S", at), event("alone", "S", at)]  # fmt: skip
    found = received(listing(tmp_path, asked), events)
    found.day("2026-11-20")
    assert found.ndjson("stuck") == [{"account": "zoo", "traits": {"plan": "pro"}}]
    (entered,) = found.stored
    assert (entered["user_id"], entered["context"]) == ("account:zoo", {"groupId": "zoo"})


def test_a_morning_that_is_not_exported_is_an_error_and_lists_need_a_backfill_once(tmp_path: Path) -> None:
    found = received(listing(tmp_path, STUCK), [event("a", "S", "2026-11-18T10:00:00Z")])
    with pytest.raises(DayMissing, match="2026-11-21 is not exported"):
        found.day("2026-11-21")
    found.deployment.project = listing(
        tmp_path, STUCK + STUCK.replace("stuck", "new").replace('"V"', '"W"')
    ).deployment.project
    with pytest.raises(DayMissing, match="backfill"):
        found.day("2026-11-20")


def test_compute_writes_a_file_for_each_list_and_says_how_many_are_on_it(tmp_path: Path) -> None:
    """As of 12:00, included: `between` reaches from exactly 24 hours before to exactly seven days before."""
    times = {"24h": "2026-11-19T12:00:00Z", "less": "2026-11-19T12:00:00.000001Z", "7d": "2026-11-13T12:00:00Z",
             "more": "2026-11-13T11:59:59.999999Z", "=1": "2026-11-18T00:00:00Z"}  # fmt: skip
    file = tmp_path / "events.jsonl"
    file.write_text("".join(json.dumps(event(who, "S", at)) + "\n" for who, at in times.items()))
    as_of = datetime(2026, 11, 20, 12, tzinfo=UTC)
    done = compute_tables([str(file)], project(STUCK + MEASURED), as_of, tmp_path / "out", now=as_of)
    (made,) = done.lists
    assert (made.list, made.people, made.entered, made.left) == ("stuck", 3, 3, 0)
    assert (tmp_path / "out/lists/stuck.csv").read_text() == "user_id,anonymous_id\n24h,\n7d,\n'=1,\n"
    lines = (tmp_path / "out/lists/stuck.ndjson").read_text().splitlines()
    assert [json.loads(line)["user_id"] for line in lines] == ["24h", "7d", "=1"]


def test_a_holdout_is_a_stable_share_by_list_and_id() -> None:
    """Of 10,000 ids, 10 % are held out within four standard deviations (120); each list chooses others."""
    ids = [f"user-{n}" for n in range(10_000)]
    held = {name: {i for i in ids if is_held_out(name, i, 10)} for name in ("a", "b")}
    assert all(abs(len(of) - 1000) <= 120 for of in held.values())
    assert abs(len(held["a"] & held["b"]) - 100) <= 40
    assert {i for i in ids if is_held_out("a", i, 5)} < held["a"] < {i for i in ids if is_held_out("a", i, 20)}
    assert not any(is_held_out("a", i, 0) for i in ids)
