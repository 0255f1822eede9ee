"""The morning's job on real lakes: from events to the tables `goals` and `alerts`, and what a repeat may change."""

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from daybreak.errors import DayMissing, InputError
from daybreak.export.rows import write_rows
from daybreak.export.run import begin
from daybreak.lake import keys
from daybreak.lake.store import FolderStore
from daybreak.lake.tables import AlertEpisode, MeasuredGoal, duckdb_columns
from daybreak.metrics.job import Metrics
from daybreak.watch.job import Watch
from support.cut_store import Cut, CutStore
from support.journeys import LIMITS, Deployment, event, project

DEFINITIONS = """
[segments.role]
trait = "role"
[activation.first]
description = "d"
start = "Signed Up"
milestone = "Saved"
window = "1d"
segments = ["role"]
[goal.half]
description = "Every second new person saves something"
metric = "activation.first"
from = 2026-02-09
by = 2026-04-30
target = 0.5
[goal.admins]
description = "Admins, too"
metric = "activation.first"
segment = "role"
segment_value = "admin"
from = 2026-02-09
by = 2026-04-30
target = 0.5
[alert.falls]
description = "New people do not get on"
metric = "activation.first"
when = "falls"
segments = ["role"]
[alert.no_sign_ups]
event = "Signed Up"
when = "stops"
"""
WATCHED = project(DEFINITIONS)
FIRST = date(2026, 1, 5)


def day(number: int) -> date:
    return FIRST + timedelta(days=number - 1)


def sign_ups(number: int, reached: int, people: int = 20, also: str = "") -> Iterator[dict[str, Any]]:
    """The people of a day, so many of whom save within the day. The first half are admins."""
    for n in range(people):
        who = f"p{number}-{n}{also}"
        role = "admin" if n < people / 2 else "member"
        yield {"type": "identify", "userId": who, "traits": {"role": role}, "timestamp": f"{day(number)}T09:00:00Z",
               "messageId": f"{who}/role"}  # fmt: skip
        yield event(who, "Signed Up", f"{day(number)}T10:00:00Z")
        if n < reached:
            yield event(who, "Saved", f"{day(number)}T11:00:00Z")


class Mornings:
    """A deployment that lives day by day: at noon the export, then the families and the watch as of the day before."""

    def __init__(self, root: Path, definitions: str = DEFINITIONS) -> None:
        self.deployment = Deployment(root, project(definitions))

    @property
    def store(self) -> FolderStore:
        return self.deployment.store

    def receive(self, number: int, events: Iterable[dict[str, Any]]) -> None:
        """The events of a day arrive in its evening."""
        self.deployment.receive(f"{day(number)}T23:00:00+00:00", events)

    def compute(self, number: int) -> None:
        """The families on the morning after day `number`."""
        self.deployment.export(f"{day(number + 1)}T12:00:00+00:00")
        self.deployment.compute(str(day(number)))

    def watch(self, number: int) -> None:
        self.compute(number)
        Watch(self.store, self.deployment.project, LIMITS).run(day(number))

    def rows(self, table: str) -> list[dict[str, Any]]:
        with duckdb.connect() as db:
            found = db.execute(f"select * from '{self.store.root}/{table}/{table}.parquet'")
            names = [column[0] for column in found.description]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def latest(self, table: str) -> dict[str, Any]:
        return self.deployment.latest(table)

    def bytes(self) -> dict[str, str]:
        """The objects of goals and alerts with their checksums."""
        prefixes = ("goals/", "alerts/", "latest/goals", "latest/alerts")
        return {key: md5 for prefix in prefixes for key, md5 in self.deployment.bytes(prefix).items()}


@pytest.fixture(scope="module")
def fallen(tmp_path_factory: pytest.TempPathFactory) -> Mornings:
    """40 % on 45 days, then 10 % until day 55; the mornings after days 50 to 55 were seen."""
    lived = Mornings(tmp_path_factory.mktemp("fallen"))
    lived.receive(49, (sent for number in range(1, 50) for sent in sign_ups(number, 8 if number <= 45 else 2)))
    for number in range(50, 56):
        lived.receive(number, sign_ups(number, 2))
        lived.watch(number)
    return lived


