"""Delete people from everything that is stored, and show them what is stored.

The collector's own handler stores into tables in moto; the export reads from there.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from daybreak.aws.events_table import EventsTable
from daybreak.aws.live_rules import LiveRules
from daybreak.export.arrivals import NothingArrives
from daybreak.export.job import Export
from daybreak.export.manifest import read_manifest
from daybreak.ingest.frames import unpack
from daybreak.lake import keys
from daybreak.lake.store import FolderStore, md5
from daybreak.metrics.job import Metrics
from daybreak.people.export_person import export_person
from daybreak.people.find import Ids, People, digests, ids_of, records_of
from daybreak.people.forget import forget as delete_people
from daybreak.people.receipt import Receipt
from support.endpoint import Endpoint
from support.journeys import LIMITS
from support.todays_lake import MEASURED, export, ids, rows, today, track

NOTHING: dict[str, list[object]] = {"events": [], "rejected": [], "lists": [], "messages": []}


@pytest.fixture
def lake(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "lake")


def ids_in(lake: FolderStore, people: Iterable[str]) -> Ids:
    """Their ids in a project that merges nobody who has signed in."""
    return ids_of(lake, people, merge_signed_in=False)


def forget(lake: FolderStore, endpoint: Endpoint, somebody: People) -> Receipt:
    """Delete people as `daybreak forget` does: the export itself rebuilds each day."""
    job = Export(lake, NothingArrives(), MEASURED, LIMITS)
    table = EventsTable(endpoint.tables, "events")
    return delete_people(lake, table, somebody, job.replay, datetime.now(UTC), LIMITS)


def everybody(lake: FolderStore, *names: str) -> People:
    """These people, with all their ids."""
    return People(digests(ids_in(lake, names).own))


def send_ada_and_bob(endpoint: Endpoint) -> None:
    """Send events of Ada, on a phone and under an older id, and of Bob on the phone that was hers."""
    endpoint.post(
        {
            "batch": [
                track(None, "Signed Up", "a1", anonymousId="phone"),
                {
                    "type": "identify",
                    "userId": "ada",
                    "anonymousId": "phone",
                    "traits": {"plan": "pro"},
                    "messageId": "a2",
                },
                {"type": "alias", "previousId": "ada-old", "userId": "ada", "messageId": "a3"},
                track("ada-old", "Signed Up", "a4"),
                track("ada", "Workflow Run", "a5"),
                {"type": "track", "userId": "ada", "messageId": "a6"},
                track("bob", "Signed Up", "b1", anonymousId="phone"),
                track("bob", "Workflow Run", "b2"),
                {"type": "track", "userId": "bob", "messageId": "b3"},
                track("ada lovelace", "Signed Up", "c1", properties={"friend": "ada"}),
            ]
        }
    )
    endpoint.post({"batch": [track("ada", "Workflow Run", "a5")]})


def test_a_person_is_removed_from_everything_that_is_stored(endpoint: Endpoint, lake: FolderStore) -> None:
    send_ada_and_bob(endpoint)
    export(endpoint, lake)
    assert ids_in(lake, ["ada"]).own == {"ada", "ada-old", "phone"}
    ada = everybody(lake, "ada")
    receipt = forget(lake, endpoint, ada)
    assert (receipt.events_removed, receipt.rejects_removed, receipt.left) == (6, 1, 0)
    assert ids(lake) == ["b1", "b2", "c1"]
    assert [row["message_id"] for row in rows(lake, "rejected/*/*.parquet")] == ["b3"]
    for name, held in _all_lines(endpoint, lake).items():
        assert not [line for line in held if b'"a' in line[:22] or b'"user_id":"ada"' in line], name
    manifest = read_manifest(lake, today())
    assert manifest
    assert (manifest.events, manifest.duplicates, manifest.unreconciled) == (3, 0, 0)
    assert export(endpoint, lake).unreconciled == 0
    assert ids(lake) == ["b1", "b2", "c1"]
    assert records_of(lake, ada) == NOTHING
    (kept,) = (lake.get(stored.key) for stored in lake.list("receipts/"))
    assert kept
    assert b'"ada"' not in kept
    assert b'"ada-old"' not in kept


def _all_lines(endpoint: Endpoint, lake: FolderStore) -> dict[str, list[bytes]]:
    lines = {s.key: list(unpack(lake.get(s.key) or b"")) for s in lake.list("") if s.key.endswith(".zst")}
    lines["table"] = list(unpack(endpoint.stored().frames)) + list(unpack(endpoint.stored().rejected_frames))
    return lines


def test_the_tables_of_the_others_are_as_if_the_forgotten_had_never_come(
    endpoint: Endpoint, lake: FolderStore, tmp_path: Path
) -> None:
    send_ada_and_bob(endpoint)
    export(endpoint, lake)
    Metrics(lake, MEASURED, LIMITS).run("activation", today() - timedelta(days=1))
    ada = everybody(lake, "ada")
    forget(lake, endpoint, ada)
    Metrics(lake, MEASURED, LIMITS).run("activation", today() - timedelta(days=1))
    never = FolderStore(tmp_path / "never")
    export(endpoint, never)  # the table holds only the others
    Metrics(never, MEASURED, LIMITS).run("activation", today() - timedelta(days=1))
    for prefix in ("events/", "derived/", "metrics/", "rejected/", "raw/"):
        assert _bytes(lake, prefix) == _bytes(never, prefix), prefix


def _bytes(lake: FolderStore, prefix: str) -> dict[str, str]:
    """Objects with their checksums, without hours in which nothing arrived: there are more of these each hour."""
    of_nothing = md5(b"")
    return {s.key: s.md5 for s in lake.list(prefix) if not s.key.endswith("ready.json") and s.md5 != of_nothing}


def test_a_deletion_that_was_killed_is_finished_by_running_it_again(endpoint: Endpoint, lake: FolderStore) -> None:
    send_ada_and_bob(endpoint)
    export(endpoint, lake)
    ada = everybody(lake, "ada")

    def killed(_: date) -> None:
        raise InterruptedError

    table = EventsTable(endpoint.tables, "events")
    with pytest.raises(InterruptedError):
        delete_people(lake, table, ada, killed, datetime.now(UTC), LIMITS)
    assert records_of(lake, ada)["events"]
    receipt = forget(lake, endpoint, ada)
    assert (receipt.left, receipt.days_rebuilt) == (0, [today().isoformat()])
    assert records_of(lake, ada) == NOTHING
    manifest = read_manifest(lake, today())
    assert manifest
    assert (manifest.events, manifest.unreconciled) == (3, 0)
    assert export(endpoint, lake).unreconciled == 0


def test_events_that_an_export_writes_again_during_the_deletion_are_found(
    endpoint: Endpoint, lake: FolderStore
) -> None:
    send_ada_and_bob(endpoint)
    export(endpoint, lake)
    before = {key: lake.get(key) or b"" for key in _bytes(lake, "")}
    ada = everybody(lake, "ada")
    job, slow = Export(lake, NothingArrives(), MEASURED, LIMITS), [before]

    def overtaken(arrived: date) -> None:
        """Rebuild the day; then an export that began long before writes its older state over it."""
        job.replay(arrived)
        for key, data in slow.pop().items() if slow else ():
            if key.startswith(("events/", "rejected/", "exports/", "derived/")):
                lake.put(key, data)

    receipt = delete_people(lake, EventsTable(endpoint.tables, "events"), ada, overtaken, datetime.now(UTC), LIMITS)
    assert (receipt.left, len(receipt.days_rebuilt)) == (0, 2)
    assert records_of(lake, ada) == NOTHING
    assert export(endpoint, lake).unreconciled == 0
    assert ids(lake) == ["b1", "b2", "c1"]


def test_a_device_belongs_to_its_first_user_and_the_next_one_is_not_forgotten_with_them(
    endpoint: Endpoint, lake: FolderStore
) -> None:
    def linked(user: str, device: str, at: int, type_: str = "identify") -> dict[str, Any]:
        other = {"anonymousId": device} if type_ == "identify" else {"previousId": device}
        stamp = datetime(2026, 11, 1, at, tzinfo=UTC).isoformat()
        return {"type": type_, "userId": user, **other, "messageId": f"{user}-{device}-{type_}", "timestamp": stamp}

    endpoint.post(
        {
            "batch": [
                linked("ada", "phone", 1, "alias"),
                linked("bob", "phone", 2, "alias"),
                linked("bob", "laptop", 3),
                linked("ada", "laptop", 4),
                linked("cy", "tablet", 6),
                track("ada", "E", "seen", anonymousId="tablet", timestamp="2026-10-31T00:00:00Z"),
                track("ada", "E", "tv-1", anonymousId="tv"),
            ]
        }
    )
    export(endpoint, lake)
    assert ids_in(lake, ["ada"]).own == {"ada", "phone", "tv"}
    assert ids_in(lake, ["bob"]).own == {"bob", "laptop"}
    assert ids_in(lake, ["laptop"]).own == {"bob", "laptop"}
    assert ids_in(lake, ["cy"]).own == {"cy", "tablet"}
    assert ids_in(lake, ["nobody", "laptop"]).own == {"nobody", "bob", "laptop"}
    assert ids_in(lake, ["nobody", "laptop"]).unknown == {"nobody"}


def test_in_a_lake_without_events_nobody_is_known(lake: FolderStore) -> None:
    assert ids_in(lake, ["ada"]) == Ids(own=frozenset({"ada"}), unknown=frozenset({"ada"}))
    assert records_of(lake, everybody(lake, "ada")) == NOTHING


def test_a_day_on_which_only_they_were_active_is_counted_again(endpoint: Endpoint, lake: FolderStore) -> None:
    def on(days_ago: int, user: str) -> dict[str, Any]:
        stamp = (datetime.now(UTC) - timedelta(days=days_ago)).isoformat()
        return {**track(user, "Signed Up", f"{user}-{days_ago}"), "timestamp": stamp}

    endpoint.post({"batch": [on(20, "ada"), on(5, "bob")]})
    export(endpoint, lake)
    yesterday = today() - timedelta(days=1)
    Metrics(lake, MEASURED, LIMITS).run("activation", yesterday)
    forget(lake, endpoint, everybody(lake, "ada"))
    Metrics(lake, MEASURED, LIMITS).run("activation", yesterday)
    found = rows(lake, f"{keys.months_prefix('activation')}*/*.parquet")
    assert {row["people"] for row in found} == {1}
    assert len({row["cohort"] for row in found}) == 1


def test_a_deletion_that_was_killed_is_finished_though_the_links_of_their_ids_are_gone(
    endpoint: Endpoint, lake: FolderStore
) -> None:
    phone = {"anonymousId": "phone"}
    endpoint.post({"batch": [{"type": "identify", "userId": "ada", **phone, "messageId": "i"}]})
    endpoint.post({"batch": [track(None, "Signed Up", "a1", **phone), track("bob", "E", "b1")]})
    export(endpoint, lake)
    live = LiveRules(endpoint.tables, "keys")
    live.forget(everybody(lake, "ada").digests)

    def killed(arrived: date) -> None:
        Export(lake, NothingArrives(), MEASURED, LIMITS).replay(arrived)
        lake.delete([stored.key for stored in lake.list("derived/") if "day=" in stored.key])
        lake.delete([stored.key for stored in lake.list("reconciliation/")])  # as if it had done only half of its work
        raise InterruptedError

    with pytest.raises(InterruptedError):
        delete_people(lake, EventsTable(endpoint.tables, "events"), everybody(lake, "ada"), killed,
                          datetime.now(UTC), LIMITS)  # fmt: skip
    assert ids_in(lake, ["ada"]).own == {"ada"}  # nothing shows any more that the phone was hers
    live.forget(everybody(lake, "ada").digests)
    receipt = forget(lake, endpoint, People(live.read().forgotten))
    assert (receipt.left, receipt.days_rebuilt) == (0, [today().isoformat()])
    assert ids(lake) == ["b1"]
    assert export(endpoint, lake).unreconciled == 0


def test_tables_of_other_definitions_go_too(endpoint: Endpoint, lake: FolderStore) -> None:
    send_ada_and_bob(endpoint)
    export(endpoint, lake)
    lake.put("derived/an-older-one/traits/day=2026-11-01.parquet", b"ada's")
    forget(lake, endpoint, everybody(lake, "ada"))
    assert lake.list("derived/an-older-one/") == []


def test_events_about_the_forgotten_are_not_stored_any_more(endpoint: Endpoint, lake: FolderStore) -> None:
    send_ada_and_bob(endpoint)
    export(endpoint, lake)
    ada = everybody(lake, "ada")
    LiveRules(endpoint.tables, "keys").forget(ada.digests)
    forget(lake, endpoint, ada)
    endpoint.configure("")  # a collector that has just started; the others know within a minute
    send_ada_and_bob(endpoint)
    export(endpoint, lake)
    assert ids(lake) == ["b1", "b2", "c1"]


def test_everything_that_is_stored_about_a_person_is_shown(endpoint: Endpoint, lake: FolderStore) -> None:
    send_ada_and_bob(endpoint)
    export(endpoint, lake)
    held = records_of(lake, everybody(lake, "ada"))
    assert sorted(event["message_id"] for event in held["events"]) == ["a1", "a2", "a3", "a4", "a5"]
    assert [record["message_id"] for record in held["rejected"]] == ["a6"]
    assert export_person(lake, "phone", merge_signed_in=False) == {"ids": ["ada", "ada-old", "phone"], **held}
