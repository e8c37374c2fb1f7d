"""Links of a known capacity: a relay in user space for every day, and three network namespaces for root."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

from vigie_contract.clock import SystemClock
from vigie_sensors.rehearsal.far_end import FarEndServer
from vigie_sensors.rehearsal.pace import Pace

SECRET = "a secret of this test"
PIECE_BYTES = 4_096


@contextlib.contextmanager
def far_end() -> Iterator[FarEndServer]:
    """A far end on this machine, until the end of the block."""
    server = FarEndServer("127.0.0.1", 0, SECRET)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextlib.contextmanager
def limited(port: int, download_bps: float, upload_bps: float) -> Iterator[int]:
    """A relay to a port of this machine that lets so much pass each way, all its connections together."""
    over = threading.Event()
    threads: list[threading.Thread] = []
    socks: list[socket.socket] = []
    paces = Pace(upload_bps, SystemClock()), Pace(download_bps, SystemClock())
    listener = socket.create_server(("127.0.0.1", 0))
    small(listener)

    def carry(source: socket.socket, target: socket.socket, pace: Pace) -> None:
        with contextlib.suppress(OSError):
            while pace.wait_for(PIECE_BYTES, over) and (found := source.recv(PIECE_BYTES)):
                target.sendall(found)
        for sock in (source, target):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = socket.socket()
                small(far)
                socks.extend((near, far))
                far.connect(("127.0.0.1", port))
                for source, target, pace in ((near, far, paces[0]), (far, near, paces[1])):
                    threads.append(threading.Thread(target=carry, args=(source, target, pace), daemon=True))
                    threads[-1].start()

    threads.append(threading.Thread(target=accept, daemon=True))
    threads[0].start()
    try:
        yield listener.getsockname()[1]
    finally:
        over.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for thread in threads:
            thread.join(10)
        for sock in socks:
            sock.close()


def small(sock: socket.socket) -> None:
    """Buffers that hold little: what is in them has passed the link for the sender, and not for us."""
    for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
        sock.setsockopt(socket.SOL_SOCKET, option, 16_384)
