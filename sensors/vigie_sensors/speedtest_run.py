"""One throughput test by speedtest-cli, in a process of its own: ``python -m vigie_sensors.speedtest_run``.

Started by the ``throughput`` driver, which gives it a deadline and kills it when the interface moves too much. The one
module that imports speedtest, so that its threads, its memory and its patches end with this process. Prints one JSON
object: ``download_bps`` and ``upload_bps`` (null when that half told nothing) or ``error``, one line for a person.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import signal
import socket
import sys
from threading import Lock
from typing import Any

import speedtest

from vigie_sensors.interfaces import address_of, connect_by

SPEEDTEST_NET = "speedtest.net"
LEAST_BYTES = 100_000
"""Less than this in one direction is no measurement, but a refusal or a broken connection."""
_DOWNLOAD_CHUNK_BYTES, _UPLOAD_CHUNK_BYTES = 10_240, 8_192
"""What speedtest-cli reads, and http.client sends, between two looks at the shutdown event. Should either grow, the
driver's watchdog is what holds the budget."""
_LENGTH_S = 8
"""Seconds in each direction at most. Lower leaves a slow line in TCP's start; higher costs more."""
_SOCKET_TIMEOUT_S = 10
_WINDOW_SHARE, _LEAST_WINDOW_BYTES = 32, 65_536
"""What a server may have sent before we say stop is one TCP window a connection, and there are four to eight: each is
kept to this share of the bytes. A smaller share would slow a fast line down; a larger one moves more than allowed."""
_PR_SET_PDEATHSIG = 1

# What speedtest.net's own configuration answers, for a server of the place's own: nobody else is asked. Upload sizes
# are those whose body speedtest-cli makes as long as its Content-Length says (65,536 is 7 bytes short, and a strict
# server then waits for ever).
_OWN_CONFIG: dict[str, Any] = {
    "client": {"ip": "0.0.0.0", "lat": "0", "lon": "0", "isp": "", "country": ""},  # noqa: S104 - no socket
    "ignore_servers": [],
    "sizes": {
        "download": [350, 500, 750, 1000, 1500, 2000, 2500, 3000, 3500, 4000],
        "upload": [131_072, 262_144, 524_288, 1_048_576],
    },
    "counts": {"download": 4, "upload": 10},
    "threads": {"download": 4, "upload": 2},
    "length": {"download": _LENGTH_S, "upload": _LENGTH_S},
    "upload_max": 40,
}


class Allowance:
    """Stands in for speedtest-cli's shutdown event: it is set once so many bytes have been moved."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._left_bytes = 0
        self._chunk_bytes = 0

    def grant(self, left_bytes: int, chunk_bytes: int) -> None:
        """Begin a direction, in which so many bytes are moved from one look to the next."""
        with self._lock:
            self._left_bytes = left_bytes
            self._chunk_bytes = chunk_bytes

    def is_used_up(self) -> bool:
        """Whether to stop, asked without moving anything."""
        with self._lock:
            return self._left_bytes < 0

    def isSet(self) -> bool:  # noqa: N802 - the name that speedtest-cli calls, before each chunk
        """Whether to stop; counts the chunk that is about to be moved."""
        with self._lock:
            self._left_bytes -= self._chunk_bytes
            return self._left_bytes < 0


class _AllowedOpener:
    """Refuses requests once the allowance is used up.

    speedtest-cli asks its shutdown event between the chunks of an answer, but not before a request: each of the many
    that are left would still be sent, and the server would fill its window with bytes that nobody reads.
    """

    def __init__(self, opener: Any, allowance: Allowance) -> None:
        self._opener = opener
        self._allowance = allowance

    def open(self, *arguments: Any, **named: Any) -> Any:
        """As urllib's OpenerDirector; raises OSError when nothing is left."""
        if self._allowance.is_used_up():
            raise OSError("the allowance is used up")
        return self._opener.open(*arguments, **named)


class _OwnServerTest(speedtest.Speedtest):  # type: ignore[misc] # speedtest-cli ships no types
    """A test against the place's own server, which never asks speedtest.net for its configuration."""

    def get_config(self) -> dict[str, Any]:
        self.config.update(_OWN_CONFIG)
        self.lat_lon = (0.0, 0.0)
        return dict(self.config)


