"""Files that people bring to `daybreak compute`, with the right answer of each (tests/data/cases)."""

import gzip
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from conftest import ROOT
from daybreak.definitions.project import Project, load
from daybreak.errors import InputError
from daybreak.files.compute import compute_files
from daybreak.files.counts import EventCounts
from daybreak.files.readers.read import read_events, read_with_positions
from daybreak.files.readers.reading import Reading
from support.event_files import written
from support.journeys import LIMITS, Deployment, project

CASES = ROOT / "tests" / "data" / "cases"
AS_OF = datetime(2026, 10, 10, tzinfo=UTC)
PAID = """
[segments.code]
property = "code"
[activation.paid]
description = "d"
start = "Joined"
milestone = { event = "Paid", where = [{ property = "amount", op = "OP", value = VALUE }] }
window = "24h"
segments = ["code"]
"""


def answer(file: Path | str, definitions: str, folder: Path) -> tuple[EventCounts, tuple[int, int]]:
    """How many events were counted, and how many people and activated people the only definition gives."""
    asked = load(CASES / "files" / definitions)
    counts = compute_files([str(file)], asked, AS_OF, folder / "lake", LIMITS.memory_mb, now=datetime.now(UTC)).counts
    rows = Deployment(folder / "lake", asked).table("activation", segment="all")
    return counts, (sum(row["people"] for row in rows), sum(row["activated"] for row in rows))


def test_a_decimal_comma_is_a_number_in_a_column_that_is_compared_with_one(tmp_path: Path) -> None:
    """F5: 12,50 is more than 10, so one of the two who joined has paid 10 or more."""
    counts, found = answer(CASES / "files" / "F5.csv", "F5.toml", tmp_path)
    assert (counts.events, found) == (3, (2, 1))


@pytest.mark.parametrize(
    ("operator", "value", "cells", "activated"),
    [
        (">=", "10", ["12.50", "9.90", "10.00", "1e1"], 3),
        (">=", "10", ['"12,50"', '"9,90"', '"1.234,50"', '"1,250"'], 2),  # 1,250 may mean 1.25
        ("=", "10", ["10", "10.0", "010", "10.01"], 3),
        ("=", '"10"', ["10", "10.0", "010", "+10"], 1),
        ("in", '["10", "1.10"]', ["10", "1.1", "1.10", "1.100"], 2),
        ("!=", '"1.10"', ["1.1", "1.10", "1.100", "2"], 3),
        ("=", "true", ["TRUE", "True", "true", "FALSE"], 3),
        ("=", '"TRUE"', ["TRUE", "True", "true", "FALSE"], 3),
        ("=", '"9007199254740993"', ["9007199254740993", "9007199254740992", "9007199254740993.0", "x"], 1),
    ],
)
def test_a_cell_is_compared_with_numbers_as_a_number_and_with_text_as_its_text(
    tmp_path: Path, operator: str, value: str, cells: list[str], activated: int
) -> None:
    asked = project(PAID.replace("OP", operator).replace("VALUE", value))
    rows = [
        f"u{who},{event},2026-10-05T0{hour}:00:00Z,{cell},{cell}\n"
        for who, cell in enumerate(cells)
        for event, hour in (("Joined", 1), ("Paid", 2))
    ]
    file = written(tmp_path, "user_id,event,timestamp,amount,code\n" + "".join(rows), "e.csv")
    compute_files([file], asked, AS_OF, tmp_path / "lake", LIMITS.memory_mb, now=datetime.now(UTC))
    table = Deployment(tmp_path / "lake", asked).table("activation", segment=None)
    assert sum(row["activated"] for row in table if row["segment"] == "all") == activated
    texts = {cell.strip('"') for cell in cells}
    truth = {text.lower() if text.lower() in ("true", "false") else text for text in texts}
    assert {row["segment_value"] for row in table if row["segment"] == "code"} == truth


def test_text_in_json_is_never_a_number(tmp_path: Path) -> None:
    """A client that sends "49.90" sends text, and `amount >= 10` says nothing about text."""
    asked = project(PAID.replace("OP", ">=").replace("VALUE", "10"))
    line = '{"type": "track", "userId": "kim", "event": "%s", "timestamp": "2026-10-05", "properties": {"amount": "49.90"}}\n'
    file = written(tmp_path, line % "Joined" + line % "Paid", "e.jsonl")
    compute_files([file], asked, AS_OF, tmp_path / "lake", LIMITS.memory_mb, now=datetime.now(UTC))
    rows: list[dict[str, Any]] = Deployment(tmp_path / "lake", asked).table("activation", segment="all")
    assert [(row["people"], row["activated"]) for row in rows] == [(1, 0)]