def test_the_tables_have_the_columns_of_their_row_models(fallen: Mornings) -> None:
    for table, model in ((keys.GOALS, MeasuredGoal), (keys.ALERTS, AlertEpisode)):
        with duckdb.connect() as db:
            described = db.execute(f"describe select * from '{fallen.store.root}/{table}/{table}.parquet'").fetchall()
        assert {name: type_ for name, type_, *_ in described} == duckdb_columns(model)


def test_a_goal_has_a_row_for_each_morning_counted_by_hand(fallen: Mornings) -> None:
    rows = [row for row in fallen.rows("goals") if row["goal"] == "half"]
    assert [row["day"] for row in rows] == [day(number) for number in range(50, 56)]
    newest = rows[-1]
    # 28 days until day 54: 19 days of 8 and 9 days of 2, of 20 people each; before day 36 it was 8 of 20
    assert newest["measured_to"] == day(54)
    assert newest["people"] == 560
    assert newest["measured"] == pytest.approx((19 * 8 + 9 * 2) / 560)
    assert newest["baseline"] == 0.4
    assert newest["needed"] == pytest.approx(
        0.4 + 0.1 * 171 / 28 / 80
    )  # 9 days before `from`, and days 0 to 18 after it
    assert (newest["state"], newest["final_on"]) == ("behind", date(2026, 5, 1))


def test_a_goal_of_a_segment_is_about_its_value(fallen: Mornings) -> None:
    newest = [row for row in fallen.rows("goals") if row["goal"] == "admins"][-1]
    assert (newest["segment"], newest["segment_value"], newest["people"]) == ("role", "admin", 280)
    assert (newest["baseline"], newest["measured"]) == (0.8, pytest.approx((19 * 8 + 9 * 2) / 280))


def test_an_alert_opens_once_for_everybody_and_for_the_value_that_fell(fallen: Mornings) -> None:
    episodes = fallen.rows("alerts")
    assert [(e["alert"], e["segment_value"], e["change"]) for e in episodes] == [
        ("falls", "all", "fell"),
        ("falls", "admin", "fell"),
    ]
    everybody = episodes[0]
    # 7 days to day 48: 38 of 140 against 224 of 560, p = 0.005; to day 49: 32 of 140, p = 0.0002
    assert (everybody["opened"], everybody["spoken"], everybody["closed"]) == (day(50), day(50), None)
    assert everybody["message"].startswith("activation.first (rate) fell by 43 %: 22.9 % (32 of 140)")
    assert (everybody["now"], everybody["now_people"]) == (0.1, 140)  # five mornings later, 7 days of 2 of 20
    assert everybody["description"] == "New people do not get on"


def test_the_small_json_holds_the_newest_goals_and_every_episode(fallen: Mornings) -> None:
    goals, alerts = fallen.latest("goals"), fallen.latest("alerts")
    assert goals["as_of"] == alerts["as_of"] == str(day(55))
    assert {row[goals["columns"].index("goal")] for row in goals["rows"]} == {"half", "admins"}
    assert len(alerts["rows"]) == 2
    assert alerts["columns"] == list(AlertEpisode.model_fields)


def copy_of(lived: Mornings, root: Path) -> Mornings:
    """A deployment with the same lake, to go on from."""
    other = Mornings(root)
    for stored in lived.store.list(""):
        other.store.put(stored.key, lived.store.get(stored.key) or b"")
    other.deployment.arrived.hours.update(lived.deployment.arrived.hours)
    return other


def test_the_same_morning_again_writes_the_same_bytes(fallen: Mornings, tmp_path: Path) -> None:
    lived = copy_of(fallen, tmp_path)
    before = lived.bytes()
    assert len(before) == 4
    Watch(lived.store, WATCHED, LIMITS).run(day(55))
    assert lived.bytes() == before
    Watch(lived.store, WATCHED, LIMITS).run(day(52))  # an older day never takes the tables back
    assert lived.bytes() == before


