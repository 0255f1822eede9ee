"""Who enters and who leaves from one morning to the next, whatever is repeated, killed, linked or forgotten meanwhile."""

from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from daybreak.ingest.rules import forgotten_digest
from daybreak.lake import keys
from daybreak.lists.members import is_held_out
from support.journeys import event, project, stride
from support.listing import MEASURED, Fragile, Killed, Listing, killed_after, listing

RECENT = '[list.recent]\ndescription = "d"\nwho = { did = "S", in = "2d" }\n'


def made_on(found: Listing, day: int, events: list[dict[str, Any]], **beside: Any) -> Any:
    """Receive events in the evening of a November day, export after midnight, and make the lists."""
    if events:
        found.deployment.receive(f"2026-11-{day}T23:30:00+00:00", events)
    found.deployment.export(f"2026-11-{day + 1}T01:00:00+00:00")
    return found.day(f"2026-11-{day}", **beside)["recent"]


def sign_up(who: str, day: int) -> dict[str, Any]:
    return event(who, "S", f"2026-11-{day}T10:00:00Z")


def identify(anonymous: str, user: str, day: int) -> dict[str, Any]:
    return {"type": "identify", "anonymousId": anonymous, "userId": user, "messageId": f"{anonymous}={user}",
            "timestamp": f"2026-11-{day}T20:00:00Z"}  # fmt: skip


def entries(found: Listing) -> list[tuple[str, str]]:
    """(the person, the day of the entry) of each event, each message id once, in order."""
    once = {stored["message_id"]: stored for stored in found.stored}.values()
    return sorted((stored.get("user_id") or stored["anonymous_id"], stored["timestamp"][:10]) for stored in once)


def test_entered_and_left_over_four_mornings(tmp_path: Path) -> None:
    """Who signed up on the 10th is on the list on the 10th and 11th. Whoever signs up again after a gap enters again."""
    found = listing(tmp_path, RECENT)
    first = made_on(found, 10, [sign_up("ada", 10), sign_up("bob", 10)])
    assert (first.people, first.entered, first.left) == (2, 2, 0)
    second = made_on(found, 11, [sign_up("ada", 11), sign_up("cy", 11)])
    assert (second.people, second.entered, second.left) == (3, 1, 0)
    assert (found.ids("recent"), found.ids("recent", "entered"), found.ids("recent", "left")) == (
        ["ada", "bob", "cy"], ["cy"], [])  # fmt: skip
    third = made_on(found, 12, [])
    assert (third.people, third.entered, third.left) == (2, 0, 1)
    assert (found.ids("recent"), found.ids("recent", "left")) == (["ada", "cy"], ["bob"])
    fourth = made_on(found, 13, [sign_up("bob", 13)])
    assert (fourth.people, fourth.entered, fourth.left) == (1, 1, 2)
    assert entries(found) == [("ada", "2026-11-11"), ("bob", "2026-11-11"), ("bob", "2026-11-14"), ("cy", "2026-11-12")]
    assert [(row["made_at"].day, row["people"], row["entered"], row["left"]) for row in found.counts()] == [
        (11, 2, 2, 0), (12, 3, 1, 0), (13, 2, 0, 1), (14, 1, 1, 2)
    ]  # fmt: skip


def test_the_table_of_lists_and_its_json_hold_counts_and_no_id(tmp_path: Path) -> None:
    found = listing(tmp_path, RECENT)
    made_on(found, 10, [sign_up("ada-lovelace", 10)])
    (row,) = found.counts()
    assert row == {
        "list": "recent", "made_at": datetime.fromisoformat("2026-11-11"), "description": "d", "actor": "person",
        "meaning": 'People who did "S" in the last 2 days.', "people": 1, "entered": 1, "left": 0, "held_out": 0,
        "file": "lists/recent/made=2026-11-11T000000Z/people.csv", "revision": 0,
    }  # fmt: skip
    assert found.deployment.latest("lists")["rows"] == [
        [v.isoformat() if isinstance(v, datetime) else v for v in row.values()]
    ]
    naming = [path for path in tmp_path.rglob("*.*") if b"ada-lovelace" in path.read_bytes()]
    outside = {path.relative_to(tmp_path).parts[0] for path in naming}
    assert outside <= {"lists", "raw", "events", "derived"}


