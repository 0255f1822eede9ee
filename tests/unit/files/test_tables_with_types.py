"""Excel workbooks and Parquet: every kind of value becomes one that an event can hold, or one clear line."""

import io
import zipfile
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import orjson
import pytest

from daybreak.errors import EventRejected, InputError
from daybreak.files.judge import Judge
from daybreak.files.readers.read import read_events, read_parts
from daybreak.files.readers.reading import Reading
from support.event_files import DEFINED, written
from support.journeys import project

HEADER = ["user_id", "event", "timestamp", "value"]
AT_NINE = datetime(2026, 10, 5, 9)  # noqa: DTZ001 - Excel's times have no zone


def workbook(*sheets: list[list[Any]], names: tuple[str, ...] = ("a", "b", "c")) -> bytes:
    """A workbook with these sheets, as openpyxl writes it."""
    made = openpyxl.Workbook()
    made.remove(made.worksheets[0])
    for name, lines in zip(names, sheets, strict=False):
        sheet = made.create_sheet(name)
        for line in lines:
            sheet.append(line)
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


def parquet(folder: Path, columns: str) -> str:
    """A Parquet file of one row with these columns, in SQL."""
    file = folder / "e.parquet"
    with duckdb.connect() as db:
        db.execute(f"copy (select {columns}) to '{file}' (format parquet)")
    return str(file)


@pytest.mark.parametrize(
    ("cell", "means"),
    [
        (12.5, 12.5),
        (12, 12),
        (True, True),
        ("007", "007"),
        (" a ", "a"),
        (date(2026, 10, 5), "2026-10-05 00:00:00"),
        (AT_NINE.replace(hour=10), "2026-10-05 10:00:00"),
        (time(9, 30), "09:30:00"),
        ("#N/A", None),
        ("#REF!", None),
        ("", None),
    ],
)
def test_a_cell_of_a_workbook_is_the_value_that_excel_shows(tmp_path: Path, cell: Any, means: Any) -> None:
    [event] = read_events([written(tmp_path, workbook([HEADER, ["kim", "Joined", AT_NINE, cell]]), "e.xlsx")])
    assert event == {
        "type": "track", "userId": "kim", "event": "Joined", "timestamp": "2026-10-05 09:00:00",
        "properties": {"value": means} if means is not None else {},
    }  # fmt: skip


def test_ids_in_a_workbook_are_text_and_one_that_lost_its_digits_is_refused(tmp_path: Path) -> None:
    rows = [[31200415.0, "Joined", AT_NINE], [7, "Joined", AT_NINE], [1.2345678901234568e17, "Joined", AT_NINE]]
    first, second, lost = read_events([written(tmp_path, workbook([HEADER, *rows]), "e.xlsx")])
    assert (first["userId"], second["userId"]) == ("31200415", "7")
    assert isinstance(lost, EventRejected)
    assert "has lost its digits" in lost.message


def test_the_first_sheet_with_a_header_that_fits_is_read_and_named(tmp_path: Path) -> None:
    notes: list[list[Any]] = [["What this is"], [None, "a note"]]
    events: list[list[Any]] = [
        ["Report of October"],
        [],
        ["Member ID", "Action Name", "Happened At"],
        ["kim", "Joined", AT_NINE],
    ]
    reading, file = (
        Reading(),
        written(tmp_path, workbook(notes, events, notes, names=("notes", "log", "more notes")), "e.xlsx"),
    )
    [part] = read_parts([file], reading)
    [(position, event)] = part.events
    assert (position, event["userId"]) == (f"{file}, sheet log, line 4", "kim")
    assert next(iter(reading.said)) == (
        "the sheet 'log' of 3: the first with a header that fits; not read: 'notes', 'more notes'"
    )
    assert reading.ignored["other sheets of a workbook"] == 2


def test_all_sheets_with_the_header_of_the_first_that_fits_are_read(tmp_path: Path) -> None:
    names = ("notes", "October", "November", "other")
    october: list[list[Any]] = [["Member ID", "Action Name", "Happened At"], ["kim", "Joined", AT_NINE]]
    november: list[list[Any]] = [["Report"], [*october[0], None], ["lee", "Joined", AT_NINE]]
    other: list[list[Any]] = [HEADER, ["max", "Joined", AT_NINE]]
    file = written(tmp_path, workbook([["What this is"]], october, november, other, names=names), "e.xlsx")
    reading = Reading()
    found = [(position, event["userId"]) for part in read_parts([file], reading) for position, event in part.events]
    assert found == [(f"{file}, sheet October, line 2", "kim"), (f"{file}, sheet November, line 3", "lee")]
    said = "the sheets 'October', 'November' of 4, which have the same header; not read: 'notes', 'other'"
    assert reading.said[said] == [file]
    assert all(files == [file] for files in reading.said.values())
    assert reading.ignored["other sheets of a workbook"] == 2


def test_rows_that_a_copy_of_a_sheet_repeats_count_once(tmp_path: Path) -> None:
    october: list[list[Any]] = [HEADER, ["kim", "Joined", AT_NINE, 1], ["kim", "Joined", AT_NINE, 1]]
    every: list[list[Any]] = [*october, ["lee", "Joined", AT_NINE, 1]]
    file = written(tmp_path, workbook(october, every, names=("October", "all")), "e.xlsx")
    judge = Judge(project(DEFINED), None, datetime.now(UTC))
    ids = [orjson.loads(line)["message_id"] for line in judge.accepted([file])]
    assert (len(ids), len(set(ids))) == (5, 3)
    assert "other sheets of a workbook" not in judge.counts.ignored