def test_restated_history_changes_no_morning_of_the_past_and_opens_nothing_again(
    fallen: Mornings, tmp_path: Path
) -> None:
    lived = copy_of(fallen, tmp_path)
    goals, episodes = lived.rows("goals"), lived.rows("alerts")
    # late events of day 46: a hundred people, all of whom saved; they arrive on day 56
    lived.receive(56, [*sign_ups(46, 100, 100, "late"), *sign_ups(56, 2)])
    lived.watch(56)
    assert [row for row in lived.rows("goals") if row["day"] <= day(55)] == goals
    newest = [row for row in lived.rows("goals") if row["day"] == day(56)]
    assert {row["baseline"] for row in newest} == {0.4, 0.8}
    assert next(row["people"] for row in newest if row["goal"] == "half") == 660
    numbers = {"now", "now_people"}  # those of the newest morning
    same = [{name: value for name, value in e.items() if name not in numbers} for e in episodes]
    after = [{name: value for name, value in e.items() if name not in numbers} for e in lived.rows("alerts")]
    assert after[: len(same)] == same


def test_a_morning_that_is_repeated_after_late_events_replaces_its_own_rows_only(
    fallen: Mornings, tmp_path: Path
) -> None:
    lived = copy_of(fallen, tmp_path)
    goals, episodes = lived.rows("goals"), lived.rows("alerts")
    lived.deployment.receive(f"{day(56)}T13:00:00+00:00", sign_ups(50, 100, 100, "late"))
    lived.deployment.export(f"{day(56)}T15:00:00+00:00")
    lived.watch(55)
    after = lived.rows("goals")
    assert [row for row in after if row["day"] < day(55)] == [row for row in goals if row["day"] < day(55)]
    assert [row["people"] for row in after if row["day"] == day(55)] == [330, 660]
    opened = [(e["alert"], e["segment_value"], e["opened"]) for e in episodes]
    assert [(e["alert"], e["segment_value"], e["opened"]) for e in lived.rows("alerts")] == opened
    # 7 days to day 54: 7 x 2 of 20 and 100 of 100 are 114 of 240, back; admins 7 x 2 of 10 and 50 of 50: 64 of 120
    # both episodes began on an earlier morning, so this one may end one of them, now that it is seen to be back
    assert [e["closed"] for e in lived.rows("alerts")] == [day(55), None]
    seen = lived.bytes()
    Watch(lived.store, WATCHED, LIMITS).run(day(55))
    assert lived.bytes() == seen


def test_a_repeated_morning_does_not_take_back_the_episode_that_it_has_opened(fallen: Mornings, tmp_path: Path) -> None:
    lived = copy_of(fallen, tmp_path)
    lived.receive(56, [event("somebody", "Looked", f"{day(56)}T10:00:00Z")])
    lived.receive(57, [event("somebody", "Looked", f"{day(57)}T10:00:00Z")])
    lived.watch(56)
    lived.watch(57)
    opened = [e for e in lived.rows("alerts") if e["alert"] == "no_sign_ups"]
    assert [(e["opened"], e["now"]) for e in opened] == [(day(57), 0)]
    # sign-ups of day 57 arrive in the afternoon; the message of the morning may have been sent
    lived.deployment.receive(f"{day(58)}T13:00:00+00:00", sign_ups(57, 2))
    lived.deployment.export(f"{day(58)}T15:00:00+00:00")
    lived.watch(57)
    (again,) = [e for e in lived.rows("alerts") if e["alert"] == "no_sign_ups"]
    assert again == {**opened[0], "now": 20}
    lived.receive(58, [])
    lived.watch(58)
    (over,) = [e for e in lived.rows("alerts") if e["alert"] == "no_sign_ups"]
    assert (over["closed"], over["ending"]) == (day(58), "recovered")


@pytest.fixture(scope="module")
def before_day_57(fallen: Mornings, tmp_path_factory: pytest.TempPathFactory) -> Mornings:
    """A week after the fall, when both tables change: the families are there, the watch is not."""
    lived = copy_of(fallen, tmp_path_factory.mktemp("before"))
    for number in (56, 57):
        lived.receive(number, sign_ups(number, 2))
    lived.watch(56)
    lived.compute(57)
    return lived