@pytest.mark.parametrize("name", ["F11.json", "F12_utf16.jsonl"])
def test_a_list_and_another_encoding_are_read(tmp_path: Path, name: str) -> None:
    """One person has joined and made no report."""
    counts, found = answer(CASES / "files" / name, "kinds.toml", tmp_path)
    assert (counts.events, counts.rejected, found) == (1, 0, (1, 0))


@pytest.mark.parametrize(
    "text", ['{"who": "kim", "did": "Joined"}', '[{"who": "kim",\n"did": "Joined"}]', '{"type": "x", "did": 1}']
)
def test_the_keys_of_a_row_that_is_no_event_are_listed(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError) as refused:
        answer(written(tmp_path, text, "e.json"), "kinds.toml", tmp_path)
    assert "e.json, line 1" in str(refused.value)
    assert str(refused.value).endswith("the keys here are: " + ", ".join(json.loads(text.strip("[]"))))


SAID = {
    "01_own_columns.xlsx": "time = timestamp, UTC without an offset",
    "09_warehouse.parquet": "time = timestamp, UTC without an offset",
    "01_own_columns.csv": "own columns: person = Member ID, event = Action Name, time = Happened At",
    "02_kaggle.csv": "own columns: person = user_id, event = event_type, time = event_time",
    "03_mixpanel.jsonl": "Mixpanel export: person = distinct_id, time in seconds UTC",
    "04_ga4.json": "GA4 export (Google Analytics 4): person = user_id",
    "05_amplitude.zip": "Amplitude export: person = user_id",
    "06_posthog.jsonl": "PostHog export: person = person_id, else distinct_id",
    "07_rudderstack.jsonl": "Segment or RudderStack events: person = userId",
    "08_segment_tracks.csv": "Segment or RudderStack table of tracks: event = event_text, person = user_id",
    "10_shopify_orders.csv": "Shopify export of orders: person = customer id, else Email",
    "11_delighted_responses.json": "Delighted responses: person = person_properties.user_id, else person",
    "11_typeform_responses.json": "Typeform responses: person = the hidden field user_id",
    "11_zendesk_tickets.json": "Zendesk tickets: person = external_id, else requester_id",
    "12_stripe_events.jsonl": "Stripe events: person = the customer",
    "13_snowplow_enriched.tsv": "Snowplow enriched events: person = user_id",
    "14_heap_table.csv": "table of Heap: person = user_id",
    "14_matomo_visits.json": "Matomo export of visits: person = userId",
}
"""The sentence that says how each lookalike was understood."""
USUAL = ("01_own_columns.xlsx", "09_warehouse.parquet")
"""The lookalikes whose columns have the usual names, of which there is nothing to say."""
NOT_READ = {
    "14_cloudfront.tsv": "a log of requests names no person",
}
"""What is said of each lookalike that cannot be read."""
STARTS = {
    "10_shopify_orders.csv": ("Order Placed", "Order Placed"),
    "11_delighted_responses.json": ("Survey Answered", "Survey Answered"),
    "11_typeform_responses.json": ("Survey Answered", "Survey Answered"),
    "11_zendesk_tickets.json": ("Ticket Opened", "Ticket Opened"),
    "12_stripe_events.jsonl": ("customer.created", "invoice.paid"),
    "14_heap_table.csv": ("joined", "report_made"),
}
"""The names that the first and the second event have, where a format cannot hold Joined and Report Made."""


def test_each_lookalike_is_read_or_named() -> None:
    assert {file.name for file in (CASES / "formats").iterdir()} == {*SAID, *USUAL, *NOT_READ}


def of_names(start: str, milestone: str) -> Project:
    """The definition of kinds.toml, for other names of events."""
    return project(
        f'[activation.report]\ndescription = "d"\nstart = "{start}"\nmilestone = "{milestone}"\nwindow = "24h"\n'
    )


