"""JSON however it is arranged: lines, lists and wrappers; and what a line or file that is cut off costs."""

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from daybreak.errors import EventRejected, InputError
from daybreak.files.readers import json_document, json_events, lines
from daybreak.files.readers.json_document import CutOff, values
from daybreak.files.readers.read import read_events, read_with_positions
from support.event_files import written

anything = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats(allow_nan=False, allow_infinity=False) | some.text(),
    lambda inner: some.lists(inner, max_size=4) | some.dictionaries(some.text(), inner, max_size=4),
    max_leaves=12,
)
objects = some.dictionaries(some.text().filter(lambda key: key not in json_document.WRAPPERS), anything, max_size=5)


def read_in_pieces(text: bytes, size: int) -> list[tuple[int, Any]]:
    """The values of a document that comes in pieces of so many bytes, each with its line."""
    pieces = (text[at : at + size] for at in range(0, len(text), size))
    return [(line, json.loads(value)) for line, value in values("e.json", pieces, 1)]


@settings(max_examples=40, deadline=None)
@given(some.lists(objects, max_size=5), some.sampled_from([None, 0, 3]), some.integers(1, 50), some.booleans())
def test_a_list_read_in_pieces_of_any_size_holds_what_json_says(
    found: list[dict[str, Any]], indent: int | None, size: int, ascii_only: bool
) -> None:
    text = json.dumps(found, indent=indent, ensure_ascii=ascii_only)
    for document in (text, f'{{"n": [1, 2], "data": {text}, "next": {{}}}}'):
        assert [value for _, value in read_in_pieces(document.encode(), size)] == found


@settings(max_examples=40, deadline=None)
@given(some.lists(objects, max_size=5), some.sampled_from([None, 0, 3]), some.integers(1, 50))
def test_objects_one_after_the_other_are_read_however_they_are_written(
    found: list[dict[str, Any]], indent: int | None, size: int
) -> None:
    text = "\n".join(json.dumps(value, indent=indent) for value in found)
    assert [value for _, value in read_in_pieces(text.encode(), size)] == found


@settings(max_examples=40, deadline=None)
@given(some.lists(objects, min_size=1, max_size=4), some.integers(1, 30), some.data())
def test_a_list_that_is_cut_off_gives_the_values_before_the_cut(
    found: list[dict[str, Any]], size: int, data: some.DataObject
) -> None:
    text = json.dumps(found).encode()
    kept = text[: data.draw(some.integers(1, len(text) - 1))]
    rest = values("e.json", (kept[at : at + size] for at in range(0, len(kept), size)), 1)
    read = list[Any]()
    with pytest.raises(CutOff):
        read.extend(json.loads(value) for _, value in rest)
    assert read == found[: len(read)]


def test_a_position_says_the_line_and_in_a_list_which_event_it_is(tmp_path: Path) -> None:
    text = '\n\n{"next": null,\n "results": [\n  {"event": "A"},\n  {"event":\n "B"}, {"event": "C"}]}\n'
    file = written(tmp_path, text, "e.json")
    assert [(position.removeprefix(file), event["event"]) for position, event in read_with_positions([file])] == [
        (", line 5, event 1", "A"), (", line 6, event 2", "B"), (", line 7, event 3", "C")]  # fmt: skip


@pytest.mark.parametrize("key", json_document.WRAPPERS)
def test_an_event_may_have_a_list_under_any_key(tmp_path: Path, key: str) -> None:
    event = {"type": "track", "event": "A", key: [{"event": "B"}]}
    for text in (json.dumps(event), json.dumps(event, indent=1), json.dumps([event])):
        assert list(read_events([written(tmp_path, text, "e.json")])) == [event]


def test_lines_may_hold_lists_and_wrappers(tmp_path: Path) -> None:
    text = '{"data": [{"event": "A"}]}\n{"event": "B"}\n[{"event": "C"}, {"event": "D"}]\n{"events": []}\n'
    assert [e["event"] for e in read_events([written(tmp_path, text, "e.json")])] == ["A", "B", "C", "D"]
    text = '[{"event": "A"}]\n[{"event": "B"}]\n\n{"event": "C"}'
    assert [e["event"] for e in read_events([written(tmp_path, text, "e.json")])] == ["A", "B", "C"]


