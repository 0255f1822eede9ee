"""Cells of a CSV file: a value never says less, or something else, than the text in the file."""

import functools

import duckdb
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as some

from daybreak.files.readers.cells import number_or_text, value_of

numerals = some.one_of(
    some.from_regex(r"[+-]?[0-9]{1,18}([.][0-9]{0,18})?([eE][+-]?[0-9]{1,3})?", fullmatch=True),
    some.integers().map(str),
    some.floats().map(str),
    some.floats(allow_nan=False, allow_infinity=False).map(lambda number: f"{number:f}"),
    some.decimals(allow_nan=False, allow_infinity=False, places=3).map(str),
)


@functools.cache
def database() -> duckdb.DuckDBPyConnection:
    """One database for all examples of a property."""
    return duckdb.connect()


@given(some.one_of(numerals, some.text(max_size=30)))
def test_a_number_written_again_is_the_text_of_its_cell_in_the_lake_too(cell: str) -> None:
    value = value_of(cell)
    if isinstance(value, bool):
        assert cell.lower() == str(value).lower()
        return
    if isinstance(value, str):
        assert value == cell
        return
    written = orjson.dumps({"n": value}).decode()
    assert written == f'{{"n":{cell}}}'
    assert database().execute("select json_extract_string(?, '$.n')", [written]).fetchall() == [(cell,)]


@pytest.mark.parametrize(
    "cell",
    ["1.10", "12.50", "007", "0123", "+5", "1e3", "1E3", "5.4E+08", "1_000", " 5", "5 ", "NaN", "nan", "inf", "-0", "0x1F",
     "9007199254740993", "123456789012345678901234567890", "9" * 5000, "9007199254740993.0", "0." + "1" * 30, ".5", "5.",
     "1,250", "12,50", "\u0661", "\uff11", "1.1.0", "", "-", "tRUE", "yes", "00001", "1.0000000000000000001"],
)  # fmt: skip
def test_text_that_a_number_would_change_stays_text(cell: str) -> None:
    assert value_of(cell) == cell
    assert isinstance(value_of(cell), str)


@pytest.mark.parametrize(
    ("cell", "value"),
    [("10", 10), ("-3", -3), ("0", 0), ("1.1", 1.1), ("12.5", 12.5), ("1.0", 1.0), ("0.0001", 0.0001),
     ("9007199254740992", 2**53), ("-9007199254740992", -(2**53)), ("TRUE", True), ("True", True), ("true", True),
     ("FALSE", False), ("False", False), ("false", False)],
)  # fmt: skip
def test_what_is_certain_is_a_number_or_a_truth_value(cell: str, value: float | bool) -> None:
    assert (value_of(cell), type(value_of(cell))) == (value, type(value))


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize(
    ("cell", "number"),
    [("12,50", 12.5), ("12.50", 12.5), ("0,5", 0.5), ("0,125", 0.125), ("-12,5", -12.5), ("1234,567", 1234.567),
     ("1.234,50", 1234.5), ("1,234.50", 1234.5), ("1.234.567", 1234567), ("1,234,567", 1234567), ("-1.234.567,8", -1234567.8),
     ("007", 7), ("+5", 5), ("1e3", 1000), ("10", 10), ("10.0", 10), ("9007199254740993", 2.0**53), ("0,50", 0.5)],
)  # fmt: skip
def test_a_column_that_is_compared_with_a_number_also_holds_decimal_commas(
    separator: str, cell: str, number: float
) -> None:
    assert number_or_text(cell, separator) == number


@pytest.mark.parametrize(
    ("cell", "separator"),
    [("1,250", ","), ("1,250", ";"), ("1,250", "\t"), ("1.250", ";"), ("1.125", ";"), ("12.125", "\t"), ("1e999", ","),
     ("NaN", ","), ("inf", ","), ("1_000", ","), ("0x1F", ","), ("$5", ","), ("1,2,3", ","), ("12,34.5", ","), ("9" * 30, ","),
     ("1 234", ","), ("12.50 EUR", ","), ("\u0661\u0662", ",")],
)  # fmt: skip
def test_a_cell_that_may_mean_two_numbers_or_none_stays_text(cell: str, separator: str) -> None:
    assert number_or_text(cell, separator) == cell


@given(numerals, some.sampled_from(",;\t"))
def test_comparing_a_column_never_changes_a_number_that_is_certain(cell: str, separator: str) -> None:
    found = number_or_text(cell, separator)
    assert isinstance(found, str) or found == float(cell)


@given(some.floats(allow_nan=False, allow_infinity=False, min_value=-1e15, max_value=1e15), some.integers(0, 4))
def test_a_decimal_comma_means_what_a_point_means_or_stays_text(number: float, places: int) -> None:
    point = f"{number:.{places}f}"
    comma = point.replace(".", ",")
    found = number_or_text(comma, ";")
    assert found in (float(point), comma)
    assert not isinstance(found, str) or places == 3 or len(comma) > 24
