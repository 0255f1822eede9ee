"""The export: each message id once over all history, whatever is repeated, late, out of order or cut short."""

import itertools
import random
import shutil
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from daybreak.errors import DayMissing, InputError
from daybreak.export.arrivals import NothingArrives
from daybreak.export.job import Export
from daybreak.export.manifest import read_manifest
from daybreak.lake import keys
from daybreak.lake.store import FolderStore
from support.cut_store import Cut, CutStore
from support.journeys import LIMITS, Deployment, event, project, stride, tries

COUNTED = project("""
[retention.r]
description = "d"
start = "Signed Up"
return = "any"
period = "day"
periods = 3

[activation.a]
description = "d"
start = "Signed Up"
milestone = "Workflow Run"
window = "2d"
""")


@pytest.fixture
def deployment(tmp_path: Path) -> Deployment:
    return Deployment(tmp_path, COUNTED)


def day(number: int, hour: int = 9) -> str:
    return f"2026-11-{number:02}T{hour:02}:00:00+00:00"


def ids(*names: str, at: str = "2026-11-10T08:00:00Z") -> list[dict[str, Any]]:
    return [event("u", "Signed Up", at, key=name) for name in names]


def test_arrivals_become_raw_log_events_and_manifest(deployment: Deployment) -> None:
    deployment.receive(day(10), ids("m1", "m2"))
    (today,) = deployment.export(day(10, 11))
    assert deployment.events() == ["m1", "m2"]
    assert (today.events, today.duplicates, today.through) == (2, 0, datetime(2026, 11, 10, 11, tzinfo=UTC))
    stored = {s.key for s in deployment.store.list("")}
    assert {"raw/arrived=2026-11-10/09.ndjson.zst", "events/dt=2026-11-10/arrived=2026-11-10.parquet"} <= stored


def test_an_hour_still_running_is_left_for_the_next_run(deployment: Deployment) -> None:
    deployment.receive(day(10, 9), ids("m1"))
    deployment.receive(day(10, 11), ids("m2"))
    deployment.export("2026-11-10T11:59:00+00:00")
    assert deployment.events() == ["m1"]
    deployment.export("2026-11-10T12:05:00+00:00")
    assert deployment.events() == ["m1", "m2"]


def test_a_resend_changes_nothing_an_hour_a_day_or_weeks_later(deployment: Deployment) -> None:
    for received in ("2026-11-10T09:00:00+00:00", "2026-11-10T10:30:00+00:00", "2026-11-11T09:00:00+00:00"):
        deployment.receive(received, ids("m1", "m1", "m2"))
    deployment.export(day(12))
    before = deployment.bytes("events/dt=2026-11-10/")
    deployment.receive("2026-12-20T09:00:00+00:00", ids("m1", "m2"))
    deployment.export("2026-12-21T00:05:00+00:00")
    assert deployment.events() == ["m1", "m2"]
    assert deployment.bytes("events/dt=2026-11-10/") == before


def test_a_resend_is_recognised_though_the_clock_rule_moved_it(deployment: Deployment) -> None:
    """Skewed, future and undated events count at a time that depends on their arrival; their ids still hold."""
    future = event("u", "Signed Up", "2026-11-13T00:00:00Z", key="future")
    undated = {k: v for k, v in event("u", "Signed Up", "-", key="undated").items() if k != "timestamp"}
    skewed = event("u", "Signed Up", "2026-11-01T08:00:00Z", key="skewed")
    for number in (10, 11, 12, 13):
        received = datetime(2026, 11, number, 9, tzinfo=UTC)
        deployment.arrived.add(received, [future, undated])
        deployment.arrived.add(received, [skewed], sent_at=datetime(2026, 11, 1, 9, tzinfo=UTC))
    deployment.export(day(14))
    assert deployment.events() == ["future", "skewed", "undated"]


def test_a_client_that_stamps_each_retry_again_is_recognised_for_two_days(deployment: Deployment) -> None:
    for number in (10, 11, 12):
        deployment.receive(day(number), ids("m1", at=f"2026-11-{number}T08:00:00Z"))
    deployment.export(day(13))
    assert deployment.events() == ["m1"]


def test_running_again_or_twice_writes_nothing_new(deployment: Deployment) -> None:
    deployment.receive(day(10), ids("m1", "m2"))
    deployment.export(day(11))
    before = deployment.bytes("")
    for now in (day(11), day(11), day(10, 23)):
        deployment.export(now)
    assert deployment.bytes("") == before


