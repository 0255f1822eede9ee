"""The job that sends, over a lake in a folder and a receiver that breaks: each message is processed once, none is lost."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from daybreak.definitions.sends import Send
from daybreak.errors import InputError
from daybreak.lake import keys
from daybreak.lake.store import FolderStore
from daybreak.lists.files import remove_lines
from daybreak.send.job import LONGEST_PAUSE, MOST_TRIES, Sending
from daybreak.send.outbox import Outbox, sends_with_outbox
from daybreak.send.target import Target
from daybreak.send.webhook import Webhook, read_address
from support.journeys import LIMITS, stride
from support.news import (
    DAY,
    episode,
    made,
    measured,
    project,
    write_latest,
    write_people,
    write_tables,
)
from support.receiver import (
    Behaviour,
    Receiver,
    accepts,
    drops,
    processes_and_drops,
    receiving,
    says,
)

FIVE = datetime(2026, 11, 26, 3, 55, tzinfo=UTC)  # 04:55 in Berlin, on the morning behind DAY
HOOK = '\n[send.team]\nto = "webhook"\nsecret = "daybreak/team"\n'
EVERYTHING = HOOK + 'what = ["*"]\n'
INLINE = HOOK + 'what = ["list.*"]\npeople = "inline"\n'
SHORT = 5.0


class Place:
    """A lake, a receiver, and a clock that only sleeping moves."""

    def __init__(self, folder: Path, receiver: Receiver) -> None:
        self.store, self.work, self.receiver = FolderStore(folder / "lake"), folder / "work", receiver
        self.now = FIVE
        self.slept: list[float] = []

    def sending(self, sends: str) -> Sending:
        return Sending(
            store=self.store,
            project=project(sends),
            source="daybreak.Daybreak",
            target=self.target,
            limits=LIMITS,
            clock=lambda: self.now,
            sleep=self.sleep,
        )

    def target(self, name: str, send: Send) -> Target:
        address = read_address(self.receiver.secret(), str(send.secret), loopback=True)
        return Webhook(address, lambda: datetime.now(UTC), SHORT)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += timedelta(seconds=seconds)

    def run(self, sends: str = EVERYTHING, later: timedelta = timedelta(minutes=30)) -> tuple[int, int, int, int]:
        """One scheduled run; the next one comes half an hour later. Counts: new, sent, waiting, dead."""
        done = self.sending(sends).run(self.now)
        self.now += later
        (team,) = [each for each in done if each.send == "team"]
        return team.new, team.sent, team.waiting, team.dead

    def kinds(self) -> list[str]:
        """The kinds of what was processed, in order."""
        return [event["type"] for event in self.receiver.processed.values()]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with receiving() as receiver:
        made_place = Place(tmp_path, receiver)
        write_latest(made_place.store, DAY)
        write_tables(
            made_place.store,
            made_place.work,
            alerts=[episode()],
            goals=[measured(DAY - timedelta(days=1), "on track"), measured(DAY, "behind")],
            lists=[made(datetime(2026, 11, 26, 3, tzinfo=UTC))],
        )
        yield made_place


def test_the_news_of_a_morning_is_sent_once(place: Place) -> None:
    assert place.run() == (4, 4, 0, 0)
    assert sorted(place.kinds()) == ["AlertOpened", "GoalChanged", "ListChanged", "MetricsReady"]
    assert place.run() == (0, 0, 0, 0)
    assert len(place.receiver.delivered) == 4


def test_a_send_gets_only_what_it_names(place: Place) -> None:
    other = '\n[send.other]\nto = "webhook"\nsecret = "s"\nwhat = ["metrics"]\n'
    done = place.sending(HOOK + 'what = ["alert.*"]\n' + other).run(FIVE)
    assert [(each.send, each.sent) for each in done] == [("team", 1), ("other", 1)]
    assert sorted(place.kinds()) == ["AlertOpened", "MetricsReady"]


def test_metrics_are_ready_when_every_family_the_warnings_and_the_page_are(place: Place) -> None:
    ready = HOOK + 'what = ["metrics"]\n'
    for late in ("activation", "time_to_value", "warnings", "page"):
        write_latest(place.store, DAY, 0, **{late: DAY - timedelta(days=1)})
        assert place.run(ready)[0] == 0
    write_latest(place.store, DAY, found=2)
    assert place.run(ready)[:2] == (1, 1)
    (event,) = place.receiver.processed.values()
    assert (event["data"]["day"], event["data"]["warnings"]) == ("2026-11-25", 2)
    place.store.delete([keys.latest("warnings")])
    assert place.run(ready)[0] == 0


def test_a_lake_without_any_table_has_no_news(tmp_path: Path) -> None:
    with receiving() as receiver:
        assert Place(tmp_path, receiver).run() == (0, 0, 0, 0)


def test_a_new_send_is_not_told_of_the_past_and_a_send_that_was_down_is(place: Place) -> None:
    alerts = HOOK + 'what = ["alert.*"]\n'
    place.now += timedelta(days=2)
    assert place.run(alerts) == (0, 0, 0, 0)  # the episode was opened before this send was there
    days_later = DAY + timedelta(days=3)
    write_tables(place.store, place.work, alerts=[episode(), episode(opened=days_later, spoken=days_later)])
    place.now += timedelta(days=7)
    assert place.run(alerts) == (1, 1, 0, 0)


def test_a_send_that_was_away_for_longer_than_a_week_begins_anew(place: Place) -> None:
    alerts = HOOK + 'what = ["alert.*"]\n'
    assert place.run(alerts) == (1, 1, 0, 0)
    while_away = DAY + timedelta(days=5)
    write_tables(place.store, place.work, alerts=[episode(opened=while_away, spoken=while_away)])
    place.now += timedelta(days=8)
    assert place.run(alerts) == (0, 0, 0, 0)
    on_its_return = DAY + timedelta(days=8)
    write_tables(place.store, place.work, alerts=[episode(opened=on_its_return, spoken=on_its_return)])
    assert place.run(alerts) == (1, 1, 0, 0)


BROKEN: dict[str, list[Behaviour]] = {
    "answers 500": [says(500)],
    "answers 429 and asks for a short time": [says(429, b"", Retry_After="20")],
    "is killed before it processes": [drops],
    "is killed after it has processed": [processes_and_drops],
    "fails twice": [says(503), drops],
    "refuses one message": [says(400)],
    "is down for a run": [says(500)] * 3,
    "is down for many runs": [says(502)] * 20,
    "asks for an hour": [says(429, b"", Retry_After="3600")],
    "all of it": [says(500), processes_and_drops, says(400), drops, says(429, b"", Retry_After="9"), processes_and_drops] * 3,
}  # fmt: skip


@pytest.mark.parametrize("behaviours", BROKEN.values(), ids=BROKEN)
def test_whatever_the_target_does_each_message_is_processed_once_and_none_is_lost(
    place: Place, behaviours: list[Behaviour]
) -> None:
    place.receiver.behaviours = list(behaviours)
    runs = [place.run()]
    while runs[-1][2]:
        runs.append(place.run())
        assert len(runs) < MOST_TRIES
    assert sorted(place.kinds()) == ["AlertOpened", "GoalChanged", "ListChanged", "MetricsReady"]
    assert sum(run[1] for run in runs) == 4
    assert place.run() == (0, 0, 0, 0)


def test_a_target_that_is_down_is_tried_a_few_times_and_then_left_until_the_next_run(place: Place) -> None:
    place.receiver.behaviours = [says(500)] * 3
    assert place.run() == (4, 0, 4, 0)
    assert len(place.receiver.requests) == 3
    assert place.slept == [1.0, 4.0]


def test_a_target_that_asks_for_time_gets_it(place: Place) -> None:
    place.receiver.behaviours = [says(429, b"", Retry_After="20")]
    assert place.run() == (4, 4, 0, 0)
    assert place.slept == [20.0]


def test_a_target_that_asks_for_more_than_a_run_has_is_left_alone_for_as_long(place: Place) -> None:
    place.receiver.behaviours = [says(503, b"", Retry_After="7000")]
    assert place.run() == (4, 0, 4, 0)
    for _ in range(3):  # 30, 60 and 90 minutes later, of nearly two hours
        assert place.run() == (0, 0, 4, 0)
    assert len(place.receiver.requests) == 1
    assert place.run() == (0, 4, 0, 0)


def test_a_target_cannot_ask_for_longer_than_a_day(place: Place) -> None:
    place.receiver.behaviours = [says(503, b"", Retry_After="9999999999")]
    place.run(later=LONGEST_PAUSE + timedelta(minutes=1))
    assert place.run() == (0, 4, 0, 0)


def test_no_message_waits_for_one_that_the_target_cannot_take(place: Place) -> None:
    """The same message breaks the target each time: the others overtake it in the next run."""

    def cannot_take_goals(request: object) -> None:
        is_goal = b'"GoalChanged"' in request.body  # type: ignore[attr-defined]
        (says(500) if is_goal else accepts)(request)  # type: ignore[arg-type]

    place.receiver.behaviours = [cannot_take_goals] * 100
    place.run()
    place.run()
    assert sorted(place.kinds()) == ["AlertOpened", "ListChanged", "MetricsReady"]


def test_a_message_that_was_tried_for_two_days_is_kept_and_sent_again_when_somebody_says_so(place: Place) -> None:
    alerts = HOOK + 'what = ["alert.*"]\n'
    place.receiver.behaviours = [says(400)] * MOST_TRIES
    outbox = Outbox(place.store, "team")
    for tries in (1, 2, 3):
        assert place.run(alerts)[2:] == (1, 0)
        (waiting,) = outbox.undelivered("waiting")
        assert waiting.tries == tries
    outbox.keep(waiting.model_copy(update={"tries": MOST_TRIES - 2}))  # as if the runs between had been
    assert place.run(alerts)[2:] == (1, 0)
    assert place.run(alerts) == (0, 0, 0, 1)
    assert len(place.receiver.requests) == 5
    assert place.run(alerts) == (0, 0, 0, 1)
    assert len(place.receiver.requests) == 5  # nobody tries it any more, and it is not made again
    (dead,) = outbox.undelivered("dead")
    assert (dead.tries, dead.answered) == (MOST_TRIES, "status 400")
    place.receiver.behaviours = []
    assert outbox.again() == 1
    assert place.run(alerts) == (0, 1, 0, 0)


def test_a_dead_message_can_be_discarded_and_does_not_come_back(place: Place) -> None:
    outbox = Outbox(place.store, "team")
    alerts = HOOK + 'what = ["alert.*"]\n'
    place.receiver.behaviours = [says(400)]
    place.run(alerts)
    (waiting,) = outbox.undelivered("waiting")
    outbox.give_up(waiting)
    assert outbox.discard(place.now) == 1
    assert place.run(alerts) == (0, 0, 0, 0)
    assert place.kinds() == []


def test_the_age_of_the_oldest_message_that_is_not_delivered_is_known(place: Place) -> None:
    place.receiver.behaviours = [says(500)] * 100
    begun = place.now
    place.run()
    (done,) = place.sending(EVERYTHING).run(place.now)
    assert done.oldest == begun
    assert done.answered == ["status 500"]


def test_one_send_that_is_down_does_not_stop_another(place: Place) -> None:
    def target(name: str, send: Send) -> Target:
        if name == "team":
            raise InputError("secret 'daybreak/team': does not exist")
        return place.target(name, send)

    other = '\n[send.other]\nto = "webhook"\nsecret = "s"\nwhat = ["*"]\n'
    sending = place.sending(EVERYTHING + other)
    object.__setattr__(sending, "target", target)
    team, second = sending.run(FIVE)
    assert (team.sent, team.waiting, team.answered) == (0, 4, ["secret 'daybreak/team': does not exist"])
    assert (second.sent, second.waiting) == (4, 0)


def test_two_runs_at_once_send_the_same_ids(place: Place) -> None:
    """A whole other run happens while the first one waits for its target."""

    def run_meanwhile(request: object) -> None:
        place.run()
        accepts(request)  # type: ignore[arg-type]

    place.receiver.behaviours = [run_meanwhile]
    place.run()
    assert len(place.receiver.processed) == 4
    assert place.run() == (0, 0, 0, 0)


def _kill_at(store: FolderStore, step: int, monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """End the run before the store's change number `step`. Returns a function that counts the changes."""
    changes = 0

    def counting(change: Callable[..., None]) -> Callable[..., None]:
        def changed(*arguments: object) -> None:
            nonlocal changes
            changes += 1
            if changes == step:
                raise KeyboardInterrupt
            change(*arguments)

        return changed

    monkeypatch.setattr(store, "put", counting(store.put))
    monkeypatch.setattr(store, "delete", counting(store.delete))
    return lambda: changes


