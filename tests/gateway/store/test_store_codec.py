"""What the codecs pack comes back as it was."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigie_gateway.store import Sample
from vigie_gateway.store import log as recent_log
from vigie_gateway.store.codec import (
    CodecError,
    decode_floats,
    decode_integers,
    decode_readings,
    encode_floats,
    encode_integers,
    encode_readings,
    encode_times,
)

_FLOATS = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(-(10**6), 10**6).map(lambda number: number / 100),
    st.integers(0, 1).map(float),
    st.sampled_from([1e300, -1e300, 2.0**53, -(2.0**53), 5e-324, 0.1 + 0.2]),
)
_TIMES = st.integers(0, 253_402_300_800_000)
_VALUES = st.one_of(_FLOATS, _FLOATS, st.sampled_from(["failed", "absent", ""]))


@given(st.lists(st.integers(-(2**62), 2**62 - 1), min_size=1, max_size=300))
def test_integers_come_back(column: list[int]) -> None:
    for blob in (encode_integers(column), encode_times(column) if max(map(abs, column)) < 2**50 else b""):
        if blob:
            found, rest = decode_integers(memoryview(blob + b"rest"), len(column))
            assert (found, bytes(rest)) == (column, b"rest")


@given(st.lists(_FLOATS, min_size=1, max_size=300))
def test_floats_come_back_exactly(column: list[float]) -> None:
    found, rest = decode_floats(memoryview(encode_floats(column) + b"rest"), len(column))
    assert (found, bytes(rest)) == (column, b"rest")


@given(st.lists(st.tuples(_TIMES, _VALUES), min_size=1, max_size=200))
def test_readings_come_back_with_their_unknowns_in_any_order(readings: list[tuple[int, float | str]]) -> None:
    times, values = [at for at, _ in readings], [value for _, value in readings]
    assert decode_readings(encode_readings(times, values)) == (times, values)


@given(st.lists(st.tuples(st.integers(1, 5), _TIMES, _VALUES), min_size=1, max_size=200))
def test_a_batch_of_the_log_comes_back(readings: Sequence[tuple[int, int, float | str]]) -> None:
    samples = [
        Sample(series, at / 1000, None, value or None) if isinstance(value, str) else Sample(series, at / 1000, value)
        for series, at, value in readings
    ]
    batch = recent_log.batch_of(samples)
    found = recent_log.decode_batch(recent_log.encode_batch(batch, dict.fromkeys(range(6), 2)))
    assert (found.series, found.counts, found.times, found.reasons) == (
        batch.series,
        batch.counts,
        batch.times,
        batch.reasons,
    )
    pairs = zip(found.values, batch.values, strict=True)
    assert all(ours == theirs or (math.isnan(ours) and math.isnan(theirs)) for ours, theirs in pairs)


@given(st.binary(max_size=200))
def test_bytes_that_no_codec_wrote_are_refused_and_never_crash(blob: bytes) -> None:
    for decode in (decode_readings, recent_log.decode_batch):
        try:
            decode(blob[:1] + b"\x03\x00\x00\x00" + blob[1:])
        except (CodecError, UnicodeDecodeError):
            continue


def test_a_later_version_is_named() -> None:
    blob = b"\x09" + encode_readings([1], [1.0])[1:]
    with pytest.raises(CodecError, match="version 9 is unknown"):
        decode_readings(blob)


def test_bytes_of_the_first_version_stay_readable() -> None:
    blob = bytes.fromhex(_FIRST_VERSION)
    assert decode_readings(blob) == ([1000, 11_000, 21_004, 31_000], [20.5, 21.25, "failed", -3.0])


_FIRST_VERSION = "01040000000bd00fe0d403040000040001000000060000006661696c6564000400000000000002128420f12504c4090000"
