"""`daybreak forget`: the list of ids that it reads."""

from pathlib import Path

import pytest

from daybreak.cli import people
from daybreak.errors import InputError


def test_a_list_of_people_may_come_from_a_spreadsheet(tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_bytes("\ufeffada\r\n\r\n bob \r\n".encode())
    assert people.listed_ids(["cy"], file) == ["cy", "ada", "bob"]
    file.write_bytes(b"\xff\xfea\x00")
    with pytest.raises(InputError, match=r"people\.csv"):
        people.listed_ids(None, file)
    with pytest.raises(InputError, match="name at least one person"):
        people.listed_ids(None, None)
