"""The draft of a mapping for any file, which gives the same events as the file itself where its columns are clear."""

import tomllib
from pathlib import Path

import pytest

from conftest import ROOT
from daybreak.errors import InputError
from daybreak.files.readers.draft import draft
from daybreak.files.readers.read import read_events
from daybreak.files.readers.reading import Reading
from daybreak.mapping.mapping import EventMapping
from daybreak.mapping.read_mapping import read_mapping
from support.event_files import written

FORMATS = ROOT / "tests" / "data" / "cases" / "formats"
MIXPANEL = '{"event": "Joined", "properties": {"time": 1791190800, "distinct_id": "kim"}}\n'


@pytest.mark.parametrize("name", ["01_own_columns.csv", "01_own_columns.xlsx", "02_kaggle.csv", "09_warehouse.parquet"])
def test_a_draft_of_clear_columns_can_be_used_as_it_is(name: str) -> None:
    file = str(FORMATS / name)
    mapping = EventMapping.model_validate(tomllib.loads(draft([file])))
    who_what_when = ("userId", "event", "timestamp")
    with_draft = [[event[one] for one in who_what_when] for event in read_events([file], Reading(mapping=mapping))]
    assert [row[:2] for row in with_draft] == [["kim", "Joined"], ["kim", "Report Made"], ["lee", "Joined"]]
    assert [row[2] for row in with_draft] == [f"2026-10-{day}:00:00Z" for day in ("05T09", "05T10", "07T12")]


@pytest.mark.parametrize("name", ["03_mixpanel.jsonl", "07_rudderstack.jsonl"])
def test_the_draft_of_an_export_is_a_mapping_that_says_the_same(name: str, tmp_path: Path) -> None:
    file = str(FORMATS / name)
    (tmp_path / "mapping.toml").write_text(draft([file]))
    mapping = read_mapping(tmp_path / "mapping.toml")
    found = [(event["userId"], event["event"]) for event in read_events([file], Reading(mapping=mapping))]
    assert found == [("kim", "Joined"), ("kim", "Report Made"), ("lee", "Joined")]


@pytest.mark.parametrize("text", [MIXPANEL, "event,distinct_id,time\nJoined,kim,1791190800\n"])
def test_the_draft_of_a_mixpanel_export_gives_it_a_zone(tmp_path: Path, text: str) -> None:
    assert tomllib.loads(draft([written(tmp_path, text)])) == {"export": "mixpanel", "timezone": "UTC"}


def test_every_lookalike_has_a_draft_that_is_toml() -> None:
    for file in FORMATS.iterdir():
        if file.name != "14_cloudfront.tsv":
            tomllib.loads(draft([str(file)]))


def test_without_rows_there_is_nothing_to_draft(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the files hold no rows"):
        draft([written(tmp_path, "")])
    with pytest.raises(InputError, match="names no person"):
        draft([str(FORMATS / "14_cloudfront.tsv")])
