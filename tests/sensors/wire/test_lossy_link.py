"""One packet in five is lost: what the publisher promises on a good network, it keeps."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

LOSS = 0.2
PROMISES = (
    "test_a_backlog_arrives_whole_in_full_packs",
    "test_a_broker_killed_and_started_again_loses_nothing",
    "test_evicted_readings_become_a_gap_and_the_rest_arrives",
)
SCRIPT = f"""
ip link set lo up
iptables -A INPUT -p tcp -m statistic --mode random --probability {LOSS} -j DROP
"$@"
iptables -nvxL INPUT
"""
"""In a network of its own, so that no other program loses anything."""


@pytest.mark.root
@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.skipif(
    shutil.which("iptables") is None or shutil.which("unshare") is None,
    reason="iptables or unshare is missing: apt-get install iptables util-linux",
)
def test_with_one_packet_in_five_lost_every_reading_arrives_once() -> None:
    tests = [f"{Path(__file__).with_name('test_publisher.py')}::{name}" for name in PROMISES]
    done = subprocess.run(
        [
            *("unshare", "--net", "sh", "-ec", SCRIPT, "sh"),
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests),
        ],
        capture_output=True, text=True, check=False, timeout=280,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2_000:] + done.stderr[-500:]
    assert f"{len(PROMISES)} passed" in done.stdout
    dropped = re.search(r"^\s*(\d+)\s+\d+\s+DROP", done.stdout, re.MULTILINE)
    assert dropped is not None
    assert int(dropped[1]) > 0