def test_a_formula_counts_with_its_saved_value_and_one_without_is_said(tmp_path: Path) -> None:
    data = workbook([HEADER, ["kim", "Joined", AT_NINE, "=1+1"]])
    reading = Reading()
    [event] = read_events([written(tmp_path, data, "e.xlsx")], reading)
    assert event["properties"] == {}
    assert list(reading.ignored.values()) == [1]
    assert "open the workbook in Excel and save it" in next(iter(reading.ignored))
    saved = changed(
        data,
        "xl/worksheets/sheet1.xml",
        lambda text: text.replace(b"<v></v>", b"<v>2</v>").replace(b"<v />", b"<v>2</v>"),
    )
    [event] = read_events([written(tmp_path, saved, "e.xlsx")])
    assert event["properties"] == {"value": 2}


def changed(data: bytes, member: str, change: Any) -> bytes:
    """A zip file with one member changed."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change(old.read(name)) if name == member else old.read(name))
    return file.getvalue()


@pytest.mark.parametrize("lines", [[], [[]], [[None, None]]])
def test_an_empty_workbook_holds_no_row(tmp_path: Path, lines: list[list[Any]]) -> None:
    assert list(read_events([written(tmp_path, workbook(lines), "e.xlsx")])) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text + b"A" * 40_000_000, "unpacks to more than a workbook can hold"),
        (lambda text: b'<!DOCTYPE a [<!ENTITY b "c">]>' + text, "with a DOCTYPE"),
        (lambda text: text[:-50], "is a damaged Excel workbook"),
        (lambda _: b"", "is a damaged Excel workbook"),
    ],
)
def test_a_bomb_and_a_damaged_sheet_are_refused_in_one_line(tmp_path: Path, change: Any, said: str) -> None:
    data = changed(workbook([HEADER, ["kim", "Joined", AT_NINE, 1]]), "xl/worksheets/sheet1.xml", change)
    with pytest.raises(InputError, match=said) as refused:
        list(read_events([written(tmp_path, data, "e.xlsx")]))
    assert "\n" not in str(refused.value)
    assert "e.xlsx" in str(refused.value)


@pytest.mark.parametrize(
    ("sql", "means"),
    [
        ("1.50::decimal(10, 2)", 1.5),
        ("12::decimal(10, 2)", 12),
        ("12345678901234567890.12::decimal(38, 2)", "12345678901234567890.12"),
        ("{'a': 1, 'b': [1, 2], 'c': {'d': 'x'}}", {"a": 1, "b": [1, 2], "c": {"d": "x"}}),
        ("[1, 2]", [1, 2]),
        ("map {'k': 'v'}", {"k": "v"}),
        ("'ab'::blob", "ab"),
        ("'\\xFF'::blob", None),
        ("timestamptz '2026-10-05 09:00:00+09'", "2026-10-05 00:00:00+00"),
        ("date '2026-10-05'", "2026-10-05"),
        ("time '09:00'", "09:00:00"),
        ("'x'::enum('x', 'y')", "x"),
        ("'00000000-0000-4000-8000-000000000000'::uuid", "00000000-0000-4000-8000-000000000000"),
        ("interval '1 day'", "1 day"),
        ("18446744073709551615::ubigint", 18446744073709551615),
        ("'nan'::double", None),
        ("'-infinity'::float", None),
        ("true", True),
        ("null", None),
        ("''", None),
        ("' pro '", "pro"),
    ],
)
def test_a_value_of_parquet_becomes_one_that_json_can_hold(tmp_path: Path, sql: str, means: Any) -> None:
    columns = "'kim' as user_id, 'Joined' as event, timestamp '2026-10-05 09:00:00' as timestamp"
    [event] = read_events([parquet(tmp_path, f'{columns}, {sql} as "odd ""name"')])
    assert event["timestamp"] == "2026-10-05 09:00:00"
    assert event["properties"] == ({'odd "name': means} if means is not None else {})


@pytest.mark.parametrize(
    ("sql", "means"),
    [
        ("timestamp_ns '2026-10-05 09:00:00.123456789'", "2026-10-05 09:00:00.123456789"),
        ("timestamptz '2026-10-05 09:00:00+09'", "2026-10-05 00:00:00+00"),
        ("1791190800::bigint", "1791190800"),
        ("timestamp 'infinity'", "infinity"),  # refused later, as a bad row
    ],
)
def test_a_time_of_parquet_is_text_in_utc(tmp_path: Path, sql: str, means: str) -> None:
    [event] = read_events([parquet(tmp_path, f"7 as user_id, 'Joined' as event, {sql} as time")])
    assert (event["userId"], event["timestamp"]) == ("7", means)


def test_a_nested_export_of_ga4_is_read_from_parquet(tmp_path: Path) -> None:
    params = "[{'key': 'plan', 'value': {'string_value': 'pro', 'int_value': null::bigint}}, {'key': 'n', 'value': {'string_value': null, 'int_value': 2}}]"
    columns = f"1791190800000000 as event_timestamp, 'Joined' as event_name, {params} as event_params, null::varchar as user_id, '7.kim' as user_pseudo_id"
    [event] = read_events([parquet(tmp_path, columns)])
    assert event == {
        "type": "track", "timestamp": "2026-10-05T09:00:00Z", "anonymousId": "7.kim", "event": "Joined",
        "properties": {"plan": "pro", "n": 2},
    }  # fmt: skip