@pytest.mark.parametrize("name", [*SAID, *USUAL])
def test_an_export_gives_two_people_of_whom_one_is_activated_once_and_twice(tmp_path: Path, name: str) -> None:
    """Kim and lee join, and kim makes a report an hour later: 3 events, also where the same file is given twice."""
    start, milestone = STARTS.get(name, ("Joined", "Report Made"))
    asked = of_names(start, milestone)
    file = str(CASES / "formats" / name)
    for times, files in ((1, [file]), (2, [file, file])):
        lake = tmp_path / str(times)
        counts = compute_files(files, asked, AS_OF, lake, LIMITS.memory_mb, now=datetime.now(UTC)).counts
        assert (counts.events, counts.came_before, counts.people) == (3 * times, 3 * (times - 1), 2)
        rows = Deployment(lake, asked).table("activation", segment="all")
        assert sum(row["people"] for row in rows) == 2
        if start != milestone:
            assert sum(row["activated"] for row in rows) == 1
    assert [said.startswith(SAID[name]) and len(files) == 2 for said, files in counts.understood.items()] == [True] * (
        name in SAID
    )


def in_a_list(rows: str) -> str:
    """JSON lines as a list in many lines, or JSON of another arrangement as it is."""
    lines = rows.splitlines()
    return json.dumps([json.loads(line) for line in lines], indent=1) if len(lines) > 1 else rows


@pytest.mark.parametrize("ending", ["", ".csv", ".jsonl"])
@pytest.mark.parametrize("arranged", [gzip.compress, lambda data: data.decode().encode("utf-16"), "list", "wrapped"])
@pytest.mark.parametrize("name", [*SAID, *USUAL])
def test_an_export_is_known_by_its_content_in_every_arrangement(
    tmp_path: Path, name: str, arranged: Callable[[bytes], bytes] | str, ending: str
) -> None:
    data = (CASES / "formats" / name).read_bytes()
    expected = list(read_events([str(CASES / "formats" / name)]))
    if isinstance(arranged, str) and data[:1] in (b"{", b"["):
        text = in_a_list(data.decode())
        data = (f'{{"next": null, "data": {text}}}' if arranged == "wrapped" and text[0] == "[" else text).encode()
    elif callable(arranged) and not (name.endswith((".zip", ".xlsx", ".parquet")) and arranged is not gzip.compress):
        data = arranged(data)
    reading = Reading()
    assert list(read_events([written(tmp_path, data, f"export{ending}")], reading)) == expected
    assert [said.startswith(SAID.get(name, "-")) for said in reading.said] == [True] * (name in SAID)


@pytest.mark.parametrize("ending", ["", ".csv", ".jsonl"])
@pytest.mark.parametrize("compress", [bytes, gzip.compress])
@pytest.mark.parametrize("name", NOT_READ)
def test_a_file_without_a_reader_is_named_in_one_line_with_the_way_out(
    tmp_path: Path, name: str, compress: Callable[[bytes], bytes], ending: str
) -> None:
    data = compress((CASES / "formats" / name).read_bytes())
    with pytest.raises(InputError) as refused:
        list(read_with_positions([written(tmp_path, data, f"export{ending}")]))
    assert NOT_READ[name] in str(refused.value)
    assert f"export{ending}" in str(refused.value)
    assert "\n" not in str(refused.value)
    assert re.search(r"; (write|open|rename|collect|missing)|names no person", str(refused.value))


def test_a_file_that_can_be_read_is_read_whatever_else_it_holds(tmp_path: Path) -> None:
    """Names that also occur in an export do not make it one."""
    row = {
        "type": "track",
        "userId": "kim",
        "event": "Joined",
        "timestamp": "2026-10-05",
        "distinct_id": "k",
        "data": {"object": 1},
    }
    assert list(read_events([written(tmp_path, json.dumps(row), "e.json")])) == [row]
    header = "user_id,event,timestamp,distinct_id,uuid,event_type,device_id\n"
    assert len(list(read_events([written(tmp_path, header + "kim,Joined,2026-10-05,k,1,x,y\n", "e.csv")]))) == 1


def test_a_table_of_people_is_refused_and_its_columns_are_traits_where_type_says_so(tmp_path: Path) -> None:
    """F15: no column says what happened."""
    with pytest.raises(InputError, match=r"F15\.csv: a table of people, not of events"):
        answer(CASES / "files" / "F15.csv", "kinds.toml", tmp_path)


