"""Killed between any two steps of storing, claiming, sending and marking: told, once or under the same key again (F35).

The table of kill points is ``crash_child.POINTS``. Every day it is killed once at each; when asked, at each of its
starts at the first, second or third time that it comes there, until it ends by itself.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from tests.gateway.notify import crash_child
from tests.gateway.notify.crash_child import NOW_TS, POINTS, RECIPIENTS, RULES

from vigie_gateway.alerts.alert import What
from vigie_gateway.alerts.book import Book
from vigie_gateway.alerts.book_file import BookFile
from vigie_gateway.notify.outbox import Counts, Outbox

ROOT = Path(__file__).parents[3]


@dataclass
class Hook:
    """What takes the messages.

    Attributes:
        port: Its own.
        texts: By key, what came under it, in its order.
        order: For each recipient, the alerts that it was told of, each at its first time.
    """

    port: int = 0
    texts: dict[str, list[str]] = field(default_factory=dict)
    order: dict[str, list[int]] = field(default_factory=dict)


@pytest.fixture
def hook() -> Iterator[Hook]:
    found = Hook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            found.texts.setdefault(self.headers["Idempotency-Key"], []).append(told["text"])
            for alert in told["alerts"]:
                if alert not in found.order.setdefault(told["to"], []):
                    found.order[told["to"]].append(alert)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_given: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        found.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield found
        server.shutdown()
        thread.join()


def run(folder: Path, port: int, point: str, nth: int) -> int:
    command = [sys.executable, crash_child.__file__, str(folder), str(port), point, str(nth)]
    return subprocess.run(command, cwd=ROOT, check=False, timeout=60).returncode


def check_all_told(folder: Path, hook: Hook) -> None:
    assert {key: len(set(texts)) for key, texts in hook.texts.items()} == dict.fromkeys(hook.texts, 1)
    assert len(hook.texts) == len(RULES) * len(RECIPIENTS)
    assert hook.order == {recipient: [1, 2, 3] for recipient in RECIPIENTS}
    with closing(BookFile(folder / "alerts.db", "2026-11-24")) as file:
        assert Outbox(file).counts(NOW_TS) == Counts(0, None, 0, 0)
        for alert in Book(file).open_alerts():
            told = [event.what for event in Book(file).course(alert.number)]
            assert told == [What.FIRED] + [What.TOLD] * len(RECIPIENTS)


@pytest.mark.parametrize("point", POINTS)
def test_killed_there_the_first_time_each_message_still_arrives_with_one_text_under_one_key(
    tmp_path: Path, hook: Hook, point: str
) -> None:
    assert run(tmp_path, hook.port, point, 1) == -signal.SIGKILL
    assert run(tmp_path, hook.port, "never", 1) == 0
    check_all_told(tmp_path, hook)
    doubled = sum(len(texts) - 1 for texts in hook.texts.values())
    assert doubled == (point in {"after-send", "before-mark", "within-mark"})


@pytest.mark.long
@pytest.mark.parametrize("nth", [1, 2, 3])
@pytest.mark.parametrize("point", POINTS)
def test_killed_there_at_each_start_it_is_told_all_the_same(tmp_path: Path, hook: Hook, point: str, nth: int) -> None:
    deaths = 0
    while run(tmp_path, hook.port, point, nth) == -signal.SIGKILL:
        deaths += 1
        if nth == 1 and point not in {"after-store", "after-claim", "after-mark"} and deaths == len(RULES):
            break  # before its first step is done no start gets any further
    assert run(tmp_path, hook.port, "never", 1) == 0
    assert deaths
    check_all_told(tmp_path, hook)
