"""What a rehearsal says of a line of a known rate, and what it costs, beside speedtest-cli on the same line. Root."""

from __future__ import annotations

import os
import sys
from typing import Any

from tests.bench import load
from tests.sensors.rehearsal.shaped import Line, line, missing_tools
from tests.sensors.rehearsal.test_rehearsal_shaped import BESIDE, LINES

SHARES = (0.5, 0.9, 1.1, 2.0)


def main() -> None:
    """Print a line for each share of each line's rate, each way; the baseline is one test by speedtest-cli."""
    if os.geteuid() != 0 or missing_tools:
        why = f"missing: {', '.join(missing_tools)}" if missing_tools else "it sets up network namespaces"
        print(f"rehearsal: needs root ({why}): sudo ./run bench rehearsal", file=sys.stderr)
        return
    for (down_mbps, up_mbps), queue_ms in LINES.items():
        with line(down_mbps, up_mbps, queue_ms) as shaped:
            baseline = shaped.speed_test()
            for share in SHARES:
                _print(shaped, "download", share, (down_mbps * share, up_mbps * BESIDE), baseline)
                _print(shaped, "upload", share, (down_mbps * BESIDE, up_mbps * share), baseline)


def _print(shaped: Line, way: str, share: float, demand: tuple[float, float], baseline: dict[str, float]) -> None:
    found: dict[str, Any] = shaped.ask(demand)[0]
    latency = found["latency"]
    load.print_line(
        name="rehearsal",
        line=f"{shaped.download_mbps:g}/{shaped.upload_mbps:g}",
        direction=way,
        share=share,
        finding=found[way]["finding"],
        held_mbps=round(found[way]["held_bps"] / 1e6, 2),
        shaped_queue_ms=shaped.queue_ms,
        idle_ms=round(latency["idle_ms"], 1),
        loaded_ms=round(latency["loaded_ms"], 1),
        loaded_p95_ms=round(latency["loaded_p95_ms"], 1),
        moved_mb=round(found["counted_bytes"] / 1e6, 1),
        took_s=round(found["took_s"], 1),
        **{f"baseline_speedtest_{key}": value for key, value in baseline.items()},
    )
