"""Files of events that become a lake: the counts of their events."""

import io
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from daybreak.errors import InputError
from daybreak.files.compute import compute_files
from daybreak.files.readers.ids import whole_id
from support.event_files import DEFINED, HEADER, ROWS, written
from support.journeys import LIMITS, project


def test_a_rejected_row_is_named_by_file_and_line(tmp_path: Path) -> None:
    good = written(tmp_path, HEADER + "\n".join(",".join(row) for row in ROWS), "good.csv")
    bad = written(tmp_path, HEADER + "\nu9,Opened,yesterday,c\n,Opened,2026-11-01,d\n", "bad.csv")
    counts = compute_files(
        [good, bad], project(DEFINED), None, tmp_path / "lake", LIMITS.memory_mb, now=datetime.now(UTC)
    ).counts
    assert (counts.events, counts.rejected) == (2, 2)
    assert ["bad.csv, line 3" in counts.first_rejects[0], "bad.csv, line 4" in counts.first_rejects[1]] == [True, True]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("e.csv", "user_id,event,time\nkim,Joined,{}\n"),
        ("e.jsonl", '{{"type": "track", "userId": "kim", "event": "Joined", "timestamp": {}}}\n'),
    ],
)
@pytest.mark.parametrize("number", ["1791190800", "1791190800000", "1791190800000000", "1791190800.0"])
def test_a_number_since_1970_is_the_time_of_its_event(tmp_path: Path, name: str, text: str, number: str) -> None:
    done = compute_files(
        [written(tmp_path, text.format(number), name)], project(DEFINED), None, tmp_path / "lake", now=datetime.now(UTC)
    )
    assert (done.counts.events, done.counts.rejected, done.as_of.date().isoformat()) == (1, 0, "2026-10-05")


@pytest.mark.parametrize("time", ["10/05/2026", "2026"])
def test_a_date_that_may_mean_two_days_is_a_bad_row_that_says_how_to_write_it(tmp_path: Path, time: str) -> None:
    file = written(tmp_path, f"user_id,event,timestamp\nkim,Joined,2026-10-05\nkim,Joined,{time}\n", "e.csv")
    counts = compute_files([file], project(DEFINED), None, tmp_path / "lake", now=datetime.now(UTC)).counts
    assert (counts.events, counts.rejected) == (1, 1)
    assert f"e.csv, line 3: timestamp: '{time}'" in counts.first_rejects[0]
    assert "write it as 2026-10-05T09:00:00Z" in counts.first_rejects[0]


AS_OF = datetime(2026, 10, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("time", "said"),
    [
        ("9999-12-31T00:00:00Z", "is after 2199"),
        ("9999-12-31T23:59:59.999999Z", "is after 2199"),
        ("9999-12-31T23:59:59-05:00", "is not a time that exists between the years 1 and 9999"),
        ("2569-10-05", "is after 2199"),
        ("0001-01-01", "is before 1970"),
        ("0001-01-01T00:00:00+09:00", "is not a time that exists between the years 1 and 9999"),
        ("1969-12-31T23:59:59Z", "is before 1970"),
        ("1970-01-01T00:00:00Z", "is on 1970-01-01"),
        ("1970-01-01T23:59:59Z", "is on 1970-01-01"),
    ],
)
def test_a_date_that_cannot_be_right_costs_its_row_alone(tmp_path: Path, time: str, said: str) -> None:
    file = written(tmp_path, f"user_id,event,timestamp\nkim,Joined,2026-10-05\nkim,Ends,{time}\n", "e.csv")
    counts = compute_files([file], project(DEFINED), AS_OF, tmp_path / "lake", now=datetime.now(UTC)).counts
    assert (counts.events, counts.rejected, counts.after_as_of) == (1, 1, 0)
    assert "e.csv, line 3: timestamp: " in counts.first_rejects[0]
    assert said in counts.first_rejects[0]


