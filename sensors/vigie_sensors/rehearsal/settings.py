"""``[rehearsal]`` and ``[far_end]`` of ``sensors.toml``: against whom a node rehearses, and whom it serves.

Read by ``config``. A command can choose neither: a node asks only the far end that stands here, within the budget that
stands here.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from vigie_sensors.driver import REQUIRED, Option

DEFAULT_PORT = 8377
DEFAULT_BUDGET_MB = 1_000.0
METERED_BUDGET_MB = 100.0
MOST_MB = 200.0
"""Of one rehearsal, where the file says nothing. Lower cannot try 40 people in a video call; higher lets one click cost
a fifth of the month."""

REHEARSAL = (
    Option("far_end", "str", "host:port of a far end of the place, on a second node or a hub"),
    Option("secret_file", "str", "File with the far end's secret on its first line"),
    Option("download_url", "str", "Or: a large file on an HTTP server of your choice"),
    Option("upload_url", "str", "And where it takes a POST of 8 MB"),
    Option("speedtest_net", "bool", "Or: the nearest server of speedtest.net, which learns your address", False),
    Option("interface", "str", "Leave by this one; empty: the default route's", ""),
    Option("rooms", "list[str]", "Ids of the rooms whose access point this node is on", []),
    Option("metered", "bool", "The line is paid by the byte: the budget is 100 MB instead of 1000", False),
    Option("monthly_mb", "float", "Budget of a month; 0: 1000, or 100 when metered", 0.0, unit="MB", low=0),
    Option("most_mb", "float", "The most of one rehearsal", MOST_MB, unit="MB", low=1, high=100_000),
)
FAR_END = (
    Option("host", "str", "Address to listen on; 127.0.0.1 serves this machine alone", REQUIRED),
    Option("port", "int", "TCP port", DEFAULT_PORT, low=1, high=65_535),
    Option("secret_file", "str", "File with the secret on its first line, 16 characters or more", REQUIRED),
)


@dataclass(frozen=True, slots=True)
class RehearsalConfig:
    """``[rehearsal]``; of ``far_end``, the URLs and ``speedtest_net`` one is set.

    Attributes:
        far_end: Host and port; None when it is another kind.
        secret_file: Of the far end; None likewise.
        download_url: Of a declared server; "" likewise.
        upload_url: The same.
        speedtest_net: Whether speedtest.net's servers are asked.
        interface: "" for the default route's.
        rooms: Whose access point the node is on.
        monthly_bytes: Budget.
        most_bytes: Of one rehearsal.
    """

    far_end: tuple[str, int] | None
    secret_file: Path | None
    download_url: str
    upload_url: str
    speedtest_net: bool
    interface: str
    rooms: tuple[str, ...]
    monthly_bytes: int
    most_bytes: int


@dataclass(frozen=True, slots=True)
class FarEndConfig:
    """``[far_end]``."""

    host: str
    port: int
    secret_file: Path


def budget_bytes(monthly_mb: float, *, is_metered: bool) -> int:
    """The month's: what the file says, else 1 GB, 100 MB on a metered line."""
    return round((monthly_mb or (METERED_BUDGET_MB if is_metered else DEFAULT_BUDGET_MB)) * 1e6)


def host_and_port(text: str) -> tuple[str, int]:
    """``host`` or ``host:port``; raises ValueError."""
    host, _, port = text.rpartition(":") if ":" in text else (text, "", str(DEFAULT_PORT))
    if not host or not host.isascii() or not host.isprintable() or set(host) & set(" /@:"):
        raise ValueError(f"no host in {text!r}")
    if not port.isascii() or not port.isdigit() or not 0 < int(port) < 65_536:  # noqa: PLR2004 - TCP's ports
        raise ValueError(f"no port behind the colon of {text!r}")
    return host, int(port)
