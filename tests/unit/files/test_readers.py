"""Files that people bring: what is read of them, and the errors that name the place where they cannot be read."""

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from daybreak.errors import EventRejected, InputError
from daybreak.files.readers.read import read_events, read_with_positions
from daybreak.ingest.frames import zstd
from support.event_files import HEADER, ROWS, written


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("name", ["events.csv", "EVENTS.CSV"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_what_spreadsheets_write_is_read(tmp_path: Path, separator: str, name: str, mark: str) -> None:
    lines = [HEADER.strip().split(","), *ROWS]
    file = written(tmp_path, mark + "\r\n".join(separator.join(line) for line in lines), name)
    assert [(e["userId"], e["event"], e["timestamp"], e["properties"]["note"]) for e in read_events([file])] == ROWS


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEADER + 'u1,"Signed Up,2026-11-01,a\nu2,Signed Up,2026-11-01,a\n', "line 2 is not valid CSV"),
        (HEADER + 'u1,"Signed" Up,2026-11-01,a\n', "line 2 is not valid CSV"),
        (HEADER.encode() + b"u\xe9,Signed Up,2026-11-01,a\n", "is not UTF-8"),
        ("User ID|Event Name|Plan\n", "there are: User ID, Event Name, Plan"),
        ("\nu1,Opened,2026-11-01\n", "there are: u1, Opened, 2026-11-01"),
    ],
)
def test_what_cannot_be_read_without_losing_something_is_refused_by_name_and_line(
    tmp_path: Path, text: str | bytes, said: str
) -> None:
    with pytest.raises(InputError) as refused:
        list(read_events([written(tmp_path, text)]))
    assert said in str(refused.value)
    assert "events.csv" in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(("ending", "compress"), [("", bytes), (".gz", gzip.compress), (".zst", zstd.compress)])
def test_json_lines_are_read_also_compressed_and_a_batch_shares_its_line(
    tmp_path: Path, ending: str, compress: Callable[[bytes], bytes]
) -> None:
    lines = b'{"event": "A"}\n\n{"batch": [{"event": "B"}, {"event": "C"}]}\n'
    file = written(tmp_path, compress(lines), f"events.jsonl{ending}")
    assert [(position.removeprefix(file), event["event"]) for position, event in read_with_positions([file])] == [
        (", line 1", "A"), (", line 3", "B"), (", line 3", "C")]  # fmt: skip


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(InputError, match=r"absent\.csv: cannot be read"):
        list(read_events(["absent.csv"]))


@pytest.mark.parametrize(
    ("header", "both"),
    [
        ("user_id,event,timestamp,user", "'user_id' and 'user' can both be the person"),
        ("UserID,user_id,event,time", "'UserID' and 'user_id' can both be the person"),
        ("user,event,timestamp, time", "'timestamp' and 'time' can both be the time of the event"),
        ("user,event,event_name,time", "'event' and 'event_name' can both be the name of the event"),
        ("user,event,event,time", "'event' and 'event' can both be the name of the event"),
        ("anonymousid,anonymous_id,event,time", "'anonymousid' and 'anonymous_id' can both be the anonymous person"),
        ("user,event,time,message_id,messageid", "'message_id' and 'messageid' can both be the id of the event"),
    ],
)
def test_two_columns_for_one_part_of_an_event_are_refused_by_name(tmp_path: Path, header: str, both: str) -> None:
    with pytest.raises(InputError) as refused:
        list(read_events([written(tmp_path, header + "\n")]))
    way_out = "rename or remove one of them, or say which with --mapping"
    assert str(refused.value).endswith(f"events.csv: the columns {both}; {way_out}")


@pytest.mark.parametrize("word", ["NULL", "null", "\\N", "nan", "NaN", "None", "undefined", " NULL ", "", " "])
def test_a_word_for_a_missing_value_is_no_id_and_no_name(tmp_path: Path, word: str) -> None:
    file = written(tmp_path, f"user_id,anonymous_id,event,time,message_id,note\n{word},b,{word},2026,{word},{word}\n")
    [event] = read_events([file])
    note = {"note": word.strip()} if word.strip() else {}
    assert event == {"type": "track", "anonymousId": "b", "timestamp": "2026", "properties": note}