@pytest.mark.parametrize("year", [2569, 9999])
def test_without_as_of_it_is_never_later_than_now_and_later_events_are_counted(tmp_path: Path, year: int) -> None:
    file = written(tmp_path, f"user_id,event,timestamp\nkim,Joined,2026-10-05\nlee,Joined,{year}-10-05\n", "e.csv")
    done = compute_files([file], project(DEFINED), None, tmp_path / "lake", now=datetime.now(UTC))
    assert done.as_of == datetime(2026, 10, 6, tzinfo=UTC) - timedelta(microseconds=1)
    assert (done.counts.events, done.counts.rejected, done.counts.after_as_of) == (1, 0, 1)
    assert done.counts.first_after_as_of.endswith(f"e.csv, line 3: {year}-10-05T00:00:00Z")


def test_the_day_of_the_last_event_is_not_over_before_now(tmp_path: Path) -> None:
    before = datetime.now(UTC)
    file = written(tmp_path, f"user_id,event,timestamp\nkim,Joined,{before.isoformat()}\n", "e.csv")
    assert (
        before
        <= compute_files([file], project(DEFINED), None, tmp_path / "lake", now=datetime.now(UTC)).as_of
        <= datetime.now(UTC)
    )


def test_a_row_whose_id_lost_its_digits_is_a_bad_row(tmp_path: Path) -> None:
    file = written(tmp_path, "user_id,event,timestamp\n7.0,Joined,2026-10-05\n5.4E+08,Joined,2026-10-05\n", "e.csv")
    counts = compute_files([file], project(DEFINED), AS_OF, tmp_path / "lake", now=datetime.now(UTC)).counts
    assert (counts.events, counts.rejected) == (1, 1)
    assert "e.csv, line 3: userId: '5.4E+08' in scientific notation" in counts.first_rejects[0]


@pytest.mark.parametrize(
    ("name", "text"),
    [("e.csv", "user_id,event,timestamp\n"), ("e.csv", "user_id,event,timestamp"), ("e.csv", ""), ("e.csv", "\n"),
     ("e.csv", "\ufeff"), ("e.jsonl", ""), ("e.jsonl", "\n\n")],
)  # fmt: skip
def test_a_file_without_rows_is_named_alone_and_among_others(tmp_path: Path, name: str, text: str) -> None:
    empty = written(tmp_path, text, name)
    with pytest.raises(InputError) as refused:
        compute_files([empty], project(DEFINED), AS_OF, tmp_path / "none", now=datetime.now(UTC))
    assert str(refused.value) == f"{empty}: no rows"
    good = written(tmp_path, "user_id,event,timestamp\nkim,Joined,2026-10-05\n", "good.csv")
    counts = compute_files([empty, good], project(DEFINED), AS_OF, tmp_path / "lake", now=datetime.now(UTC)).counts
    assert (counts.events, counts.without_rows) == (1, [empty])


@pytest.mark.parametrize(
    ("times", "counted"),
    [
        ('"timestamp": "2026-10-05", "originalTimestamp": "2026-10-11", "receivedAt": "2026-10-11"', True),
        ('"timestamp": null, "originalTimestamp": "2026-10-05", "receivedAt": "2026-10-11"', True),
        ('"originalTimestamp": 1791190800, "receivedAt": "2026-10-11"', True),
        ('"receivedAt": "2026-10-05"', True),
        ('"originalTimestamp": "2026-10-11", "receivedAt": "2026-10-05"', False),
        ('"receivedAt": "2026-10-11"', False),
    ],
)
def test_an_event_happened_at_the_first_of_its_three_times_and_as_of_goes_by_it(
    tmp_path: Path, times: str, counted: bool
) -> None:
    line = '{"type": "track", "userId": "kim", "event": "Joined", '
    text = line + '"timestamp": "2026-10-01"}\n' + line + times + "}\n"
    counts = compute_files(
        [written(tmp_path, text, "e.jsonl")], project(DEFINED), AS_OF, tmp_path / "lake", now=datetime.now(UTC)
    ).counts
    assert (counts.events, counts.rejected, counts.after_as_of) == (1 + counted, 0, 1 - counted)
    assert counts.last
    assert counts.last.day == (5 if counted else 1)


