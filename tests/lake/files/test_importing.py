"""`daybreak import`: files into a deployment, each event once, whatever is repeated, overlaps, or is killed on the way."""

import json
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from daybreak.errors import EventRejected
from daybreak.export.arrivals import NothingArrives
from daybreak.export.job import Export
from daybreak.export.manifest import Manifest, read_manifest
from daybreak.export.pending import read_notes
from daybreak.files.importing import MOST_A_DAY, Imported, import_files
from daybreak.files.judge import Judge
from daybreak.ingest.event import Arrival, canonical
from daybreak.ingest.frames import unpack
from daybreak.ingest.privacy import Privacy
from daybreak.ingest.rules import NO_RULES, Rules, forgotten_digest
from daybreak.ingest.tracking_plan import Plan, PlannedEvent, PlannedProperty
from daybreak.lake import keys
from daybreak.lake.store import FolderStore
from daybreak.people.find import People, digests
from daybreak.people.forget import forget
from support.cut_store import Cut, CutStore
from support.journeys import LIMITS, Deployment, event, project, stride

MEASURED = project("""
[activation.a]
description = "d"
start = "Signed Up"
milestone = "Workflow Run"
window = "2d"
""")
NOW = "2026-11-21T09:30:00+00:00"
YESTERDAY = date(2026, 11, 20)
"""The arrival day of what is imported now."""


@pytest.fixture
def deployment(tmp_path: Path) -> Deployment:
    return Deployment(tmp_path / "lake", MEASURED)


@pytest.fixture
def history(tmp_path: Path) -> str:
    """Eight events of three people over two years, as a CSV without ids; two rows are equal."""
    return csv(tmp_path / "history.csv", [*OLD, *OLDER])


OLD = ["ada,Signed Up,2026-03-01 10:00:00", "ada,Workflow Run,2026-03-02 10:00:00", "bob,Signed Up,2026-03-02 11:00:00",
       "bob,Workflow Run,2026-11-20 11:00:00", "bob,Workflow Run,2026-11-20 11:00:00"]  # fmt: skip
OLDER = [
    "cy,Signed Up,2024-12-31 23:59:59",
    "cy,Workflow Run,2025-01-01 00:00:00",
    "cy,Workflow Run,2025-01-09 00:00:00",
]


def csv(file: Path, rows: Iterable[str]) -> str:
    file.write_text("\n".join(["user_id,event,timestamp", *rows]) + "\n")
    return str(file)


def bring(
    store: FolderStore,
    files: str | list[str],
    now: str = NOW,
    rules: Rules = NO_RULES,
    *,
    part_events: int = 3,
    most_a_day: int = MOST_A_DAY,
) -> Imported:
    """Import files in parts of three events, by a clock that stands still."""
    moment = datetime.fromisoformat(now)
    judge = Judge(MEASURED, None, moment, source="history", rules=rules)
    names = [files] if isinstance(files, str) else files
    return import_files(
        names,
        judge,
        store,
        lambda: rules.forgotten,
        lambda: moment,
        part_events=part_events,
        most_a_day=most_a_day,
    )


def later(now: str, hours: float) -> str:
    return (datetime.fromisoformat(now) + timedelta(hours=hours)).isoformat()


def balanced(manifests: Iterable[Manifest]) -> bool:
    return all(manifest.unreconciled == 0 for manifest in manifests)


def books(deployment: Deployment) -> dict[str, tuple[int, ...]]:
    """Of each source: accepted, stored, exported, in the lake, duplicates and the difference, over all hours and days."""
    names = ("accepted", "stored", "exported", "in_lake", "duplicates", "difference")
    found: dict[str, tuple[int, ...]] = {}
    for row in deployment.rows("reconciliation/*/*.parquet"):
        before = found.get(row["source"], (0,) * len(names))
        found[row["source"]] = tuple(a + row[name] for a, name in zip(before, names, strict=True))
    return found


