"""Whether Mosquitto's configuration is what Vigie needs: a configuration in, findings out; pure."""

from __future__ import annotations

import math
from collections.abc import Iterator

from vigie_gateway.broker_settings import CAPS, SWITCHES, Cap, Switch
from vigie_gateway.doctor.broker_file import BrokerFile, Line, Listener
from vigie_gateway.doctor.findings import Finding, Status

PART = "broker"
_COPY = "Copy systemd/mosquitto/vigie.conf to /etc/mosquitto/conf.d/ and restart mosquitto"


def judge(file: BrokerFile) -> list[Finding]:
    """Everything that is wrong with it; one ``pass`` when nothing is."""
    found = [
        *_cap_findings(file),
        *_switch_findings(file),
        *_who_may_come_in(file),
        *(finding for listener in file.listeners for finding in _reach(listener)),
    ]
    return found or [Finding(PART, "pass", f"{file.path}: Mosquitto is configured as Vigie needs it")]


def _cap_findings(file: BrokerFile) -> Iterator[Finding]:
    for cap in CAPS:
        if not cap.is_per_listener:
            yield from _judge_cap(cap, file.common.get(cap.name), str(file.path))
            continue
        for listener in file.listeners:
            yield from _judge_cap(cap, listener.own.get(cap.name), str(listener))


def _judge_cap(cap: Cap, line: Line | None, where: str) -> Iterator[Finding]:
    said = f"{where}: {cap.name} is not set" if line is None else f"{line}: {cap.name} is {line.value}"
    remedy = f"write `{cap.name} {cap.value}`" + (" under that listener" if cap.is_per_listener else "")
    value = cap.unset if line is None else _number(line.value, cap.unlimited)
    if value is None:
        yield Finding(PART, "fail", f"{said}, expected a whole number", remedy)
    elif value < cap.least:
        status: Status = "fail" if cap.loses else "warn"
        yield Finding(PART, status, f"{said}, expected at least {cap.least}: {cap.if_lower}", remedy)
    elif value > cap.most:
        yield Finding(PART, "warn", f"{said}, expected at most {cap.most}: {cap.if_higher}", remedy)


def _number(text: str, unlimited: int) -> float | None:
    try:
        value = int(text)
    except ValueError:
        return None
    return math.inf if value == unlimited else value


def _switch_findings(file: BrokerFile) -> Iterator[Finding]:
    for switch in SWITCHES:
        if not switch.is_per_listener:
            unset = switch.unset
            if switch.name == "allow_anonymous" and [listener.at for listener in file.listeners] == [None]:
                unset = True  # a broker without any listener of its own lets everybody in (mosquitto.conf(5))
            yield from _judge_switch(switch, file.common.get(switch.name), str(file.path), is_unset_on=unset)
            continue
        for listener in file.listeners:
            line = listener.own.get(switch.name)
            yield from _judge_switch(switch, line, str(listener), is_unset_on=switch.unset)


def _judge_switch(switch: Switch, line: Line | None, where: str, *, is_unset_on: bool) -> Iterator[Finding]:
    is_on = is_unset_on if line is None else line.value.lower() in {"true", "1"}
    if is_on == switch.value:
        return
    wanted = str(switch.value).lower()
    said = f"{where}: {switch.name} is not set" if line is None else f"{line}: {switch.name} is {line.value}"
    remedy = f"write `{switch.name} {wanted}`" + (" under that listener" if switch.is_per_listener else "")
    status: Status = "fail" if switch.is_grave else "warn"
    yield Finding(PART, status, f"{said}, expected {wanted}: {switch.otherwise}", remedy)


def _who_may_come_in(file: BrokerFile) -> Iterator[Finding]:
    per_listener = file.common.get("per_listener_settings")
    if per_listener is not None and per_listener.value.lower() == "true":
        yield Finding(
            PART,
            "warn",
            f"{per_listener}: per_listener_settings is true: passwords and rights then count for one listener each, "
            "and one that has none lets everybody in",
            "remove the line, and keep one password_file and one acl_file for all",
        )
    has_plugin = "plugin" in file.common or "auth_plugin" in file.common
    if "password_file" not in file.common and not has_plugin:
        yield Finding(PART, "fail", f"{file.path}: no password_file: nobody can be told apart", _COPY)
    if "acl_file" not in file.common and not has_plugin:
        yield Finding(PART, "fail", f"{file.path}: no acl_file: a node may write another's readings", _COPY)


def _reach(listener: Listener) -> Iterator[Finding]:
    if not listener.is_local() and not listener.is_encrypted():
        yield Finding(
            PART,
            "fail",
            f"{listener} is open to the network without TLS: whoever listens there reads the passwords of the nodes",
            "bind it to 127.0.0.1, or give it a certificate as systemd/mosquitto/vigie-lan.conf does",
        )
