"""What a French meter says: groups, checksums, frames, quantities."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigie_sensors.tic import MAX_FRAME_BYTES, Frame, Meter, TicReader, parse_group, read_meter


def checksum(text: bytes) -> bytes:
    return bytes([(sum(text) & 0x3F) + 0x20])


def historical(**values: str) -> bytes:
    """A frame of historical mode, in mode 1: the last separator is not summed."""
    groups = [f"{label} {value}".encode() for label, value in values.items()]
    return b"\x02" + b"".join(b"\n" + text + b" " + checksum(text) + b"\r" for text in groups) + b"\x03"


def standard(*groups: tuple[str, ...]) -> bytes:
    """A frame of standard mode: tabs, the last of them summed."""
    texts = [("\t".join(group) + "\t").encode() for group in groups]
    return b"\x02" + b"".join(b"\n" + text + checksum(text) + b"\r" for text in texts) + b"\x03"


ONE_PHASE = historical(
    ADCO="012345678901", OPTARIF="HC..", ISOUSC="45", HCHC="010956910", HCHP="016779643", PTEC="HP..",
    IINST="021", IMAX="047", PAPP="04860", HHPHC="A", MOTDETAT="000000",
)  # fmt: skip
STANDARD = standard(
    ("ADSC", "061234567890"), ("DATE", "H261122114500", ""), ("EAST", "027736553"), ("IRMS1", "012"),
    ("PREF", "12"), ("PCOUP", "12"), ("SINSTS", "02760"), ("SMAXSN", "H261122103000", "05120"),
    ("UMOY1", "H261122114000", "231"),
)  # fmt: skip


def frames(data: bytes) -> list[Frame]:
    return list(TicReader().feed(data))


@pytest.mark.parametrize(
    ("line", "group"),
    [
        (b"IINST 021 Z\r", ("IINST", "021")),
        (b"IMAX 047 J\r", ("IMAX", "047")),
        (b"PAPP 04860 3\r", ("PAPP", "04860")),
        (b"ISOUSC 45 ?\r", ("ISOUSC", "45")),
        (b"HHPHC A ,\r", ("HHPHC", "A")),
        (b"MOTDETAT 000000 B\r", ("MOTDETAT", "000000")),
        (b"PTEC HP..  \r", ("PTEC", "HP..")),
        (b"OPTARIF HC.. <\r", ("OPTARIF", "HC..")),
    ],
)
def test_groups_as_real_meters_send_them_are_read(line: bytes, group: tuple[str, str]) -> None:
    """The last but one has a space as its checksum."""
    assert parse_group(line) == group


def test_the_other_checksum_of_historical_mode_is_taken_too() -> None:
    text = b"PAPP 00750 "
    assert parse_group(text + checksum(text) + b"\r") == ("PAPP", "00750")


def test_a_date_in_a_group_is_left_out() -> None:
    text = b"SMAXSN\tH261122103000\t05120\t"
    assert parse_group(text + checksum(text) + b"\r") == ("SMAXSN", "05120")


@pytest.mark.parametrize(
    "line", [b"", b"\r", b"PAPP 04860 3", b"PAPP 04861 3\r", b"PAPP;04860;3\r", b"   \r", b"\t\t\t\t \r", b"PAPP3\r"]
)
def test_what_is_no_group_is_refused(line: bytes) -> None:
    assert parse_group(line) is None


def test_a_frame_of_historical_mode() -> None:
    [frame] = frames(b"noise\x03" + ONE_PHASE)
    assert frame.rejected == 0
    assert read_meter(frame) == Meter(4_860, 9_000, 27_736_553, 21)


def test_a_frame_of_standard_mode() -> None:
    [frame] = frames(STANDARD)
    assert frame.rejected == 0
    assert read_meter(frame) == Meter(2_760, 12_000, 27_736_553, 12)


def test_three_phases_have_three_times_the_limit_and_the_greatest_current() -> None:
    [frame] = frames(historical(ISOUSC="20", BASE="1", IINST1="002", IINST2="017", IINST3="000", PAPP="04300"))
    assert read_meter(frame) == Meter(4_300, 12_000, 1, 17)


@pytest.mark.parametrize(
    ("registers", "energy_wh"),
    [
        ({"BASE": "5"}, 5),
        ({"EJPHN": "5", "EJPHPM": "6"}, 11),
        (dict.fromkeys(("BBRHCJB", "BBRHPJB", "BBRHCJW", "BBRHPJW", "BBRHCJR", "BBRHPJR"), "2"), 12),
        ({"HCHC": "5"}, None),
        ({"HCHC": "5", "HCHP": "x"}, None),
    ],
)
def test_energy_is_the_sum_of_all_registers_of_the_tariff_or_unknown(
    registers: dict[str, str], energy_wh: int | None
) -> None:
    """Without one of them the counter would go back."""
    assert read_meter(Frame(registers, 0)).energy_wh == energy_wh


def test_what_a_frame_does_not_tell_is_none_never_zero() -> None:
    assert read_meter(Frame({}, 0)) == Meter(None, None, None, None)
    assert read_meter(Frame({"IINST1": "1", "IINST2": "x", "IINST3": "2"}, 0)).current_a is None


def test_a_damaged_group_is_counted_and_the_others_are_used() -> None:
    [frame] = frames(ONE_PHASE.replace(b"PAPP 04860", b"PAPP 04960"))
    assert frame.rejected == 1
    assert "PAPP" not in frame.values
    assert frame.values["IINST"] == "021"


def test_a_frame_that_is_cut_off_is_counted_with_the_next() -> None:
    reader = TicReader()
    assert list(reader.feed(ONE_PHASE[:60])) == []
    [frame] = reader.feed(ONE_PHASE)
    assert frame.rejected == 1
    assert list(reader.feed(ONE_PHASE[:60] + b"\x04")) == []
    assert next(reader.feed(STANDARD)).rejected == 1


def test_a_line_that_is_only_noise_is_bounded() -> None:
    reader = TicReader()
    assert list(reader.feed(b"\x02" + b"x" * 10 * MAX_FRAME_BYTES)) == []
    assert reader._buffer is None
    assert next(reader.feed(STANDARD)).rejected == 1


def with_parity(data: bytes) -> bytes:
    return bytes(byte | (byte.bit_count() & 1) << 7 for byte in data)


@given(st.sampled_from([ONE_PHASE, STANDARD]), st.lists(st.integers(1, 40), max_size=20), st.booleans())
def test_frames_are_the_same_however_they_arrive(frame: bytes, cuts: list[int], parity: bool) -> None:
    """In pieces of any size, and with the parity bit that an 8N1 port leaves in."""
    data, reader, found = (with_parity(frame) if parity else frame), TicReader(), list[Frame]()
    for size in cuts:
        found += reader.feed(data[:size])
        data = data[size:]
    found += reader.feed(data)
    assert found == frames(frame)


@given(st.sampled_from([ONE_PHASE, STANDARD]), st.integers(0, 10_000), st.integers(0, 6))
def test_a_flipped_bit_never_changes_a_number(frame: bytes, place: int, bit: int) -> None:
    damaged = bytearray(frame)
    damaged[place % len(damaged)] ^= 1 << bit
    whole = read_meter(frames(frame)[0])
    for found in frames(bytes(damaged)):
        meter = read_meter(found)
        for name in Meter.__dataclass_fields__:
            assert getattr(meter, name) in (None, getattr(whole, name))


@given(st.sampled_from([ONE_PHASE, STANDARD]), st.integers(0, 10_000), st.integers(0x20, 0x7E))
def test_a_changed_character_is_never_used(frame: bytes, place: int, character: int) -> None:
    """Any one printable character in a group, but for the two whose sums the format itself cannot tell apart."""
    index = place % len(frame)
    before = frame[index]
    if before < 0x20 or (character - before) % 32 == 0:
        return
    damaged = frame[:index] + bytes([character]) + frame[index + 1 :]
    [found], [whole] = frames(damaged), frames(frame)
    assert found.rejected == 1
    assert found.values.items() < whole.values.items()


@given(st.binary(max_size=600))
def test_any_bytes_are_taken(data: bytes) -> None:
    for frame in TicReader().feed(b"\x02" + data + b"\x03"):
        read_meter(frame)