def test_a_person_whose_link_arrives_later_moves_as_one(tmp_path: Path) -> None:
    """A phone and a laptop are on the list; on the next day both turn out to be Ada. She neither enters nor leaves."""
    found = listing(tmp_path, RECENT)
    devices = [{**sign_up(name, 10), "userId": None, "anonymousId": name} for name in ("phone", "laptop", "other")]
    assert made_on(found, 10, devices).entered == 3
    made = made_on(found, 11, [identify("phone", "ada", 11), identify("laptop", "ada", 11)])
    assert (made.people, made.entered, made.left) == (2, 0, 0)
    assert found.ids("recent") == ["ada", "other"]
    made = made_on(found, 12, [])
    assert (made.people, made.left, found.ids("recent", "left")) == (0, 2, ["ada", "other"])


def test_people_keep_their_group_when_a_link_arrives_and_the_delivered_one_of_two_counts(tmp_path: Path) -> None:
    """Devices chosen by the hash: one held out, one not. Each becomes a user whose own id is in the other group."""
    found = listing(tmp_path, RECENT + "holdout = 50\n")
    held = [f"h{n}" for n in range(40) if is_held_out("recent", f"h{n}", 50)]
    free = [f"f{n}" for n in range(40) if not is_held_out("recent", f"f{n}", 50)]
    users = {out: [f"u{n}" for n in range(40) if is_held_out("recent", f"u{n}", 50) == out] for out in (True, False)}
    devices = [held[0], held[1], free[0], free[1]]
    made = made_on(found, 10, [{**sign_up(name, 10), "userId": None, "anonymousId": name} for name in devices])
    assert (made.people, made.held_out) == (4, 2)
    assert found.ids("recent") == sorted(free[:2])
    delivered_user, held_user, both = users[False][0], users[True][0], users[True][1]
    links = [identify(held[0], delivered_user, 11), identify(free[0], held_user, 11)]
    links += [identify(held[1], both, 11), identify(free[1], both, 11)]
    made = made_on(found, 11, links)
    assert (made.people, made.held_out, made.entered, made.left) == (3, 1, 0, 0)
    assert found.ids("recent") == sorted([held_user, both])


def test_people_who_sign_in_leave_and_return_keep_their_group(tmp_path: Path) -> None:
    """A device is held out or not; it becomes a user of the other group, on the list or off it; later another joins."""
    found = listing(tmp_path, RECENT + "holdout = 50\n")
    held = [f"h{n}" for n in range(40) if is_held_out("recent", f"h{n}", 50)]
    free = [f"f{n}" for n in range(40) if not is_held_out("recent", f"f{n}", 50)]
    users = {out: [f"u{n}" for n in range(40) if is_held_out("recent", f"u{n}", 50) == out] for out in (True, False)}
    devices = [held[0], held[1], free[0], free[1]]
    those = [users[False][0], users[False][1], users[True][0], users[True][1]]
    made_on(found, 10, [{**sign_up(name, 10), "userId": None, "anonymousId": name} for name in devices])
    made_on(found, 11, [identify(devices[n], those[n], 11) for n in (0, 2)])
    made = made_on(found, 12, [])
    assert (made.people, made.left, found.ids("recent", "left")) == (0, 4, sorted([those[2], free[1]]))
    made_on(found, 13, [identify(devices[n], those[n], 13) for n in (1, 3)])
    made_on(found, 14, [identify(f"0-{who}", who, 14) for who in those])
    for again in range(2):
        made = made_on(found, 15, [sign_up(who, 15) for who in those] if not again else [])
        assert (made.people, made.entered, made.held_out, made.revision) == (4, 4, 2, 0)
        assert found.ids("recent") == sorted(those[2:])


