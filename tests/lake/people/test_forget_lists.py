"""People who are on lists: shown the lines about them, and removed from every file."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from daybreak.export.arrivals import NothingArrives
from daybreak.export.job import Export
from daybreak.ingest.frames import pack, unpack
from daybreak.people.export_person import export_person
from daybreak.people.find import People, digests, ids_of, records_of
from daybreak.people.forget import forget
from support.journeys import LIMITS, Arrived, event
from support.listing import Listing, listing

NOTHING: dict[str, list[object]] = {"events": [], "rejected": [], "lists": [], "messages": []}
ASKED = """
[list.recent]
who = { did = "S", in = "7d" }
traits = ["plan"]

[list.accounts]
actor = "account"
who = { did = "S", in = "7d" }
"""


@dataclass
class Table:
    """The events table of these arrivals."""

    arrived: Arrived

    def rewrite(self, without_people: Callable[[bytes, bytes], tuple[bytes, bytes]]) -> int:
        changed = 0
        for hour, requests in self.arrived.hours.items():
            left = [
                list(unpack(without_people(b"".join(frame.data for frame in pack(lines)), b"")[0]))
                for lines in requests
            ]
            changed += left != requests
            self.arrived.hours[hour] = left
        return changed


def made(root: Path) -> Listing:
    """Ada signed up on her phone, Bob at his desk. On the next day the phone is known to be Ada's, and both are listed again.

    There is an account with the name of Ada, of which Bob is a member.
    """
    found = listing(root, ASKED)
    phone = {**event("", "S", "2026-11-18T10:00:00Z", "s1"), "userId": None, "anonymousId": "phone"}
    group = {"type": "group", "userId": "=bob", "groupId": "ada", "timestamp": "2026-11-18T09:00:00Z", "messageId": "g"}
    bob = {**event("=bob", "S", "2026-11-18T10:00:00Z", "s2")}
    found.deployment.receive("2026-11-18T11:30:00+00:00", [phone, group, bob])
    found.deployment.export("2026-11-19T01:00:00+00:00")
    found.day("2026-11-18")
    link: dict[str, Any] = {"type": "identify", "anonymousId": "phone", "userId": "ada", "messageId": "i",
                            "timestamp": "2026-11-19T10:00:00Z", "traits": {"plan": "pro"}}  # fmt: skip
    found.deployment.receive("2026-11-19T11:30:00+00:00", [link])
    found.deployment.export("2026-11-20T01:00:00+00:00")
    found.day("2026-11-19")
    return found


def people(found: Listing, *names: str) -> People:
    return People(digests(ids_of(found.deployment.store, names, merge_signed_in=False).own))


def test_a_person_is_shown_every_line_about_them(tmp_path: Path) -> None:
    found = made(tmp_path)
    lines = export_person(found.deployment.store, "ada", merge_signed_in=False)["lists"]
    first, second = (f"lists/recent/made=2026-11-{day}T000000Z/" for day in (19, 20))
    phone = {"user_id": None, "anonymous_id": "phone", "traits": {"plan": None}}
    assert [line for line in lines if "traits" in line] == [
        {"file": f"{first}entered.ndjson", **phone},
        {"file": f"{first}people.ndjson", **phone},
        {"file": f"{second}people.ndjson", "user_id": "ada", "anonymous_id": None, "traits": {"plan": "pro"}},
    ]
    members = [line for line in lines if "key" in line]
    assert [(line["user_id"], line["anonymous_id"], line["key"]) for line in members] == [
        (None, "phone", "phone"), ("ada", None, "phone")
    ]  # fmt: skip


def test_a_forgotten_person_is_in_no_file_and_everything_else_stays(tmp_path: Path) -> None:
    """The account of the same name stays, and so do the counts of what was made."""
    found = made(tmp_path)
    ada, counts = people(found, "ada"), found.counts()
    deployment = found.deployment
    export = Export(deployment.store, NothingArrives(), deployment.project, LIMITS)
    now = datetime(2026, 11, 20, 9, tzinfo=UTC)
    receipt = forget(deployment.store, Table(deployment.arrived), ada, export.replay, now, LIMITS)
    assert receipt.list_lines_removed == 5
    assert [row["user_id"] for row in found.ndjson("recent")] == ["=bob"]
    assert found.ids("accounts") == ["ada"]
    assert [row["user_id"] for row in found.csv("recent")] == ["'=bob"]
    assert records_of(deployment.store, ada) == NOTHING
    assert found.counts() == counts
    for key in deployment.bytes("lists/recent/"):
        text = (deployment.store.get(key) or b"").decode()
        assert "phone" not in text
        assert "ada" not in text
    assert forget(deployment.store, Table(deployment.arrived), ada, export.replay, now, LIMITS).list_lines_removed == 0
    found.forgotten = ada.digests
    again = found.day("2026-11-19")["recent"]
    assert (again.people, again.entered, again.left) == (1, 0, 0)
    assert [row["user_id"] for row in found.ndjson("recent")] == ["=bob"]