CALLS = """type,user_id,anonymous_id,event,timestamp,group_id,previous_id,plan
identify,kim,b-1,,2026-10-05T08:00:00Z,,,1.10
identify,lee,,,2026-10-05T08:00:00Z,,,1.1
group,kim,,,2026-10-05T08:00:00Z,acme,,
group,lee,,,2026-10-05T08:00:00Z,acme,,
alias,lee,,,2026-10-05T08:00:00Z,,old,
track,,b-1,Joined,2026-10-05T09:00:00Z,,,
track,kim,,Report Made,2026-10-05T10:00:00Z,,,
track,old,,Joined,2026-10-05T09:00:00Z,,,
group,kim,,,2026-10-05T08:00:00Z,,,
"""


def test_calls_in_a_csv_file_join_people_set_traits_and_name_accounts(tmp_path: Path) -> None:
    """The browser b-1 is kim's and `old` is lee; both are of acme. A group call without a group is a bad row."""
    asked = project(
        '[segments.plan]\ntrait = "plan"\n[activation.people]\ndescription = "d"\nstart = "Joined"\nmilestone = "Report Made"\n'
        'window = "24h"\nsegments = ["plan"]\n[activation.accounts]\nactor = "account"\ndescription = "d"\nstart = "Joined"\n'
        'milestone = "Report Made"\nwindow = "24h"\n'
    )
    counts = compute_files(
        [written(tmp_path, CALLS, "e.csv")], asked, AS_OF, tmp_path / "lake", LIMITS.memory_mb, now=datetime.now(UTC)
    ).counts
    assert (counts.events, counts.rejected) == (8, 1)
    assert counts.first_rejects[0].endswith("e.csv, line 10: group needs groupId")
    table = Deployment(tmp_path / "lake", asked).table("activation", segment=None)
    assert {
        (row["definition"], row["segment_value"]): (row["people"], row["activated"]) for row in table
    } == {("people", "all"): (2, 1), ("people", "1.10"): (1, 1), ("people", "1.1"): (1, 0), ("accounts", "all"): (1, 1)}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "events", "rejected", "found"),
    [
        ("F1.csv", 1, "F1.csv, line 3: timestamp: 9999-12-31T00:00:00Z is after 2199", (1, 0)),
        ("F3.csv", 2, "", (2, 0)),  # two browsers, and nobody is called NULL
        ("F7.csv", 2, "", (1, 1)),  # 31200415.0 is 31200415
        ("F10.csv", 1, "", (1, 0)),
        ("F13.jsonl", 1, "", (1, 0)),
        ("F16.jsonl", 1, "F16.jsonl, line 2: the line is cut off", (1, 0)),
        ("F17.csv", 2, "", (1, 1)),  # "kim " is kim
    ],
)
def test_each_kind_of_file_gives_what_its_owner_expects(
    tmp_path: Path, name: str, events: int, rejected: str, found: tuple[int, int]
) -> None:
    counts, people = answer(CASES / "files" / name, "kinds.toml", tmp_path)
    assert (counts.events, counts.rejected, people) == (events, bool(rejected), found)
    assert all(rejected in first for first in counts.first_rejects)


@pytest.mark.parametrize(
    ("name", "said"), [("F2.csv", "the columns 'user_id' and 'user' can both be the person"), ("F14.csv", "F14.csv: no rows")]
)  # fmt: skip
def test_what_cannot_be_counted_is_refused_by_name(tmp_path: Path, name: str, said: str) -> None:
    with pytest.raises(InputError, match=re.escape(said)):
        answer(CASES / "files" / name, "kinds.toml", tmp_path)


def test_a_clock_in_the_future_moves_no_as_of(tmp_path: Path) -> None:
    """F6: without --as-of, one of two events is later than now, on line 3."""
    asked = load(CASES / "files" / "kinds.toml")
    done = compute_files([str(CASES / "files" / "F6.csv")], asked, None, tmp_path / "lake", now=datetime.now(UTC))
    assert (done.as_of.year, done.counts.events, done.counts.after_as_of) == (2026, 1, 1)
    assert "F6.csv, line 3: 2569-10-05" in done.counts.first_after_as_of