def measure(server: str, interface: str, max_bytes: int) -> dict[str, float | None]:
    """Run the test.

    Args:
        server: URL of a Speedtest Mini server, or SPEEDTEST_NET.
        interface: Leave by this one.
        max_bytes: For both directions together; seven tenths go to the download.

    Returns:
        ``download_bps`` and ``upload_bps``, None for a direction that moved too little to tell.

    Raises:
        speedtest.SpeedtestException: The server did not answer as one should.
        OSError: The interface has gone.
    """
    _leave_by(interface, max(_LEAST_WINDOW_BYTES, max_bytes // _WINDOW_SHARE))
    allowance = Allowance()
    allowance.grant(2**62, 0)
    kind = speedtest.Speedtest if server == SPEEDTEST_NET else _OwnServerTest
    test = kind(source_address=address_of(interface), timeout=_SOCKET_TIMEOUT_S, secure=True, shutdown_event=allowance)
    if server == SPEEDTEST_NET:
        test.config["length"] = dict(_OWN_CONFIG["length"])
        test.config["sizes"]["upload"] = [
            size for size in test.config["sizes"]["upload"] if size in _OWN_CONFIG["sizes"]["upload"]
        ] or _OWN_CONFIG["sizes"]["upload"]
        test.get_servers([])
        test.get_best_server()
    else:
        test.set_mini_server(server)
        test.get_best_server(test.servers)
    test._opener = _AllowedOpener(test._opener, allowance)  # noqa: SLF001 - there is no public way
    allowance.grant(max_bytes * 7 // 10, _DOWNLOAD_CHUNK_BYTES)
    download_bps = test.download()
    allowance.grant(max_bytes * 3 // 10, _UPLOAD_CHUNK_BYTES)
    upload_bps = test.upload(pre_allocate=False)
    return {
        "download_bps": download_bps if test.results.bytes_received >= LEAST_BYTES else None,
        "upload_bps": upload_bps if test.results.bytes_sent >= LEAST_BYTES else None,
    }


def find_server(interface: str) -> dict[str, str]:
    """Where the nearest server of speedtest.net takes uploads, as ``url``; raises like ``measure``."""
    _leave_by(interface, _LEAST_WINDOW_BYTES)
    test = speedtest.Speedtest(source_address=address_of(interface), timeout=_SOCKET_TIMEOUT_S, secure=True)
    test.get_servers([])
    return {"url": test.get_best_server()["url"]}


def _leave_by(interface: str, window_bytes: int) -> None:
    """Have every connection of this process leave by the interface; see ``bind_to_interface`` for why."""

    def prepare(sock: socket.socket) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_WINDOW_CLAMP, window_bytes)

    def bound(address: tuple[str, int], timeout: float, _source_address: object = None) -> socket.socket:
        return connect_by(interface, *address, timeout, prepare)

    socket.create_connection = bound  # type: ignore[assignment] # only ever called as speedtest-cli does


def main() -> int:
    """Measure once and print the result; 0 when there is one, 1 otherwise."""
    parser = argparse.ArgumentParser(prog="python -m vigie_sensors.speedtest_run")
    parser.add_argument("--find", action="store_true", help="print where the nearest server takes uploads, and end")
    parser.add_argument("--server", default=SPEEDTEST_NET, help=f"URL of a Speedtest Mini server, or {SPEEDTEST_NET}")
    parser.add_argument("--interface", required=True)
    parser.add_argument("--max-bytes", default=0, type=int)
    parser.add_argument("--parent", type=int, default=os.getppid(), help="process id to end with")
    arguments = parser.parse_args()
    # The test must not outlive a daemon that is killed; one that ended before this line is seen by its child's parent.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != arguments.parent:
        return 1
    try:
        result: dict[str, Any] = (
            dict(find_server(arguments.interface))
            if arguments.find
            else dict(measure(arguments.server, arguments.interface, arguments.max_bytes))
        )
    except (speedtest.SpeedtestException, OSError, ValueError, ArithmeticError) as error:
        result = {"error": f"{type(error).__name__}: {error}".splitlines()[0][:200]}
    print(json.dumps(result), flush=True)
    return 1 if "error" in result else 0


if __name__ == "__main__":
    sys.exit(main())
