"""What the codecs pack comes back as it was."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigie_gateway.store import Sample
from vigie_gateway.store import log as recent_log
from vigie_gateway.store.codec import CodecError, Reader, Writer, decode_readings, encode_readings, is_whole

_FLOATS = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(-(10**6), 10**6).map(lambda number: number / 100),
    st.integers(0, 1).map(float),
    st.sampled_from([1e300, -1e300, 2.0**53, -(2.0**53), 5e-324, 0.1 + 0.2]),
)
_TIMES = st.integers(0, 253_402_300_800_000)
_VALUES = st.one_of(_FLOATS, _FLOATS, st.sampled_from(["failed", "absent", ""]))


_INTEGERS = st.one_of(
    st.lists(st.integers(-(2**62), 2**62 - 1), min_size=1, max_size=300),
    st.builds(
        lambda first, step, jitter: [first + step * number + some for number, some in enumerate(jitter)],
        st.integers(-(2**40), 2**40),
        st.integers(-(10**6), 10**6),
        st.lists(st.integers(-300, 300), min_size=1, max_size=600),
    ),
)


@given(st.lists(_INTEGERS, min_size=1, max_size=4))
def test_columns_of_integers_come_back_one_after_the_other(columns: list[list[int]]) -> None:
    writer = Writer()
    for column in columns:
        writer.number(-len(column))
        writer.integers(column)
        writer.times(column)
    reader = Reader(writer.blob())
    for column in columns:
        assert reader.number() == -len(column)
        assert reader.integers(len(column)) == column
        assert reader.integers(len(column)) == column


@given(st.lists(_FLOATS, min_size=1, max_size=300))
def test_floats_come_back_exactly(column: list[float]) -> None:
    writer = Writer()
    writer.floats(column)
    writer.text("é\n")
    reader = Reader(writer.blob())
    assert (reader.floats(len(column)), reader.text()) == (column, "é\n")


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


_BLOBS = st.one_of(
    st.just(encode_readings([1, 2, 9], [1.5, "failed", 2.0])),
    st.just(encode_readings(list(range(0, 300_000, 1000)), [0.1 * number for number in range(300)])),
    st.just(
        recent_log.encode_batch(recent_log.batch_of([Sample(3, 1.0, 2.5), Sample(4, 1.0, None, "x")]), {3: 0, 4: 0})
    ),
)


@given(_BLOBS, st.lists(st.tuples(st.integers(1, 400), st.integers(0, 255)), max_size=4), st.integers(0, 400))
def test_bytes_that_no_codec_wrote_are_refused_and_never_crash(
    blob: bytes, changes: list[tuple[int, int]], length: int
) -> None:
    damaged = bytearray(blob)
    for place, byte in changes:
        damaged[place % len(damaged)] = byte
    for decode in (decode_readings, recent_log.decode_batch):
        for some in (
            bytes(damaged),
            bytes(damaged[:length]),
            b"\x01" + bytes(damaged),
            b"\x01" + bytes(damaged[1:-4]),
        ):  # 1: no CRC
            try:
                decode(some)
            except CodecError:
                continue


@given(_BLOBS, st.integers(0, 10_000), st.integers(1, 255))
def test_whichever_byte_after_the_version_is_damaged_it_is_noticed(blob: bytes, place: int, change: int) -> None:
    damaged = bytearray(blob)
    damaged[1 + place % (len(damaged) - 1)] ^= change
    assert is_whole(blob)
    assert not is_whole(bytes(damaged))
    for decode in (decode_readings, recent_log.decode_batch):
        with pytest.raises(CodecError, match="checksum"):
            decode(bytes(damaged))


def test_a_later_version_is_named() -> None:
    blob = b"\x09" + encode_readings([1], [1.0])[1:]
    with pytest.raises(CodecError, match="version 9 is unknown"):
        decode_readings(blob)


def test_bytes_of_the_first_version_stay_readable() -> None:
    blob = bytes.fromhex(_FIRST_VERSION)
    assert decode_readings(blob) == ([1000, 11_000, 21_004, 31_000], [20.5, 21.25, "failed", -3.0])


_FIRST_VERSION = "013c000807d00f808080904e020c6661696c6564000400000000040a8420f12500000400c4000900"
