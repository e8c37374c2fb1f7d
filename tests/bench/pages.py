"""What an open page costs and how soon it tells the truth: a real gateway, a real broker, a real Chromium.

A page's sign, a dead link, eight tabs, 5,000 updates, two hundred readers that never read, and a stop with all of them
open. What is timed here is asserted nowhere; that it happens at all is, in tests/dashboard and tests/end_to_end.
"""

from __future__ import annotations

import json
import socket
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psutil
from playwright.sync_api import Browser, CDPSession, Page
from tests.bench import load
from tests.dashboard.chromium import open_browser
from tests.dashboard.conftest import Site, served
from tests.end_to_end.place_lived_in import CHANNELS, OUTLETS, Place, lived_in
from tests.faulty_link import FaultyLink

from vigie_contract import topics
from vigie_contract.quantities import QUANTITIES
from vigie_contract.readings import Reading
from vigie_contract.senml import encode_pack

TABS = 8
ROUNDS = 3
"""Of what is timed: the worst is printed."""
SLOW_READERS = 200
RECEIVE_BYTES = 4_096
"""Of a slow reader's socket, so that the gateway's own buffers fill."""
CHANGES_PER_S = 20
CHANGING_S = 60.0
WARM_UPDATES = 1_000
UPDATES = 5_000
LIVE = "#fresh[data-s=live]"


def main() -> None:
    """Print a line for each part."""
    with tempfile.TemporaryDirectory(prefix="vigie-bench-") as name, open_browser() as browser:
        with lived_in(Path(name)) as place:
            _killed(place, browser)
            _half_open(place, browser)
            _crowd(place, browser)
        with served() as site:
            _heap(site, browser)


def _open(browser: Browser, address: str, path: str = "/board") -> Page:
    """A page in a browser of its own, live, and marked so that a reload is seen."""
    page = browser.new_context(viewport={"width": 1920, "height": 1080}).new_page()
    page.goto(f"{address}{path}?l=en")
    page.wait_for_selector(LIVE)
    page.evaluate("window.isSamePage = true")
    return page


def _passed_s(page: Page, selector: str, began: float) -> float:
    page.wait_for_selector(selector, timeout=60_000)
    return time.monotonic() - began


def _killed(place: Place, browser: Browser) -> None:
    signs_s, fresh_s, reloads = [], [], 0
    page = _open(browser, place.address)
    for number in range(ROUNDS):
        began = time.monotonic()
        place.kill()
        signs_s.append(_passed_s(page, "#fresh[data-s=cut]", began))
        starter = threading.Thread(target=place.start)
        starter.start()
        load.wait_for(place.port)
        fresh_s.append(_passed_s(page, LIVE, time.monotonic()))
        starter.join()
        # Shown, so that it is not the page's own that is called fresh.
        place.send("tableau", {"linky-va": 1_000.0 * number + 1_500})
        page.wait_for_selector(f"[data-f='k.power']:text-is('{number + 1}.5')")
        reloads += not page.evaluate("window.isSamePage === true")
    page.context.close()
    load.print_line(
        name="pages", killed_sign_s=round(max(signs_s), 2), back_fresh_s=round(max(fresh_s), 2), reloads=reloads
    )


def _half_open(place: Place, browser: Browser) -> None:
    signs_s, frozen_s, fresh_s, reloads = [], [], [], 0
    with FaultyLink(place.port) as link:
        address = f"http://127.0.0.1:{link.port}"
        board, kiosk = _open(browser, address), _open(browser, address, "/kiosk")
        for _ in range(ROUNDS):
            for page in (board, kiosk):
                page.wait_for_selector(LIVE)
            began = time.monotonic()
            link.is_black_hole = True
            signs_s.append(_passed_s(board, "#fresh[data-s=late]", began))
            frozen_s.append(_passed_s(kiosk, "#fresh[data-s=lost]", began))
            began = time.monotonic()
            link.is_black_hole = False
            fresh_s.append(max(_passed_s(page, LIVE, began) for page in (board, kiosk)))
            reloads += sum(not page.evaluate("window.isSamePage === true") for page in (board, kiosk))
        for page in (board, kiosk):
            page.context.close()
    load.print_line(
        name="pages",
        half_open_sign_s=round(max(signs_s), 2),
        half_open_kiosk_frozen_s=round(max(frozen_s), 2),
        half_open_back_s=round(max(fresh_s), 2),
        reloads=reloads,
    )