def test_the_held_out_are_counted_and_have_events_but_are_in_no_file(tmp_path: Path) -> None:
    """Of 200 people, 20 % are held out within four standard deviations: 17 to 63."""
    found = listing(tmp_path, RECENT + "holdout = 20\n")
    people = [f"p{n:03}" for n in range(200)]
    made = made_on(found, 10, [sign_up(who, 10) for who in people])
    assert 17 <= made.held_out <= 63
    delivered = found.ids("recent")
    assert (len(delivered), found.ids("recent", "entered")) == (200 - made.held_out, delivered)
    variants = {stored["user_id"]: stored["properties"] for stored in found.stored}
    assert sorted(variants) == people
    for who, properties in variants.items():
        out = who not in delivered
        assert properties == {"list": "recent", "variant": "held_out" if out else "delivered", "holdout": out}
    made_on(found, 12, [])
    assert found.ids("recent", "left") == delivered


def test_an_event_of_an_entry_is_as_any_other_and_comes_once_into_the_lake(tmp_path: Path) -> None:
    found = listing(tmp_path, RECENT)
    made_on(found, 10, [sign_up("ada", 10)], now="2026-11-11T04:45:07")
    (stored,) = found.stored
    assert {name: stored[name] for name in ("type", "event", "user_id", "source", "timestamp", "received_at", "clock")} == {
        "type": "track", "event": "List Entered", "user_id": "ada", "source": "daybreak", "clock": "client",
        "timestamp": "2026-11-11T04:45:07Z", "received_at": "2026-11-11T04:45:07Z",
    }  # fmt: skip
    before = found.deployment.bytes("")
    made_on(found, 10, [], now="2026-11-11T06:00:00")
    assert found.deployment.bytes("") == before
    assert len(found.stored) == 1
    found.deployment.export("2026-11-11T08:00:00+00:00")
    assert len(found.deployment.events()) == 2


def test_the_loop_closes_in_configuration(tmp_path: Path) -> None:
    """Of those on the list, an experiment compares who acted in two days: all the delivered did, nobody held out did."""
    asked = RECENT + 'holdout = 50\n[experiment.reminded]\ndescription = "d"\nvariants = ["held_out", "delivered"]\n'
    asked += 'exposure = { event = "List Entered", where = [{ property = "list", op = "=", value = "recent" }] }\n'
    asked += 'goal = "activation.acted"\nplanned = 1\n'
    asked += '[activation.acted]\ndescription = "d"\nstart = "List Entered"\nmilestone = "V"\nwindow = "2d"\n'
    asked += '[active_people.anything]\ndescription = "d"\n'
    found = listing(tmp_path, asked)
    people = [f"p{n:02}" for n in range(20)]
    made = made_on(found, 10, [sign_up(who, 10) for who in people])
    delivered = found.ids("recent")
    assert 0 < len(delivered) < 20
    acted = [event(who, "V", "2026-11-11T09:00:00Z") for who in delivered]
    made_on(found, 11, acted)
    made_on(found, 12, [])
    made_on(found, 13, [])
    found.deployment.compute("2026-11-13")
    rows = [row for row in found.deployment.table("experiment") if row["day"] == date(2026, 11, 13)]
    assert {row["variant"]: (row["finished"], row["reached"]) for row in rows} == {
        "delivered": (len(delivered), len(delivered)), "held_out": (made.held_out, 0)
    }  # fmt: skip
    active = {row["day"].day: row["dau"] for row in found.deployment.table("active_people")}
    assert (active[10], active[11], active.get(12, 0)) == (20, len(delivered), 0)