@pytest.mark.parametrize("name", ["null island", "Nona", "N", "none", "UNDEFINED"])
def test_other_names_are_names(tmp_path: Path, name: str) -> None:
    [event] = read_events([written(tmp_path, f"user_id,event,time\n{name},{name},2026\n")])
    assert (event["userId"], event["event"]) == (name, name)


def test_blanks_at_the_ends_of_a_cell_do_not_count(tmp_path: Path) -> None:
    [event] = read_events(
        [written(tmp_path, 'user_id , event, time ,plan, n\n kim ,"\tSigned  Up ",2026 ," pro", 5\n')]
    )
    assert (event["userId"], event["event"], event["timestamp"]) == ("kim", "Signed  Up", "2026")
    assert event["properties"] == {"plan": "pro", "n": 5}


CSV_ID = ("ids.csv", "user_id,event,time\n{},Joined,2026-10-05\n")
JSON_ID = ("ids.jsonl", '{{"batch": [{{"type": "track", "userId": {}, "event": "Joined"}}]}}\n')


@pytest.mark.parametrize(("name", "text"), [CSV_ID, JSON_ID])
@pytest.mark.parametrize(("written_as", "means"), [("31200415.0", "31200415"), ("7.000", "7"), ("-7.0", "-7")])
def test_an_id_that_became_a_decimal_number_is_the_whole_number(
    tmp_path: Path, name: str, text: str, written_as: str, means: str
) -> None:
    assert [e["userId"] for e in read_events([written(tmp_path, text.format(written_as), name)])] == [means]


@pytest.mark.parametrize(("name", "text"), [CSV_ID, JSON_ID])
@pytest.mark.parametrize("lost", ["5.4E+08", "5.4e+08", "5E+08", "5.4E8", "1.2345e-3"])
def test_an_id_in_scientific_notation_has_lost_its_digits(tmp_path: Path, name: str, text: str, lost: str) -> None:
    [reason] = read_events([written(tmp_path, text.format(lost), name)])
    assert isinstance(reason, EventRejected)
    assert f"userId: '{lost}' in scientific notation has lost its digits" in reason.message


@pytest.mark.parametrize("name", ["5e8", "1.0.0", "007.5", "v1.0", "0x1E+0", "1.5"])
def test_an_id_that_only_resembles_a_number_is_a_name(tmp_path: Path, name: str) -> None:
    assert [e["userId"] for e in read_events([written(tmp_path, CSV_ID[1].format(name))])] == [name]


def test_a_json_number_with_an_exponent_is_never_a_name_and_one_with_a_fraction_stays(tmp_path: Path) -> None:
    lost, fraction = read_events([written(tmp_path, '{"userId": 5e8}\n{"userId": 1.5}\n', "ids.jsonl")])
    assert isinstance(lost, EventRejected)
    assert fraction == {"userId": 1.5}


@pytest.mark.parametrize("torn", ['{"event": "B', '{"event": "\u00ed'.encode()[:-1], "{"])
def test_a_torn_last_line_costs_only_itself(tmp_path: Path, torn: str | bytes) -> None:
    text = b'{"event": "A"}\n' + (torn if isinstance(torn, bytes) else torn.encode())
    [(_, event), (position, reason)] = read_with_positions([written(tmp_path, text, "e.jsonl")])
    assert event == {"event": "A"}
    assert position.endswith("e.jsonl, line 2")
    assert isinstance(reason, EventRejected)
    assert "is cut off" in reason.message


def test_a_last_line_without_an_end_that_can_be_read_is_whole(tmp_path: Path) -> None:
    assert len(list(read_events([written(tmp_path, '{"event": "A"}\n{"event": "B"}', "e.jsonl")]))) == 2


