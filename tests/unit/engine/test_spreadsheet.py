"""SQL and Python write the same text into a CSV cell."""

import duckdb
import pytest

from daybreak.engine.spreadsheet import csv_cell, csv_text

TEXTS = ["=1", "+49 30 1", "-1", "@x", " =1", "\t=1", "\tx", "\rx", "\nx", "\x00=1", "\uff1d1", "\uff0b1", "\uff0d1", "\uff20x",
         "", "pro", "a=b", "1-2", "'=1", "\u00a0=1", "\u3000=1", "\x0b=1", "\u202egnp", "plain\n=1"]  # fmt: skip


@pytest.mark.parametrize("text", TEXTS)
def test_sql_and_python_agree_on_what_a_spreadsheet_would_run(text: str) -> None:
    (found,) = duckdb.execute(f"select {csv_cell('cell', 'VARCHAR')} from (select ? as cell)", [text]).fetchone() or ()
    assert csv_text(text) == found


def test_a_formula_becomes_text_and_other_text_stays() -> None:
    assert csv_text("=1+1") == "'=1+1"
    for blank in ("\x00", "\x0b", "\u00a0", "\u3000", " "):
        assert csv_text(f"{blank}=1") == f"'{blank}=1"
    assert csv_text("ada@example.com") == "ada@example.com"