def test_an_empty_day_is_a_file_without_rows(deployment: Deployment) -> None:
    deployment.export(day(11))
    assert deployment.store.get("events/dt=2026-11-11/arrived=2026-11-11.parquet") is not None
    assert deployment.store.get("rejected/arrived=2026-11-11/rejected.parquet") is not None
    assert deployment.events() == []


def test_a_write_that_lands_after_its_hour_was_exported_is_picked_up(deployment: Deployment) -> None:
    deployment.receive(day(10, 9), ids("m1"))
    deployment.export(day(10, 10))
    deployment.receive("2026-11-10T09:59:59+00:00", ids("late"))
    deployment.export(day(10, 11))
    assert deployment.events() == ["late", "m1"]


def test_an_export_that_was_down_for_days_catches_up(deployment: Deployment) -> None:
    deployment.export(day(5))
    for number in (6, 7, 8, 9):
        deployment.receive(day(number), ids(f"m{number}"))
    deployment.export(day(10))
    assert deployment.events() == ["m6", "m7", "m8", "m9"]


def test_what_arrives_late_in_an_old_day_makes_a_later_copy_the_duplicate(deployment: Deployment) -> None:
    deployment.receive(day(11), ids("m1"))
    deployment.export(day(12))
    deployment.receive(day(10), ids("m1"))
    deployment.export_day("2026-11-10", day(12))
    assert deployment.events() == ["m1"]
    manifest = read_manifest(deployment.store, datetime(2026, 11, 11, tzinfo=UTC).date())
    assert manifest
    assert (manifest.events, manifest.duplicates) == (0, 1)


def _copied(before: Deployment, root: Path) -> Deployment:
    """Another deployment with the same lake, to which the same arrives."""
    if before.store.root.is_dir():  # nothing has been exported to it yet, perhaps
        shutil.copytree(before.store.root, root)
    made = Deployment(root, COUNTED)
    made.arrived = before.arrived
    return made


def _killed(
    before: Deployment, root: Path, export: Callable[[Deployment], object], at: Iterable[int]
) -> Iterator[tuple[Deployment, str]]:
    """Deployments whose export was killed after each of these numbers of changes and run again, until one survives."""
    for changes in at:
        cut = _copied(before, root / f"cut{changes}")
        cut.store = CutStore(cut.store.root, changes)
        try:
            export(cut)
        except Cut:
            cut.store = FolderStore(cut.store.root)
            export(cut)
            yield cut, f"after change {changes}"
        else:
            return


def _arrivals(deployment: Deployment) -> None:
    deployment.receive(day(10, 7), ids("m1", "m2") + ids("old", at="2026-10-01T08:00:00Z"))
    deployment.receive(day(10, 9), ids("m2", "m3"))


def test_killed_at_every_step_and_run_again_the_lake_is_the_same(tmp_path: Path) -> None:
    before = Deployment(tmp_path / "before", COUNTED)
    _arrivals(before)
    whole = _copied(before, tmp_path / "whole")
    whole.export(day(10, 23))
    killed = 0
    for cut, after in _killed(before, tmp_path, lambda cut: cut.export(day(10, 23)), itertools.count(0, stride(4))):
        assert cut.bytes("") == whole.bytes(""), after
        killed += 1
    assert killed > 8 / stride(4)


def test_killed_while_an_earlier_day_gains_an_event_that_a_later_one_holds_it_is_counted_once(tmp_path: Path) -> None:
    before = Deployment(tmp_path / "before", COUNTED)
    before.receive(day(8), ids("other", at="2026-11-08T08:00:00Z"))
    before.receive(day(12), ids("twice", at="2026-11-08T08:30:00Z"))
    before.export(day(13))
    before.receive(day(8, 10), ids("twice", at="2026-11-08T08:30:00Z"))  # a write that was found days later

    whole = _copied(before, tmp_path / "whole")
    whole.export_day("2026-11-08", day(13))
    assert whole.events() == ["other", "twice"]
    killed = 0
    at = itertools.count(0, stride(5))
    for cut, after in _killed(before, tmp_path, lambda cut: cut.export_day("2026-11-08", day(13)), at):
        assert cut.events() == ["other", "twice"], after
        assert cut.bytes("") == whole.bytes(""), after
        killed += 1
    assert killed > 8 / stride(5)


