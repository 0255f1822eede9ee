"""Tables of people's own: read if exactly one column fits each part, and refused with a draft otherwise."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from daybreak.errors import EventRejected, InputError, MappingNeeded
from daybreak.files.readers.mapping_text import drafted
from daybreak.files.readers.read import read_events
from daybreak.files.readers.reading import Reading
from daybreak.mapping.mapping import EventMapping
from support.event_files import written

ROW = "kim{0}Joined{0}2026-10-05 09:00:00{0}pro\n"
EVENT = {
    "type": "track", "userId": "kim", "event": "Joined", "timestamp": "2026-10-05T09:00:00Z", "properties": {"plan": "pro"},
}  # fmt: skip


@pytest.mark.parametrize(
    "columns",
    [
        ("Member ID", "Action Name", "Happened At"),
        ("userid", "action", "event_time"),
        ("uid", "activity", "ts"),
        ("customer_id", "EVENT_TYPE", "occurred_at"),
        ("customerId", "eventName", "createdAt"),
        ("email", "event", "date"),
        ("사용자", "이벤트", "시간"),
        ("회원 번호", "이벤트명", "발생일시"),
        ("고객ID", "행동", "날짜"),
        ("Kunde", "Ereignis", "Zeitpunkt"),
        ("ユーザーID", "イベント名", "日時"),
        ("WHO", "what", "When"),
    ],
)
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_one_clear_column_for_each_part_is_read_and_said(
    tmp_path: Path, columns: tuple[str, str, str], separator: str
) -> None:
    text = separator.join([*columns, "plan"]) + "\n" + ROW.format(separator)
    reading = Reading()
    assert list(read_events([written(tmp_path, text)], reading)) == [EVENT]
    person, event, time = columns
    assert list(reading.said) == [
        f"own columns: person = {person}, event = {event}, time = {time}, UTC without an offset"
    ]


@pytest.mark.parametrize(
    "above",
    ["sep={}\n", '"sep={}"\n', "Report of October\n\n", "Events, of all; people\n", "Exported;2026-10-05\n\n\n"],
)
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_a_title_and_excels_first_line_are_passed_over(tmp_path: Path, above: str, separator: str) -> None:
    text = (
        above.format(separator) + separator.join(["Member ID", "Action", "When", "plan"]) + "\n" + ROW.format(separator)
    )
    reading = Reading()
    assert list(read_events([written(tmp_path, text)], reading)) == [EVENT]
    assert sum(reading.ignored.values()) == ("sep=" not in above)


@pytest.mark.parametrize(
    ("header", "row", "said"),
    [
        ("userid,uid,action,date", "k,l,Joined,2026-10-05", "the columns 'userid' and 'uid' can both be the person"),
        (
            "member,customer,client,action,date",
            "a,b,c,Joined,2026-10-05",
            "'member', 'customer' and 'client' can all be",
        ),
        (
            "uid,event_type,event_name,ts",
            "k,a,b,1791190800",
            "'event_type' and 'event_name' can both be the name of the",
        ),
        ("uid,action,event_time,date", "k,a,2026-10-05,2026-10-06", "'event_time' and 'date' can both be the time of"),
        ("uid,action,date,time", "k,a,2026-10-05,09:00", "the column 'time' holds '09:00', which has no day"),
        (
            "uid,action,date",
            "k,a,10/05/2026",
            "holds '10/05/2026', which can be read in several ways, so it needs a format",
        ),
        ("uid,action,date", "k,a,yesterday", "the column 'date' holds 'yesterday', which is not a time"),
        ("uid,action,date", "k,a,", "the column 'date' is empty"),
        ("user_session,action,date", "k,a,2026-10-05", "no column is clearly the person"),
        ("Order ID,Customer,Date", "1,kim,2026-10-05", "no column is clearly the name of the event"),
        ("user_id,event,timestamp,user", "k,a,2026-10-05,pro", "'user_id' and 'user' can both be the person"),
        ("id,user_id,timestamp,plan", "i,k,2026-10-05,team", "a table of people, not of events"),
    ],
)
def test_what_is_not_clear_is_refused_with_its_candidates_and_a_draft_that_can_be_saved(
    tmp_path: Path, header: str, row: str, said: str
) -> None:
    with pytest.raises(MappingNeeded) as refused:
        list(read_events([written(tmp_path, f"{header}\n{row}\n")]))
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)
    draft = tomllib.loads(refused.value.draft)
    mapping = EventMapping.model_validate(draft)
    assert mapping.time
    if "?" in {*mapping.person, *mapping.event, *mapping.time}:
        with pytest.raises(InputError, match=r"the mapping's \w+ is '\?', which is not a column"):
            list(read_events([written(tmp_path, f"{header}\n{row}\n")], Reading(mapping=mapping)))
    else:
        [event] = read_events([written(tmp_path, f"{header}\n{row}\n")], Reading(mapping=mapping))
        needs_a_look = "09:00" in row or "in several ways" in said  # the draft takes no date that may be another one
        assert isinstance(event, EventRejected) == needs_a_look


def test_a_draft_shows_the_candidates_and_the_values_of_two_rows() -> None:
    sample: list[dict[str, Any]] = [
        {"userid": "k", "uid": "u", "when": "05/10/2026 09:00"},
        {"userid": "l"},
        {"uid": "never"},
    ]
    draft = drafted("log.csv", ["userid", "uid", "when"], sample)
    assert 'person = "userid"  # the id of the person; or "uid"' in draft
    assert '# format = "%d/%m/%Y %H:%M"  # or "%m/%d/%Y %H:%M": say which number is the month' in draft
    assert "#   userid: k | l\n" in draft
    assert "#   uid: u | \n" in draft
    assert "never" not in draft


@pytest.mark.parametrize("who", ["1791190800", "20261005", "2026", "1791190800123"])
def test_a_number_that_could_be_a_time_is_an_id_in_a_column_of_people(tmp_path: Path, who: str) -> None:
    [event] = read_events([written(tmp_path, f"member_id,action,when\n{who},Joined,2026-10-05\n")])
    assert event["userId"] == who


def test_a_draft_proposes_the_columns_that_hold_dates_where_no_name_says_time() -> None:
    row = {"Order ID": 1, "Customer": "kim", "Order Date": "2026-10-05", "Shipped": "2026-10-06"}
    draft = tomllib.loads(drafted("orders.csv", row, [row]))
    assert (draft["person"], draft["event"], draft["time"]) == ("Customer", "?", "Order Date")


@given(some.lists(some.text(min_size=1, max_size=12), min_size=1, max_size=6, unique=True), some.text(max_size=12))
def test_a_draft_is_toml_whatever_the_columns_are_called(columns: list[str], value: str) -> None:
    tomllib.loads(drafted("e.csv", columns, [dict.fromkeys(columns, value)]))


def test_one_column_of_json_objects_unfolds_with_its_own_types(tmp_path: Path) -> None:
    bundle = json.dumps({"plan": "pro", "code": "12", "n": 1}).replace('"', '""')
    for header in ("user_id,event,timestamp,properties", "uid,action,when,extra"):
        [event] = read_events([written(tmp_path, f'{header}\nkim,Joined,2026-10-05,"{bundle}"\n')])
        assert event["properties"] == {"plan": "pro", "code": "12", "n": 1}


def test_a_bad_object_costs_its_row(tmp_path: Path) -> None:
    rows = 'kim,Joined,2026-10-05,"{""a"": 1}"\n' * 101 + "kim,Joined,2026-10-05,{a\n"
    for header in ("user_id,event,timestamp,properties", "uid,action,when,properties"):
        *_, reason = read_events([written(tmp_path, f"{header}\n{rows}")])
        assert isinstance(reason, EventRejected)
        assert "properties" in reason.message


def test_json_of_ones_own_is_read_as_a_table_is(tmp_path: Path) -> None:
    rows = [
        {"member_id": 7, "action": "Joined", "at": 1, "ts": 1791190800, "props": {"plan": "pro"}},
        {"member_id": 8.0, "action": "Left", "ts": 1791190801.5},
    ]
    text = "".join(json.dumps(row) + "\n" for row in rows)
    first, second = read_events([written(tmp_path, text, "e.jsonl")])
    assert (first["userId"], first["timestamp"], first["properties"]) == (
        7,
        "2026-10-05T09:00:00Z",
        {"at": 1, "plan": "pro"},
    )
    assert (second["userId"], second["timestamp"]) == ("8", "2026-10-05T09:00:01.500000Z")


def test_an_id_in_json_of_ones_own_that_lost_its_digits_is_refused(tmp_path: Path) -> None:
    row = '{"uid": %s, "action": "Joined", "when": "2026-10-05"}\n'
    text = "".join(row % value for value in ("31200415.0", "5.4e8", "12345678901234567890123"))
    whole, lost, long = read_events([written(tmp_path, text, "e.jsonl")])
    assert (whole["userId"], long["userId"]) == ("31200415", "12345678901234567890123")
    assert isinstance(lost, EventRejected)
    assert "has lost its digits" in lost.message


@pytest.mark.parametrize("header", ["user_id,event,timestamp", "uid,action,when"])
def test_a_header_alone_holds_no_row(tmp_path: Path, header: str) -> None:
    assert list(read_events([written(tmp_path, header + "\n")])) == []


@pytest.mark.parametrize(
    "text", ["회원번호,이벤트,시간\n1,가입,2026-10-05\n", "user_id,event,timestamp,메모\n" + "a,b,2026-10-05,c\n" * 9_000 + "김,가입,2026-10-05,끝\n"]
)  # fmt: skip
def test_korean_text_in_cp949_is_read_and_said(tmp_path: Path, text: str) -> None:
    reading = Reading()
    events = list(read_events([written(tmp_path, text.encode("cp949"))], reading))
    assert events == list(read_events([written(tmp_path, text, "same.csv")]))
    assert "Korean text in cp949 (EUC-KR)" in reading.said


@pytest.mark.parametrize("name", ["rené", "Zoë", "Jürgen Müller", "àéîõü", "Łukasz"])
@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "iso8859-2", "shift_jis", "gb18030"])
def test_text_in_another_encoding_is_never_taken_for_korean(tmp_path: Path, name: str, encoding: str) -> None:
    try:
        data = f"user_id,event,timestamp\n{name},Joined,2026-10-05\n".encode(encoding)
    except UnicodeEncodeError:
        return
    reading = Reading()
    with pytest.raises(InputError, match="is not UTF-8"):
        list(read_events([written(tmp_path, data)], reading))
    assert not reading.said


def test_what_is_not_a_file_of_events_is_skipped_among_others_and_named(tmp_path: Path) -> None:
    written(tmp_path, "user_id,event,timestamp\nkim,Joined,2026-10-05\n", "a.csv")
    written(tmp_path, "# Read me\n\nThe events, by day; and | others.\n", "README.md")
    written(tmp_path, b"\x89PNG\r\n\x1a\n\x00", "chart.png")
    written(tmp_path, '{"name": "export", "version": 1}\n', "manifest.json")
    written(tmp_path, "<html></html>", "index.html")
    reading = Reading()
    assert len(list(read_events([str(tmp_path)], reading))) == 1
    assert [Path(reason.split(":")[0].split(",")[0]).name for reason in reading.skipped] == [
        "README.md", "chart.png", "index.html", "manifest.json"]  # fmt: skip
    with pytest.raises(InputError, match="is a picture"):  # alone, it is no mistake of a folder
        list(read_events([str(tmp_path / "chart.png")]))
    written(tmp_path, "user_id,event,timestamp,user\nkim,Joined,2026-10-05,pro\n", "b.csv")
    with pytest.raises(InputError, match="can both be the person"):  # it may hold events: nothing is skipped
        list(read_events([str(tmp_path)]))


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("uid,action,when,hour", "k,a,2026-11-02,23:30"),
        ("uid,action,date,clock", "k,a,20261102,11:30 PM"),
        ("uid,action,Day,Hour", "k,a,2026-11-02,23:30:00"),
    ],
)
def test_a_day_beside_its_time_of_day_is_not_taken_for_midnight(tmp_path: Path, header: str, row: str) -> None:
    with pytest.raises(MappingNeeded) as refused:
        list(read_events([written(tmp_path, f"{header}\n{row}\n")]))
    day, clock = header.split(",")[2:]
    assert f"the column {day!r} holds a day and {clock!r} its time" in f"{refused.value}{refused.value.draft}"
    assert EventMapping.model_validate(tomllib.loads(refused.value.draft)).time == ("?",)


@pytest.mark.parametrize(
    ("time", "is_said"),
    [
        ("2026-11-02 23:30:00", True),
        ("2026-11-02T23:30", True),
        ("20261102233000", True),
        ("2026-11-02T23:30:00Z", False),
        ("2026-11-02 23:30:00 UTC", False),
        ("2026-11-02T23:30:00+09:00", False),
        ("1793662200", False),
        ("1793662200000", False),
        ("2026-11-02", False),
    ],
)
def test_a_time_without_an_offset_is_said_to_be_utc_under_usual_names_too(
    tmp_path: Path, time: str, is_said: bool
) -> None:
    reading = Reading()
    list(read_events([written(tmp_path, f"user_id,event,timestamp\nk,Joined,{time}\n")], reading))
    assert list(reading.said) == (["time = timestamp, UTC without an offset"] if is_said else [])


@pytest.mark.parametrize(
    ("time", "form"),
    [
        ("2026. 11. 02. 09:00", "%Y. %m. %d. %H:%M"),
        ("2026. 11. 2.", "%Y. %m. %d."),
        ("2026년 11월 2일 09:00:01", "%Y년 %m월 %d일 %H:%M:%S"),
    ],
)
def test_a_draft_knows_how_dates_are_written_in_korean(tmp_path: Path, time: str, form: str) -> None:
    with pytest.raises(MappingNeeded) as refused:
        list(read_events([written(tmp_path, f"회원번호;활동명;발생일시\nkim;가입;{time}\n")]))
    draft = tomllib.loads(refused.value.draft)
    assert (draft["time"], draft["format"]) == ("발생일시", form)
