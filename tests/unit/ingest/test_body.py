"""Bodies: gzip is recognised by its first bytes, limits hold while inflating, an odd value never costs a batch."""

import bz2
import gzip
import json
import lzma
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

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


@pytest.mark.parametrize("body", [b"", b"{", b"not json", b'{"a": }'])
def test_a_body_that_is_not_json_is_refused_with_400(body: bytes) -> None:
    assert (refused(body).status, refused(body).code) == (400, "invalid_json")


UTF_16_AND_32 = ("utf-16", "utf-16-be", "utf-16-le", "utf-32", "utf-32-be", "utf-32-le")


@pytest.mark.parametrize("on_the_way", ["as sent", "decoded as UTF-8", "decoded as Latin-1", "gzipped"])
@given(text=st.text(), encoding=st.sampled_from(UTF_16_AND_32))
def test_utf_16_and_32_are_refused_in_each_form_and_never_read_as_other_letters(
    on_the_way: str, text: str, encoding: str
) -> None:
    body = json.dumps({"event": text}, ensure_ascii=False).encode(encoding)
    forms = {
        "as sent": body,
        "decoded as UTF-8": body.decode("utf-8", "replace").encode(),
        "decoded as Latin-1": body.decode("latin-1").encode(),
        "gzipped": gzip.compress(body),
    }
    found = refused(forms[on_the_way])
    assert (found.status, found.code) == (400, "invalid_encoding")
    assert "UTF-8" in found.message


@pytest.mark.parametrize(
    "body",
    [
        '{"event": "한"}'.encode("cp949"),
        '{"event": "é"}'.encode("latin-1"),
        b'{"event": "\xed\xa0\x80"}',
        b'{"event": "\xe2\x82"}',
        b"\xff\xfe",
        b'{"a": 1}\x00',
        b'{"a": NaN, "b": "\x00"}',
    ],
    ids=["cp949", "latin-1", "surrogate", "cut", "only a mark", "NUL at the end", "NUL in a string"],
)
def test_text_that_is_not_utf_8_is_refused(body: bytes) -> None:
    assert (refused(body).status, refused(body).code) == (400, "invalid_encoding")


@given(st.text(st.characters(codec="utf-8")))
def test_every_text_in_utf_8_is_read_as_it_was_sent(text: str) -> None:
    for escaped in (True, False):
        body = json.dumps([text, float("nan")], ensure_ascii=escaped).encode()
        assert read_json(body) == [text, None]


def test_an_escaped_nul_is_a_character_like_any_other() -> None:
    assert read_json(b'["a\\u0000b"]') == read_json(b'["a\\u0000b", NaN]')[:1] == ["a\0b"]


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


OTHER = {
    "deflate": zlib.compress(b'{"batch": []}' * 20),
    "zstd": bytes.fromhex("28b52ffd2004210000") + b"\x91\x82",
    "compress": b"\x1f\x9d\x90\x7b",
    "bzip2": bz2.compress(b'{"batch": []}'),
    "xz": lzma.compress(b'{"batch": []}'),
}


@pytest.mark.parametrize(
    ("name", "body"),
    [*OTHER.items(), *((name, OTHER[name].decode("utf-8", "replace").encode()) for name in ("deflate", "zstd"))],
)
def test_another_compression_is_named_by_its_first_bytes(name: str, body: bytes) -> None:
    found = refused(body)
    assert (found.status, found.code) == (400, "unsupported_encoding")
    assert found.message.startswith(f"the body looks like {name}: only gzip is read")


@pytest.mark.parametrize("level", range(10))
def test_zlib_of_every_level_is_named(level: int) -> None:
    body = zlib.compress(b'{"batch": []}', level)
    for form in (body, body.decode("utf-8", "replace").encode(), body.decode("latin-1").encode()):
        assert refused(form).code == "unsupported_encoding"


@pytest.mark.parametrize("encoding", ["deflate", "br", "zstd", "compress", "BR", "gzip, br", "br, gzip", "snappy"])
def test_another_content_encoding_of_a_body_that_cannot_be_read_is_named(encoding: str) -> None:
    raw = zlib.compressobj(wbits=-15)
    body = raw.compress(b'{"batch": []}') + raw.flush()
    for sent in (body, body.decode("utf-8", "replace").encode(), gzip.compress(body)):
        with pytest.raises(RequestRefused) as found:
            read_json(sent, encoding=encoding)
        assert (found.value.status, found.value.code) == (400, "unsupported_encoding")
        assert any(name in found.value.message for name in ("deflate", "br", "zstd", "compress", "snappy"))


@pytest.mark.parametrize("encoding", ["deflate", "br", "gzip", "identity", "utf-8", "", ","])
def test_a_body_that_can_be_read_is_read_whatever_its_header_says(encoding: str) -> None:
    assert read_json(b"[1]", encoding=encoding) == read_json(gzip.compress(b"[1]"), encoding=encoding) == [1]


@pytest.mark.parametrize("encoding", ["", "gzip", "x-gzip", "identity", "UTF-8"])
def test_bad_json_without_another_encoding_is_still_bad_json(encoding: str) -> None:
    with pytest.raises(RequestRefused) as found:
        read_json(b"{", encoding=encoding)
    assert found.value.code == "invalid_json"