@pytest.mark.parametrize("writes", range(4))
def test_a_run_that_is_killed_between_its_objects_is_finished_by_the_next(
    before_day_57: Mornings, tmp_path: Path, writes: int
) -> None:
    whole, killed = copy_of(before_day_57, tmp_path / "whole"), copy_of(before_day_57, tmp_path / "killed")
    Watch(whole.store, WATCHED, LIMITS).run(day(57))
    with pytest.raises(Cut):
        Watch(CutStore(killed.store.root, writes), WATCHED, LIMITS).run(day(57))
    Watch(killed.store, WATCHED, LIMITS).run(day(57))
    assert killed.bytes() == whole.bytes()
    assert {episode["spoken"] for episode in killed.rows("alerts")} == {day(57)}


def test_an_event_that_stops_is_seen_in_the_counts_of_the_export(fallen: Mornings, tmp_path: Path) -> None:
    lived = copy_of(fallen, tmp_path)
    for number in (56, 57):
        lived.receive(number, [event("somebody", "Looked", f"{day(number)}T10:00:00Z")])
        lived.watch(number)
        stopped = [e for e in lived.rows("alerts") if e["alert"] == "no_sign_ups"]
        assert len(stopped) == (number == 57)
    assert stopped[0]["message"] == (
        '"Signed Up" has stopped: none came in the 2 days to 2026-03-02; before, it came 20.0 times a day.'
    )
    lived.receive(58, sign_ups(58, 2))
    lived.watch(58)
    (over,) = [e for e in lived.rows("alerts") if e["alert"] == "no_sign_ups"]
    assert over["closed"] == day(58)


def test_a_family_that_has_not_reached_the_day_is_waited_for(fallen: Mornings, tmp_path: Path) -> None:
    lived = copy_of(fallen, tmp_path)
    with pytest.raises(DayMissing, match="2026-03-01 is not exported"):
        Watch(lived.store, WATCHED, LIMITS).run(day(56))
    lived.receive(56, sign_ups(56, 2))
    lived.deployment.export(f"{day(57)}T12:00:00+00:00")
    with pytest.raises(DayMissing, match="activation has only reached 2026-02-28, 2026-03-01 is needed"):
        Watch(lived.store, WATCHED, LIMITS).run(day(56))
    lived.deployment.compute(str(day(56)))
    assert Watch(lived.store, WATCHED, LIMITS).run(day(55)).morning == day(56)  # the families know day 56 already


def test_a_family_that_was_computed_with_other_definitions_is_waited_for(fallen: Mornings) -> None:
    other = project(DEFINITIONS.replace('window = "1d"', 'window = "2d"'))
    with pytest.raises(DayMissing, match="activation was computed with other definitions"):
        Watch(fallen.store, other, LIMITS).run(day(55))


def test_a_goal_and_an_alert_that_are_gone_keep_their_past_and_say_nothing(fallen: Mornings, tmp_path: Path) -> None:
    lived = copy_of(fallen, tmp_path)
    plain = project(DEFINITIONS.partition("[goal.half]")[0])
    seen = Watch(lived.store, plain, LIMITS).run(day(55))
    assert seen.goals == []
    assert len(lived.rows("goals")) == 2 * 5  # this morning's rows are those of this morning
    seen = Watch(copy_of(fallen, tmp_path / "next").store, plain, LIMITS).run(day(55))
    assert seen.open == []


def test_a_project_without_goals_and_alerts_writes_tables_without_rows(tmp_path: Path) -> None:
    lived = Mornings(tmp_path, DEFINITIONS.partition("[goal.half]")[0])
    lived.receive(1, sign_ups(1, 2))
    lived.watch(1)
    assert (lived.rows("goals"), lived.rows("alerts")) == ([], [])
    assert lived.latest("goals")["rows"] == []


def test_an_old_episode_of_a_value_that_few_people_have_leaves_the_table(fallen: Mornings, tmp_path: Path) -> None:
    lived = copy_of(fallen, tmp_path)
    everybody, admins = (AlertEpisode(**row) for row in lived.rows("alerts"))
    one = {"segment_value": "ann@example.com", "now_people": 1, "before_people": 1, "message": "of ann@example.com"}
    gone = {"alert": "gone", "segment": "mail"}
    old = [
        everybody,
        admins,
        admins.model_copy(update=one),
        admins.model_copy(update={**one, "closed": day(51), "ending": "recovered"}),
        admins.model_copy(update={**one, **gone, "now_people": 20}),
        admins.model_copy(update={**one, **gone, "now_people": 70, "before_people": 280, "subject": "churn.weekly"}),
        admins.model_copy(update={**gone, "now_people": 70, "before_people": 280, "closed": day(51), "ending": "recovered"}),
    ]  # fmt: skip
    with begin(lived.store, WATCHED, LIMITS) as run:
        write_rows(run, keys.watched(keys.ALERTS), AlertEpisode, old)
    seen = Watch(lived.store, WATCHED, LIMITS).run(day(55))
    assert [(e.alert, e.segment_value) for e in seen.episodes] == [
        ("falls", "all"),
        ("falls", "admin"),
        ("gone", "admin"),
    ]
    for key in lived.bytes():
        assert b"ann@example.com" not in (lived.store.get(key) or b"")
    assert "ann@example.com" not in str(lived.rows("alerts"))


