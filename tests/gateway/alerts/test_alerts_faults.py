"""Where the fault lies, figure by figure."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigie_gateway.alerts.alert import Alert, AlertKey, Phase
from vigie_gateway.alerts.faults import FAULTS, fault_of
from vigie_gateway.alerts.signals import SIGNALS, Signal, Subject

Figures = dict[str, float | str | None]


def alert(signal: str, value: float | None = 1.0, figures: Figures | None = None, name: str = "a") -> Alert:
    subject = Subject(SIGNALS[signal].subject, name)
    return Alert(1, AlertKey(signal, subject), Phase.FIRING, 0.0, value=value, figures=figures or {})


def line(gateway_loss: float | None) -> Signal:
    return Signal("internet", Subject(SIGNALS["internet"].subject, "a"), 0.0, figures={"gateway_loss": gateway_loss})


def wifi(room: str, value: float | None) -> Signal:
    return Signal("wifi", Subject(SIGNALS["wifi"].subject, room), value)


TABLE: tuple[tuple[str, Alert, tuple[Signal, ...], str], ...] = (
    ("internet", alert("internet", 1.0), (), "portal"),
    ("internet", alert("internet", 2.0, {"gateway_loss": 0.0}), (), "provider"),
    ("internet", alert("internet", 2.0, {"gateway_loss": 1.0}), (), "router"),
    ("internet", alert("internet", 2.0, {"gateway_loss": None}), (), ""),
    ("internet", alert("internet", 2.0), (), ""),
    ("internet", alert("internet", None, {"gateway_loss": 0.0}), (), ""),
    ("dns", alert("dns"), (), "dns"),
    ("uplink-speed", alert("uplink-speed", 0.2), (line(0.0),), "provider"),
    ("uplink-speed", alert("uplink-speed", 0.2), (line(0.5),), "router"),
    ("uplink-speed", alert("uplink-speed", 0.2), (line(None),), ""),
    ("uplink-speed", alert("uplink-speed", 0.2, name="spare"), (line(0.0),), ""),
    ("wifi", alert("wifi", 2.0, {"reason": "portal"}), (), "portal"),
    ("wifi", alert("wifi", 2.0, {"reason": "dns"}), (), "dns"),
    ("wifi", alert("wifi", 2.0, {"reason": "no-internet"}), (line(0.0),), "provider"),
    ("wifi", alert("wifi", 2.0, {"reason": "no-internet"}), (line(1.0),), "router"),
    ("wifi", alert("wifi", 1.0, {"reason": "throughput"}), (), ""),
    ("wifi", alert("wifi", 1.0, {"reason": "too-many-stations"}), (line(0.0),), "wifi"),
    ("wifi", alert("wifi", 1.0, {"reason": "signal"}), (), "wifi"),
    ("wifi", alert("wifi", 1.0, {"reason": "channel-busy"}), (), "wifi"),
    ("wifi", alert("wifi", 1.0, {"reason": "latency"}), (line(0.0), wifi("a", 1.0)), "provider"),
    ("wifi", alert("wifi", 1.0, {"reason": "latency"}), (line(0.0), wifi("a", 1.0), wifi("b", 0.0)), "wifi"),
    ("wifi", alert("wifi", 1.0, {"reason": "loss"}), (line(0.4), wifi("b", 1.0)), "wifi"),
    ("wifi", alert("wifi", 1.0, {"reason": "latency"}), (wifi("b", None),), ""),
    ("wifi", alert("wifi", 1.0), (line(0.0),), ""),
    ("node-silent", alert("node-silent", 300.0, {"battery_percent": 8.0, "rssi_dbm": -50.0}), (), "battery"),
    ("node-silent", alert("node-silent", 300.0, {"battery_percent": 60.0, "rssi_dbm": -86.0}), (), "device"),
    ("node-silent", alert("node-silent", 300.0, {"rssi_dbm": -86.0}), (wifi("a", 0.0), wifi("b", 2.0)), "device"),
    ("node-silent", alert("node-silent", 300.0, {"rssi_dbm": -86.0}), (wifi("a", 1.0), wifi("b", 2.0)), "wifi"),
    ("node-silent", alert("node-silent", 300.0, {"battery_percent": 60.0, "rssi_dbm": -50.0}), (), "node"),
    ("node-silent", alert("node-silent", 300.0, {"battery_percent": 60.0}), (), ""),
    ("node-silent", alert("node-silent", 300.0), (wifi("a", 2.0),), ""),
    ("channel-silent", alert("channel-silent", 9.0, {"rssi_dbm": -50.0}), (), "device"),
    ("circuit-dead", alert("circuit-dead"), (), "power"),
    ("under-voltage", alert("under-voltage"), (), "power"),
    ("disk", alert("disk", 0.01), (), "gateway"),
    ("broker", alert("broker"), (), "broker"),
    ("people", alert("people", 1.2), (line(1.0),), ""),
    ("nodes-silent", alert("nodes-silent"), (), ""),
)


@pytest.mark.parametrize(("signal", "about", "now", "fault"), TABLE)
def test_the_figures_beside_an_alert_say_where_the_fault_lies(
    signal: str, about: Alert, now: tuple[Signal, ...], fault: str
) -> None:
    assert fault_of(signal, about, now) == fault


def test_of_what_is_not_known_nothing_is_said_to_be_at_fault() -> None:
    assert fault_of("absent:disk", alert("disk", 600.0), ()) == ""


NUMBERS = st.one_of(st.none(), st.floats(allow_nan=False), st.text(max_size=5))


@given(
    signal=st.sampled_from(sorted(SIGNALS)),
    value=st.one_of(st.none(), st.floats(allow_nan=False)),
    reason=NUMBERS,
    loss=NUMBERS,
    others=st.lists(st.sampled_from([wifi("b", 0.0), wifi("c", 2.0), line(0.5), line(None)])),
)
def test_any_figures_give_a_word_that_has_its_meaning_or_none(
    signal: str, value: float | None, reason: float | str | None, loss: float | str | None, others: list[Signal]
) -> None:
    figures = {"reason": reason, "gateway_loss": loss, "battery_percent": loss, "rssi_dbm": value}
    assert fault_of(signal, alert(signal, value, figures), others) in {"", *FAULTS}