@pytest.mark.parametrize(
    "bad", ["user,event", '{"event": "B"', '{"event": B}', '{"event": "\xed"}'.encode("latin-1"), b"\xff\xfe", "]"]
)
def test_a_line_that_is_not_json_costs_only_itself(tmp_path: Path, bad: str | bytes) -> None:
    line = bad if isinstance(bad, bytes) else bad.encode()
    file = written(tmp_path, b'{"event": "A"}\n' + line + b'\n{"event": "C"}\n', "e.jsonl")
    (_, first), (position, reason), (_, last) = read_with_positions([file])
    assert (first["event"], last["event"]) == ("A", "C")
    assert position == f"{file}, line 2"
    assert isinstance(reason, EventRejected)
    assert ("is not UTF-8" if isinstance(bad, bytes) else "is not JSON") in reason.message


def test_a_list_that_is_cut_off_costs_its_last_event(tmp_path: Path) -> None:
    file = written(tmp_path, '[{"event": "A"},\n {"event": "B"}, {"eve', "e.json")
    (_, first), (_, second), (position, reason) = read_with_positions([file])
    assert (first["event"], second["event"]) == ("A", "B")
    assert position == f"{file}, event 3"
    assert isinstance(reason, EventRejected)
    assert reason.message == "the file is cut off; export it again"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[{"event": "A"} {"event": "B"}]', "e.json, line 1: is not JSON: , or ] is expected, not {"),
        ('[\n{"event": "A"},\n{"event": nothing at all}]', "e.json, line 3: is not JSON: Expecting value"),
        ('{\n"data": [],\n}', "e.json, line 3: is not JSON: the name of a key is expected"),
        ('[{"event": "A"}]\nthe end', "e.json, line 2: is not JSON: { is expected, not t"),
        ('[{"event', "e.json: is JSON that is cut off before its first event ends"),
        ("[" * 100_000, "nested too deeply"),
        ('{"event":\n"A"', "is cut off before its first event ends"),
    ],
)
def test_json_that_is_wrong_is_refused_by_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InputError) as refused:
        list(read_events([written(tmp_path, text, "e.json")]))
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_ids_in_lists_are_whole_too(tmp_path: Path) -> None:
    file = written(tmp_path, '[{"userId": 7.0},\n{"userId": 5.4e+08}]', "e.json")
    whole, lost = read_events([file])
    assert whole == {"userId": "7"}
    assert isinstance(lost, EventRejected)


def test_a_list_may_be_longer_than_a_row_and_an_event_may_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (json_document, lines):
        monkeypatch.setattr(module, "MAX_ROW", 1000)
    event = {"event": "x" * 500}
    for text in (json.dumps([event] * 9), json.dumps({"a": event, "data": [event] * 9})):
        assert list(read_events([written(tmp_path, text, "e.json")])) == [event] * 9
    for text in (
        json.dumps([event, {"event": "x" * 5000}]),
        json.dumps({"a": event, "b": event, "c": event}, indent=1),
    ):
        with pytest.raises(InputError, match=r"e\.json: the row that begins on line 1 is longer than"):
            list(read_events([written(tmp_path, text, "e.json")]))


@pytest.mark.parametrize("size", range(1, 12))
def test_a_number_that_comes_in_pieces_is_one_number(size: int) -> None:
    text = b'{"a": 1.5, "b": -2.5e-10, "c": 12}\n{"a": 1E5} {"a": -0.0}'
    assert [value for _, value in read_in_pieces(text, size)] == [
        {"a": 1.5, "b": -2.5e-10, "c": 12}, {"a": 1e5}, {"a": 0.0}]  # fmt: skip


@pytest.mark.parametrize("begins", ['{"type": "track", "p": [', '[{"type": "track", "p": ['])
def test_an_event_of_many_lists_is_refused_because_each_costs_much_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, begins: str
) -> None:
    for module in (json_document, json_events):
        monkeypatch.setattr(module, "MAX_CONTAINERS", 1000)
    with pytest.raises(InputError, match=r"e\.json: the row that begins on line 1 .* lists and objects"):
        list(read_events([written(tmp_path, begins + "[]," * 500_000, "e.json")]))
    (_, reason), _ = read_with_positions([written(tmp_path, f'{{"p": [{"[]," * 1000}1]}}\n{{}}\n', "e.jsonl")])
    assert isinstance(reason, EventRejected)
    assert "lists and objects" in reason.message


@pytest.mark.parametrize("depth", [300, 990, 1020, 5000])
def test_an_event_of_any_depth_with_a_decimal_id_is_read_or_refused(tmp_path: Path, depth: int) -> None:
    deep = f'{{"type": "track", "userId": 7.0, "p": {"[" * depth}{"]" * depth}}}'
    for text in (deep + "\n{}\n", "[" + deep + "]"):
        with contextlib.suppress(InputError):
            assert list(read_events([written(tmp_path, text, "e.json")]))