def test_a_row_with_more_cells_than_the_header_costs_only_itself(tmp_path: Path) -> None:
    file = written(
        tmp_path, HEADER + "u1,Opened,2026-11-01,a\nu2,Opened,2026-11-01,one,two\nu3,Opened,2026-11-01,b,,\n"
    )
    (_, first), (position, reason), (_, last) = read_with_positions([file])
    assert (first["userId"], last["userId"]) == ("u1", "u3")
    assert position == f"{file}, line 3"
    assert isinstance(reason, EventRejected)
    assert reason.message == "more cells than the header has; put text that holds a ',' in quotes"


CALLS = """type,user_id,anonymous_id,event,timestamp,group_id,previous_id,plan,Name,message_id
track,kim,,Joined,2026-10-05,acme,,pro,x,m1
,kim,,Joined,2026-10-05,,,,,
Identify,kim,b-1,,2026-10-05,,,pro,Kim,
identify,kim,,identify,2026-10-05,,,1.10,,
group,kim,,,2026-10-05,7.0,,team,Acme,
page,,b-1,,2026-10-05,,,pro,Pricing,
alias,kim,,,2026-10-05,,b-2,,,
premium,kim,,Paid,2026-10-05,,,,,
"""


def test_the_columns_type_and_group_id_say_identify_and_group(tmp_path: Path) -> None:
    common = {"userId": "kim", "timestamp": "2026-10-05"}
    assert list(read_events([written(tmp_path, CALLS)])) == [
        {"type": "track", **common, "event": "Joined", "groupId": "acme", "messageId": "m1",
         "properties": {"group_id": "acme", "plan": "pro", "Name": "x"}},
        {"type": "track", **common, "event": "Joined", "properties": {}},
        {"type": "identify", **common, "anonymousId": "b-1", "traits": {"plan": "pro", "Name": "Kim"}},
        {"type": "identify", **common, "traits": {"plan": "1.10"}},
        {"type": "group", **common, "groupId": "7", "traits": {"plan": "team", "Name": "Acme"}},
        {"type": "page", "anonymousId": "b-1", "timestamp": "2026-10-05", "name": "Pricing", "properties": {"plan": "pro"}},
        {"type": "alias", **common, "previousId": "b-2", "properties": {}},
        {"type": "track", **common, "event": "Paid", "properties": {"type": "premium"}},
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("page,kim,Joined,2026-10-05", "type: page in a row that has an event"),
        ("identify,kim,Joined,2026-10-05", "rename the column type if it is a property"),
        ("clicked,kim,,2026-10-05", "type: 'clicked' is not one of track, identify,"),
    ],
)
def test_a_row_whose_type_may_mean_two_things_is_a_bad_row(tmp_path: Path, row: str, said: str) -> None:
    [reason] = read_events([written(tmp_path, f"type,user_id,event,timestamp\n{row}\n")])
    assert isinstance(reason, EventRejected)
    assert said in reason.message


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("id,user_id,timestamp,plan", "there are: id, user_id, timestamp, plan; to read its columns as traits, add the column type"),
        ("anonymous_id,signed_up_at", "add the column type that says identify, and timestamp"),
        ("user_id,group_id,time", "a table of people, not of events: no column says what happened (event)"),
        ("user_id,event_type,event_time", "missing: event, timestamp; there are: user_id, event_type, event_time"),
        ("user_id,Action,time", "missing: event; there are: user_id, Action, time"),
        ("type,event,timestamp", "missing: user_id; there are: type, event, timestamp"),
        ("type,user_id,group_id,groupid,time", "the columns 'group_id' and 'groupid' can both be the account"),
    ],
)  # fmt: skip
def test_a_table_of_people_is_refused_and_told_what_it_lacks(tmp_path: Path, header: str, said: str) -> None:
    with pytest.raises(InputError) as refused:
        list(read_events([written(tmp_path, f"{header}\n1,2,3,4,5\n")]))
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)
