"""What the first look at a page costs: bytes and requests on the wire, seconds on a poor line. Benches use it too."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from playwright.sync_api import Browser

PAINTED = "performance.getEntriesByName('first-contentful-paint').length > 0"
BOARD_IS_USABLE = """(() => {
    const figures = [...document.querySelectorAll(".kpi .v")];
    const rows = [...document.querySelectorAll("#rooms tbody tr")];
    const isRead = (element) => element.getClientRects().length > 0 && element.innerText.trim() !== "";
    return document.styleSheets.length > 0 && figures.length === 5 && figures.every(isRead)
      && rows.length === 8 && rows.every(isRead)
      && performance.getEntriesByName("first-contentful-paint").length > 0;
})()"""
"""Five painted figures and a readable table of rooms."""
WATCH = """
  const look = () => { if (%s) window.reachedMs = performance.now(); else requestAnimationFrame(look); };
  requestAnimationFrame(look);
"""
TELL = """new Promise(tell => {
  const ask = () => window.reachedMs ? tell(window.reachedMs) : setTimeout(ask, 20);
  ask();
})"""


@dataclass(frozen=True, slots=True)
class Line:
    """A poor line: bits a second each way, and how long each request waits for its answer to begin."""

    bps: int
    latency_ms: int


def seconds_until(browser: Browser, url: str, state: str, line: Line | None) -> float:
    """From the click until a page is in that state, with nothing in the cache; on no line in particular for None."""
    with browser.new_context(viewport={"width": 1366, "height": 900}) as context:
        page = context.new_page()
        page.add_init_script(WATCH % state)
        if line is not None:
            rate = line.bps / 8
            slowed = {
                "offline": False,
                "latency": line.latency_ms,
                "downloadThroughput": rate,
                "uploadThroughput": rate,
            }
            session = context.new_cdp_session(page)
            session.send("Network.enable")
            session.send("Network.emulateNetworkConditions", slowed)
        page.goto(url, wait_until="commit")
        return float(page.evaluate(TELL)) / 1000


class Wire:
    """Forwards connections to the gateway, and counts what passes: also what a shared worker asks for."""

    def __init__(self, port: int) -> None:
        self.requests: list[str] = []
        self.bytes = 0
        self._port = port
        self._server = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._server.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._server.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._server.accept()
                gateway = socket.create_connection(("127.0.0.1", self._port))
                for source, sink, note in ((client, gateway, self._asked), (gateway, client, self._answered)):
                    threading.Thread(target=self._forward, args=(source, sink, note), daemon=True).start()

    def _forward(self, source: socket.socket, sink: socket.socket, note: Callable[[bytes], None]) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                note(data)
                sink.sendall(data)
        for each in (source, sink):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _asked(self, data: bytes) -> None:
        self.requests += [line.decode() for line in data.splitlines() if line.endswith(b" HTTP/1.1")]

    def _answered(self, data: bytes) -> None:
        self.bytes += len(data)


@contextmanager
def wire_to(port: int) -> Iterator[Wire]:
    """A wire to the gateway at that port, for as long as the block lasts."""
    made = Wire(port)
    try:
        yield made
    finally:
        made.close()