@pytest.mark.parametrize("retried", [True, False])
def test_a_run_killed_at_any_write_loses_and_doubles_no_entry(tmp_path: Path, retried: bool) -> None:
    """Whether the same morning is made again or only the next one, each entry has one event, and the files are right."""
    writes = 0
    while True:
        found = listing(tmp_path / f"{writes}", RECENT)
        made_on(found, 10, [sign_up("ada", 10)])
        found.deployment.receive("2026-11-11T23:30:00+00:00", [sign_up("bob", 11)])
        found.deployment.export("2026-11-12T01:00:00+00:00")
        finished = True
        with killed_after(found, writes):
            try:
                found.day("2026-11-11")
            except Killed:
                finished = False
        if retried:
            found.day("2026-11-11", now="2026-11-12T06:00:00")
            assert (found.ids("recent"), found.ids("recent", "entered")) == (["ada", "bob"], ["bob"])
        made_on(found, 12, [sign_up("cy", 12)])
        assert found.ids("recent") == ["bob", "cy"]
        assert found.ids("recent", "left") == ["ada"] or not retried
        assert Counter(who for who, _ in entries(found)) == {"ada": 1, "bob": 1, "cy": 1}
        assert found.counts()[-1]["people"] == 2
        assert sum(row["entered"] for row in found.counts()) == 3
        found.deployment.export("2026-11-14T00:00:00+00:00")
        assert len(found.deployment.events()) == 6
        if finished:
            break
        writes += stride(3)
    assert writes > 11  # seven files, the state before and after, the events, the counts and their JSON


def test_an_older_morning_never_takes_a_list_back(tmp_path: Path) -> None:
    found = listing(tmp_path, RECENT)
    made_on(found, 10, [sign_up("ada", 10)])
    newest = made_on(found, 11, [sign_up("bob", 11)])
    before = found.deployment.bytes("")
    assert found.day("2026-11-10")["recent"] == newest
    assert found.deployment.bytes("") == before


def test_late_events_change_the_same_morning_and_a_changed_holdout_moves_people(tmp_path: Path) -> None:
    found = listing(tmp_path, RECENT)
    made_on(found, 10, [sign_up("ada", 10)])
    made = made_on(found, 10, [sign_up("late", 10)])
    assert (made.people, made.entered, found.ids("recent", "entered")) == (2, 2, ["ada", "late"])
    assert entries(found) == [("ada", "2026-11-11"), ("late", "2026-11-11")]
    assert [row["revision"] for row in found.counts()] == [1]
    out = [who for who in ("ada", "late") if is_held_out("recent", who, 50)]
    found.deployment.project = project(RECENT + "holdout = 50\n" + MEASURED)
    made = made_on(found, 11, [])
    assert (made.people, made.held_out, made.entered, made.left) == (2, len(out), len(out), len(out))
    assert found.ids("recent", "left") == out


def test_a_forgotten_person_is_on_no_list_and_in_no_event(tmp_path: Path) -> None:
    found = listing(tmp_path, RECENT)
    made_on(found, 10, [sign_up("ada", 10), sign_up("bob", 10)])
    found.forgotten = frozenset({forgotten_digest("ada"), forgotten_digest("cy")})
    made = found.day("2026-11-10")["recent"]  # the same instant again: one less, and no news of anybody
    assert (made.people, made.entered, made.revision) == (1, 1, 0)
    made_on(found, 11, [sign_up("cy", 11)])
    assert (found.ids("recent"), found.ids("recent", "left")) == (["bob"], [])
    assert entries(found) == [("ada", "2026-11-11"), ("bob", "2026-11-11")]


def test_a_list_that_is_no_longer_defined_leaves_nothing(tmp_path: Path) -> None:
    found = listing(tmp_path, RECENT)
    made_on(found, 10, [sign_up("ada", 10)])
    found.deployment.project = project(MEASURED)
    found.day("2026-11-10")
    assert [key for key in found.deployment.bytes("") if "list" in key] == []