def test_the_job_is_killed_at_every_step_and_each_message_is_processed_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before each change of the lake, one after the other; that is also after the one before it."""
    step, changes = 0, 1
    while step < changes:
        step += stride(4)
        with receiving() as receiver, monkeypatch.context() as patched:
            place = Place(tmp_path / str(step), receiver)
            write_latest(place.store, DAY)
            row = made(datetime(2026, 11, 26, 3, tzinfo=UTC), people=120, entered=120, left=0)
            write_tables(place.store, place.work, alerts=[episode()], lists=[row])
            write_people(place.store, row, [f"u-{n}" for n in range(120)])
            count = _kill_at(place.store, step, patched)
            inline = EVERYTHING + 'people = "inline"\n'
            try:
                place.run(inline)
            except KeyboardInterrupt:
                changes = count() + 1
                patched.undo()
                place.run(inline)
            assert place.run(inline) == (0, 0, 0, 0)
            processed = receiver.processed.values()
            assert sorted(event["type"] for event in processed) == [
                "AlertOpened", "ListChanged", "MetricsReady", "PeopleEntered", "PeopleEntered"
            ]  # fmt: skip
            ids = [each for event in processed for each in event["data"].get("ids", [])]
            assert sorted(ids) == sorted(f"u-{n}" for n in range(120))
    assert step > 15  # a begin, five messages put, sent and removed


def test_a_message_that_has_its_note_is_not_sent_again(place: Place) -> None:
    """The run was killed after it wrote the note, and before the message left the outbox."""
    place.receiver.behaviours = [says(500)] * 3
    alerts = HOOK + 'what = ["alert.*"]\n'
    place.run(alerts)
    outbox = Outbox(place.store, "team")
    (waiting,) = outbox.undelivered("waiting")
    outbox.delivered(waiting, "status 200", place.now)
    outbox.keep(waiting)
    requests = len(place.receiver.requests)
    assert place.run(alerts) == (0, 0, 0, 0)
    assert len(place.receiver.requests) == requests
    assert outbox.undelivered("waiting") == []


def lists_of(place: Place, *files: tuple[list[str], list[str]], revision: int = 0) -> None:
    """The list `stuck`, made on so many mornings, with these people who entered and left; the last in this revision."""
    rows = [
        made(
            datetime(2026, 11, 26, 3, tzinfo=UTC) + timedelta(days=n),
            entered=len(entered),
            left=len(left),
            revision=revision if n == len(files) - 1 else 0,
        )
        for n, (entered, left) in enumerate(files)
    ]
    write_tables(place.store, place.work, lists=rows)
    for row, (entered, left) in zip(rows, files, strict=True):
        write_people(place.store, row, entered, left)


def handed(place: Place, kind: str = "PeopleEntered") -> list[str]:
    """The ids of all batches of a kind, sorted."""
    events = [event for event in place.receiver.processed.values() if event["type"] == kind]
    return sorted(each for event in events for each in event["data"]["ids"])


def test_those_who_entered_and_left_are_handed_over_in_batches_of_about_a_hundred(place: Place) -> None:
    first = [f"u-{n}" for n in range(250)]
    lists_of(place, (first, []))
    assert place.run(INLINE) == (4, 4, 0, 0)
    sizes = [len(event["data"].get("ids", [])) for event in place.receiver.processed.values()]
    assert (sorted(sizes)[0], len(sizes), sum(sizes)) == (0, 4, 250)
    assert all(50 < size < 120 for size in sorted(sizes)[1:])
    assert handed(place) == sorted(first)
    lists_of(place, (first, []), ([f"u-{n}" for n in range(250, 260)], first[:20]))
    assert place.run(INLINE) == (3, 3, 0, 0)
    assert handed(place) == sorted([*first, *(f"u-{n}" for n in range(250, 260))])
    assert handed(place, "PeopleLeft") == sorted(f"u-{n}" for n in range(20))


def test_a_list_that_is_made_again_for_the_same_instant_hands_over_who_is_new_on_it(place: Place) -> None:
    """Late events have put another one on it, in place of somebody: the counts are the same."""
    lists_of(place, (["u-1", "u-2"], []))
    place.run(INLINE)
    lists_of(place, (["u-1", "u-3"], []), revision=1)
    assert place.run(INLINE) == (2, 2, 0, 0)
    assert set(handed(place)) == {"u-1", "u-2", "u-3"}
    lists_of(place, (["u-1", "u-3", "u-4"], []), revision=2)
    assert place.run(INLINE) == (2, 2, 0, 0)
    assert "u-4" in handed(place)
    assert place.run(INLINE) == (0, 0, 0, 0)


def test_a_send_without_inline_gets_counts_and_the_key_of_the_file(place: Place) -> None:
    lists_of(place, (["u-1", "u-2"], []))
    place.run()
    (event,) = [event for event in place.receiver.processed.values() if event["type"] == "ListChanged"]
    assert event["data"]["file"] == "lists/stuck/made=2026-11-26T030000Z/people.csv"
    assert "u-1" not in json.dumps(list(place.receiver.processed.values()))


def test_somebody_who_is_forgotten_meanwhile_is_not_delivered_and_nobody_else_is_lost(place: Place) -> None:
    everybody = [f"u-{n}" for n in range(250)]
    lists_of(place, (everybody, []))
    place.receiver.behaviours = [says(500)] * 3
    place.run(INLINE)
    (row,) = [made(datetime(2026, 11, 26, 3, tzinfo=UTC))]
    write_people(place.store, row, [each for each in everybody if each not in ("u-3", "u-77", "u-249")])
    assert place.run(INLINE)[2:] == (0, 0)
    assert set(handed(place)) == set(everybody) - {"u-3", "u-77", "u-249"}


def test_nobody_is_handed_over_again_when_somebody_is_forgotten(place: Place) -> None:
    """Neither when the files have lost a line, nor when the list is made again and its counts, and parts, are fewer."""
    everybody = [f"u-{n}" for n in range(201)]
    lists_of(place, (everybody, []))
    assert place.run(INLINE) == (4, 4, 0, 0)
    before = set(place.receiver.processed)
    assert remove_lines(place.store, lambda row: "u-7" in (row["user_id"], row["anonymous_id"]))
    assert place.run(INLINE) == (0, 0, 0, 0)
    lists_of(place, ([each for each in everybody if each != "u-7"], []))
    assert place.run(INLINE) == (0, 0, 0, 0)
    assert set(place.receiver.processed) == before
    assert len(handed(place)) == len(everybody)


def test_a_file_of_a_list_that_is_gone_is_told(place: Place) -> None:
    lists_of(place, (["u-1"], []))
    place.receiver.behaviours = [says(500)] * 3
    place.run(INLINE)
    place.store.delete(["lists/stuck/made=2026-11-26T030000Z/entered.ndjson"])
    (done,) = place.sending(INLINE).run(place.now)
    assert (done.sent, done.waiting, done.answered) == (1, 1, ["the file of the list has been removed"])


def test_the_outbox_and_the_notes_hold_no_id_of_a_person(place: Place) -> None:
    lists_of(place, ([f"person-{n}@example.com" for n in range(150)], []))
    place.receiver.behaviours = [accepts, says(400), says(500), says(500), says(500)]
    place.run(INLINE)
    stored = [
        (found.key, place.store.get(found.key) or b"")
        for prefix in ("outbox/", "sent/")
        for found in place.store.list(prefix)
    ]
    assert {key.split("/")[0] for key, _ in stored} == {"outbox", "sent"}
    for key, data in stored:
        assert b"person-" not in data, key
        assert b"secret-role" not in data, key
        assert place.receiver.key.encode() not in data, key


def test_a_sample_is_answered_and_is_not_part_of_the_books(place: Place) -> None:
    place.receiver.behaviours = [says(418, b"short and stout")]
    said = place.sending(EVERYTHING).try_out("team", FIVE)
    assert (said["send"], said["delivered"], said["said"], said["body"]) == (
        "team", False, "status 418", "short and stout"
    )  # fmt: skip
    assert place.sending(EVERYTHING).try_out("team", FIVE)["delivered"]
    (event,) = place.receiver.processed.values()
    assert event["data"]["sample"] is True
    assert list(sends_with_outbox(place.store)) == []
    with pytest.raises(InputError, match="unknown send 'taem'; choose from team"):
        place.sending(EVERYTHING).try_out("taem", FIVE)
