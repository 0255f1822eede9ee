"""The demo's experiment, goals, alerts and list, against a count of the purchases in plain Python and scipy.

Nothing here is read from the product but what it computed. The tables of `make demo` itself: tests/e2e.
"""

import gzip
import json
import math
import re
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from scipy.stats import chi2_contingency

from conftest import ROOT
from daybreak.definitions.project import load
from daybreak.example import purchases
from daybreak.files.compute import ComputedTables, compute_tables

DATA = ROOT / purchases.PURCHASES
DAY, LAST = timedelta(days=1), date(1998, 6, 30)
MARCH = (date(1997, 3, 1), date(1997, 3, 31))
Row = dict[str, Any]


def bought() -> dict[str, list[date]]:
    """The day of each purchase by customer, in order."""
    days = defaultdict[str, list[date]](list)
    for line in gzip.decompress(DATA.read_bytes()).decode().splitlines()[1:]:
        customer, day, _, _ = line.split()
        days[customer].append(date(int(day[:4]), int(day[4:6]), int(day[6:])))
    return {customer: sorted(mine) for customer, mine in days.items()}


BOUGHT = bought()


def second_orders(customers: Iterable[str]) -> tuple[int, int]:
    """How many of these ordered a second time within 28 days, and how many they are."""
    chosen = [BOUGHT[customer] for customer in customers]
    return sum(len(days) > 1 and days[1] <= days[0] + 28 * DAY for days in chosen), len(chosen)


def new_between(first: date, last: date) -> list[str]:
    return [customer for customer, days in BOUGHT.items() if first <= days[0] <= last]


def buyers_a_day(last: date, days: int) -> float:
    """The mean number of different buyers on each of the days that end with the last."""
    first = last - (days - 1) * DAY
    return sum(first <= day <= last for mine in BOUGHT.values() for day in set(mine)) / days


@pytest.fixture(scope="module")
def computed(tmp_path_factory: pytest.TempPathFactory) -> tuple[ComputedTables, Path]:
    """What the demo's daybreak.toml says of the events that the demo sends; other families are tested elsewhere."""
    folder = tmp_path_factory.mktemp("demo")
    file = folder / "events.jsonl"
    file.write_text("".join(json.dumps(as_sent(event)) + "\n" for event in purchases.events(DATA)))
    project = load(ROOT / "daybreak.toml")
    needed = {
        family: project.definitions[family] for family in ("activation", "completion", "active_people", "experiment")
    }
    project = project.model_copy(update={"definitions": needed})
    done = compute_tables([str(file)], project, None, folder / "out", now=datetime.now(UTC))
    return done, folder / "out"


def as_sent(event: Row) -> Row:
    return {
        "type": "track",
        "messageId": event["message_id"],
        "userId": event["user_id"],
        "event": event["event"],
        "properties": event["properties"],
        "timestamp": event["timestamp"].isoformat(),
    }


def rows(table: tuple[list[str], list[Any]]) -> list[Row]:
    columns, found = table
    return [dict(zip(columns, row, strict=True)) for row in found]


def watched(done: ComputedTables, table: str, kind: str) -> dict[str, Row]:
    return {row[kind]: row for row in rows(done.goals_and_alerts[table])}


def test_each_buyer_of_march_views_the_test_once_when_they_first_buy() -> None:
    views = list(purchases.exposures(DATA))
    firsts = {view["user_id"]: view["timestamp"].date() for view in views}
    assert firsts == {customer: BOUGHT[customer][0] for customer in new_between(*MARCH)}
    assert len(views) == len(firsts) == 7_248
    sent = purchases.events(DATA)
    assert len(sent) == len({event["message_id"] for event in sent}) == 69_659 + 7_248
    assert sent == purchases.events(
        DATA
    )  # sent again, each event has the id that it had, and each buyer the same group


