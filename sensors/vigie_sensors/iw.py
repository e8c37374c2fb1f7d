"""What ``iw`` prints, as values: pure functions, called by the ``link``, ``scan`` and ``latency`` drivers.

iw's text is meant for people and differs between versions and radios (``5180`` or ``5180.0``, tabs or spaces, lines
that a driver leaves out), so every field is None where it is not told or not understood, and only text that is no
answer at all is an error. BSSIDs stay within these values: the drivers reduce them to the site's own names or to a
count, and no error message quotes what was printed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

MAX_STATIONS = 2_007
"""Association identifiers go from 1 to 2007 (IEEE 802.11-2020 §9.4.1.8): no access point can hold more stations."""
_SWAPPED_STEP = 256
"""A small count with its two bytes swapped is a multiple of this; some access points send it so. Nothing that one
radio serves comes near 256 stations, so such a multiple is taken for swapped."""


class IwError(ValueError):
    """The text is not what this command of iw prints; the message names the command and never quotes the text."""


@dataclass(frozen=True, slots=True)
class Link:
    """``iw dev X link`` of an associated interface.

    Attributes:
        bssid: Lower case.
        frequency_mhz: Centre frequency of the primary channel.
        rssi_dbm: Signal of the last frames.
        tx_rate_bps: Bit rate of the last frames sent.
        rx_rate_bps: Bit rate of the last frames received.
    """

    bssid: str
    frequency_mhz: float | None
    rssi_dbm: float | None
    tx_rate_bps: float | None
    rx_rate_bps: float | None


@dataclass(frozen=True, slots=True)
class Station:
    """One entry of ``iw dev X station dump``; of a client, the access point that it is associated with.

    Attributes:
        bssid: Lower case.
        rssi_dbm: Signal of the last frame.
        tx_packets: Frames handed to the radio since the association.
        tx_retries: Transmissions that were repetitions, since the association.
        tx_rate_bps: Bit rate of the last frames sent.
        rx_rate_bps: Bit rate of the last frames received.
    """

    bssid: str
    rssi_dbm: float | None
    tx_packets: int | None
    tx_retries: int | None
    tx_rate_bps: float | None
    rx_rate_bps: float | None


@dataclass(frozen=True, slots=True)
class Bss:
    """One access point's radio in ``iw dev X scan`` or ``scan dump``.

    Attributes:
        bssid: Lower case.
        frequency_mhz: Of the primary channel.
        age_s: Seconds since it was last heard.
        stations: Station count of its BSS Load element as sent, plausible or not; None when it sends none.
        utilisation: Share of the time that it senses its channel busy, 0 to 1; None when it does not tell.
    """

    bssid: str
    frequency_mhz: float | None
    age_s: float | None
    stations: int | None
    utilisation: float | None


@dataclass(frozen=True, slots=True)
class Survey:
    """What a radio counted on one channel, in ``iw dev X survey dump``; counters since it first tuned there.

    Attributes:
        interface: That asked.
        frequency_mhz: Of the channel.
        active_ms: Time spent on it.
        busy_ms: Of that, time in which it was sensed busy.
    """

    interface: str
    frequency_mhz: float
    active_ms: int
    busy_ms: int


_CONNECTED = re.compile(r"^Connected to\s+(\S+)", re.MULTILINE)
_NOT_CONNECTED = re.compile(r"^\s*Not connected\.?", re.MULTILINE)
_STATION = re.compile(r"^Station\s+([^\s(]+)", re.MULTILINE)
_BSS = re.compile(r"^BSS\s+([^\s(]+)", re.MULTILINE)
_SURVEY = re.compile(r"^Survey data from\s+(\S+)", re.MULTILINE)
_POWER_SAVE = re.compile(r"^\s*Power save:\s*(on|off)\b", re.MULTILINE | re.IGNORECASE)
# Numbers are bounded in length, so that no text makes an integer that int() refuses or a float that is infinite.
_NUMBER = r"(-?[0-9]{1,15}(?:\.[0-9]{1,9})?)(?![0-9])"


def parse_link(text: str) -> Link | None:
    """Read ``iw dev X link``; None when it says that the interface is not connected.

    Raises:
        IwError: It says neither.
    """
    match = _CONNECTED.search(text)
    if match is None:
        if _NOT_CONNECTED.search(text):
            return None
        raise IwError("iw link says neither 'Connected to' nor 'Not connected'")
    return Link(
        bssid=match[1].lower(),
        frequency_mhz=_field(text, "freq"),
        rssi_dbm=_field(text, "signal"),
        tx_rate_bps=_rate_bps(text, "tx bitrate"),
        rx_rate_bps=_rate_bps(text, "rx bitrate"),
    )


def parse_station_dump(text: str) -> list[Station]:
    """Read ``iw dev X station dump``: none, one (a client) or many (an access point), in the order printed.

    Raises:
        IwError: There is text, but no station in it.
    """
    stations = [
        Station(
            bssid=bssid,
            rssi_dbm=_field(block, "signal"),
            tx_packets=_count(block, "tx packets"),
            tx_retries=_count(block, "tx retries"),
            tx_rate_bps=_rate_bps(block, "tx bitrate"),
            rx_rate_bps=_rate_bps(block, "rx bitrate"),
        )
        for bssid, block in _blocks(text, _STATION)
    ]
    if not stations and text.strip():
        raise IwError("iw station dump printed something else than stations")
    return stations


def parse_power_save(text: str) -> bool:
    """Read ``iw dev X get power_save``: whether the radio may sleep between beacons.

    Raises:
        IwError: It says neither on nor off.
    """
    match = _POWER_SAVE.search(text)
    if match is None:
        raise IwError("iw get power_save says neither 'Power save: on' nor 'Power save: off'")
    return match[1].lower() == "on"


def parse_info(text: str) -> tuple[str | None, float | None]:
    """Read ``iw dev X info``: the interface's type (``managed``, ``AP``…) and the frequency in MHz it is tuned to.

    Raises:
        IwError: The text is of no interface.
    """
    if not re.search(r"^\s*Interface\s+\S", text, re.MULTILINE):
        raise IwError("iw info does not begin with an interface")
    kind = re.search(r"^\s*type[ \t]+(\S+)", text, re.MULTILINE)
    tuned = re.search(rf"^\s*channel[ \t]+[0-9]+[ \t]+\({_NUMBER}[ \t]*MHz\)", text, re.MULTILINE)
    return (kind[1] if kind else None), (float(tuned[1]) if tuned else None)


def parse_scan(text: str) -> list[Bss]:
    """Read ``iw dev X scan`` or ``scan dump``, in the order printed; the last entry of a BSSID stands.

    Raises:
        IwError: There is text, but no BSS in it.
    """
    found = {bssid: _bss(bssid, block) for bssid, block in _blocks(text, _BSS)}
    if not found and text.strip():
        raise IwError("iw scan printed something else than access points")
    return list(found.values())


def parse_survey(text: str) -> list[Survey]:
    """Read ``iw dev X survey dump``, in the order printed; of a channel that comes twice, what was counted longer.

    Entries without a frequency or without both counters say nothing and are left out.

    Raises:
        IwError: There is text, but no survey in it.
    """
    found: dict[tuple[str, float], Survey] = {}
    blocks = list(_blocks(text, _SURVEY))
    for interface, block in blocks:
        frequency_mhz, active_ms, busy_ms = _field(block, "frequency"), _ms(block, "active"), _ms(block, "busy")
        if frequency_mhz is None or active_ms is None or busy_ms is None:
            continue
        known = found.get((interface, frequency_mhz))
        if known is None or known.active_ms < active_ms:
            found[interface, frequency_mhz] = Survey(interface, frequency_mhz, active_ms, busy_ms)
    if not blocks and text.strip():
        raise IwError("iw survey dump printed something else than surveys")
    return list(found.values())


def busy_share(now: Survey, before: Survey | None = None) -> float | None:
    """Share of the time in which a channel was busy, 0 to 1: since ``before``, or since the counters began.

    Returns:
        None where no time passed on the channel, a counter went back, or more was busy than was listened to.
    """
    active_ms = now.active_ms - (before.active_ms if before is not None else 0)
    busy_ms = now.busy_ms - (before.busy_ms if before is not None else 0)
    return busy_ms / active_ms if active_ms > 0 and 0 <= busy_ms <= active_ms else None


def _bss(bssid: str, block: str) -> Bss:
    age_ms = re.search(rf"^\s*last seen:\s*{_NUMBER}\s*ms ago", block, re.MULTILINE)
    busy = re.search(r"^\s*\*?\s*channel utili[sz]ation:\s*([0-9]{1,3})(?:/255)?\s*$", block, re.MULTILINE)
    share = int(busy[1]) / 255 if busy else None
    return Bss(
        bssid=bssid,
        frequency_mhz=_field(block, "freq"),
        age_s=float(age_ms[1]) / 1000 if age_ms else None,
        stations=_count(block, "station count"),
        utilisation=share if share is not None and share <= 1 else None,
    )


def is_plausible_count(stations: int) -> bool:
    """Whether a BSS Load station count can be true: not above 2007, not a small number with its bytes swapped."""
    is_swapped = stations >= _SWAPPED_STEP and stations % _SWAPPED_STEP == 0
    return 0 <= stations <= MAX_STATIONS and not is_swapped


_BAND_2G4 = range(2_412, 2_473)
_CHANNEL_14_MHZ = 2_484
_BAND_5G = range(5_160, 5_896)
_BAND_6G = range(5_955, 7_116)


def channel_of(frequency_mhz: float) -> str | None:
    """The channel's name, as in a channel id: ``1`` to ``14``, ``32`` to ``177``, and ``6g1`` to ``6g233`` for 6 GHz.

    The 6 GHz band numbers its channels from 1 again (IEEE 802.11ax §27.3.23.2), so its names carry the band. None for
    a frequency of no Wi-Fi channel.
    """
    mhz = round(frequency_mhz)
    for band, start_mhz, prefix in ((_BAND_2G4, 2_407, ""), (_BAND_5G, 5_000, ""), (_BAND_6G, 5_950, "6g")):
        if mhz in band and (mhz - start_mhz) % 5 == 0:
            return f"{prefix}{(mhz - start_mhz) // 5}"
    return "14" if mhz == _CHANNEL_14_MHZ else None


def _blocks(text: str, head: re.Pattern[str]) -> Iterable[tuple[str, str]]:
    heads = list(head.finditer(text))
    ends = [match.start() for match in heads[1:]] + [len(text)] if heads else []
    for match, end in zip(heads, ends, strict=True):
        yield match[1].lower(), text[match.end() : end]


def _field(text: str, name: str) -> float | None:
    match = re.search(rf"^\s*\*?\s*{name}:\s*{_NUMBER}", text, re.MULTILINE)
    return float(match[1]) if match else None


def _count(text: str, name: str) -> int | None:
    match = re.search(rf"^\s*\*?\s*{name}:\s*([0-9]{{1,18}})\s*$", text, re.MULTILINE)
    return int(match[1]) if match else None


def _ms(text: str, name: str) -> int | None:
    match = re.search(rf"^\s*channel {name} time:\s*([0-9]{{1,18}})\s*ms\s*$", text, re.MULTILINE)
    return int(match[1]) if match else None


def _rate_bps(text: str, name: str) -> float | None:
    match = re.search(rf"^\s*{name}:\s*{_NUMBER}\s*MBit/s", text, re.MULTILINE | re.IGNORECASE)
    return float(match[1]) * 1e6 if match and float(match[1]) >= 0 else None
