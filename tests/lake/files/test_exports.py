"""Exports of other tools in which somebody signs in, exports that overlap, and variants of each tool's format."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from daybreak.errors import EventRejected, InputError
from daybreak.files.compute import compute_files
from daybreak.files.readers.read import read_events
from daybreak.files.readers.reading import Made, Reading
from daybreak.mapping.export_mapping import ExportMapping
from daybreak.webhooks.body import Delivery
from daybreak.webhooks.vendors.payments import shopify, stripe
from support.event_files import written
from support.hooks import sample
from support.journeys import LIMITS, Deployment, project

AS_OF = datetime(2026, 10, 10, tzinfo=UTC)
ASKED = project('[activation.a]\ndescription = "d"\nstart = "Joined"\nmilestone = "Report Made"\nwindow = "24h"\n')
AT = {hour: 1791190800 + 3600 * (hour - 9) for hour in range(24)}
"""Hour of 2026-10-05 -> seconds since 1970."""


def people(folder: Path, *files: str, mapping: ExportMapping | None = None) -> tuple[int, int, int]:
    """How many people the events have, and how many of those who joined there are and are activated."""
    now = datetime.now(UTC)
    done = compute_files(files, ASKED, AS_OF, folder / "lake", LIMITS.memory_mb, now=now, mapping=mapping)
    rows = Deployment(folder / "lake", ASKED).table("activation", segment="all")
    assert done.counts.people is not None
    return done.counts.people, sum(row["people"] for row in rows), sum(row["activated"] for row in rows)


def lines(rows: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def clock(hour: int) -> str:
    return f"2026-10-05 {hour:02}:00:00"


def mixpanel(event: str, hour: int, **properties: Any) -> dict[str, Any]:
    return {"event": event, "properties": {"time": AT[hour], "$insert_id": f"{event}{hour}", **properties}}


def amplitude(event: str, hour: int, user: str | None, device: str, **fields: Any) -> dict[str, Any]:
    return {"uuid": f"{event}{hour}{device}", "amplitude_id": 5, "event_type": event, "event_time": clock(hour),
            "user_id": user, "device_id": device, "event_properties": {}, "user_properties": {}, **fields}  # fmt: skip


def posthog(event: str, hour: int, distinct: str, person: str, **properties: Any) -> dict[str, Any]:
    return {"uuid": f"{event}{hour}", "event": event, "distinct_id": distinct, "person_id": person,
            "timestamp": f"2026-10-05T{hour:02}:00:00.000000+00:00", "properties": properties}  # fmt: skip


def ga4(event: str, hour: int, user: str | None, device: str) -> dict[str, Any]:
    return {
        "event_timestamp": str(AT[hour] * 1_000_000),
        "event_name": event,
        "user_id": user,
        "user_pseudo_id": device,
    }


def matomo(event: str, hour: int, user: str | None, device: str) -> dict[str, Any]:
    action = {"type": "event", "eventAction": event, "timestamp": AT[hour]}
    return {"idVisit": hour, "userId": user, "visitorId": device, "actionDetails": [action]}


SIGNED_IN = {
    "mixpanel, device in distinct_id": [
        mixpanel("Joined", 9, distinct_id="$device:d"),
        mixpanel("Report Made", 10, distinct_id="kim", **{"$user_id": "kim", "$device_id": "d"}),
    ],
    "mixpanel, device beside": [
        mixpanel("Joined", 9, distinct_id="d", **{"$device_id": "d"}),
        mixpanel("Report Made", 10, distinct_id="kim", **{"$user_id": "kim", "$device_id": "d"}),
    ],
    "mixpanel, $identify": [
        mixpanel("Joined", 9, distinct_id="old"),
        mixpanel("$identify", 10, distinct_id="kim", **{"$identified_id": "kim", "$anon_id": "old"}),
        mixpanel("Report Made", 11, distinct_id="kim"),
    ],
    "mixpanel, $create_alias": [
        mixpanel("Joined", 9, distinct_id="old"),
        mixpanel("$create_alias", 10, distinct_id="old", alias="kim"),
        mixpanel("Report Made", 11, distinct_id="kim"),
    ],
    "amplitude": [
        amplitude("Joined", 9, None, "d"),
        amplitude("Report Made", 10, "kim", "d"),
    ],
    "posthog, one person_id": [
        posthog("Joined", 9, "anon", "p"),
        posthog("Report Made", 10, "kim", "p"),
    ],
    "posthog, $identify": [
        posthog("Joined", 9, "anon", "p-old"),
        posthog("$identify", 10, "kim", "p", **{"$anon_distinct_id": "anon"}),
        posthog("Report Made", 11, "kim", "p"),
    ],
    "posthog, $identify from a later id to an earlier one": [
        posthog("Joined", 9, "zz", "a-old"),
        posthog("$identify", 10, "aa", "p", **{"$anon_distinct_id": "zz"}),
        posthog("Report Made", 11, "bb", "p"),
    ],
    "ga4": [ga4("Joined", 9, None, "d"), ga4("Report Made", 10, "kim", "d")],
    "matomo": [matomo("Joined", 9, None, "d"), matomo("Report Made", 10, "kim", "d")],
}


@pytest.mark.parametrize("name", SIGNED_IN)
@pytest.mark.parametrize("given", ["once", "twice", "in parts"])
def test_who_signs_in_is_one_person(tmp_path: Path, name: str, given: str) -> None:
    """One person joins before they sign in, and makes a report afterwards; a second person only joins."""
    rows = SIGNED_IN[name]
    file = written(tmp_path, lines(rows), "a.jsonl")
    parts = [written(tmp_path, lines(rows[at:]), f"{at}.jsonl") for at in range(len(rows))]
    assert people(tmp_path, *{"once": [file], "twice": [file, file], "in parts": [*parts, file]}[given]) == (1, 1, 1)


@pytest.mark.parametrize("name", [name for name in SIGNED_IN if name.startswith("mixpanel")])
def test_a_mixpanel_export_in_local_time_gives_the_same_events_as_in_utc(tmp_path: Path, name: str) -> None:
    """Projects from before 2023 count the seconds of their own zone: Seoul is nine hours ahead."""
    seoul = ExportMapping(export="mixpanel", timezone="Asia/Seoul")
    rows = SIGNED_IN[name]
    in_utc = written(tmp_path, lines(rows), "utc.jsonl")
    late = [{**row, "properties": {**row["properties"], "time": row["properties"]["time"] + 9 * 3600}} for row in rows]
    in_seoul = written(tmp_path, lines(late), "seoul.jsonl")
    assert list(read_events([in_seoul], Reading(mapping=seoul))) == list(read_events([in_utc]))
    assert people(tmp_path, in_seoul, mapping=seoul) == (1, 1, 1)


@pytest.mark.parametrize("time", ["1791223200", "2026-10-05 18:00:00", "2026-10-05T09:00:00Z"])
def test_a_mixpanel_table_takes_a_zone_for_times_without_an_offset(tmp_path: Path, time: str) -> None:
    reading = Reading(mapping=ExportMapping(export="mixpanel", timezone="Asia/Seoul"))
    file = written(tmp_path, f"event,distinct_id,time,user_id\nJoined,$device:d,{time},\n")
    assert [(event["timestamp"], event["anonymousId"]) for event in read_events([file], reading)] == [
        ("2026-10-05T09:00:00Z", "d")
    ]


def test_the_line_about_an_export_names_the_zone_or_the_way_to_say_one(tmp_path: Path) -> None:
    file = written(tmp_path, lines(SIGNED_IN["mixpanel, $identify"]), "a.jsonl")
    for mapping, said in (
        (ExportMapping(export="mixpanel", timezone="Asia/Seoul"), "time in seconds, local time of Asia/Seoul"),
        (None, "say its zone with --mapping, which `daybreak import FILE --draft` writes"),
    ):
        reading = Reading(mapping=mapping)
        list(read_events([file], reading))
        [sentence] = reading.said
        assert sentence.startswith("Mixpanel export: person = distinct_id, ")
        assert said in sentence


@pytest.mark.parametrize(
    "text",
    [
        "user_id,event,timestamp\nkim,Joined,2026-10-05\n",
        '{"type": "track", "userId": "kim", "event": "Joined", "timestamp": "2026-10-05"}\n',
        lines(SIGNED_IN["amplitude"]),
    ],
)
def test_a_file_that_is_not_the_export_of_the_mapping_is_refused(tmp_path: Path, text: str) -> None:
    reading = Reading(mapping=ExportMapping(export="mixpanel", timezone="Asia/Seoul"))
    with pytest.raises(InputError, match="is not an export of mixpanel, which the mapping names; read it without"):
        list(read_events([written(tmp_path, text)], reading))


def test_a_folder_with_the_export_of_the_mapping_may_hold_a_readme(tmp_path: Path) -> None:
    reading = Reading(mapping=ExportMapping(export="mixpanel", timezone="Asia/Seoul"))
    written(tmp_path, "# About\n", "README.md")
    written(tmp_path, '{"name": "manifest", "files": 1}\n', "manifest.json")
    written(tmp_path, lines(SIGNED_IN["mixpanel, $identify"]), "a.jsonl")
    assert len(list(read_events([str(tmp_path)], reading))) == 3
    assert len(reading.skipped) == 2


def test_two_who_share_a_device_stay_two(tmp_path: Path) -> None:
    rows = [
        amplitude("Joined", 9, "kim", "d"),
        amplitude("Joined", 10, "lee", "d"),
        amplitude("Report Made", 11, "lee", "d"),
    ]
    assert people(tmp_path, written(tmp_path, lines(rows), "a.jsonl")) == (2, 2, 1)


def test_links_are_not_counted_among_the_events(tmp_path: Path) -> None:
    rows = [
        amplitude("Joined", 9, "kim", "d", user_properties={"plan": "pro"}),
        amplitude("Report Made", 10, "kim", "d"),
    ]
    file = written(tmp_path, lines(rows), "a.jsonl")
    counts = compute_files(
        [file, file], ASKED, AS_OF, tmp_path / "lake", LIMITS.memory_mb, now=datetime.now(UTC)
    ).counts
    assert (counts.events, counts.came_before, counts.rejected, counts.links) == (4, 2, 0, 1)
    assert counts.names == {"Joined": 1, "Report Made": 1}


def test_user_properties_become_traits_each_time_they_change(tmp_path: Path) -> None:
    plans = ["trial", "trial", "pro", "trial"]
    rows = [amplitude("A", hour, "kim", "d", user_properties={"plan": plan}) for hour, plan in enumerate(plans)]
    made = [event for event in read_events([written(tmp_path, lines(rows), "a.jsonl")]) if isinstance(event, Made)]
    assert [(event["timestamp"], event["traits"]) for event in made] == [
        ("2026-10-05T00:00:00Z", {"plan": "trial"}),
        ("2026-10-05T02:00:00Z", {"plan": "pro"}),
        ("2026-10-05T03:00:00Z", {"plan": "trial"}),
    ]


@pytest.mark.parametrize("with_id", [True, False])
def test_exports_that_overlap_count_each_row_once_and_equal_rows_each(tmp_path: Path, with_id: bool) -> None:
    """Without $insert_id, a row is known by itself and its number among its equals, wherever it stands."""
    rows = [mixpanel("Joined", hour, distinct_id="kim") for hour in (9, 9, 10, 11)]
    for nth, row in enumerate(rows):
        row["properties"]["$insert_id"] = f"i{nth}"
        if not with_id:
            del row["properties"]["$insert_id"]
    first, second = (
        written(tmp_path, lines(rows[:3]), "1.jsonl"),
        written(tmp_path, lines([rows[3], *rows[:2]]), "2.jsonl"),
    )
    counts = compute_files(
        [first, second], ASKED, AS_OF, tmp_path / "lake", LIMITS.memory_mb, now=datetime.now(UTC)
    ).counts
    assert (counts.events, counts.came_before) == (6, 2)


def test_a_mixpanel_id_counts_within_its_event_person_and_time(tmp_path: Path) -> None:
    """Mixpanel itself tells events apart by all four."""
    rows = [mixpanel("Joined", 9, distinct_id=who) for who in ("kim", "lee")]
    rows += [mixpanel("Joined", hour, distinct_id="kim") for hour in (9, 10)]
    for row in rows:
        row["properties"]["$insert_id"] = "same"
    counts = compute_files(
        [written(tmp_path, lines(rows), "a.jsonl")],
        ASKED,
        AS_OF,
        tmp_path / "lake",
        LIMITS.memory_mb,
        now=datetime.now(UTC),
    ).counts
    assert (counts.events, counts.came_before) == (4, 1)


@pytest.mark.parametrize(
    ("text", "want"),
    [
        # Mixpanel in milliseconds, and as a table
        (lines([{"event": "A", "properties": {"time": 1791190800123, "distinct_id": "kim"}}]), ("kim", "A", ".123000Z")),
        ("event,distinct_id,time,plan\nA,kim,1791190800,pro\n", ("kim", "A", "09:00:00Z")),
        # PostHog's API and CSV
        (json.dumps({"results": [{"id": "u", "event": "A", "distinct_id": "kim", "timestamp": "2026-10-05T09:00:00Z", "properties": {}}]}),
         ("kim", "A", "09:00:00Z")),
        ('uuid,event,properties,timestamp,team_id,distinct_id\nu,A,"{""plan"": ""pro""}",2026-10-05 09:00:00.000000+00:00,1,kim\n',
         ("kim", "A", "09:00:00Z")),
        # Segment's tables as Snowflake writes them
        ("ID,ANONYMOUS_ID,USER_ID,EVENT,EVENT_TEXT,TIMESTAMP,RECEIVED_AT,CONTEXT_IP\ni,a,kim,a,A,2026-10-05 09:00:00 +0000,2026-10-05 09:00:01 +0000,1\n",
         ("kim", "A", "09:00:00Z")),
        ("id,anonymous_id,user_id,event,event_text,original_timestamp,received_at\ni,a,kim,a,A,2026-10-05 09:00:00,2026-10-05 10:00:00\n",
         ("kim", "A", "09:00:00Z")),
        # Stripe with an expanded customer
        (lines([{"id": "evt", "object": "event", "type": "invoice.paid", "created": 1791190800, "data": {"object": {"object": "invoice", "customer": {"id": "cus"}}}}]),
         ("cus", "invoice.paid", "09:00:00Z")),
        (json.dumps({"object": "list", "has_more": False, "data": [{"id": "evt", "object": "event", "type": "customer.created", "created": 1791190800, "data": {"object": {"object": "customer", "id": "cus"}}}]}),
         ("cus", "customer.created", "09:00:00Z")),
        # Intercom
        (json.dumps({"type": "conversation.list", "conversations": [{"type": "conversation", "id": "1", "created_at": 1791190800, "state": "open",
                     "source": {"author": {"type": "user", "id": "x"}}, "contacts": {"type": "contact.list", "contacts": [{"type": "contact", "id": "x", "external_id": "kim"}]}}]}),
         ("kim", "Ticket Opened", "09:00:00Z")),
        # Wootric
        (json.dumps([{"id": 1, "end_user_id": 2, "score": 9, "created_at": "2026-10-05 01:00:00 -0800", "end_user": {"email": "kim@example.org"}}]),
         ("kim@example.org", "Survey Answered", "09:00:00Z")),
        # Delighted with an expanded person
        (json.dumps([{"id": "1", "survey_type": "nps", "score": 9, "created_at": 1791190800, "person": {"id": "p", "email": "kim@example.org"}}]),
         ("kim@example.org", "Survey Answered", "09:00:00Z")),
        # Heap, in capitals
        ("EVENT_ID,USER_ID,TIME,EVENT_TABLE_NAME\n1,7,2026-10-05 09:00:00,joined\n", ("7", "joined", "09:00:00Z")),
        # Snowplow as a table
        ("event_id,collector_tstamp,domain_userid,user_id,event,event_name,se_action,derived_tstamp\ne,2026-10-05 09:30:00,d,kim,struct,event,Joined,2026-10-05 09:00:00\n",
         ("kim", "Joined", "09:00:00Z")),
    ],
)  # fmt: skip
def test_each_variant_of_an_export_is_known(tmp_path: Path, text: str, want: tuple[str, str, str]) -> None:
    reading = Reading()
    first = next(read_events([written(tmp_path, text, "export")], reading))
    person, name, ends = want
    assert (first["userId"], first["event"], first["timestamp"].startswith("2026-10-05T09:00:00")) == (
        person,
        name,
        True,
    )
    assert first["timestamp"].endswith(ends)
    assert len(reading.said) == 1


def test_tables_of_segment_are_the_calls_that_they_hold(tmp_path: Path) -> None:
    common = "2026-10-05 09:00:00 UTC,2026-10-05 09:00:00 UTC,{}\n"
    tables: dict[str, tuple[str, dict[str, Any]]] = {
        "identify": ("id,user_id,anonymous_id,timestamp,received_at,plan\ni,kim,a," + common.format("pro"), {"traits": {"plan": "pro"}}),
        "page": ("id,user_id,anonymous_id,timestamp,received_at,path,url,name\ni,kim,a," + common.format("/p,https://e.example/p,Pricing"), {"name": "Pricing"}),
        "group": ("id,user_id,anonymous_id,timestamp,received_at,group_id,plan\ni,kim,a," + common.format("acme,pro"), {"groupId": "acme", "traits": {"plan": "pro"}}),
    }  # fmt: skip
    for kind, (text, fields) in tables.items():
        [event] = read_events([written(tmp_path, text, "t.csv")])
        assert (event["type"], event["userId"], event["anonymousId"], event["messageId"]) == (kind, "kim", "a", "i")
        assert fields.items() <= event.items()


def test_line_items_of_an_order_are_no_orders_and_no_bad_rows(tmp_path: Path) -> None:
    text = (
        "Name,Email,Financial Status,Paid at,Currency,Total,Lineitem quantity,Lineitem name,Created at,Id\n"
        "#1,kim@example.org,paid,,EUR,8.00,1,Thing,2026-10-05 09:00:00 +0000,900\n"
        "#1,kim@example.org,,,,,2,Other,2026-10-05 09:00:00 +0000,\n"
        "#1,,,,,,2,Third,,\n"
        "#2,,paid,,EUR,8.00,1,Thing,2026-10-05 10:00:00 +0000,901\n"
    )
    reading = Reading()
    first, second = read_events([written(tmp_path, text)], reading)
    assert (first["messageId"], first["userId"], first["properties"]["total"]) == (
        "shopify-order-900",
        "kim@example.org",
        8.0,
    )
    assert "userId" not in second  # refused later: nobody is named
    assert dict(reading.ignored) == {"further line items of Shopify orders": 2}


def test_a_shopify_order_with_customer_id_and_e_mail_links_both_as_its_webhook_does(tmp_path: Path) -> None:
    text = (
        "Name,Email,Financial Status,Total,Lineitem name,Created at,Id,Customer: ID\n"
        "#1001,kim@example.org,paid,8.00,Thing,2026-10-05 11:00:00 +0200,900,115310627314723954\n"
    )
    order, linked = read_events([written(tmp_path, text)])
    assert order["userId"] == "115310627314723954"
    body, headers = sample("shopify")
    _, of_webhook = shopify(Delivery(body, topic=headers["x-shopify-topic"])) or []
    assert isinstance(linked, Made)
    assert linked == of_webhook


def test_a_table_from_posthogs_pages_is_its_export(tmp_path: Path) -> None:
    cells = ["u1", "Joined", "kim", "p1", "2026-10-05T09:00:00Z", '"{""plan"": ""pro""}"']
    names = ["uuid", "event", "distinct_id", "person_id", "timestamp", "properties"]
    plain, starred = (
        list(
            read_events([written(tmp_path, f"{','.join(star + name for name in names)}\n{','.join(cells)}\n", "p.csv")])
        )
        for star in ("", "*.")
    )
    assert starred == plain
    assert plain[0]["properties"] == {"plan": "pro"}


def test_events_of_stripe_about_nobody_are_ignored(tmp_path: Path) -> None:
    row = {
        "id": "evt",
        "object": "event",
        "type": "payout.paid",
        "created": AT[9],
        "data": {"object": {"object": "payout", "id": "po"}},
    }
    reading = Reading()
    assert list(read_events([written(tmp_path, lines([row]), "e.jsonl")], reading)) == []
    assert dict(reading.ignored) == {"Stripe events that name no customer": 1}


def test_an_event_of_stripe_has_the_same_properties_in_a_file_and_in_a_webhook(tmp_path: Path) -> None:
    paid = {"object": "checkout.session", "id": "cs", "customer": "cus", "amount_total": 100, "currency": "eur"}
    about = {**paid, "customer_email": "kim@example.org", "customer_details": {"name": "Kim"}}
    row = {"id": "evt", "type": "checkout.session.completed", "created": AT[9], "data": {"object": about}}
    row["livemode"] = False
    (own,) = read_events([written(tmp_path, lines([row]), "e.jsonl")])
    assert own["properties"] == {"id": "cs", "amount_total": 100, "currency": "eur", "test": True}
    (first,) = stripe(Delivery(row)) or []
    assert first["properties"] == own["properties"]


@pytest.mark.parametrize("says", [{"client_reference_id": "kim"}, {"metadata": {"user_id": "kim"}}])
def test_a_customer_of_stripe_is_linked_in_a_file_as_in_a_webhook(tmp_path: Path, says: dict[str, Any]) -> None:
    about = {"object": "checkout.session", "id": "cs", "customer": "cus", **says}
    row = {"id": "evt", "type": "checkout.session.completed", "created": AT[9], "data": {"object": about}}
    own, linked = read_events([written(tmp_path, lines([row]), "e.jsonl")])
    of_webhook, link = stripe(Delivery(row)) or []
    assert isinstance(linked, Made)
    assert (linked["type"], linked["previousId"], linked["userId"]) == ("alias", "cus", "kim")
    assert linked == link
    assert own["messageId"] == of_webhook["messageId"]


def test_a_scale_of_eleven_steps_is_an_nps_and_a_second_scale_is_an_answer_of_its_own(tmp_path: Path) -> None:
    answers = [
        {"type": "number", "number": 9, "field": {"id": "q1", "type": "opinion_scale", "properties": {"steps": 11}}},
        {"type": "number", "number": 4, "field": {"id": "q2", "type": "rating", "ref": "ease"}},
        {"type": "choice", "choice": {"label": "Pro"}, "field": {"id": "q3", "type": "multiple_choice", "ref": "plan"}},
        {"type": "text", "text": "private", "field": {"id": "q4", "type": "long_text"}},
    ]
    item = {
        "response_id": "r",
        "submitted_at": "2026-10-05T09:00:00Z",
        "hidden": {"user_id": "kim"},
        "answers": answers,
    }
    first, second = read_events([written(tmp_path, json.dumps({"items": [item]}), "e.json")])
    assert (first["messageId"], first["properties"]) == ("r", {"survey": "nps", "score": 9, "plan": "Pro"})
    assert (second["messageId"], second["properties"]) == ("r-q2", {"survey": "ease", "score": 4, "plan": "Pro"})


def test_rows_of_an_export_that_cannot_be_right_cost_only_themselves(tmp_path: Path) -> None:
    rows: list[Any] = [
        mixpanel("A", 9, distinct_id="kim"),
        {"event": "A"},
        {"event": "A", "properties": {"time": "soon"}},
        7,
    ]
    first, *others = read_events([written(tmp_path, lines(rows), "e.jsonl")])
    assert first["userId"] == "kim"
    assert [isinstance(other, EventRejected) for other in others] == [True, True, True]


def test_plausibles_counts_name_no_person(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"visitors\.csv: is an export of counts, such as Plausible's: it names no person"
    ):
        list(read_events([written(tmp_path, "date,visitors,pageviews,bounces\n2026-10-05,1,2,0\n", "visitors.csv")]))


def test_the_same_event_in_six_forms_counts_once(tmp_path: Path) -> None:
    """Where its values have the same types. Its id is made of what it says, and not of how it is written."""
    formats = {
        "e.csv": "user_id,event,timestamp,plan,n\n7,Joined,2026-10-05 09:00,pro,2\n",
        "e.tsv": "timestamp\tn\tplan\tevent\tuser_id\n2026-10-05T09:00:00Z\t2\tpro\tJoined\t7.0\n",
        "own.csv": "Happened At;Member ID;Action;plan;n\n2026-10-05T10:00:00+01:00;7;Joined;pro;2\n",
        "e.jsonl": '{"type": "track", "userId": 7, "event": "Joined", "timestamp": "2026-10-05T09:00:00Z", "properties": {"plan": "pro", "n": 2}, "context": null}\n',
        "own.jsonl": '{"uid": "7", "action": "Joined", "ts": 1791190800, "plan": "pro", "n": 2}\n',
        "bundle.csv": 'user_id,event,timestamp,properties\n7,Joined,2026-10-05 09:00,"{""plan"": ""pro"", ""n"": 2}"\n',
    }
    files = [written(tmp_path, text, name) for name, text in formats.items()]
    counts = compute_files(files, ASKED, AS_OF, tmp_path / "lake", LIMITS.memory_mb, now=datetime.now(UTC)).counts
    assert (counts.events, counts.came_before, counts.people) == (6, 5, 1)


@pytest.mark.parametrize("name", ["null", "NULL", "nan", "undefined", "None"])
def test_a_word_for_none_is_not_the_name_of_an_event_in_json_either(tmp_path: Path, name: str) -> None:
    event = {"type": "track", "userId": "kim", "event": "Joined", "timestamp": "2026-10-05"}
    file = written(tmp_path, lines([event, event | {"event": name}]), "e.jsonl")
    counts = compute_files([file], ASKED, AS_OF, tmp_path / "lake", LIMITS.memory_mb, now=datetime.now(UTC)).counts
    assert (counts.events, counts.refused["no_name"].count) == (1, 1)
    assert (
        f"e.jsonl, line 2: track needs event, the name of what happened; '{name}' is not one" in counts.first_rejects[0]
    )
