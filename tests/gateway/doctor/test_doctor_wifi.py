"""A radio that sleeps between beacons is told, by iw's word, else by NetworkManager's."""

from __future__ import annotations

import pytest
from tests.gateway.doctor.conftest import TalkingMachine

from vigie_gateway.doctor.wifi import Wish, wifi_findings, wish_of

ASK = "/usr/sbin/iw dev wlan0 get power_save"
CONF = "/etc/NetworkManager/conf.d/default-wifi-powersave-on.conf"


@pytest.fixture
def radio(machine: TalkingMachine) -> TalkingMachine:
    """A Pi on its Wi-Fi, with a cable that is not in."""
    machine.at("/sys/class/net/wlan0/phy80211").mkdir(parents=True)
    machine.at("/sys/class/net/eth0").mkdir(parents=True)
    machine.put("/sys/class/net/wlan0/operstate", "up\n")
    return machine


def test_a_machine_on_a_cable_has_no_radio(machine: TalkingMachine) -> None:
    machine.at("/sys/class/net/eth0").mkdir(parents=True)
    (found,) = wifi_findings(machine)
    assert (found.status, "no radio" in found.text) == ("pass", True)


def test_a_radio_that_is_not_connected_is_of_no_matter(radio: TalkingMachine) -> None:
    radio.put("/sys/class/net/wlan0/operstate", "down\n")
    (found,) = wifi_findings(radio)
    assert (found.status, "not connected" in found.text) == ("pass", True)


@pytest.mark.parametrize(
    ("said", "told", "status", "words"),
    [
        ("Power save: on\n", "", "warn", "sleeps between beacons"),
        ("Power save: on\n", "2", "warn", "sleeps between beacons"),
        ("Power save: off\n", "", "pass", "saves no power"),
        ("Power save: off\n", "2", "pass", "NetworkManager keeps it so"),
        ("Power save: off\n", "3", "warn", "at the next connection"),
        ("Power save: off\n", "0", "pass", "saves no power"),
        ("something else\n", "", "unknown", "does not say it"),
        (None, "", "unknown", "not known: /usr/sbin/iw ended with 1"),
        (None, "3", "warn", "NetworkManager lets wlan0 save power"),
    ],
)
def test_what_iw_says_and_what_is_kept_are_told(
    radio: TalkingMachine, said: str | None, told: str, status: str, words: str
) -> None:
    radio.words[ASK] = said
    if told:
        radio.put(CONF, f"[connection]\nwifi.powersave = {told}\n")
    (found,) = wifi_findings(radio)
    assert (found.status, words in found.text) == (status, True)
    assert (status == "pass") == (not found.remedy)


def test_the_last_file_of_networkmanager_counts_and_one_below_etc_hides_its_namesake(machine: TalkingMachine) -> None:
    assert wish_of(machine) is Wish.LEFT
    machine.put("/usr/lib/NetworkManager/conf.d/10-a.conf", "[connection]\nwifi.powersave=3\n")
    assert wish_of(machine) is Wish.ON
    machine.put("/etc/NetworkManager/conf.d/10-a.conf", "[connection]\n# wifi.powersave=3\n")
    assert wish_of(machine) is Wish.LEFT
    machine.put("/etc/NetworkManager/conf.d/90-place.conf", "[connection]\nwifi.powersave=2\n")
    assert wish_of(machine) is Wish.OFF