def test_each_event_is_in_the_lake_once_under_its_own_day(deployment: Deployment, history: str) -> None:
    done = bring(deployment.store, history)
    assert (done.counts.events, done.parts, done.parts_before, done.written) == (8, 3, 0, 8)
    assert done.waiting == {YESTERDAY}
    assert deployment.events() == []
    exported = deployment.export("2026-11-21T10:05:00+00:00")
    assert balanced(exported)
    assert len(set(deployment.events())) == len(deployment.events()) == 8
    rows = deployment.rows("events/*/*.parquet")
    assert {(row["user_id"], row["event"], f"{row['timestamp']:%Y-%m-%d %H:%M:%S}") for row in rows} == {
        tuple(line.split(",")) for line in (*OLD, *OLDER)}  # fmt: skip
    assert {row["source"] for row in rows} == {"history"}
    assert books(deployment) == {"history": (8, 8, 8, 8, 0, 0)}
    deployment.compute("2026-11-20")
    activated = {row["cohort"].isoformat(): row["activated"] for row in deployment.table("activation") if row["people"]}
    assert activated == {
        "2024-12-31": 1,
        "2026-03-01": 1,
        "2026-03-02": 0,
    }  # cy and ada within two days, bob in November


def test_a_second_import_writes_nothing_also_days_later_and_of_more_files(
    deployment: Deployment, history: str, tmp_path: Path
) -> None:
    bring(deployment.store, history)
    before = deployment.bytes("")
    again = bring(deployment.store, history)
    assert (again.parts, again.parts_before, again.written, again.waiting) == (3, 3, 0, {YESTERDAY})
    assert deployment.bytes("") == before
    deployment.export("2026-11-21T10:05:00+00:00")
    deployment.export("2026-11-25T10:05:00+00:00")
    before = deployment.bytes("")
    again = bring(deployment.store, history, "2026-11-25T10:30:00+00:00")
    assert (again.parts_before, again.written, again.waiting) == (3, 0, set())
    assert deployment.bytes("") == before
    more = csv(tmp_path / "more.csv", ["dee,Signed Up,2026-10-01 10:00:00"])
    again = bring(deployment.store, [history, more], "2026-11-25T10:30:00+00:00")
    assert (again.parts_before, again.written) == (2, 3)  # the part that was not full begins again
    assert balanced(deployment.export("2026-11-25T11:05:00+00:00"))
    assert len(deployment.events()) == 9


def test_exports_that_overlap_count_each_event_once_on_whatever_days_they_are_imported(
    deployment: Deployment, tmp_path: Path
) -> None:
    """Two of five equal rows and all others are in both files, in another order and at other places."""
    first, second = csv(tmp_path / "a.csv", [*OLD, *OLDER]), csv(tmp_path / "b.csv", [*OLDER[::-1], *OLD[::-1]])
    bring(deployment.store, first)
    deployment.export("2026-11-21T10:05:00+00:00")
    for now in ("2026-11-21T10:30:00+00:00", "2026-11-25T10:30:00+00:00"):
        bring(deployment.store, [second], now, part_events=4 if "11-25" in now else 5)
        assert balanced(deployment.export(later(now, 1)))
        assert len(deployment.events()) == 8
    accepted, _, _, in_lake, duplicates, difference = books(deployment)["history"]
    assert (accepted, in_lake, duplicates, difference) == (24, 8, 16, 0)


def test_an_event_that_came_to_the_collector_too_counts_once(deployment: Deployment, tmp_path: Path) -> None:
    live = [event("ada", "Signed Up", "2026-11-20T08:00:00Z", key=f"m{n}") for n in range(3)]
    deployment.receive("2026-11-20T08:00:01+00:00", live[:1])
    deployment.receive("2026-11-21T09:00:01+00:00", live[1:2])
    deployment.export("2026-11-21T10:05:00+00:00")
    file = tmp_path / "dump.json"
    file.write_text("\n".join(map(json.dumps, live)))
    bring(deployment.store, str(file), "2026-11-21T10:30:00+00:00")
    deployment.receive("2026-11-21T10:40:00+00:00", live[2:])
    assert balanced(deployment.export("2026-11-21T11:05:00+00:00"))
    assert deployment.events() == ["m0", "m1", "m2"]
    deployment.receive("2026-11-29T10:40:00+00:00", live)
    assert balanced(deployment.export("2026-11-29T11:05:00+00:00"))
    assert deployment.events() == ["m0", "m1", "m2"]