def test_standard_input_without_rows_is_called_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\n")))
    with pytest.raises(InputError, match=r"^standard input: no rows$"):
        compute_files(["-"], project(DEFINED), AS_OF, tmp_path / "lake", now=datetime.now(UTC))


def test_two_exports_that_overlap_count_each_row_once_and_equal_rows_of_a_file_each(tmp_path: Path) -> None:
    """The second export begins a day later and lists its rows the other way round; kim really did it twice at once."""
    head = "user_id,event,timestamp\n"
    rows = [f"kim,Opened,2024-03-0{day}T10:00:00Z\n" for day in (1, 2, 2, 3)]
    exports = []
    for name, some in (("first.csv", rows[:3]), ("second.csv", list(reversed(rows[1:])))):
        exports.append(str(tmp_path / name))
        Path(exports[-1]).write_text(head + "".join(some))
    asked = project(DEFINED)
    done = compute_files(exports, asked, AS_OF, tmp_path / "lake", now=datetime.now(UTC))
    assert (done.counts.events, done.counts.came_before) == (6, 2)


def test_a_csv_that_ends_within_quotes_loses_its_last_line_alone(tmp_path: Path) -> None:
    rows = ["kim,Opened,2024-03-01T10:00:00Z,x", "lee,Opened,2024-03-01T11:00:00Z,y", 'max,"Ope']
    file = tmp_path / "torn.csv"
    file.write_text("user_id,event,timestamp,plan\n" + "\n".join(rows))
    counts = compute_files([str(file)], project(DEFINED), AS_OF, tmp_path / "lake", now=datetime.now(UTC)).counts
    assert (counts.events, counts.rejected) == (2, 1)
    assert "line 4: the line is cut off" in counts.first_rejects[0]


def test_an_id_with_a_decimal_comma_is_the_id_before_it() -> None:
    assert whole_id("userId", "31200415,0") == whole_id("userId", "31200415.0") == "31200415"


@pytest.mark.parametrize(
    "lines",
    [
        [",user_id,event,timestamp", "0,kim,Opened,2024-03-02T10:00:00Z", "1,lee,Opened,2024-03-03T10:00:00Z"],
        [
            "Unnamed: 0,user_id,event,timestamp",
            "7,kim,Opened,2024-03-02T10:00:00Z",
            "8,lee,Opened,2024-03-03T10:00:00Z",
        ],
        ["user_id,event,timestamp", "kim,Opened,2024-03-02T10:00:00.000Z", "lee,Opened,2024-03-03 11:00:00+01:00"],
        ["event,timestamp,user_id", "Opened,2024-03-03 10:00:00 UTC,lee", "Opened,2024-03-02 10:00,kim"],
    ],
)
def test_rows_that_another_export_numbers_or_writes_in_another_way_are_the_same(
    tmp_path: Path, lines: list[str]
) -> None:
    first, second = tmp_path / "first.csv", tmp_path / "second.csv"
    first.write_text("user_id,event,timestamp\nkim,Opened,2024-03-02T10:00:00Z\nlee,Opened,2024-03-03T10:00:00Z\n")
    second.write_text("\n".join(lines) + "\n")
    asked = project(DEFINED)
    done = compute_files([str(first), str(second)], asked, AS_OF, tmp_path / "lake", now=datetime.now(UTC))
    assert (done.counts.events, done.counts.came_before) == (4, 2)


def test_two_columns_of_one_name_are_refused_by_name(tmp_path: Path) -> None:
    file = tmp_path / "twice.csv"
    file.write_text("user_id,event,timestamp,amount,amount\nkim,Opened,2024-03-02T10:00:00Z,5,7\n")
    with pytest.raises(InputError, match="2 columns are called 'amount'"):
        compute_files([str(file)], project(DEFINED), AS_OF, tmp_path / "lake", now=datetime.now(UTC))
