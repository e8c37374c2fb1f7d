"""Whether the supply holds its voltage and the processor runs at full speed, by the firmware's and the kernel's word.

Called by ``checks`` on a thread of the doctor. A Pi that is fed too little goes on for months, with errors on its card
and a radio that drops out; nothing else says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from vigie_gateway.doctor.findings import AS_ROOT, Finding, Status
from vigie_gateway.install.machine import CommandError, Machine
from vigie_gateway.machine import throttled_bits, voltage_alarm

PART = "power"
MODEL = "/proc/device-tree/model"
_TOOL_S = 5.0
"""For a program that only asks. Lower calls a busy Pi silent; higher keeps a person waiting."""
_SUPPLY = "use the power supply made for this Raspberry Pi, with its own cable, and take USB devices off or power them"
_AIR = "give the machine air: open its case, take it out of the sun"


@dataclass(frozen=True, slots=True)
class _Bit:
    """One thing that the firmware tells: its bit for now, 16 above it for since the start."""

    number: int
    now: str
    since: str
    remedy: str
    status: Status


_BITS = (
    _Bit(0, "the supply is below 4.63 V now", "the supply was below 4.63 V", _SUPPLY, "fail"),
    _Bit(1, "the processor's speed is capped now", "the processor's speed was capped", f"{_SUPPLY}; {_AIR}", "warn"),
    _Bit(2, "the processor is slowed down now", "the processor was slowed down", f"{_SUPPLY}; {_AIR}", "warn"),
    _Bit(3, "the processor is as hot as it may be now", "the processor was as hot as it may be", _AIR, "warn"),
)
"""raspberrypi/documentation, "vcgencmd get_throttled"."""


def power_findings(machine: Machine) -> list[Finding]:
    """What the firmware, else the kernel's driver, else the kernel's log say."""
    bits = throttled_bits(machine.at("/sys"))
    if bits is None:
        bits = _asked_firmware(machine)
    if bits is not None:
        return list(judge(bits))
    alarm, episodes = voltage_alarm(machine.at("/sys")), _told_by_kernel(machine)
    found = [] if not episodes else [_of_episodes(episodes)]
    if alarm:
        return [Finding(PART, "fail", "the supply is below 4.63 V now, by the kernel's driver", _SUPPLY), *found]
    if found:
        return found
    if alarm is not None:
        since = " and was since the machine was started" if episodes is not None else ""
        return [Finding(PART, "pass", f"the supply is above 4.63 V now{since}, by the kernel's driver")]
    return [_not_told(machine)]


def judge(bits: int) -> Iterator[Finding]:
    """What the firmware's bits mean."""
    seen = False
    for bit in _BITS:
        if bits & 1 << bit.number:
            seen = True
            yield Finding(PART, bit.status, bit.now, bit.remedy)
        elif bits & 1 << bit.number + 16:
            seen = True
            yield Finding(PART, "warn", f"{bit.since} since the machine was started, not now", bit.remedy)
    if not seen:
        text = "the supply held its voltage and the processor its speed since the machine was started"
        yield Finding(PART, "pass", text)


def _asked_firmware(machine: Machine) -> int | None:
    try:
        said = machine.run(("vcgencmd", "get_throttled"), timeout_s=_TOOL_S)
    except CommandError:
        return None
    match = re.search(r"throttled=0x([0-9a-fA-F]{1,8})\b", said)
    return int(match[1], 16) if match else None


def _told_by_kernel(machine: Machine) -> int | None:
    """How often the kernel's driver told of a low supply since the start; None where its log cannot be read."""
    try:
        said = machine.run(("journalctl", "--dmesg", "--boot", "--no-pager", "--output=cat"), timeout_s=_TOOL_S)
    except CommandError:
        return None
    return episodes_in(said) if re.search(r"^Linux version ", said, re.MULTILINE) else None


def episodes_in(log: str) -> int:
    """How often the kernel's log says that the supply was too low (drivers/hwmon/raspberrypi-hwmon.c)."""
    return len(re.findall(r"under-?voltage detected", log, re.IGNORECASE))


def _of_episodes(count: int) -> Finding:
    text = f"the supply was too low {count} times since the machine was started, by the kernel's log"
    return Finding(PART, "warn", text, _SUPPLY)


def _not_told(machine: Machine) -> Finding:
    model = (machine.read(MODEL) or b"").rstrip(b"\0").decode(errors="replace")
    if "Raspberry Pi" not in model:
        what = model or "this machine"
        text = f"whether the supply holds its voltage is not known: {what} is no Raspberry Pi, and does not measure it"
        return Finding(PART, "unknown", text, "where it restarts by itself, try another supply")
    text = f"whether the supply holds its voltage is not known: {model} was not heard"
    return Finding(PART, "unknown", text, f"{AS_ROOT}; sudo apt-get install -y raspi-utils brings vcgencmd")