def test_an_import_that_is_killed_at_any_write_goes_on_where_it_stopped(tmp_path: Path, history: str) -> None:
    whole = Deployment(tmp_path / "whole", MEASURED)
    bring(whole.store, history)
    writes = len(whole.bytes(""))
    assert writes == 6  # a log and a note of each part
    for left in range(writes):
        cut = Deployment(tmp_path / f"cut{left}", MEASURED)
        with pytest.raises(Cut):
            bring(CutStore(cut.store.root, left), history)
        cut.export("2026-11-21T09:35:00+00:00")  # an export in between may find any part of it
        assert len(set(cut.events())) == len(cut.events()) == len(exported_lines(cut))
        done = bring(cut.store, history)
        assert (done.parts, done.parts_before <= left // 2) == (3, True)
        assert balanced(cut.export("2026-11-21T10:05:00+00:00"))
        assert len(set(cut.events())) == len(cut.events()) == 8
        assert books(cut) == {"history": (8, 8, 8, 8, 0, 0)}


def exported_lines(deployment: Deployment) -> list[bytes]:
    """The lines of the imported logs that a note or a manifest names."""
    manifest = read_manifest(deployment.store, YESTERDAY)
    return [
        line
        for log in (manifest.hours if manifest else {})
        if keys.is_imported(log)
        for line in unpack(deployment.store.get(keys.raw_log(YESTERDAY, log)) or b"")
    ]


def test_an_export_that_is_killed_at_any_write_is_finished_by_the_next(tmp_path: Path, history: str) -> None:
    def prepared(name: str) -> Deployment:
        made = Deployment(tmp_path / name, MEASURED)
        made.receive("2026-11-20T08:00:01+00:00", [event("ada", "Signed Up", "2026-11-20T08:00:00Z")])
        made.receive("2026-11-21T08:00:01+00:00", [event("bob", "Signed Up", "2026-11-21T08:00:00Z")])
        made.export("2026-11-21T09:05:00+00:00")
        bring(made.store, history)
        return made

    whole = prepared("whole")
    whole.export("2026-11-21T10:05:00+00:00")
    whole.export("2026-11-21T11:05:00+00:00")
    expected = whole.bytes("")
    left = 0
    while True:
        cut = prepared(f"cut{left}")
        try:
            Export(CutStore(cut.store.root, left), cut.arrived, MEASURED, LIMITS).hourly(
                at("2026-11-21T10:05:00+00:00")
            )
        except Cut:
            assert balanced(cut.export("2026-11-21T10:06:00+00:00"))
            cut.export("2026-11-21T11:05:00+00:00")
            assert cut.bytes("") == expected
            left += stride(8)
            continue
        assert left > 10
        return


def at(moment: str) -> datetime:
    return datetime.fromisoformat(moment).astimezone(UTC)


def test_an_import_in_the_middle_of_an_export_is_taken_up_by_the_next(tmp_path: Path, history: str) -> None:
    """Another import is made at each step of an export that takes up the first one."""
    other = csv(tmp_path / "other.csv", [*OLDER, "dee,Signed Up,2026-03-01 10:00:00"])
    steps = 0
    while True:
        made = Deployment(tmp_path / f"lake{steps}", MEASURED)
        made.receive("2026-11-20T08:00:01+00:00", [event("ada", "Signed Up", "2026-11-20T08:00:00Z", key="live")])
        bring(made.store, history)
        reached: list[str] = []

        def progress(step: str, made: Deployment = made, reached: list[str] = reached, nth: int = steps) -> None:
            reached.append(step)
            if len(reached) == nth + 1:
                bring(made.store, other)

        assert balanced(
            Export(made.store, made.arrived, MEASURED, LIMITS, progress).hourly(at("2026-11-21T10:05:00+00:00"))
        )
        if len(reached) <= steps:
            assert steps > 3
            return
        assert len(made.events()) in (9, 10)
        assert balanced(made.export("2026-11-21T11:05:00+00:00"))
        assert len(set(made.events())) == len(made.events()) == 10
        assert books(made)["history"] == (12, 12, 12, 9, 3, 0)
        steps += 1


def test_a_slower_export_that_puts_an_older_manifest_in_place_is_repaired_by_the_next(
    deployment: Deployment, history: str, tmp_path: Path
) -> None:
    """The slower one began before the second import was noted, and ends after two others: one has taken it up, and one
    has found it in the manifest.
    """
    other = csv(tmp_path / "other.csv", ["dee,Signed Up,2026-03-01 10:00:00"])
    bring(deployment.store, history)
    begun: list[str] = []

    def progress(step: str) -> None:
        if "derived" in step and not begun:
            begun.append(step)
            bring(deployment.store, other)
            deployment.export("2026-11-21T10:06:00+00:00")
            deployment.export("2026-11-21T10:07:00+00:00")
            assert len(deployment.events()) == 9

    Export(deployment.store, deployment.arrived, MEASURED, LIMITS, progress).hourly(at("2026-11-21T10:05:00+00:00"))
    assert begun
    assert balanced(deployment.export("2026-11-21T11:05:00+00:00"))
    assert balanced(deployment.export_day("2026-11-20", "2026-11-21T11:30:00+00:00"))
    assert len(deployment.events()) == 9
    assert books(deployment) == {"history": (9, 9, 9, 9, 0, 0)}


def test_the_notes_go_when_a_manifest_has_held_the_logs_for_an_hour_and_then_exports_write_nothing(
    deployment: Deployment, history: str
) -> None:
    bring(deployment.store, history)
    deployment.export("2026-11-21T10:05:00+00:00")
    assert len(read_notes(deployment.store).imported[YESTERDAY]) == 3
    deployment.export("2026-11-21T11:05:00+00:00")
    assert read_notes(deployment.store) == read_notes(FolderStore(Path("nowhere")))
    before = deployment.bytes("")
    deployment.export("2026-11-21T11:06:00+00:00")
    assert deployment.bytes("") == before


def test_an_import_of_many_events_fills_earlier_days_too(deployment: Deployment, history: str) -> None:
    deployment.receive("2026-11-20T08:00:01+00:00", [event("ada", "Signed Up", "2026-11-20T08:00:00Z", key="live")])
    deployment.export("2026-11-21T09:05:00+00:00")
    done = bring(deployment.store, history, most_a_day=4)
    assert done.waiting == {date(2026, 11, day) for day in (18, 19, 20)}
    assert balanced(deployment.export("2026-11-21T10:05:00+00:00"))
    assert len(set(deployment.events())) == len(deployment.events()) == 9
    again = bring(deployment.store, history, most_a_day=4)
    assert (again.parts_before, again.waiting) == (3, set())


def test_a_day_that_has_not_begun_waits_and_loses_no_event_that_arrives_before_it(
    deployment: Deployment, history: str
) -> None:
    """The clock of the importing machine is two days ahead."""
    deployment.receive("2026-11-21T08:00:01+00:00", [event("ada", "Signed Up", "2026-11-21T08:00:00Z", key="m1")])
    bring(deployment.store, history, "2026-11-23T09:30:00+00:00")
    deployment.export("2026-11-21T10:05:00+00:00")
    assert deployment.events() == ["m1"]
    deployment.receive("2026-11-21T10:30:00+00:00", [event("ada", "Signed Up", "2026-11-21T10:00:00Z", key="m2")])
    deployment.export("2026-11-22T01:05:00+00:00")
    assert len(deployment.events()) == 10
    deployment.receive("2026-11-22T10:30:00+00:00", [event("ada", "Signed Up", "2026-11-22T10:00:00Z", key="m3")])
    assert balanced(deployment.export("2026-11-23T01:05:00+00:00"))
    assert len(set(deployment.events())) == len(deployment.events()) == 11


def test_a_day_is_rebuilt_from_its_raw_log_with_its_imports(deployment: Deployment, history: str) -> None:
    deployment.receive("2026-11-20T23:00:01+00:00", [event("ada", "Signed Up", "2026-11-20T08:00:00Z", key="live")])
    bring(deployment.store, history)
    deployment.export("2026-11-21T10:05:00+00:00")
    before = deployment.bytes("")
    job = Export(deployment.store, NothingArrives(), MEASURED, LIMITS)
    job.replay(YESTERDAY)
    assert deployment.bytes("") == before
    deployment.store.delete([keys.export(YESTERDAY)])
    replayed = job.replay(YESTERDAY)
    assert replayed
    assert (replayed.events, replayed.unreconciled) == (9, 0)
    assert deployment.bytes("") == before


def test_a_day_with_nothing_but_an_import_is_not_rebuilt_alone_before_the_first_export(
    deployment: Deployment, history: str
) -> None:
    """Its manifest would say that everything before it is in the raw log."""
    deployment.receive("2026-11-18T08:00:01+00:00", [event("ada", "Signed Up", "2026-11-18T08:00:00Z", key="live")])
    bring(deployment.store, history)
    assert Export(deployment.store, NothingArrives(), MEASURED, LIMITS).replay(YESTERDAY) is None
    assert balanced(deployment.export("2026-11-21T10:05:00+00:00"))
    assert len(deployment.events()) == 9


class _NoTable:
    """An events table without items."""

    def rewrite(self, without_people: Callable[[bytes, bytes], tuple[bytes, bytes]]) -> int:
        return 0


@pytest.mark.parametrize("exported", [True, False])
def test_a_person_is_forgotten_in_an_import_and_stays_so(
    tmp_path: Path, history: str, exported: bool, deployment: Deployment
) -> None:
    bring(deployment.store, history)
    if exported:
        deployment.export("2026-11-21T10:05:00+00:00")
    people = People(digests(["bob"]))
    job = Export(deployment.store, NothingArrives(), MEASURED, LIMITS)
    receipt = forget(deployment.store, _NoTable(), people, job.replay, at("2026-11-21T10:30:00+00:00"), LIMITS)
    assert receipt.events_removed == 3
    assert balanced(deployment.export("2026-11-21T11:05:00+00:00"))
    assert {row["user_id"] for row in deployment.rows("events/*/*.parquet")} == {"ada", "cy"}
    assert books(deployment) == {"history": (5, 5, 5, 5, 0, 0)}
    rules = Rules(forgotten=people.digests)
    again = bring(deployment.store, history, "2026-11-21T11:30:00+00:00", rules)
    assert (again.parts_before, again.written) == (3, 0)
    other = csv(tmp_path / "other.csv", [*OLDER, *OLD])
    again = bring(deployment.store, other, "2026-11-21T11:30:00+00:00", rules, part_events=8)
    assert (again.written, again.forgotten) == (5, 3)
    assert balanced(deployment.export("2026-11-21T12:05:00+00:00"))
    assert len(deployment.events()) == 5
    for stored in deployment.store.list(keys.RAW):
        assert b"bob" not in b"\n".join(unpack(deployment.store.get(stored.key) or b""))


def test_who_is_forgotten_while_a_part_is_written_is_left_out_of_it(deployment: Deployment, history: str) -> None:
    lists = iter([frozenset[bytes](), *[frozenset({forgotten_digest("bob")})] * 20])
    judge = Judge(MEASURED, None, at(NOW), source="history")
    done = import_files([history], judge, deployment.store, lambda: next(lists), lambda: at(NOW), part_events=8)
    assert (done.written, done.forgotten) == (5, 3)
    assert balanced(deployment.export("2026-11-21T10:05:00+00:00"))
    assert {row["user_id"] for row in deployment.rows("events/*/*.parquet")} == {"ada", "cy"}


def test_a_part_of_nobody_but_forgotten_people_is_done_and_holds_nothing(deployment: Deployment, history: str) -> None:
    rules = Rules(forgotten=frozenset(map(forgotten_digest, ("ada", "bob", "cy"))))
    assert bring(deployment.store, history, rules=rules).forgotten == 8
    assert balanced(deployment.export("2026-11-21T10:05:00+00:00"))
    assert deployment.events() == []
    assert bring(deployment.store, history, "2026-11-21T10:30:00+00:00", rules).waiting == set()


def test_rows_have_the_same_ids_whatever_the_definitions_compare_with_a_number(
    deployment: Deployment, tmp_path: Path
) -> None:
    cells = ["12.50", '"1,250"', '"12,50"', '"1,234.50"', "007", "1e3", "-0", "x", "1.250", "12.50"]
    file = tmp_path / "prices.csv"
    rows = [f"ada,Bought,2026-03-01 10:00:00,{cell}" for cell in cells]
    file.write_text("\n".join(["user_id,event,timestamp,price", *rows]) + "\n")
    compared = project("""
[activation.a]
description = "d"
start = "Signed Up"
milestone = { event = "Bought", where = [{ property = "price", op = ">=", value = 10 }] }
window = "2d"
""")
    for definitions in (MEASURED, compared):
        judge = Judge(definitions, None, at(NOW), source="history", rules=NO_RULES)
        import_files([str(file)], judge, deployment.store, frozenset, lambda: at(NOW))
        assert balanced(deployment.export("2026-11-21T10:05:00+00:00"))
        assert len(deployment.events()) == len(cells)
    imported = [stored for stored in deployment.store.list(keys.RAW) if keys.is_imported(stored.key)]
    assert len(imported) == 2  # the values have other types, so it is another part


def test_rows_that_differ_in_nothing_but_what_is_dropped_are_two_events(deployment: Deployment, tmp_path: Path) -> None:
    file = tmp_path / "cards.csv"
    file.write_text("user_id,event,timestamp,card\n" + "".join(f"ada,Bought,2026-03-01 10:00:00,{n}\n" for n in (4, 5)))
    rules = Rules(Privacy(drop=["properties.card"]).cleaner("salt"))
    for now in (NOW, "2026-11-21T10:30:00+00:00"):
        bring(deployment.store, str(file), now, rules)
        assert balanced(deployment.export(later(now, 1)))
        assert len(deployment.events()) == 2


PLAN = Plan(mode="enforce", events={"Signed Up": PlannedEvent(properties={"email": PlannedProperty()})})


def test_privacy_and_the_tracking_plan_apply_as_in_the_collector(deployment: Deployment, tmp_path: Path) -> None:
    file = tmp_path / "events.json"
    sent: list[dict[str, Any]] = [
        event("ada", "Signed Up", "2026-03-01T10:00:00Z", key="planned", email="a@example.com", card="4"),
        event("ada", "Workflow Run", "2026-03-01T10:00:00Z", key="unplanned"),
        {**event("ada", "Signed Up", "2026-03-01T10:00:00Z", key="shared"), "context": {"ip": "10.0.0.1", "page": {}}},
    ]
    file.write_text("\n".join(map(json.dumps, sent)))
    privacy = Privacy(drop=["properties.card"], hash=["properties.email"])
    rules = Rules(privacy.cleaner("salt"), PLAN)
    done = bring(deployment.store, str(file), rules=rules)
    arrival = Arrival(at("2026-03-01T10:00:00Z"), "history", history=True)
    expected = [canonical(rules.clean(raw), arrival, 0, None, rules).line for raw in (sent[0], sent[2])]
    with pytest.raises(EventRejected) as rejected:
        canonical(rules.clean(sent[1]), arrival, 0, None, rules)
    (log,) = deployment.store.list(keys.RAW)
    assert list(unpack(deployment.store.get(log.key) or b"")) == expected
    assert [b"card" in line or b"@example" in line or b"10.0.0.1" in line for line in expected] == [False, False]
    assert done.counts.refused[rejected.value.code].first == f"{file}, line 2: {rejected.value.message}"
    assert (done.counts.rejected, deployment.store.list("quarantine/")) == (1, [])