REFUSED = (
    "[alert.falls] metric: could see nothing smaller than a total loss, with 21 people in 7 days; watch a number of "
    'more people, or an event with when = "stops"'
)


def test_an_alert_on_too_few_people_is_refused_in_words_and_the_others_go_on(tmp_path: Path) -> None:
    lived = Mornings(tmp_path)
    lived.receive(36, (sent for number in range(1, 37) for sent in sign_ups(number, 1, people=3)))
    lived.compute(36)
    said: list[str] = []
    seen = Watch(lived.store, lived.deployment.project, LIMITS, said.append).run(day(36))
    # 35 complete days: 0 of 21 against 28 of 84 would be p = 0.0017
    assert [(one.alert, one.field, one.people, one.days, one.message) for one in seen.refused] == [
        ("falls", "metric", 21, 7, REFUSED)
    ]
    assert f"watch: refused, and not looked at: {REFUSED}" in said
    assert [one["message"] for one in lived.latest("alerts")["refused"]] == [REFUSED]
    assert {goal.state for goal in seen.goals} == {"waiting"}
    assert REFUSED.split(";")[0] not in str(lived.rows("alerts"))
    for number in (37, 38, 39):  # nobody signs up: the alert on the event goes on
        lived.receive(number, [event("somebody", "Looked", f"{day(number)}T10:00:00Z")])
        lived.watch(number)
    assert [(e["alert"], e["change"]) for e in lived.rows("alerts")] == [("no_sign_ups", "stopped")]
    # more people come, and it looks again by itself
    lived.receive(67, (sent for number in range(40, 68) for sent in sign_ups(number, 8)))
    lived.watch(67)
    assert lived.latest("alerts")["refused"] == []


def test_a_product_that_is_a_week_old_is_not_refused(tmp_path: Path) -> None:
    lived = Mornings(tmp_path)
    lived.receive(8, (sent for number in range(1, 9) for sent in sign_ups(number, 1, people=3)))
    lived.watch(8)
    assert lived.latest("alerts")["refused"] == []


def test_replay_says_on_which_mornings_it_would_have_spoken(fallen: Mornings) -> None:
    mornings = Watch(fallen.store, WATCHED, LIMITS).replay("falls", day(55)).mornings
    assert [(m.morning, m.says, m.episode.segment_value) for m in mornings] == [
        # admins, 7 days to day 47: 44 of 70 against 224 of 280, p = 0.0025; to day 48: 38 of 70, p = 0.000006
        (day(49), "opened", "admin"),
        (day(50), "opened", "all"),
    ]
    with pytest.raises(InputError, match="unknown alert 'fals'; did you mean 'falls'"):
        Watch(fallen.store, WATCHED, LIMITS).replay("fals", day(55))


def test_an_unfinished_day_names_the_morning_before(tmp_path: Path) -> None:
    lived = Mornings(tmp_path)
    lived.receive(40, (sent for number in range(1, 41) for sent in sign_ups(number, 8)))
    lived.deployment.export(f"{day(41)}T12:00:00+00:00")
    until = datetime(2026, 2, 13, 12, tzinfo=UTC)  # noon of day 40
    list(Metrics(lived.store, WATCHED, LIMITS).run_all(day(40), until))
    seen = Watch(lived.store, WATCHED, LIMITS).run(day(40), until)
    assert (seen.morning, seen.goals[0].measured_to) == (day(39), day(38))
    assert json.loads(lived.store.get(keys.latest("goals")) or b"{}")["as_of"] == str(day(39))
