"""A supply that is too weak is told by whoever measures it; where nobody does, that is said, and is not well."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.gateway.doctor.conftest import TalkingMachine

from vigie_gateway.doctor.power import episodes_in, judge, power_findings

SYSFS = "/sys/devices/platform/soc/soc:firmware/get_throttled"
ALARM = "/sys/class/hwmon/hwmon1"
KERNEL = "journalctl --dmesg --boot --no-pager --output=cat"
LOG = """\
Booting Linux on physical CPU 0x0000000000 [0x410fd083]
Linux version 6.6.51+rpt-rpi-v8 (serge@raspberrypi.com)
hwmon hwmon1: Undervoltage detected!
hwmon hwmon1: Voltage normalised
hwmon hwmon1: Undervoltage detected!
"""


@pytest.mark.parametrize(
    ("bits", "said"),
    [
        (0x0, [("pass", "held its voltage")]),
        (0x1, [("fail", "below 4.63 V now")]),
        (0x50000, [("warn", "below 4.63 V since"), ("warn", "slowed down since")]),
        (0x50005, [("fail", "below 4.63 V now"), ("warn", "slowed down now")]),
        (0x80008, [("warn", "is as hot as it may be")]),
        (0x20000, [("warn", "capped since")]),
    ],
)
def test_each_bit_of_the_firmware_is_a_sentence(bits: int, said: list[tuple[str, str]]) -> None:
    found = list(judge(bits))
    assert [finding.status for finding in found] == [status for status, _ in said]
    assert all(words in finding.text for finding, (_, words) in zip(found, said, strict=True))
    assert all((finding.status == "pass") == (not finding.remedy) for finding in found)


def test_the_kernels_file_is_asked_first_and_the_firmwares_program_where_there_is_none(machine: TalkingMachine) -> None:
    machine.words["vcgencmd get_throttled"] = "throttled=0x50005\n"
    assert power_findings(machine)[0].status == "fail"
    machine.put(SYSFS, "0\n")
    assert [finding.status for finding in power_findings(machine)] == ["pass"]


def test_the_kernels_driver_tells_of_now_and_its_log_of_before(machine: TalkingMachine) -> None:
    machine.put(f"{ALARM}/name", "rpi_volt\n")
    alarm = machine.put(f"{ALARM}/in0_lcrit_alarm", "0\n")
    (unread,) = power_findings(machine)
    assert (unread.status, "since" in unread.text) == ("pass", False)
    machine.words[KERNEL] = "Linux version 6.6.51\n"
    (found,) = power_findings(machine)
    assert (found.status, "since the machine was started" in found.text) == ("pass", True)
    machine.words[KERNEL] = LOG
    (found,) = power_findings(machine)
    assert (found.status, "2 times" in found.text) == ("warn", True)
    alarm.write_text("1\n")
    assert [finding.status for finding in power_findings(machine)] == ["fail", "warn"]


def test_a_machine_that_does_not_measure_it_is_unknown_and_not_well(machine: TalkingMachine) -> None:
    (found,) = power_findings(machine)
    assert (found.status, "this machine is no Raspberry Pi" in found.text) == ("unknown", True)
    machine.words["vcgencmd get_throttled"] = "error=2\n"
    machine.put("/proc/device-tree/model", "Raspberry Pi 4 Model B Rev 1.5\0")
    (found,) = power_findings(machine)
    assert (found.status, "vcgencmd" in found.remedy) == ("unknown", True)
    assert "Raspberry Pi 4 Model B Rev 1.5 was not heard" in found.text


def test_a_log_that_begins_after_the_start_of_the_kernel_proves_nothing(machine: TalkingMachine) -> None:
    machine.words[KERNEL] = "usb 1-1: new high-speed USB device\n"
    assert power_findings(machine)[0].status == "unknown"


@given(bits=st.integers(0, 2**32 - 1))
def test_any_bits_give_a_finding(bits: int) -> None:
    assert list(judge(bits))


def test_both_spellings_of_the_kernel_are_counted() -> None:
    assert episodes_in("Under-voltage detected! (0x00050005)\nhwmon hwmon1: Undervoltage detected!\n") == 2
