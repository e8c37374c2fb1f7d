"""What programs are told of devices of others."""

from __future__ import annotations

import dataclasses
from contextlib import closing
from pathlib import Path

from tests.gateway.conftest import Bench, ask_from

from vigie_gateway.auth.access import COOKIE
from vigie_gateway.auth.roles import Role
from vigie_gateway.devices.decoding import Decoding
from vigie_gateway.devices.measures import Message
from vigie_gateway.registry.registry import Registry


def test_an_admin_is_told_what_each_device_says_and_nobody_else(bench: Bench, tmp_path: Path) -> None:
    message = Message("tele/plug-12/SENSOR", b'{"ENERGY":{"Power":41}}', 100.0)
    accounts, now_ts = bench.gateway.access.accounts, bench.clock.now_ts()
    with closing(Registry(tmp_path / "devices.db")) as registry:
        registry.take(message, Decoding().decode(message))
        bench.gateway = dataclasses.replace(bench.gateway, devices=registry)
        answers = {}
        for role in (Role.CONCIERGE, Role.ADMIN):
            accounts._database.execute("INSERT INTO user VALUES (?, ?, 'x', ?, ?)", (role, role, now_ts, now_ts))
            client = ask_from(bench, "192.168.1.20", scheme="https")
            client.cookies.set(COOKIE, accounts.open_session(role, now_ts))
            answers[role] = client.get("/api/v1/devices")
    assert answers[Role.CONCIERGE].status_code == 403
    (device,) = answers[Role.ADMIN].json()
    assert (device["family"], device["id"], device["state"], device["heard_ts"]) == (
        "tasmota",
        "plug-12",
        "pending",
        100.0,
    )
    (power,) = device["entities"]
    assert (power["quantity"], power["value"], power["is_retained"]) == ("power", 41.0, False)