def test_a_list_that_stands_still_for_longer_than_its_files_are_kept_lets_nobody_enter_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same instant is made again each day, as without an export: at last its files of the 11th and 12th are gone."""
    found = listing(tmp_path, RECENT)
    store = found.deployment.store
    made_on(found, 10, [sign_up("ada", 10), sign_up("bob", 10)])
    made = made_on(found, 11, [sign_up("ada", 11), sign_up("cy", 11)])
    assert (made.people, made.entered, made.left) == (3, 1, 0)
    written: list[str] = []
    put_files, kept = store.put_files, store.list(keys.lists_prefix("recent"))

    def noting(files: dict[str, Path], before: Mapping[str, str] | None = None) -> None:
        written.extend(files)
        put_files(files, before)

    monkeypatch.setattr(store, "put_files", noting)
    for at in ("2026-11-12T06:00:00", "2026-11-19T06:00:00"):
        assert found.day("2026-11-11", now=at)["recent"] == made
        assert written == ["lists/recent/made=2026-11-12T000000Z/members.ndjson"]  # its seven days begin again
        store.delete([s.key for s in kept if s.key not in written and not s.key.endswith("state.json")])
        written.clear()
    assert entries(found) == [("ada", "2026-11-11"), ("bob", "2026-11-11"), ("cy", "2026-11-12")]
    assert (len(found.stored), len(found.counts())) == (3, 2)
    made = made_on(found, 12, [sign_up("dan", 12)])
    assert (made.people, made.entered, made.left, found.ids("recent", "left")) == (3, 1, 1, ["bob"])


def test_hourly_lists_know_what_is_exported_and_no_more(tmp_path: Path) -> None:
    """At 12:20 the export has reached 12:00. `between` counts from there to the second; the running day counts for `in`."""
    asked = '[list.recent]\nevery = "hour"\nwho = { did = "S", between = ["1h", "2h"] }\n'
    asked += '[list.today]\nevery = "hour"\nwho = { did = "S", in = "1d" }\nnot = { did = "V", in = "1d" }\n'
    asked += RECENT.replace("recent", "daily")
    found = listing(tmp_path, asked)
    signed_up = {
        "11:00": "11:00:00",
        "10:59": "10:59:59",
        "10:00": "10:00:00",
        "09:59": "09:59:59",
        "ahead": "12:30:00",
    }
    events = [event(who, "S", f"2026-11-20T{at}Z") for who, at in signed_up.items()]
    events += [event("09:59", "V", "2026-11-20T11:00:00Z"), event("10:00", "V", "2026-11-20T12:00:00Z")]
    found.deployment.receive("2026-11-20T11:30:00+00:00", events)
    found.deployment.export("2026-11-20T12:05:00+00:00")
    made = found.hour("2026-11-20T12:20:00")
    assert sorted(made) == ["recent", "today"]
    assert made["recent"].made_at.isoformat() == "2026-11-20T12:00:00"
    assert found.ids("recent") == ["10:00", "10:59"]
    assert found.ids("today") == ["10:00", "10:59", "11:00"]
    found.deployment.export("2026-11-20T13:05:00+00:00")
    found.hour("2026-11-20T13:20:00")
    assert (found.ids("recent"), found.ids("recent", "entered"), found.ids("recent", "left")) == (
        ["11:00"], ["11:00"], ["10:00", "10:59"])  # fmt: skip
    assert len(found.counts()) == 4


def test_a_person_who_enters_leaves_and_enters_again_on_one_day_has_two_events(tmp_path: Path) -> None:
    found = listing(tmp_path, '[list.recent]\nevery = "hour"\nwho = { did = "S", between = ["1s", "1h"] }\n')
    for hour in (10, 11, 12):
        at = f"2026-11-20T{hour}:30:00"
        found.deployment.receive(f"{at}+00:00", [event("ada", "S", f"{at}Z")] if hour != 11 else [])
        found.deployment.export(f"2026-11-20T{hour + 1}:05:00+00:00")
        found.hour(f"2026-11-20T{hour + 1}:20:00")
    assert [stored["timestamp"][11:16] for stored in found.stored] == ["11:20", "13:20"]
    assert len({stored["message_id"] for stored in found.stored}) == 2


def test_equal_inputs_give_equal_bytes(tmp_path: Path) -> None:
    made = []
    for turn, order in enumerate((1, -1)):
        found = listing(tmp_path / str(turn), RECENT + "holdout = 30\n")
        made_on(found, 10, [sign_up(f"p{n}", 10) for n in range(50)][::order])
        made.append({key: md5 for key, md5 in found.deployment.bytes("").items() if key.startswith("list")})
    assert made[0] == made[1]


def test_a_deployment_of_the_tests_is_killed_where_it_is_told(tmp_path: Path) -> None:
    store = Fragile(tmp_path)
    store.writes_left = 1
    store.put("a", b"1")
    with pytest.raises(Killed):
        store.put("b", b"2")
    assert [stored.key for stored in store.list("")] == ["a"]