def test_neither_group_of_the_aa_test_wins(computed: tuple[ComputedTables, Path]) -> None:
    found = {row["variant"]: row for row in rows(computed[0].tables["experiment"]) if row["day"] == LAST}
    groups = defaultdict[str, list[str]](list)
    for view in purchases.exposures(DATA):
        groups[view["properties"]["variant"]].append(view["user_id"])
    counted = {variant: second_orders(members) for variant, members in groups.items()}
    assert counted == {"a": (613, 3_606), "b": (664, 3_642)}
    assert {variant: (row["reached"], row["finished"]) for variant, row in found.items()} == counted
    table = [[reached, people - reached] for reached, people in (counted["a"], counted["b"])]
    assert math.isclose(found["b"]["p_value"], chi2_contingency(table, correction=False).pvalue, rel_tol=1e-9)
    assert (found["a"]["verdict"], found["b"]["verdict"]) == ("baseline", "no difference")


def test_the_goal_of_march_1997_was_missed(computed: tuple[ComputedTables, Path]) -> None:
    goal = watched(computed[0], "goals", "goal")["second_order"]
    before = second_orders(new_between(MARCH[0] - 28 * DAY, MARCH[0] - DAY))
    reached, people = second_orders(new_between(MARCH[1] - 27 * DAY, MARCH[1]))
    assert goal["baseline"] == pytest.approx(before[0] / before[1])
    assert (goal["measured"], goal["people"]) == (pytest.approx(reached / people), people)
    assert (goal["state"], goal["final_on"]) == ("missed", MARCH[1] + 28 * DAY)


def test_the_goal_of_seventy_buyers_a_day_is_on_track(computed: tuple[ComputedTables, Path]) -> None:
    goal = watched(computed[0], "goals", "goal")["buyers"]
    begins, by = date(1998, 6, 1), date(1998, 12, 31)
    baseline, measured = buyers_a_day(begins - DAY, 28), buyers_a_day(LAST, 28)
    line = [baseline + (70 - baseline) * max((LAST - n * DAY - begins) / (by - begins), 0) for n in range(28)]
    assert goal["baseline"] == pytest.approx(baseline)
    assert goal["measured"] == pytest.approx(measured)
    assert goal["needed"] == pytest.approx(sum(line) / 28)
    assert measured > sum(line) / 28
    assert goal["state"] == "on track"


def test_the_alert_on_buyers_speaks_and_the_one_on_new_buyers_has_nobody_to_look_at(
    computed: tuple[ComputedTables, Path],
) -> None:
    (alert,) = rows(computed[0].goals_and_alerts["alerts"])
    assert (alert["alert"], alert["change"], alert["closed"]) == ("few_buyers", "below", None)
    assert alert["now"] == pytest.approx(buyers_a_day(LAST, 7))
    assert buyers_a_day(LAST, 7) < 60
    assert max(days[0] for days in BOUGHT.values()) == date(1997, 3, 25)  # nobody new for fifteen months


def test_the_list_holds_who_bought_on_two_days_and_then_no_more(computed: tuple[ComputedTables, Path]) -> None:
    done, out = computed
    wanted = {
        customer
        for customer, days in BOUGHT.items()
        if len({day for day in days if day > LAST - 120 * DAY}) >= 2 and days[-1] <= LAST - 60 * DAY
    }
    listed = (out / "lists" / "gone_quiet.ndjson").read_text().splitlines()
    assert {json.loads(line)["user_id"] for line in listed} == wanted
    assert [made.people for made in done.lists] == [len(listed)] == [len(wanted)] == [346]


def test_the_page_says_who_wins_what_changed_and_whom_to_remind(computed: tuple[ComputedTables, Path]) -> None:
    page = computed[0].page.read_text()
    today = page[page.index('aria-labelledby="today"') : page.index('id="figures"')]
    for said in ("Fewer than sixty buyers a day", "No difference is shown", "<b>346</b> people are on the list"):
        assert said in today
    assert "missed" not in today  # the goal of March 1997: final for more than a year, so not news


def test_a_step_of_a_funnel_that_has_one_event_three_times_says_which_it_is(
    computed: tuple[ComputedTables, Path],
) -> None:
    words = re.sub(r"<[^>]+>", "", computed[0].page.read_text())
    for nth in (1, 2, 3):
        assert f"Order Completed, {nth} of 3" in words
    assert "most stop before Order Completed, 2 of 3" in words