def test_a_day_that_loses_its_last_event_to_an_earlier_arrival_is_counted_again(tmp_path: Path) -> None:
    deployment = Deployment(tmp_path, COUNTED)
    deployment.receive(day(9), ids("other", at="2026-11-09T08:00:00Z"))
    deployment.receive(day(10), ids("again", at="2026-10-22T08:00:00Z"))
    deployment.export(day(11))
    deployment.compute("2026-11-10")
    received = datetime(2026, 11, 9, 10, tzinfo=UTC)
    slow = received - timedelta(days=15)  # the clock of its first sending, which puts it two weeks later
    deployment.arrived.add(received, ids("again", at="2026-10-22T08:00:00Z"), sent_at=slow)
    deployment.export_day("2026-11-09", day(11))
    deployment.compute("2026-11-10")
    assert {str(row["cohort"]) for row in deployment.table("activation")} == {"2026-11-06"}  # one user's first


# an example takes seconds, so a failing one is shown as it was found instead of being made small for minutes
@settings(
    max_examples=tries(8),
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(seed=st.integers(0, 2**32 - 1))
def test_batch_splits_arrival_order_and_repeats_change_no_event_and_no_number(
    tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    """One stream, sent once in order or in any order, in any pieces, with repeats: the same events and tables."""
    randomness = random.Random(seed)
    stream = [
        event(f"u{randomness.randrange(4)}", randomness.choice(["Signed Up", "Workflow Run"]),
              f"2026-11-{randomness.randrange(8, 11):02}T{randomness.randrange(24):02}:15:00Z", key=f"m{n}")
        for n in range(30)
    ]  # fmt: skip
    calm = Deployment(tmp_path_factory.mktemp("calm"), COUNTED)
    calm.receive(day(11, 1), stream)
    wild = Deployment(tmp_path_factory.mktemp("wild"), COUNTED)
    shuffled = stream + randomness.choices(stream, k=20)
    randomness.shuffle(shuffled)
    received = datetime(2026, 11, 11, 1, tzinfo=UTC)
    while shuffled:
        size = randomness.randrange(1, 12)
        wild.arrived.add(received, shuffled[:size])
        del shuffled[:size]
        received += timedelta(minutes=randomness.randrange(1, 300))
        if randomness.random() < 0.2:
            wild.export(received.isoformat())
    for deployment in (calm, wild):
        deployment.export(day(18))
        deployment.compute("2026-11-12")
    assert wild.events() == calm.events()
    assert wild.bytes("metrics/") == calm.bytes("metrics/")
    assert wild.bytes(keys.derived_prefix(COUNTED.derived_version)) == calm.bytes(
        keys.derived_prefix(COUNTED.derived_version)
    )


def test_an_old_day_exported_again_after_dynamodb_dropped_it_keeps_its_events(deployment: Deployment) -> None:
    deployment.receive(day(10), ids("m1", "m2"))
    deployment.export(day(11))
    deployment.arrived.hours.clear()
    deployment.export_day("2026-11-10", day(12))
    assert deployment.events() == ["m1", "m2"]


def test_a_day_exported_by_hand_after_an_outage_leaves_no_hole_before_it(deployment: Deployment) -> None:
    deployment.export(day(5))
    for number in (6, 7, 9):
        deployment.receive(day(number), ids(f"m{number}"))
    deployment.export_day("2026-11-09", day(9, 12))
    assert deployment.events() == ["m6", "m7", "m9"]


def test_a_date_that_has_not_begun_is_refused(deployment: Deployment) -> None:
    with pytest.raises(InputError, match="has not begun"):
        deployment.export_day("2027-11-10", day(10))


def test_what_a_slower_run_put_over_newer_files_is_healed_by_the_next_run(deployment: Deployment) -> None:
    deployment.receive(day(10), ids("m1"))
    deployment.export(day(10, 10))
    key = "events/dt=2026-11-10/arrived=2026-11-10.parquet"
    old = deployment.store.get(key)
    assert old
    deployment.receive("2026-11-10T10:30:00+00:00", ids("m2"))
    deployment.export(day(10, 11))
    deployment.store.put(key, old)
    deployment.export(day(10, 12))
    assert deployment.events() == ["m1", "m2"]


def test_undated_and_restamped_copies_are_found_when_an_older_day_comes_later(deployment: Deployment) -> None:
    undated = {k: v for k, v in event("u", "Signed Up", "-", key="undated").items() if k != "timestamp"}
    deployment.arrived.add(datetime(2026, 11, 12, 9, tzinfo=UTC), [undated, *ids("again", at="2026-11-12T08:00:00Z")])
    deployment.export(day(13))
    deployment.arrived.add(datetime(2026, 11, 11, 9, tzinfo=UTC), [undated, *ids("again", at="2026-11-11T08:00:00Z")])
    deployment.export_day("2026-11-11", day(13))
    assert deployment.events() == ["again", "undated"]


def test_a_late_event_reaches_every_later_month_though_the_run_was_killed_in_between(tmp_path: Path) -> None:
    before = Deployment(tmp_path / "before", COUNTED)
    for month in (8, 9, 10, 11):
        received = f"2026-{month:02}-05T09:00:00+00:00"
        before.receive(received, [event(f"u{month}", "Signed Up", f"2026-{month:02}-05T08:00:00Z")])
    before.export("2026-12-02T01:05:00+00:00")
    before.receive("2026-12-02T09:00:00+00:00", [event("late", "Signed Up", "2026-08-20T08:00:00Z")])

    whole = _copied(before, tmp_path / "whole")
    whole.export("2026-12-02T11:05:00+00:00")
    merged = [key for key in whole.bytes("derived/") if "/seen/until=" in key]
    assert [key.rpartition("until=")[2] for key in merged] == [
        f"2026-{month}.parquet" for month in ("08", "09", "10", "11")
    ]
    killed = 0
    at = range(3, 12, 2 * stride(2))
    for cut, after in _killed(before, tmp_path, lambda cut: cut.export("2026-12-02T11:05:00+00:00"), at):
        assert cut.bytes("derived/") == whole.bytes("derived/"), after
        killed += 1
    assert killed == len(at)


# everything made from a day is rebuilt when the day changes, wherever it is


def _alike(changed: Deployment, at_once: Deployment) -> None:
    """Changed bit by bit or known from the beginning: the same events, the same derived tables."""
    assert changed.events() == at_once.events()
    assert changed.bytes("derived/") == at_once.bytes("derived/")


def test_a_write_found_in_a_day_of_an_older_month_reaches_every_month_since(tmp_path: Path) -> None:
    late, known = Deployment(tmp_path / "late", COUNTED), Deployment(tmp_path / "known", COUNTED)
    for deployment in (late, known):
        deployment.receive("2026-10-28T09:00:00+00:00", [event("a", "Signed Up", "2026-10-28T08:00:00Z")])
        deployment.receive("2026-11-05T09:00:00+00:00", [event("b", "Signed Up", "2026-11-05T08:00:00Z")])
    found = ("2026-10-28T10:00:00+00:00", [event("c", "Signed Up", "2026-10-28T09:00:00Z")])
    known.receive(*found)
    for deployment in (late, known):
        deployment.export("2026-11-06T00:05:00+00:00")
    late.receive(*found)
    late.export_day("2026-10-28", "2026-11-06T00:05:00+00:00")
    assert [key for key in known.bytes("derived/") if "seen/until=2026-10" in key]
    _alike(late, known)


@pytest.mark.parametrize("zone", ["America/New_York", "Europe/Berlin", "Asia/Kolkata"])
def test_a_project_day_that_loses_the_events_of_one_of_its_dates_is_made_again(tmp_path: Path, zone: str) -> None:
    def at(hour: int) -> str:
        return (datetime(2026, 11, 7, tzinfo=UTC) + timedelta(hours=hour)).isoformat()

    measured = project(
        "[adoption.a]\ndescription = 'd'\nfeature = 'Signed Up'\nactive = 'any'\nwindow = '7d'\n", timezone=zone
    )
    changed, at_once = Deployment(tmp_path / "changed", measured), Deployment(tmp_path / "once", measured)
    moved = datetime(2026, 11, 9, 10, tzinfo=UTC)
    for hour in (2, 9, 15, 20, 22, 26, 44):
        key = f"{zone}-{hour}"
        for deployment in (changed, at_once):
            deployment.receive(day(10), [event(f"u{hour}", "Signed Up", at(hour), key=key)])

    def earlier(deployment: Deployment) -> None:
        """All events of one date arrived earlier, from a clock that puts them two weeks later."""
        copies = [event(f"u{hour}", "Signed Up", at(hour), key=f"{zone}-{hour}") for hour in (2, 22, 26)]
        deployment.arrived.add(moved, copies, sent_at=moved - timedelta(days=15))

    earlier(at_once)
    changed.export(day(11))
    earlier(changed)
    changed.export_day("2026-11-09", day(11))
    at_once.export(day(11))
    _alike(changed, at_once)


def test_what_follows_a_changed_day_is_followed_too(tmp_path: Path) -> None:
    """The same event, stamped again each time: a day recognises it from two days before, and not from four."""
    deployment = Deployment(tmp_path, COUNTED)
    for number in (12, 14):
        deployment.receive(day(number), ids("m1", at=f"2026-11-{number}T08:00:00Z"))
    deployment.receive(day(10), ids("other", at="2026-11-10T08:00:00Z"))
    deployment.export(day(15))
    deployment.receive(day(10, 10), ids("m1", at="2026-11-10T08:00:00Z"))
    deployment.export_day("2026-11-10", day(15))
    followed = {key: data for key, data in deployment.bytes("").items() if key.startswith(("events/", "derived/"))}
    job = Export(deployment.store, NothingArrives(), COUNTED, LIMITS)
    for number in (12, 14):
        job.replay(date(2026, 11, number))
    again = {key: data for key, data in deployment.bytes("").items() if key.startswith(("events/", "derived/"))}
    assert again == followed


def test_derived_tables_that_a_slower_run_put_back_are_made_again(tmp_path: Path) -> None:
    deployment = Deployment(tmp_path, COUNTED)
    deployment.receive(day(10), ids("m1"))
    deployment.export(day(10, 10))
    old = {key: deployment.store.get(key) or b"" for key in deployment.bytes("")}
    deployment.receive(day(10, 10), [event("v", "Signed Up", "2026-11-10T09:00:00Z", key="m2")])
    deployment.export(day(10, 11))
    deployment.compute("2026-11-09")
    whole = deployment.bytes("derived/")
    for key, data in old.items():
        if key.startswith(("events/", "derived/", "moved/")):
            deployment.store.put(key, data)
    deployment.export(day(11))
    assert deployment.events() == ["m1", "m2"]
    assert deployment.bytes("derived/") == whole
    deployment.compute("2026-11-10")
    assert [row["people"] for row in deployment.table("activation")] == [2]


def test_an_event_that_a_killed_first_run_left_is_removed_when_it_came_earlier(tmp_path: Path) -> None:
    deployment = Deployment(tmp_path, COUNTED)
    deployment.receive(day(9), ids("other", at="2026-11-09T07:00:00Z"))
    deployment.export(day(10, 0))
    deployment.receive(day(10, 9), ids("twice", at="2026-11-07T08:00:00Z"))
    whole = deployment.store
    deployment.store = _KilledAtManifest(whole.root)
    with pytest.raises(Cut):
        deployment.export(day(10, 10))
    deployment.store = whole
    deployment.receive(day(9, 8), ids("twice", at="2026-11-07T08:00:00Z"))
    deployment.export_day("2026-11-09", day(10, 10))
    deployment.export(day(10, 11))
    assert deployment.events() == ["other", "twice"]


class _KilledAtManifest(FolderStore):
    """A folder whose process is killed before it writes the manifest of the tenth."""

    def put(self, key: str, data: bytes) -> None:
        if key == keys.export(date(2026, 11, 10)):
            raise Cut
        super().put(key, data)


def test_after_definitions_went_and_came_back_nothing_is_computed_without_a_backfill(tmp_path: Path) -> None:
    deployment = Deployment(tmp_path, COUNTED)
    other = project('[activation.a]\ndescription = "d"\nstart = "Signed Up"\nmilestone = "Paid"\nwindow = "2d"\n')
    for number, definitions in ((9, COUNTED), (10, other), (13, COUNTED)):
        deployment.project = definitions
        deployment.receive(day(number), ids(f"m{number}", at=f"2026-11-{number:02}T08:00:00Z"))
        deployment.export(day(number, 23))
    with pytest.raises(DayMissing, match="backfill"):
        deployment.compute("2026-11-12")
