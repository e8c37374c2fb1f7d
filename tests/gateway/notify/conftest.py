"""A mail server, a web server and who signs for them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.gateway.notify.servers import Authority, Receiver, make_authority, receiver

from vigie_gateway.notify.notices import Message

TEXT = "Le circuit « Régie » n'a plus de tension depuis 14 h 02.\nÀ vérifier : le disjoncteur.\n"


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def web() -> Iterator[Receiver]:
    with receiver() as there:
        yield there


@pytest.fixture
def message() -> Message:
    return Message("0123456789abcdef" * 2, "Circuit Régie : coupé", TEXT, "critical", "fr", (7, 9), 1_795_527_000.0)
