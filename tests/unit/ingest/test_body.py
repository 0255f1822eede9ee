"""Bodies: gzip is recognised by its first bytes, limits hold while inflating, an odd value never costs a batch."""

import gzip
import json

import pytest

from daybreak.errors import RequestRefused
from daybreak.ingest.body import MAX_BODY_BYTES, MAX_INFLATED_BYTES, read_json


def refused(body: bytes) -> RequestRefused:
    with pytest.raises(RequestRefused) as raised:
        read_json(body)
    return raised.value


def test_plain_and_gzipped_bodies_are_read_alike() -> None:
    body = b'{"batch": [1, 2]}'
    assert read_json(body) == read_json(gzip.compress(body)) == {"batch": [1, 2]}


def test_gzip_in_several_members_is_one_body() -> None:
    assert read_json(gzip.compress(b'{"a":') + gzip.compress(b" 1}")) == {"a": 1}


@pytest.mark.parametrize("body", [b"", b"{", b"not json", b"\xff\xfe", b'{"a": }'])
def test_a_body_that_is_not_json_is_refused_with_400(body: bytes) -> None:
    assert (refused(body).status, refused(body).code) == (400, "invalid_json")


def test_truncated_and_corrupt_gzip_is_refused_with_400() -> None:
    whole = gzip.compress(b'{"a": 1}' * 100)
    for body in (whole[:-5], whole[:20] + b"\x00" * 20, b"\x1f\x8b"):
        assert (refused(body).status, refused(body).code) == (400, "invalid_gzip")


def test_gzip_that_a_gateway_decoded_as_text_is_called_damaged() -> None:
    damaged = gzip.compress(b'{"a": 1}').decode("utf-8", "replace").encode()
    assert (refused(damaged).status, refused(damaged).code) == (400, "body_damaged")


def test_a_body_over_the_limit_is_413() -> None:
    assert refused(b" " * (MAX_BODY_BYTES + 1)).status == 413


def test_a_zip_bomb_is_stopped_at_the_limit() -> None:
    bomb = gzip.compress(b" " * (MAX_INFLATED_BYTES * 3))
    assert len(bomb) < 100_000
    assert (refused(bomb).status, refused(bomb).code) == (413, "too_large")


def test_a_body_nested_ten_thousand_deep_is_400_and_the_process_lives() -> None:
    assert refused(b"[" * 10_000 + b"]" * 10_000).status == 400
    assert refused(b'{"a":' * 10_000 + b"1" + b"}" * 10_000).status == 400


def test_values_that_json_does_not_have_are_read_as_the_closest_ones() -> None:
    read = read_json(
        b"[NaN, Infinity, 1e999, 123456789012345678901234567890, -9223372036854775809, 18446744073709551615]"
    )
    assert read == [None, None, "1e999", 1.2345678901234568e29, -9.223372036854775808e18, 18446744073709551615]


def test_a_very_long_number_does_not_stop_the_parser() -> None:
    assert read_json(b"[NaN, " + b"9" * 5000 + b"]") == [None, "9" * 5000]


def test_duplicate_keys_keep_the_last() -> None:
    assert read_json(b'{"a": 1, "a": 2}') == {"a": 2}


def test_a_lone_surrogate_is_read_so_that_only_its_event_is_rejected() -> None:
    assert read_json(b'["\\ud800", "ok"]') == ["\ud800", "ok"]


def test_the_lenient_parser_agrees_with_the_strict_one() -> None:
    value = {"a": [1, -2, 3.5, 1e10, "x", None, True, {"b": []}], "big": 2**63, "small": -(2**63)}
    text = json.dumps(value)
    assert read_json(text.encode()) == read_json(f"[NaN, {text}]".encode())[1] == value
