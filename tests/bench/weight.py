"""What the first look at a page costs on a poor line: the public page and the board, a line each.

Bytes are counted on the wire: headers, and for the board the first words of its stream, included. Times are of a
browser that slows its own network down (Chrome DevTools protocol), with nothing in its cache; the baseline is the same
browser and page on a line that nobody slowed down.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser
from tests.bench import load
from tests.dashboard.chromium import is_installed, open_browser
from tests.end_to_end.first_look import BOARD_IS_USABLE, PAINTED, Line, seconds_until, wire_to
from tests.end_to_end.place_lived_in import lived_in

LOOKS = (
    # path, on which line, what is waited for, and what is there when nothing more is to be loaded
    ("/", Line(50_000, 300), PAINTED, "body"),
    ("/board", Line(240_000, 840), BOARD_IS_USABLE, "#fresh[data-s=live]"),
)
"""The public page where a full hall has left next to nothing of the mobile network; the board on bad Wi-Fi."""
RUNS = 5
"""For the median. Fewer show what else the machine did."""


def main() -> None:
    """Print the lines; without Chromium, say so and print none."""
    if not is_installed():
        print("weight: there is no Chromium here", file=sys.stderr)
        return
    with (
        tempfile.TemporaryDirectory(prefix="vigie-bench-") as name,
        lived_in(Path(name)) as place,
        open_browser() as browser,
    ):
        for path, line, state, loaded in LOOKS:
            size, requests = _weight(browser, place.port, path, loaded)
            taken_s, baseline_s = (
                statistics.median(seconds_until(browser, place.address + path, state, each) for _ in range(RUNS))
                for each in (line, None)
            )
            load.print_line(
                name="weight",
                page=path,
                bytes=size,
                requests=requests,
                line_kbps=line.bps // 1000,
                latency_ms=line.latency_ms,
                seen_s=round(taken_s, 2),
                baseline_s=round(baseline_s, 2),
            )


def _weight(browser: Browser, port: int, path: str, loaded: str) -> tuple[int, int]:
    """Bytes and requests until nothing more is to be loaded."""
    with wire_to(port) as wire, browser.new_page() as page:
        page.goto(wire.address + path, wait_until="load")
        page.wait_for_selector(loaded)
        return wire.bytes, len(wire.requests)
