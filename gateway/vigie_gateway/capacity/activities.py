"""What people do in a session, and what that asks of a place: rates, devices, outlets, watts, latency.

Pure. Read by ``needs``; a site adds to it and changes it with ``[[activities]]`` and ``[[equipment]]``
(``place.site``). Each number says where it is from: those of ours are guesses until a place has counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from vigie_gateway.place.wifi import FIT_SCORE, VIDEO_CALL, WEB, WEB_SCORE, Requirement

FULL_PACKET_OCTETS = 1200
"""Payload of a packet of video or a download: what QUIC and WebRTC send. Smaller packets cost more air for each bit."""
TALK_PACKET_OCTETS = 160
"""20 ms of voice at 64 kb/s (G.711)."""
LAPTOP_W = 75.0
"""A laptop that works and charges: its adapter is of 45 to 90 W. Lower trips a breaker, higher refuses rooms."""


@dataclass(frozen=True, slots=True)
class Activity:
    """What one person does, mostly.

    Attributes:
        id: As in ``site.toml`` and in addresses of pages.
        download_bps: A person who is at it (b/s).
        upload_bps: The same, up.
        source: Where the rates are from.
        as_of: When that was so, an ISO date or a year.
        names: By language; empty for those that Vigie has words for.
        shared_download_bps: Of the session as a whole, whoever many come.
        shared_upload_bps: The same, up.
        packet_octets: Payload of its packets.
        active_share: Of the people, at it at the same moment.
        devices_per_person: On the Wi-Fi.
        outlets_per_person: Plugged in.
        outlet_power_w: At each of those outlets.
        requirement: Quality of Outcome.
        least_score: From which score on it is well.
        lighter: What to do instead where the line is short; None when there is nothing.
    """

    id: str
    download_bps: float
    upload_bps: float
    source: str
    as_of: str
    names: Mapping[str, str] = field(default_factory=dict)
    shared_download_bps: float = 0.0
    shared_upload_bps: float = 0.0
    packet_octets: int = FULL_PACKET_OCTETS
    active_share: float = 1.0
    devices_per_person: float = 1.4
    outlets_per_person: float = 2 / 3
    outlet_power_w: float = LAPTOP_W
    requirement: Requirement = WEB
    least_score: float = WEB_SCORE
    lighter: str | None = None

    def __post_init__(self) -> None:
        for name in ("download_bps", "upload_bps", "shared_download_bps", "shared_upload_bps", "outlet_power_w"):
            _check_range(self.id, name, getattr(self, name), 0, 1e12)
        for name, most in (("active_share", 1), ("devices_per_person", 20), ("outlets_per_person", 20)):
            _check_range(self.id, name, getattr(self, name), 0, most)
        _check_range(self.id, "packet_octets", self.packet_octets, 1, 65_535)
        _check_range(self.id, "least_score", self.least_score, 0, 99)


@dataclass(frozen=True, slots=True)
class Equipment:
    """What a session brings, one of it."""

    id: str
    power_w: float
    outlets: int = 1
    names: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _check_range(self.id, "power_w", self.power_w, 0, 1e6)
        _check_range(self.id, "outlets", self.outlets, 0, 1_000)


def _check_range(of: str, name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise ValueError(f"{name} of {of} is {value!r}, expected {low:g} to {high:g}")


@dataclass(frozen=True, slots=True)
class Activities:
    """What may be asked for, by id, in the order in which a form shows it."""

    by_id: Mapping[str, Activity]
    equipment: Mapping[str, Equipment]

    def __post_init__(self) -> None:
        for activity in self.by_id.values():
            if activity.lighter is not None and activity.lighter not in self.by_id:
                raise ValueError(f"lighter of {activity.id} is {activity.lighter!r}, expected {', '.join(self.by_id)}")


_CISCO = "Cisco, High Density Wi-Fi Deployment Guide, table 1"

LISTEN_TALK = Activity(
    "listen-talk",
    download_bps=0.1e6,
    upload_bps=0.1e6,
    source=f"{_CISCO} (audio)",
    as_of="2017",
    packet_octets=TALK_PACKET_OCTETS,
    active_share=0.5,  # phones that fetch what is talked about, by turns; ours
    devices_per_person=1.0,
    outlets_per_person=0.25,
)
WEB_WRITE = Activity(
    "web-write", download_bps=1e6, upload_bps=0.25e6, source=f"{_CISCO} (web, instructional); up: ours", as_of="2017"
)
WATCH_VIDEO = Activity(
    "watch-video",
    download_bps=3e6,
    upload_bps=0.1e6,
    source="Cisco Meraki, High Density Wi-Fi Deployments (HD streaming)",
    as_of="2020",
    lighter="web-write",
)
VIDEO_MEETING = Activity(
    "video-call",
    download_bps=1.5e6,
    upload_bps=1.5e6,
    source="between Zoom's group calls in high quality (0.6 up, 1.0 down) and in 720p (2.6 up, 1.8 down)",
    as_of="2024",
    requirement=VIDEO_CALL,
    least_score=FIT_SCORE,
    lighter="audio-call",
)
AUDIO_MEETING = Activity(
    "audio-call",
    download_bps=0.6e6,
    upload_bps=0.1e6,
    source="Zoom: audio 0.06 to 0.08, shared screen 0.05 to 0.15, gallery small",
    as_of="2024",
    requirement=VIDEO_CALL,
    least_score=FIT_SCORE,
)
DOWNLOAD_CODE = Activity(
    "download-code",
    download_bps=5e6,
    upload_bps=0.5e6,
    source=f"{_CISCO} (file sharing 2 to 8); up: ours",
    as_of="2017",
    devices_per_person=1.5,
    outlets_per_person=1.0,
    lighter="web-write",
)
LIVESTREAM = Activity(
    "livestream",
    download_bps=0.1e6,
    upload_bps=0.1e6,
    source="1080p60 at 6 Mb/s, three quarters of what is kept free for it; the room listens",
    as_of="2024",
    shared_upload_bps=8e6,
    packet_octets=FULL_PACKET_OCTETS,
    active_share=0.5,
    devices_per_person=1.0,
    outlets_per_person=0.25,
    requirement=VIDEO_CALL,
    least_score=WEB_SCORE,  # a stream is buffered for seconds
    lighter="listen-talk",
)
PROJECTOR = Equipment("projector", 300.0)
KETTLE = Equipment("kettle", 2000.0)

BUILT_IN = Activities(
    MappingProxyType(
        {
            one.id: one
            for one in (
                LISTEN_TALK,
                WEB_WRITE,
                WATCH_VIDEO,
                VIDEO_MEETING,
                AUDIO_MEETING,
                DOWNLOAD_CODE,
                LIVESTREAM,
            )
        }
    ),
    MappingProxyType({one.id: one for one in (PROJECTOR, KETTLE)}),
)
"""What every place has until its ``site.toml`` says otherwise."""
