"""The messages of a morning: which news there is, what it says, and that the same news always has the same id."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest

from daybreak.send.message import Message
from daybreak.send.messages import messages
from daybreak.send.sample import sample
from daybreak.send.tables import Ready, Tables
from support.news import DAY, episode, made, measured, project

BEFORE = DAY - timedelta(days=1)
EIGHT = datetime(2026, 11, 26, 8, 5, tzinfo=UTC)
PROJECT = project("")


def told(tables: Tables, since: date = DAY) -> list[Message]:
    return messages(tables, PROJECT, "daybreak.Daybreak", since)


def said(tables: Tables, since: date = DAY) -> list[tuple[str, str]]:
    return [(message.kind, message.title) for message in told(tables, since)]


def test_an_episode_is_told_when_it_is_opened_when_it_lasts_and_when_it_is_over() -> None:
    week_ago = DAY - timedelta(days=7)
    rows = [
        episode(),
        episode(segment="role", segment_value="admin", opened=week_ago),
        episode(segment="role", segment_value="guest", opened=week_ago, closed=DAY, ending="recovered"),
        episode(segment="role", segment_value="left", opened=week_ago, closed=DAY, ending="settled"),
        episode(segment="role", segment_value="few", opened=week_ago, closed=DAY, ending="unmeasured"),
        episode(segment="role", segment_value="gone", opened=week_ago, spoken=week_ago, closed=DAY, ending="dropped"),
        episode(segment="role", segment_value="owner", opened=week_ago, spoken=week_ago),
    ]
    assert sorted(said(Tables(alerts=rows))) == [
        ("AlertClosed", "Alert falls (role: few): ended, too few people to measure it"),
        ("AlertClosed", "Alert falls (role: guest): over, it is back"),
        ("AlertClosed", "Alert falls (role: left): ended, the change has lasted 28 days"),
        ("AlertOpened", "Alert falls: fell"),
        ("AlertReminded", "Alert falls (role: admin): open since 2026-11-18"),
    ]


def test_an_alert_that_is_removed_on_the_morning_it_spoke_is_still_told_as_what_it_said() -> None:
    assert said(Tables(alerts=[episode(closed=DAY, ending="dropped")])) == [("AlertOpened", "Alert falls: fell")]


def test_a_goal_is_told_when_it_is_first_measured_and_when_its_state_differs_from_the_morning_before() -> None:
    days = [DAY - timedelta(days=n) for n in (3, 2, 1, 0)]
    states = ["waiting", "on track", "on track", "behind"]
    rows = [measured(day, state) for day, state in zip(days, states, strict=True)]
    assert said(Tables(goals=rows[::-1]), since=days[0]) == [
        ("GoalChanged", "Goal q1: waiting"),
        ("GoalChanged", "Goal q1: on track, before waiting"),
        ("GoalChanged", "Goal q1: behind, before on track"),
    ]
    assert said(Tables(goals=rows[:3])) == []


def test_a_goal_with_another_aim_is_told_as_a_new_one() -> None:
    rows = [measured(BEFORE, "behind"), measured(DAY, "behind", goal_version="w", target=0.5)]
    assert said(Tables(goals=rows)) == [("GoalChanged", "Goal q1: behind")]


def test_goals_do_not_mix() -> None:
    rows = [measured(BEFORE, "behind"), measured(DAY, "behind"), measured(DAY, "met", goal="another")]
    assert said(Tables(goals=rows)) == [("GoalChanged", "Goal another: met")]


def test_a_list_is_told_when_somebody_entered_or_left() -> None:
    rows = [
        made(EIGHT),
        made(EIGHT + timedelta(hours=1), entered=0, left=0),
        made(EIGHT + timedelta(hours=2), entered=0),
    ]
    found = told(Tables(lists=rows))
    assert [(m.kind, m.title, m.time) for m in found] == [
        ("ListChanged", "List stuck: 12 entered, 3 left", datetime(2026, 11, 26, 8, 5, tzinfo=UTC)),
        ("ListChanged", "List stuck: 0 entered, 3 left", datetime(2026, 11, 26, 10, 5, tzinfo=UTC)),
    ]
    assert found[0].text == (
        "Signed up and stopped\n140 people are on the list. 14 of them are held out and never delivered.\n"
        "File: lists/stuck/made=2026-11-26T080500Z/people.csv\nOpen the page: daybreak dashboard"
    )


def test_the_past_is_not_told() -> None:
    rows = Tables(
        alerts=[episode(opened=BEFORE, spoken=BEFORE)],
        goals=[measured(BEFORE, "behind"), measured(DAY, "behind")],
        # in Berlin the day 2026-11-25 ends at 23:00 UTC; the list knows less than that
        lists=[made(datetime(2026, 11, 25, 22, 59, tzinfo=UTC))],
        ready=Ready(BEFORE, 2, 0),
    )
    assert told(rows) == []


def test_the_metrics_are_told_once_a_day() -> None:
    (message,) = told(Tables(ready=Ready(DAY, 2, 1)))
    assert (message.kind, message.about, message.title) == (
        "MetricsReady",
        "metrics",
        "Metrics of 2026-11-25 are ready",
    )
    assert message.time == datetime(2026, 11, 25, 23, tzinfo=UTC)  # midnight in Berlin
    assert message.data == {"day": "2026-11-25", "definitions": 2, "warnings": 1}
    assert message.text.startswith("The numbers of 2 definitions are ready up to 2026-11-25, with 1 warning.\n")
    (message,) = told(Tables(ready=Ready(DAY, 1, 0)))
    assert message.text.startswith("The numbers of 1 definition are ready up to 2026-11-25, with no warnings.\n")


def test_a_goal_says_its_numbers_in_sentences() -> None:
    (message,) = told(Tables(goals=[measured(DAY, "behind")]))
    assert message.text == (
        "Two of five get on within a week\n"
        "Measured up to 2026-11-25: 33.02 % (30.1 % to 36.2 %) of 1,812.\n"
        "Needed over the same days: 34.12 %. Target: 40 % by 2027-03-31.\n"
        "Open the page: daybreak dashboard"
    )
    wait = {"metric": "time_to_value.wait", "number": "p50_seconds", "target": 7200.0, "needed": None}
    none = {"measured": None, "low": None, "high": None, "people": None}
    (message,) = told(Tables(goals=[measured(DAY, "waiting", **wait, **none)]))
    assert message.text.splitlines()[1:3] == ["It is not measured yet.", "Target: 2 hours by 2027-03-31."]


@pytest.mark.parametrize(
    ("metric", "number", "target", "said"),
    [
        ("time_to_value.wait", "p50_seconds", 90, "90 seconds"),
        ("time_to_value.wait", "p50_seconds", 0.25, "0.25 seconds"),
        ("time_to_value.wait", "p50_seconds", 150, "2.5 minutes"),
        ("time_to_value.wait", "p50_seconds", 5_400, "90 minutes"),
        ("time_to_value.wait", "p50_seconds", 100_000, "27.78 hours"),
        ("time_to_value.wait", "p50_seconds", 864_000, "10 days"),
        ("activation.first", "rate", 0.125, "12.5 %"),
        ("activation.first", "rate", 0.0005, "0.05 %"),
        ("activation.first", "rate", 1, "100 %"),
        ("activation.first", "rate", 0, "0 %"),
        ("active_people.all", "dau", 12_345, "12,345"),
        ("active_people.all", "dau", 400, "400"),
        ("nps.all", "nps", -12.5, "-12.5"),
    ],
)
def test_a_goal_says_each_number_as_it_is(metric: str, number: str, target: float, said: str) -> None:
    (message,) = told(
        Tables(goals=[measured(DAY, "behind", metric=metric, number=number, target=target, needed=target)])
    )
    assert message.text.splitlines()[2] == f"Needed over the same days: {said}. Target: {said} by 2027-03-31."


def test_the_same_news_has_the_same_id_and_other_news_another() -> None:
    rows = [
        *told(Tables(alerts=[episode()])),
        *told(Tables(alerts=[episode(segment="role", segment_value="admin")])),
        *told(Tables(alerts=[episode(alert="other")])),
        *told(Tables(alerts=[episode(opened=BEFORE)])),
        *told(Tables(goals=[measured(DAY, "behind")])),
        *told(Tables(goals=[measured(DAY, "met")])),
        *told(Tables(lists=[made(EIGHT)])),
        *told(Tables(lists=[made(EIGHT + timedelta(hours=1))])),
        *told(Tables(ready=Ready(DAY, 2, 0))),
        *messages(Tables(alerts=[episode()]), PROJECT, "daybreak.Other", DAY),
    ]
    assert len({message.id for message in rows}) == len(rows) == 10
    # late events change the numbers of a morning, and not which morning it was
    again = told(Tables(alerts=[episode(now=0.2199, message="fell from 33.0 % to 21.9 %")]))
    assert again[0].id == rows[0].id
    # nor does a person who is forgotten change a list; late events that put others on it do
    fewer, revised = (told(Tables(lists=[made(EIGHT, **row)]))[0].id for row in ({"entered": 11}, {"revision": 1}))
    assert (fewer == rows[6].id, revised == rows[6].id) == (True, False)


def test_a_message_is_a_cloud_event() -> None:
    (message,) = told(Tables(alerts=[episode(description="한국어")]))
    event = json.loads(message.cloud_event())
    # the attributes that CloudEvents 1.0 requires, and the optional ones that we use, by their types
    assert {
        name: event[name] for name in ("specversion", "id", "source", "type", "subject", "time", "datacontenttype")
    } == {
        "specversion": "1.0",
        "id": message.id,
        "source": "daybreak.Daybreak",
        "type": "AlertOpened",
        "subject": "alert.falls",
        "time": "2026-11-25T23:00:00+00:00",
        "datacontenttype": "application/json",
    }
    assert event["data"]["now"] == 0.22
    assert event["data"]["description"] == "한국어"


def test_a_value_that_a_client_sent_cannot_call_everybody_in_a_chat_or_hide_a_link() -> None:
    hostile = "<!channel> <https://example.com|home>\u202e\r\nBcc: x"
    rows = [episode(segment="role", segment_value=hostile, message=f"In {hostile} it fell.", description=hostile)]
    (message,) = told(Tables(alerts=rows))
    assert message.title == "Alert falls (role: (!channel) (https://example.com|home)   Bcc: x): fell"
    assert message.text.splitlines()[0] == "In (!channel) (https://example.com|home)   Bcc: x it fell."
    assert not {"<", ">", "\u202e", "\r"} & set(message.title + message.text)
    assert message.data["segment_value"] == hostile  # for programs, as it is


def test_a_message_stays_far_below_what_eventbridge_takes() -> None:
    """However long somebody's words are; 256 KB is the limit."""
    endless = "데" * 300_000
    (message,) = told(
        Tables(alerts=[episode(description=endless, message=endless, subject=endless, segment_value=endless)])
    )
    assert len(json.dumps(message.detail(), ensure_ascii=False).encode()) < 50_000


@pytest.mark.parametrize(
    ("what", "kind"),
    [("alert.*", "AlertOpened"), ("goal.q1", "GoalChanged"), ("list.*", "ListChanged"), ("metrics", "MetricsReady")],
)
def test_a_sample_is_of_the_kind_that_the_send_gets_and_says_that_it_is_one(what: str, kind: str) -> None:
    of_team = project(f'[send.team]\nto = "sns"\nwhat = ["{what}"]')
    now = datetime(2026, 11, 26, 8, tzinfo=UTC)
    message = sample("team", of_team, "daybreak.Daybreak", now)
    assert (message.kind, message.data["sample"]) == (kind, True)
    assert message.title.startswith("Sample: ")
    assert message.text.startswith("This is a sample from Daybreak. Its numbers are invented.\n")
    assert message.id != sample("team", of_team, "daybreak.Daybreak", now + timedelta(seconds=1)).id
