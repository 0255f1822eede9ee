"""Frames: unpacking gives the packed lines, no frame is too large, and frames laid end to end are one file."""

import random

from hypothesis import given
from hypothesis import strategies as st

from daybreak.ingest.frames import MAX_FRAME_BYTES, pack, unpack

LINES = st.lists(st.binary(min_size=1, max_size=200).map(lambda b: b.replace(b"\n", b"").replace(b"\r", b"") or b"x"))


@given(LINES)
def test_unpacking_gives_back_the_lines(lines: list[bytes]) -> None:
    frames = pack(lines)
    assert sum(frame.count for frame in frames) == len(lines)
    assert list(unpack(b"".join(frame.data for frame in frames))) == lines


def test_no_lines_need_no_frame() -> None:
    assert pack([]) == []


def test_a_large_request_becomes_several_frames_in_order() -> None:
    randomness = random.Random(1)
    lines = [randomness.randbytes(20_000).hex().encode() for _ in range(100)]
    frames = pack(lines)
    assert len(frames) > 1
    assert all(len(frame.data) <= MAX_FRAME_BYTES for frame in frames)
    assert list(unpack(b"".join(frame.data for frame in frames))) == lines
