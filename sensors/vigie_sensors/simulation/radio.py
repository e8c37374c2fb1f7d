"""A radio that hears the sample place: a program called ``iw``, first in PATH, that prints what iw would print.

The drivers run it as they run the real one. It is a shell script that prints a file; this module's thread keeps the
files as the simulated day wants them. ``scan_text`` and ``link_text`` are pure.
"""

from __future__ import annotations

import math
import os
from pathlib import Path
from threading import Event, Thread

from vigie_contract.clock import Clock
from vigie_sensors.simulation import place
from vigie_sensors.simulation.day import Day
from vigie_sensors.simulation.life import Life

REFRESH_S = 5.0
"""Of the day; and at most five times in a real second."""
_LEAST_PAUSE_S = 0.2
_INTERFACE = "wlan0"
LINK = "borne-3"
"""The access point that the node itself is on."""
RETRIES = 0.08
"""Of the frames that the node sends."""
_SCRIPT = """\
#!/bin/sh
# iw of the simulated place: iw dev wlan0 WORDS… prints the file named after the words.
folder=${0%/*}
if [ "$1" != dev ] || [ "$2" != wlan0 ]; then
  # Another interface is this machine's own.
  PATH=${PATH#"$folder":}
  command -v iw >/dev/null || { echo "command failed: No such device (-19)" >&2; exit 237; }
  exec iw "$@"
fi
shift 2
IFS=-
if [ ! -r "$folder/$*.txt" ]; then
  echo "command failed: Operation not supported (-95)" >&2
  exit 161
fi
exec cat "$folder/$*.txt"
"""


def scan_text(day: Day, at_ts: float) -> str:
    """What ``iw dev wlan0 scan dump`` prints at a moment: the place's access points, and some of others."""
    heard = []
    for index, (name, found) in enumerate(place.ACCESS_POINTS.items()):
        stations, utilisation = day.radio_load(name, at_ts)
        heard.append(
            f"BSS {found.bssid}(on {_INTERFACE}){' -- associated' if name == LINK else ''}\n"
            f"\tlast seen: {140 + 60 * index} ms ago\n\tfreq: {found.frequency_mhz}.0\n"
            f"\tsignal: -{52 + 7 * index}.00 dBm\n\tSSID: semaphore\n\tBSS Load:\n"
            f"\t\t * station count: {stations}\n\t\t * channel utilisation: {round(utilisation * 255)}/255\n"
            "\t\t * available admission capacity: 0 [*32us]\n"
        )
    for index, frequency_mhz in enumerate(place.NEIGHBOURS):
        heard.append(
            f"BSS 02:00:00:00:01:{index:02x}(on {_INTERFACE})\n\tlast seen: {300 + 90 * index} ms ago\n"
            f"\tfreq: {frequency_mhz}.0\n\tsignal: -{71 + index}.00 dBm\n\tSSID: voisin-{index}\n"
        )
    return "".join(heard)


def link_figures(day: Day, at_ts: float) -> tuple[int, float, float]:
    """Signal in dBm, and transmit and receive rate in Mbit/s, of the node's own link."""
    _, utilisation = day.radio_load(LINK, at_ts)
    signal_dbm = -58 + round(3 * math.sin(at_ts / 311))
    # A busy channel makes the radio's rate control careful.
    return signal_dbm, (72.2 if utilisation < 0.5 else 43.3), 65.0  # noqa: PLR2004


def _texts(day: Day, at_ts: float) -> dict[str, str]:
    signal_dbm, tx_rate, rx_rate = link_figures(day, at_ts)
    access_point = place.ACCESS_POINTS[LINK]
    packets = int(at_ts % 1e7) * 40
    scan = scan_text(day, at_ts)
    return {
        "scan-dump": scan,
        "scan": scan,
        "link": f"Connected to {access_point.bssid} (on {_INTERFACE})\n\tSSID: semaphore\n"
        f"\tfreq: {access_point.frequency_mhz}.0\n\tsignal: {signal_dbm} dBm\n"
        f"\trx bitrate: {rx_rate} MBit/s\n\ttx bitrate: {tx_rate} MBit/s\n",
        "station-dump": f"Station {access_point.bssid} (on {_INTERFACE})\n\tinactive time:\t20 ms\n"
        f"\ttx packets:\t{packets}\n\ttx retries:\t{int(packets * RETRIES)}\n\tsignal:  \t{signal_dbm} dBm\n",
        "get-power_save": "Power save: off\n",
        "info": f"Interface {_INTERFACE}\n\tifindex 3\n\ttype managed\n"
        f"\tchannel 6 ({access_point.frequency_mhz} MHz), width: 20 MHz\n",
    }


class Radio:
    """The program and its files."""

    def __init__(self, folder: Path, life: Life, clock: Clock) -> None:
        """Write them, and put the folder first in this process's PATH."""
        self._folder = folder
        self._life = life
        self._clock = clock
        self._stop = Event()
        self._thread = Thread(target=self._run, name="simulated-radio", daemon=True)
        self._told: dict[str, str] = {}
        program = folder / "iw"
        program.write_text(_SCRIPT, encoding="utf-8")
        program.chmod(0o700)
        self._path = os.environ.get("PATH", os.defpath)
        os.environ["PATH"] = f"{folder}{os.pathsep}{self._path}"
        self._write()

    def start(self) -> None:
        """Keep the files up to date."""
        self._thread.start()

    def stop(self) -> None:
        """Give the real iw its place back."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join()
        os.environ["PATH"] = self._path

    def _run(self) -> None:
        pause_s = max(REFRESH_S, _LEAST_PAUSE_S * self._clock.speed)
        while not self._clock.wait(self._stop, pause_s):
            self._write()

    def _write(self) -> None:
        at_ts = self._clock.now_ts()
        for name, text in _texts(self._life.day_at(at_ts), at_ts).items():
            if self._told.get(name) == text:
                continue
            self._told[name] = text
            fresh = self._folder / f"{name}.new"
            fresh.write_text(text, encoding="utf-8")
            fresh.replace(self._folder / f"{name}.txt")