def _crowd(place: Place, browser: Browser) -> None:
    """Eight tabs; then readers that never read, while everything changes; then SIGTERM to all of that."""
    assert place.process is not None
    gateway = psutil.Process(place.process.pid)
    context = browser.new_context()
    tabs = [context.new_page() for _ in range(TABS)]
    for tab in tabs:
        tab.goto(f"{place.address}/board?l=en")
    for tab in tabs:
        tab.wait_for_selector(LIVE)
    load.print_line(name="pages", tabs=TABS, tabs_connections=_live(place)["viewers"])
    with ExitStack() as stack:
        before_mb = _change(place, CHANGING_S, gateway)
        for _ in range(SLOW_READERS):
            stack.enter_context(_slow_reader(place.port))
        most_mb = _change(place, CHANGING_S, gateway)
        live = _live(place)
        load.print_line(
            name="pages",
            slow_readers=SLOW_READERS,
            slow_readers_rss_mb=round(most_mb - before_mb, 1),
            slow_readers_dropped=live["dropped"],
            baseline_rss_mb=round(before_mb, 1),
        )
        for _ in range(SLOW_READERS):
            stack.enter_context(_slow_reader(place.port))
        began = time.monotonic()
        place.process.terminate()
        code = place.process.wait(30)
        load.print_line(name="pages", sigterm_stop_s=round(time.monotonic() - began, 2), exit_code=code)
    context.close()


def _live(place: Place) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(place.get("/healthz"))["parts"]["live"]
    return found


def _rss_mb(gateway: psutil.Process) -> float:
    return float(gateway.memory_info().rss) / 1e6


def _slow_reader(port: int) -> socket.socket:
    """A stream that is asked for and never read."""
    reader = socket.socket()
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
    reader.connect(("127.0.0.1", port))
    reader.sendall(b"GET /events?l=fr HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    return reader


def _change(place: Place, seconds: float, gateway: psutil.Process | None = None) -> float:
    """Change every outlet again and again; the most memory that ``gateway`` had meanwhile, in MB."""
    node, most_mb = "tableau", 0.0
    with load.RawNode(place.broker.port, node, place.broker.password(node)) as link:
        for number in range(int(seconds * CHANGES_PER_S)):
            values = {f"{outlet}-in-use": float((index + number) % 2) for index, outlet in enumerate(OUTLETS)}
            values |= {f"{outlet}-va": float(number * 37 % 900) for outlet in OUTLETS}
            values["linky-va"] = float(number % 90 * 100)
            first = place.sent.get(node, 0) + 1
            at_ts = time.time()
            pack = [(QUANTITIES[CHANNELS[node][id_]], Reading(id_, at_ts, value)) for id_, value in values.items()]
            place.sent[node] = first + len(pack) - 1
            payload = encode_pack(load.SITE, node, "j1", first, 1, pack)
            link.send(load.publish_packet(topics.data(load.SITE, node), payload, first))
            link.wait(0)
            time.sleep(1 / CHANGES_PER_S)
            if gateway is not None:
                most_mb = max(most_mb, _rss_mb(gateway))
    return most_mb


def _heap(site: Site, browser: Browser) -> None:
    page = _open(browser, site.address)
    own = page.context.new_cdp_session(page)
    shared = _Worker(browser)

    def used_kb() -> tuple[float, float]:
        own.send("HeapProfiler.collectGarbage")
        shared.send("HeapProfiler.collectGarbage")
        heap = own.send("Runtime.getHeapUsage")["usedSize"]
        return heap / 1e3, shared.send("Runtime.getHeapUsage")["usedSize"] / 1e3

    _update(site, page, range(WARM_UPDATES))
    before = used_kb()
    _update(site, page, range(WARM_UPDATES, WARM_UPDATES + UPDATES))
    after = used_kb()
    page.context.close()
    load.print_line(
        name="pages",
        updates=UPDATES,
        heap_growth_kb_5000_updates=round(after[0] - before[0]),
        worker_heap_growth_kb=round(after[1] - before[1]),
        baseline_heap_kb=round(before[0]),
    )


def _update(site: Site, page: Page, numbers: range) -> None:
    for number in numbers:
        fields = {"k.seats": str(number), "r.workshop.free": str(number % 17), "r.workshop.w": f"{number % 100}%"}
        site.send("u", fields | {"w.0.what": f"Café : {number} prises", "say.warnings": str(number % 2)})
    page.wait_for_selector(f"[data-f='k.seats']:text-is('{numbers[-1]}')")


class _Worker:
    """The shared worker of the page that is open, as its developer tools see it."""

    def __init__(self, browser: Browser) -> None:
        self._session: CDPSession = browser.new_browser_cdp_session()
        targets = self._session.send("Target.getTargets")["targetInfos"]
        (target,) = (each for each in targets if each["type"] == "shared_worker")
        attach = {"targetId": target["targetId"], "flatten": False}
        self._id = self._session.send("Target.attachToTarget", attach)["sessionId"]
        self._answers: dict[int, dict[str, Any]] = {}
        self._session.on("Target.receivedMessageFromTarget", self._take)
        self._asked = 0

    def _take(self, event: dict[str, Any]) -> None:
        answer = json.loads(event["message"])
        if "id" in answer:
            self._answers[answer["id"]] = answer

    def send(self, method: str) -> dict[str, Any]:
        """The result of one command."""
        self._asked += 1
        message = json.dumps({"id": self._asked, "method": method})
        self._session.send("Target.sendMessageToTarget", {"sessionId": self._id, "message": message})
        while self._asked not in self._answers:
            self._session.send("Target.getTargets")  # lets what has come be heard
        result: dict[str, Any] = self._answers.pop(self._asked)["result"]
        return result
